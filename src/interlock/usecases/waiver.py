"""Waivers: asking for one, granting, refusing or withdrawing it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlmodel import Session

from interlock.domain import milestone, names
from interlock.domain import waiver as rules
from interlock.domain.actor import Actor, Person
from interlock.domain.authority import Refused
from interlock.domain.calendar import ONE_DAY
from interlock.domain.criterion import BLOCKING
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import LONGEST_REASON, Release, Unclear
from interlock.domain.waiver import Waiver, WaiverState
from interlock.domain.words import join
from interlock.store import outbox, release, waiver
from interlock.store.engine import Store
from interlock.usecases import authority, readiness
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import Invalid, read_release

GOOD_FOR = timedelta(days=7)
NEW = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`new` is False where the same was asked for already and waits."""

    release: Release
    waiver: Waiver
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """`again`: it had been decided so already by the same person."""

    release: Release
    waiver: Waiver
    again: bool = False


def ask(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Asked | Unclear | Invalid | Refused:
    """`/release waive RELEASE CRITERION until DAY why`: ask that a criterion be let pass until the end of a day.
    Somebody else decides, in the release's channel.
    """
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.WAIVER_ASK, actor, now)
        if isinstance(allowed, Refused):
            record_refusal(session, "waiver.ask_refused", actor, None, {}, allowed, now)
            return allowed
        meant, rest = read_release(session, text, channel_id)
        if isinstance(meant, Unclear):
            return meant
        one = release.load(session, meant.id, lock=True)
        asked = _ask(session, policy, actor, allowed.person, one, rest, now)
        if isinstance(asked, Refused):
            record_refusal(session, "waiver.ask_refused", actor, one, {}, asked, now)
        return asked


def decide(
    store: Store, policy: Policy, actor: Actor, waiver_id: int, state: WaiverState, now: datetime
) -> Decided | Refused:
    """Grant, refuse or withdraw it: the first decision stands. Whoever asked cannot grant, and only they withdraw."""
    with store.write() as session:
        own = state is WaiverState.WITHDRAWN
        permission = Permission.WAIVER_ASK if own else Permission.WAIVER_GRANT
        allowed = authority.to_decide(session, policy, permission, actor, now)
        wanted = {"waiver": waiver_id, "wanted": state.value}
        if isinstance(allowed, Refused):
            record_refusal(session, "waiver.decision_refused", actor, None, wanted, allowed, now)
            return allowed
        known = waiver.load(session, waiver_id)
        if known is None:
            return Refused(reason="unknown_waiver", sentence="There is no such waiver. See /release readiness.")
        one = release.load(session, known.release_id, lock=True)
        asked = waiver.load(session, waiver_id, lock=True) or known
        if refused := _refused(one, asked, state, actor, now):
            record_refusal(session, "waiver.decision_refused", actor, one, wanted, refused, now)
            return refused
        if not asked.open:  # the same click again
            return Decided(release=one, waiver=asked, again=True)
        waiver.decide(session, asked.id, state, actor.slack_id, now)
        facts = {
            "waiver": asked.id,
            "criterion": asked.criterion,
            "reason": asked.reason,
            "until": asked.until.isoformat(),
            "asked_by": asked.asked_by_id,
        }
        record(session, f"waiver.{state.value}", actor, allowed.person, one, facts, now)
        changed = waiver.load(session, asked.id)
        assert changed is not None
        _post(session, one, changed, "waiver.refresh", f"waiver:{asked.id}:decided", now)
        return Decided(release=one, waiver=changed)


def shown(store: Store, waiver_id: int) -> tuple[Release, Waiver] | None:
    """What its card is drawn from; None where there is none."""
    with store.read() as session:
        found = waiver.load(session, waiver_id)
        return (release.load(session, found.release_id), found) if found else None


