"""Where a person is, as far as clocks go."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from interlock.domain.actor import Actor
from interlock.domain.policy import Policy
from interlock.domain.time_zone import person_time_zone
from interlock.store import person
from interlock.store.engine import Store


def zone(store: Store, policy: Policy, actor: Actor) -> ZoneInfo:
    """The actor's time zone: configuration, then their Slack profile, then their team."""
    with store.read() as session:
        standing = person.standing(session, actor.slack_id)
    if standing is None:
        return ZoneInfo(policy.time_zone)
    return ZoneInfo(person_time_zone(policy, standing.person.email, standing.person.time_zone, None))


def today(store: Store, policy: Policy, actor: Actor, now: datetime) -> date:
    """The actor's date."""
    return now.astimezone(zone(store, policy, actor)).date()
