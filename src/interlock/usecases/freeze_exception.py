"""Freeze exceptions: asking for one, and deciding on it. Four eyes: whoever asked never decides."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from interlock.domain import freeze, names
from interlock.domain import freeze_exception as rules
from interlock.domain.actor import Actor, Standing
from interlock.domain.authority import Refused
from interlock.domain.freeze import Window
from interlock.domain.freeze_exception import Decision, ExceptionCard, FreezeException, Reasons
from interlock.domain.outbox import Outgoing, Sent, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release, Unclear, choose, leading
from interlock.store import freeze_exception as exceptions
from interlock.store import outbox, release
from interlock.store.engine import Store
from interlock.usecases import authority, obstacle
from interlock.usecases.announcement import governance_channel
from interlock.usecases.race import after_the_winner
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import Invalid

CARD: Final = "exception.card"
REFRESH: Final = "exception.refresh"
TOLD: Final = "exception.told"
DENIED: Final = "exception.denied"
CARD_GOOD_FOR: Final = timedelta(days=7)
REFRESH_GOOD_FOR: Final = timedelta(days=1)

UNKNOWN = Refused(
    reason="unknown_exception",
    sentence="That exception is not known here, perhaps since a backup was restored. Have it asked for anew.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A release, and the times of freezes from which it can be excepted, that of now first."""

    release: Release
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`again`: it was asked for before, in the same words by the same person."""

    release: Release
    exception: FreezeException
    channel_id: str
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    card: ExceptionCard
    again: bool


def offered(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Offered | Unclear | Refused:
    """`/release exception RELEASE …` without reasons: what the form offers."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.EXCEPTION_ASK, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        known = release.all_names(session)
        meant = choose(leading(text, known)[0], channel_id, known)
        if isinstance(meant, Unclear):
            return meant
        return _offered(session, policy, release.load(session, meant.id), now)


