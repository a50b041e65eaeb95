"""Serving tickets from a file: what is missing stays missing, what is odd is kept, what is wrong is named."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.jira.model import Site, Ticket
from sandbox.jira.render import Renderer
from sandbox.jira.store import Store
from sandbox.world.files import BadFileError, load

DATA = Path(__file__).parents[3] / "../shared/data/jira"
NOW = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp() * 1000)
needs_data = pytest.mark.skipif(not DATA.exists(), reason="needs the real tickets beside the checkout")


def _issue(number: int, **fields: Any) -> dict[str, Any]:
    common = {"created": "2020-01-01T10:00:00.000+0000", "updated": "2020-03-01T10:00:00.000-0500"}
    return {"id": str(number), "key": f"ABC-{number}", "fields": {**common, **fields}}


def _file(tmp_path: Path, *issues: Any, packed: bool = False) -> Path:
    lines = "".join((issue if isinstance(issue, str) else json.dumps(issue)) + "\n" for issue in issues).encode()
    path = tmp_path / "tickets.jsonl"
    path.write_bytes(gzip.compress(lines) if packed else lines)
    return path


def _drawn(site: Site, ticket: Ticket, api: str = "2") -> dict[str, Any]:
    draw = Renderer("datacenter", api, "http://jira.example", site.fields, Store(site).accounts)
    drawn = draw.ticket(ticket, draw.plan(["*all"], site.foreign_fields), changelog=draw.changelog(ticket, recent=40))
    return dict(json.loads(drawn))


@pytest.mark.parametrize("packed", [False, True])
def test_a_bare_row_is_served_without_what_it_lacks(tmp_path: Path, packed: bool) -> None:  # noqa: FBT001
    site = load(_file(tmp_path, _issue(1, summary=None, assignee=None), "", packed=packed))
    fields = _drawn(site, site.tickets[0])["fields"]
    assert (fields["summary"], fields["assignee"]) == (None, None)
    assert not {"priority", "duedate", "fixVersions", "status"} & fields.keys()
    assert [project.key for project in site.projects] == ["ABC"]
    assert site.tickets[0].status.category is None


def test_dates_move_so_that_the_newest_update_is_now(tmp_path: Path) -> None:
    history = {
        "id": "5",
        "created": "2020-02-01T10:00:00.000+0000",
        "items": [{"field": "summary", "fieldtype": "jira"}],
    }
    newest = {**_issue(1, duedate="2020-03-05"), "changelog": {"histories": [history]}}
    older = _issue(2, updated="2020-02-28T10:00:00.000-0500")
    moved, other = load(_file(tmp_path, newest, older), now=NOW).tickets
    assert moved.updated == NOW
    assert moved.updated - other.updated == 2 * 86_400_000  # a leap year
    assert moved.changes()[0].at < NOW
    assert moved.due == "2026-11-26"
    unmoved = load(_file(tmp_path, newest)).tickets[0]
    assert unmoved.due == "2020-03-05"


def test_agiles_fields_become_custom_fields_out_of_the_way_of_the_files_own(tmp_path: Path) -> None:
    epic = {"id": 7, "key": "ABC-7", "name": "Far away"}
    sprint = {"id": 3, "name": "Sprint 3", "state": "active", "originBoardId": 1}
    row = _issue(1, flagged=True, epic=epic, sprint=sprint, customfield_10021="0.0", votes={"votes": 2})
    site = load(_file(tmp_path, row))
    fields = _drawn(site, site.tickets[0])["fields"]
    assert fields["customfield_910021"][0]["value"] == "Impediment"
    assert fields["customfield_10014"] == "ABC-7"
    assert "name=Sprint 3" in fields["customfield_10020"][0]
    assert (fields["customfield_10021"], fields["votes"]) == ("0.0", {"votes": 2})


def test_a_flag_is_known_by_its_value_under_any_id(tmp_path: Path) -> None:
    site = load(_file(tmp_path, _issue(1, customfield_777=[{"value": "Impediment"}])))
    assert site.tickets[0].flagged
    assert site.foreign_fields == ()


def test_a_link_is_one_link_and_may_lead_out_of_the_file(tmp_path: Path) -> None:
    kind = {"id": "1", "name": "Dep", "inward": "is needed by", "outward": "needs"}
    out = {"id": "99", "key": "FAR-1", "fields": {"summary": "Far", "status": {"id": "5", "name": "Open"}}}
    one = _issue(1, issuelinks=[{"id": "10", "type": kind, "outwardIssue": {"id": "2", "key": "ABC-2"}}])
    two = _issue(
        2,
        issuelinks=[
            {"id": "10", "type": kind, "inwardIssue": {"id": "1", "key": "ABC-1"}},
            {"id": "11", "type": kind, "outwardIssue": out},
        ],
    )
    site = load(_file(tmp_path, one, two))
    first, second = site.tickets
    assert first.links[0] is second.links[0]
    assert (first.links[0].source, first.links[0].target) == (first, second)
    told = _drawn(site, second)["fields"]["issuelinks"][1]["outwardIssue"]
    assert (told["key"], told["fields"]["status"]["name"]) == ("FAR-1", "Open")
    assert len(site.tickets) == 2
    assert {project.key for project in site.projects} == {"ABC"}


def test_a_moved_ticket_is_found_by_its_old_key(tmp_path: Path) -> None:
    item = {"field": "Key", "fieldtype": "jira", "fromString": "OLD-3", "toString": "ABC-1"}
    history = {"id": "5", "created": "2020-02-01T10:00:00.000+0000", "items": [item]}
    site = load(_file(tmp_path, {**_issue(1), "changelog": {"histories": [history]}}))
    assert Store(site).get("OLD-3").key == "ABC-1"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: not JSON"),
        ("[]", "line 2: not a JSON object"),
        ('{"key": "ABC-1"}', "line 2: not a REST issue"),
        ('{"id": "1", "key": "ABC-1", "fields": {"created": "yesterday"}}', "line 2: not a REST issue"),
    ],
)
def test_a_line_that_is_no_issue_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(BadFileError, match=said):
        load(_file(tmp_path, _issue(5), line))


def _real(name: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / f"{name}.jsonl.gz") as lines:
        return [json.loads(line) for line in lines]


@needs_data
@pytest.mark.parametrize("name", ["tidev", "duraspace"])
def test_real_tickets_are_told_as_the_file_tells_them(name: str) -> None:
    site = load(DATA / f"{name}.jsonl.gz")
    draw = Renderer("datacenter", "2", "http://jira.example", site.fields, Store(site).accounts)
    plan = draw.plan(["*all"], site.foreign_fields)
    ours = {str(ticket.id): ticket for ticket in site.tickets}
    real = _real(name)
    assert len(ours) == len(real)
    for issue in real[::5]:
        told, fields = json.loads(draw.ticket(ours[issue["id"]], plan)), issue["fields"]
        mine = told["fields"]
        assert (told["id"], told["key"]) == (issue["id"], issue["key"])
        for plain in ("summary", "labels", "duedate"):
            assert mine.get(plain, "absent") == fields.get(plain, "absent"), (issue["key"], plain)
        for moment in ("created", "updated", "resolutiondate"):  # the offset is the ticket's own, the instant is real
            assert _instant(mine[moment]) == _instant(fields[moment]), (issue["key"], moment)
        for thing in ("status", "issuetype", "project", "priority", "resolution"):
            assert _known(mine.get(thing)) == _known(fields.get(thing)), (issue["key"], thing)
        for people in ("assignee", "reporter"):
            assert (mine[people] or {}).get("displayName") == (fields[people] or {}).get("displayName")
        for things in ("fixVersions", "components", "versions"):
            # By id: a version that was renamed or released has two faces in the file, and one in a Jira.
            assert [one["id"] for one in mine.get(things, [])] == [one["id"] for one in fields.get(things) or []]
        assert {_link(link) for link in mine["issuelinks"]} == {_link(link) for link in fields["issuelinks"]}
        assert mine[site.fields.flagged] is not None or not fields.get("flagged")


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _known(thing: dict[str, Any] | None) -> tuple[Any, ...]:
    category = (thing or {}).get("statusCategory", {})
    return (*((thing or {}).get(name) for name in ("id", "name", "released", "archived")), category.get("key"))


def _link(link: dict[str, Any]) -> tuple[Any, ...]:
    side = "outwardIssue" if "outwardIssue" in link else "inwardIssue"
    return (link["id"], link["type"]["name"], side, link[side]["id"], link[side]["key"])


@needs_data
def test_real_changelogs_are_told_whole() -> None:
    site = load(DATA / "duraspace.jsonl.gz")
    draw = Renderer("datacenter", "2", "http://jira.example", site.fields, Store(site).accounts)
    ours = {str(ticket.id): ticket for ticket in site.tickets}
    for issue in _real("duraspace"):
        told = json.loads(draw.changelog(ours[issue["id"]], recent=40))
        real = issue["changelog"]
        assert told["total"] == real["total"]
        assert {h["id"] for h in told["histories"]} == {h["id"] for h in real["histories"]}
        items = {h["id"]: h["items"] for h in told["histories"]}
        for history in real["histories"]:
            assert items[history["id"]] == history["items"]
