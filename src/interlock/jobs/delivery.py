"""One message's way out: record the attempt, call Slack with no transaction open, record what became of it."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Protocol, TypeVar

import structlog
from sqlmodel import Session

from interlock import trace
from interlock.domain import delivery
from interlock.domain.delivery import Again, Park, Rules
from interlock.domain.outage import TRIPS_AFTER, Outage, Reach
from interlock.domain.outbox import LATE, Deferred, DeliveryError, Dropped, Message, Sent
from interlock.domain.pacing import Bucket, Step, buckets
from interlock.jobs.haste import TO_BEGIN, Haste, Ticks, ticks
from interlock.store import outage, outbox_relay, pacing
from interlock.store.engine import Store
from interlock.store.outbox_relay import Taken

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
Clock = Callable[[], datetime]
OnSent = Callable[[Session, Message, Sent], None]
"""Called in the transaction that records the sending: the place to remember where a card stands."""
OnParked = Callable[[Session, Message, str], None]
"""Called in the transaction that parks, with the reason: the place to tell whoever must see to it."""

HELD_UP = "Interlock was stopped on its way to Slack and called too late; nothing was sent."

PARKED_KIND = "relay.parked"
"""The kind of the message that tells of a parked one; when it is itself parked, nobody is told again."""


class Sender(Protocol):
    """Slack, to the relay. Both methods give up well within `Rules.lease` and raise nothing but DeliveryError. What is
    not under way to Slack within `haste.TO_CALL` is not sent: its lease may be another's by then.
    """

    def send(self, message: Message) -> Sent | Dropped | Deferred:
        """Draw it from the state of now and send it, or say why the state no longer warrants it, or not yet."""

    def find(self, message: Message) -> Sent | None:
        """Look for the message's token in the conversation since `created_at`; None if it is not there."""


