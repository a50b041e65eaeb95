"""What follows a failed attempt: another one, a lookup first, or a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from interlock.domain.outbox import DeliveryError, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How patiently messages are sent.

    `lease`: how long a relay that has gone silent keeps a message; it must exceed the sender's own time-out, or two
    relays would send it. `grace`: how long a message of unknown outcome is given to turn up before it is looked for.
    `attempts`: sends before a person is asked; with the pauses between them about an hour.
    `lookup_patience`: how long a conversation that cannot be read for a passing reason is tried again.
    """

    lease: timedelta = timedelta(seconds=30)
    grace: timedelta = timedelta(seconds=10)
    attempts: int = 20
    first_pause: timedelta = timedelta(seconds=2)
    longest_pause: timedelta = timedelta(minutes=5)
    lookup_patience: timedelta = timedelta(minutes=15)

    def pause(self, attempts: int) -> timedelta:
        """The pause after so many failed attempts: it doubles, up to a bound."""
        doublings = min(attempts - 1, 20)  # beyond, the bound holds anyway and the number would overflow
        return min(self.first_pause * (1 << doublings), self.longest_pause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Go on `at`; `look_up` first where the outcome is unknown. One that is not `charged` counts as no attempt."""

    at: datetime
    look_up: bool = False
    charged: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    """A person must see to it; `reason` is a sentence."""

    reason: str


def after_failed_send(message: Message, error: DeliveryError, now: datetime, rules: Rules) -> Again | Park:
    """`message.attempts` counts the attempt that failed."""
    if error.retry_after is not None:
        return Again(at=now + error.retry_after, charged=False)
    if error.permanent:
        return Park(reason=error.text)
    if error.unknown_outcome and not message.is_refresh:
        return Again(at=now + rules.grace, look_up=True)
    return _bounded(message, error.text, now, rules)


def after_missing(message: Message, now: datetime, rules: Rules) -> Again | Park:
    """The conversation was read, and the message is not in it: it was not sent."""
    if message.attempts < rules.attempts:
        return Again(at=now)
    return _bounded(message, "Slack took it without an answer, and it is not in the conversation.", now, rules)


def after_failed_lookup(message: Message, error: DeliveryError, now: datetime, rules: Rules) -> Again | Park:
    """Without reading the conversation nobody knows if it was sent: sending it again might double it."""
    if error.retry_after is not None:
        return Again(at=now + error.retry_after, look_up=True)
    waited = now - (message.attempted_at or message.created_at)
    if error.permanent or waited > rules.lookup_patience:
        return Park(
            reason="It may have been posted: Slack's answer got lost, and the conversation cannot be read. "
            f"{error.text} Look there: drop this if it was posted, release it if not."
        )
    # As long again as it has waited: the pauses double without a count of their own.
    return Again(at=now + min(max(waited, rules.grace), rules.longest_pause), look_up=True)


def _bounded(message: Message, text: str, now: datetime, rules: Rules) -> Again | Park:
    if message.attempts >= rules.attempts:
        return Park(reason=f"Given up after {message.attempts} attempts. The last one: {text}")
    return Again(at=now + rules.pause(message.attempts))
