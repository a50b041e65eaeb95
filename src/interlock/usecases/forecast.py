"""The forecast of a release, for somebody who asks, and for whoever reads it in a transaction of their own."""

from datetime import datetime

from sqlmodel import Session

from interlock.domain import forecast as rules
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.forecast import Forecast, NoForecast, Question
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release, Unclear, choose
from interlock.store import forecast, mirror, release
from interlock.store.engine import Store
from interlock.usecases import authority, obstacle


def ask(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, now: datetime
) -> Forecast | NoForecast | Unclear | Refused:
    """`/release forecast [release]`, for the asker's eyes."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        asked = question(session, policy, release.load(session, meant.id), now)
    # Half a second of drawing needs no transaction.
    return rules.forecast(asked, policy, now)


def ask_of(
    store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime
) -> Forecast | NoForecast | Refused:
    """As `ask`, for the release that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        asked = question(session, policy, release.load(session, release_id), now)
    return rules.forecast(asked, policy, now)


def read(session: Session, policy: Policy, one: Release, now: datetime) -> Forecast | NoForecast:
    """The forecast in the caller's transaction. The same release in the same state on the same day is answered from
    memory.
    """
    return rules.forecast(question(session, policy, one, now), policy, now)


def question(session: Session, policy: Policy, one: Release, now: datetime) -> Question:
    """All that is read: three statements along indexes, the mirror's age, and exceptions where there are freezes."""
    since = now - rules.REACH
    counts = forecast.open_by_team(session, one.id)
    left = {team: still for team, (_, still) in counts.items() if still}
    return Question(
        release=one,
        tickets=sum(tickets for tickets, _ in counts.values()),
        open=tuple(sorted(left.items(), key=lambda each: each[0] or "")),
        finished=forecast.finished(session, [team for team in left if team is not None], since),
        joined=forecast.joined(session, one.id, since, one.scope_opened_at),
        mirror_as_of=mirror.as_of(session, "tickets"),
        excepted=obstacle.excepted(session, policy, one, now),
    )
