"""The time of one seed, shared by its processes: faster than ours, and for the bots it may be wrong.

Two days' worth of leases, slots and hours pass in a quarter of a minute. The practice Slack and Jira always have the
right time; what `step` adds is the error of the bots' machines.
"""

import mmap
import os
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

SPEED = float(os.environ.get("CHAOS_SPEED", "30"))
"""Seconds of a seed in one of ours. On a machine that has much else to do people get more done where time is slower."""

_STATE = struct.Struct("dddd")


class Clock:
    """Opened by every process of a seed; CLOCK_MONOTONIC is one for all of them."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _STATE.size)

    @classmethod
    def make(cls, path: Path, begins: datetime, speed: float = SPEED) -> "Clock":
        path.write_bytes(_STATE.pack(time.monotonic(), begins.timestamp(), speed, 0.0))
        return cls(path)

    def true(self) -> float:
        """Seconds since the epoch."""
        began, begins, speed, _ = _STATE.unpack_from(self._shared)
        return float(begins + (time.monotonic() - began) * speed)

    def true_time(self) -> datetime:
        return datetime.fromtimestamp(self.true(), UTC)

    def now(self) -> datetime:
        """What the bots believe."""
        return datetime.fromtimestamp(self.true() + self.error, UTC)

    @property
    def error(self) -> float:
        return float(_STATE.unpack_from(self._shared)[3])

    def step(self, seconds: float) -> None:
        """Puts the bots' clocks forward, or back, once and for all of them."""
        struct.pack_into("d", self._shared, struct.calcsize("ddd"), self.error + seconds)
