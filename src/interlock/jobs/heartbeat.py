"""Keeps a running job's slot: extends its lease until the job ends, and notices when it was lost all the same."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread

import structlog
from sqlalchemy.exc import SQLAlchemyError

from interlock.domain.slot import Slot
from interlock.store import slot as slots
from interlock.store.engine import Store

log = structlog.get_logger(__name__)

BEATS_PER_LEASE = 3


@contextmanager
def heartbeat(
    store: Store, slot: Slot, owner: str, *, clock: Callable[[], datetime], lease: timedelta
) -> Iterator[Event]:
    """Yields an event that is set once the slot is lost."""
    ended, lost = Event(), Event()

    def beat() -> None:
        held_until = clock() + lease
        while not ended.wait((lease / BEATS_PER_LEASE).total_seconds()):
            now = clock()
            try:
                with store.write() as session:
                    held = slots.extend(session, slot, owner, now + lease)
            except SQLAlchemyError as error:
                # The database is away for a moment; the lease still stands for another.
                log.warning("slot.heartbeat", job=slot.job, error=type(error).__name__)
                held = now < held_until
            else:
                held_until = now + lease
            if not held:
                lost.set()
                return

    thread = Thread(target=beat, name=f"heartbeat {slot.job}", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        ended.set()
        thread.join()
