"""What if a release's target moves: its dates, freezes, bookings, sign-offs and neighbours, as they are and as they
would be. Both are worked out in the same way and compared as values; nothing is changed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from interlock.domain import milestone
from interlock.domain.actor import Person
from interlock.domain.booking import Booking, Held, Span, in_the_way
from interlock.domain.calendar import ONE_DAY, WorkCalendar
from interlock.domain.forecast import Forecast, NoForecast, calendar_of_team, freeze_on
from interlock.domain.freeze import Excepted, Window
from interlock.domain.policy import Policy
from interlock.domain.release import Milestone, Release
from interlock.domain.signoff import Progress, Requirement
from interlock.domain.words import day


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a target is judged by. `held` are the environments that the release has booked, with everybody's
    bookings; `others` the other releases under way; `teams` those whose tickets are in scope.
    """

    release: Release
    teams: frozenset[str]
    requirements: tuple[Requirement, ...]
    held: tuple[Held, ...]
    others: tuple[Release, ...]
    forecast: Forecast | NoForecast
    mirror_as_of: datetime | None
    excepted: tuple[Excepted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedDay:
    """An environment that the release has for its target's day: until when, and by whom."""

    environment: str
    ends: datetime
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToSign:
    """An open requirement, and how many business days are left to those who may fill it and have not: the fewest, over
    each one's own calendar. None where nobody can.
    """

    requirement: str
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The release with one target. `past` are milestones that were not reached and whose day is over; `met` is in how
    many percent of the forecast's runs the target is kept, None where there is no forecast; `same_day` are other
    releases whose target that day is; `lapsed` names the requirements of which an approval does not last for it.
    """

    target: date
    days_to_go: int
    milestones: tuple[Milestone, ...]
    past: tuple[Milestone, ...]
    freeze: Window | None
    booked: tuple[BookedDay, ...]
    time_to_sign: tuple[TimeToSign, ...]
    same_day: tuple[Release, ...]
    lapsed: tuple[str, ...]
    met: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncovered:
    """A booking that covers the day now and would not. `taken`: somebody else's is in the way on the new day."""

    booking: BookedDay
    taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetWhatIf:
    """`moved` are the milestones that move, as they are and as they would be; `given` how many approvals stand."""

    release: Release
    before: Plan
    after: Plan
    slip: int
    moved: tuple[tuple[Milestone, Milestone], ...]
    uncovered: tuple[Uncovered, ...]
    given: int
    forecast: Forecast | NoForecast
    mirror_as_of: datetime | None

    @property
    def newly_past(self) -> tuple[Milestone, ...]:
        known = {each.name for each in self.before.past}
        return tuple(each for each in self.after.past if each.name not in known)

    @property
    def newly_same_day(self) -> tuple[Release, ...]:
        return tuple(each for each in self.after.same_day if each not in self.before.same_day)

    @property
    def anew(self) -> tuple[str, ...]:
        """The requirements that would have to be given anew, because an approval is too old by the new day."""
        return tuple(each for each in self.after.lapsed if each not in self.before.lapsed)

    @property
    def signing(self) -> tuple[tuple[TimeToSign, TimeToSign], ...]:
        """The open requirements whose time changes, as it is and as it would be; the one with the least time first."""
        pairs = zip(self.before.time_to_sign, self.after.time_to_sign, strict=True)
        changed = [(old, new) for old, new in pairs if old.days != new.days]
        return tuple(sorted(changed, key=lambda each: (each[1].days or 0, each[1].requirement)))


def problem(target: date, calendar: WorkCalendar) -> str | None:
    """Why no release may be planned for that day."""
    if calendar.is_business_day(target):
        return None
    return f"{day(target)} is no business day. The next is {day(calendar.add_business_days(target, 1))}."


def compare(facts: Facts, target: date, policy: Policy, now: datetime) -> TargetWhatIf:
    one = facts.release
    calendar = milestone.calendar_of(policy, one.policy)
    before = plan(facts, one.target, one.milestones, policy, now)
    after = plan(facts, target, _replanned(one, target, calendar), policy, now)
    new = {each.name: each for each in after.milestones}
    pairs = [(old, new[old.name]) for old in one.milestones if old.name in new and new[old.name].due != old.due]
    return TargetWhatIf(
        release=one,
        before=before,
        after=after,
        slip=calendar.business_days_between(one.target, target),
        moved=tuple(pairs),
        uncovered=_uncovered(facts, before, after, calendar),
        given=sum(len(each.approvals) for each in facts.requirements),
        forecast=facts.forecast,
        mirror_as_of=facts.mirror_as_of,
    )


def plan(facts: Facts, target: date, milestones: tuple[Milestone, ...], policy: Policy, now: datetime) -> Plan:
    """The release with that target, judged by the same rules whether it is the one it has or not."""
    calendar = milestone.calendar_of(policy, facts.release.policy)
    today = calendar.today(now)
    drawn = facts.forecast if isinstance(facts.forecast, Forecast) else None
    open_ones = [each for each in facts.requirements if each.progress is not Progress.MET]
    return Plan(
        target=target,
        days_to_go=calendar.business_days_between(today, target),
        milestones=milestones,
        past=tuple(each for each in milestones if each.due < today and each.reached_at is None),
        freeze=freeze_on(policy, facts.release, target, facts.teams, facts.excepted),
        booked=tuple(
            BookedDay(environment=held.environment.key, ends=each.span.ends, holder=each.holder.name)
            for held in facts.held
            for each in _mine(held, facts.release)
            if each.span.meets(_day(target, calendar))
        ),
        time_to_sign=tuple(_time_to_sign(each, target, policy, now) for each in open_ones),
        same_day=tuple(each for each in facts.others if each.target == target),
        lapsed=tuple(each.name for each in facts.requirements if _lapses(each, _day(target, calendar))),
        met=drawn.percent_by(target) if drawn else None,
    )


def _replanned(one: Release, target: date, calendar: WorkCalendar) -> tuple[Milestone, ...]:
    """What was reached stays; the rest is counted back from the new target."""
    reached: Mapping[str, Milestone] = {each.name: each for each in one.milestones if each.reached_at is not None}
    return tuple(reached.get(each.name, each) for each in milestone.plan(one.policy, target, calendar))


def _uncovered(facts: Facts, before: Plan, after: Plan, calendar: WorkCalendar) -> tuple[Uncovered, ...]:
    """Environments that the release has on the day and would not have; whichever of its bookings covers it will do."""
    kept = {each.environment for each in after.booked}
    lost = {each.environment: each for each in before.booked if each.environment not in kept}
    span = _day(after.target, calendar)
    return tuple(
        Uncovered(booking=lost[held.environment.key], taken=_is_taken(held, facts.release, span))
        for held in facts.held
        if held.environment.key in lost
    )


def _is_taken(held: Held, one: Release, span: Span) -> bool:
    exclusive = any(each.exclusive for each in _mine(held, one))
    return bool(in_the_way(held, span, exclusive=exclusive))


def _mine(held: Held, one: Release) -> Collection[Booking]:
    return [each for each in held.active if each.release == one.name]


def _lapses(requirement: Requirement, on: Span) -> bool:
    return any(each.valid_until is not None and each.valid_until < on.ends for each in requirement.approvals)


def _time_to_sign(requirement: Requirement, target: date, policy: Policy, now: datetime) -> TimeToSign:
    signed = {each.person.slack_id for each in requirement.approvals}
    left = [_days_left(each, target, policy, now) for each in requirement.eligible if each.slack_id not in signed]
    return TimeToSign(requirement=requirement.name, days=min(left, default=None))


def _days_left(person: Person, target: date, policy: Policy, now: datetime) -> int:
    rule = policy.people.get((person.email or "").casefold())
    calendar = calendar_of_team(policy, (rule.team if rule else None) or "")
    return calendar.business_days_between(calendar.today(now), target)


def _day(target: date, calendar: WorkCalendar) -> Span:
    return Span(
        starts=datetime.combine(target, time(), calendar.zone),
        ends=datetime.combine(target + ONE_DAY, time(), calendar.zone),
    )
