"""Whether this process's clock may be trusted with leases."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from interlock.domain.words import count
from interlock.store import clock as clocks

log = structlog.get_logger(__name__)

LONGEST_HELD_UP = timedelta(minutes=1)
"""What was read so long ago leases nothing: it was another time, or the clock was behind."""

Trusts = Callable[[Session, datetime], bool]


def any_clock(_session: Session, _now: datetime) -> bool:
    """For one process alone: nobody else's clock to differ from."""
    return True


class ClockWatch:
    """Compares `clock` with the database's whenever something is about to be taken, so that a step of it is noticed
    before it does harm. Threads share one.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._wrong = False

    def trusts(self, session: Session, now: datetime) -> bool:
        """Whether leases may be taken by this clock, and by what it read when that was `now`: it may have been put back
        since, or put right. A change is logged.
        """
        return self.complaint(session) is None and -LONGEST_HELD_UP <= now - self._clock() <= clocks.MOST_SKEW

    def complaint(self, session: Session) -> str | None:
        """What is wrong with the clock, and what to do; None when it agrees with the database's."""
        skew = clocks.skew(session, self._clock)
        wrong = abs(skew) > clocks.MOST_SKEW
        if wrong != self._wrong:
            self._wrong = wrong
            (log.error if wrong else log.info)("clock.wrong" if wrong else "clock.right", skew=skew.total_seconds())
        return _sentence(skew) if wrong else None


def _sentence(skew: timedelta) -> str:
    seconds = count(round(abs(skew).total_seconds()), "second")
    side = "ahead of" if skew > timedelta() else "behind"
    return (
        f"This machine's clock is {seconds} {side} the database's. It sends nothing and runs no job until they agree: "
        "set both by NTP."
    )
