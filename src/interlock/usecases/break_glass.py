"""Breaking glass: one person asks, another confirms. How it ends: `break_glass_end`."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from interlock.domain import break_glass_rules as rules
from interlock.domain import card as kinds
from interlock.domain import light, names
from interlock.domain.actor import SYSTEM, Actor, Standing
from interlock.domain.authority import Refused
from interlock.domain.break_glass import BreakGlass, Confirmed, GlassCard, Stale
from interlock.domain.card import CardRevision
from interlock.domain.fingerprint import MaterialChange, material_changes
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import LONGEST_REASON, Release, Unclear
from interlock.domain.signoff import Requirement
from interlock.store import break_glass, card, mirror, release, signoff
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases import break_glass_card as cards
from interlock.usecases.announcement import governance_channel
from interlock.usecases.ask import seen_facts
from interlock.usecases.break_glass_end import settle, settle_live
from interlock.usecases.race import after_the_winner
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import Invalid, read_release

UNKNOWN = Refused(
    reason="unknown_break_glass",
    sentence="That card is not known here, perhaps since a backup was restored. Have it asked for anew.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`picture` is what whoever asked is shown; `confirmers` how many were sent it. `again`: it waits already."""

    picture: GlassCard
    channel_id: str
    confirmers: int
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a click on Confirm came to, with the card as it is after it. `hidden`: ids of the restricted tickets among
    the changes.
    """

    picture: GlassCard
    verdict: Confirmed | Stale
    hidden: frozenset[str] = frozenset()


def look(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> GlassCard | Unclear | Refused:
    """`/release breakglass [RELEASE]`: the newest of the release, for one reader, who may confirm by what they see."""
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant, rest = read_release(session, text, channel_id)
        if isinstance(meant, Unclear):
            return meant
        if rest and names.fold(rest) != names.fold(meant.name):
            return Refused(reason="no_reason", sentence=_why(meant.name))
        one = release.load(session, meant.id, lock=True)
        glass = break_glass.newest(session, one.id)
        if glass is not None:
            return cards.drawn(session, one, glass, now)
        return rules.unfit(one) or Refused(
            reason="none",
            sentence=f"Nobody has broken glass for {one.name}. It takes two people and a reason. {_why(one.name)}",
        )


def ask(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Asked | Unclear | Invalid | Refused:
    """`/release breakglass RELEASE [SIGN-OFF, …] because …`: have somebody else let pass what is not signed."""
    return after_the_winner(lambda: _ask(store, policy, actor, text, channel_id, now))


def confirm(store: Store, policy: Policy, actor: Actor, revision_id: str, now: datetime) -> Judged | Refused:
    """A click on Confirm: authority, stage, scope, sign-offs and mirror are those of this moment."""
    with store.write() as session:
        revision = card.revision(session, revision_id)
        known = break_glass.of_card(session, revision.card.id) if revision else None
        one = release.load(session, known.release_id, lock=True) if known else None
        allowed = authority.to_decide(session, policy, Permission.BREAK_GLASS_CONFIRM, actor, now)
        if revision is None or known is None or one is None:
            return _denied(session, actor, None, {}, allowed, now) if isinstance(allowed, Refused) else UNKNOWN
        glass = break_glass.load(session, known.id) or known  # as it is now that nobody else decides
        facts = seen_facts(revision) | _facts(glass)
        if isinstance(allowed, Refused):
            return _denied(session, actor, one, facts, allowed, now)
        refused = _asker_unfit(session, policy, glass, now) or _stale_mirror(session, policy, one, now)
        changes = _changes(session, one, glass, revision)
        wanted = cards.requirements(session, one, now)
        verdict = rules.confirm(glass, one, wanted, changes, allowed.person, now)
        if not isinstance(verdict, Refused) and not (isinstance(verdict, Confirmed) and verdict.again):
            verdict = refused or verdict
        if isinstance(verdict, Refused):
            return _denied(session, actor, one, facts, verdict, now)
        if isinstance(verdict, Stale):
            overtaken = Refused(reason="stale", sentence="The scope changed since it was shown.")
            _denied(session, actor, one, facts, overtaken, now)
            settle(session, one, glass, now)
        elif not verdict.again:
            done = break_glass.confirm(session, glass, verdict.covers, revision, actor, now)
            assert done, "the release's lock keeps others from deciding at once"
            _confirmed(session, one, glass, verdict, actor, allowed, facts, now)
        hidden = signoff.restricted(session, [each.ticket.id for each in changes if each.ticket]) if changes else None
        after = break_glass.load(session, glass.id) or glass
        return Judged(
            picture=cards.picture(session, one, after, now), verdict=verdict, hidden=hidden or frozenset[str]()
        )


def _ask(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Asked | Unclear | Invalid | Refused:
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.BREAK_GLASS_ASK, actor, now)
        if isinstance(allowed, Refused):
            record_refusal(session, "break_glass.refused", actor, None, {"wanted": "ask"}, allowed, now)
            return allowed
        head, why = rules.taken_apart(text)
        meant, typed = read_release(session, head, channel_id)
        if isinstance(meant, Unclear):
            return meant
        one = release.load(session, meant.id, lock=True)
        reason = names.tidy(why or "")
        if problem := names.unsaid(reason, _why(one.name), LONGEST_REASON):
            return Invalid(problems={"reason": problem})
        if settle_live(session, one, now):
            one = release.load(session, one.id)  # its go may have fallen
        typed = "" if names.fold(typed) == names.fold(one.name) else typed
        wanted = _wanted(session, policy, one, typed, reason, actor, now)
        if isinstance(wanted, Asked):
            return wanted
        able = () if isinstance(wanted, Refused) else authority.holders(session, policy, Permission.BREAK_GLASS_CONFIRM)
        confirmers = [each for each in able if each.slack_id != actor.slack_id]
        where = governance_channel(session, policy, one)
        refused = wanted if isinstance(wanted, Refused) else where if isinstance(where, Refused) else None
        if refused is None and not confirmers:
            refused = Refused(
                reason="nobody_confirms",
                sentence="Nobody else may confirm it: policy gives break_glass.confirm to nobody who is here.",
            )
        if refused:
            return _denied(session, actor, one, {"wanted": "ask", "reason": reason}, refused, now)
        assert not isinstance(wanted, Refused)
        assert isinstance(where, str)
        rule = one.policy.break_glass
        assert rule is not None
        kind = kinds.break_glass(break_glass.next_number(session, one.id))
        asked = card.create(session, one.id, kind, where, actor.slack_id, now)
        revision = cards.revise(session, one, asked, wanted, reason, rule.holds_hours, now)
        keys = [each.key for each in wanted]
        glass = break_glass.add(session, one, rule, revision, keys, reason, confirmers, actor, now)
        facts = seen_facts(revision) | _facts(glass) | {"sent_to": list(glass.sent_to)}
        record(session, "break_glass.asked", actor, allowed.person, one, facts, now)
        cards.post(session, glass, now)
        shown = cards.picture(session, one, glass, now, revision)
        return Asked(picture=shown, channel_id=where, confirmers=len(confirmers))


def _why(name: str) -> str:
    return f"Say why it can't wait for the sign-offs: /release breakglass {name} because payments fail since 02:10."


def _wanted(
    session: Session, policy: Policy, one: Release, typed: str, reason: str, actor: Actor, now: datetime
) -> tuple[Requirement, ...] | Asked | Refused:
    """The sign-offs that are to be let pass; or the one that was asked for already; or why there can be none."""
    if refused := rules.unfit(one):
        return refused
    live = break_glass.live(session, one.id)
    if live is not None:
        return _standing(session, one, live, reason, actor, now)
    if refused := _stale_mirror(session, policy, one, now):
        return refused
    if not signoff.seen_scope(session, one.id)[0]:
        return Refused(reason="no_scope", sentence=f"No ticket is in {one.name}, so there is nothing to let pass.")
    return rules.choose(typed, cards.requirements(session, one, now), one)


def _standing(
    session: Session, one: Release, live: BreakGlass, reason: str, actor: Actor, now: datetime
) -> Asked | Refused:
    shown = cards.drawn(session, one, live, now)
    if live.asked_by.slack_id == actor.slack_id and live.reason == reason and live.confirmed_by is None:
        where = card.load(session, live.card_id)
        assert where is not None, "a card cannot be deleted"
        return Asked(picture=shown, channel_id=where.channel_id, confirmers=len(live.sent_to), again=True)
    state = "it holds" if live.confirmed_by else "it waits to be confirmed"
    return Refused(
        reason="asked_already",
        sentence=f"{live.asked_by.name} asked to break glass for {one.name} already: {state}. "
        f"See /release breakglass {one.name}.",
    )


def _asker_unfit(session: Session, policy: Policy, glass: BreakGlass, now: datetime) -> Refused | None:
    """Whoever asked has to be somebody who may, still."""
    asker = replace(SYSTEM, slack_id=glass.asked_by.slack_id)
    if not isinstance(authority.to_decide(session, policy, Permission.BREAK_GLASS_ASK, asker, now), Refused):
        return None
    return Refused(
        reason="asker_may_not",
        sentence=f"{glass.asked_by.name}, who asked, may not break glass any more. Have it asked anew.",
    )


def _stale_mirror(session: Session, policy: Policy, one: Release, now: datetime) -> Refused | None:
    stale = light.stale(mirror.as_of(session, "tickets"), policy, now)
    if stale is None:
        return None
    return Refused(
        reason="mirror_stale",
        sentence=f"Glass can't be broken for {one.name} now: {stale}, so what would go out is not known. "
        "Interlock keeps trying; try again then.",
    )


def _changes(session: Session, one: Release, glass: BreakGlass, revision: CardRevision) -> tuple[MaterialChange, ...]:
    """Since it was asked for, and since what the clicker was shown."""
    current, _ = signoff.seen_scope(session, one.id)
    return break_glass.changes_since(session, one, glass, current) or material_changes(
        revision.seen, current, one.policy.priorities
    )


def _confirmed(
    session: Session,
    one: Release,
    glass: BreakGlass,
    verdict: Confirmed,
    actor: Actor,
    standing: Standing,
    facts: dict[str, object],
    now: datetime,
) -> None:
    after = break_glass.load(session, glass.id)
    assert after is not None
    assert after.until is not None
    told = facts | {"covers": list(verdict.covers), "until": after.until.isoformat()}
    also = {"asker": glass.asked_by}
    record(session, "break_glass.confirmed", actor, standing.person, one, told, now, also=also)
    cards.tell(session, one, after, cards.CONFIRMED, now, by=actor.slack_id)
    cards.refresh(session, one, after, now)


def _facts(glass: BreakGlass) -> dict[str, object]:
    return {
        "break_glass": glass.id,
        "asked_by": glass.asked_by.slack_id,
        "reason": glass.reason,
        "requirements": list(glass.requirements),
        "answer_by": glass.answer_by.isoformat(),
        "holds_hours": glass.holds_hours,
        "asked_fingerprint": glass.fingerprint,
    }


def _denied(
    session: Session, actor: Actor, one: Release | None, facts: dict[str, object], refused: Refused, now: datetime
) -> Refused:
    return record_refusal(session, "break_glass.refused", actor, one, {"wanted": "confirm"} | facts, refused, now)
