"""What /metrics tells of the store and the relay, read when it is asked for."""

from collections.abc import Callable, Iterable
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from interlock.store import health
from interlock.store.engine import Store


class StateCollector(Collector):
    """`relay` gives the relay's counts by outcome since it started."""

    def __init__(self, store: Store, clock: Callable[[], datetime], relay: Callable[[], dict[str, int]]) -> None:
        self._store = store
        self._clock = clock
        self._relay = relay

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        relayed = CounterMetricFamily(
            "interlock_relay", "What became of this process's outbox messages.", labels=["outcome"]
        )
        for outcome, count in self._relay().items():
            relayed.add_metric([outcome], count)
        yield relayed
        up = GaugeMetricFamily("interlock_database_up", "Whether the database answers.")
        try:
            with self._store.read() as session:
                found = health.gauges(session, self._clock())
        except SQLAlchemyError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from self._state(found)

    def _state(self, found: health.Gauges) -> Iterable[Metric]:
        depth = GaugeMetricFamily("interlock_outbox_waiting", "Messages that are due and not sent.", labels=["urgency"])
        oldest = GaugeMetricFamily(
            "interlock_outbox_oldest_seconds", "Since when the oldest of them has been due.", labels=["urgency"]
        )
        now = self._clock()
        for waiting in found.backlog:
            name = waiting.urgency.name.lower()
            depth.add_metric([name], waiting.depth)
            oldest.add_metric([name], (now - waiting.oldest).total_seconds())
        parked = GaugeMetricFamily("interlock_outbox_parked", "Messages that a person must see to.")
        parked.add_metric([], found.parked)
        slots = GaugeMetricFamily(
            "interlock_slots", "Firings of jobs: running now, and of the last day by outcome.", labels=["outcome"]
        )
        for outcome, count in found.slots.items():
            slots.add_metric([outcome], count)
        mirror = GaugeMetricFamily(
            "interlock_mirror_age_seconds", "How old each mirror is; none while it was never whole.", labels=["mirror"]
        )
        for name, age in found.mirrors.items():
            if age is not None:
                mirror.add_metric([name], age.total_seconds())
        yield from (depth, oldest, parked, slots, mirror)
