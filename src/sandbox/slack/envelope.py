"""One thing that Slack tells the app, and what became of it."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal

EnvelopeKind = Literal["events_api", "slash_commands", "interactive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an envelope ended: acknowledged, with the ack's body; or not, with Slack's word for why.

    The errors: operation_timeout (no answer within 3 s), dispatch_failed (nobody to send it to, or an HTTP error),
    not_subscribed (an event that the app did not ask for), and whatever the ack's body was refused with.
    """

    acked: bool
    body: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


Pending = Future[Outcome]


@dataclass(slots=True, kw_only=True)
class Envelope:
    """`payload` on its way. `apply` takes an ack's body and returns an error code when it cannot be used;
    `failed` hears that no ack came. Both run before `pending` is resolved. Only events are sent again.
    """

    id: str
    kind: EnvelopeKind
    payload: dict[str, Any]
    apply: Callable[[dict[str, Any]], str | None] = lambda _body: None
    failed: Callable[[str], None] = lambda _error: None
    pending: Pending = field(default_factory=Future)
    attempts: int = 0
    retry_reason: str = ""

    @property
    def wants_body(self) -> bool:
        """Whether the ack's body means something: to a click, Slack takes an ack and nothing else."""
        answered = {"view_submission", "block_suggestion"}
        return self.kind == "slash_commands" or self.payload.get("type") in answered

    @property
    def is_event(self) -> bool:
        return self.kind == "events_api"

    def settle(self, body: dict[str, Any]) -> None:
        """An ack came."""
        if self.pending.done():
            return
        error = self.apply(body)
        if error:
            self.failed(error)
        self.pending.set_result(Outcome(acked=True, body=body, error=error))

    def fail(self, error: str) -> None:
        """No ack will come any more."""
        if self.pending.done():
            return
        self.failed(error)
        self.pending.set_result(Outcome(acked=False, error=error))
