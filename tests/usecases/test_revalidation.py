"""Which releases are looked at after the mirror moved: those that something touched, and none is forgotten. On both
databases.
"""

from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlmodel import Session, col, select

from interlock.domain.signoff import Decision
from interlock.domain.ticket import Category, Change, Field, Ticket
from interlock.store import release as releases
from interlock.store import revalidation as marks
from interlock.store import ticket_write
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.release import ReleaseRow
from interlock.store.signoff import SignoffRow
from interlock.store.ticket import TicketRow
from interlock.trackers.page import Page
from interlock.usecases import card, sync
from interlock.usecases.revalidation import revalidate
from interlock.usecases.signoff import Decided, Requested, decide, request
from tests.builders import NOW, POLICY, actor, people, release, ticket


@pytest.fixture
def signed(store: Store) -> Store:
    """Tom approved DATA-1, DATA-2 and ML-3 in 2026.12, and nothing is due."""
    with store.write() as session:
        people(session)
        release_id = release(session, tickets=("DATA-1", "DATA-2", "ML-3"))
        ticket(session, "DATA-8", versions=("v8",))
    asked = request(store, POLICY, actor("RITA"), release_id, NOW)
    assert isinstance(asked, Requested)
    approve(store, asked.card.id)
    revalidate(store, NOW)
    assert due(store) == {}
    return store


def approve(store: Store, card_id: int) -> None:
    drawn = card.draw(store, card_id, NOW)
    assert drawn is not None
    given = decide(store, POLICY, actor("TOM"), str(drawn.revision_id), Decision.APPROVED, None, NOW)
    assert isinstance(given, Decided)


def due(store: Store) -> dict[int, str]:
    with store.read() as session:
        return marks.due(session)


def sent(store: Store) -> list[str]:
    """What waited to be sent, and does no more."""
    with store.write() as session:
        rows = session.exec(select(OutboxRow).where(OutboxRow.state == "pending").order_by(col(OutboxRow.id))).all()
        for row in rows:
            row.state = "sent"
        return [row.kind for row in rows]


def live(session: Session) -> list[str]:
    return list(session.exec(select(SignoffRow.slack_id).where(col(SignoffRow.void_at).is_(None))))


def tell(store: Store, key: str = "DATA-1", minutes: int = 1, **changes: Any) -> None:
    """A page with this ticket changed, as a sync keeps it."""
    with store.read() as session:
        before = ticket_write.stored(session, [f"id-{key}"])[f"id-{key}"].ticket
    at = NOW + timedelta(minutes=minutes)
    kept = sync.keep_page(store, POLICY, a_page(replace(before, updated=at, **changes)), at, at)
    assert kept.tickets == 1


def a_page(*tickets: Ticket) -> Page:
    return Page(tickets=tickets, projects=(), versions=(), accounts=(), reached=NOW, read=len(tickets), total=None)


@pytest.mark.parametrize(
    ("changes", "touched"),
    [
        ({"summary": "Other words"}, False),
        ({"status_id": "3", "status": "In Progress", "category": Category.IN_PROGRESS}, False),
        ({"assignee_id": "acc-ravi", "flagged": True, "labels": ("late",)}, False),
        ({"changes": (Change(id="1", at=NOW, field=Field.STATUS, before="1", after="3"),)}, False),
        ({"priority": "Blocker"}, True),
        ({"category": Category.DONE}, True),
        ({"version_ids": ()}, True),
    ],
)
def test_a_release_is_due_once_something_changed_that_a_signoff_is_bound_to(
    signed: Store, *, changes: dict[str, Any], touched: bool
) -> None:
    tell(signed, **changes)
    assert list(due(signed)) == ([1] if touched else [])


def test_tickets_of_no_release_make_none_due(signed: Store) -> None:
    tell(signed, "DATA-8", priority="Blocker")
    assert due(signed) == {}


def test_a_ticket_that_got_done_has_the_card_drawn_and_waits_for_nobody_who_decides(signed: Store) -> None:
    sent(signed)
    tell(signed, category=Category.DONE)
    if signed.is_sqlite:
        assert revalidate(signed, NOW, due_only=True) == 0
    else:
        with signed.write() as session:
            releases.load(session, 1, lock=True)
            assert revalidate(signed, NOW, due_only=True) == 0
    assert due(signed) == {}
    with signed.read() as session:
        assert live(session) == ["U0TOM"]
    assert sent(signed) == ["signoff.refresh"]
    assert revalidate(signed, NOW) == 0
    assert sent(signed) == ["signoff.refresh"]  # until it is drawn


def test_a_run_that_died_before_it_looked_leaves_it_to_the_next(signed: Store) -> None:
    tell(signed, priority="Blocker")  # and then it is killed
    tell(signed, "DATA-8", minutes=2)  # the next one hears of nothing that matters
    assert revalidate(signed, NOW, due_only=True) == 1
    assert due(signed) == {}
    with signed.read() as session:
        assert live(session) == []


def test_one_that_dies_while_it_looks_does_too(signed: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    tell(signed, priority="Blocker")
    with monkeypatch.context() as patched:
        patched.setattr(marks, "settle", die)
        with pytest.raises(KeyboardInterrupt):
            revalidate(signed, NOW, due_only=True)
    assert list(due(signed)) == [1]


def test_what_changes_while_it_is_looked_at_is_looked_at_again(signed: Store) -> None:
    tell(signed, priority="High")
    seen = due(signed)
    tell(signed, minutes=2, priority="Blocker")
    with signed.write() as session:
        marks.settle(session, seen)
    assert list(due(signed)) == [1]


def test_what_nobody_marked_is_found_by_a_look_at_all(signed: Store) -> None:
    """As hourly: whatever wrote past the marks, such as a program of before them."""
    with signed.write() as session:
        session.get_one(TicketRow, "id-DATA-1").priority = "Blocker"
    assert revalidate(signed, NOW, due_only=True) == 0
    assert revalidate(signed, NOW) == 1


def test_a_release_that_ended_is_no_longer_due(signed: Store) -> None:
    tell(signed, priority="Blocker")
    with signed.write() as session:
        session.get_one(ReleaseRow, 1).stage = "closed"
    assert revalidate(signed, NOW, due_only=True) == 0
    assert due(signed) == {}
    with signed.read() as session:
        assert live(session) == ["U0TOM"]


def test_pages_and_looks_at_once_leave_nothing_standing(signed: Store) -> None:
    """Each round a ticket leaves or comes back, while another thread looks; after the last look what was approved for
    another scope is void."""
    rounds = 8

    def change() -> None:
        for number in range(rounds):
            tell(signed, minutes=number + 1, version_ids=() if number % 2 else ("v1", "v2"), priority=f"P{number}")
        tell(signed, "DATA-2", minutes=rounds, version_ids=())

    def look() -> None:
        for _ in range(rounds):
            revalidate(signed, NOW, due_only=True)

    threads = [Thread(target=change), Thread(target=look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    revalidate(signed, NOW, due_only=True)
    assert due(signed) == {}
    with signed.read() as session:
        assert live(session) == []
        assert [each.card is not None for each in marks.overtaken(session, [1])] == [True]  # it waits to be drawn
