"""What /metrics says once everything has happened at least once: every name and label that there is."""

from collections.abc import Iterator
from datetime import timedelta

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from bot.http.gauges import StateCollector
from bot.metrics import Metrics
from bot.sender import MENDS
from bot.slack import SlackError
from interlock.domain.audit import AuditEvent
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.slot import Slot
from interlock.store import audit, slot
from interlock.store.directory import fresh
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, enqueue
from interlock.trackers.errors import TrackerError
from tests.builders import NOW, actor

MIRRORS = ("tickets", "sweep", "groups", "people", "channels")

SLACK = (
    SlackError("", retry_after=timedelta(seconds=1)),
    SlackError("", unknown_outcome=True),
    SlackError("", code="is_archived"),
    SlackError(""),
)
TRACKER = (
    TrackerError("", permanent=False, status=429),
    TrackerError("", permanent=True, status=403),
    TrackerError("", permanent=False, status=503),
    TrackerError("", permanent=False, status=200),
    TrackerError("", permanent=False),
)
PARKED = ("Given up after 20 attempts.", MENDS["token_revoked"], MENDS["missing_scope"], MENDS["is_archived"])


def everything(store: Store) -> str:
    """The text of a scrape."""
    _fill(store)
    metrics = Metrics()
    metrics.expect_jobs(["sync"])
    metrics.watch_secrets(["SLACK_BOT_TOKEN"], lambda _: False)
    for outcome in ("ok", *(error.outcome for error in SLACK)):
        metrics.slack_called("chat.postMessage", outcome, 0.1)
    for outcome in ("ok", *(error.outcome for error in TRACKER)):
        metrics.tracker_asked("GET /rest/api/2/issue/{}", outcome, 0.1)
    for outcome in ("unfinished", "broken"):
        metrics.job_ran("sync", outcome, 0.1)
    metrics.repeated.labels("click").inc()
    for outcome in ("accepted", "refused", "unavailable", "error"):
        metrics.request_handled("command", "/release status", outcome, 0.01)
        metrics.request_handled("event", "app_mention", outcome, 0.01)
    parts = dict.fromkeys(("relay", "schedule", "slack"), lambda: True)
    metrics.registry.register(StateCollector(store, lambda: NOW, lambda: {"sent": 1}, parts))
    return generate_latest(metrics.registry).decode()


def samples(text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        yield from family.samples


def _fill(store: Store) -> None:
    with store.write() as session:
        for mirror in MIRRORS:
            fresh(session, mirror, NOW - timedelta(minutes=3))
        for urgency in Urgency:
            out = Outgoing(
                key=urgency.name, kind="x", ids={}, channel="C1", urgency=urgency, not_after=NOW + timedelta(hours=1)
            )
            enqueue(session, out, NOW - timedelta(seconds=5))
        for number, reason in enumerate(PARKED):
            enqueue(session, Outgoing(key=reason, kind="x", ids={}, channel="C2", not_after=NOW), NOW)
            session.flush()
            row = session.get_one(OutboxRow, len(Urgency) + 1 + number)
            row.state, row.reason = "parked", reason
        audit.append(session, AuditEvent(kind="release.created", actor=actor("RITA")), NOW)
        for minute, outcome in enumerate(("done", "failed", "skipped")):
            held = slot.claim(session, "sync", NOW - timedelta(minutes=minute), "one", NOW, timedelta(seconds=90))
            assert isinstance(held, Slot)
            slot.finish(session, held, "one", NOW, outcome, "")  # type: ignore[arg-type]  # three of its literals
        slot.claim(session, "daily-digest:C1", NOW, "one", NOW, timedelta(seconds=90))
