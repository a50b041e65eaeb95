"""What /metrics tells of the store, the relay and the program's parts, read when it is asked for."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from bot.http import parked
from interlock.domain.outbox import Backlog
from interlock.domain.pacing import SLACK
from interlock.domain.vendor import Vendor
from interlock.store import clock as clocks
from interlock.store import health
from interlock.store.engine import Store
from interlock.store.health import Gauges

PATIENCE_SECONDS: Final = 2.0
"""How long a scrape waits for the database: one that hangs must not hold up what is told without it."""
CHANNELS: Final = 20
"""The fullest channels are told one by one, the others as "other": a workspace may have thousands."""
RELAYED: Final = ("sent", "found", "dropped", "parked", "deferred", "retried", "limited", "looked_up", "lost")
FINGERPRINT_DIGITS: Final = 12
"""48 bits: a sample holds that exactly."""

log = structlog.get_logger(__name__)


class StateCollector(Collector):
    """`relay` gives the relay's counts by outcome since it started, `parts` whether each part of the program lives."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        relay: Callable[[], dict[str, int]],
        parts: Mapping[str, Callable[[], bool]] | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._clock = clock
        self._relay = relay
        self._parts = parts or {}
        self._patience = patience
        self._reading = _OneReading(lambda: _read(store, clock))

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        relayed = CounterMetricFamily(
            "interlock_relay", "What became of this process's outbox messages.", labels=["outcome"]
        )
        for outcome, count in (dict.fromkeys(RELAYED, 0) | self._relay()).items():
            relayed.add_metric([outcome], count)
        yield relayed
        alive = _gauge("interlock_part_up", "Whether each part of this process lives.", "part")
        for name, lives in self._parts.items():
            alive.add_metric([name], lives())
        yield alive
        found = self._reading.get(self._patience)
        up = GaugeMetricFamily("interlock_database_up", "Whether the database answers.")
        up.add_metric([], found is not None)
        yield up
        if found is not None:
            skew = GaugeMetricFamily(
                "interlock_clock_skew_seconds", "How far this machine's clock is ahead of the database's."
            )
            skew.add_metric([], found.skew.total_seconds())
            yield skew
            yield from _state(found.gauges, self._clock())


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a reading of the database gave."""

    skew: timedelta
    gauges: Gauges


class _OneReading:
    """The database is read on a thread of its own, by one reading at a time that all scrapes wait for. Where it does
    not answer at all, a scrape goes without, and no second thread comes to hang beside the first.
    """

    def __init__(self, read: Callable[[], Found | None]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._under_way: _Reading | None = None

    def get(self, patience: float) -> Found | None:
        with self._lock:
            if self._under_way is None or self._under_way.done.is_set():
                self._under_way = _Reading(self._read)
            reading = self._under_way
        reading.done.wait(patience)
        return reading.found


class _Reading:
    def __init__(self, read: Callable[[], Found | None]) -> None:
        self.done = threading.Event()
        self.found: Found | None = None
        self._what = read
        threading.Thread(target=self._run, name="gauges", daemon=True).start()

    def _run(self) -> None:
        try:
            self.found = self._what()
        finally:
            self.done.set()


def _read(store: Store, clock: Callable[[], datetime]) -> Found | None:
    try:
        with store.read() as session:
            return Found(skew=clocks.skew(session, clock), gauges=health.gauges(session, clock()))
    except SQLAlchemyError as error:
        log.warning("metrics.store", reason=type(error).__name__)
        return None


def _state(found: Gauges, now: datetime) -> Iterable[Metric]:
    yield from _outbox(found.backlog, now)
    held = _gauge("interlock_outbox_parked", "Messages that a person must see to.", "reason")
    for reason, count in ({"other": 0} | parked.by_class(found.parked)).items():
        held.add_metric([reason], count)
    yield held
    outage = GaugeMetricFamily("interlock_outage_seconds", "Since when Slack has taken no message; 0 when it does.")
    outage.add_metric([], (now - found.down_since).total_seconds() if found.down_since else 0)
    yield outage
    late = GaugeMetricFamily("interlock_outbox_held_up", "Posts that an outage has made late and that are still to go.")
    late.add_metric([], found.held_up)
    yield late
    yield from _pace(found.busy, now)
    refusing = _gauge("interlock_vendor_refuses", "Whether a vendor does not accept our token.", "vendor")
    for vendor in Vendor:
        refusing.add_metric([vendor.value], vendor.value in found.refusing)
    yield refusing
    slots = _gauge(
        "interlock_slots", "Firings of jobs: running now, and of the last day by outcome.", "name", "outcome"
    )
    for (job, outcome), count in found.slots.items():
        slots.add_metric([job, outcome], count)
    yield slots
    age = _gauge("interlock_mirror_age_seconds", "How old each mirror is; none while it was never whole.", "mirror")
    failing = _gauge("interlock_mirror_failing", "Whether the last reading of each mirror stopped short.", "mirror")
    for name, mirror in found.mirrors.items():
        failing.add_metric([name], mirror.failing)
        if mirror.as_of is not None:
            age.add_metric([name], (now - mirror.as_of).total_seconds())
    yield from (age, failing)
    yield from _audit(found.audit, now)


def _outbox(backlog: Iterable[Backlog], now: datetime) -> Iterable[Metric]:
    waiting = _gauge("interlock_outbox_waiting", "Messages that are due and not sent.", "urgency", "channel")
    oldest = _gauge(
        "interlock_outbox_oldest_seconds", "Since when the oldest of them has been due.", "urgency", "channel"
    )
    whole: Counter[str] = Counter()
    for each in backlog:
        whole[each.channel] += each.depth if each.channel else 0
    told = {channel for channel, depth in whole.most_common(CHANNELS) if depth}
    depths: Counter[tuple[str, str]] = Counter({(name, "other"): 0 for name in ("urgent", "prompt", "routine")})
    since: dict[tuple[str, str], datetime] = {}
    for each in backlog:
        channel = each.channel if each.channel in told else "other" if each.channel else "direct"
        key = (each.urgency.name.lower(), channel)
        depths[key] += each.depth
        since[key] = min(each.oldest, since.get(key, each.oldest))
    for key, depth in depths.items():
        waiting.add_metric(key, depth)
        oldest.add_metric(key, (now - since.get(key, now)).total_seconds())
    return waiting, oldest


def _pace(busy: Mapping[str, datetime], now: datetime) -> Iterable[Metric]:
    wait = _gauge("interlock_pace_seconds", "How long until the method may be called again.", "method")
    held = _gauge("interlock_pace_channels", "Channels in which the method may not be called just now.", "method")
    for bucket in (bucket for rates in SLACK.values() for bucket in rates):
        method, _, per_channel = bucket.name.partition(":")
        if per_channel:
            held.add_metric([method], sum(name.startswith(f"{method}:") for name in busy))
        else:
            wait.add_metric([method], max((bucket.free_at(busy.get(bucket.name, now)) - now).total_seconds(), 0))
    return wait, held


def _audit(head: health.AuditHead, now: datetime) -> Iterable[Metric]:
    events = GaugeMetricFamily("interlock_audit_events", "Decisions in the record: the number of its newest event.")
    events.add_metric([], head.seq)
    mark = GaugeMetricFamily(
        "interlock_audit_fingerprint", "The first 48 bits of the newest event's hash, as a number: which chain it is."
    )
    mark.add_metric([], int(head.hash[:FINGERPRINT_DIGITS] or "0", 16))
    age = GaugeMetricFamily("interlock_audit_age_seconds", "How long ago the newest event was recorded.")
    if head.at is not None:
        age.add_metric([], (now - head.at).total_seconds())
    return events, mark, age


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)
