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
    email = standing.person.email if standing else None
    rule = policy.people.get((email or "").casefold())
    slack_zone = standing.person.time_zone if standing else None
    return ZoneInfo(person_time_zone(policy, email, slack_zone, rule.team if rule else None))


def today(store: Store, policy: Policy, actor: Actor, now: datetime) -> date:
    """The actor's date."""
    return now.astimezone(zone(store, policy, actor)).date()