class Tally:
    """What the relay did since it started, for /metrics."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()

    def add(self, outcome: str, count: int = 1) -> None:
        with self._lock:
            self._counts[outcome] += count

    def snapshot(self) -> dict[str, int]:
        """By outcome: sent, found, dropped, parked, deferred, retried, limited, looked_up, lost."""
        with self._lock:
            return dict(self._counts)


class Courier:
    """Takes each leased message one step further. Threads share one."""

    def __init__(
        self,
        store: Store,
        sender: Sender,
        *,
        clock: Clock,
        owner: str,
        rules: Rules,
        rates: Mapping[Step, tuple[Bucket, ...]],
        on_sent: OnSent | None = None,
        on_parked: OnParked | None = None,
        ticks: Ticks = ticks,
    ) -> None:
        self._ticks = ticks
        self.tally = Tally()
        self._store = store
        self._sender = sender
        self._clock = clock
        self._owner = owner
        self._rules = rules
        self._rates = rates
        self._on_sent = on_sent
        self._on_parked = on_parked

    def carry(self, taken: Taken) -> None:
        message = taken.message
        with trace.begin(
            f"relay {message.kind}", message.traceparent, "consumer", row=message.id, step=taken.step.value
        ):
            if taken.step is Step.LOOK_UP:
                self._look_up(message)
            else:
                self._send(taken)

    def _send(self, taken: Taken) -> None:
        haste = Haste(TO_BEGIN, self._ticks)
        message = self._begin(taken.message)
        if message is None:
            return
        if haste.is_over:
            # Another may hold it by now; if none does, it is as if this had not begun.
            self._reach()
            self._again(message, Again(at=self._clock(), charged=False), HELD_UP)
            return
        try:
            outcome = self._ask(self._sender.send, message)
        except DeliveryError as error:
            reach = self._heed(taken.step, message, error, message.attempted_at)
            verdict = delivery.after_failed_send(message, error, self._clock(), self._rules, reach)
            self._follow(message, verdict, error.text)
            return
        if isinstance(outcome, Sent):
            self._sent(message, outcome, "sent")
        elif isinstance(outcome, Deferred):
            self._reach()
            at = min(outcome.until, self._clock() + delivery.LONGEST_WAIT)
            with self._store.write() as session:
                settled = outbox_relay.settle_deferred(session, message, self._owner, at, outcome.reason)
            self._record(message, "deferred", settled=settled, reason=outcome.reason, at=at)
        else:
            self._dropped(message, outcome.reason)

    def _begin(self, message: Message) -> Message | None:
        now = self._clock()
        if message.not_after <= now:
            self._dropped(message, LATE)
            return None
        with self._store.write() as session:
            newer = outbox_relay.superseded(session, message)
            begun = None if newer else outbox_relay.begin(session, message, self._owner, now, self._rules.lease)
        if newer:
            self._dropped(message, "A newer refresh takes its place.")
        elif begun is None:
            self._reach()
            self._lost(message)
        return begun

    def _look_up(self, message: Message) -> None:
        now = self._clock()
        attempted = message.attempted_at or message.created_at
        due = attempted + self._rules.grace
        # An attempt that is yet to come was made before the clock was put back: it says nothing of how long ago.
        if attempted <= now < due:
            # Its relay died so recently that the message may still be on its way.
            self._reach()
            self._again(message, Again(at=due, look_up=True), reason=None)
            return
        self.tally.add("looked_up")
        try:
            found = self._ask(self._sender.find, message)
        except DeliveryError as error:
            reach = self._heed(Step.LOOK_UP, message, error, now)
            verdict = delivery.after_failed_lookup(message, error, self._clock(), self._rules, reach)
            self._follow(message, verdict, error.text)
            return
        if found is not None:
            self._sent(message, found, "found")
        else:
            verdict = delivery.after_missing(message, self._clock(), self._rules, self._reach())
            self._follow(message, verdict, None)

    def _ask(self, call: Callable[[Message], Answer], message: Message) -> Answer:
        try:
            return call(message)
        except DeliveryError:
            raise
        except Exception as fault:
            # A fault of ours while drawing must not stop the others, nor be sent twice: whether Slack has it is
            # unknown, and it is given up in the end. The log has the rest.
            log.exception("outbox.fault", **_facts(message))
            raise DeliveryError("A fault in Interlock; see its log.", unknown_outcome=True) from fault

    def _heed(self, step: Step, message: Message, error: DeliveryError, began: datetime | None) -> Reach:
        """What the failure says of Slack as a whole, for all replicas to see."""
        now = self._clock()
        narrowest = buckets(self._rates, step, message.channel)[-1:]
        with self._store.write() as session:
            if error.retry_after is not None and narrowest:
                self.tally.add("limited")
                pacing.hold(session, narrowest[0], now + error.retry_after, now)
            if error.answered is False:
                _log_down(outage.failed(session, began or now, now), error)
            elif error.answered and step is not Step.LOOK_UP:
                _log_back(outage.answered(session, message, now))
            else:
                outage.probe_now(session, now)
            return outage.reach(session)

    def _reach(self) -> Reach:
        """This message was no proof of anything: while Slack is down, another attempt may be made at once."""
        with self._store.write() as session:
            outage.probe_now(session, self._clock())
            return outage.reach(session)

    def _follow(self, message: Message, verdict: Again | Park, text: str | None) -> None:
        if isinstance(verdict, Again):
            self._again(message, verdict, text)
        else:
            self._park(message, verdict.reason)

    def _sent(self, message: Message, sent: Sent, how: str) -> None:
        with self._store.write() as session:
            settled = outbox_relay.settle_sent(session, message, sent, self._clock())
            if settled and self._on_sent is not None:
                self._on_sent(session, message, sent)
            back = None
            if how == "sent":
                back = outage.answered(session, message, self._clock())
            else:
                outage.probe_now(session, self._clock())  # reading is no proof that Slack takes messages
        _log_back(back)
        self.tally.add(how)
        log.info("outbox.settled", outcome=how, **_facts(message), recorded=settled)

    def _dropped(self, message: Message, reason: str) -> None:
        with self._store.write() as session:
            settled = outbox_relay.settle_dropped(session, message, self._owner, reason)
            outage.probe_now(session, self._clock())  # this one was no proof of anything
        self._record(message, "dropped", settled=settled, reason=reason)

    def _park(self, message: Message, reason: str) -> None:
        with self._store.write() as session:
            settled = outbox_relay.settle_parked(session, message, self._owner, reason)
            if settled and self._on_parked is not None and message.kind != PARKED_KIND:
                self._on_parked(session, message, reason)
        self._record(message, "parked", settled=settled, reason=reason)

    def _again(self, message: Message, again: Again, reason: str | None) -> None:
        with self._store.write() as session:
            settled = outbox_relay.settle_again(
                session,
                message,
                self._owner,
                again.at,
                look_up=again.look_up,
                charged=again.charged,
                reason=reason,
            )
        self._record(message, "retried", settled=settled, reason=reason, at=again.at, look_up=again.look_up)

    def _record(self, message: Message, outcome: str, *, settled: bool, **more: object) -> None:
        if settled:
            self.tally.add(outcome)
            log.info("outbox.settled", outcome=outcome, **_facts(message), **more)
        else:
            self._lost(message)

    def _lost(self, message: Message) -> None:
        self.tally.add("lost")
        log.warning("outbox.lease_lost", **_facts(message))


def _log_down(seen: Outage, error: DeliveryError) -> None:
    if seen.failures == TRIPS_AFTER:
        log.warning("outage.began", cause=seen.cause, began_at=seen.began_at, reason=error.text)


def _log_back(ended: Outage | None) -> None:
    if ended is not None:
        log.warning("outage.ended", cause=ended.cause, began_at=ended.began_at, failures=ended.failures)


def _facts(message: Message) -> dict[str, object]:
    """What a log line says of a message: never its contents."""
    return {
        "id": message.id,
        "kind": message.kind,
        "channel": message.channel,
        "urgency": int(message.urgency),
        "attempts": message.attempts,
    }
