"""Telling those who may decide on a waiver, a freeze exception or a change of policy that it waits for them: they need
not be in the channel where its card stands."""

from collections.abc import Iterator
from datetime import date, datetime

from sqlmodel import Session

from interlock.domain import decision_reminder as rules
from interlock.domain import milestone
from interlock.domain import policy_change as changes
from interlock.domain.actor import Person
from interlock.domain.decision_reminder import DecisionReminder, Matter, Wanted
from interlock.domain.freeze_exception import FreezeException
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.policy_change import PolicyChange
from interlock.domain.release import Release
from interlock.domain.signoff import Progress
from interlock.domain.time_zone import hours_of
from interlock.store import delegation, freeze_exception, outbox, policy_change, release, waiver
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.policy_change_card import requirements

NOTE = "decision.reminder"


def plan(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    """The messages that a run would add. Changes nothing."""
    with store.read() as session:
        due = [each for one in release.active(session) for each in _notes(session, policy, one, now)]
        known = outbox.known(session, [each.key for each in due])
        return tuple(each for each in due if each.key not in known)


def run(store: Store, policy: Policy, release_id: int, now: datetime) -> tuple[Outgoing, ...]:
    """Tell whoever one release waits for; gives the messages that are new."""
    with store.write() as session:
        one = release.load(session, release_id, lock=True)
        if one.ended:
            return ()
        return tuple(each for each in _notes(session, policy, one, now) if outbox.enqueue(session, each, now))


def reminder(
    store: Store, policy: Policy, release_id: int, matter: Matter, number: int, slack_id: str, now: datetime
) -> DecisionReminder | None:
    """What one person is told; None once it was decided, or is not theirs to decide any more."""
    with store.read() as session:
        one = release.load(session, release_id)
        for wanted in _wanted(session, policy, one, now):
            who = next((each for each in wanted.told if each.slack_id == slack_id), None)
            if who and (wanted.matter, wanted.id) == (matter, number):
                following = rules.following(wanted, hours_of(policy, who), now)
                return DecisionReminder(matter=matter, following=following)
        return None


def _notes(session: Session, policy: Policy, one: Release, now: datetime) -> Iterator[Outgoing]:
    for wanted in _wanted(session, policy, one, now):
        for who in wanted.told:
            due = rules.due(wanted, hours_of(policy, who), now)
            if due:
                yield Outgoing(
                    key=f"{NOTE}:{wanted.matter}:{wanted.id}:{who.slack_id}:{due.key}",
                    kind=NOTE,
                    ids={
                        "release_id": one.id,
                        "matter": wanted.matter.value,
                        "number": wanted.id,
                        "slack_id": who.slack_id,
                    },
                    channel=f"@{who.slack_id}",
                    urgency=Urgency.PROMPT,
                    not_after=due.until,
                )


def _wanted(session: Session, policy: Policy, one: Release, now: datetime) -> Iterator[Wanted]:
    if one.ended:
        return
    for each in waiver.of_release(session, one.id):
        if each.open and now < each.expires_at:
            able = _able(session, policy, Permission.WAIVER_GRANT, each.asked_by_id, now)
            yield Wanted(matter=Matter.WAIVER, id=each.id, told=able, asked_at=each.asked_at, needed=one.target)
    for asked in freeze_exception.of_release(session, one.id):
        if asked.decision is None and now < asked.ends:
            able = _able(session, policy, Permission.EXCEPTION_DECIDE, asked.asked_by.slack_id, now)
            needed = _by(policy, one, asked, now)
            yield Wanted(matter=Matter.EXCEPTION, id=asked.id, told=able, asked_at=asked.asked_at, needed=needed)
    change = policy_change.open_one(session, one.id)
    if change and not (changes.over(change, now) or changes.unfit(one, change.new)):
        yield Wanted(
            matter=Matter.POLICY_CHANGE,
            id=change.id,
            told=_signers(session, policy, one, change, now),
            asked_at=change.proposed_at,
            needed=_today(policy, one, change.closes_at),
        )


def _able(session: Session, policy: Policy, permission: Permission, asker: str, now: datetime) -> tuple[Person, ...]:
    """Whom policy lets decide, but for who asked, and for who is away."""
    able = [each for each in authority.holders(session, policy, permission) if each.slack_id != asker]
    away = delegation.absences(session, {each.slack_id for each in able}, now)
    return tuple(each for each in able if each.slack_id not in away)


def _signers(session: Session, policy: Policy, one: Release, change: PolicyChange, now: datetime) -> tuple[Person, ...]:
    """Whose approval is missing still, or who stands in for them."""
    if not change.old.requirements:
        return _able(session, policy, Permission.POLICY_CHANGE, change.proposed_by.slack_id, now)
    asked = requirements(session, one, change, now)
    missing = [(each, who) for each in asked if each.progress is Progress.OPEN for who in each.awaited]
    away = delegation.absences(session, {who.slack_id for _, who in missing}, now) if missing else {}
    told: dict[str, Person] = {}
    for requirement, who in missing:
        absence = away.get(who.slack_id)
        stand_in = requirement.stand_in(absence)
        reader = stand_in if absence else who
        if reader and reader.slack_id != change.proposed_by.slack_id:
            told[reader.slack_id] = reader
    return tuple(told.values())


def _by(policy: Policy, one: Release, asked: FreezeException, now: datetime) -> date:
    """The target, or the end of the freeze where that comes first; today where that is past."""
    return max(min(one.target, _today(policy, one, asked.ends)), _today(policy, one, now))


def _today(policy: Policy, one: Release, moment: datetime) -> date:
    return milestone.calendar_of(policy, one.policy).today(moment)
