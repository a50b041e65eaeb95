"""Acknowledging that a release collides with another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from interlock.domain import collision as rules
from interlock.domain import names
from interlock.domain.actor import Actor, Person
from interlock.domain.authority import Refused
from interlock.domain.collision import Collision
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release, Unclear, choose, leading
from interlock.store import collision, release
from interlock.store.engine import Store
from interlock.usecases import authority, obstacle
from interlock.usecases.record import record, record_refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """`again`: it was so before. `other_side`: nobody acknowledged it for the other release yet."""

    collision: Collision
    again: bool
    other_side: bool


def acknowledge(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime
) -> Acknowledged | Unclear | Refused:
    """`/release acknowledge RELEASE OTHER [why]`: for the first of them, what the two have in common now."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.COLLISION_ACKNOWLEDGE, actor, now)
        known = release.all_names(session)
        typed, rest = leading(text, known)
        meant = choose(typed, channel_id, known)
        if isinstance(meant, Unclear):
            return _denied(session, actor, None, {}, allowed, now) if isinstance(allowed, Refused) else meant
        one = release.load(session, meant.id, lock=True)
        if isinstance(allowed, Refused):
            return _denied(session, actor, one, {}, allowed, now)
        found = _find(session, one, rest)
        if isinstance(found, Refused):
            return found
        met, why = found
        return _acknowledge(session, one, met, why, actor, allowed.person, now)


def acknowledge_pair(
    store: Store, policy: Policy, actor: Actor, release_id: int, other_id: int, now: datetime
) -> Acknowledged | Refused:
    """As `acknowledge`, for the two releases that a button names."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.COLLISION_ACKNOWLEDGE, actor, now)
        one = release.load(session, release_id, lock=True)
        if isinstance(allowed, Refused):
            return _denied(session, actor, one, {"other_id": other_id}, allowed, now)
        met = next((each for each in obstacle.of_release(session, one) if each.other_id == other_id), None)
        if met is None:
            return _none(one)
        return _acknowledge(session, one, met, "", actor, allowed.person, now)


def _acknowledge(
    session: Session, one: Release, met: Collision, why: str, actor: Actor, who: Person, now: datetime
) -> Acknowledged | Refused:
    if sentence := names.too_long(why, rules.LONGEST):
        return Refused(reason="too_long", sentence=sentence)
    other_side = _other_side_open(session, met)
    if met.acknowledged is not None:
        return Acknowledged(collision=met, again=True, other_side=other_side)
    new = collision.acknowledge(session, met, why or None, actor, now)
    if new:
        facts = {"other": met.other, "fingerprint": met.fingerprint, "seen": met.seen, "reason": why or None}
        record(session, "collision.acknowledged", actor, who, one, facts, now)
    return Acknowledged(collision=met, again=not new, other_side=other_side)


def _find(session: Session, one: Release, text: str) -> tuple[Collision, str] | Refused:
    """The collision with the release that the text begins with, and what follows it."""
    colliding = obstacle.of_release(session, one)
    if not colliding:
        return _none(one)
    wanted = names.tidy(text)
    for each in sorted(colliding, key=lambda each: -len(each.other)):
        head, rest = wanted[: len(each.other)], wanted[len(each.other) :]
        if names.fold(head) == names.fold(each.other) and rest[:1] in {"", " "}:
            return each, rest.strip()
    listed = " or ".join(each.other for each in colliding[:3])
    return Refused(reason="unclear", sentence=f"With which does {one.name} collide? Type {listed} after it.")


def _none(one: Release) -> Refused:
    return Refused(reason="no_collision", sentence=f"{one.name} collides with no release: nothing is to acknowledge.")


def _other_side_open(session: Session, met: Collision) -> bool:
    other = release.load(session, met.other_id)
    return any(
        each.other_id == met.release_id and not each.acknowledged for each in obstacle.of_release(session, other)
    )


def _denied(
    session: Session, actor: Actor, one: Release | None, facts: dict[str, Any], refused: Refused, now: datetime
) -> Refused:
    return record_refusal(session, "collision.denied", actor, one, facts, refused, now)
