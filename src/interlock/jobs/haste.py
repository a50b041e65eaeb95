"""Whether there is still time to act on a lease: a process can be stopped between any two of its instructions (a
suspended container, a paused machine), and wakes without knowing.
"""

import time
from collections.abc import Callable
from datetime import timedelta

Ticks = Callable[[], float]
"""Seconds of a clock that nobody sets."""

TO_BEGIN = timedelta(seconds=3)
"""From before an attempt is recorded, from when its lease runs, until the sender is called."""
TO_CALL = timedelta(seconds=12)
"""From then until Slack is called; a call lasts 7 s at most. With clocks 8 s apart that is within the lease of 30 s."""


def ticks() -> float:
    """Where there is one (Linux), the clock that goes on while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class Haste:
    """Begins when it is made."""

    def __init__(self, limit: timedelta, clock: Ticks) -> None:
        self._clock = clock
        self._until = clock() + limit.total_seconds()

    @property
    def is_over(self) -> bool:
        return self._clock() > self._until
