"""Reminding those whose sign-off a release waits for, telling the release manager in the end, and recording what was
not answered in time."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from interlock.domain import signoff_reminder as rules
from interlock.domain.actor import SYSTEM, Person
from interlock.domain.card import SIGNOFF, Card
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.domain.signoff import Progress
from interlock.domain.signoff_reminder import Chase, Reminder, Unanswered, Waiting
from interlock.domain.time_zone import hours_of
from interlock.store import answer_due, card, delegation, outbox, person, release, signoff
from interlock.store.answer_due import AnswerDue
from interlock.store.engine import Store
from interlock.usecases import parked
from interlock.usecases.card import refresh, refresh_changed, revise_elsewhere
from interlock.usecases.record import record

GOOD_FOR: Final = timedelta(hours=8)
"""Of business hours."""


def plan(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    """The reminders that a run would add. Changes nothing."""
    with store.read() as session:
        due = []
        for one in release.active(session):
            asked = card.of_release(session, one.id, SIGNOFF)
            if asked and not one.settled:
                waiting = _waiting(session, policy, one, asked, now)
                due += [*_reminders(one, asked, waiting, now), *_chases(session, policy, one, asked, waiting, now)]
        told = outbox.known(session, [each.key for each in due])
        return tuple(each for each in due if each.key not in told)


def releases(store: Store) -> list[int]:
    """The ids of those whose sign-offs were asked for."""
    with store.read() as session:
        under_way = [one for one in release.active(session) if not one.settled]
        return [one.id for one in under_way if card.of_release(session, one.id, SIGNOFF)]


def run(store: Store, policy: Policy, release_id: int, now: datetime) -> tuple[Outgoing, ...]:
    """Remind whoever one release waits for; gives the messages that are new."""
    with store.write() as session:
        one = release.load(session, release_id, lock=True)
        asked = card.of_release(session, one.id, SIGNOFF)
        if one.settled or asked is None:
            return ()
        waiting = _waiting(session, policy, one, asked, now)
        due = [
            *_answers(session, policy, one, asked, waiting, now),
            *_reminders(one, asked, waiting, now),
            *_chases(session, policy, one, asked, waiting, now),
        ]
        refresh_changed(session, one, asked, now)
        return tuple(each for each in due if outbox.enqueue(session, each, now))


def reminder(
    store: Store, policy: Policy, card_id: int, slack_id: str, principal: str, now: datetime
) -> Reminder | None:
    """What a reminder says; None once there is nothing to remind of. `principal` is whose word is wanted."""
    with store.write() as session:
        asked = card.load(session, card_id)
        if asked is None:
            return None
        one = release.load(session, asked.release_id, lock=True)
        mine = [
            each
            for each in (() if one.settled else _waiting(session, policy, one, asked, now))
            if each.person.slack_id == principal and each.told and each.told.slack_id == slack_id
        ]
        if not mine:
            return None
        first = min(mine, key=lambda each: rules.needed_by(one, each.requirement))
        needed, hours = rules.needed_by(one, first.requirement), first.hours
        known = answer_due.of(session, [each.requirement.id for each in mine])
        dues = [
            found.due_at
            for each in mine
            if (found := known.get((each.requirement.id, principal, each.asked_at))) and found.missed_at is None
        ]
        revision = revise_elsewhere(session, one, asked, now)
        return Reminder(
            release=one,
            requirements=tuple(each.requirement for each in mine),
            principal=first.person if principal != slack_id else None,
            needed=needed,
            days_to_go=hours.business_days_between(hours.today(now), needed),
            due=min(dues, default=None),
            following=rules.next_day(first.asked_at, needed, hours, now),
            tickets=len(revision.seen),
            revision_id=revision.id,
        )


def chase(store: Store, policy: Policy, card_id: int, now: datetime) -> Chase | None:
    """What the release manager is told; None once nobody's word is missing so late."""
    with store.read() as session:
        asked = card.load(session, card_id)
        if asked is None:
            return None
        one = release.load(session, asked.release_id)
        late = [] if one.settled else _late(one, _waiting(session, policy, one, asked, now), now)
        if not late:
            return None
        people: defaultdict[int, list[Person]] = defaultdict(list)
        for each in late:
            people[each.requirement.id].append(each.person)
        found = {each.requirement.id: each.requirement for each in late}
        first = min(late, key=lambda each: rules.needed_by(one, each.requirement))
        needed = rules.needed_by(one, first.requirement)
        return Chase(
            release=one,
            waiting=tuple((found[id_], tuple(who)) for id_, who in people.items()),
            needed=needed,
            days_to_go=first.hours.business_days_between(first.hours.today(now), needed),
        )


