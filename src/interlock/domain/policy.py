"""What configuration says, as frozen values. `interlock.config` fills them from YAML; nothing here reads a file.

Names: people are e-mail addresses, user groups are Slack handles without `@`, channels are names without `#`, projects
are tracker keys. They are resolved to ids through the mirror when they are used, so
a renamed person keeps their rights.
Times of day are local to the zone beside them. Durations say their unit in their name.
"""

from dataclasses import dataclass, field
from datetime import date, time
from typing import Literal

from interlock.domain.calendar import WorkCalendar
from interlock.domain.permission import Permission

EVERYONE = "everyone"
"""The built-in role of each full member of the workspace: not guests, not people of other companies, not bots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMatch:
    """A ticket is the team's if any of these names it; field values are those of `Tickets.team_field`."""

    projects: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    field_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    name: str
    kind: Literal["internal", "vendor"] = "internal"
    lead: str | None = None
    time_zone: str | None = None
    calendar: str | None = None
    channel: str | None = None
    match: TeamMatch = TeamMatch()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRule:
    """What configuration adds to a person's Slack profile."""

    time_zone: str | None = None
    tracker_account: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The morning digest of one channel: at this local time, on the calendar's business days."""

    at: time = time(9, 0)
    time_zone: str | None = None
    calendar: str | None = None
    quiet_when_unchanged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRule:
    """What may be shown in a channel. `projects` None means every mirrored project; `company` names the one vendor
    team whose tickets a shared channel may show."""

    projects: tuple[str, ...] | None = None
    company: str | None = None
    digest: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets:
    """How the tracker's tickets are read."""

    projects: tuple[str, ...]
    blocked_statuses: tuple[str, ...] = ("Blocked", "On Hold", "Impediment")
    flagged_field: str = "Flagged"
    team_field: str | None = None
    story_points_field: str = "Story Points"
    blocks_phrases: tuple[str, ...] = ("blocks", "is depended on by", "is required for", "has to be done before")
    blocked_by_phrases: tuple[str, ...] = (
        "is blocked by",
        "depends on",
        "requires",
        "has to be done after",
        "waits for",
    )
    stale_after_business_days: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How old a mirror may be before deciding on it is refused."""

    mirror_max_age_minutes: int = 30
    groups_max_age_minutes: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRule:
    """When a job is due: every so many minutes, or at a local time on the named days.

    `missed`: "catch_up" runs the newest missed slot once if it is at most `within_minutes` old; "skip" never does.
    """

    every_minutes: int | None = None
    at: time | None = None
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("mon", "tue", "wed", "thu", "fri")
    time_zone: str | None = None
    missed: Literal["catch_up", "skip"] = "catch_up"
    within_minutes: int = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneRule:
    """`business_days_before` the target, over the release's calendar; 0 is the target day itself."""

    name: str
    business_days_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementRule:
    """A sign-off that a release needs. The requester's own never counts, whatever stands here."""

    key: str
    name: str
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    quorum: int = 1
    exclude_assignees: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionRule:
    """A gate. `kind` names the check in `domain.criterion`; `at_least` is a percentage."""

    kind: Literal["scope_complete", "no_open_blocker", "signoffs_given", "milestone_reached", "environment_booked"]
    name: str
    at_least: int = 100
    environment: str | None = None
    milestone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a kind of release needs. A release keeps the copy that it was created with."""

    name: str
    version: int = 1
    calendar: str | None = None
    milestones: tuple[MilestoneRule, ...] = ()
    requirements: tuple[RequirementRule, ...] = ()
    criteria: tuple[CriterionRule, ...] = ()
    readiness_business_days_before: tuple[int, ...] = (10, 5, 3, 2, 1, 0)
    ladder: str | None = None
    one_person_one_requirement: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderStep:
    """Who hears of a blocker once it has stood for so many business hours (of the calendar of the ticket's team)."""

    after_business_hours: int
    to: Literal["owner", "release_channel", "team_lead", "release_manager"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    name: str
    steps: tuple[LadderStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRule:
    """`capacity` is how many shared bookings fit at once; an exclusive booking takes all of it."""

    name: str
    tier: Literal["development", "test", "staging", "performance", "production"] = "test"
    owner_group: str | None = None
    owners: tuple[str, ...] = ()
    capacity: int = 1
    max_booking_hours: int = 24 * 14
    lifecycle: Literal["requested", "provisioning", "ready", "degraded", "maintenance", "retiring", "retired"] = "ready"
    calendar: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """No release deploys from the morning of `start` to the evening of `end`, both local days. `yearly` repeats it."""

    name: str
    start: date
    end: date
    yearly: bool = False
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingReminders:
    before_start_minutes: int = 60
    before_end_minutes: int = 60
    overdue_every_minutes: int = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All of it. Mappings are keyed by the key that YAML gives; read-only by convention and never changed."""

    time_zone: str
    calendar: str
    calendars: dict[str, WorkCalendar]
    tickets: Tickets
    teams: dict[str, Team] = field(default_factory=dict)
    people: dict[str, PersonRule] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    permissions: dict[Permission, tuple[str, ...]] = field(default_factory=dict)
    channels: dict[str, ChannelRule] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    ladders: dict[str, Ladder] = field(default_factory=dict)
    environments: dict[str, EnvironmentRule] = field(default_factory=dict)
    freezes: tuple[Freeze, ...] = ()
    jobs: dict[str, JobRule] = field(default_factory=dict)
    limits: Limits = Limits()
    booking_reminders: BookingReminders = BookingReminders()
