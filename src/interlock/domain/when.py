"""Days and times as people type them: `tomorrow`, `fri`, `2026-12-17`, `+3d`, `tomorrow 13:00-17:00`, `now 4h`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from interlock.domain.booking import Span

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SHORTEST: Final = 3
"""Letters that a weekday needs: `fri`."""
AHEAD: Final = re.compile(r"\+(\d{1,3})d", re.ASCII)
CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
LASTING: Final = re.compile(r"(\d{1,3})([hm])", re.ASCII)
RANGE: Final = re.compile(r"[-–]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A span of time, and the words after it."""

    span: Span
    rest: tuple[str, ...]


def day(text: str, today: date) -> date | None:
    """The day that is meant, by somebody whose date is `today`; a weekday is the next one, never today itself."""
    word = text.casefold()
    if word in {"today", "tomorrow"}:
        return today + timedelta(days=word == "tomorrow")
    if len(word) >= SHORTEST:
        for number, name in enumerate(DAYS):
            if name.startswith(word):
                return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    if ahead := AHEAD.fullmatch(word):
        return today + timedelta(days=int(ahead[1]))
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def span(words: Sequence[str], now: datetime, zone: ZoneInfo) -> Typed | None:
    """What the first words say, in the typist's `zone`; None where they say no span. The forms are `[DAY] 13:00-17:00`,
    `[DAY] 13:00 to [DAY] 17:00`, `[DAY] 13:00 4h` and `now 4h`. Without a day it is today, or the day of the start.
    """
    rest = [part for word in words for part in _parted(word)]
    local = now.astimezone(zone)
    starts, rest = _moment(rest, local.date(), zone, now)
    if starts is None or not rest:
        return None
    if lasting := LASTING.fullmatch(rest[0].casefold()):
        length = timedelta(hours=int(lasting[1])) if lasting[2] == "h" else timedelta(minutes=int(lasting[1]))
        return Typed(span=Span(starts=starts, ends=starts + length), rest=tuple(rest[1:]))
    if rest[0] not in {"to", "until", "-", "–"}:
        return None
    ends, rest = _moment(rest[1:], starts.astimezone(zone).date(), zone, now, from_today=local.date())
    return None if ends is None else Typed(span=Span(starts=starts, ends=ends), rest=tuple(rest))


def _parted(word: str) -> list[str]:
    """`13:00-17:00` as its three parts; every other word as it is."""
    ends = RANGE.split(word)
    return [ends[0], "-", ends[1]] if len(ends) == 2 and all(map(CLOCK.fullmatch, ends)) else [word]  # noqa: PLR2004 a range has two ends


def _moment(
    words: list[str], otherwise: date, zone: ZoneInfo, now: datetime, *, from_today: date | None = None
) -> tuple[datetime | None, list[str]]:
    """The moment that the words begin with, and the words after it; relative days count from `from_today`."""
    if words and words[0].casefold() == "now":
        return now, words[1:]
    named = day(words[0], from_today or otherwise) if words else None
    if named is not None:
        words = words[1:]
    clock = CLOCK.fullmatch(words[0]) if words else None
    if clock is None:
        return None, words
    at = time(int(clock[1]), int(clock[2]))
    return datetime.combine(named or otherwise, at, zone).astimezone(now.tzinfo), words[1:]
