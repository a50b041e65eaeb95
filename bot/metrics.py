"""What /metrics tells, in a registry of its own (two bots in one test process do not share counters)."""

from prometheus_client import CollectorRegistry, Counter, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0)
"""Up to and past the 3 s within which Slack wants its answer."""


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.handled = Histogram(
            "interlock_listener_seconds",
            "How long a request of Slack's took, until its answer was ready.",
            ["kind", "name"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.failed = Counter(
            "interlock_listener_failures_total",
            "Requests of Slack's that broke on our side.",
            ["kind", "name"],
            registry=self.registry,
        )
        self.repeated = Counter(
            "interlock_redelivered_total", "Requests that Slack delivered again.", ["kind"], registry=self.registry
        )
