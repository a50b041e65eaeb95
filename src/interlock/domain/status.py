"""Where a release stands: what `/release status` says, worked out from what was read in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from interlock.domain import freeze, light, milestone
from interlock.domain.actor import Person
from interlock.domain.blocker import BlockerList, RootLine
from interlock.domain.break_glass import BreakGlass, Flag, flags
from interlock.domain.calendar import ONE_DAY
from interlock.domain.freeze import Excepted, Window
from interlock.domain.light import Facts, Light
from interlock.domain.policy import Policy
from interlock.domain.release import Milestone, Release
from interlock.domain.runbook import Progress as RunbookProgress
from interlock.domain.signoff import Progress, Requirement
from interlock.domain.ticket import Category
from interlock.domain.visibility import MEMBER, Audience, may_show
from interlock.domain.words import count, day, join


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeCount:
    """Tickets in scope that are alike. `born_done` were created since the comparison's start and are done;
    `unknown` moved since then in a way that no history tells.
    """

    team: str | None
    status_id: str
    category: Category
    tickets: int
    restricted: int = 0
    born_done: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A ticket in scope that changed its status since the comparison's start: from which category to which."""

    before: Category
    after: Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A ticket's stay in scope that began or ended since the comparison's start."""

    ticket_id: str
    added_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that a status is worked out from. `since` is the comparison's start; `ended_by` the name of whoever closed or
    cancelled it, "" while it is under way.
    """

    release: Release
    since: datetime
    counts: tuple[ScopeCount, ...]
    moves: tuple[Move, ...]
    stays: tuple[Stay, ...]
    requirements: tuple[Requirement, ...]
    blockers: BlockerList
    mirror_as_of: datetime | None
    booked: frozenset[str] = frozenset()
    excepted: tuple[Excepted, ...] = ()
    collides_with: tuple[str, ...] = ()
    glasses: tuple[BreakGlass, ...] = ()
    runbook: RunbookProgress | None = None
    ended_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Since the comparison's start. `done` is those that got done less those that were reopened; `unknown` are tickets
    whose status of then no history tells.
    """

    done: int
    unknown: int
    added: int
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A sign-off that is not given: whose, and in words who can give it."""

    requirement: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStatus:
    """`reasons` say why the light is what it is, the gravest first; none for green. `since` says in words what `change`
    compares with. `undated`: for how many blockers no history tells since when they stand. `root` is the one that frees
    most, `root_team` its team's name, and `root_shown` whether it may be named. `freeze` is one that holds on the
    target. `stale`: the mirror is older than policy allows, or was never filled. `signoffs_let_pass` of the others
    two people let pass for a time; `break_glass` is each time that they did. `runbook`: how far it is, from the go on.
    `ended_by` is as in `State`.
    """

    release: Release
    template: str
    light: Light
    reasons: tuple[str, ...]
    days_to_go: int
    tickets: int
    done: int
    without_team: int
    restricted: int
    change: Change
    since: str
    signoffs: int
    signoffs_given: int
    waiting: tuple[Waiting, ...]
    blockers: int
    oldest_blocker: datetime | None
    undated: int
    root: RootLine | None
    root_team: str | None
    root_shown: bool
    next_milestone: Milestone | None
    freeze: Window | None
    mirror_as_of: datetime | None
    stale: bool
    signoffs_let_pass: int = 0
    break_glass: tuple[Flag, ...] = ()
    runbook: RunbookProgress | None = None
    ended_by: str = ""


def last_business_day(policy: Policy, release: Release, now: datetime) -> datetime:
    """When the business day before today began, where the release's calendar is: yesterday, or Friday on a Monday."""
    calendar = milestone.calendar_of(policy, release.policy)
    day = calendar.add_business_days(calendar.today(now), -1)
    return datetime.combine(day, time(), calendar.zone)


