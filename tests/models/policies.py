"""A policy that is about jobs alone."""

from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import JobRule, Policy, Tickets


def with_jobs(jobs: dict[str, JobRule]) -> Policy:
    return Policy(
        time_zone="UTC",
        calendar="uk",
        calendars={"uk": WorkCalendar(time_zone="Europe/London")},
        tickets=Tickets(projects=("DATA",)),
        jobs=jobs,
    )