def offered_of(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> Offered | Refused:
    """As `offered`, for the release that a button names."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.EXCEPTION_ASK, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        return _offered(session, policy, release.load(session, release_id), now)


def ask(
    store: Store, policy: Policy, actor: Actor, release_id: int, typed: str, reasons: Reasons, now: datetime
) -> Asked | Invalid | Refused:
    """Ask for an exception from the freeze that is meant by `typed`, or by the only one there is where it is empty."""

    def asking() -> Asked | Invalid | Refused:
        with store.write() as session:
            return _ask(session, policy, actor, release_id, typed, reasons, now)

    return after_the_winner(asking)


def ask_typed(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, reasons: Reasons, now: datetime
) -> Asked | Unclear | Invalid | Refused:
    """`/release exception RELEASE [FREEZE] why: …`: as `ask`, of the release that the text begins with."""

    def asking() -> Asked | Unclear | Invalid | Refused:
        with store.write() as session:
            known = release.all_names(session)
            typed, freeze_typed = leading(text, known)
            meant = choose(typed, channel_id, known)
            if not isinstance(meant, Unclear):
                return _ask(session, policy, actor, meant.id, freeze_typed, reasons, now)
            allowed = authority.to_decide(session, policy, Permission.EXCEPTION_ASK, actor, now)
            if not isinstance(allowed, Refused):
                return meant
            return record_refusal(session, DENIED, actor, None, {}, allowed, now)

    return after_the_winner(asking)


def _ask(
    session: Session, policy: Policy, actor: Actor, release_id: int, typed: str, reasons: Reasons, now: datetime
) -> Asked | Invalid | Refused:
    allowed = authority.to_decide(session, policy, Permission.EXCEPTION_ASK, actor, now)
    one = release.load(session, release_id, lock=True)
    if isinstance(allowed, Refused):
        # What was typed in a freeze's place may be anything, and stays out of the record.
        named = [each.name for each in policy.freezes if names.fold(each.name) == names.fold(typed)]
        return record_refusal(session, DENIED, actor, one, {"asked": named[0]} if named else {}, allowed, now)
    met = obstacle.met(session, policy, one, now)
    window = _ended(one) or rules.choose(typed, [each.window for each in met], one.name)
    if isinstance(window, Refused):
        return window
    tidied = reasons.tidied()
    if wrong := rules.problems(tidied):
        return Invalid(problems=wrong)
    asked = next((each.asked for each in met if each.window == window and each.asked), None)
    if asked:
        return _asked_already(session, one, asked, actor, tidied)
    channel_id = governance_channel(session, policy, one)
    if isinstance(channel_id, Refused):
        return channel_id
    number = exceptions.add(session, one.id, window, tidied, channel_id, actor, now)
    made = exceptions.load(session, number)
    assert made is not None
    record(session, "exception.asked", actor, allowed.person, one, _facts(made) | _words(tidied), now)
    _post(session, made, channel_id, CARD, f"exception:{number}", now)
    return Asked(release=one, exception=made, channel_id=channel_id)


def foresee(
    store: Store, policy: Policy, actor: Actor, exception_id: int, decision: Decision, now: datetime
) -> Judged | Refused:
    """What deciding would come to, so that nobody writes a reason in vain. Nothing is decided or recorded."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.EXCEPTION_DECIDE, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        asked = exceptions.load(session, exception_id)
        if asked is None:
            return UNKNOWN
        one = release.load(session, asked.release_id)
        verdict = _verdict(policy, one, asked, allowed, decision, now)
        if isinstance(verdict, Refused):
            return verdict
        return Judged(card=_card(policy, one, asked, now), again=verdict.again)


def decide(
    store: Store,
    policy: Policy,
    actor: Actor,
    exception_id: int,
    decision: Decision,
    reason: str | None,
    now: datetime,
) -> Judged | Refused:
    """Approve it, or refuse it with a reason; authority, stage and freeze are those of this moment."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.EXCEPTION_DECIDE, actor, now)
        asked = exceptions.load(session, exception_id)
        if asked is None:
            if not isinstance(allowed, Refused):
                return UNKNOWN
            told = {"exception": exception_id, "decision": decision.value}
            return record_refusal(session, DENIED, actor, None, told, allowed, now)
        one = release.load(session, asked.release_id, lock=True)
        asked = exceptions.load(session, exception_id) or asked  # as it is now that nobody else decides
        facts = _facts(asked) | {"decision": decision.value}
        if isinstance(allowed, Refused):
            return record_refusal(session, DENIED, actor, one, facts, allowed, now)
        verdict = _verdict(policy, one, asked, allowed, decision, now)
        if not isinstance(verdict, Refused) and not verdict.again:
            done = exceptions.decide(session, exception_id, decision, reason, actor, now)
            decided = exceptions.load(session, exception_id)
            assert done, "the release's lock keeps others from deciding at once"
            assert decided is not None
            record(session, f"exception.{decision.value}", actor, allowed.person, one, facts | {"reason": reason}, now)
            _post(session, decided, f"@{decided.asked_by.slack_id}", TOLD, f"exception.told:{exception_id}", now)
            asked = decided
        if isinstance(verdict, Refused):
            return record_refusal(session, DENIED, actor, one, facts, verdict, now)
        _refresh(session, asked, now)
        return Judged(card=_card(policy, one, asked, now), again=verdict.again)


def card(store: Store, policy: Policy, exception_id: int, now: datetime) -> ExceptionCard | None:
    """The exception as its card shows it now; None for one that does not exist."""
    with store.read() as session:
        asked = exceptions.load(session, exception_id)
        return _card(policy, release.load(session, asked.release_id), asked, now) if asked else None


def posted(store: Store, exception_id: int) -> Sent | None:
    """Where the card stands; None until Slack has told."""
    with store.read() as session:
        return outbox.sent(session, f"exception:{exception_id}")


def _offered(session: Session, policy: Policy, one: Release, now: datetime) -> Offered | Refused:
    windows = [each.window for each in obstacle.met(session, policy, one, now) if each.asked is None]
    refused = _ended(one)
    if refused is None and not windows:
        asked = [each.asked for each in obstacle.met(session, policy, one, now) if each.asked]
        found = _standing(one, asked[0]) if asked else rules.choose("", [], one.name)
        refused = found if isinstance(found, Refused) else None
    return refused or Offered(release=one, windows=tuple(windows))


def _asked_already(
    session: Session, one: Release, asked: FreezeException, actor: Actor, reasons: Reasons
) -> Asked | Refused:
    if asked.asked_by.slack_id == actor.slack_id and asked.reasons == reasons:
        channel_id = exceptions.channel_of(session, asked.id)
        return Asked(release=one, exception=asked, channel_id=channel_id, again=True)
    return _standing(one, asked)


def _standing(one: Release, asked: FreezeException) -> Refused:
    who, what = asked.asked_by.name, f"an exception from {asked.freeze}"
    sentence = f"{who} asked for {what} for {one.name} already: it waits for a decision."
    if asked.decision is Decision.APPROVED:
        sentence = f"{one.name} has {what} already: {who} asked for it."
    return Refused(reason="asked_already", sentence=sentence)


def _ended(one: Release) -> Refused | None:
    if not one.ended:
        return None
    return Refused(
        reason="release_ended", sentence=f"{one.name} is {one.stage.value}, so it needs no exception any more."
    )


def _verdict(
    policy: Policy, one: Release, asked: FreezeException, standing: Standing, decision: Decision, now: datetime
) -> rules.Decided | Refused:
    if asked.decision is None and (ended := _ended(one)):
        return ended
    around = freeze.between(policy, asked.starts, asked.ends)
    window = next((each for each in around if each.name == asked.freeze and each.starts == asked.starts), None)
    return rules.decide(asked, window, standing.person, decision, now)


def _card(policy: Policy, one: Release, asked: FreezeException, now: datetime) -> ExceptionCard:
    zone = next((each.time_zone for each in policy.freezes if each.name == asked.freeze), None) or policy.time_zone
    return ExceptionCard(release=one, exception=asked, time_zone=zone, over=now >= asked.ends)


def _refresh(session: Session, asked: FreezeException, now: datetime) -> None:
    message = Outgoing(
        key=f"refresh:exception:{asked.id}",
        kind=REFRESH,
        ids={"exception_id": asked.id},
        channel=exceptions.channel_of(session, asked.id),
        urgency=Urgency.URGENT,
        not_after=now + REFRESH_GOOD_FOR,
        coalesce=f"exception:{asked.id}",
    )
    outbox.enqueue(session, message, now)


def _post(session: Session, asked: FreezeException, where: str, kind: str, key: str, now: datetime) -> None:
    message = Outgoing(
        key=key,
        kind=kind,
        ids={"exception_id": asked.id},
        channel=where,
        urgency=Urgency.PROMPT,
        not_after=min(max(asked.ends, now + timedelta(hours=1)), now + CARD_GOOD_FOR),
    )
    outbox.enqueue(session, message, now)


def _facts(asked: FreezeException) -> dict[str, Any]:
    return {
        "exception": asked.id,
        "freeze": asked.freeze,
        "starts": asked.starts.isoformat(),
        "ends": asked.ends.isoformat(),
    }


def _words(reasons: Reasons) -> dict[str, Any]:
    return {"why": reasons.why, "risk_in": reasons.risk_in, "risk_out": reasons.risk_out}
