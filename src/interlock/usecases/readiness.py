"""The readiness summary: what stands between a release and go, on the days that its template names."""

from datetime import datetime, time

from sqlmodel import Session

from interlock.domain import milestone
from interlock.domain.calendar import ONE_DAY
from interlock.domain.criterion import Facts, judge
from interlock.domain.digest import Readiness
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.store import booked, outbox, release
from interlock.store.engine import Store
from interlock.usecases import status


def plan(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    """The summaries that are due on this day. A day is told once, however often the job runs."""
    with store.read() as session:
        return tuple(post for one in release.active(session) if (post := _due(policy, one, now)))


def run(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    posts = plan(store, policy, now)
    with store.write() as session:
        for post in posts:
            outbox.enqueue(session, post, now)
    return posts


def drawn(store: Store, policy: Policy, release_id: int, now: datetime) -> Readiness:
    """The summary as the release's channel may see it."""
    with store.read() as session:
        return read(session, policy, release.load(session, release_id), now)


def read(session: Session, policy: Policy, one: Release, now: datetime) -> Readiness:
    picture = status.for_channel(session, policy, one, one.channel_id, now)
    calendar = milestone.calendar_of(policy, one.policy)
    environments = {rule.environment for rule in one.policy.criteria if rule.environment}
    had = booked.on_day(session, one.id, environments, one.target, calendar.zone)
    facts = Facts(status=picture, today=calendar.today(now), booked=had)
    return Readiness(status=picture, criteria=judge(one.policy.criteria, facts))


def _due(policy: Policy, one: Release, now: datetime) -> Outgoing | None:
    calendar = milestone.calendar_of(policy, one.policy)
    today = calendar.today(now)
    left = calendar.business_days_between(today, one.target)
    if left not in one.policy.readiness_business_days_before or not calendar.is_business_day(today):
        return None
    return Outgoing(
        key=f"readiness:{one.id}:{today.isoformat()}",
        kind="readiness",
        ids={"release_id": one.id},
        channel=one.channel_id,
        urgency=Urgency.ROUTINE,
        not_after=datetime.combine(today + ONE_DAY, time(), calendar.zone),
    )
