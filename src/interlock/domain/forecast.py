"""The forecast: when a release's tickets are likely to be done, from its teams' own pace.

Nothing is asked of anybody: what each team got done on each of its business days of the last weeks is drawn from, over
its own calendar with its holidays. How it is drawn is in `simulation`; here is what it is drawn from, when there is too
little to say anything, and what comes of it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from interlock.domain import freeze, light, milestone
from interlock.domain.calendar import ONE_DAY, WorkCalendar
from interlock.domain.freeze import Excepted, Window
from interlock.domain.policy import Policy
from interlock.domain.release import ENDED, Release, Stage
from interlock.domain.simulation import Outcome, TeamWork, seed_of, simulate
from interlock.domain.visibility import Audience
from interlock.domain.words import count, join

LIKELY: Final = 50
SAFE: Final = 85
"""In how many percent of the runs the release is ready by the two days that are told."""
WEEKS: Final = 12
"""How far back a team's pace is looked at."""
GROWTH_WEEKS: Final = 4
FEWEST_WEEKS: Final = 4
FEWEST_DONE: Final = 10
"""With fewer weeks, or fewer tickets done in them, a team's history is too thin to draw from."""
WEEK: Final = 7
NAMED: Final = 3
TOO_THIN: Final = "There is too little history of some team that has open tickets."
REACH: Final = timedelta(weeks=WEEKS, days=2)
"""From how long ago history is read: more than is looked at, for the day grows and teams live in other time zones."""

OVER: Final = ENDED | {Stage.RELEASED}
"""The stages in which nothing of a release's plan lies ahead any more."""

