"""Plain values out of the tracker's JSON, whose types nobody vouches for."""

import math
from datetime import UTC, date, datetime
from typing import Any

_EPOCH_MILLISECONDS = 1000


def text(value: object) -> str:
    """A text that every database keeps: blanks and control characters stay, line ends become LF.

    PostgreSQL refuses NUL, and neither database takes half a surrogate pair: both become U+FFFD.
    """
    if isinstance(value, str):
        if value.isprintable():
            return value
        found = value
    elif value is None:
        return ""
    else:
        found = str(value)
    found = found.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def optional(value: object) -> str | None:
    """The text, or None for what is absent or empty."""
    if isinstance(value, str) and value.isprintable():
        return value or None
    return None if value is None else text(value) or None


def moment(value: object) -> datetime | None:
    """UTC from ISO 8601 with any offset (none means UTC) or from epoch milliseconds; None for anything else."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            if found.tzinfo is UTC:  # what an offset of nothing reads as
                return found
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / _EPOCH_MILLISECONDS, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def day(value: object) -> date | None:
    """A date from `2026-12-01` or from a longer text that begins so (changelogs write `2009-04-28 00:00:00.0`)."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def number(value: object) -> float | None:
    try:
        found = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def record(value: object) -> dict[str, Any]:
    """The JSON object, or an empty one for whatever stands there instead."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> list[dict[str, Any]]:
    """The JSON objects in a list; none for whatever stands there instead."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def first(values: dict[str, Any], *names: str) -> Any | None:
    """The first of these names that holds something; zero and False are something."""
    for name in names:
        value = values.get(name)
        if value or value == 0:
            return value
    return None
