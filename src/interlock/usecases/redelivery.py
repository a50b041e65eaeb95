"""One act of a person, delivered any number of times to any replica: done once, and answered alike.

Whatever the use case, its transaction begins by recording the act. A delivery that comes second waits there until the
first has committed, and then changes nothing. What only reads is simply read again.
"""

from datetime import datetime

from sqlalchemy import event
from sqlmodel import Session

from interlock.domain.errors import InterlockError
from interlock.store import seen
from interlock.store.engine import Store


class RepeatedError(InterlockError):
    """The act was recorded by another delivery. Its text is for when that has left no answer."""

    def __init__(self) -> None:
        super().__init__(
            "This reached Interlock twice, and was carried out the first time. Look before you do it again."
        )


class Act:
    """`key` names it, the same for each delivery; an empty one names nothing, and is done each time. Hand `store` to
    its use cases: their writes raise RepeatedError where another delivery was first.
    """

    def __init__(self, store: Store, key: str, now: datetime) -> None:
        self._plain = store
        self._key = f"act:{key}"
        self._now = now
        self.store = store.beginning_with(self._claim) if key else store
        self.claimed = False

    def keep(self, answer: str) -> None:
        """For the deliveries to come."""
        with self._plain.write() as session:
            seen.keep_answer(session, self._key, answer, self._now)

    def answer(self) -> str | None:
        """What another delivery kept."""
        with self._plain.read() as session:
            return seen.answer(session, self._key)

    def _claim(self, session: Session) -> None:
        if self.claimed:
            return
        if not seen.first_time(session, self._key, self._now):
            raise RepeatedError
        event.listen(session, "after_commit", self._committed, once=True)

    def _committed(self, _session: Session) -> None:
        self.claimed = True
