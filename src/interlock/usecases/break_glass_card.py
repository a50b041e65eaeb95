"""Broken glass's card: what it is drawn from, where it stands, and what is told at each step."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from interlock.domain import break_glass as rules
from interlock.domain.actor import Person
from interlock.domain.break_glass import BreakGlass, Flag, GlassCard
from interlock.domain.card import SIGNOFF, Card, CardRevision
from interlock.domain.fingerprint import fingerprint
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.release import Release, Stage
from interlock.domain.signoff import GIVEN, Requirement
from interlock.domain.stage import needed_for
from interlock.domain.time_zone import hours_of
from interlock.store import break_glass, card, mirror, outbox, release, signoff
from interlock.store.engine import Store
from interlock.usecases import card as cards

CARD: Final = "break_glass.card"
REFRESH: Final = "break_glass.refresh"
NEWS: Final = "break_glass.news"
PASSED_OVER: Final = "break_glass.passed_over"
CONFIRMED, REVIEWED = "confirmed", "reviewed"
NEWS_GOOD_FOR: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """News of it: `what` happened, to whom it goes (`direct`: one of the two). `hidden`: ids of the restricted tickets
    among what overtook it.
    """

    picture: GlassCard
    what: str
    direct: bool
    hidden: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """What somebody reads whose sign-offs it lets pass: their names. `opens_at`: when their working hours next are."""

    picture: GlassCard
    names: tuple[str, ...]
    opens_at: datetime


def draw(store: Store, break_glass_id: int, now: datetime) -> GlassCard | None:
    """The card as it is now, with the revision that its button shall carry; None where there is none."""
    with store.write() as session:
        known = break_glass.load(session, break_glass_id)
        if known is None:
            return None
        one = release.load(session, known.release_id, lock=True)
        return drawn(session, one, break_glass.load(session, break_glass_id) or known, now)


def drawn(session: Session, one: Release, glass: BreakGlass, now: datetime) -> GlassCard:
    """As `draw`, for somebody who holds the release's lock."""
    asked = _card(session, glass)
    wanted = tuple(each for each in requirements(session, one, now) if each.key in glass.requirements)
    state = _state(glass)
    revision = revise(session, one, asked, wanted, glass.reason, glass.holds_hours, now, state=state)
    return picture(session, one, glass, now, revision)


def revise(
    session: Session,
    one: Release,
    asked: Card,
    wanted: Iterable[Requirement],
    reason: str,
    hours: int,
    now: datetime,
    *,
    state: str = "asked",
) -> CardRevision:
    """What is shown, fixed: the scope, which sign-offs are let pass and who of them has not signed, and why."""
    seen, _ = signoff.seen_scope(session, one.id)
    shown: dict[str, Any] = {
        "stage": one.stage.value,
        "reason": reason,
        "asked_by": asked.requested_by,
        "hours": hours,
        "state": state,
        "requirements": [
            {
                "key": each.key,
                "signoffs": [given.id for given in each.signoffs],
                "left": sorted(who.slack_id for who in each.left),
            }
            for each in wanted
        ],
    }
    return card.draw(session, asked, seen, one.policy_version, shown, now)


def requirements(session: Session, one: Release, now: datetime) -> tuple[Requirement, ...]:
    """With who may sign each, which whoever asked for the sign-offs may not where policy says so."""
    asked = card.of_release(session, one.id, SIGNOFF)
    return signoff.requirements(session, one, asked.requested_by if asked else None, now=now)


def picture(
    session: Session, one: Release, glass: BreakGlass, now: datetime, revision: CardRevision | None = None
) -> GlassCard:
    seen, restricted = signoff.seen_scope(session, one.id)
    everything = requirements(session, one, now)
    missing = [each for each in everything if needed_for(each, Stage.GO) and each.progress not in GIVEN]
    changed = bool(break_glass.changes_since(session, one, glass, seen))
    waits = glass.waits(now) and glass.asked_by.is_member and not (one.settled or changed)
    found = rules.flags([glass], everything, now)
    return GlassCard(
        release=one,
        glass=glass,
        asked=tuple(each for each in everything if each.key in glass.requirements),
        others=tuple(each.name for each in missing if each.key not in glass.requirements),
        tickets=len(seen),
        done=sum(1 for ticket in seen if ticket.done),
        restricted=restricted,
        fingerprint=fingerprint(seen),
        mirror_as_of=mirror.as_of(session, "tickets"),
        waits=waits,
        holds=glass.holds(now) and not changed,
        changed=changed,
        flag=found[0] if found else None,
        revision_id=revision.id if revision and waits else None,
    )


def flags_of(session: Session, one: Release, now: datetime) -> tuple[Flag, ...]:
    """What every report on the release says of it."""
    found = break_glass.confirmed(session, [one.id]).get(one.id, ())
    return rules.flags(found, requirements(session, one, now), now) if found else ()


