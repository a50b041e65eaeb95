"""What /metrics tells of what this process does, in a registry of its own (two bots in one test process do not share
counters). What it tells of the database is in `bot.http.gauges`.
"""

import platform
from collections.abc import Callable, Iterable
from functools import cache, partial
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from bot.http.slack import Arrival
from interlock.jobs.webhook import Receipt

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0)
"""Up to and past the 3 s within which Slack wants its answer."""
CALL_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Up to the longest that a tracker may be silent."""
KINDS: Final = ("command", "click", "submission", "suggestion", "event")
WRONG_TOKENS: Final = ("no_token", "unknown_token", "expired_token")
JOB_SECONDS: Final = (0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)

# A third series for each counter, which says when the process started.
disable_created_metrics()  # type: ignore[no-untyped-call]  # theirs is not typed


class Metrics:
    """The methods are what the program's parts are handed, so that they know of no Prometheus."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._handled = Histogram(
            "interlock_listener_seconds",
            "How long a request of Slack's or of the command line's took, until its answer was ready.",
            ["kind", "name", "outcome"],
            buckets=SECONDS,
            registry=registry,
        )
        self.repeated = Counter(
            "interlock_redelivered_total", "Requests that Slack delivered again.", ["kind"], registry=registry
        )
        self._failed = Counter(
            "interlock_listener_failures_total", "Requests that broke on our side.", ["kind"], registry=registry
        )
        self._slack = Histogram(
            "interlock_slack_call_seconds",
            "How long a call of Slack's Web API took.",
            ["method", "outcome"],
            buckets=CALL_SECONDS,
            registry=registry,
        )
        self._tracker = Histogram(
            "interlock_tracker_call_seconds",
            "How long a request to the tracker took.",
            ["method", "outcome"],
            buckets=CALL_SECONDS,
            registry=registry,
        )
        self._jobs = Histogram(
            "interlock_job_seconds",
            "How long a run of a job took in this process.",
            ["name", "outcome"],
            buckets=JOB_SECONDS,
            registry=registry,
        )
        self._webhooks = Counter(
            "interlock_webhooks_total", "The tracker's webhooks, by what came of them.", ["receipt"], registry=registry
        )
        self._arrivals = Counter(
            "interlock_slack_requests_total",
            "Slack's requests over HTTP, by what was made of them.",
            ["receipt"],
            registry=registry,
        )
        self._wrong_tokens = Counter(
            "interlock_wrong_tokens_total",
            "The command line's requests without a token that works.",
            ["reason"],
            registry=registry,
        )
        self._connected = Gauge(
            "interlock_slack_connected", "Whether Slack's connection stands; over HTTP always 1.", registry=registry
        )
        self._connected.set(1)
        self._unused = Gauge(
            "interlock_secret_unused",
            "Whether what stands in a secret's file is not what this process uses.",
            ["variable"],
            registry=registry,
        )
        build = Gauge("interlock_build_info", "What runs: always 1.", ["version", "python"], registry=registry)
        build.labels(_version(), platform.python_version()).set(1)

        # Prometheus sees no increase in a counter whose first value is 1: these tell of 0 from the start.
        for kind in KINDS:
            self._failed.labels(kind)
        for reason in WRONG_TOKENS:
            self._wrong_tokens.labels(reason)
        for receipt in Receipt:
            self._webhooks.labels(receipt.value)
        for arrival in Arrival:
            self._arrivals.labels(arrival.value)

    def request_handled(self, kind: str, name: str, outcome: str, seconds: float) -> None:
        self._handled.labels(kind, name, outcome).observe(seconds)
        if outcome == "error":
            self._failed.labels(kind).inc()

    def slack_called(self, method: str, outcome: str, seconds: float) -> None:
        self._slack.labels(method, outcome).observe(seconds)

    def tracker_asked(self, method: str, outcome: str, seconds: float) -> None:
        self._tracker.labels(method, outcome).observe(seconds)

    def job_ran(self, job: str, outcome: str, seconds: float) -> None:
        self._jobs.labels(job, outcome).observe(seconds)

    def expect_jobs(self, names: Iterable[str]) -> None:
        """They too tell of 0 from the start."""
        for name in names:
            for outcome in ("done", "failed"):
                self._jobs.labels(name, outcome)

    def watch_connection(self, is_connected: Callable[[], bool]) -> None:
        self._connected.set_function(is_connected)

    def watch_secrets(self, variables: Iterable[str], is_unused: Callable[[str], bool]) -> None:
        for variable in variables:
            self._unused.labels(variable).set_function(partial(is_unused, variable))

    def wrong_token(self, reason: str) -> None:
        self._wrong_tokens.labels(reason).inc()

    def slack_request_came(self, receipt: str) -> None:
        self._arrivals.labels(receipt).inc()

    def webhook_came(self, receipt: str) -> None:
        self._webhooks.labels(receipt).inc()


@cache
def _version() -> str:
    return version("interlock")
