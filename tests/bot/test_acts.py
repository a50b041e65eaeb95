"""One request, delivered to two replicas: carried out once, and answered alike."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from slack_bolt import BoltRequest
from sqlmodel import col, select

from bot import acts
from bot.answers import Answers
from bot.app import TABLES, build_app
from bot.commands import SlashCommand, Verb
from bot.dispatch import Tables
from bot.requests import Cleared, Closed, Command, Errors, Replacement, Shown
from bot.said import from_text, to_text
from bot.services import Services
from bot.views import blocks
from bot.views.blocks import Message
from interlock.store import seen
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.seen import SeenRow
from interlock.usecases.redelivery import Act
from tests.bookings import POLICY, world
from tests.bot.conftest import NOW, Slack
from tests.bot.test_app import click, dispatch, said, slash, submitted
from tests.builders import NOW as THEN


class Office:
    """Two replicas over one store, whose every handler notes that it ran, and then does as a test says."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.asked = 0
        self.then: Callable[[Any], Any] = lambda _: None
        verb = Verb(handler=self._handle, usage="", about="does")
        tables = Tables(
            commands={"/release": SlashCommand(about="", default="do", verbs={"do": verb})},
            clicks={"approve": self._handle},
            submissions={"reject": self._handle},
        )
        answers = Answers(services.settings.slack_api_url)
        self.first, self.second = (build_app(services, tables=tables, answers=answers) for _ in range(2))

    def _handle(self, request: Any, services: Services) -> Any:
        self.asked += 1
        if getattr(request, "args", "") == "reads":
            return self.then(request)
        with services.store.write() as session:
            seen.first_time(session, f"note:{self.asked}", NOW)
            return self.then(request)

    def notes(self) -> int:
        with self.services.store.read() as session:
            return len(session.exec(select(SeenRow).where(col(SeenRow.key).startswith("note:"))).all())


@pytest.fixture
def office(services: Services, store: Store) -> Office:
    return Office(replace(services, store=store))


def answer(office: Office, text: str) -> Message:
    return blocks.sentence(f"{text}: done, {office.asked}")


def test_a_command_is_carried_out_once_and_answered_alike(office: Office) -> None:
    office.then = lambda request: answer(office, request.args)
    first = said(dispatch(office.first, slash("do it")))
    assert said(dispatch(office.second, slash("do it"))) == first
    assert "it: done, 1" in first["text"]
    assert office.notes() == 1
    assert said(dispatch(office.second, slash("do it", trigger="t2"))) != first
    assert office.notes() == 2


@pytest.mark.parametrize(
    "given",
    [Errors(by_block={"why": "Say why."}), Shown(view={"type": "modal", "blocks": []}), Cleared(), Closed()],
    ids=lambda given: type(given).__name__,
)
def test_so_is_a_form(office: Office, given: Any) -> None:
    office.then = lambda _: given
    first = said(dispatch(office.first, submitted({})))
    assert said(dispatch(office.second, submitted({}))) == first
    assert office.notes() == 1


def test_a_click_is_answered_by_whoever_met_it_first(office: Office, slack: Slack) -> None:
    office.then = lambda _: answer(office, "click")
    for app in (office.first, office.second):
        assert dispatch(app, click(slack.url, {"action_id": "approve"})).status == 200
    dispatch(office.second, click(slack.url, {"action_id": "approve"}, trigger="t2"))
    until_answered(slack, 2)
    assert sorted(body["text"] for body in slack.called("answer")) == ["click: done, 1", "click: done, 3"]
    assert office.notes() == 2


def until_answered(slack: Slack, count: int) -> None:
    waited = Event()
    for _ in range(400):
        if len(slack.called("answer")) >= count:
            return
        waited.wait(0.05)
    raise AssertionError(slack.calls)


def test_what_only_reads_is_read_again(office: Office) -> None:
    office.then = lambda request: answer(office, request.args)
    for app in (office.first, office.second):
        said(dispatch(app, slash("do reads")))
    assert office.asked == 2


def test_what_failed_is_tried_again_elsewhere(office: Office) -> None:
    def fail(_request: Command) -> Message:
        raise RuntimeError("broke")

    office.then = fail
    assert "Nothing was changed." in said(dispatch(office.first, slash("do it")))["text"]
    office.then = lambda _: answer(office, "it")
    assert "it: done" in said(dispatch(office.second, slash("do it")))["text"]
    assert office.notes() == 1


def test_one_that_died_before_it_answered_leaves_a_sentence(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "PATIENCE_SECONDS", 0.1)
    with Act(office.services.store, "t1", NOW).store.write():
        pass
    answered = said(dispatch(office.second, slash("do it")))
    assert "This reached Interlock twice, and was carried out the first time." in answered["text"]
    assert office.notes() == 0


