"""The watch over the vendors' word on our tokens: what needs a vendor that refuses us stops until it no longer does."""

from collections.abc import Callable, Collection
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from interlock.domain.policy import Policy
from interlock.domain.vendor import Refusal, Vendor
from interlock.store import vendor as vendors
from interlock.store.engine import Store
from interlock.usecases import vendor

log = structlog.get_logger(__name__)


class VendorWatch:
    """Threads share one. `heard` may be called by any client after any call, with no transaction open."""

    def __init__(self, store: Store, policy: Policy, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._refused: frozenset[Vendor] = frozenset(Vendor)
        """Those that may stand as refusing us: who has just begun doesn't know what was recorded before."""

    def heard(self, who: Vendor, refusal: str | None) -> None:
        """`who` answered: None where it accepts our token, else why not. Nearly always there is nothing to record."""
        if refusal is None and who not in self._refused:
            return
        try:
            if refusal is None:
                self._refused -= {who}
                if vendor.accept(self._store, who):
                    log.warning("vendor.accepts", vendor=who.value)
            else:
                self._refused |= {who}
                if vendor.refuse(self._store, self._policy, who, refusal, self._clock()):
                    log.error("vendor.refuses", vendor=who.value, reason=refusal)
        except SQLAlchemyError as error:
            # The call itself is not at fault, and the next one tells again.
            self._refused |= {who}
            log.warning("vendor.unrecorded", vendor=who.value, error=type(error).__name__)

    def renewed(self, who: Vendor) -> None:
        """There is another token for `who`: what waits is tried with it soon."""
        try:
            vendor.renewed(self._store, who, self._clock())
        except SQLAlchemyError as error:
            log.warning("vendor.unrecorded", vendor=who.value, error=type(error).__name__)

    def halts(self, session: Session, needs: Collection[Vendor]) -> tuple[Refusal, ...]:
        """Those of the needed that refuse us."""
        if not needs:
            return ()
        found = vendors.refusals(session)
        self._refused = frozenset(each.vendor for each in found)
        return tuple(each for each in found if each.vendor in needs)

    def lets_through(self, halts: tuple[Refusal, ...]) -> bool:
        """Whether a job may run in spite of these, to see if they are over: one may, now and then."""
        if not halts:
            return True
        now = self._clock()
        if not all(each.probe_is_due(now) for each in halts):
            return False
        with self._store.write() as session:
            return vendors.claim_probe(session, [each.vendor for each in halts], now)