def unanswered(store: Store, card_id: int, requirement_id: int, slack_id: str) -> Unanswered | None:
    """What the release manager is told of an answer that did not come; None once it did."""
    with store.read() as session:
        asked = card.load(session, card_id)
        if asked is None:
            return None
        one = release.load(session, asked.release_id)
        found = next((each for each in signoff.requirements(session, one) if each.id == requirement_id), None)
        who = person.people(session, [slack_id]).get(slack_id)
        if one.settled or found is None or who is None or found.given_for(slack_id) or not found.wants_more:
            return None
        missed = [each for each in answer_due.of(session, [requirement_id]).values() if each.slack_id == slack_id]
        newest = max(missed, key=lambda each: each.asked_at, default=None)
        return Unanswered(release=one, requirement=found, person=who, due=newest.due_at) if newest else None


def managers(session: Session, policy: Policy, one: Release, requester: str) -> list[str]:
    """Where the release manager is told: whoever planned it, else whoever asked, else all who have the role, else the
    release's channel."""
    known = person.people(session, [one.created_by, requester])
    for slack_id in (one.created_by, requester):
        if slack_id in known and known[slack_id].is_member:
            return [f"@{slack_id}"]
    return [f"@{each.slack_id}" for each in parked.managers(session, policy)] or [one.channel_id]


def _waiting(session: Session, policy: Policy, one: Release, asked: Card, now: datetime) -> list[Waiting]:
    """Whose word is missing now, by requirement; whoever is away is told through who stands in for them."""
    requirements = signoff.requirements(session, one, asked.requested_by, now=now)
    missing = [(each, who) for each in requirements if each.progress is Progress.OPEN for who in each.awaited]
    void = signoff.void_before(session, one.id) if missing else {}
    away = delegation.absences(session, {who.slack_id for _, who in missing}, now) if missing else {}
    found = []
    for requirement, who in missing:
        absence = away.get(who.slack_id)
        stand_in = requirement.stand_in(absence)
        told = who if absence is None else stand_in
        found.append(
            Waiting(
                requirement=requirement,
                person=who,
                asked_at=max(asked.requested_at, void.get((requirement.id, who.slack_id), asked.requested_at)),
                hours=hours_of(policy, told or who),
                told=told,
                away_until=absence.until if absence and not stand_in else None,
            )
        )
    return found


def _reminders(one: Release, asked: Card, waiting: list[Waiting], now: datetime) -> Iterator[Outgoing]:
    """One for each person and whose word it is, whatever the number of requirements."""
    first: dict[tuple[str, str], Outgoing] = {}
    for each in sorted(waiting, key=lambda each: rules.needed_by(one, each.requirement)):
        due = rules.due(each.asked_at, rules.needed_by(one, each.requirement), each.hours, now)
        if due and each.told:
            note = _note(asked, each.told, each.person, f"signoff.reminder:{asked.id}:{{}}:{due.key}", due.until)
            first.setdefault((each.told.slack_id, each.person.slack_id), note)
    yield from first.values()


def _note(asked: Card, told: Person, principal: Person, key: str, until: datetime) -> Outgoing:
    return Outgoing(
        key=key.format(f"{told.slack_id}:{principal.slack_id}"),
        kind="signoff.reminder",
        ids={"card_id": asked.id, "slack_id": told.slack_id, "principal": principal.slack_id},
        channel=f"@{told.slack_id}",
        urgency=Urgency.PROMPT,
        not_after=until,
    )


