"""Ages and counts in words, as every message says them."""

from datetime import date, datetime, timedelta

UNITS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "min"),
)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`3 tickets`, `1 ticket`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def duration(span: timedelta) -> str:
    """In the largest unit that matters: `6 days`, `3 hours`, `2 min`, `seconds`."""
    for unit, name in UNITS:
        if span >= unit:
            number = span // unit
            return f"{number} {name}" if name == "min" else count(number, name)
    return "seconds"


def ago(then: datetime, now: datetime) -> str:
    span = now - then
    return "just now" if span < timedelta(minutes=1) else f"{duration(span)} ago"


def join(items: list[str], last: str = "and") -> str:
    """`a, b and c`."""
    if len(items) < 2:  # noqa: PLR2004 one item needs no joining
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def full_stop(text: str) -> str:
    """What somebody wrote, so that a sentence can follow it."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def day(when: date) -> str:
    """`Thu 17 Dec`."""
    return f"{when:%a} {when.day} {when:%b}"


def day_beside(when: date, other: date) -> str:
    """`Thu 17 Dec`, with its year where that is not the other day's."""
    return day(when) if when.year == other.year else f"{day(when)} {when.year}"
