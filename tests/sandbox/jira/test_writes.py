"""Writes by people, through the store and through REST: what they leave in the ticket and in its changelog."""

from typing import Any

import pytest

from sandbox.jira.model import Item, Ticket
from sandbox.jira.state import NoSuchError
from sandbox.jira.store import Store


def _last(ticket: Ticket) -> tuple[Item, ...]:
    return ticket.changes()[-1].items


def test_a_transition_sets_the_resolution_and_a_reopening_clears_it(store: Store) -> None:
    store.transition("DATA-214", "Done", "ravi")
    ticket = store.get("DATA-214")
    assert (ticket.status.name, ticket.resolution and ticket.resolution.name) == ("Done", "Done")
    assert ticket.resolved == ticket.updated == ticket.changes()[-1].at
    assert [(item.field, item.old_text, item.new_text) for item in _last(ticket)] == [
        ("resolution", None, "Done"),
        ("status", "Blocked", "Done"),
    ]
    store.transition("DATA-214", "In Progress", "ravi")
    assert ticket.resolution is None
    assert store.get("DATA-214").resolved is None
    assert [item.new_text for item in _last(ticket)] == [None, "In Progress"]


def test_wont_do_is_a_resolution_of_its_own(store: Store) -> None:
    resolution = store.transition("DATA-245", "Won't Do", "ana").resolution
    assert resolution is not None
    assert resolution.name == "Won't Do"


def test_a_write_that_changes_nothing_leaves_no_trace(store: Store) -> None:
    ticket = store.get("DATA-214")
    before = (ticket.updated, len(ticket.changes()), store.version)
    store.transition("DATA-214", "Blocked", "ravi")
    store.assign("DATA-214", "ravi", "ana")
    store.flag("DATA-214", "ana")
    assert (ticket.updated, len(ticket.changes()), store.version) == before


def test_flag_assign_and_fix_versions_are_told(store: Store) -> None:
    store.unflag("DATA-214", "ana")
    assert _last(store.get("DATA-214")) == (Item("Flagged", "[10019]", "Impediment", None, None, "custom"),)
    store.assign("DATA-214", None, "ana")
    assert _last(store.get("DATA-214")) == (Item("assignee", "ravi", "Ravi Menon-Hale", None, None),)
    released = store.fix_version(store.projects["DATA"], "2026.09")
    store.set_fix_versions("DATA-214", ["2026.09"], "rita")
    assert [(i.field, i.old_text, i.new, i.new_text) for i in _last(store.get("DATA-214"))] == [
        ("Fix Version", "2026.12", None, None),
        ("Fix Version", None, released.id, "2026.09"),
    ]


def test_a_link_stands_on_both_tickets_and_goes_from_both(store: Store) -> None:
    link = store.link("OPS-8", "Blocks", "ML-88", "sam")
    assert _last(store.get("OPS-8"))[0].new_text == "This issue blocks ML-88"
    assert _last(store.get("ML-88"))[0].new_text == "This issue is blocked by OPS-8"
    store.unlink(link.id, "sam")
    assert _last(store.get("ML-88"))[0].old_text == "This issue is blocked by OPS-8"
    assert link not in store.get("OPS-8").links + store.get("ML-88").links


def test_a_moved_ticket_keeps_its_id_and_its_old_key_finds_it(store: Store) -> None:
    before = store.get("OPS-7")
    number, key = before.id, store.move("OPS-7", "PAY", "grace").key
    assert key == "PAY-145"
    assert store.get(key).id == store.get("OPS-7").id == number
    assert [item.field for item in _last(store.get(key))] == ["project", "Key"]


def test_a_ticket_that_moves_keeps_the_versions_that_its_new_project_has_too(store: Store) -> None:
    moved = store.move("DATA-243", "ML", "ana")
    assert [(v.name, v.project.key) for v in moved.fix_versions] == [("2026.12", "ML")]


def test_a_deleted_ticket_takes_its_links_along(store: Store) -> None:
    store.delete("DATA-214", "ana")
    assert store.find("DATA-214") is None
    assert [link.source.key for link in store.get("PAY-133").links] == ["MER-31"]


