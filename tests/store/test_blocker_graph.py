"""Reading who waits for whom: as far as the chains reach, whoever told the link, and since when."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from interlock.domain.blocker import Blockers, analyse
from interlock.store import blocker_graph
from interlock.store.engine import Store
from interlock.store.ticket import TicketChangeRow, TicketLinkRow
from tests.builders import NOW, release, ticket

BLOCKED = ("Blocked",)


def link(session: Session, teller: str, relation: str, other: str, category: str = "new") -> None:
    session.add(
        TicketLinkRow(
            ticket_id=f"id-{teller}",
            other_id=f"id-{other}",
            phrase=relation,
            relation=relation,
            other_key=other,
            other_category=category,
        )
    )
    session.flush()


def change(session: Session, key: str, days_ago: int, **values: Any) -> None:
    session.add(TicketChangeRow(ticket_id=f"id-{key}", id=f"{days_ago}", at=NOW - timedelta(days=days_ago), **values))
    session.flush()


def read(session: Session, release_id: int) -> Blockers:
    return analyse(blocker_graph.of_scope(session, release_id, BLOCKED))


def told(blockers: Blockers) -> dict[str, list[str]]:
    return {root.node.key: sorted(root.frees) for root in blockers.roots}


def test_chains_lead_out_of_scope_and_back_whoever_told_the_link(store: Store) -> None:
    with store.write() as session:
        one = release(session, tickets=["DATA-1"])
        for key in ("DATA-2", "ML-3", "PAY-4", "PAY-5", "PAY-6"):
            ticket(session, key, versions=())
        link(session, "DATA-1", "blocked_by", "DATA-2")
        link(session, "ML-3", "blocks", "DATA-2")
        link(session, "PAY-4", "blocked_by", "ML-3")
        link(session, "PAY-4", "blocked_by", "PAY-5")
        link(session, "PAY-6", "blocks", "PAY-6")
        found = read(session, one)
    assert told(found) == {"ML-3": ["id-DATA-1", "id-DATA-2"], "PAY-5": []}
    assert sorted(found.blocked) == ["id-DATA-1", "id-DATA-2", "id-PAY-4"]


def test_closed_and_deleted_tickets_hold_nothing(store: Store) -> None:
    with store.write() as session:
        one = release(session, tickets=["DATA-1", "DATA-2"])
        ticket(session, "ML-3", versions=(), category="done")
        ticket(session, "ML-4", versions=(), deleted_at=NOW)
        link(session, "DATA-1", "blocked_by", "ML-3")
        link(session, "DATA-2", "blocked_by", "ML-4")
        assert read(session, one).blocked == {}


def test_a_ticket_outside_the_mirror_is_judged_by_what_the_link_told(store: Store) -> None:
    with store.write() as session:
        one = release(session, tickets=["DATA-1", "DATA-2"])
        link(session, "DATA-1", "blocked_by", "MER-31", category="indeterminate")
        link(session, "DATA-2", "blocked_by", "MER-32", category="done")
        found = read(session, one)
    assert told(found) == {"MER-31": ["id-DATA-1"]}
    assert [(root.node.mirrored, root.node.project_key) for root in found.roots] == [(False, "MER")]


def test_since_is_the_earliest_reason_that_holds_now(store: Store) -> None:
    with store.write() as session:
        one = release(session)
        ticket(session, "DATA-1", flagged=True)
        ticket(session, "DATA-2", status="blocked")
        ticket(session, "DATA-3")
        ticket(session, "DATA-4", flagged=True)
        ticket(session, "DATA-5", versions=())
        one = release(session, name="2027.01")
        link(session, "DATA-3", "blocked_by", "DATA-5")
        change(session, "DATA-1", 9, field="flagged", after="Impediment")
        change(session, "DATA-1", 7, field="flagged", before="Impediment", after=None)
        change(session, "DATA-1", 6, field="flagged", after="Impediment")
        change(session, "DATA-2", 4, field="status", after="5", after_text="Blocked")
        change(session, "DATA-3", 3, field="link", after="DATA-5")
        change(session, "DATA-3", 8, field="link", after="DATA-99")
        found = read(session, one)
    ages = {one.node.key: one.node.since and (NOW - one.node.since).days for one in found.blocked.values()}
    assert ages == {"DATA-1": 6, "DATA-2": 4, "DATA-3": 3, "DATA-4": None}


def test_a_team_sees_its_own_and_what_holds_it(store: Store) -> None:
    with store.write() as session:
        release(session, tickets=["DATA-1", "ML-2", "PAY-3"])
        link(session, "ML-2", "blocked_by", "DATA-1")
        link(session, "PAY-3", "blocked_by", "PAY-9")
        assert told(analyse(blocker_graph.of_team(session, "ml", BLOCKED))) == {"DATA-1": ["id-ML-2"]}
        everything = told(analyse(blocker_graph.of_team(session, None, BLOCKED)))
    assert everything == {"DATA-1": ["id-ML-2"], "PAY-9": ["id-PAY-3"]}


def test_a_root_that_itself_waited_for_a_closed_ticket_is_followed_down_all_the_same(store: Store) -> None:
    with store.write() as session:
        one = release(session, tickets=["DATA-1"])
        for key in ("DATA-2", "ML-4"):
            ticket(session, key, versions=())
        ticket(session, "DATA-3", versions=(), category="done")
        link(session, "DATA-1", "blocked_by", "DATA-2")
        link(session, "DATA-2", "blocked_by", "DATA-3")
        link(session, "ML-4", "blocked_by", "DATA-2")
        assert told(read(session, one)) == {"DATA-2": ["id-DATA-1", "id-ML-4"]}


def test_what_waits_for_the_middle_of_a_chain_is_held_too(store: Store) -> None:
    with store.write() as session:
        one = release(session, tickets=["DATA-1"])
        for key in ("DATA-2", "DATA-3", "ML-4"):
            ticket(session, key, versions=())
        link(session, "DATA-1", "blocked_by", "DATA-2")
        link(session, "DATA-2", "blocked_by", "DATA-3")
        link(session, "ML-4", "blocked_by", "DATA-2")
        assert told(read(session, one)) == {"DATA-3": ["id-DATA-1", "id-DATA-2", "id-ML-4"]}
