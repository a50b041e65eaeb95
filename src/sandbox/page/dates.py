"""Slack's date tokens, drawn in the reader's own zone with a 24-hour clock.

Tokens: https://docs.slack.dev/reference/block-kit/block-elements/date-element#date-format-strings
"""

import re
from collections.abc import Callable
from datetime import datetime

from sandbox.page.reader import Reader

TOKEN = re.compile(r"\{(\w+)\}")
AGES = ((60, "second"), (60, "minute"), (24, "hour"), (30, "day"), (12, "month"), (10**6, "year"))


def ordinal(day: int) -> str:
    suffix = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def relative_day(when: datetime, today: datetime) -> str | None:
    """Yesterday, today or tomorrow, in lower case; None for any other day."""
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get((when.date() - today.date()).days)


def ago(when: datetime, now: datetime) -> str:
    """The age in the largest unit that matters: "6 days ago", "in 2 hours"."""
    amount = int(abs((now - when).total_seconds()))
    if amount < 60:
        return "just now" if when <= now else "in a moment"
    unit = "second"
    for size, name in AGES:
        unit = name
        if amount < size:
            break
        amount //= size
    words = f"{amount} {unit}{'' if amount == 1 else 's'}"
    return f"{words} ago" if when <= now else f"in {words}"


def long(when: datetime) -> str:
    return f"{when:%A}, {when:%B} {ordinal(when.day)}, {when.year}"


def short(when: datetime) -> str:
    return f"{when:%b} {when.day}, {when.year}"


def plain(when: datetime) -> str:
    return f"{when:%B} {when.day}"


def divider(when: datetime, today: datetime) -> str:
    """The label between two days of messages: "Today", "Monday, November 23rd"."""
    near = relative_day(when, today)
    if near:
        return near.capitalize()
    return long(when) if when.year != today.year else f"{when:%A}, {when:%B} {ordinal(when.day)}"


DRAWN: dict[str, Callable[[datetime, datetime], str]] = {
    "date_num": lambda when, _: f"{when:%Y-%m-%d}",
    "date_slash": lambda when, _: f"{when:%d/%m/%Y}",
    "date_long": lambda when, _: long(when),
    "date_long_full": lambda when, _: f"{plain(when)}, {when.year}",
    "date_long_pretty": lambda when, today: relative_day(when, today) or long(when),
    "date": lambda when, _: plain(when),
    "date_pretty": lambda when, today: relative_day(when, today) or plain(when),
    "date_short": lambda when, _: short(when),
    "date_short_pretty": lambda when, today: relative_day(when, today) or short(when),
    "day_divider_pretty": lambda when, today: relative_day(when, today) or divider(when, today),
    "time": lambda when, _: f"{when:%H:%M}",
    "time_secs": lambda when, _: f"{when:%H:%M:%S}",
    "ago": ago,
}


def formatted(ts: float, form: str, reader: Reader, *, opens_line: bool = False) -> str | None:
    """The token string filled in for this reader, or None if the time or a token makes no sense (draw the
    fallback then). The first letter is a capital where the date opens its line, as Slack has it.
    """
    try:
        when = reader.local(ts)
    except (ValueError, OverflowError, OSError):
        return None
    if any(name not in DRAWN for name in TOKEN.findall(form)):
        return None
    text = TOKEN.sub(lambda found: DRAWN[found[1]](when, reader.today), form)
    return text[:1].upper() + text[1:] if opens_line else text
