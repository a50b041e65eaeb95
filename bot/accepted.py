"""A secret that others sign with, and for a while the one before it: both sides cannot change at the same moment."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

GRACE: Final = timedelta(minutes=10)


class Accepted:
    """Threads share one."""

    def __init__(self, secret: str, clock: Callable[[], datetime]) -> None:
        assert secret, "settings take an empty variable for an absent one"
        self._clock = clock
        self._now = secret
        self._before: tuple[str, datetime] | None = None

    def renew(self, secret: str) -> None:
        assert secret, "as above"
        self._before = (self._now, self._clock() + GRACE)
        self._now = secret

    def secrets(self) -> tuple[str, ...]:
        """Those that count now, the newest first."""
        before = self._before
        if before is None or self._clock() >= before[1]:
            return (self._now,)
        return (self._now, before[0])
