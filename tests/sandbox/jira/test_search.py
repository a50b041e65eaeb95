"""Paging as each flavour does it, who may ask, and what search does not know yet."""

from typing import Any
from urllib.parse import quote

import pytest

from sandbox.jira.app import build
from sandbox.jira.search import Finder
from sandbox.jira.store import Store


def _all_pages(practice: Any, jql: str, size: int, fields: list[str]) -> list[list[Any]]:
    pages, token = [], None
    while True:
        body = {"jql": jql, "maxResults": size, "fields": fields, **({"nextPageToken": token} if token else {})}
        page = practice.cloud("POST", "3/search/jql", json=body).json()
        pages.append(page["issues"])
        assert page["isLast"] is ("nextPageToken" not in page)
        if page["isLast"]:
            return pages
        token = page["nextPageToken"]


def test_cloud_pages_by_token_through_everything_once(practice: Any, store: Store) -> None:
    pages = _all_pages(practice, "project in (DATA, ML, PAY, INFRA, MER, OPS) ORDER BY key", 60, ["summary"])
    keys = [issue["key"] for page in pages for issue in page]
    assert [len(page) for page in pages] == [60, 60, 60, 60, 60, 20]
    assert sorted(keys) == sorted(ticket.key for ticket in store.tickets.values())
    assert keys.index("DATA-214") < keys.index("INFRA-52") < keys.index("ML-71")


def test_cloud_tells_ids_alone_unless_asked_for_more(practice: Any) -> None:
    page = practice.cloud("GET", "2/search/jql?jql=key%20%3D%20DATA-214").json()
    assert page == {"issues": [{"id": page["issues"][0]["id"]}], "isLast": True}
    asked = practice.cloud("GET", "2/search/jql?jql=key%20%3D%20DATA-214&fields=summary,status").json()["issues"][0]
    assert asked["key"] == "DATA-214"
    assert asked["fields"].keys() == {"summary", "status"}


def test_cloud_gives_at_most_100_with_fields_and_5000_without(practice: Any) -> None:
    body = {"jql": "project in (DATA, ML, PAY)", "maxResults": 9999}
    with_fields = practice.cloud("POST", "3/search/jql", json={**body, "fields": ["summary"]}).json()
    assert len(with_fields["issues"]) == 100
    assert with_fields["isLast"] is False
    without = practice.cloud("POST", "3/search/jql", json={**body, "fields": ["key"]}).json()
    assert len(without["issues"]) > 200
    assert without["isLast"] is True


def test_a_token_goes_with_its_own_query_only(practice: Any) -> None:
    first = practice.cloud("POST", "3/search/jql", json={"jql": "project = DATA", "maxResults": 1}).json()
    other = {"jql": "project = ML", "maxResults": 1, "nextPageToken": first["nextPageToken"]}
    assert practice.cloud("POST", "3/search/jql", json=other).status_code == 400


def test_a_token_outlives_the_server_that_gave_it(practice: Any, store: Store) -> None:
    jql = "project = DATA ORDER BY key"
    body = {"jql": jql, "maxResults": 2}
    first = practice.cloud("POST", "3/search/jql", json=body).json()
    ids, _ = Finder(store).token_page(jql, store.site.bot, first["nextPageToken"], 2)
    second = practice.cloud("POST", "3/search/jql", json={**body, "nextPageToken": first["nextPageToken"]}).json()
    assert [str(i) for i in ids] == [issue["id"] for issue in second["issues"]]


def test_a_token_pages_through_the_list_of_its_first_page(practice: Any, store: Store) -> None:
    body = {"jql": "project = DATA ORDER BY updated", "maxResults": 50, "fields": ["summary"]}
    first = practice.cloud("POST", "3/search/jql", json=body).json()
    store.comment(first["issues"][0]["key"], "It moves to the end", "ana")
    second = practice.cloud("POST", "3/search/jql", json={**body, "nextPageToken": first["nextPageToken"]}).json()
    keys = [issue["key"] for issue in first["issues"] + second["issues"]]
    assert len(keys) == len(set(keys))


