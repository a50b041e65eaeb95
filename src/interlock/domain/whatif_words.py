"""What-if questions as people type them: `DATA-214 +3d`, `target 2026-12-18`, `target +2d 2026.12`."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from interlock.domain import names, when
from interlock.domain.calendar import WorkCalendar
from interlock.domain.draft import FURTHEST
from interlock.domain.words import count, day, day_beside

TARGET: Final = "target"
KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}-\d{1,10}", re.ASCII)
SHIFT: Final = re.compile(r"([+\-−–]?)(\d{1,6})d", re.ASCII | re.IGNORECASE)
FURTHEST_SHIFT: Final = 250
"""Business days: a year."""
HOW: Final = (
    "Type a ticket and how much later it gets, in business days, or a new target: "
    "`DATA-214 +3d`, `target 2026-12-18`, `target +2d 2026.12`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`key` is the ticket's, None where a release's target is meant; `release` is what was typed of its name, "" for
    the channel's; `word` says the new day.
    """

    key: str | None
    release: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    sentence: str


def read(text: str) -> Wish | Unread:
    words = names.tidy(text).split()
    if not words:
        return Unread(sentence=HOW)
    about, rest = words[0], words[1:]
    if about.casefold() == TARGET:
        if not rest:
            return Unread(sentence=f"To which day? {HOW}")
        return Wish(key=None, release=" ".join(rest[1:]), word=rest[0])
    if not KEY.fullmatch(about):
        return Unread(sentence=f"“{_short(about)}” is no ticket's key. {HOW}")
    if len(rest) != 1:
        return Unread(sentence=f"{'By how much?' if not rest else 'That is more than one day.'} {HOW}")
    return Wish(key=about.upper(), release="", word=rest[0])


def new_day(word: str, old: date, calendar: WorkCalendar, today: date) -> date | Unread:
    """The day that is meant: so many business days from `old`, or a day by its name, counted from `today`."""
    shift = SHIFT.fullmatch(word)
    if shift:
        number = int(shift[2])
        if number > FURTHEST_SHIFT:
            most = count(FURTHEST_SHIFT, "business day")
            return Unread(sentence=f"“{_short(word)}” is too far: at most {most} at once.")
        meant: date | None = calendar.add_business_days(old, number if shift[1] in {"", "+"} else -number)
    else:
        meant = when.day(word, today)
    if meant is None:
        return Unread(sentence=f"“{_short(word)}” is no day. {HOW}")
    if meant == old:
        return Unread(sentence=f"That is {day_beside(old, today)}, as it is now: nothing would change.")
    if meant < today:
        return Unread(sentence=f"{day_beside(meant, today)} is past. Name a day from {day(today)} on.")
    if meant - today > FURTHEST:
        return Unread(sentence="That is more than two years away. Name an earlier day.")
    return meant


def _short(text: str) -> str:
    return text if len(text) <= names.LONGEST else f"{text[: names.LONGEST]}…"
