"""What belongs together: one trace from a click, a slot or a webhook to each post that comes of it.

A trace has an id whether it is exported or not: each log line of it bears the id, and an outbox row hands it on to
whoever sends. Its form is W3C Trace Context's `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header).
Whoever exports traces puts a `Tracer` in place with `use`; until then a step costs nothing but the call.

Attributes are words of ours, ids and numbers: never what somebody typed, a ticket's text, a message or a token.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Literal, Protocol

Kind = Literal["internal", "server", "client", "consumer"]
Attributes = Mapping[str, str | int]
Note = Callable[[str, str | int], None]
"""Adds an attribute that is known later, such as an outcome."""


class Span(Protocol):
    @property
    def traceparent(self) -> str: ...

    def note(self, name: str, value: str | int, /) -> None: ...


class Tracer(Protocol):
    def span(self, name: str, parent: str, role: Kind, attributes: Attributes) -> AbstractContextManager[Span]:
        """A part of the trace that `parent` names, "" for a trace of its own, until the block ends."""


_tracer: Tracer | None = None
_current: ContextVar[str] = ContextVar("traceparent", default="")


def use(tracer: Tracer | None) -> None:
    """For this process, from now on."""
    global _tracer  # noqa: PLW0603 as with logging, whoever works knows nothing of who listens
    _tracer = tracer


def parent() -> str | None:
    """The `traceparent` of what is under way, to be kept with what will follow from it."""
    return _current.get() or None


def identity() -> str:
    """The id of the trace under way, 32 hexadecimal digits; "" where there is none."""
    return _current.get()[3:35]


@contextmanager
def begin(name: str, parent: str | None = None, role: Kind = "internal", **attributes: str | int) -> Iterator[Note]:
    """Work that something began: part of the trace of `parent`, or of the one under way, or a new one."""
    before = parent or _current.get()
    if _tracer is not None:
        with _spanned(_tracer, name, before, role, attributes) as note:
            yield note
        return
    token = _current.set(before or f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00")
    try:
        yield _unnoted
    finally:
        _current.reset(token)


@contextmanager
def step(name: str, role: Kind = "internal", **attributes: str | int) -> Iterator[Note]:
    """A part of the trace under way that is worth its time; outside of any it is none."""
    before = _current.get()
    if _tracer is None or not before:
        yield _unnoted
        return
    with _spanned(_tracer, name, before, role, attributes) as note:
        yield note


@contextmanager
def _spanned(tracer: Tracer, name: str, before: str, role: Kind, attributes: Attributes) -> Iterator[Note]:
    with tracer.span(name, before, role, attributes) as span:
        token = _current.set(span.traceparent)
        try:
            yield span.note
        finally:
            _current.reset(token)


def _unnoted(_name: str, _value: str | int) -> None:
    """Nobody listens."""