def test_data_center_pages_by_offset_and_a_write_between_pages_shifts_them(practice: Any, store: Store) -> None:
    body = {"jql": "project = DATA ORDER BY updated", "maxResults": 50, "fields": ["summary"]}
    first = practice.dc("POST", "2/search", json=body).json()
    assert (first["startAt"], first["maxResults"], len(first["issues"])) == (0, 50, 50)
    store.comment(first["issues"][0]["key"], "It moves to the end", "ana")
    second = practice.dc("POST", "2/search", json={**body, "startAt": 50}).json()
    keys = [issue["key"] for issue in first["issues"] + second["issues"]]
    assert len(keys) == first["total"]
    assert keys.count(first["issues"][0]["key"]) == 2
    assert len(set(keys)) == first["total"] - 1


def test_data_center_gives_at_most_1000_and_counts_for_nothing(practice: Any) -> None:
    page = practice.dc("GET", "2/search?jql=&maxResults=5000&fields=key").json()
    assert (page["maxResults"], page["total"], len(page["issues"])) == (1000, 320, 320)
    assert practice.dc("GET", "2/search?jql=project=ML&maxResults=0").json()["issues"] == []


def test_data_center_can_be_lenient(practice: Any, store: Store) -> None:
    address = "2/search?fields=key&jql=" + quote("project in (NOPE, MER)")
    assert practice.dc("GET", address).status_code == 400
    of_vendor = sum(ticket.project.key == "MER" for ticket in store.tickets.values())
    assert practice.dc("GET", address + "&validateQuery=false").json()["total"] == of_vendor


def test_approximate_count(practice: Any) -> None:
    found = practice.cloud("POST", "3/search/approximate-count", json={"jql": 'fixVersion = "2026.12"'})
    assert found.json() == {"count": 58}
    assert practice.cloud("POST", "3/search/approximate-count", json={"jql": ""}).status_code == 400


def test_a_changelog_in_cloud_search_is_cut_to_the_newest_and_in_data_center_whole(practice: Any, store: Store) -> None:
    for number in range(60):
        store.edit("ML-71", "pete", due=f"2026-12-{1 + number % 28:02}")
    total = len(store.get("ML-71").changes())
    body = {"jql": "key = ML-71", "fields": ["summary"], "expand": "changelog"}
    cloud = practice.cloud("POST", "2/search/jql", json=body).json()["issues"][0]["changelog"]
    assert (len(cloud["histories"]), cloud["total"]) == (40, total)
    assert int(cloud["histories"][0]["id"]) > int(cloud["histories"][-1]["id"])
    whole = practice.dc("POST", "2/search", json={**body, "expand": ["changelog"]}).json()["issues"][0]["changelog"]
    assert len(whole["histories"]) == total
    assert int(whole["histories"][0]["id"]) < int(whole["histories"][-1]["id"])
    pages = practice.cloud("GET", "2/issue/ML-71/changelog?startAt=60&maxResults=100").json()
    assert (pages["startAt"], pages["total"], len(pages["values"])) == (60, total, total - 60)


def test_changelogs_in_bulk(practice: Any, store: Store) -> None:
    wanted = ["DATA-214", "ML-71"]
    body = {"issueIdsOrKeys": wanted, "fieldIds": ["status"], "maxResults": 2}
    first = practice.cloud("POST", "3/changelog/bulkfetch", json=body).json()
    rest = practice.cloud(
        "POST", "3/changelog/bulkfetch", json={**body, "maxResults": 100, "nextPageToken": first["nextPageToken"]}
    ).json()
    entries = [h for page in (first, rest) for log in page["issueChangeLogs"] for h in log["changeHistories"]]
    assert len(entries) == 3
    assert all(isinstance(entry["created"], int) for entry in entries)
    assert {log["issueId"] for log in first["issueChangeLogs"]} <= {str(store.get(k).id) for k in wanted}


def test_tickets_in_bulk(practice: Any) -> None:
    body = {"issueIdsOrKeys": ["DATA-214", "NOPE-1", "data-177"], "fields": ["summary"]}
    found = practice.cloud("POST", "3/issue/bulkfetch", json=body).json()
    assert [issue["key"] for issue in found["issues"]] == ["MER-29", "DATA-214"]
    assert [error["id"] for error in found["issueErrors"]] == ["NOPE-1"]


