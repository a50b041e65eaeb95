"""The ladder on a real store: who is told, once each, in hours; and what ends it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from interlock.domain.authority import Refused
from interlock.domain.policy import Ladder, LadderStep, Team, TeamMatch
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.ticket import AccountRow, TicketLinkRow, TicketRow
from interlock.usecases import blocker, escalation
from interlock.usecases.blocker import Taken
from tests.builders import CHANNEL, NOW, TEMPLATE, actor, people, release, ticket
from tests.builders import POLICY as PLAIN

LADDER = Ladder(
    name="Usual",
    steps=(
        LadderStep(after_business_hours=0, to="owner"),
        LadderStep(after_business_hours=4, to="team_lead"),
        LadderStep(after_business_hours=8, to="release_channel"),
    ),
)
DATA = Team(name="Data Engineering", lead="ana@practice.example", match=TeamMatch(projects=("DATA",)))
POLICY = replace(PLAIN, ladders={"usual": LADDER}, teams=PLAIN.teams | {"data": DATA})


def world(store: Store) -> int:
    """DATA-214, Ravi's, holds DATA-1 and ML-2 of the release, which is Rita's."""
    with store.write() as session:
        people(session)
        session.add(AccountRow(id="acc-ravi", name="Ravi in Jira"))
        ticket(session, "DATA-214", versions=(), assignee_id="acc-ravi")
        one = release(session, tickets=["DATA-1", "ML-2"], template=replace(TEMPLATE, ladder="usual"))
        for waiting in ("DATA-1", "ML-2"):
            link(session, waiting, "DATA-214")
        return one


def link(session: Session, waiting: str, blocker_key: str) -> None:
    session.add(
        TicketLinkRow(
            ticket_id=f"id-{waiting}",
            other_id=f"id-{blocker_key}",
            phrase="is blocked by",
            relation="blocked_by",
            other_key=blocker_key,
            other_category="new",
        )
    )
    session.flush()


def told(store: Store, now: datetime) -> list[str]:
    """To whom a run at that time sends something."""
    return [step.channel for step in escalation.run(store, POLICY, now).steps]


MONDAY = NOW.replace(hour=10)


def test_the_owner_then_the_lead_then_the_channel_each_once(store: Store) -> None:
    world(store)
    assert told(store, MONDAY) == ["@U0RAVI"]
    assert told(store, MONDAY) == []
    assert told(store, MONDAY + timedelta(hours=3, minutes=59)) == []
    assert told(store, MONDAY + timedelta(hours=4)) == ["@U0ANA"]
    assert told(store, MONDAY + timedelta(hours=7)) == []
    assert told(store, MONDAY + timedelta(hours=20)) == []
    assert told(store, MONDAY + timedelta(days=1)) == [CHANNEL]
    assert told(store, MONDAY + timedelta(days=3)) == []
    with store.read() as session:
        assert len(session.exec(select(OutboxRow)).all()) == 3


@pytest.mark.parametrize("why", ["nobody's", "left", "not verified"])
def test_where_no_owner_can_be_told_the_channel_is(store: Store, why: str) -> None:
    world(store)
    with store.write() as session:
        if why == "nobody's":
            session.get_one(TicketRow, "id-DATA-214").assignee_id = None
        elif why == "left":
            session.get_one(PersonRow, "U0RAVI").active = False
        else:
            session.get_one(PersonRow, "U0RAVI").linked_by = None
    assert told(store, MONDAY) == [CHANNEL]


def test_taking_it_is_quiet_until_its_date_and_then_goes_on(store: Store) -> None:
    world(store)
    told(store, MONDAY)
    taken = blocker.take(store, POLICY, actor("RAVI"), "id-DATA-214", MONDAY + timedelta(days=2), NOW)
    assert taken == Taken(key="DATA-214", until=MONDAY + timedelta(days=2))
    assert told(store, MONDAY + timedelta(days=1)) == []
    assert told(store, MONDAY + timedelta(days=2, minutes=1)) == ["@U0ANA"]


def test_a_cleared_blocker_is_told_no_more_and_its_waiting_message_is_dropped(store: Store) -> None:
    world(store)
    steps = escalation.run(store, POLICY, MONDAY).steps
    assert escalation.ping(store, POLICY, steps[0].ids, MONDAY) is not None
    with store.write() as session:
        session.get_one(TicketRow, "id-DATA-214").category = "done"
    assert escalation.ping(store, POLICY, steps[0].ids, MONDAY) is None
    assert escalation.run(store, POLICY, MONDAY).cleared == ("id-DATA-214",)


def test_what_blocks_again_begins_anew(store: Store) -> None:
    world(store)
    told(store, MONDAY)
    steps: list[str] = []
    for category in ("done", "new"):
        with store.write() as session:
            session.get_one(TicketRow, "id-DATA-214").category = category
        steps = told(store, MONDAY + timedelta(hours=1))
    assert steps == ["@U0RAVI"]


def test_the_ping_says_what_it_holds_and_what_comes_next(store: Store) -> None:
    world(store)
    steps = escalation.run(store, POLICY, MONDAY).steps
    ping = escalation.ping(store, POLICY, steps[0].ids, MONDAY)
    assert ping is not None
    assert (ping.line.root.holds, ping.line.teams, ping.to) == (
        frozenset({"id-DATA-1", "id-ML-2"}),
        2,
        "owner",
    )
    assert ping.following is not None
    assert (ping.following_name, ping.following.at) == ("Ana Whitlock", MONDAY + timedelta(hours=4))


@pytest.mark.parametrize("change", [{"active": False}, {"kind": "guest"}])
def test_a_manager_who_is_no_member_any_more_is_passed_over(store: Store, change: dict[str, object]) -> None:
    world(store)
    ladder = Ladder(name="Short", steps=(LadderStep(after_business_hours=0, to="release_manager"),))
    with store.write() as session:
        for name, value in change.items():
            setattr(session.get_one(PersonRow, "U0RITA"), name, value)
    [step] = escalation.run(store, replace(POLICY, ladders={"usual": ladder}), MONDAY).steps
    assert step.channel == CHANNEL


def test_a_plan_changes_nothing(store: Store) -> None:
    world(store)
    assert escalation.plan(store, POLICY, MONDAY).begun == {"id-DATA-214": None}
    assert escalation.plan(store, POLICY, MONDAY).begun == {"id-DATA-214": None}


@pytest.mark.parametrize("who", ["GUEST", "VENDOR", "LEFT"])
def test_only_members_take_blockers(store: Store, who: str) -> None:
    world(store)
    refused = blocker.take(store, POLICY, actor(who), "id-DATA-214", MONDAY + timedelta(days=1), NOW)
    assert isinstance(refused, Refused)


def test_a_past_date_or_a_closed_ticket_is_refused_with_a_sentence(store: Store) -> None:
    world(store)
    past = blocker.take(store, POLICY, actor("RAVI"), "id-DATA-214", NOW, NOW)
    gone = blocker.take(store, POLICY, actor("RAVI"), "no-such", MONDAY + timedelta(days=1), NOW)
    assert [one.reason for one in (past, gone) if isinstance(one, Refused)] == ["past", "cleared"]