def test_a_comment_moves_updated_but_not_the_changelog(store: Store) -> None:
    ticket = store.get("ML-58")
    before, entries = ticket.updated, len(ticket.changes())
    store.comment("ML-58", "Still needed?", "noor", visibility="Administrators")
    assert ticket.updated > before
    assert len(ticket.changes()) == entries
    assert store.site.comments[ticket.id][-1].visibility == "Administrators"


def test_a_created_ticket_gets_the_next_key_and_id(store: Store) -> None:
    highest = max(store.tickets)
    made = store.create("DATA", "New", "ana", kind="Bug")
    assert (made.key, made.id) == ("DATA-246", highest + 1)
    assert store.create("DATA", "Newer", "ana").key == "DATA-247"


@pytest.mark.parametrize(
    ("write", "arguments"),
    [
        ("transition", ("DATA-1", "Done", "ana")),
        ("transition", ("DATA-214", "Nowhere", "ana")),
        ("assign", ("DATA-214", "nobody", "ana")),
        ("assign", ("DATA-214", "ana", "nobody")),
        ("link", ("DATA-214", "Nonsense", "ML-88", "ana")),
        ("unlink", (1, "ana")),
        ("move", ("DATA-214", "NOPE", "ana")),
        ("create", ("NOPE", "New", "ana")),
        ("set_fix_versions", ("DATA-214", ["never"], "ana")),
    ],
)
def test_what_does_not_exist_is_named(store: Store, write: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(NoSuchError):
        getattr(store, write)(*arguments)


# --- through REST --------------------------------------------------------------------------------------------------


def test_rest_edits_fields_and_says_which_are_wrong(practice: Any, store: Store) -> None:
    fields = {
        "summary": "Schema registry upgrade, at last",
        "description": "New",
        "priority": {"name": "Low"},
        "duedate": "2026-12-01",
        "components": [{"name": "Warehouse"}],
        "security": {"id": "10100"},
        "customfield_10021": None,
        "customfield_10016": 13,
        "assignee": {"accountId": "acc-ana"},
    }
    assert practice.cloud("PUT", "2/issue/DATA-214", json={"fields": fields}).status_code == 204
    ticket = store.get("DATA-214")
    assert (ticket.summary, ticket.description, ticket.due, ticket.points) == (
        "Schema registry upgrade, at last",
        "New",
        "2026-12-01",
        13,
    )
    assert (ticket.flagged, ticket.security is None, ticket.assignee) == (False, False, store.accounts["ana"])
    assert {item.field for item in _last(ticket)} >= {"summary", "priority", "Flagged", "assignee", "Component"}
    wrong = {"summary": "a\nb", "priority": {"name": "Nonsense"}, "nonsense": 1, "fixVersions": [{"name": "never"}]}
    refused = practice.cloud("PUT", "2/issue/DATA-214", json={"fields": wrong})
    assert refused.status_code == 400
    assert refused.json()["errors"].keys() == wrong.keys()
    assert refused.json()["errors"]["fixVersions"] == "Version name 'never' is not valid"


def test_rest_adds_and_removes_versions(practice: Any, store: Store) -> None:
    update = {"fixVersions": [{"add": {"name": "2026.09"}}, {"remove": {"name": "2026.12"}}]}
    assert practice.dc("PUT", "2/issue/DATA-214", json={"update": update}).status_code == 204
    assert [version.name for version in store.get("DATA-214").fix_versions] == ["2026.09"]
    both = {"fields": {"labels": ["a"]}, "update": {"labels": [{"add": "b"}]}}
    assert practice.dc("PUT", "2/issue/DATA-214", json=both).status_code == 400


def test_rest_takes_documents_in_version_3_and_text_in_version_2(practice: Any) -> None:
    text = {"type": "text", "text": "A line"}
    body = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [text]}]}
    made = practice.cloud("POST", "3/issue/DATA-214/comment", json={"body": body})
    assert (made.status_code, made.json()["body"]) == (201, body)
    number = made.json()["id"]
    assert practice.cloud("GET", f"2/issue/DATA-214/comment/{number}").json()["body"] == "A line"
    assert practice.cloud("POST", "2/issue/DATA-214/comment", json={"body": " "}).status_code == 400


def test_comments_come_in_pages_and_say_who_may_read_them(practice: Any) -> None:
    page = practice.dc("GET", "2/issue/DATA-214/comment?startAt=1&maxResults=2").json()
    assert (page["startAt"], page["maxResults"], page["total"]) == (1, 2, 3)
    assert [comment.get("visibility") for comment in page["comments"]] == [
        None,
        {"type": "role", "value": "Administrators"},
    ]
    newest = practice.dc("GET", "2/issue/DATA-214/comment?orderBy=-created").json()["comments"][0]
    assert newest["id"] == page["comments"][1]["id"]


