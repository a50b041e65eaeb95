"""Scope membership follows the tickets, on both databases."""

from collections.abc import Sequence
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import delete
from sqlmodel import Session, col, select

from interlock.domain.release import ScopeRule, Stage
from interlock.store import release as release_store
from interlock.store import scope as scope_store
from interlock.store.engine import Store
from interlock.store.mirror import MirrorRow
from interlock.store.release import ReleaseRow, ScopeRow
from interlock.store.ticket import TicketLabelRow, TicketRow, TicketVersionRow
from interlock.usecases import scope
from tests import builders
from tests.builders import NOW, release

LATER = NOW + timedelta(hours=1)


def ticket(
    session: Session, key: str, *, versions: Sequence[str] = (), labels: Sequence[str] = (), epic: str | None = None
) -> str:
    ticket_id = builders.ticket(session, key, versions=versions, epic_key=epic)
    session.add_all(TicketLabelRow(ticket_id=ticket_id, label=label) for label in labels)
    session.flush()
    return ticket_id


def keys(session: Session, release_id: int) -> list[str]:
    return [scoped.ticket.key for scoped in scope_store.tickets(session, release_id)]


def test_a_version_a_label_or_an_epic_takes_a_ticket(store: Store) -> None:
    with store.write() as session:
        session.add(MirrorRow(name="tickets", as_of=NOW))
        release_id = release(session, rule=ScopeRule(version_ids=("v1", "v2"), labels=("ship",), epics=("DATA-1",)))
        ticket(session, "DATA-2", versions=["v1"])
        ticket(session, "ML-3", versions=["v2", "v9"], labels=["ship"])
        ticket(session, "DATA-4", labels=["ship", "other"])
        ticket(session, "DATA-5", epic="DATA-1")
        ticket(session, "DATA-6", versions=["v9"], labels=["Ship"], epic="DATA-10")
        assert scope.refresh(session, None, NOW) == {release_id}
        assert keys(session, release_id) == ["DATA-2", "DATA-4", "DATA-5", "ML-3"]
        assert scope.refresh(session, None, LATER) == frozenset()
        assert all(scoped.added_at == NOW for scoped in scope_store.tickets(session, release_id))
        assert release_store.load(session, release_id).scope_rule.epics == ("DATA-1",)


def test_only_the_named_tickets_come_and_go(store: Store) -> None:
    with store.write() as session:
        release_id = release(session, rule=ScopeRule(version_ids=("v1",)))
        named = ticket(session, "DATA-2", versions=["v1"])
        ticket(session, "DATA-3", versions=["v1"])
        scope.refresh(session, [named], NOW)
        assert keys(session, release_id) == ["DATA-2"]
        scope.refresh(session, [], NOW)
        assert keys(session, release_id) == ["DATA-2"]


def test_a_ticket_that_leaves_and_comes_back_has_two_stays(store: Store) -> None:
    with store.write() as session:
        session.add(MirrorRow(name="tickets", as_of=NOW))
        release_id = release(session, rule=ScopeRule(version_ids=("v1",)))
        ticket_id = ticket(session, "DATA-2", versions=["v1"])
        scope.refresh(session, [ticket_id], NOW)
        link = session.exec(select(TicketVersionRow)).one()
        session.delete(link)
        assert scope.refresh(session, [ticket_id], LATER) == {release_id}
        assert keys(session, release_id) == []
        session.add(TicketVersionRow(ticket_id=ticket_id, version_id="v1"))
        scope.refresh(session, [ticket_id], LATER + timedelta(hours=1))
        stays = session.exec(select(ScopeRow.added_at, ScopeRow.removed_at).order_by(ScopeRow.added_at)).all()  # type: ignore[arg-type]  # a column, to SQLAlchemy
        assert list(stays) == [(NOW, LATER), (LATER + timedelta(hours=1), None)]


def test_a_ticket_that_the_tracker_no_longer_shows_leaves_and_returns(store: Store) -> None:
    with store.write() as session:
        release_id = release(session, rule=ScopeRule(version_ids=("v1",)))
        ticket_id = ticket(session, "DATA-2", versions=["v1"])
        scope.refresh(session, [ticket_id], NOW)
        row = session.get(TicketRow, ticket_id)
        assert row is not None
        row.deleted_at = LATER
        scope.refresh(session, [ticket_id], LATER)
        assert keys(session, release_id) == []
        row.deleted_at = None
        scope.refresh(session, None, LATER)
        assert keys(session, release_id) == ["DATA-2"]


