"""The two short-lived permissions that an act hands to the app: a trigger_id and a response_url."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.slack.settings import Settings


class PassError(Exception):
    """A pass that is unknown, too old or used up. `code` is Slack's error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Allows one modal in front of `user`."""

    user: str
    born: float
    used: bool = False
    view_id: str | None = None  # the modal in which the click was made, for views.push


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTo:
    """Allows a few messages to `channel`, as answers to `user`. `ts` is the message that was clicked, if one was."""

    user: str
    channel: str
    born: float
    ts: str | None = None
    uses: int = 0


class Passes:
    """Gives passes out and takes them back, from any thread."""

    def __init__(self, settings: Settings, clock: Callable[[], float], new_id: Callable[[str], str]) -> None:
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.Lock()
        self._triggers: dict[str, Trigger] = {}
        self._replies: dict[str, ReplyTo] = {}

    def trigger(self, user: str, *, view_id: str | None = None) -> str:
        """A new trigger_id, shaped like Slack's "13345224609.738474920.8088930838d88f008e0"."""
        trigger_id = f"{int(self._clock() * 1000)}.738474920.{self._new_id('').lower()}"
        with self._lock:
            self._triggers[trigger_id] = Trigger(user=user, born=self._clock(), view_id=view_id)
        return trigger_id

    def use_trigger(self, trigger_id: str) -> Trigger:
        """Spends a trigger_id. Raises PassError: invalid_, expired_ or exchanged_trigger_id."""
        with self._lock:
            trigger = self._triggers.get(trigger_id)
            if trigger is None:
                raise PassError("invalid_trigger_id")
            if trigger.used:
                raise PassError("exchanged_trigger_id")
            if self._clock() - trigger.born > self._settings.trigger_seconds:
                raise PassError("expired_trigger_id")
            self._triggers[trigger_id] = replace(trigger, used=True)
            return trigger

    def response_url(self, user: str, channel: str, ts: str | None = None) -> str:
        reply_id = self._new_id("R")
        with self._lock:
            self._replies[reply_id] = ReplyTo(user=user, channel=channel, ts=ts, born=self._clock())
        return f"{self._settings.base_url}/response/{reply_id}"

    def reply_to(self, reply_id: str) -> ReplyTo:
        """Whom a response_url answers. Raises PassError: expired_url or used_url."""
        with self._lock:
            reply = self._replies.get(reply_id)
            if reply is None or self._clock() - reply.born > self._settings.response_seconds:
                raise PassError("expired_url")
            if reply.uses >= self._settings.response_uses:
                raise PassError("used_url")
            return reply

    def count_use(self, reply_id: str) -> None:
        """Counts one accepted answer: what Slack refused does not use a response_url up."""
        with self._lock:
            reply = self._replies[reply_id]
            self._replies[reply_id] = replace(reply, uses=reply.uses + 1)
