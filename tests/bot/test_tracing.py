"""One trace from a click to the post that comes of it, and from a slot to what the tracker was asked."""

import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import responses
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace.status import StatusCode
from slack_bolt import BoltRequest

from bot.answers import Answers
from bot.app import build_app
from bot.dispatch import Tables
from bot.drawing import Drawn
from bot.requests import Click
from bot.sender import SlackSender
from bot.services import Services
from bot.slack import Slack as SlackApi
from bot.tracing import Tracing, over_http
from bot.views import blocks
from bot.views.blocks import Message
from interlock import trace
from interlock.domain.outbox import Outgoing
from interlock.domain.pacing import UNLIMITED
from interlock.domain.policy import Policy
from interlock.jobs import sync
from interlock.jobs.relay import Relay
from interlock.jobs.slots import JobRunner
from interlock.store.engine import Store
from interlock.store.outbox import enqueue
from interlock.trackers.jira import JiraTracker
from tests.bot.conftest import NOW

CANARY = "Falcon slips to March"


@pytest.fixture
def spans() -> Iterator[Callable[[], list[ReadableSpan]]]:
    """What was exported, in order of beginning."""
    exporter = InMemorySpanExporter()
    tracing = Tracing(exporter, "test")

    def told() -> list[ReadableSpan]:
        tracing.flush()
        return sorted(exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    yield told
    tracing.stop()


def post(text: str = "k") -> Outgoing:
    later = NOW + timedelta(hours=1)
    return Outgoing(key=text, kind="note", ids={"text": CANARY}, channel="C1", not_after=later)


def approve(request: Click, services: Services) -> Message:
    with services.store.write() as session:
        enqueue(session, post(), request.now)
    return blocks.sentence(CANARY)


def click(services: Services, slack: Any) -> None:
    answers = Answers(slack.url)
    app = build_app(services, tables=Tables(clicks={"approve": approve}), answers=answers)
    body = {
        "type": "block_actions",
        "trigger_id": "t1",
        "user": {"id": "U0ANA"},
        "response_url": f"{slack.url}answer",
        "actions": [{"type": "button", "action_id": "approve", "block_id": "b", "value": "1:signoff:7"}],
    }
    app.dispatch(BoltRequest(body=body, mode="socket_mode"))
    answers.close()


def relay(services: Services, slack: Any) -> None:
    drawn = Drawn(message=blocks.sentence(CANARY))
    slack.answer("chat.postMessage", {"ok": True, "channel": "C1", "ts": "1.2"})
    sender = SlackSender(services, SlackApi("xoxb-practice-bot", slack.url), {"note": lambda *_: drawn})
    Relay(services.store, sender, clock=lambda: NOW, owner="one", rates=UNLIMITED).run_once()


def tree(spans: list[ReadableSpan]) -> list[str]:
    """Each span's name behind those of what it belongs to."""
    by_id = {span.context.span_id: span for span in spans if span.context}
    paths = []
    for span in spans:
        names, at = [span.name], span
        while at.parent is not None:
            at = by_id[at.parent.span_id]
            names.insert(0, at.name)
        paths.append(" > ".join(names))
    return paths


def test_one_trace_leads_from_a_click_to_its_post(
    services: Services, slack: Any, spans: Callable[[], list[ReadableSpan]]
) -> None:
    click(services, slack)
    relay(services, slack)
    told = spans()
    assert len({span.context.trace_id for span in told if span.context}) == 1
    paths = tree(told)
    began = "slack click > click approve > database write"
    assert {
        began,
        "slack click > slack response_url",
        f"{began} > relay note > slack chat.postMessage",
        f"{began} > relay note > database write",
    } <= set(paths)
    assert not any(CANARY in span.to_json() or "xoxb" in span.to_json() for span in told)


def test_one_trace_leads_from_a_slot_to_what_the_tracker_was_asked(
    sqlite_store: Store, policy: Policy, spans: Callable[[], list[ReadableSpan]]
) -> None:
    url = "https://jira.practice.example"
    tracker = JiraTracker(url, None, "practice-jira-token", policy.tickets, sleep=lambda _: None)
    job = sync.job(sqlite_store, policy, tracker, lambda: NOW)
    with responses.RequestsMock() as jira:
        jira.get(f"{url}/rest/api/2/serverInfo", json={"deploymentType": "Server"})
        jira.get(f"{url}/rest/api/2/myself", status=403, json={"errorMessages": [CANARY]})
        JobRunner(sqlite_store, policy, [job], lambda: NOW, "one").run_now("sync", NOW)
    tracker.close()
    told = spans()
    assert len({span.context.trace_id for span in told if span.context}) == 1
    assert "job sync > jira GET /rest/api/2/myself" in tree(told)
    asked = next(span for span in told if span.name.endswith("myself"))
    assert dict(asked.attributes or {}) == {"outcome": "refused"}
    assert (asked.status.status_code, asked.status.description) == (StatusCode.ERROR, "TrackerError")
    assert not any(CANARY in span.to_json() for span in told)


def test_without_an_exporter_the_row_still_bears_the_clicks_trace(services: Services, slack: Any) -> None:
    seen: list[str] = []
    handler = approve

    def noting(request: Click, given: Services) -> Message:
        seen.append(trace.identity())
        return handler(request, given)

    app = build_app(services, tables=Tables(clicks={"approve": noting}), answers=Answers(slack.url))
    actions = [{"type": "button", "action_id": "approve", "block_id": "b", "value": "1:signoff:7"}]
    app.dispatch(BoltRequest(body={"type": "block_actions", "actions": actions}, mode="socket_mode"))
    with services.store.read() as session:
        row = session.connection().exec_driver_sql("SELECT traceparent FROM outbox").scalar_one()
    assert row[3:35] == seen[0]
    assert len(seen[0]) == 32
    assert trace.identity() == ""


def test_a_refresh_that_others_join_goes_on_with_the_last_that_asked(sqlite_store: Store) -> None:
    asked = []
    for _ in range(2):
        with trace.begin("click"), sqlite_store.write() as session:
            enqueue(session, replace(post(), coalesce="card:1"), NOW)
            asked.append(trace.parent())
    with sqlite_store.read() as session:
        rows = session.connection().exec_driver_sql("SELECT traceparent FROM outbox").scalars().all()
    assert rows == asked[1:]


def test_opentelemetry_is_not_imported_until_somebody_asks_for_traces() -> None:
    look = "import sys, bot.wiring; print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


@contextmanager
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """What an OpenTelemetry collector is sent, over real HTTP."""
    received: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plain = zlib.decompress(body, 31) if self.headers.get("Content-Encoding") == "gzip" else body
            assert self.path == "/v1/traces"
            received.append(ExportTraceServiceRequest.FromString(plain))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_collector_is_sent_the_spans(services: Services, slack: Any) -> None:
    with collector() as (address, received):
        tracing = over_http(address, "test")
        click(services, slack)
        tracing.stop()
    resources = [each for request in received for each in request.resource_spans]
    about = {each.key: each.value.string_value for each in resources[0].resource.attributes}
    assert about["service.name"] == "interlock"
    names = {span.name for each in resources for scope in each.scope_spans for span in scope.spans}
    assert {"slack click", "click approve", "database write", "slack response_url"} <= names