@pytest.mark.parametrize("ended", [Stage.CLOSED, Stage.CANCELLED])
def test_an_ended_release_keeps_the_scope_that_it_ended_with(store: Store, ended: Stage) -> None:
    with store.write() as session:
        release_id = release(session, rule=ScopeRule(version_ids=("v1",)))
        ticket(session, "DATA-2", versions=["v1"])
        scope.refresh(session, None, NOW)
        row = session.get(ReleaseRow, release_id)
        assert row is not None
        row.stage = ended
        session.delete(session.exec(select(TicketVersionRow)).one())
        ticket(session, "DATA-3", versions=["v1"])
        assert scope.refresh(session, None, LATER) == frozenset()
        assert keys(session, release_id) == ["DATA-2"]


def test_each_change_counts_the_release_up_and_only_it(store: Store) -> None:
    with store.write() as session:
        changed = release(session, rule=ScopeRule(version_ids=("v1",)))
        other = release(session, rule=ScopeRule(version_ids=("v2",)), name="models")
        ticket(session, "DATA-2", versions=["v1"])
        assert scope.refresh(session, None, NOW) == {changed}
    with store.read() as session:
        numbers = {row.id: row.number for row in session.exec(select(ReleaseRow)).all()}
    assert numbers == {changed: 1, other: 0}


def test_more_tickets_than_a_statement_may_name(store: Store) -> None:
    with store.write() as session:
        release_id = release(session, rule=ScopeRule(version_ids=("v1",)))
        ticket(session, "DATA-2", versions=["v1"])
        scope.refresh(session, [f"id-{number}" for number in range(100_000)], NOW)
        assert keys(session, release_id) == ["DATA-2"]


def test_a_new_release_and_a_page_of_tickets_cannot_pass_each_other_unseen(store: Store) -> None:
    """The page computes its scopes while the release is not committed: it has to wait, and then see it."""
    rule = ScopeRule(version_ids=("v1",))
    failures: list[Exception] = []

    def page() -> None:
        try:
            with store.write() as session:
                scope.refresh(session, [ticket(session, "DATA-2", versions=["v1"])], NOW)
        except Exception as error:  # noqa: BLE001 shown by the assertion below
            failures.append(error)

    with store.write() as session:
        release_id = release(session, rule=rule)
        scope.refresh(session, None, NOW)
        thread = Thread(target=page)
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive(), "the page did not wait for the release"
    thread.join(timeout=30)
    assert not failures
    with store.read() as session:
        assert keys(session, release_id) == ["DATA-2"]


def test_what_comes_in_before_the_tracker_was_read_to_its_end_was_there_from_the_beginning(store: Store) -> None:
    with store.write() as session:
        release_id = release(session, rule=ScopeRule(version_ids=("v1",)))
        ticket(session, "DATA-1", versions=["v1"])
        scope.refresh(session, None, LATER)
        session.add(MirrorRow(name="tickets", as_of=LATER))
        ticket(session, "DATA-2", versions=["v1"])
        scope.refresh(session, None, LATER)
        opened = release_store.load(session, release_id).scope_opened_at
        assert [scoped.added_at for scoped in scope_store.tickets(session, release_id)] == [opened, LATER]


def test_those_in_scope_are_told_from_those_who_are_not_or_left(store: Store) -> None:
    with store.write() as session:
        release_id = release(session, rule=ScopeRule(version_ids=("v1",)))
        inside, leaver = (ticket(session, key, versions=["v1"]) for key in ("DATA-2", "DATA-3"))
        outside = ticket(session, "DATA-4")
        scope.refresh(session, None, NOW)
        session.execute(delete(TicketVersionRow).where(col(TicketVersionRow.ticket_id) == leaver))
        scope.refresh(session, [leaver], LATER)
        assert scope_store.among(session, release_id, {inside, leaver, outside, "unknown"}) == {inside}
        assert scope_store.among(session, release_id, set()) == frozenset()
        assert scope_store.among(session, release_id + 1, {inside}) == frozenset()