def news(store: Store, break_glass_id: int, what: str, now: datetime, *, direct: bool) -> Told | None:
    """What is told, as it is when it is sent; None where there is nothing to tell any more."""
    with store.read() as session:
        glass = break_glass.load(session, break_glass_id)
        if glass is None or (what == CONFIRMED and glass.outcome is not None):
            return None
        one = release.load(session, glass.release_id)
        hidden = signoff.restricted(session, [each.ticket.id for each in glass.end_changes if each.ticket])
        return Told(picture=picture(session, one, glass, now), what=what, direct=direct, hidden=hidden)


def passed_over(store: Store, policy: Policy, break_glass_id: int, slack_id: str, now: datetime) -> PassedOver | None:
    """None once it has ended, or they have signed, or others have."""
    with store.read() as session:
        glass = break_glass.load(session, break_glass_id)
        if glass is None or glass.outcome is not None:
            return None
        shown = picture(session, release.load(session, glass.release_id), glass, now)
        mine = {each.name: who for each, who in _passed_over(glass, shown.asked) if who.slack_id == slack_id}
        opens_at = [hours_of(policy, who).next_opening(now) for who in mine.values()]
        return PassedOver(picture=shown, names=tuple(mine), opens_at=opens_at[0]) if mine else None


def post(session: Session, glass: BreakGlass, now: datetime) -> None:
    """The card, where such things are decided, and to each who may confirm it."""
    for key, where in _places(session, glass):
        _enqueue(session, glass, CARD, key, where, glass.answer_by, now, post_key=key)


def refresh(session: Session, one: Release, glass: BreakGlass, now: datetime) -> None:
    """Have it drawn anew wherever it was posted, and the sign-off card, which shows what it lets pass."""
    for key, where in _places(session, glass):
        _enqueue(session, glass, REFRESH, f"refresh:{key}", where, now + NEWS_GOOD_FOR, now, post_key=key, again=True)
    if signoffs := card.of_release(session, one.id, SIGNOFF):
        cards.refresh(session, signoffs, now)


def tell(session: Session, one: Release, glass: BreakGlass, what: str, now: datetime, *, by: str = "") -> None:
    """Announce what happened where all see it, if it had effect, and tell the two, but for whoever did it; and, when it
    begins to hold, those whose sign-offs it lets pass.
    """
    where = list(dict.fromkeys([_card(session, glass).channel_id, one.channel_id])) if glass.confirmed_by else []
    where += [f"@{each.slack_id}" for each in glass.people if each.slack_id != by and each.is_member]
    for place in where:
        _enqueue(session, glass, NEWS, f"{NEWS}:{glass.id}:{what}:{place}", place, now + NEWS_GOOD_FOR, now, what=what)
    passed = _passed_over(glass, requirements(session, one, now)) if what == CONFIRMED else []
    for slack_id in sorted({who.slack_id for _, who in passed}):
        until = max(now + NEWS_GOOD_FOR, glass.until or now)
        key, place = f"{PASSED_OVER}:{glass.id}:{slack_id}", f"@{slack_id}"
        _enqueue(session, glass, PASSED_OVER, key, place, until, now, slack_id=slack_id)


def _passed_over(glass: BreakGlass, wanted: Iterable[Requirement]) -> list[tuple[Requirement, Person]]:
    """Who could sign what it lets pass, each with what; the two know of it."""
    two = {each.slack_id for each in glass.people}
    covered = [each for each in wanted if each.key in glass.covers and each.wants_more]
    return [(each, who) for each in covered for who in each.left if who.slack_id not in two]


def _places(session: Session, glass: BreakGlass) -> list[tuple[str, str]]:
    """The keys of the posted cards, each with where it stands."""
    asked = _card(session, glass)
    direct = [(f"{asked.post_key}:{slack_id}", f"@{slack_id}") for slack_id in glass.sent_to]
    return [(asked.post_key, asked.channel_id), *direct]


def _card(session: Session, glass: BreakGlass) -> Card:
    asked = card.load(session, glass.card_id)
    assert asked is not None, "a card cannot be deleted"
    return asked


def _enqueue(
    session: Session,
    glass: BreakGlass,
    kind: str,
    key: str,
    where: str,
    not_after: datetime,
    now: datetime,
    *,
    again: bool = False,
    **ids: str,
) -> None:
    message = Outgoing(
        key=key,
        kind=kind,
        ids={"break_glass_id": glass.id} | ids,
        channel=where,
        urgency=Urgency.URGENT,
        not_after=not_after,
        coalesce=ids["post_key"] if again else None,
    )
    outbox.enqueue(session, message, now)


def _state(glass: BreakGlass) -> str:
    if glass.review:
        return REVIEWED
    if glass.outcome:
        return glass.outcome.value
    return CONFIRMED if glass.confirmed_by else "asked"
