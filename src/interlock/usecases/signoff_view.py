"""Looking at a release's sign-offs, and reading what is to be signed elsewhere than on the card."""

from datetime import datetime

from sqlmodel import Session

from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.card import SIGNOFF
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Unclear, choose
from interlock.domain.signoff import SignoffCard
from interlock.store import card, release
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.card import picture, revise_elsewhere


def overview(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, *, now: datetime | None = None
) -> SignoffCard | Unclear | Refused:
    """`/release signoffs [release]`, for somebody who looks."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        one = release.load(session, meant.id)
        return picture(session, one, card.of_release(session, one.id, SIGNOFF), now=now)


def overview_of(
    store: Store, policy: Policy, actor: Actor, release_id: int, *, now: datetime | None = None
) -> SignoffCard | Refused:
    """As `overview`, for the release that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        one = release.load(session, release_id)
        return picture(session, one, card.of_release(session, one.id, SIGNOFF), now=now)


def to_sign(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, now: datetime
) -> SignoffCard | Unclear | Refused:
    """As `overview`, for somebody who signs by what they read here and not on the card: it carries the revision that
    records it, once sign-offs were asked for.
    """
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        return meant if isinstance(meant, Unclear) else _to_sign(session, meant.id, now)


def to_sign_of(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> SignoffCard | Refused:
    """As `to_sign`, for the release that a button names."""
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        return allowed if isinstance(allowed, Refused) else _to_sign(session, release_id, now)


def _to_sign(session: Session, release_id: int, now: datetime) -> SignoffCard:
    one = release.load(session, release_id, lock=True)
    asked = card.of_release(session, one.id, SIGNOFF)
    if asked is None or one.settled:
        return picture(session, one, asked, now=now)
    revision = revise_elsewhere(session, one, asked, now)
    return picture(session, one, asked, revision, now=now)
