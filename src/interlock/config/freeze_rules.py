"""What makes a freeze right, beyond its values' types: it ends, lets something through between its times, and begins at
times that there are. Each yields the key that is wrong and what would be right.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Final

from interlock.domain import freeze as rules
from interlock.domain.policy import Freeze, Policy
from interlock.domain.recurrence import RecurrenceError

EARLIEST: Final = 2000
LATEST: Final = 2200

Findings = Iterator[tuple[str, str]]


def freeze(value: Freeze) -> Findings:
    """Of one freeze by itself."""
    wrong = next(_span(value), None) or next(_again(value), None)
    if wrong:
        yield wrong


def _span(value: Freeze) -> Findings:
    if not EARLIEST <= value.start.year <= LATEST:
        yield "start", f"is too far away: choose a year from {EARLIEST} to {LATEST}"
    elif value.end is not None and value.end.year > LATEST:
        yield "end", f"is too far away: choose a year up to {LATEST}"
    elif value.end is None and value.hours is None:
        yield "end", "is missing, as is hours: give one of them"
    elif value.end is not None and value.hours is not None:
        yield "hours", "stands beside end: give one of them"
    elif value.hours is not None and value.end_time is not None:
        yield "end_time", "means nothing beside hours: remove it"
    elif value.end is not None and value.end < value.start:
        yield "end", f"is before start ({value.start}): swap them"
    elif value.end == value.start and value.end_time is not None and value.end_time <= value.start_time:
        yield "end_time", f"is not after start_time ({value.start_time:%H:%M}) of the same day: choose a later one"


def _again(value: Freeze) -> Findings:
    if value.yearly and value.rrule is not None:
        yield "rrule", "stands beside yearly: keep one of them"
    elif value.yearly and value.end is not None and value.end - value.start >= timedelta(days=365):
        yield "end", "is a year after start or more, and yearly repeats it: shorten it"
    elif value.rrule is not None:
        yield from _rule(value)
    if value.time_zone is not None:
        yield from _clock(value, value.time_zone)


def _rule(value: Freeze) -> Findings:
    """Which zone it is in matters to no length here."""
    try:
        found = rules.recurring(value, value.time_zone or "UTC")
    except RecurrenceError as wrong:
        yield "rrule", str(wrong)
        return
    if found[0].start != value.start:
        yield "start", f"is none of the days of rrule: the first is {found[0].start}"
    meet = next((one for one, following in pairwise(found) if one.ends >= following.starts), None)
    if meet:
        key = "end" if value.end is not None else "hours"
        yield key, f"lets the freeze of {meet.start} last until the next begins, so that it never ends: shorten it"


def _clock(value: Freeze, time_zone: str) -> Findings:
    if skipped := rules.clock_gap(value, time_zone):
        key, day = skipped
        yield key, f"does not exist on {day} in {time_zone}, where the clocks go forward: choose another time"


def policy(whole: Policy) -> Findings:
    """Of all freezes together, and of those on the policy's own clock."""
    for name, count in Counter(each.name for each in whole.freezes).items():
        if count > 1:
            yield "freezes", f'has "{name}" {count} times: each needs a name of its own'
    for each in whole.freezes:
        for key, right in _clock(each, whole.time_zone) if each.time_zone is None else ():
            yield "freezes", f'has "{each.name}", whose {key} {right}'
