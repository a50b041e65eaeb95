"""Roll-calls on go or no-go: opening one, and what a vote comes to. Ending one: `gonogo_end`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain import gonogo as rules
from interlock.domain import light, names
from interlock.domain import stage as stages
from interlock.domain.actor import Actor, Standing
from interlock.domain.authority import Refused, roles_of
from interlock.domain.card import GONOGO, CardRevision
from interlock.domain.fingerprint import MaterialChange, material_changes
from interlock.domain.gonogo import Board, Choice, RollCall
from interlock.domain.outbox import Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import LONGEST_REASON, Release, Stage, Unclear, choose, leading
from interlock.store import card, gonogo, mirror, release, signoff
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.ask import seen_facts
from interlock.usecases.card import enqueue
from interlock.usecases.gonogo_card import board, refresh, revise_elsewhere, tell_result
from interlock.usecases.gonogo_void import counted
from interlock.usecases.race import after_the_winner
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import Invalid

OPEN_REFUSED = "gonogo.open_refused"
WHY = "Say why not: the team has to know what to mend."
HOW = "Say go, no-go and why, or abstain: /release vote 2026.12 no-go the rollback is not rehearsed."
UNKNOWN = Refused(
    reason="unknown_roll_call",
    sentence="That roll-call is not known here, perhaps since a backup was restored. Type /release gonogo.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    release: Release
    roll_call: RollCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Voted:
    """`again`: the same vote stood already, and nothing was done."""

    release: Release
    role: str
    choice: Choice
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """What the clicker saw is not what is in scope now: how many tickets changed, by how."""

    release: Release
    changes: dict[str, int]


def ask(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Board | Opened | Unclear | Invalid | Refused:
    """`/release gonogo [RELEASE] [for 4h]`: the roll-call that is open, for one reader; else one is opened."""
    typed, lasts, problem = rules.lasting(text)
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return allowed if isinstance(allowed, Refused) else meant
        one = release.load(session, meant.id, lock=True)
        roll_call = gonogo.open_one(session, one.id)
        if isinstance(allowed, Refused):
            # Where none is open, one was to be opened; else it was to be looked at.
            denied = roll_call is None
            return record_refusal(session, OPEN_REFUSED, actor, one, {}, allowed, now) if denied else allowed
        if roll_call is not None:
            asked = card.load(session, roll_call.card_id)
            revision = revise_elsewhere(session, one, asked, roll_call, now) if asked else None
            return board(session, policy, one, roll_call, now, revision)
        if one.policy.gonogo is None:
            return _has_none(one)
    if problem:
        return Invalid(problems={"for": problem})
    return open_(store, policy, actor, one.id, now, lasts)


def open_(
    store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime, lasts: timedelta | None = None
) -> Opened | Refused:
    """Open a roll-call for so long, or as long as the template says. Of two at once, one is opened."""
    with store.write() as session:
        one = release.load(session, release_id, lock=True)
        allowed = authority.to_decide(session, policy, Permission.GONOGO_OPEN, actor, now)
        refused = allowed if isinstance(allowed, Refused) else _unfit(session, one)
        if refused:
            return record_refusal(session, OPEN_REFUSED, actor, one, {}, refused, now)
        assert isinstance(allowed, Standing)
        rule = one.policy.gonogo
        assert rule is not None
        number = gonogo.next_number(session, one.id)
        asked = card.create(session, one.id, f"{GONOGO}:{number}", one.channel_id, actor.slack_id, now)
        closes_at = now + (lasts or timedelta(hours=rule.answer_within_hours))
        version, who = one.policy_version, actor.slack_id
        opened = gonogo.add(session, one.id, asked.id, number, rule, version, who, now, closes_at)
        facts = {
            "gonogo": opened.id,
            "roles": list(rule.roles),
            "closes_at": closes_at.isoformat(),
            "policy_version": version,
        }
        record(session, "gonogo.opened", actor, allowed.person, one, facts, now)
        enqueue(session, asked, "gonogo.card", asked.post_key, now, Urgency.PROMPT)
        return Opened(release=one, roll_call=opened)


def vote_typed(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Voted | Stale | Unclear | Invalid | Refused:
    """`/release vote [RELEASE] go|no-go|abstain [why]`: on the scope as it is now."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.GONOGO_VOTE, actor, now)
        if isinstance(allowed, Refused):
            record_refusal(session, "gonogo.vote_refused", actor, None, {}, allowed, now)
            return allowed
        typed, choice, reason = _read_vote(session, text)
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        if choice is None:
            return Invalid(problems={"choice": HOW})
        one = release.load(session, meant.id, lock=True)
        roll_call = gonogo.open_one(session, one.id)
        asked = card.load(session, roll_call.card_id) if roll_call else None
        if roll_call is None or asked is None:
            return Refused(
                reason="none_open", sentence=f"{one.name} has no roll-call open. /release gonogo {one.name} opens one."
            )
        revision = revise_elsewhere(session, one, asked, roll_call, now)
    return vote(store, policy, actor, revision.id, choice, reason, now)


def vote(
    store: Store, policy: Policy, actor: Actor, revision_id: str, choice: Choice, reason: str | None, now: datetime
) -> Voted | Stale | Invalid | Refused:
    """A click on the card, or a reason for no-go; who may, until when and on which scope are those of this moment."""
    return after_the_winner(lambda: _vote(store, policy, actor, revision_id, choice, reason, now))


