"""What /metrics says, and that it says it whatever the database does."""

import socket
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import responses
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.samples import Sample
from slack_bolt import App, BoltRequest

from bot.answers import Answers
from bot.app import build_app
from bot.commands import SlashCommand, Verb
from bot.dispatch import Tables
from bot.http.gauges import CHANNELS, StateCollector
from bot.http.parked import CODES, by_class, classify
from bot.metrics import Metrics
from bot.requests import Command
from bot.sender import MENDS
from bot.services import Services
from bot.slack import Slack as SlackApi
from bot.slack import SlackError
from bot.views import blocks
from bot.views.blocks import Message
from interlock.domain import backup
from interlock.domain.errors import InterlockError
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import JobRule, Policy
from interlock.jobs.job import Job, JobReport
from interlock.jobs.slots import JobRunner
from interlock.store.engine import Store
from interlock.store.outbox import enqueue
from interlock.store.pacing import PacingRow
from interlock.store.person import ChannelRow
from interlock.trackers.errors import TrackerError
from interlock.trackers.http import JiraHttp
from interlock.usecases import addressee
from tests.builders import NOW
from tests.scrape import everything, samples

JIRA = "https://jira.practice.example"


def scrape(store: Store, **more: Any) -> dict[tuple[str, str], float]:
    """Values by metric and the values of its labels, joined."""
    registry = CollectorRegistry()
    registry.register(StateCollector(store, lambda: NOW, dict, **more))
    return by_labels(samples(generate_latest(registry).decode()))


def by_labels(found: Any) -> dict[tuple[str, str], float]:
    return {(each.name, " ".join(each.labels.values())): each.value for each in found}


def post(channel: str, number: int, urgency: Urgency = Urgency.ROUTINE) -> Outgoing:
    later = NOW + timedelta(hours=1)
    return Outgoing(key=f"{channel}:{number}", kind="x", ids={}, channel=channel, urgency=urgency, not_after=later)


def test_everything_of_the_database_is_told(store: Store) -> None:
    told = by_labels(samples(everything(store)))
    expected: Mapping[tuple[str, str], float] = {
        ("interlock_outbox_waiting", "C1 urgent"): 1,
        ("interlock_outbox_oldest_seconds", "C1 urgent"): 5,
        ("interlock_outbox_parked", "gave_up"): 1,
        ("interlock_slots", "sync failed"): 1,
        ("interlock_slots", "daily-digest running"): 1,
        ("interlock_mirror_age_seconds", "tickets"): 180,
        ("interlock_mirror_failing", "tickets"): 0,
        ("interlock_audit_events", ""): 1,
        ("interlock_audit_age_seconds", ""): 0,
        ("interlock_part_up", "relay"): 1,
        ("interlock_relay_total", "sent"): 1,
        ("interlock_database_up", ""): 1,
        ("interlock_job_seconds_count", "sync failed"): 0,
    }
    assert {name: told.get(name) for name in expected} == expected
    assert told["interlock_audit_fingerprint", ""] > 2**16
    assert (told["interlock_clock_skew_seconds", ""] == 0) is store.is_sqlite  # there it is the real clock's


