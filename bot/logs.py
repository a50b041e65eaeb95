"""Logs: one JSON line per event on standard error, readable lines on a terminal; no secret, and no variable of a
traceback's frames, which hold tickets and what people typed.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

from interlock import trace

SECRET: Final = re.compile(r"(xox[a-z]-|xapp-|Bearer |Basic |interlock_(?=[\w-]{43}))[\w.=+/-]+")
HIDDEN: Final = r"\1…"
ROW: Final = re.compile(r"^DETAIL: .*?(?=\n\n(?:The above|During) |\n\[SQL|\Z)", re.DOTALL | re.MULTILINE)
"""PostgreSQL quotes the row that breaks a rule, line breaks and all, as far as the traceback's next part."""


def configure(stream: TextIO | None = None) -> None:
    """For structlog and the standard library's loggers alike. Called once, by the command line."""
    out = sys.stderr if stream is None else stream
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _correlate,
        _redact,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if out.isatty() else structlog.processors.JSONRenderer(default=str)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def _correlate(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What belongs together says so, from the click to the post that came of it."""
    if found := trace.identity():
        event["trace_id"] = found
    return event


def _redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = ROW.sub("DETAIL: …", SECRET.sub(HIDDEN, value))
    return event