def test_with_a_lag_search_knows_of_a_write_later_but_the_ticket_itself_at_once(practice: Any) -> None:
    store, now = practice.store, [1_800_000_000.0]
    store.clock, store.lag = lambda: now[0], 30

    def found(jql: str) -> list[str]:
        page = practice.cloud("POST", "3/search/jql", json={"jql": jql, "fields": ["status"]}).json()
        return [f"{issue['key']} {issue['fields']['status']['name']}" for issue in page["issues"]]

    store.transition("DATA-231", "Done", "ines")
    made = store.create("DATA", "New", "ana")
    assert found("key = DATA-231 AND status = 'To Do'") == ["DATA-231 Done"]  # an old index, fresh fields
    assert found("summary ~ New AND reporter = ana AND created >= -1d") == []
    assert practice.cloud("GET", f"3/issue/{made.key}").status_code == 200
    now[0] += 31
    assert found("key = DATA-231 AND status = 'To Do'") == []
    assert found("summary ~ New AND reporter = ana AND created >= -1d") == [f"{made.key} To Do"]


def test_each_of_several_writes_is_known_in_its_time(practice: Any) -> None:
    store, now = practice.store, [1_800_000_000.0]
    store.clock, store.lag = lambda: now[0], 30

    def status() -> str:
        for name in ("To Do", "In Progress", "Done"):
            body = {"jql": f"key = DATA-231 AND status = '{name}'"}
            if practice.cloud("POST", "3/search/jql", json=body).json()["issues"]:
                return name
        return "none"

    store.transition("DATA-231", "In Progress", "ines")
    now[0] += 20
    store.transition("DATA-231", "Done", "ines")
    assert status() == "To Do"
    now[0] += 11
    assert status() == "In Progress"
    now[0] += 20
    assert status() == "Done"


@pytest.mark.parametrize(
    "auth", [None, ("interlock@practice.example", "wrong"), ("who@ever.example", "practice-jira-token")]
)
def test_cloud_refuses_strangers(practice: Any, auth: tuple[str, str] | None) -> None:
    response = practice.plain("GET", f"{practice.cloud_url}/rest/api/3/myself", auth=auth)
    assert response.status_code == 401
    assert response.json()["errorMessages"] == ["Client must be authenticated to access this resource."]
    assert response.headers.get("X-Seraph-LoginReason") == ("AUTHENTICATED_FAILED" if auth else None)


def test_data_center_refuses_strangers_with_a_page(practice: Any) -> None:
    address = f"{practice.dc_url}/rest/api/2/myself"
    wrong = practice.plain("GET", address, headers={"Authorization": "Bearer wrong"})
    assert (wrong.status_code, wrong.headers["X-Seraph-LoginReason"]) == (401, "AUTHENTICATED_FAILED")
    assert wrong.headers["Content-Type"].startswith("text/html")
    nobody = practice.plain("GET", address)
    assert (nobody.status_code, nobody.headers["Content-Type"]) == (401, "application/json;charset=UTF-8")


def test_anybody_may_ask_what_server_it_is(practice: Any) -> None:
    for url, kind in ((f"{practice.cloud_url}/rest/api/3", "Cloud"), (f"{practice.dc_url}/rest/api/2", "Server")):
        assert practice.plain("GET", f"{url}/serverInfo").json()["deploymentType"] == kind


def test_people_sign_in_as_themselves(practice: Any) -> None:
    told = practice.plain(
        "GET", f"{practice.cloud_url}/rest/api/3/myself", auth=("ravi@practice.example", "practice-jira-token")
    )
    assert (told.json()["accountId"], told.json()["timeZone"]) == ("acc-ravi", "Europe/London")
    told = practice.plain("GET", f"{practice.dc_url}/rest/api/2/myself", auth=("nia", "practice-jira-token"))
    assert told.json()["name"] == "nia"
    assert "emailAddress" not in told.json()


@pytest.mark.parametrize("path", ["3/nonsense", "2/issue/DATA-1/nonsense", "9/myself", "3/../../control"])
def test_what_we_do_not_have_is_not_found(practice: Any, path: str) -> None:
    assert practice.cloud("GET", path).status_code == 404


def test_what_only_the_other_flavour_has_is_not_found(practice: Any) -> None:
    assert practice.dc("GET", "2/issue/DATA-214/changelog").status_code == 404
    assert practice.dc("GET", "3/myself").status_code == 404
    assert practice.dc("POST", "2/search/jql", json={}).status_code == 404


def test_links_carry_the_address_that_was_configured(store: Store) -> None:
    app = build(store, flavour="cloud", base_url="https://jira.practice.example")
    assert app.routes, "it is built without being served"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(practice: Any, body: bytes) -> None:
    response = practice.cloud("POST", "3/search/jql", data=body)
    assert response.status_code == 400
    assert response.json()["errorMessages"]
