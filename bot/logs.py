"""Logs: one JSON line per event on standard error, readable lines on a terminal; no secret, no e-mail address, nothing
that somebody wrote. What belongs together bears one `trace_id`.
"""

import logging
import re
import sys
import threading
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

from bot.tracebacks import told
from interlock import trace

HIDDEN: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(xox[a-z]-|xapp-|Bearer |Basic |interlock_(?=[\w-]{43}))[\w.=+/-]+"), r"\1…"),
    (re.compile(r"(?<=://)[^\s/@\"']+@"), "…@"),  # a user name and password in an address
    (re.compile(r"(\bticket=)[\w.-]+"), r"\1…"),  # of Socket Mode's addresses
    (re.compile(r"(https?://[^\s/\"']+/(?:actions|app|commands|services)/)[^\s\"'\\]+"), r"\1…"),  # response_url
    (re.compile(r"[\w.+-]+@(?=[\w-]+\.\w)"), "…@"),
)

LIBRARIES: Final = (
    "alembic",
    "anyio",
    "apscheduler",
    "asyncio",
    "fastapi",
    "jira",
    "opentelemetry",
    "psycopg",
    "requests",
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",
    "urllib3",
    "uvicorn",
    "websockets",
)
"""Below a warning they tell of bodies, headers and rows, whatever level is asked for."""


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """For structlog and the standard library's loggers alike. Called once, by the command line."""
    out = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(told),
        _correlate,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer() if out.isatty() else structlog.processors.JSONRenderer(default=str)
    )
    structlog.configure(
        processors=[*shared, renderer, _hide],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),  # a line and its end in one write, whoever writes beside it
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer, _hide],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


def catch_strays() -> None:
    """What Python itself would write to standard error, in its own form and with all that an error's text says."""
    logging.captureWarnings(capture=True)
    log = structlog.get_logger("python")

    def excepthook(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        log.critical("died", exc_info=error)

    def in_thread(args: threading.ExceptHookArgs) -> None:
        log.error("thread.died", thread=args.thread.name if args.thread else None, exc_info=args.exc_value)

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        log.error("unraisable", exc_info=args.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = excepthook, in_thread, unraisable


def _correlate(_logger: object, _method: str, event: EventDict) -> EventDict:
    """What belongs together says so, from the click to the post that came of it."""
    if found := trace.identity():
        event["trace_id"] = found
    return event


def _hide(_logger: object, _method: str, line: Any) -> Any:
    """Last of all, so that whatever made up the line is covered."""
    for pattern, instead in HIDDEN:
        line = pattern.sub(instead, line)
    return line