Colour = Literal["green", "amber", "red"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A ticket of the team got done, or joined the release."""

    team: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that a forecast is worked out from. `open` counts the release's open tickets by team, None for those of no
    team; `finished` are what the teams got done within REACH, in any release or none; `joined` what joined this one.
    """

    release: Release
    tickets: int
    open: tuple[tuple[str | None, int], ...]
    finished: tuple[Happening, ...]
    joined: tuple[Happening, ...]
    mirror_as_of: datetime | None
    excepted: tuple[Excepted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A team that has open tickets, by name: how many, how many it got done in how many weeks, and in how many percent
    of the runs it was the last.
    """

    team: str
    open: int
    done: int
    weeks: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """`likely` and `safe` are the days by which half and 85 % of the runs were ready, None beyond a year. `teams` are
    in the order of how often they are last. `growth` is how many tickets joined in the last four weeks. `freeze` is one
    that holds on the safe day. `named` is False where readers may not see the teams' names.
    """

    release: Release
    today: date
    likely: date | None
    safe: date | None
    teams: tuple[Pace, ...]
    growth: int
    freeze: Window | None
    drawn: Outcome
    seed: int
    mirror_as_of: datetime | None
    named: bool = True

    @property
    def met(self) -> int:
        """In how many percent of the runs the target is kept."""
        return self.percent_by(self.release.target)

    def percent_by(self, target: date) -> int:
        return self.drawn.by(target)

    @property
    def colour(self) -> Colour:
        """Against the target: green while even the safe day keeps it, amber while the likely one does."""
        target = self.release.target
        if self.safe is not None and self.safe <= target:
            return "green"
        return "amber" if self.likely is not None and self.likely <= target else "red"

    @property
    def weeks(self) -> int:
        """Of the team whose history is the shortest."""
        return min(each.weeks for each in self.teams)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoForecast:
    """`sentence` says why there is none, and what would make one possible. `thin`: history is too short."""

    release: Release
    reason: Literal["ended", "stale", "no_scope", "done", "no_team", "thin"]
    sentence: str
    mirror_as_of: datetime | None = None


def forecast(question: Question, policy: Policy, now: datetime) -> Forecast | NoForecast:
    one = question.release
    none = _none(question, policy, now)
    if none is not None:
        return none
    today = milestone.calendar_of(policy, one.policy).today(now)
    works = works_of(question, policy, today)
    thin = [each for each in works if _weeks(each, today) < FEWEST_WEEKS or sum(each.done) < FEWEST_DONE]
    if thin:
        return _refuse(question, "thin", _thin(thin, policy, today))
    seed = seed_of(one.id, today)
    drawn = simulate(frozenset(works), today, seed)
    safe = drawn.quantile(SAFE)
    return Forecast(
        release=one,
        today=today,
        likely=drawn.quantile(LIKELY),
        safe=safe,
        teams=_paces(works, drawn, policy, today),
        growth=sum(sum(each.added) for each in works),
        freeze=freeze_on(policy, one, safe, {each.team for each in works}, question.excepted) if safe else None,
        drawn=drawn,
        seed=seed,
        mirror_as_of=question.mirror_as_of,
    )


def works_of(question: Question, policy: Policy, today: date) -> list[TeamWork]:
    """What each team with open tickets has to do, and its history by its own business days before `today`, which is the
    release's day: no team's midnight changes the answer amid it.
    """
    finished, joined = _by_team(question.finished), _by_team(question.joined)
    return [
        _work(calendar_of_team(policy, team), team, left, finished[team], joined[team], today)
        for team, left in question.open
        if team is not None
    ]


def freeze_on(
    policy: Policy, one: Release, day: date, teams: Collection[str], excepted: Collection[Excepted]
) -> Window | None:
    """The freeze that the release, with tickets of these teams, would meet on the day, all its working hours long."""
    whom = freeze.reach(policy, one.policy, teams)
    found = freeze.on_day(policy, whom, day, milestone.calendar_of(policy, one.policy))
    met = freeze.gravest(freeze.but(found, excepted))
    return met if met and met.whole else None


def shown_to(audience: Audience, found: Forecast | NoForecast) -> Forecast | NoForecast:
    """With no team's name in a channel that is shared with another company."""
    if audience.company is None:
        return found
    if isinstance(found, Forecast):
        return replace(found, named=False)
    return replace(found, sentence=TOO_THIN) if found.reason == "thin" else found


def _none(question: Question, policy: Policy, now: datetime) -> NoForecast | None:
    one, stale = question.release, light.stale(question.mirror_as_of, policy, now)
    left = sum(number for _, number in question.open)
    homeless = sum(number for team, number in question.open if team is None)
    if one.stage in OVER:
        return _refuse(question, "ended", f"{one.name} is {one.stage.value}: there is nothing left to foretell.")
    if stale is not None:
        return _refuse(question, "stale", f"{stale}, which is too old to count from. Ask again once it is fresh.")
    if not question.tickets:
        return _refuse(question, "no_scope", "No ticket is in scope yet.")
    if not left:
        told = "The one ticket is done." if question.tickets == 1 else f"All {question.tickets} tickets are done."
        return _refuse(question, "done", told)
    if homeless:
        whose = "belongs to no team" if homeless == 1 else "belong to no team"
        mend = "Give each a team in Jira, or have the policy's teams match them."
        return _refuse(question, "no_team", f"{count(homeless, 'open ticket')} {whose}, so nobody's pace tells. {mend}")
    return None


def _refuse(
    question: Question, reason: Literal["ended", "stale", "no_scope", "done", "no_team", "thin"], sentence: str
) -> NoForecast:
    return NoForecast(release=question.release, reason=reason, sentence=sentence, mirror_as_of=question.mirror_as_of)


def _by_team(happened: Iterable[Happening]) -> defaultdict[str | None, list[datetime]]:
    found: defaultdict[str | None, list[datetime]] = defaultdict(list)
    for each in happened:
        found[each.team].append(each.at)
    return found


def _work(
    calendar: WorkCalendar,
    team: str,
    left: int,
    finished: Iterable[datetime],
    joined: Iterable[datetime],
    today: date,
) -> TeamWork:
    first, yesterday = today - timedelta(weeks=WEEKS), today - ONE_DAY
    done = _days(finished, calendar, first, yesterday)
    begun = min((each for each, number in done.items() if number), default=None)
    if begun is not None and begun >= first + timedelta(days=WEEK):
        # Before the first of them the mirror knows nothing of the team, or there was no such team yet.
        done = {each: number for each, number in done.items() if each >= begun}
    added = _days(joined, calendar, today - timedelta(weeks=GROWTH_WEEKS), yesterday)
    return TeamWork(team=team, calendar=calendar, open=left, done=tuple(done.values()), added=tuple(added.values()))


def calendar_of_team(policy: Policy, team: str) -> WorkCalendar:
    """Whose business days count for the team; the policy's own for one that it no longer has."""
    known = policy.teams.get(team)
    return policy.calendars[(known.calendar if known else None) or policy.calendar]


def _days(moments: Iterable[datetime], calendar: WorkCalendar, first: date, last: date) -> dict[date, int]:
    """How many there were by business day, the oldest first. What falls on a day off counts for the business day before
    it.
    """
    counted: Counter[date] = Counter()
    zone = calendar.zone
    for each in moments:
        on = each.astimezone(zone).date()
        counted[on if calendar.is_business_day(on) else calendar.add_business_days(on, -1)] += 1
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return {each: counted[each] for each in days if calendar.is_business_day(each)}


def _weeks(work: TeamWork, today: date) -> int:
    """How many weeks its days reach back. A weekend at their beginning makes no week less of them."""
    reach = today - work.calendar.add_business_days(today, -len(work.done))
    return (reach.days + 2) // WEEK


def _thin(works: Iterable[TeamWork], policy: Policy, today: date) -> str:
    told = [f"{_name(policy, each.team)} ({_history(each, today)})" for each in works]
    more = [count(len(told) - NAMED, "more team")] if len(told) > NAMED else []
    whose = join(told[:NAMED] + more)
    return (
        f"Too little history of {whose} to draw from: it takes {FEWEST_WEEKS} weeks and {FEWEST_DONE} tickets done of "
        "each team that has open tickets."
    )


def _history(work: TeamWork, today: date) -> str:
    done = sum(work.done)
    return f"{done} done in {count(_weeks(work, today), 'week')}" if done else "nothing done"


def _paces(works: Iterable[TeamWork], drawn: Outcome, policy: Policy, today: date) -> tuple[Pace, ...]:
    last = defaultdict(int, drawn.last)
    paces = [
        Pace(
            team=_name(policy, each.team),
            open=each.open,
            done=sum(each.done),
            weeks=_weeks(each, today),
            last=100 * last[each.team] // drawn.runs,
        )
        for each in works
    ]
    return tuple(sorted(paces, key=lambda each: (-each.last, -each.open, each.team)))


def _name(policy: Policy, team: str) -> str:
    return policy.teams[team].name if team in policy.teams else team
