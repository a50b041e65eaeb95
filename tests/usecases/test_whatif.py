"""`/release whatif` on a real store: it reads much and changes nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import Session, SQLModel, select

from interlock.domain.authority import Refused
from interlock.domain.policy import Freeze, MilestoneRule
from interlock.domain.release import ScopeRule, Unclear
from interlock.domain.whatif import TicketWhatIf
from interlock.domain.whatif_target import TargetWhatIf
from interlock.store.booking import BookingRow
from interlock.store.engine import Store
from interlock.store.environment import EnvironmentRow
from interlock.store.release import MilestoneRow
from interlock.store.ticket import TicketLinkRow, TicketRow
from interlock.usecases import blocker, escalation, whatif
from interlock.usecases.whatif import WhatIf
from tests.builders import CHANNEL, NOW, TEMPLATE, actor, people, release, ticket
from tests.builders import POLICY as PLAIN

ANA = actor("ANA")
POLICY = replace(PLAIN, freezes=(Freeze(name="Year end", start=date(2026, 12, 19), end=date(2027, 1, 4)),))
PLATFORM = replace(TEMPLATE, milestones=(MilestoneRule(name="Code freeze", business_days_before=9),), ladder=None)


def december(day: int) -> date:
    return date(2026, 12, day)


def link(session: Session, waiting: str, on: str) -> None:
    session.add(
        TicketLinkRow(
            ticket_id=f"id-{waiting}",
            other_id=f"id-{on}",
            phrase="is blocked by",
            relation="blocked_by",
            other_key=on,
            other_category="new",
        )
    )


@pytest.fixture
def world(store: Store) -> int:
    """DATA-1 holds DATA-2 and, through it, the restricted DATA-3, all in 2026.12; PAY-9 is in no release."""
    with store.write() as session:
        people(session)
        ticket(session, "DATA-1", due=december(1))
        ticket(session, "DATA-2", due=december(2))
        ticket(session, "DATA-3", security_level="Board", due=december(16))
        ticket(session, "PAY-9", versions=[])
        ticket(session, "PAY-10", versions=[], security_level="Board")
        link(session, "DATA-2", "DATA-1")
        link(session, "DATA-3", "DATA-2")
        number = release(session, template=PLATFORM)
        session.add(MilestoneRow(release_id=number, position=0, name="Code freeze", due=december(4)))
        return number


def ask(store: Store, typed: str, channel: str = CHANNEL) -> WhatIf:
    return whatif.ask(store, POLICY, ANA, typed, channel, NOW)


def of_ticket(store: Store, typed: str) -> TicketWhatIf:
    found = ask(store, typed)
    assert isinstance(found, TicketWhatIf), found
    return found


def of_target(store: Store, typed: str) -> TargetWhatIf:
    found = ask(store, typed)
    assert isinstance(found, TargetWhatIf), found
    return found


def rows(store: Store) -> dict[str, int]:
    with store.read() as session:
        tables: list[Any] = SQLModel.metadata.sorted_tables
        return {table.name: session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def test_a_tickets_slip_reaches_what_waits_for_it(store: Store, world: int) -> None:
    before = rows(store)
    found = of_ticket(store, "data-1 +4d")
    assert (found.ticket.before, found.ticket.after, found.slip) == (december(1), december(7), 4)
    assert [(each.node.key, each.after, each.overdue) for each in found.moved] == [("DATA-2", december(7), True)]
    assert [(each.name, len(each.tickets)) for each in found.passed] == [("Code freeze", 2)]
    assert [(each.release.name, each.beyond) for each in found.releases] == [("2026.12", 0)]
    assert rows(store) == before


def test_what_waits_for_something_later_besides_stays(store: Store, world: int) -> None:
    with store.write() as session:
        session.get_one(TicketRow, "id-PAY-9").due = december(20)
        link(session, "DATA-2", "PAY-9")
    assert of_ticket(store, "DATA-1 +4d").moved == ()
    assert [each.node.key for each in of_ticket(store, "PAY-9 +1d").moved] == ["DATA-2", "DATA-3"]


def test_beyond_the_target_restricted_tickets_count(store: Store, world: int) -> None:
    found = of_ticket(store, "DATA-1 2026-12-22")
    assert [(each.node.key, each.node.restricted) for each in found.moved] == [("DATA-2", False), ("DATA-3", True)]
    (later,) = found.releases
    assert later.beyond == 3
    assert later.freeze is not None
    again = whatif.of_ticket(store, POLICY, ANA, "id-DATA-1", december(22), NOW)
    assert again == found


def test_a_promise_that_breaks(store: Store, world: int) -> None:
    escalation.run(store, POLICY, NOW)
    until = datetime(2026, 12, 2, 23, 59, tzinfo=UTC)
    assert isinstance(blocker.take(store, POLICY, actor("RAVI"), "id-DATA-1", until, NOW), blocker.Taken)
    (broken,) = of_ticket(store, "DATA-1 +4d").promises
    assert (broken.by and broken.by.name, broken.day) == ("Ravi Menon-Hale", december(2))
    assert of_ticket(store, "DATA-1 +1d").promises == ()


TURNED_DOWN = (
    ("DATA-99 +3d", "unknown_ticket", "No open ticket DATA-99 is known here."),
    ("PAY-10 +3d", "unknown_ticket", "No open ticket PAY-10 is known here."),
    ("DATA-3 +3d", "unknown_ticket", "No open ticket DATA-3 is known here."),
    ("PAY-9 +3d", "no_release", "PAY-9 is in no release under way"),
    ("DATA-1 +0d", "unread", "nothing would change"),
    ("DATA-1 -30d", "unread", "is past"),
    ("DATA-1 400d", "unread", "at most 250 business days"),
    ("DATA-1 soon", "unread", "is no day"),
    ("target 2026-11-20", "unread", "Fri 20 Nov is past."),
    ("target 2026-12-19", "no_business_day", "Sat 19 Dec is no business day. The next is Mon 21 Dec."),
    ("target 2026-12-17", "unread", "nothing would change"),
    ("", "unread", "Type a ticket"),
)


def test_what_is_turned_down(store: Store, world: int) -> None:
    for typed, reason, says in TURNED_DOWN:
        found = ask(store, typed)
        assert isinstance(found, Refused), found
        assert found.reason == reason
        assert says in found.sentence


def test_a_ticket_that_is_done_or_gone_is_not_known(store: Store, world: int) -> None:
    with store.write() as session:
        session.get_one(TicketRow, "id-DATA-1").category = "done"
        session.get_one(TicketRow, "id-DATA-2").deleted_at = NOW
    for typed in ("DATA-1 +3d", "DATA-2 +3d"):
        found = ask(store, typed)
        assert isinstance(found, Refused)
        assert found.reason == "unknown_ticket"


def test_a_ticket_of_no_release_counts_by_what_waits_for_it(store: Store, world: int) -> None:
    with store.write() as session:
        link(session, "DATA-1", "PAY-9")
    found = of_ticket(store, "PAY-9 +1d")
    assert (found.basis, found.ticket.before) == ("target", december(17))
    assert [each.node.key for each in found.moved] == ["DATA-1", "DATA-2", "DATA-3"]


def test_a_target_that_moves(store: Store, world: int) -> None:
    with store.write() as session:
        uat = EnvironmentRow(key="uat-2", name="Acceptance", tier="test", capacity=1, lifecycle="ready")
        session.add(uat)
        session.flush()
        assert uat.id
        for number, (first, whose) in enumerate(((17, world), (21, None))):
            starts = datetime(2026, 12, first, 8, tzinfo=UTC)
            session.add(
                BookingRow(
                    environment_id=uat.id,
                    slack_id="U0ANA",
                    release_id=whose,
                    starts=starts,
                    ends=starts + timedelta(hours=8),
                    created_at=NOW,
                    request_id=f"r{number}",
                )
            )
        release(session, name="weekly", channel_id="C0OTHER", target=december(21), rule=ScopeRule(labels=("weekly",)))
    before = rows(store)
    found = of_target(store, "target +2d")
    assert (found.before.target, found.after.target, found.slip) == (december(17), december(21), 2)
    assert [(old.due, new.due) for old, new in found.moved] == [(december(4), december(8))]
    assert found.after.freeze is not None
    assert [(each.booking.environment, each.taken) for each in found.uncovered] == [("uat-2", True)]
    assert [each.name for each in found.newly_same_day] == ["weekly"]
    assert [(old.days, new.days) for old, new in found.signing] == [(18, 20), (18, 20)]
    assert whatif.of_target(store, POLICY, ANA, world, december(21), NOW) == found
    assert rows(store) == before


def test_which_release_is_meant(store: Store, world: int) -> None:
    with store.write() as session:
        release(session, name="weekly", channel_id="C0OTHER", rule=ScopeRule(labels=("weekly",)))
        release(session, name="old one", channel_id="C0OTHER", stage="closed", rule=ScopeRule(labels=("old",)))
        out = ScopeRule(version_ids=("v1",))
        release(session, name="2026.11", channel_id="C0OTHER", stage="released", target=december(18), rule=out)
    assert isinstance(ask(store, "target +1d", "C0NOWHERE"), Unclear)
    assert [each.release.name for each in of_ticket(store, "DATA-1 +4d").releases] == ["2026.12"]
    assert of_target(store, "target +1d 2026.12").newly_same_day == ()
    assert isinstance(ask(store, "target +1d zebra"), Unclear)
    assert of_target(store, "target +1d week").release.name == "weekly"
    ended = ask(store, "target +1d old one")
    assert isinstance(ended, Refused)
    assert ended.reason == "ended"
