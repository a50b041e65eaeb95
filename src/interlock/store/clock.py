"""How far this process's clock is from the database's, which is the one clock that replicas share."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

Clock = Callable[[], datetime]

MOST_SKEW = timedelta(seconds=4)
"""Two replicas may so be 8 s apart. A message's lease lasts 30 s and sending it at most 21: one whose clock is further
ahead would take a message for abandoned while another is still sending it, and it would be posted twice."""


def skew(session: Session, clock: Clock) -> timedelta:
    """How far `clock` is ahead of the database's, negative where it is behind. As little as the answer's time on the
    way allows: a slow database is no wrong clock. None at all on SQLite, which has no clock but its host's.
    """
    if session.get_bind().dialect.name == "sqlite":
        return timedelta()
    connection = session.connection()  # which may have to be made first
    before = clock()
    theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one().astimezone(UTC)
    after = clock()
    if theirs < before:
        return before - theirs
    if theirs > after:
        return after - theirs
    return timedelta()
