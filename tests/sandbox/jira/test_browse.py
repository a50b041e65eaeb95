"""The page of a ticket: what people read and press."""

from typing import Any

from sandbox.jira.store import Store


def _page(practice: Any, key: str) -> str:
    response = practice.plain("GET", f"{practice.cloud_url}/browse/{key}")
    assert response.status_code == 200
    return str(response.text)


def test_it_shows_the_ticket_with_its_links_comments_and_history(practice: Any) -> None:
    page = _page(practice, "DATA-214")
    for shown in (
        "Schema registry upgrade",
        "Ravi Menon-Hale",
        "Streaming",
        "Impediment",
        "is required by",
        "14 subjects",
    ):
        assert shown in page
    assert f"{practice.cloud_url.removeprefix(practice.url)}/browse/DATA-231" in page


def test_everything_from_a_ticket_is_escaped(practice: Any, store: Store) -> None:
    store.comment("ML-97", "<script>alert(1)</script>", "pete")
    store.edit("ML-97", "pete", labels=('"><img src=x>',), description="<b>bold</b>")
    page = _page(practice, "ML-97")
    assert "&lt;!channel&gt; &lt;@U0ANA&gt;" in page
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "<b>bold</b>" not in page


def test_a_ticket_without_a_summary_has_a_page(practice: Any) -> None:
    assert "(no summary)" in _page(practice, "DATA-222")


def test_its_buttons_move_flag_assign_and_comment_as_a_person(practice: Any, store: Store) -> None:
    address = f"{practice.cloud_url}/browse/DATA-214"
    practice.plain("POST", address, data={"move": "Done", "by": "ravi"})
    practice.plain("POST", address, data={"flag": "no", "by": "ana"})
    practice.plain("POST", address, data={"assign": "yes", "to": "ines", "by": "ana"})
    told = practice.plain("POST", address, data={"comment": "yes", "body": "Finally", "by": "ines"})
    ticket = store.get("DATA-214")
    assert (ticket.status.name, ticket.flagged, ticket.assignee) == ("Done", False, store.accounts["ines"])
    assert [change.author for change in ticket.changes()[-3:]] == ["ravi", "ana", "ana"]
    assert "Finally" in told.text
    assert told.history[0].status_code == 303


def test_what_is_not_there_is_said_so(practice: Any) -> None:
    assert practice.plain("GET", f"{practice.cloud_url}/browse/NOPE-1").status_code == 404
    refused = practice.plain("POST", f"{practice.cloud_url}/browse/DATA-214", data={"move": "<b>Nowhere", "by": "ana"})
    assert refused.status_code == 404
    assert "<b>Nowhere" not in refused.text


def test_a_moved_ticket_is_found_under_its_old_key(practice: Any) -> None:
    response = practice.plain("GET", f"{practice.cloud_url}/browse/DATA-177")
    assert response.url.endswith("/browse/MER-29")


def test_the_first_page_lists_what_changed_last(practice: Any, store: Store) -> None:
    store.flag("OPS-8", "sam")
    page = practice.plain("GET", f"{practice.cloud_url}/").text
    assert page.index("OPS-8") < page.index("DATA-214") if "DATA-214" in page else "OPS-8" in page
