"""Replaying the ladder: who would have heard of a blocker when; and the days on which readiness is told."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise, zip_longest
from typing import Final

from interlock.domain import milestone
from interlock.domain.calendar import ONE_DAY, WorkCalendar
from interlock.domain.escalation import next_step
from interlock.domain.policy import LadderStep, Policy
from interlock.domain.release import Release
from interlock.domain.replay import Difference, Rules, Told, Window, minute
from interlock.domain.visibility import RESTRICTED

LATE: Final = timedelta(minutes=30)
"""Of business hours. A step that came later was not told by this ladder: Interlock was down, or policy was another."""

RELEASES: Final = "pings: of which release the blocker was is not recorded"
LADDER: Final = "pings: what was told is not what the ladder in force says"
WORDS: Final = "pings: who had the blocker in hand when is not recorded"

Steps = tuple[LadderStep, ...]


def plan(told: Told, ladder: Steps, calendar: WorkCalendar, end: datetime) -> dict[int, datetime]:
    """When each step is told until the end, by its number; nobody is told while somebody has the blocker in hand."""
    found: dict[int, datetime] = {}
    while due := _next(told, found, ladder, calendar, end):
        found[due[0]] = due[1]
    return found


def as_said(told: Told, ladder: Steps, calendar: WorkCalendar, end: datetime) -> bool:
    """Whether what was told until the end is what this ladder says, each step from when the one before was told."""
    known: dict[int, datetime] = {}
    for number, at in sorted(told.episode.told.items()):
        due = _next(told, known, ladder, calendar, end)
        if due is None or due[0] != number or at < due[1] or calendar.business_time_between(due[1], at) > LATE:
            return False
        known[number] = at
    missed = _next(told, known, ladder, calendar, end)
    return missed is None or calendar.business_time_between(missed[1], end) <= LATE


def _next(
    told: Told, found: Mapping[int, datetime], ladder: Steps, calendar: WorkCalendar, end: datetime
) -> tuple[int, datetime] | None:
    """The step after those that were told, and when it is; None where it does not come before the end."""
    words = [(told.episode.seen_at, None, None), *told.words, (end, None, None)]
    for (begins, taken, snoozed), (ends, _, _) in pairwise(words):
        episode = replace(told.episode, taken_until=taken, snoozed_until=snoozed, told=found)
        due = next_step(episode, ladder, calendar)
        if due is None:
            return None
        at = calendar.next_opening(max(due.at, begins))
        if at < min(ends, end):
            return due.number, at
    return None


def judge(
    episodes: Iterable[Told], releases: Mapping[int, tuple[Release, Rules, Rules]], window: Window
) -> tuple[dict[int, list[Difference]], Counter[str]]:
    """By release, each ping that would have come otherwise, in the window; and what cannot be told."""
    found: defaultdict[int, list[Difference]] = defaultdict(list)
    unjudged: Counter[str] = Counter()
    for told in episodes:
        lived = {id_: each for id_, each in releases.items() if _met(told, each[0])}
        its = {id_: lived[id_] for id_ in told.releases if id_ in lived}
        if told.pinged and not its:
            continue  # of releases that are not replayed
        ways = {_ways(told, was, would) for _, was, would in (its if told.pinged else lived).values()}
        if all(old == new for old, new in ways):
            continue
        if len(ways) > 1 or not its:
            unjudged[RELEASES] += 1
            continue
        one, was, would = min(its.values(), key=lambda each: (each[0].target, each[0].name))
        doubt = _compared(told, one, (was, would), window, found[one.id])
        if doubt:
            unjudged[doubt] += 1
    return found, unjudged


def _met(told: Told, one: Release) -> bool:
    """Whether the release was under way while the blocker stood."""
    begun = told.cleared_at is None or one.created_at <= told.cleared_at
    return begun and (one.closed_at is None or one.closed_at >= told.episode.seen_at)


def _ways(told: Told, was: Rules, would: Rules) -> tuple[tuple[Steps, str], tuple[Steps, str]]:
    """How the blocker of such a release goes up the ladder, by both policies."""
    old, new = [(_ladder(each), repr(_calendar(each.policy, told))) for each in (was, would)]
    return old, new


def _compared(
    told: Told, one: Release, rules: tuple[Rules, Rules], window: Window, found: list[Difference]
) -> str | None:
    was, would = rules
    calendars = _calendar(was.policy, told), _calendar(would.policy, told)
    if not told.consistent:
        return WORDS
    end = min(each for each in (told.cleared_at, one.closed_at, window.until) if each is not None)
    if not as_said(told, _ladder(was), calendars[0], end):
        return LADDER
    before, after = plan(told, _ladder(was), calendars[0], end), plan(told, _ladder(would), calendars[1], end)
    old, new = _by_role(before, _ladder(was)), _by_role(after, _ladder(would))
    ticket = told.ticket.shown if told.ticket else RESTRICTED
    for role in sorted({*old, *new}):
        for earlier, later in zip_longest(old[role], new[role]):
            if earlier == later or not any(each and window.holds(each) for each in (earlier, later)):
                continue
            found.append(
                Difference(
                    kind="ping",
                    at=earlier or later,
                    what=f"{role.replace('_', ' ')} of {ticket}",
                    was=f"told {minute(earlier)}" if earlier else "not told",
                    would=f"told {minute(later)}" if later else "not told",
                    why=_way(earlier, later),
                )
            )
    return None


def _way(earlier: datetime | None, later: datetime | None) -> str:
    if earlier is None or later is None:
        return "added" if earlier is None else "gone"
    return "earlier" if later < earlier else "later"


def _by_role(found: Mapping[int, datetime], ladder: Steps) -> defaultdict[str, list[datetime]]:
    told: defaultdict[str, list[datetime]] = defaultdict(list)
    for number in sorted(found):
        told[ladder[number].to].append(found[number])
    return told


def _ladder(rules: Rules) -> Steps:
    ladder = rules.policy.ladders.get(rules.template.ladder or "")
    return ladder.steps if ladder else ()


def _calendar(policy: Policy, told: Told) -> WorkCalendar:
    team = policy.teams.get((told.ticket.team if told.ticket else None) or "")
    return policy.calendars[(team.calendar if team else None) or policy.calendar]


def readiness(one: Release, was: Rules, would: Rules, window: Window) -> list[Difference]:
    """The days of the window on which the release is told how ready it is under one of the policies alone."""
    both = [_readiness_days(one, rules, window) for rules in (was, would)]
    found = []
    for day in sorted(both[0] ^ both[1]):
        told = day in both[0]
        found.append(
            Difference(
                kind="readiness",
                at=None,
                what=f"readiness summary of {day.isoformat()}",
                was="due" if told else "not due",
                would="not due" if told else "due",
            )
        )
    return found


def _readiness_days(one: Release, rules: Rules, window: Window) -> set[date]:
    calendar = milestone.calendar_of(rules.policy, rules.template)
    day = calendar.today(max(window.since, one.created_at))
    last = calendar.today(min(one.closed_at or window.until, window.until))
    found = set()
    while day <= last:
        left = calendar.business_days_between(day, one.target)
        if calendar.is_business_day(day) and left in rules.template.readiness_business_days_before:
            found.add(day)
        day += ONE_DAY
    return found
