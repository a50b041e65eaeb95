"""What follows a failed attempt: another one, a lookup first, or a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from interlock.domain.outage import Reach, probe_pause
from interlock.domain.outbox import DeliveryError, Message

REACHED = Reach()

LONGEST_WAIT = timedelta(minutes=10)
"""No message waits longer for its next attempt, whatever Slack asks for: then it asks again. One that does was put off
by a clock that has been put back since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How patiently messages are sent.

    `lease`: how long a relay that has gone silent keeps a message; it must exceed the sender's own time-out, or two
    relays would send it. `grace`: how long a message of unknown outcome is given to turn up before it is looked for.
    `attempts`: sends before a person is asked; with the pauses between them about an hour. Those that an outage has
    used up are given back by patience: for `after_outage` nobody is asked.
    `lookup_patience`: how long a conversation that cannot be read for a passing reason is tried again. Neither runs out
    while Slack is down, nor counts from before it came back.
    """

    lease: timedelta = timedelta(seconds=30)
    grace: timedelta = timedelta(seconds=10)
    attempts: int = 20
    first_pause: timedelta = timedelta(seconds=2)
    longest_pause: timedelta = timedelta(minutes=5)
    lookup_patience: timedelta = timedelta(minutes=15)
    after_outage: timedelta = timedelta(hours=1)

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


def after_failed_send(
    message: Message, error: DeliveryError, now: datetime, rules: Rules, reach: Reach = REACHED
) -> Again | Park:
    """`message.attempts` counts the attempt that failed."""
    if error.retry_after is not None:
        return Again(at=now + min(error.retry_after, LONGEST_WAIT), charged=False)
    if error.permanent:
        return Park(reason=error.text)
    look_up = error.unknown_outcome and not message.is_refresh
    if reach.is_down:
        return Again(at=now + max(_turn(reach), rules.grace if look_up else _turn(reach)), look_up=look_up)
    if look_up:
        return Again(at=now + rules.grace, look_up=True)
    return _bounded(message, error.text, now, rules, reach)


def after_missing(message: Message, now: datetime, rules: Rules, reach: Reach = REACHED) -> Again | Park:
    """The conversation was read, and the message is not in it: it was not sent."""
    if message.attempts < rules.attempts or reach.is_down:
        return Again(at=now)
    text = "Slack took it without an answer, and it is not in the conversation."
    return _bounded(message, text, now, rules, reach)


def after_failed_lookup(
    message: Message, error: DeliveryError, now: datetime, rules: Rules, reach: Reach = REACHED
) -> Again | Park:
    """Without reading the conversation nobody knows if it was sent: sending it again might double it."""
    if error.retry_after is not None:
        return Again(at=now + min(error.retry_after, LONGEST_WAIT), look_up=True)
    # An attempt from before the message was is the work of a clock that was put back, and put right since.
    since = max(message.attempted_at or message.created_at, message.created_at)
    waited = now - max(since, reach.back_at or since)
    # However long nobody looked, for want of a relay: one failure to read is no reason to ask a person. The attempt
    # itself, whose end put the first look off by the grace, lasted for its lease at most.
    is_first = message.not_before is not None and message.not_before <= since + rules.lease + rules.grace
    if error.permanent or (waited > rules.lookup_patience and not is_first and not reach.is_down):
        return Park(
            reason="It may have been posted: Slack's answer got lost, and the conversation cannot be read. "
            f"{error.text} Look there: drop this if it was posted, release it if not."
        )
    if reach.is_down:
        return Again(at=now + max(_turn(reach), rules.grace), look_up=True)
    # As long again as it has waited: the pauses double without a count of their own.
    return Again(at=now + min(max(waited, rules.grace), rules.longest_pause), look_up=True)


def _bounded(message: Message, text: str, now: datetime, rules: Rules, reach: Reach) -> Again | Park:
    is_fresh = reach.back_at is not None and now - reach.back_at <= rules.after_outage
    if message.attempts >= rules.attempts and not is_fresh:
        return Park(reason=f"Given up after {message.attempts} attempts. The last one: {text}")
    return Again(at=now + rules.pause(message.attempts))


def _turn(reach: Reach) -> timedelta:
    """While Slack is down one message at a time feels for it. The one that just failed is not the next to: if it is
    the message that cannot be sent, and not Slack that is down, another shows it.
    """
    return 2 * probe_pause(reach.failures)
