"""Moving a release from stage to stage: forward on its conditions, back where that is safe, on hold, cancelled."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from interlock.domain import names
from interlock.domain import stage as rules
from interlock.domain.actor import SYSTEM, Actor, Person
from interlock.domain.authority import Refused
from interlock.domain.fingerprint import fingerprint
from interlock.domain.permission import Permission
from interlock.domain.policy import CriterionRule, Policy
from interlock.domain.release import LONGEST_REASON, Release, Stage, Unclear, choose, leading
from interlock.domain.stage import Ahead, Grounds, Moved
from interlock.domain.words import day, full_stop, join
from interlock.store import release, runbook, signoff, waiver
from interlock.store.engine import Store
from interlock.usecases import authority, readiness
from interlock.usecases.obstacle import go_obstacles
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import Invalid
from interlock.usecases.stage_news import announce, redraw

TO = "to"
MOVE_REFUSED = "release.move_refused"


def ask(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Ahead | Moved | Unclear | Invalid | Refused:
    """`/release advance [RELEASE]` says what the next stage takes; `… to STAGE [why]` moves there."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        typed, wanted, why = _taken_apart(session, text)
        if isinstance(allowed, Refused):
            return _turned_away(store, actor, typed, wanted, channel_id, allowed, now) if wanted else allowed
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        one = release.load(session, meant.id)
        if not wanted:
            return ahead(session, policy, one, now)
        after = rules.named(wanted, one)
    if after is None:
        stages = join([rules.words(each) for each in rules.passed_through(one)], "or")
        return Refused(reason="unknown_stage", sentence=f"{one.name} has no stage “{wanted}”. Its stages: {stages}.")
    return move(store, policy, actor, one.id, after, why, now)


