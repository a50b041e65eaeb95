"""What configuration says, as frozen values. `interlock.config` fills them from YAML; nothing here reads a file.

Names: people are e-mail addresses in lower case, user groups are Slack handles without `@`, channels are names without
`#`, projects are tracker keys. They are resolved to ids through the mirror when they are used, so a renamed person
keeps their rights. Times of day are local to the zone beside them. Durations say their unit in their name.

The text below a field is what an editor shows of its key; docs/policy.md is the whole reference.
"""

from dataclasses import dataclass, field
from datetime import date, time
from types import MappingProxyType
from typing import Final, Literal, get_args

from interlock.domain.calendar import WorkCalendar
from interlock.domain.fingerprint import PRIORITY_RANK
from interlock.domain.permission import Permission

EVERYONE = "everyone"
"""The built-in role of each full member of the workspace: not guests, not people of other companies, not bots."""

RELEASE_MANAGER = "release-manager"
"""The role whose people hear of what nobody took, and of what could not be delivered."""


Tier = Literal["development", "test", "staging", "performance", "production"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMatch:
    """A ticket is the team's if any of these names it: field values first, then components, then projects."""

    projects: tuple[str, ...] = ()
    """Tracker project keys."""
    components: tuple[str, ...] = ()
    """Component names, of any project."""
    field_values: tuple[str, ...] = ()
    """Values of the field that `tickets.team_field` names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    name: str
    kind: Literal["internal", "vendor"] = "internal"
    lead: str | None = None
    """The e-mail address of whom a blocker reaches after its owner."""
    time_zone: str | None = None
    """An IANA name; the calendar's zone where this is absent."""
    calendar: str | None = None
    """When the team works; the policy's calendar where this is absent."""
    channel: str | None = None
    """The team's own channel, one of `channels`."""
    match: TeamMatch = TeamMatch()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRule:
    """What configuration adds to a person's Slack profile."""

    time_zone: str | None = None
    """An IANA name; it overrides the Slack profile's."""
    tracker_account: str | None = None
    """Their account in the tracker, which counts as verified: accountId (Cloud), key or name (Data Center)."""
    team: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    groups: tuple[str, ...] = ()
    """Handles of Slack user groups, without @."""
    people: tuple[str, ...] = ()
    """E-mail addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The morning digest of one channel: at this local time, on the calendar's business days."""

    at: time = time(9, 0)
    time_zone: str | None = None
    """An IANA name; the calendar's zone where this is absent."""
    calendar: str | None = None
    """On whose business days; the policy's calendar where this is absent."""
    quiet_when_unchanged: bool = False
    """Silence, instead of one line, on a day on which nothing changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRule:
    """What may be shown in a channel."""

    projects: tuple[str, ...] | None = None
    """The projects whose tickets are shown by name here; all where this is absent."""
    company: str | None = None
    """For a channel shared with another company: the vendor's team, whose tickets alone are named here."""
    digest: Digest | None = None
    """The morning digest; none where this is absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets:
    """How the tracker's tickets are read."""

    projects: tuple[str, ...]
    """The keys of the projects to mirror."""
    blocked_statuses: tuple[str, ...] = ("Blocked", "On Hold", "Impediment")
    """A ticket in one of these statuses is blocked."""
    flagged_field: str = "Flagged"
    """The name of the field that flags a ticket as blocked."""
    team_field: str | None = None
    """The name of the field that says a ticket's team, if there is one."""
    story_points_field: str = "Story Points"
    blocks_phrases: tuple[str, ...] = ("blocks", "is depended on by", "is required for", "has to be done before")
    """Link phrases that read from a blocker to what it blocks. A phrase in neither list means the opposite of the
    phrase on the link's other side."""
    blocked_by_phrases: tuple[str, ...] = (
        "is blocked by",
        "depends on",
        "depends upon",
        "requires",
        "has to be done after",
        "waits for",
    )
    """Link phrases that read from a blocked ticket to its blocker."""
    stale_after_business_days: int = 10
    """An open ticket that has not moved for longer is stale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How old a mirror may be before deciding on it is refused, and how long a token for the command line works, and a
    link to a calendar feed."""

    mirror_max_age_minutes: int = 30
    groups_max_age_minutes: int = 15
    people_max_age_minutes: int = 60
    token_hours: int = 12
    report_token_days: int = 90
    """How long a program's token for pushing figures works."""
    feed_days: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days what nobody needs any more is kept. What was decided is kept for ever."""

    messages_days: int = 90
    """Messages that were sent or dropped, from when they were over; 30 at least."""
    runs_days: int = 90
    """Runs of jobs that ended; 14 at least."""
    requests_days: int = 30
    """That a click, a command or a webhook was handled, so that it is not when it comes again; 7 at least."""
    digests_days: int = 400
    """What the digests of closed releases said; 30 at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRule:
    """When a job is due: every so many minutes, or at a local time on the named days."""

    every_minutes: int | None = None
    """Give this or `at`."""
    at: time | None = None
    """Give this or `every_minutes`."""
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("mon", "tue", "wed", "thu", "fri")
    """On which days `at` counts."""
    time_zone: str | None = None
    """An IANA name; the policy's zone where this is absent."""
    missed: Literal["catch_up", "skip"] = "catch_up"
    """catch_up runs the newest missed slot once, if it is at most `within_minutes` old; skip never does."""
    within_minutes: int = 180
    """How old a missed run may be and still be caught up."""


JOBS: Final = MappingProxyType(
    {
        "sync": JobRule(every_minutes=2),
        "sweep": JobRule(at=time(2, 10), days=("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
        "groups": JobRule(every_minutes=5),
        "links": JobRule(every_minutes=1),
        "relay": JobRule(every_minutes=1),
        "daily-digest": JobRule(every_minutes=5),
        "readiness-summary": JobRule(at=time(9, 30)),
        "blocker-escalation": JobRule(every_minutes=15),
        "booking-reminders": JobRule(every_minutes=5),
        "runbook-watch": JobRule(every_minutes=1),
        "raid-reviews": JobRule(every_minutes=30),
        "signoff-reminders": JobRule(every_minutes=10),
        "decision-reminders": JobRule(every_minutes=2),
        "gonogo": JobRule(every_minutes=5),
        "policy-changes": JobRule(every_minutes=10),
        "audit-anchor": JobRule(at=time(18), days=("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
        "retention": JobRule(at=time(3, 10), days=("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
    }
)
"""Every job there is, and when it is due unless the policy says otherwise. `daily-digest` is due where and when a
channel's own digest is; the rule here is how often that is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneRule:
    """A date of a release, counted back from its target."""

    name: str
    business_days_before: int
    """Business days before the target, over the release's calendar; 0 is the target day itself."""


StageKey = Literal["in_progress", "frozen", "ready", "go", "deploying", "released"]
"""The stages between planned and closed, in their order."""
STAGES: Final[tuple[StageKey, ...]] = get_args(StageKey)

Material = Literal["added", "removed", "reopened", "priority_raised", "criterion_turned_red", "evidence_changed"]
"""What may void an approval: of a ticket in scope, of a criterion, of the evidence shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementRule:
    """A sign-off that a release needs.

    A release keeps its copy for years: the default of a key that is added here has to be what held before it.
    """

    key: str
    """Unique in the template; it stays when the name changes."""
    name: str
    groups: tuple[str, ...] = ()
    """Handles of Slack user groups whose members may sign off, without @."""
    people: tuple[str, ...] = ()
    """E-mail addresses of others who may."""
    quorum: int | Literal["all"] = 1
    """How many different people have to approve; all: everybody who may sign at the time, and so whoever joins."""
    mandatory_group: str | None = None
    """One of the groups: at least one of the approvals has to be one of its members'."""
    exclude_requester: bool = True
    """Whoever asked for the sign-offs may not sign off. Switched off, the card says so."""
    exclude_release_manager: bool = False
    """Whoever planned the release may not sign off."""
    exclude_assignees: bool = True
    """Whoever was assigned to a ticket in scope may not sign off."""
    valid_days: int | None = None
    """An approval that is older counts no more; it holds for ever where this is absent."""
    before_stage: StageKey = "go"
    """The stage that it is a condition of, and of those after it, up to deploying."""
    needed_by: str | None = None
    """The name of the milestone by which it is needed, for reminders; the target where this is absent."""
    answer_within_business_days: int | None = None
    """Whoever has not answered by then is told of as not having answered, which denies nothing."""
    material: tuple[Material, ...] = ("added", "removed", "reopened", "priority_raised")
    """Which changes void an approval."""
    teams: tuple[str, ...] = ()
    """Changes of these teams' tickets alone void an approval; of all teams' where this is empty."""
    delegation: bool = False
    """Whoever may sign off may let somebody else sign in their place while they are away."""
    step_up: bool = False
    """Whoever approves types the release's name and what their signature means."""
    break_glass: bool = True
    """Two people may let it pass in an emergency, where the template has `break_glass` at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionRule:
    """A gate. `kind` names the check in `domain.criterion`; `at_least` is a percentage."""

    kind: Literal[
        "scope_complete",
        "no_open_blocker",
        "dependencies_delivered",
        "no_high_risk",
        "signoffs_given",
        "milestone_reached",
        "environment_booked",
        "environment_ready",
        "checklist",
        "report",
    ]
    name: str
    before: StageKey = "go"
    """The stage that it is a condition of, and of those after it, up to deploying."""
    at_least: int = 100
    """For scope_complete: the percentage of tickets, or of their points, that has to be done."""
    measure: Literal["tickets", "points"] = "tickets"
    """For scope_complete: what is counted. A ticket without points counts as none; no points at all never pass."""
    team: str | None = None
    """For scope_complete: of this team's tickets alone."""
    priority: str | None = None
    """For no_open_blocker: blockers of this priority or above, as the tracker names it; all where this is absent."""
    environment: str | None = None
    """For environment_booked and environment_ready."""
    milestone: str | None = None
    """For milestone_reached: the name of one of the template's milestones."""
    link_needed: bool = False
    """For checklist: ticking it takes a link to the evidence."""
    report: str | None = None
    """For report: the name under which the figure is pushed."""
    minimum: float | None = None
    """For report: the least that passes. Give this or maximum, or both."""
    maximum: float | None = None
    """For report: the most that passes."""
    stale_after_hours: int = 48
    """For report: an older figure is unavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """A step of a deployment. Neighbours of one `parallel` run at the same time; any other waits for all before it."""

    key: str
    """Unique in the template; by it the actual times of earlier releases are found."""
    name: str
    owner: str
    """Who starts and ticks it: a role, a group of one, or an e-mail address."""
    expected_minutes: int
    check: str
    """What to verify before it is ticked."""
    parallel: str | None = None
    """A name of your own, the same for each of the neighbours that run together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GonogoRule:
    """The roll-call before go: who is asked, for how long, and what their votes come to."""

    roles: tuple[str, ...]
    """Keys of the policy's roles: one vote each."""
    answer_within_hours: int = 24
    """How long it is open, unless whoever opens it says otherwise."""
    at_least: int = 100
    """The percentage of the votes for go or no-go that has to be go. Abstentions stand on neither side."""
    absent: Literal["no_go", "blocks"] = "no_go"
    """A role without a vote at the close counts as no-go in that percentage, or keeps it from being go at all."""
    exclude_opener: bool = False
    """Whoever opened the roll-call may not vote in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassRule:
    """An emergency: two people, whom permissions name, let pass the sign-offs that are missing, for a time."""

    holds_hours: int = 24
    """How long it stands for the sign-offs, at most."""
    confirm_within_minutes: int = 60
    """How long whoever asked waits for the second person; then it ends without effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a kind of release needs. A release keeps the copy that it was created with."""

    name: str
    version: int = 1
    """For people: count it up when you change the template. Interlock tells versions apart by their content."""
    calendar: str | None = None
    """Whose business days the milestones count; the policy's calendar where this is absent."""
    milestones: tuple[MilestoneRule, ...] = ()
    requirements: tuple[RequirementRule, ...] = ()
    criteria: tuple[CriterionRule, ...] = ()
    stages: tuple[StageKey, ...] = STAGES
    """The stages that such a release goes through between planned and closed, in this order; go is one of them."""
    readiness_business_days_before: tuple[int, ...] = (10, 5, 3, 2, 1, 0)
    """On which business days before the target the readiness summary is posted; 0 is the target day."""
    ladder: str | None = None
    """The escalation ladder for blockers of such a release; none where this is absent."""
    one_person_one_requirement: bool = True
    """Nobody signs off two requirements of one release."""
    runbook: tuple[StepRule, ...] = ()
    """The steps of the deployment, in their order."""
    deploys_to: tuple[str, ...] = ()
    """The environments that such a release deploys to; all of production where this is empty."""
    priorities: tuple[str, ...] = PRIORITY_RANK
    """The tracker's priorities, gravest first, whatever their capitals; one that is not named is below them all."""
    gonogo: GonogoRule | None = None
    """The roll-call before go; such a release has none where this is absent."""
    break_glass: BreakGlassRule | None = None
    """The emergency approval; such a release has none where this is absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderStep:
    """Who hears of a blocker once it has stood for so many business hours (of the calendar of the ticket's team)."""

    after_business_hours: int
    to: Literal["owner", "release_channel", "team_lead", "release_manager"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    name: str
    steps: tuple[LadderStep, ...]
    """In the order of their hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRule:
    """`capacity` is how many shared bookings fit at once; an exclusive booking takes all of it."""

    name: str
    tier: Tier = "test"
    owner_group: str | None = None
    """The handle of the Slack user group that owns it, without @."""
    owners: tuple[str, ...] = ()
    """E-mail addresses of its owners."""
    capacity: int = 1
    """How many shared bookings fit at once."""
    max_booking_hours: int = 24 * 14
    lifecycle: Literal["requested", "provisioning", "ready", "degraded", "maintenance", "retiring", "retired"] = "ready"
    """The state that it starts in; later states are kept in the database."""
    calendar: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """No release deploys from `start` to `end`, local days both; `yearly` or `rrule` repeats it."""

    name: str
    start: date
    """The first day, or the first of a rule's."""
    end: date | None = None
    """The last day. Give this or `hours`."""
    start_time: time = time(0, 0)
    """When it begins on its first day."""
    end_time: time | None = None
    """When it ends on its last day; that day's end where this is absent."""
    hours: int | None = None
    """How long it lasts. Give this or `end`."""
    time_zone: str | None = None
    """An IANA name: on whose clock; the policy's zone where this is absent."""
    yearly: bool = False
    """Again every year on the same days, also across New Year."""
    rrule: str | None = None
    """Again by this rule (RFC 5545), which has to end: FREQ=WEEKLY;BYDAY=FR;UNTIL=20281231."""
    teams: tuple[str, ...] = ()
    """For releases with tickets of these teams only; of all where this is empty."""
    environments: tuple[str, ...] = ()
    """For releases that go to one of these only, or to one of `tiers`; to any where both are empty."""
    tiers: tuple[Tier, ...] = ()
    """For releases that go to an environment of one of these tiers only, or to one of `environments`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingReminders:
    before_start_minutes: int = 60
    before_end_minutes: int = 60
    overdue_every_minutes: int = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class RaidRules:
    """What a high risk is, and when the owner of an entry is asked to look at it again."""

    high_score: int = 12
    """Probability times impact, 1 to 25, from which on an open risk is high."""
    review_after_days: int = 14
    """How many calendar days after today a review is proposed for."""
    remind_every_business_days: int = 2
    """From the day of the review on, its owner is asked every so many business days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """Where the newest link of the record of decisions is noted each day, beside the log: whoever rewrites the database
    cannot rewrite these."""

    channel: str | None = None
    """One of `channels`: governance's, say."""
    folder: str | None = None
    """A folder on storage that keeps what was written once; each anchor is a file of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """Where what needs a decision beyond the release's own people is asked and announced."""

    channel: str | None = None
    """One of `channels`, for freeze exceptions and emergencies; the release's own channel where this is absent."""
    policy_change_business_days: int = 5
    """How long a proposal to change a release's policy waits for a decision, or until the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole policy. Its mappings have YAML's own keys, and nobody changes them."""

    time_zone: str
    """An IANA name such as Europe/London, for whatever has no zone of its own."""
    calendar: str
    """One of `calendars`, for whatever has no calendar of its own."""
    calendars: dict[str, WorkCalendar]
    """Working hours and public holidays."""
    tickets: Tickets
    """Which tickets are mirrored and how they are read."""
    teams: dict[str, Team] = field(default_factory=dict)
    """Who works on what. The first team that matches a ticket has it."""
    people: dict[str, PersonRule] = field(default_factory=dict)
    """By e-mail address: what Slack and the tracker do not say of somebody."""
    roles: dict[str, Role] = field(default_factory=dict)
    """Who is what. The role `everyone` is built in."""
    permissions: dict[Permission, tuple[str, ...]] = field(default_factory=dict)
    """Which roles may do what. What is not given is denied."""
    channels: dict[str, ChannelRule] = field(default_factory=dict)
    """By name without #: what may be shown there, and its digest."""
    templates: dict[str, Template] = field(default_factory=dict)
    """The kinds of release; also one file each in templates/."""
    ladders: dict[str, Ladder] = field(default_factory=dict)
    """Who hears of a blocker when; also in escalation.yaml."""
    environments: dict[str, EnvironmentRule] = field(default_factory=dict)
    """What can be booked; also in environments.yaml."""
    freezes: tuple[Freeze, ...] = ()
    """When no release deploys."""
    jobs: dict[str, JobRule] = field(default_factory=lambda: dict(JOBS))
    """When what runs; a job that is not named here runs at its usual time."""
    limits: Limits = Limits()
    """How old what is decided on may be."""
    retention: Retention = Retention()
    """How long what nobody needs any more is kept."""
    booking_reminders: BookingReminders = BookingReminders()
    """When the holder of a booking is reminded."""
    raid: RaidRules = RaidRules()
    """What a high risk is, and when risks, assumptions, issues and decisions are reviewed."""
    anchors: Anchors = Anchors()
    """Where the record of decisions is anchored."""
    governance: Governance = Governance()
    """Where exceptions are asked for, and how long what is proposed waits."""