@pytest.mark.postgres
def test_a_delivery_that_comes_meanwhile_waits_for_the_first(
    services: Services, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "PATIENCE_SECONDS", 20.0)
    stores = [Store(postgres_url) for _ in range(2)]
    inside, gate, ran = Event(), Event(), []

    def handle(request: Command, services: Services) -> Message:
        with services.store.write():
            ran.append(request)
            inside.set()
            assert gate.wait(20)
        return blocks.sentence("Done once.")

    verb = Verb(handler=handle, usage="", about="")
    tables = Tables(commands={"/release": SlashCommand(about="", default="do", verbs={"do": verb})})
    first, second = (build_app(replace(services, store=store), tables=tables) for store in stores)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(dispatch, first, slash("do it"))
        assert inside.wait(20)
        other = pool.submit(dispatch, second, slash("do it"))
        until_waiting(stores[0])
        gate.set()
        assert said(one.result(20)) == said(other.result(20))
    assert len(ran) == 1
    for store in stores:
        store.close()


def until_waiting(store: Store) -> None:
    waited = Event()
    with store.engine.connect() as connection:
        for _ in range(400):
            if connection.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar_one():
                return
            connection.rollback()
            waited.wait(0.05)
    raise AssertionError("the second delivery did not wait")


@pytest.mark.parametrize(
    "given",
    [
        None,
        Message(text="a", blocks=({"type": "divider"},), refused=True),
        Replacement(message=Message(text="a")),
        Errors(by_block={"b": "c"}),
        Shown(view={"type": "modal"}),
        Closed(),
        Cleared(),
    ],
    ids=lambda given: type(given).__name__,
)
def test_each_kind_of_answer_can_be_kept(given: object) -> None:
    assert from_text(to_text(given)) == given


def test_answers_are_kept_no_longer_than_they_serve(sqlite_store: Store) -> None:
    for number in range(3):
        act = Act(sqlite_store, str(number), NOW + number * timedelta(minutes=50))
        with act.store.write():
            pass
        act.keep("said")
    with sqlite_store.read() as session:
        rows = session.exec(select(SeenRow).order_by(SeenRow.key)).all()
    assert [row.answer for row in rows] == [None, "said", "said"]


class Replicas:
    """The real tables, twice, over a small world."""

    def __init__(self, services: Services, slack: Slack) -> None:
        world(services.store)
        self.services = replace(services, policy=POLICY, clock=lambda: THEN)
        self.slack = slack
        self.apps = [build_app(self.services, tables=TABLES) for _ in range(2)]

    def twice(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer, which both gave."""
        first, second = (said(dispatch(app, body | {"user_id": "U0RITA"})) for app in self.apps)
        assert first == second
        return first

    def records(self) -> list[str]:
        """What people did."""
        with self.services.store.read() as session:
            kinds = session.exec(select(AuditRow.kind).order_by(col(AuditRow.seq))).all()
        return [kind for kind in kinds if kind != "environment.reconciled"]


@pytest.fixture
def replicas(services: Services, store: Store, slack: Slack) -> Replicas:
    return Replicas(replace(services, store=store), slack)


def test_a_booking_is_made_given_back_and_recorded_once(replicas: Replicas) -> None:
    made = replicas.twice(slash("book uat-2 now 2h for a rehearsal", "/env"))
    assert "uat-2" in made["text"]
    replicas.twice(slash("return uat-2", "/env", trigger="t2"))
    assert replicas.records() == ["booking.made", "booking.returned"]


def test_a_state_is_set_once(replicas: Replicas) -> None:
    replicas.twice(slash("set uat-2 degraded disks are full", "/env"))
    assert replicas.records() == ["environment.set"]


def test_a_token_is_asked_for_once(replicas: Replicas) -> None:
    replicas.twice(slash("token", "/link"))
    assert replicas.records() == ["token.requested"]


def test_a_mention_is_answered_once(replicas: Replicas) -> None:
    body = {
        "type": "event_callback",
        "event_id": "Ev1",
        "event": {"type": "app_mention", "user": "U0RITA", "text": "status", "channel": "C0GENERAL", "ts": "1.1"},
    }
    for app in replicas.apps:
        assert app.dispatch(BoltRequest(body=json.dumps(body), mode="socket_mode")).status == 200
    with replicas.services.store.read() as session:
        assert len(session.exec(select(OutboxRow).where(OutboxRow.kind == "words")).all()) == 1


def test_a_form_that_the_other_has_opened_is_no_failure(replicas: Replicas) -> None:
    replicas.slack.answer("views.open", {"ok": True, "view": {}}, {"ok": False, "error": "exchanged_trigger_id"})
    assert replicas.twice(slash("new", "/release")) == {}
    assert len(replicas.slack.called("views.open")) == 2
