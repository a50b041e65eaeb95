"""The numbered feed of changes that live pages follow."""

import threading
import time
from collections import deque

from sandbox.slack.values import Change, ChangeKind


class Feed:
    """Remembers the last `kept` changes; whoever asks for older ones is told to draw everything anew."""

    def __init__(self, kept: int = 5000) -> None:
        self._kept: deque[Change] = deque(maxlen=kept)
        self._news = threading.Condition()
        self._number = 0
        self._closed = False

    @property
    def last(self) -> int:
        """The number of the latest change, 0 before the first: where a page that was just drawn starts to follow."""
        return self._number

    def add(
        self, kind: ChangeKind, *, channel: str | None = None, ts: str | None = None, user: str | None = None
    ) -> None:
        with self._news:
            self._number += 1
            self._kept.append(Change(number=self._number, kind=kind, channel=channel, ts=ts, user=user))
            self._news.notify_all()

    def after(self, number: int, timeout: float) -> list[Change]:
        """The changes numbered above `number`, oldest first; waits up to `timeout` seconds for the first one."""
        until = time.monotonic() + timeout
        with self._news:
            while self._number <= number and not self._closed:
                left = until - time.monotonic()
                if left <= 0:
                    return []
                self._news.wait(left)
            if self._number <= number:
                return []
            if self._kept[0].number > number + 1:
                return [Change(number=self._number, kind="reset")]
            return [self._kept[index] for index in range(number - self._kept[0].number + 1, len(self._kept))]

    def close(self) -> None:
        """Wakes everybody who waits, and lets nobody wait again: the server is going down."""
        with self._news:
            self._closed = True
            self._news.notify_all()
