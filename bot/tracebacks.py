"""An exception for the log: where it came from, what it is, and of what it says only what nobody wrote.

No variable of a frame is shown. An exception's text may quote its data (`KeyError` does, and databases quote the row
that breaks a rule), so what stands in quotes is left out, and all but its first line; the code's lines say the rest.
"""

import re
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Final

QUOTED: Final = re.compile(r"""^([^"'“‘`]*)["'“‘`].*["'”’`]""")
"""From the first quotation mark to the last. Tried from the text's beginning alone: where the first opens nothing, no
later one does."""
SQL: Final = re.compile(r"^\[SQL: .*", re.MULTILINE)
"""SQLAlchemy shows the statement's first line, without its parameters."""
LONGEST: Final = 300
MOST: Final = 10
"""Exceptions of a chain."""


def told(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """The traceback, of what structlog hands over."""
    error = exc_info[1]
    return "\n\n".join(reversed(list(_chain(error))))


def _chain(error: BaseException | None) -> Iterator[str]:
    """The last exception first, each with what led from it to the one before."""
    link = ""
    for _ in range(MOST):
        if error is None:
            return
        yield f"{_one(error)}{link}"
        if error.__cause__ is not None:
            error, link = error.__cause__, "\n\nThe above exception was the direct cause of the following exception:"
        elif error.__context__ is not None and not error.__suppress_context__:
            error, link = error.__context__, "\n\nDuring handling of the above exception, another exception occurred:"
        else:
            return


def _one(error: BaseException) -> str:
    frames = "".join(traceback.extract_tb(error.__traceback__).format())
    parts = [_text(error)]
    if isinstance(error, BaseExceptionGroup):
        parts += [_one(each) for each in error.exceptions[:MOST]]
    return f"Traceback (most recent call last):\n{frames}" + "\n".join(parts)


def _text(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 somebody's __str__ breaks: its kind must do
        return name
    first = QUOTED.sub(r"\1…", said.partition("\n")[0])[:LONGEST]
    statement = SQL.search(said)
    return name + (f": {first}" if first else "") + (f"\n{statement.group()}" if statement else "")