def test_rest_walks_the_workflow(practice: Any, store: Store) -> None:
    offered = practice.cloud("GET", "2/issue/DATA-231/transitions").json()["transitions"]
    assert "To Do" not in {transition["to"]["name"] for transition in offered}
    done = next(transition["id"] for transition in offered if transition["to"]["statusCategory"]["key"] == "done")
    body = {"transition": {"id": done}}
    assert practice.cloud("POST", "2/issue/DATA-231/transitions", json=body).status_code == 204
    assert store.get("DATA-231").status.name == "Done"
    assert store.get("DATA-231").changes()[-1].author == "interlock"
    assert practice.cloud("POST", "2/issue/DATA-231/transitions", json=body).status_code == 400


def test_rest_versions(practice: Any, store: Store) -> None:
    made = practice.dc("POST", "2/version", json={"project": "DATA", "name": "2027.03", "releaseDate": "2027-03-17"})
    assert made.status_code == 201
    again = practice.dc("POST", "2/version", json={"project": "DATA", "name": "2027.03"})
    assert (again.status_code, again.json()["errors"].keys()) == (400, {"name"})
    address = f"2/version/{made.json()['id']}"
    assert practice.dc("PUT", address, json={"name": "2027.04", "released": True}).status_code == 200
    told = practice.dc("GET", address).json()
    assert (told["name"], told["released"], told["releaseDate"]) == ("2027.04", True, "2027-03-17")
    assert practice.dc("GET", "2/version/1").status_code == 404


def test_a_renamed_version_is_renamed_in_every_ticket(practice: Any, store: Store) -> None:
    assert practice.dc("GET", "2/issue/DATA-214").json()["fields"]["fixVersions"][0]["name"] == "2026.12"
    store.change_version("DATA", "2026.12", "rita", name="2026.12 LTS")
    assert practice.dc("GET", "2/issue/DATA-214").json()["fields"]["fixVersions"][0]["name"] == "2026.12 LTS"
    assert practice.dc("GET", "2/issue/ML-88").json()["fields"]["fixVersions"][0]["name"] == "2026.12"


def test_rest_links(practice: Any, store: Store) -> None:
    body = {"type": {"name": "Dependency"}, "inwardIssue": {"key": "DATA-245"}, "outwardIssue": {"key": "OPS-8"}}
    assert practice.dc("POST", "2/issueLink", json=body).status_code == 201
    link = store.get("DATA-245").links[-1]
    assert (link.source.key, link.target.key, link.type.outward) == ("DATA-245", "OPS-8", "depends on")
    told = practice.dc("GET", f"2/issueLink/{link.id}").json()
    assert (told["inwardIssue"]["key"], told["outwardIssue"]["key"]) == ("DATA-245", "OPS-8")
    assert practice.dc("DELETE", f"2/issueLink/{link.id}").status_code == 204
    assert practice.dc("DELETE", f"2/issueLink/{link.id}").status_code == 404
    assert practice.dc("POST", "2/issueLink", json={**body, "type": {"name": "Nonsense"}}).status_code == 404


def test_link_stubs_tell_the_other_ticket_as_it_is_now(practice: Any, store: Store) -> None:
    store.transition("DATA-214", "Done", "ravi")
    links = practice.cloud("GET", "2/issue/DATA-231?fields=issuelinks").json()["fields"]["issuelinks"]
    blocker = next(link["inwardIssue"] for link in links if "inwardIssue" in link)
    assert (blocker["key"], blocker["fields"]["status"]["name"]) == ("DATA-214", "Done")


def test_a_missing_field_stays_missing_until_it_is_set(practice: Any, store: Store) -> None:
    fields = practice.cloud("GET", "2/issue/DATA-222").json()["fields"]
    assert "summary" not in fields
    assert practice.cloud("GET", "2/issue/DATA-223").json()["fields"]["summary"] is None
    store.edit("DATA-222", "ana", summary="Found it")
    assert practice.cloud("GET", "2/issue/DATA-222").json()["fields"]["summary"] == "Found it"
