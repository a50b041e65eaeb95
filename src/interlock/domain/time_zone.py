"""In whose time a person reads and works."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from interlock.domain.actor import Person
from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import Policy


def person_time_zone(policy: Policy, email: str | None, slack_zone: str | None, team: str | None) -> str:
    """The name of the person's time zone: as configured, else of their Slack profile, else of their team (its own, else
    its calendar's), else the policy's.

    `team` is a key of `policy.teams`, for a person whom configuration puts into none. A zone in a profile that this
    machine does not know is passed over.
    """
    rule = policy.people.get(email.lower()) if email else None
    if rule and rule.time_zone:
        return rule.time_zone
    if slack_zone and is_time_zone(slack_zone):
        return slack_zone
    theirs = policy.teams.get(rule.team if rule and rule.team else team or "")
    if theirs and theirs.time_zone:
        return theirs.time_zone
    if theirs and theirs.calendar:
        return policy.calendars[theirs.calendar].time_zone
    return policy.time_zone


def hours_of(policy: Policy, person: Person) -> WorkCalendar:
    """A person's working hours: of their team's calendar, else the policy's, on their own clock."""
    rule = policy.people.get((person.email or "").lower())
    team = policy.teams.get(rule.team if rule and rule.team else "")
    calendar = policy.calendars[(team.calendar if team else None) or policy.calendar]
    return replace(calendar, time_zone=person_time_zone(policy, person.email, person.time_zone, None))


def is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # no such zone; a path out of the database; a folder of it
        return False
    return True
