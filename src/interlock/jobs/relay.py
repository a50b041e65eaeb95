"""The relay: takes what is due from the outbox and has it carried, on a few threads, until it is stopped."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event, Lock, Thread

import structlog
from sqlalchemy.exc import SQLAlchemyError

from interlock.domain.delivery import Rules
from interlock.domain.pacing import SLACK, Bucket, Step
from interlock.domain.words import count
from interlock.jobs.clock import Trusts, any_clock
from interlock.jobs.delivery import Clock, Courier, OnParked, OnSent, Sender, Tally
from interlock.jobs.haste import Ticks, ticks
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.jobs.outage import OnRecovered, OutageWatch
from interlock.jobs.wakeup import Wakeup
from interlock.store import outage, outbox_relay
from interlock.store.engine import Store
from interlock.store.outbox_relay import Taken

log = structlog.get_logger(__name__)

POLL = timedelta(seconds=0.5)
"""How often it looks without being rung: another replica's messages, and what falls due."""


class Relay:
    """Any number may run on one database, in threads or replicas; each message is under way in one of them.

    `owner` names this relay in leases: unique per process and start. `hands` send at once, of which `kept_free` are
    for what somebody waits for. Times in `rules` are compared with `clock`, so replicas' clocks must agree to within
    a few seconds: while `trusts` says that this one does not, nothing is taken.
    """

    def __init__(
        self,
        store: Store,
        sender: Sender,
        *,
        clock: Clock,
        owner: str,
        rules: Rules | None = None,
        rates: Mapping[Step, tuple[Bucket, ...]] = SLACK,
        wakeup: Wakeup | None = None,
        on_sent: OnSent | None = None,
        on_parked: OnParked | None = None,
        on_recovered: OnRecovered | None = None,
        trusts: Trusts = any_clock,
        ticks: Ticks = ticks,
        hands: int = 8,
        kept_free: int = 2,
    ) -> None:
        self.wakeup = wakeup or Wakeup()
        self._store = store
        self._clock = clock
        self._owner = owner
        self._rules = rules or Rules()
        self._rates = rates
        self._trusts = trusts
        self._hands = hands
        self._kept_free = kept_free
        self._courier = Courier(
            store,
            sender,
            clock=clock,
            owner=owner,
            rules=self._rules,
            rates=rates,
            on_sent=on_sent,
            on_parked=on_parked,
            ticks=ticks,
        )
        self._watch = OutageWatch(store, self._courier.tally, on_recovered)
        self._stopping = Event()
        self._lock = Lock()
        self._busy = 0
        self._under_way: set[int] = set()
        self._thread: Thread | None = None

    @property
    def tally(self) -> Tally:
        return self._courier.tally

    @property
    def is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def run_once(self) -> int:
        """Take what is due now and carry it, on the caller's thread; returns how many. For tests and the command line.

        What must wait, for its bucket or for the one before it, is left for the next call.
        """
        taken, _ = self._take(self._hands)
        for each in taken:
            self._courier.carry(each)
        return len(taken)

    def start(self) -> None:
        self._stopping.clear()
        self._thread = Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def stop(self, timeout: timedelta = timedelta(seconds=20)) -> bool:
        """Take nothing more, finish what is being sent; False if that took longer than `timeout`."""
        self._stopping.set()
        self.wakeup.ring()
        if self._thread is not None:
            self._thread.join(timeout.total_seconds())
        return not self.is_alive

    def _run(self) -> None:
        try:
            with ThreadPoolExecutor(self._hands, thread_name_prefix="relay") as pool:
                while not self._stopping.is_set():
                    self.wakeup.wait(self._turn(pool).total_seconds())
            # Leaving the block waited for every hand: nothing is half sent.
        except Exception:
            log.exception("relay.died")  # and `is_alive` says so to the health check
            raise

    def _turn(self, pool: ThreadPoolExecutor) -> timedelta:
        """Hand out what is due; returns how long there is nothing to do, as far as is known."""
        with self._lock:
            free = self._hands - self._busy
        if not free:
            return POLL
        try:
            taken, next_at = self._take(free)
        except SQLAlchemyError as error:
            # The database is away or overworked. Nothing is lost by waiting for it.
            log.warning("relay.store", error=type(error).__name__, detail=str(error).splitlines()[0])
            return POLL
        for each in taken:
            self._hand_out(pool, each)
        if next_at is None:
            return POLL
        return max(min(next_at - self._clock(), POLL), timedelta())

    def _take(self, free: int) -> tuple[tuple[Taken, ...], datetime | None]:
        """What is leased now, and when there may be more, as far as is known."""
        now = self._clock()
        seen, outlook = self._look(now, free)
        if seen is not None and self._watch.attend(seen, now):
            seen, outlook = self._look(now, free)
        down = seen.down if seen is not None else None
        if outlook.any_late:
            with self._store.write() as session:
                late = outbox_relay.drop_late(session, now, down.id if down else None)
            self.tally.add("dropped", late)
            log.info("outbox.late", count=late)
        if down is not None and not down.probe_is_due(now):
            return (), down.probe_at
        if not outlook.lanes:
            return (), outlook.next_at
        with self._store.write() as session:
            if down is not None and not outage.claim_probe(session, down, now):
                return (), down.probe_at
            lease = self._rules.lease
            taken = outbox_relay.take(session, outlook.lanes, self._owner, now, lease=lease, rates=self._rates)
            if down is not None and not taken:
                outage.probe_now(session, now)
        return taken, outlook.next_at

    def _look(self, now: datetime, free: int) -> tuple[outage.Outlook | None, outbox_relay.Outlook]:
        """The outages that matter now, None where this clock may not judge; and what is worth taking: while Slack is
        down, one message, to see if it still is.
        """
        with self._store.read() as session:
            if not self._trusts(session, now):
                return None, outbox_relay.Outlook(lanes=(), any_late=False, next_at=None)
            seen = outage.look(session, now)
            limit, routine = (1, 1) if seen.down else (free, free - self._kept_free)
            return seen, outbox_relay.look(session, now, rates=self._rates, limit=limit, routine_limit=routine)

    def _hand_out(self, pool: ThreadPoolExecutor, taken: Taken) -> None:
        ident = taken.message.id
        with self._lock:
            if ident in self._under_way:
                return  # its lease ran out because the clock jumped: it is in our hands all the same
            self._under_way.add(ident)
            self._busy += 1

        def done(future: Future[None]) -> None:
            with self._lock:
                self._busy -= 1
                self._under_way.remove(ident)
            error = future.exception()
            if error is not None:
                # The outcome could not be recorded. The lease runs out, and then the message is looked for.
                log.error("relay.unrecorded", id=ident, exc_info=error)
            self.wakeup.ring()

        pool.submit(self._courier.carry, taken).add_done_callback(done)


def job(relay: Relay) -> Job:
    """`interlock job run relay`: send what may go now; what must wait for its channel's pace is left. A running relay
    does that by itself, and beside it this is harmless."""

    def work(context: JobContext) -> JobReport:
        if context.dry_run:
            return JobReport(detail="A dry run sends nothing.")
        carried = 0
        while now := relay.run_once():
            carried += now
            context.progress(f"{carried} carried")
        return JobReport(detail=f"{count(carried, 'message')} carried")

    return Job(name="relay", run=work)
