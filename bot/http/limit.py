"""How often one caller may ask."""

from collections import deque
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

WINDOW: Final = timedelta(minutes=1)


class RateLimit:
    """So many requests a minute for each caller, in this process: a bound on loops gone wild, not on use."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._lock = Lock()
        self._asked: dict[str, deque[datetime]] = {}

    def wait(self, caller: str, now: datetime) -> timedelta | None:
        """None, and the request counts; or how long until one more is taken."""
        with self._lock:
            self._forget(now)
            asked = self._asked.setdefault(caller, deque())
            if len(asked) >= self._per_minute:
                return asked[0] + WINDOW - now
            asked.append(now)
            return None

    def _forget(self, now: datetime) -> None:
        for caller, asked in list(self._asked.items()):
            while asked and asked[0] + WINDOW <= now:
                asked.popleft()
            if not asked:
                del self._asked[caller]
