"""The library that the bot uses, against both flavours."""

from collections.abc import Iterator
from typing import Any

import pytest
from jira import JIRA, JIRAError

from sandbox.jira.store import Store


@pytest.fixture
def cloud(practice: Any) -> Iterator[JIRA]:
    client = JIRA(
        practice.cloud_url, basic_auth=("interlock@practice.example", "practice-jira-token"), max_retries=0, timeout=20
    )
    yield client
    client.close()  # type: ignore[no-untyped-call]  # the library's own


@pytest.fixture
def data_center(practice: Any) -> Iterator[JIRA]:
    client = JIRA(practice.dc_url, token_auth="practice-jira-token", max_retries=0, timeout=20)
    yield client
    client.close()  # type: ignore[no-untyped-call]  # the library's own


@pytest.fixture(params=["cloud", "data_center"])
def client(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def test_it_knows_the_flavour(cloud: JIRA, data_center: JIRA) -> None:
    assert cloud.server_info()["deploymentType"] == "Cloud"
    assert data_center.server_info()["versionNumbers"] == [10, 3, 2]


def test_it_searches_cloud_by_token(cloud: JIRA, store: Store) -> None:
    found = cloud.enhanced_search_issues('fixVersion = "2026.12" ORDER BY key', maxResults=0, fields="summary,status")
    assert len(found) == 58
    assert found[0].fields.status.name == "Done"
    assert cloud.approximate_issue_count("project = DATA") == sum(t.project.key == "DATA" for t in store.site.tickets)
    with pytest.raises(JIRAError, match="410"):
        cloud._get_json("search", params={"jql": "project = DATA"})


def test_it_searches_data_center_by_offset(data_center: JIRA) -> None:
    found = data_center.search_issues('fixVersion = "2026.12"', maxResults=False, fields="summary,assignee")
    assert (len(found), found.total) == (58, 58)
    assert found[0].fields.assignee is None or found[0].fields.assignee.name


def test_it_reads_a_ticket_with_its_changelog(client: JIRA) -> None:
    issue = client.issue("DATA-214", expand="changelog")
    assert issue.fields.summary == "Schema registry upgrade"
    assert issue.fields.customfield_10021[0].value == "Impediment"
    assert issue.fields.status.statusCategory.key == "indeterminate"
    fields = {item.field for history in issue.changelog.histories for item in history.items}
    assert fields >= {"status", "assignee", "Flagged", "Link"}


def test_it_reads_what_the_site_has(client: JIRA) -> None:
    names = {field["name"]: field["id"] for field in client.fields()}
    assert (names["Flagged"], names["Sprint"], names["Epic Link"]) == (
        "customfield_10021",
        "customfield_10020",
        "customfield_10014",
    )
    assert {project.key for project in client.projects()} == {"PAY", "DATA", "ML", "INFRA", "MER", "OPS"}
    assert "2026.12" in {version.name for version in client.project_versions("MER")}
    assert {kind.outward for kind in client.issue_link_types()} >= {"blocks", "depends on"}
    assert next(iter(client.priorities())).name == "Highest"
    assert client.myself()["timeZone"] == "America/New_York"


def test_it_writes(client: JIRA, store: Store) -> None:
    issue = client.create_issue(
        project="DATA", summary="Made by the client", issuetype={"name": "Bug"}, fixVersions=[{"name": "2026.12"}]
    )
    issue.update(fields={"labels": ["one"]})
    issue.update(update={"labels": [{"add": "two"}]})
    client.transition_issue(issue, "In Progress")
    client.add_comment(issue, "A *comment*")
    client.create_issue_link("Blocks", issue.key, "ML-88")
    kept = store.get(issue.key)
    assert (kept.labels, kept.status.name, kept.fix_versions[0].name) == (("one", "two"), "In Progress", "2026.12")
    assert [link.target.key for link in kept.links] == ["ML-88"]
    assert client.comments(issue)[0].body == "A *comment*"
    assert client.issue("ML-88").fields.issuelinks[-1].inwardIssue.key == issue.key
    client.issue(issue.key).delete()  # type: ignore[no-untyped-call]  # the library's own
    with pytest.raises(JIRAError, match="404"):
        client.issue(issue.key)


def test_it_assigns_as_the_flavour_names_people(cloud: JIRA, data_center: JIRA, store: Store) -> None:
    assert cloud.assign_issue("DATA-245", "Ravi Menon-Hale")
    assert store.get("DATA-245").assignee is store.accounts["ravi"]
    assert data_center.assign_issue("DATA-245", "ines")
    assert store.get("DATA-245").assignee is store.accounts["ines"]