def ahead_of(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> Ahead | Refused:
    """As `ask` without a stage, for the release that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        return ahead(session, policy, release.load(session, release_id), now)


def move(
    store: Store, policy: Policy, actor: Actor, release_id: int, after: Stage, reason: str, now: datetime
) -> Moved | Ahead | Invalid | Refused:
    """Move the release to `after`, the stage that whoever asks was shown: forward by one on its conditions, or back.

    `Ahead` where conditions are missing. Where it stands there already, as after a second click, nothing is done.
    """
    with store.write() as session:
        permission = Permission.RELEASE_GO if after in rules.GONE else Permission.RELEASE_ADVANCE
        one = release.load(session, release_id, lock=True)
        allowed = authority.to_decide(session, policy, permission, actor, now)
        if isinstance(allowed, Refused):
            return record_refusal(session, MOVE_REFUSED, actor, one, {"to": after.value}, allowed, now)
        return carry_out(session, policy, actor, allowed.person, one, after, reason, now)


def carry_out(
    session: Session,
    policy: Policy,
    actor: Actor,
    who: Person,
    one: Release,
    after: Stage,
    reason: str,
    now: datetime,
    *,
    confirmed: bool = False,
) -> Moved | Ahead | Invalid | Refused:
    """As `move`, in the transaction of somebody who may and who holds the release's lock. `confirmed`: a roll-call said
    go.
    """
    if one.stage is after:
        return Moved(release=one, before=after, after=after, again=True)
    refused = _out_of_order(one, after)
    if refused:
        return record_refusal(session, MOVE_REFUSED, actor, one, {"to": after.value}, refused, now)
    why = names.tidy(reason)
    back = after is not rules.following(one)
    too_long = names.too_long(why, LONGEST_REASON)
    if problem := names.unsaid(why, "Say why it goes back.", LONGEST_REASON) if back else too_long:
        return Invalid(problems={"reason": problem})
    facts: dict[str, object] = {"why": why}
    if not back:
        found = ahead(session, policy, one, now, confirmed=confirmed)
        if found.missing:
            missing = {"missing": [each.name for each in found.missing]}
            lacking = Refused(reason="conditions_missing", sentence=rules.lacking(after, found.missing))
            record_refusal(session, MOVE_REFUSED, actor, one, {"to": after.value} | missing, lacking, now)
            return replace(found, refused=True)
        facts["conditions"] = [[each.name, each.unnamed or each.why] for each in found.conditions]
    return _moved(session, one, after, actor, who, facts, now)


def begin(session: Session, one: Release, card_id: int, actor: Actor, who: Person, now: datetime) -> None:
    """What was only planned is in progress once its sign-offs are asked for, but on hold. Their card tells it."""
    if one.stage is Stage.PLANNED and one.held is None:
        facts: dict[str, object] = {"why": "its sign-offs are asked for", "card": card_id}
        _put(session, one, Stage.IN_PROGRESS, actor, who, facts, now)


def ahead(session: Session, policy: Policy, one: Release, now: datetime, *, confirmed: bool = False) -> Ahead:
    """Where it can go next, and what that takes, in the caller's transaction."""
    after, back = rules.following(one), rules.preceding(one)
    if after is None or one.ended:
        return Ahead(release=one, after=None, conditions=(), back=None if one.ended else back)
    found = rules.conditions(after, _grounds(session, policy, one, after, now, confirmed=confirmed))
    return Ahead(release=one, after=after, conditions=found, back=back)


def fall_back(session: Session, one: Release, why: str, now: datetime, gates: Sequence[CriterionRule] = ()) -> bool:
    """Take a go back that what it rests on no longer carries, in the transaction of what happened to that, which holds
    the release's lock; whether it did. `gates` turned red: one that is waived, or looked at after go only, takes
    nothing back. Without any it is the required sign-offs that are looked at.
    """
    if one.stage is not Stage.GO:
        return False
    waived = waiver.in_force(session, one.id, now) if gates else {}
    lost = [each.name for each in gates if rules.counts(each.before, Stage.GO) and each.name not in waived]
    if not gates:
        lost = [each.name for each in rules.unmet(signoff.requirements(session, one, now=now), Stage.GO)]
    if not lost:
        return False
    after = rules.preceding(one)
    assert after is not None
    facts: dict[str, object] = {"why": f"{why}: {join(lost)}"}
    _moved(session, one, after, SYSTEM, Person(slack_id="", name="Interlock"), facts, now)
    return True


def reconsider(session: Session, policy: Policy, one: Release, why: str, now: datetime, *, confirmed: bool) -> Release:
    """Take a release back from ready or go while a condition of that stage does not hold, in the transaction of what
    changed the conditions; the release as it stands then. `confirmed`: a roll-call said go, and counts still.
    """
    while one.stage in {Stage.GO, Stage.READY}:
        grounds = _grounds(session, policy, one, one.stage, now, confirmed=confirmed)
        lost = [each.name for each in rules.conditions(one.stage, grounds) if not each.holds]
        after = rules.preceding(one)
        if not lost or after is None:
            break
        facts: dict[str, object] = {"why": f"{why}: {join(lost)}"}
        one = _moved(session, one, after, SYSTEM, Person(slack_id="", name="Interlock"), facts, now).release
    return one


def recheck(store: Store, now: datetime) -> int:
    """Take back each go that a required sign-off no longer carries, such as of somebody who left; how many."""
    with store.read() as session:
        gone = [one.id for one in release.active(session) if one.stage is Stage.GO]
    taken = 0
    for release_id in gone:
        with store.write() as session:
            one = release.load(session, release_id, lock=True)
            taken += fall_back(session, one, "a sign-off no longer counts", now)
    return taken


def _taken_apart(session: Session, text: str) -> tuple[str, str, str]:
    """`2026.12 to in progress because …`: the release's name, the stage as typed (one word, or `in progress`), why."""
    known = release.all_names(session)
    first, _, _ = names.tidy(text).partition(" ")
    typed, rest = ("", names.tidy(text)) if first.casefold() == TO else leading(text, known)
    word, _, after = rest.partition(" ")
    if word.casefold() != TO:
        return names.tidy(text) if not rest else typed, "", rest
    length = 2 if after.casefold().startswith("in progress") else 1
    told = after.split(" ", length)
    return typed, " ".join(told[:length]), told[length] if len(told) > length else ""


def _turned_away(
    store: Store, actor: Actor, typed: str, wanted: str, channel_id: str, refused: Refused, now: datetime
) -> Refused:
    """Whoever may not even look wanted to move it."""
    with store.write() as session:
        meant = choose(typed, channel_id, release.all_names(session))
        one = None if isinstance(meant, Unclear) else release.load(session, meant.id)
        after = rules.named(wanted, one) if one else None
        if after is None:
            return record_refusal(session, MOVE_REFUSED, actor, None, {}, refused, now)
        return record_refusal(session, MOVE_REFUSED, actor, one, {"to": after.value}, refused, now)


def _out_of_order(one: Release, after: Stage) -> Refused | None:
    """Why it cannot go from where it stands to there at all."""
    if over := rules.over(one):
        return over
    following, back = rules.following(one), rules.preceding(one)
    if after is following and one.held is not None:
        since = f"{one.name} is on hold since {day(one.held.at)}: {full_stop(one.held.reason)}"
        sentence = f"{since} Type /release resume {one.name}."
        return Refused(reason="on_hold", sentence=sentence)
    if after in {following, back}:
        return None
    if after is Stage.CLOSED:
        return Refused(reason="out_of_order", sentence=f"To end it, type /release close {one.name} and why.")
    ways = join([f"to {rules.words(each)}" for each in (following, back) if each], "or")
    told = f"From {rules.words(one.stage)} it goes {ways}." if ways else "It moves no more: /release close ends it."
    return Refused(reason="out_of_order", sentence=f"{one.name} can't go to {rules.words(after)}. {told}")


def _grounds(
    session: Session, policy: Policy, one: Release, after: Stage, now: datetime, *, confirmed: bool
) -> Grounds:
    """No more than the conditions of that stage look at."""
    ready = readiness.read(session, policy, one, now)
    status = ready.status
    going = after in {Stage.GO, Stage.DEPLOYING}
    return Grounds(
        tickets=status.tickets,
        criteria=tuple(zip([rule.before for rule in one.policy.criteria], ready.criteria, strict=True)),
        requirements=ready.requirements,
        obstacles=tuple(each.sentence for each in go_obstacles(session, policy, one, now)) if going else (),
        stale="; ".join(status.reasons) if status.stale else None,
        runbook=runbook.progress(session, one.id) if after is Stage.RELEASED else rules.NO_RUNBOOK,
        unanswered=one.policy.gonogo is not None and not confirmed,
    )


def _moved(
    session: Session, one: Release, after: Stage, actor: Actor, who: Person, facts: dict[str, object], now: datetime
) -> Moved:
    _put(session, one, after, actor, who, facts, now)
    ids = {"before": one.stage.value, "after": after.value, "why": facts["why"]}
    changed = release.load(session, one.id)
    announce(session, changed, "release.moved", actor.slack_id, ids, now)
    redraw(session, one, now)
    return Moved(release=changed, before=one.stage, after=after)


def _put(
    session: Session, one: Release, after: Stage, actor: Actor, who: Person, facts: dict[str, object], now: datetime
) -> None:
    seen, _ = signoff.seen_scope(session, one.id)
    release.set_stage(session, one.id, after)
    whole = {"from": one.stage.value, "to": after.value, "policy_version": one.policy_version}
    record(session, "release.moved", actor, who, one, whole | {"fingerprint": fingerprint(seen)} | facts, now)
