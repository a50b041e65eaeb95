"""The relay's eye on outages: notices the end of one, and has people told of it once."""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlmodel import Session

from interlock.domain.outage import Outage
from interlock.jobs.delivery import Tally
from interlock.store import outage, outbox_relay
from interlock.store.engine import Store
from interlock.store.outage import Outlook

log = structlog.get_logger(__name__)

OnRecovered = Callable[[Session, Outage], int]
"""Called once for each outage, in a transaction of its own, before what it held up is sent: the place to tell whoever
missed something. Returns how many are told."""


class OutageWatch:
    def __init__(self, store: Store, tally: Tally, on_recovered: OnRecovered | None) -> None:
        self._store = store
        self._tally = tally
        self._on_recovered = on_recovered

    def attend(self, seen: Outlook, now: datetime) -> bool:
        """Do what is to be done before anything is sent; whether that changed what there is to send."""
        gap = None
        if not seen.beats:
            with self._store.write() as session:
                gap = outage.beat(session, now)
        if gap is not None:
            log.warning("outage.noticed", cause=gap.cause, began_at=gap.began_at, ended_at=gap.ended_at)
        told = [self._tell(each, now) for each in seen.to_tell]
        return gap is not None or any(told)

    def _tell(self, ended: Outage, now: datetime) -> bool:
        with self._store.write() as session:
            if not outage.claim_telling(session, ended, now):
                return False
            outage.hold(session, ended, now)
            late = outbox_relay.drop_late(session, now, ended.id)  # before it is told what comes late, and what not
            told = self._on_recovered(session, ended) if self._on_recovered is not None else 0
        self._tally.add("dropped", late)
        log.info("outage.told", id=ended.id, cause=ended.cause, dropped=late, told=told)
        return True