def _late(one: Release, waiting: list[Waiting], now: datetime) -> list[Waiting]:
    """What the reminders did not bring: in the last days, or from somebody who is away until it is too late."""
    found = []
    for each in waiting:
        needed = rules.needed_by(one, each.requirement)
        left = each.hours.business_days_between(each.hours.today(now), needed)
        gone = each.away_until is not None and each.hours.today(each.away_until) >= needed
        asked_today = each.hours.today(each.asked_at) >= each.hours.today(now)
        if gone or (left <= rules.LAST_DAYS and not asked_today):
            found.append(each)
    return found


def _chases(
    session: Session, policy: Policy, one: Release, asked: Card, waiting: list[Waiting], now: datetime
) -> Iterator[Outgoing]:
    """Once a day, in the release manager's hours."""
    if not _late(one, waiting, now):
        return
    for channel in managers(session, policy, one, asked.requested_by):
        slack_id = channel.removeprefix("@")
        who = person.people(session, [slack_id]).get(slack_id)
        hours = hours_of(policy, who) if who else policy.calendars[one.policy.calendar or policy.calendar]
        due = rules.due(asked.requested_at, hours.today(now), hours, now)
        if due:
            yield Outgoing(
                key=f"signoff.chase:{asked.id}:{slack_id}:{hours.today(now)}",
                kind="signoff.chase",
                ids={"card_id": asked.id},
                channel=channel,
                urgency=Urgency.PROMPT,
                not_after=due.until,
            )


def _answers(
    session: Session, policy: Policy, one: Release, asked: Card, waiting: list[Waiting], now: datetime
) -> Iterator[Outgoing]:
    """Warn of answers that are due, and record those that did not come."""
    timed = [each for each in waiting if each.requirement.rule.answer_within_business_days]
    known = answer_due.of(session, [each.requirement.id for each in timed]) if timed else {}
    for each in timed:
        found = known.get((each.requirement.id, each.person.slack_id, each.asked_at))
        if found is None:
            yield from _warn(session, asked, each, now)
        elif found.missed_at is None and found.due_at <= now:
            yield from _miss(session, policy, one, asked, each, found, now)


def _warn(session: Session, asked: Card, each: Waiting, now: datetime) -> Iterator[Outgoing]:
    within = each.requirement.rule.answer_within_business_days or 0
    due = rules.warning(rules.answer_due(each.asked_at, within, each.hours), each.hours, now)
    if due is None:
        return
    answer_due.warn(session, each.requirement.id, each.person.slack_id, each.asked_at, due, now)
    if each.told:
        key = f"signoff.answer_due:{each.requirement.id}:{{}}:{each.asked_at.isoformat()}"
        yield _note(asked, each.told, each.person, key, due)


def _miss(
    session: Session, policy: Policy, one: Release, asked: Card, each: Waiting, found: AnswerDue, now: datetime
) -> Iterator[Outgoing]:
    if not answer_due.miss(session, found, now):
        return
    facts = {
        "requirement": each.requirement.key,
        "person": each.person.slack_id,
        "asked_at": each.asked_at.isoformat(),
        "due_at": found.due_at.isoformat(),
    }
    record(session, "signoff.timed_out", SYSTEM, each.person, one, facts, now, role="signer")
    refresh(session, asked, now, Urgency.ROUTINE)
    for channel in managers(session, policy, one, asked.requested_by):
        yield Outgoing(
            key=f"signoff.unanswered:{each.requirement.id}:{each.person.slack_id}:{each.asked_at.isoformat()}:{channel}",
            kind="signoff.unanswered",
            ids={"card_id": asked.id, "requirement_id": each.requirement.id, "slack_id": each.person.slack_id},
            channel=channel,
            urgency=Urgency.PROMPT,
            not_after=each.hours.add_business_time(now, GOOD_FOR),
        )