def _ask(
    session: Session, policy: Policy, actor: Actor, who: Person, one: Release, text: str, now: datetime
) -> Asked | Invalid | Refused:
    if one.ended:
        return Refused(reason="release_ended", sentence=f"{one.name} has ended, so nothing is left to waive.")
    calendar = milestone.calendar_of(policy, one.policy)
    typed, until, reason = rules.read(text, calendar.today(now))
    name = _named(one, typed)
    if isinstance(name, Refused):
        return name
    if refused := _needless(session, policy, one, name, now):
        return refused
    why = names.tidy(reason)
    problems = rules.problem_with(until, calendar.today(now), why, LONGEST_REASON)
    if problems or until is None:
        return Invalid(problems=problems)
    waiting = next((each for each in waiver.of_release(session, one.id) if each.open and each.criterion == name), None)
    if waiting is not None:
        return Asked(release=one, waiver=waiting, new=False)
    asked = waiver.ask(
        session,
        Waiver(
            id=NEW,
            release_id=one.id,
            criterion=name,
            reason=why,
            until=until,
            expires_at=datetime.combine(until + ONE_DAY, time(), calendar.zone),
            asked_by=who.name,
            asked_by_id=actor.slack_id,
            asked_at=now,
        ),
    )
    facts = {"waiver": asked.id, "criterion": name, "why": why, "until": until.isoformat()}
    record(session, "waiver.asked", actor, who, one, facts, now)
    _post(session, one, asked, "waiver.card", f"waiver:{asked.id}", now)
    return Asked(release=one, waiver=asked, new=True)


def _refused(one: Release, asked: Waiver, state: WaiverState, actor: Actor, now: datetime) -> Refused | None:
    mine = actor.slack_id == asked.asked_by_id
    if not asked.open:
        if asked.state is state:
            return None
        return Refused(
            reason="decided_already",
            sentence=f"This waiver was {asked.state.value} by {asked.decided_by} already. Ask for another.",
        )
    if state is WaiverState.WITHDRAWN:
        return (
            None
            if mine
            else Refused(reason="not_yours", sentence=f"Only {asked.asked_by}, who asked for it, can withdraw it.")
        )
    if one.ended:
        return Refused(reason="release_ended", sentence=f"{one.name} has ended, so nothing is left to waive.")
    if mine:
        return Refused(
            reason="own_request",
            sentence=f"You can't decide this waiver of {asked.criterion}: you asked for it, and nobody waives at their "
            "own request.",
        )
    if state is WaiverState.GRANTED and now >= asked.expires_at:
        return Refused(reason="expired", sentence=f"It was asked for until {asked.until}, which is past.")
    return None


def _needless(session: Session, policy: Policy, one: Release, name: str, now: datetime) -> Refused | None:
    """Why there is nothing to let pass, or nothing that a waiver could."""
    found = next(each for each in readiness.read(session, policy, one, now).criteria if each.name == name)
    if found.kind == "signoffs_given":
        return Refused(
            reason="signoffs", sentence=f"{name}: a sign-off is given or not, and nobody waives it. See who still can."
        )
    if found.state in BLOCKING:
        return None
    told = "is waived already" if found.state == "waived" else "passes by itself"
    return Refused(reason="needless", sentence=f"{name} {told}: {found.why}.")


def _named(one: Release, typed: str) -> str | Refused:
    """The criterion of the release that somebody means, by its name or a beginning."""
    known = [rule.name for rule in one.policy.criteria]
    found = names.find(typed, known)
    if isinstance(found, names.Found):
        return found.name
    told = f"no criterion “{typed}”" if typed else "to be told which criterion"
    return Refused(
        reason="unknown_criterion",
        sentence=f"{one.name} has {told}. Its criteria: {join(known)}." if known else f"{one.name} has no criteria.",
    )


def _post(session: Session, one: Release, asked: Waiver, kind: str, key: str, now: datetime) -> None:
    post_key = f"waiver:{asked.id}"
    message = Outgoing(
        key=key,
        kind=kind,
        ids={"waiver_id": asked.id, "post_key": post_key},
        channel=one.channel_id,
        urgency=Urgency.URGENT if kind == "waiver.refresh" else Urgency.PROMPT,
        not_after=now + GOOD_FOR,
        coalesce=post_key if kind == "waiver.refresh" else None,
    )
    outbox.enqueue(session, message, now)
