"""What people leave behind: their tokens, feeds and programs' tokens end, blockers that they had taken go on up the
ladder, and whoever can see to it is told of those and of their bookings. No actor decides here: Slack tells who left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from interlock.domain.actor import SYSTEM, Person
from interlock.domain.audit import AuditEvent
from interlock.domain.booking import Booking
from interlock.domain.environment import Environment
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.ticket import Ticket
from interlock.store import audit, blocker, booking, environment, outbox, person, reporter, ticket_read
from interlock.store.engine import Store
from interlock.store.feed import LINKS
from interlock.store.token import TOKENS
from interlock.usecases import parked
from interlock.usecases.owner import owners

BOOKING: Final = "leaver.booking"
BLOCKER: Final = "leaver.blocker"
GOOD_FOR: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBooking:
    """Still active, of somebody who left."""

    environment: Environment
    booking: Booking


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBlocker:
    """A ticket that is a blocker still, and who had it in hand."""

    ticket: Ticket
    left: Person


def settle(store: Store, policy: Policy, now: datetime) -> int:
    """See to everything that people who left still hold; returns how many things that were. Doing it again tells
    nobody again.
    """
    with store.read() as session:
        if not any(_found(session)):
            return 0  # nearly always
    with store.write() as session:
        holders, readers, reporters, bookings, taken = _found(session)
        for who in holders:
            TOKENS.drop(session, who.slack_id)
            _record(session, "token.revoked", who, {"person": who.slack_id, "why": "left"}, now)
        for who in readers:
            LINKS.drop(session, who.slack_id)
            _record(session, "feed.revoked", who, {"person": who.slack_id, "why": "left"}, now)
        for label, who in reporters:
            reporter.drop(session, label)
            facts = {"reporter": label, "person": who.slack_id, "why": "left"}
            _record(session, "reporter.ended", who, facts, now)
        untold = [each for each in bookings if _tell_of_booking(session, policy, each, now)]
        for ticket_id, slack_id in taken.items():
            _hand_on(session, policy, ticket_id, slack_id, now)
        return len(holders) + len(readers) + len(reporters) + len(untold) + len(taken)


def left_booking(store: Store, booking_id: int) -> LeftBooking | None:
    """What is told of it when the message goes; None once it is seen to."""
    with store.read() as session:
        one = booking.load(session, booking_id)
        there = environment.load(session, one.environment_id) if one else None
        if one is None or there is None or not one.active or one.holder.is_member:
            return None
        return LeftBooking(environment=there, booking=one)


def left_blocker(store: Store, ticket_id: str, slack_id: str) -> LeftBlocker | None:
    """As `left_booking`; None also once somebody took it."""
    with store.read() as session:
        episode = blocker.episodes(session).get(ticket_id)
        ticket = ticket_read.by_id(session, ticket_id)
        who = person.people(session, [slack_id]).get(slack_id)
        if episode is None or episode.taken_by is not None or ticket is None or who is None:
            return None
        return LeftBlocker(ticket=ticket, left=who)


def _found(
    session: Session,
) -> tuple[list[Person], list[Person], list[tuple[str, Person]], list[Booking], dict[str, str]]:
    """Tokens' owners, those of links to feeds, programs' tokens by label, active bookings, and who took which ticket:
    all of people who left.
    """
    taken = {each.ticket_id: each.taken_by for each in blocker.episodes(session).values() if each.taken_by}
    gone = person.gone(session, taken.values())
    return (
        TOKENS.owners_gone(session),
        LINKS.owners_gone(session),
        reporter.owners_gone(session),
        booking.of_gone(session),
        {ticket_id: slack_id for ticket_id, slack_id in taken.items() if slack_id in gone},
    )


def _tell_of_booking(session: Session, policy: Policy, one: Booking, now: datetime) -> bool:
    there = environment.load(session, one.environment_id)
    concerned = owners(session, policy, there.key) if there else ()
    return _tell(session, policy, concerned, BOOKING, f"{one.id}", {"booking_id": one.id}, now)


def _hand_on(session: Session, policy: Policy, ticket_id: str, slack_id: str, now: datetime) -> None:
    blocker.let_go(session, ticket_id)
    who = person.people(session, [slack_id])[slack_id]
    _record(session, "blocker.handed_on", who, {"ticket": ticket_id, "person": slack_id, "why": "left"}, now)
    team = policy.teams.get(ticket_read.team_of(session, ticket_id) or "")
    leads = person.by_email(session, [team.lead]).values() if team and team.lead else ()
    ids = {"ticket_id": ticket_id, "slack_id": slack_id}
    _tell(session, policy, leads, BLOCKER, f"{ticket_id}:{slack_id}:{now.isoformat()}", ids, now)


def _tell(
    session: Session,
    policy: Policy,
    concerned: Iterable[Person],
    kind: str,
    what: str,
    ids: Mapping[str, int | str],
    now: datetime,
) -> bool:
    """Those concerned, or the release managers where there is nobody; whether that was news."""
    told = False
    for each in list(concerned) or parked.managers(session, policy):
        note = Outgoing(
            key=f"{kind}:{what}:{each.slack_id}",
            kind=kind,
            ids=ids,
            channel=f"@{each.slack_id}",
            urgency=Urgency.PROMPT,
            not_after=now + GOOD_FOR,
        )
        told |= outbox.enqueue(session, note, now)
    return told


def _record(session: Session, kind: str, who: Person, facts: dict[str, str], now: datetime) -> None:
    audit.append(session, AuditEvent(kind=kind, actor=SYSTEM, facts=facts, people={"subject": asdict(who)}), now)