def summarise(state: State, policy: Policy, now: datetime) -> ReleaseStatus:
    release = state.release
    calendar = milestone.calendar_of(policy, release.policy)
    today = calendar.today(now)
    teams = {each.team for each in state.counts if each.team is not None}
    done = sum(each.tickets for each in state.counts if each.category is Category.DONE)
    roots = state.blockers.roots
    facts = Facts(
        days_to_go=calendar.business_days_between(today, release.target),
        past=today > release.target,
        tickets=sum(each.tickets for each in state.counts),
        done=done,
        requirements=state.requirements,
        blockers=len(roots),
        freeze=_freeze(state, policy, frozenset(teams)),
        collides_with=state.collides_with,
    )
    stale = light.stale(state.mirror_as_of, policy, now)
    shown, reasons = light.judge(facts) if stale is None else light.unknown(stale)
    return ReleaseStatus(
        release=release,
        template=release.policy.name,
        light=shown,
        reasons=tuple(reasons),
        days_to_go=facts.days_to_go,
        tickets=facts.tickets,
        done=done,
        without_team=sum(each.tickets for each in state.counts if each.team is None),
        restricted=sum(each.restricted for each in state.counts),
        change=_change(state),
        since=_since(state.since.astimezone(calendar.zone).date(), today),
        signoffs=len(state.requirements),
        signoffs_given=sum(1 for each in state.requirements if each.progress is Progress.MET),
        waiting=tuple(_waiting(each) for each in state.requirements if each.progress is not Progress.MET),
        blockers=len(roots),
        oldest_blocker=min((root.since for root in roots if root.since), default=None),
        undated=sum(1 for root in roots if root.since is None),
        root=roots[0] if roots else None,
        root_team=_team_name(policy, roots[0]) if roots else None,
        root_shown=bool(roots) and _may_show(MEMBER, roots[0]),
        next_milestone=milestone.upcoming(release.milestones, today),
        freeze=facts.freeze,
        mirror_as_of=state.mirror_as_of,
        stale=stale is not None,
        signoffs_let_pass=sum(1 for each in state.requirements if each.progress is Progress.EMERGENCY),
        break_glass=flags(state.glasses, state.requirements, now),
        runbook=state.runbook,
        ended_by=state.ended_by,
    )


def _freeze(state: State, policy: Policy, teams: frozenset[str]) -> Window | None:
    """The freeze that its target meets, unless it has an exception from it."""
    release = state.release
    whom = freeze.reach(policy, release.policy, teams, state.booked)
    calendar = milestone.calendar_of(policy, release.policy)
    met = freeze.on_day(policy, whom, release.target, calendar)
    left = freeze.but(met, state.excepted)
    return freeze.gravest(left)


def shown_to(audience: Audience, status: ReleaseStatus) -> ReleaseStatus:
    """With nothing in it that these readers may not see."""
    return replace(status, root_shown=status.root is not None and _may_show(audience, status.root))


def _team_name(policy: Policy, line: RootLine) -> str | None:
    team = policy.teams.get(line.root.node.team or "")
    return team.name if team else None


def _may_show(audience: Audience, line: RootLine) -> bool:
    node = line.root.node
    return node.mirrored and may_show(audience, node, node.team)


def _change(state: State) -> Change:
    """What came before the scope opened is its beginning, not a change."""
    since = max(state.since, state.release.scope_opened_at)
    before = {stay.ticket_id for stay in state.stays if stay.added_at <= since}
    after = {stay.ticket_id for stay in state.stays if stay.removed_at is None}
    return Change(
        done=sum(each.born_done for each in state.counts) + _finished(state.moves),
        unknown=sum(each.unknown for each in state.counts)
        + sum(1 for move in state.moves if move.before is Category.UNKNOWN),
        added=len(after - before),
        removed=len(before - after),
    )


def _since(start: date, today: date) -> str:
    if start == today - ONE_DAY:
        return "yesterday"
    return f"{start:%a}" if today - start < timedelta(days=7) else day(start)


def _finished(moves: Iterable[Move]) -> int:
    known = [move for move in moves if move.before is not Category.UNKNOWN]
    return sum((move.after is Category.DONE) - (move.before is Category.DONE) for move in known)


def _waiting(requirement: Requirement) -> Waiting:
    if requirement.progress is Progress.REJECTED:
        by = join([signoff.person.name for signoff in requirement.rejections])
        return Waiting(requirement=requirement.name, who=f"rejected by {by}")
    if requirement.progress is Progress.CONDITIONAL:
        told = count(len(requirement.open_conditions), "condition")
        return Waiting(requirement=requirement.name, who=f"{told} of its approvals open")
    if requirement.progress is Progress.EMERGENCY and requirement.emergency:
        return Waiting(requirement=requirement.name, who=f"let pass by break glass {requirement.emergency.id}")
    left = list(requirement.left)
    if not requirement.lacking:
        left = [each for each in left if each.slack_id in requirement.mandatory]
    return Waiting(requirement=requirement.name, who=_who(left, max(requirement.lacking, 1)))


def _who(people: list[Person], needed: int) -> str:
    if not people:
        return "nobody at present"
    if len(people) < needed:
        return f"{needed} needed, only {join([person.name for person in people])} can"
    if len(people) == needed:
        return join([person.name for person in people])
    return f"{'any' if needed == 1 else needed} of {len(people)}"


def days(number: int, target: date) -> str:
    """`17 business days to go (Thu 17 Dec)`."""
    if number > 0:
        return f"{count(number, 'business day')} to go ({day(target)})"
    if number == 0:
        return f"due {day(target)}"
    return f"{count(-number, 'business day')} past {day(target)}"