def foresee(store: Store, policy: Policy, actor: Actor, revision_id: str, now: datetime) -> str | Refused:
    """For which role a vote would be, so that nobody writes a reason in vain. Nothing is decided or recorded."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.GONOGO_VOTE, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        revision = card.revision(session, revision_id)
        roll_call = gonogo.of_card(session, revision.card.id) if revision else None
        if roll_call is None:
            return UNKNOWN
        one = release.load(session, roll_call.release_id)
        return stages.over(one) or rules.may_vote(roll_call, roles_of(policy, allowed), actor.slack_id, now)


def _vote(
    store: Store, policy: Policy, actor: Actor, revision_id: str, choice: Choice, reason: str | None, now: datetime
) -> Voted | Stale | Invalid | Refused:
    with store.write() as session:
        revision = card.revision(session, revision_id)
        known = gonogo.of_card(session, revision.card.id) if revision else None
        one = release.load(session, known.release_id, lock=True) if known else None
        seen = (seen_facts(revision) | {"gonogo": known.id} if revision and known else {}) | {"choice": choice.value}
        allowed = authority.to_decide(session, policy, Permission.GONOGO_VOTE, actor, now)
        if isinstance(allowed, Refused):
            record_refusal(session, "gonogo.vote_refused", actor, one, seen, allowed, now)
            return allowed
        if revision is None or known is None or one is None:
            return UNKNOWN
        roll_call = gonogo.load(session, known.id)
        assert roll_call is not None, "a roll-call cannot be deleted"
        why = names.tidy(reason or "")
        too_long = names.too_long(why, LONGEST_REASON)
        if problem := names.unsaid(why, WHY, LONGEST_REASON) if choice is Choice.NO_GO else too_long:
            return Invalid(problems={"reason": problem})
        role = _role(session, policy, one, roll_call, allowed, choice, now)
        if isinstance(role, Refused):
            record_refusal(session, "gonogo.vote_refused", actor, one, seen, role, now)
            return role
        changes = () if choice is Choice.NO_GO else _changes(session, one, revision)
        if changes:
            overtaken = Refused(reason="stale", sentence="The scope changed since it was shown.")
            record_refusal(session, "gonogo.vote_refused", actor, one, seen, overtaken, now)
            refresh(session, revision.card, now)
            return Stale(release=one, changes=counted(changes))
        before = roll_call.of_role(role)
        mine = before is not None and before.person.slack_id == actor.slack_id
        if before and mine and (before.choice, before.reason or "") == (choice, why):
            return Voted(release=one, role=role, choice=choice, again=True)
        gonogo.give(session, roll_call, role, revision, actor, choice, why or None, now)
        replaced = {"instead_of": before.choice.value} if before else {}
        record(
            session, "gonogo.voted", actor, allowed.person, one, seen | {"role": role, "reason": why} | replaced, now
        )
        changed = gonogo.load(session, roll_call.id)
        assert changed is not None
        refresh(session, revision.card, now)
        tell_result(session, one, changed, now)
        return Voted(release=one, role=role, choice=choice)


def _role(
    session: Session,
    policy: Policy,
    one: Release,
    roll_call: RollCall,
    standing: Standing,
    choice: Choice,
    now: datetime,
) -> str | Refused:
    """For which role this person votes, or why they cannot. Going, as approving, takes a mirror that is fresh."""
    if over := stages.over(one):
        return over
    role = rules.may_vote(roll_call, roles_of(policy, standing), standing.person.slack_id, now)
    stale = light.stale(mirror.as_of(session, "tickets"), policy, now)
    if isinstance(role, str) and choice is Choice.GO and stale:
        return Refused(
            reason="mirror_stale",
            sentence=f"You can't say go to {one.name} now: {stale}. Interlock keeps trying; vote again then.",
        )
    return role


def _changes(session: Session, one: Release, revision: CardRevision) -> tuple[MaterialChange, ...]:
    current, _ = signoff.seen_scope(session, one.id)
    return material_changes(revision.seen, current, one.policy.priorities)


def _unfit(session: Session, one: Release) -> Refused | None:
    """Why no roll-call can be opened for this release now."""
    if one.policy.gonogo is None:
        return _has_none(one)
    if over := stages.over(one):
        return over
    if one.stage in stages.GONE:
        return Refused(
            reason="gone", sentence=f"{one.name} is {stages.words(one.stage)} already: there is nothing to vote on."
        )
    after = stages.following(one)
    if after is not Stage.GO:
        ready = stages.passed_through(one)
        last = ready[ready.index(Stage.GO) - 1]
        return Refused(
            reason="too_early",
            sentence=f"{one.name} is {stages.words(one.stage)}; the roll-call comes when it is {stages.words(last)}. "
            f"Type /release advance {one.name}.",
        )
    if gonogo.open_one(session, one.id):
        return Refused(
            reason="open_already", sentence=f"{one.name} has a roll-call already: /release gonogo {one.name} shows it."
        )
    return None


def _has_none(one: Release) -> Refused:
    return Refused(
        reason="no_gonogo", sentence=f"{one.name} has no roll-call: its template, {one.policy.name}, names none."
    )


def _read_vote(session: Session, text: str) -> tuple[str, Choice | None, str]:
    """`2026.12 no-go the rollback …` taken apart; without a name, the channel's release is meant."""
    first, _, rest = names.tidy(text).partition(" ")
    if choice := rules.choice_of(first):
        return "", choice, rest
    typed, rest = leading(text, release.all_names(session))
    word, _, why = rest.partition(" ")
    return typed, rules.choice_of(word), why
