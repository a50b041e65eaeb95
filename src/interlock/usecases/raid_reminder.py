"""Asking for reviews: who is asked now, and what each is asked when the message goes."""

from collections import defaultdict
from datetime import datetime, time, timedelta

from sqlmodel import Session

from interlock.domain import raid_review as rules
from interlock.domain.actor import Person
from interlock.domain.calendar import ONE_DAY
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.raid import Entry, is_due, ranked
from interlock.domain.raid_review import Reviews
from interlock.domain.time_zone import hours_of
from interlock.store import outbox, person, raid
from interlock.store.engine import Store
from interlock.usecases.parked import managers

KIND = "raid.reviews"
FURTHEST = timedelta(hours=14)
"""How far the clocks of the earliest risers are ahead of UTC."""


def plan(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    """The messages that a run would add. Changes nothing."""
    with store.read() as session:
        due = _due(session, policy, now)
        told = outbox.known(session, [each.key for each in due])
        return tuple(each for each in due if each.key not in told)


def run(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    """One message a person and day, in their working hours, however many entries it is about."""
    new = plan(store, policy, now)
    if not new:
        return ()  # nearly always
    with store.write() as session:
        return tuple(each for each in new if outbox.enqueue(session, each, now))


def reviews(store: Store, policy: Policy, slack_id: str, now: datetime) -> Reviews | None:
    """What they are asked as things are now; None once nothing of it is due."""
    with store.read() as session:
        who = person.people(session, [slack_id]).get(slack_id)
        mine = _by_person(session, policy, now).get(slack_id)
        if who is None or not mine:
            return None
        calendar = hours_of(policy, who)
        today = calendar.today(now)
        due = ranked(each for each in mine if is_due(each, today))
        if not due:
            return None
        return Reviews(
            own=tuple(each for each in due if each.owner.slack_id == slack_id),
            orphans=tuple(each for each in due if each.owner.slack_id != slack_id),
            today=today,
            next=rules.next_ask(due, policy.raid, calendar, today),
            opens_at=calendar.next_opening(now),
        )


def _due(session: Session, policy: Policy, now: datetime) -> list[Outgoing]:
    found = []
    by_person = _by_person(session, policy, now)
    people = person.people(session, by_person)
    for slack_id, entries in by_person.items():
        calendar = hours_of(policy, people[slack_id])
        today = calendar.today(now)
        if calendar.is_open(now) and any(rules.asks_on(each, policy.raid, calendar, today) for each in entries):
            found.append(
                Outgoing(
                    key=f"{KIND}:{slack_id}:{today.isoformat()}",
                    kind=KIND,
                    ids={"slack_id": slack_id},
                    channel=f"@{slack_id}",
                    urgency=Urgency.PROMPT,
                    not_after=datetime.combine(today + ONE_DAY, time(), calendar.zone),
                )
            )
    return found


def _by_person(session: Session, policy: Policy, now: datetime) -> dict[str, list[Entry]]:
    """What may be due somewhere on earth, by who is asked: its owner, or the release managers where that one left."""
    asked: defaultdict[str, list[Entry]] = defaultdict(list)
    stand_ins: list[Person] | None = None
    for entry in raid.to_review(session, (now + FURTHEST).date()):
        if entry.owner.is_member:
            asked[entry.owner.slack_id].append(entry)
            continue
        stand_ins = managers(session, policy) if stand_ins is None else stand_ins
        for each in stand_ins:
            asked[each.slack_id].append(entry)
    return asked