def test_the_fullest_channels_are_told_one_by_one_and_no_persons(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        for channel in range(CHANNELS + 3):
            for number in range(1 if channel < 3 else 2):
                enqueue(session, post(f"C{channel}", number), NOW)
        enqueue(session, post("@U0ANA", 0, Urgency.URGENT), NOW - timedelta(seconds=9))
        enqueue(session, post("C22", 9, Urgency.URGENT), NOW)
    told = scrape(sqlite_store)
    waiting = {labels: value for (name, labels), value in told.items() if name == "interlock_outbox_waiting"}
    assert len([labels for labels in waiting if labels.endswith(" routine") and labels.startswith("C")]) == CHANNELS
    assert (waiting["other routine"], waiting["direct urgent"], waiting["C22 urgent"]) == (3, 1, 1)
    assert told["interlock_outbox_oldest_seconds", "direct urgent"] == 9
    assert not any("U0ANA" in labels for labels in waiting)


def test_the_pace_is_told_by_method(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        for bucket, wait in (("chat.update", 10), ("chat.postMessage", 2), ("chat.postMessage:C1", 3)):
            session.add(PacingRow(bucket=bucket, next_at=NOW + timedelta(seconds=wait)))
    told = scrape(sqlite_store)
    assert told["interlock_pace_seconds", "chat.update"] == pytest.approx(10 - 4 * 1.2)  # its burst is four more
    assert told["interlock_pace_seconds", "chat.postMessage"] == 0
    assert told["interlock_pace_channels", "chat.postMessage"] == 1


def test_what_is_known_without_the_database_is_told_without_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # it takes the connection and never says a word
        store = Store(f"postgresql://nobody@127.0.0.1:{deaf.getsockname()[1]}/x")
        registry = CollectorRegistry()
        registry.register(StateCollector(store, lambda: NOW, dict, {"relay": lambda: True}, patience=0.05))
        before = threading.active_count()
        scrapes = [by_labels(samples(generate_latest(registry).decode())) for _ in range(5)]
        assert threading.active_count() <= before + 1  # they wait for one reading, not each for its own
    assert (scrapes[-1]["interlock_database_up", ""], scrapes[-1]["interlock_part_up", "relay"]) == (0, 1)
    assert not any(name.startswith("interlock_outbox") for told in scrapes for name, _ in told)


def test_a_database_that_refuses_is_down_and_comes_back(sqlite_store: Store) -> None:
    collector = StateCollector(sqlite_store, lambda: NOW, dict)
    registry = CollectorRegistry()
    registry.register(collector)
    with sqlite_store.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE pacing RENAME TO elsewhere")
    assert by_labels(samples(generate_latest(registry).decode()))["interlock_database_up", ""] == 0
    with sqlite_store.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE elsewhere RENAME TO pacing")
    assert by_labels(samples(generate_latest(registry).decode()))["interlock_database_up", ""] == 1


def test_each_reason_for_parking_has_a_class(services: Services) -> None:
    classes = {code: classify(f"{sentence} Missing: chat:write.") for code, sentence in MENDS.items()}
    assert {code for code, name in classes.items() if name == "other"} == set()
    assert classes["token_revoked"] == "token"
    assert classify(backup.reason(NOW)) == "restored"
    with services.store.write() as session:
        session.add(ChannelRow(id="C0OLD", name="old", archived=True))
    archived = addressee.refuse(services.store, "C0OLD")
    assert archived is not None
    assert classify(archived.sentence) == "channel"
    assert set(CODES) <= set(MENDS)
    assert by_class({"What nobody foresaw.": 2, "It may have been posted: x": 1}) == {"other": 2, "unknown_outcome": 1}


def told_of(metrics: Metrics, name: str) -> list[tuple[dict[str, str], float]]:
    found: list[Sample] = list(samples(generate_latest(metrics.registry).decode()))
    return [(each.labels, each.value) for each in found if each.name == name]


def test_a_listener_is_told_with_its_outcome(services: Services) -> None:
    def status(request: Command, _services: Services) -> Message:
        match request.args:
            case "no":
                return blocks.refusal("No.")
            case "away":
                raise InterlockError("Slack is away.")
            case "broken":
                raise RuntimeError
        return blocks.sentence("Fine.")

    verbs = {"status": Verb(handler=status, about="says")}
    metrics = Metrics()
    tables = Tables(commands={"/release": SlashCommand(about="Releases.", verbs=verbs)})
    app: App = build_app(services, tables=tables, answers=Answers(services.settings.slack_api_url), metrics=metrics)
    for trigger, text in enumerate(("yes", "no", "away", "broken")):
        body = {"command": "/release", "text": f"status {text}", "user_id": "U0ANA", "trigger_id": str(trigger)}
        app.dispatch(BoltRequest(body=body, mode="socket_mode"))
    counted = told_of(metrics, "interlock_listener_seconds_count")
    assert {labels["outcome"]: value for labels, value in counted} == dict.fromkeys(
        ("accepted", "refused", "unavailable", "error"), 1
    )
    assert {labels["name"] for labels, _ in counted} == {"/release status"}
    failures = {labels["kind"]: value for labels, value in told_of(metrics, "interlock_listener_failures_total")}
    assert failures == {"command": 1, "click": 0, "submission": 0, "suggestion": 0, "event": 0}


def test_slacks_calls_are_told_with_their_outcome(slack: Any) -> None:
    metrics = Metrics()
    api = SlackApi("xoxb-practice-bot", slack.url, observe=metrics.slack_called)
    slack.answer(
        "chat.update",
        {"ok": True},
        {"ok": False, "error": "is_archived"},
        {"_status": 429, "_headers": {"Retry-After": "3"}, "ok": False, "error": "ratelimited"},
        {"_status": 500, "_raw": "oops"},
    )
    api.write("chat.update")
    for _ in range(3):
        with pytest.raises(SlackError):
            api.write("chat.update")
    counted = told_of(metrics, "interlock_slack_call_seconds_count")
    assert {labels["outcome"] for labels, _ in counted} == {"ok", "refused", "limited", "unknown"}
    assert {labels["method"] for labels, _ in counted} == {"chat.update"}


def test_the_trackers_requests_are_told_without_what_they_name() -> None:
    metrics = Metrics()
    jira = JiraHttp(JIRA, None, "practice-jira-token", sleep=lambda _: None, observe=metrics.tracker_asked)
    with responses.RequestsMock() as answers:
        answers.get(f"{JIRA}/rest/api/2/issue/DATA-214/comment", json={})
        answers.get(f"{JIRA}/rest/api/2/project/DATA", status=404, json={})
        answers.get(f"{JIRA}/rest/api/2/issue/DATA-214/comment", status=503)
        answers.get(f"{JIRA}/rest/api/2/issue/DATA-214/comment", json={})
        jira.get("/rest/api/2/issue/DATA-214/comment")
        with pytest.raises(TrackerError):
            jira.get("/rest/api/2/project/DATA")
        jira.get("/rest/api/2/issue/DATA-214/comment")
    jira.close()
    counted = told_of(metrics, "interlock_tracker_call_seconds_count")
    assert {(labels["method"], labels["outcome"]): value for labels, value in counted} == {
        ("GET /rest/api/2/issue/{}/comment", "ok"): 2,
        ("GET /rest/api/2/issue/{}/comment", "failed"): 1,
        ("GET /rest/api/2/project/{}", "refused"): 1,
    }


def test_runs_of_jobs_are_told_without_their_subjects(sqlite_store: Store, policy: Policy) -> None:
    def work(context: Any) -> JobReport:
        if context.slot.subject == "C2":
            raise RuntimeError
        return JobReport()

    rule = JobRule(every_minutes=5)
    digest = Job(name="daily-digest", run=work, subjects=lambda _: [("C1", rule), ("C2", rule)])
    metrics = Metrics()
    JobRunner(sqlite_store, policy, [digest], lambda: NOW, "one", observe=metrics.job_ran).run_due(NOW)
    counted = told_of(metrics, "interlock_job_seconds_count")
    assert {(labels["name"], labels["outcome"]): value for labels, value in counted} == {
        ("daily-digest", "done"): 1,
        ("daily-digest", "failed"): 1,
    }
