"""The command line's requests over a real socket: who is let in, what is answered, and that the rules are Slack's."""

import http.client
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlmodel import col, select

from bot.answers import Answers
from bot.app import TABLES
from bot.asked_jobs import AskedJobs
from bot.door import SIGNOFFS, Door
from bot.http.api import BODY, WRONG_PER_MINUTE, Api, routes
from bot.http.app import build_http
from bot.http.health import Health
from bot.http.server import HttpServer
from bot.metrics import Metrics
from bot.services import Services
from interlock.config.settings import HttpAddress
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import JobRule
from interlock.domain.secret import Issued
from interlock.domain.signoff import Decision
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.jobs.slots import JobRunner
from interlock.store.audit import AuditPersonRow, AuditRow
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.ticket import TicketRow
from interlock.usecases import card, scope, signoff, token
from tests.builders import NOW, POLICY, actor, people, release, ticket


@dataclass
class Bench:
    """Jobs that do what they are told: end, fail, or take until they may end."""

    ran: list[str] = field(default_factory=list)
    may_end: Event = field(default_factory=Event)

    def jobs(self) -> list[Job]:
        def subjects(_now: datetime) -> list[tuple[str, JobRule]]:
            return [(each, JobRule(every_minutes=5)) for each in ("C0A", "C0B")]

        return [
            Job(name="groups", run=self._end),
            Job(name="digest", run=self._end, subjects=subjects),
            Job(name="broken", run=self._fail),
            Job(name="long", run=self._take_long, group="long"),
        ]

    def _end(self, context: JobContext) -> JobReport:
        self.ran.append(context.slot.job)
        return JobReport(detail="4 <done>.")

    def _fail(self, _context: JobContext) -> JobReport:
        raise ValueError("DATA-226 Payroll of the board")

    def _take_long(self, context: JobContext) -> JobReport:
        self.may_end.wait()
        return self._end(context)


@dataclass
class Entrance:
    """A server with the door in it, and how to knock."""

    services: Services
    bench: Bench
    wrong: list[str]
    clock: list[datetime] = field(default_factory=lambda: [NOW])
    port: int = 0

    def ask(self, method: str, path: str, content: object = None, *, token: str | None) -> tuple[int, Any]:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, raw, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert "\n" not in text
        return answer.status, json.loads(text)

    def type(self, text: str, token: str, command: str = "/release") -> tuple[int, Any]:
        return self.ask("POST", "/api/command", {"command": command, "text": text}, token=token)

    def sign(self, revision: str, decision: str, token: str, **more: str) -> tuple[int, Any]:
        return self.ask("POST", "/api/signoff", {"revision": revision, "decision": decision, **more}, token=token)

    def token(self, who: str = "TOM") -> str:
        store, policy = self.services.store, self.services.policy
        assert not isinstance(token.ask(store, policy, actor(who), who, NOW), Refused)
        made = token.issue(store, policy, f"U0{who}", who, NOW)
        assert isinstance(made, Issued)
        return made.text


@pytest.fixture
def door(services: Services) -> Iterator[Entrance]:
    """A release whose sign-offs are asked for."""
    clock = [NOW]
    services = replace(services, policy=POLICY, clock=lambda: clock[0])
    with services.store.write() as session:
        people(session)
        number = release(session, tickets=["DATA-1", "DATA-2"])
    asked = signoff.request(services.store, POLICY, actor("RITA"), number, NOW)
    assert isinstance(asked, signoff.Requested)
    card.draw(services.store, asked.card.id, NOW)
    metrics, answers = Metrics(), Answers(services.settings.slack_api_url)
    bench = Bench()
    runner = JobRunner(services.store, POLICY, bench.jobs(), services.clock, "one")
    jobs = AskedJobs(runner, services.clock, wait_seconds=0.2)
    app = build_http(health=Health(), registry=CollectorRegistry(), clock=services.clock)
    wrong: list[str] = []
    api = Api(Door(services, answers, metrics, jobs), services.clock, per_minute=30, on_wrong=wrong.append)
    app.include_router(routes(api))
    server = HttpServer(app, HttpAddress("127.0.0.1", 0))
    server.start()
    yield Entrance(services, bench, wrong, clock, server.port)
    bench.may_end.set()
    server.stop()
    jobs.stop()
    answers.close()


def revision(told: Any) -> str:
    [approve] = [each["command"] for each in told["next"] if each["label"].startswith("Approve")]
    return str(approve.rpartition(" ")[2])


def recorded(store: Store) -> list[tuple[str, str, dict[str, Any]]]:
    with store.read() as session:
        rows = session.exec(
            select(AuditRow).where(col(AuditRow.kind).startswith("signoff.")).order_by(col(AuditRow.seq))
        )
        bodies = [json.loads(row.body) for row in rows]
    return [(body["kind"], body["authentication"], body["facts"]) for body in bodies]


def test_a_command_is_answered_in_plain_lines(door: Entrance) -> None:
    status, told = door.type("status 2026.12", door.token("ANA"))
    assert status == 200
    assert told["text"].splitlines()[0].startswith("*2026.12 Quarterly platform* · ")
    assert "<" not in told["text"]
    assert {"label": "Sign-offs", "command": "interlock press release.signoffs release:1"} in told["next"]


def test_the_same_words_fit_as_in_slack(door: Entrance) -> None:
    mine = door.token("ANA")
    assert door.type("STAT", mine)[0] == 200
    status, told = door.type("statsu", mine)
    assert (status, told["error"]) == (403, "/release has no “statsu”. Did you mean `/release status`?")
    status, told = door.type("status 1999.01", mine)
    assert (status, told["error"].partition(".")[0]) == (403, "There is no release 1999")
    assert door.type("help", mine)[1]["text"].startswith("*/release* · ")
    assert door.type("", mine, command="release")[0] == 200
    assert door.type("x", mine, command="/nothing")[0] == 403


def test_what_opens_a_form_says_so(door: Entrance) -> None:
    status, told = door.type("new", door.token("RITA"))
    assert (status, told["error"].partition(":")[0]) == (
        403,
        "That opens a form, which the command line has not. Nothing was changed",
    )


def test_what_the_signer_was_shown_is_what_is_signed_and_the_record_says_by_which_door(door: Entrance) -> None:
    mine = door.token()
    shown = door.type("signoffs 2026.12", mine)[1]
    assert "*Scope* 0 of 2 tickets done" in shown["text"]
    assert [each["label"] for each in shown["next"]] == ["Approve 2 tickets", "Reject…", "Revoke mine"]
    assert "DATA-1" not in shown["text"]
    status, told = door.sign(revision(shown), "approved", mine)
    assert (status, told["text"]) == (200, "Recorded: you approved 2026.12 for QA. Revoke takes it back.")
    kind, how, facts = recorded(door.services.store)[-1]
    assert (kind, how) == ("signoff.approved", "token")
    assert (facts["revision"], facts["tickets"]) == (revision(shown), 2)
    assert door.sign(revision(shown), "approved", mine)[1]["text"].startswith("You approved 2026.12 for QA ")
    assert door.sign(revision(shown), "revoked", mine)[0] == 200
    assert [kind for kind, _, _ in recorded(door.services.store)] == [
        "signoff.requested",
        "signoff.approved",
        "signoff.revoked",
    ]


def test_a_decision_draws_the_card_in_slack_again(door: Entrance) -> None:
    mine = door.token()
    door.sign(revision(door.type("signoffs", mine)[1]), "approved", mine)
    with door.services.store.read() as session:
        assert session.exec(select(OutboxRow.ids).where(OutboxRow.kind == "signoff.refresh")).all() == [{"card_id": 1}]


def test_a_rejection_says_why(door: Entrance) -> None:
    mine = door.token()
    seen = revision(door.type("signoffs", mine)[1])
    assert door.sign(seen, "rejected", mine) == (
        403,
        {"error": "Say why: the team has to know what to mend.", "next": []},
    )
    assert door.sign(seen, "rejected", mine, reason="  ")[0] == 403
    assert door.sign(seen, "rejected", mine, reason="x" * 1001)[0] == 403
    assert door.sign(seen, "rejected", mine, reason="lineage is missing")[0] == 200
    assert recorded(door.services.store)[-1][2]["reason"] == "lineage is missing"


def test_a_scope_that_changed_since_is_not_signed(door: Entrance) -> None:
    mine = door.token()
    seen = revision(door.type("signoffs", mine)[1])
    with door.services.store.write() as session:
        ticket(session, "DATA-8")
        ticket(session, "DATA-9", security_level="Risk committee")
        scope.refresh(session, None, NOW)
    status, told = door.sign(seen, "approved", mine)
    assert status == 403
    assert "2 added (DATA-8 and a restricted ticket)." in told["error"]
    assert recorded(door.services.store)[-1][0] == "signoff.requested"
    fresh = revision(door.type("signoffs", mine)[1])
    assert fresh != seen
    assert door.sign(fresh, "approved", mine)[0] == 200


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("ANA", "You can't sign 2026.12: it asks for QA"),
        ("RITA", "You can't sign 2026.12: "),
        ("INES", "You can't sign 2026.12: you are or were assigned to DATA-1"),
    ],
)
def test_the_rules_are_those_of_slack_and_a_refusal_is_on_record(door: Entrance, who: str, why: str) -> None:
    with door.services.store.write() as session:
        session.get_one(TicketRow, "id-DATA-1").assignee_id = "acc-ines"
    mine = door.token(who)
    status, told = door.sign(revision(door.type("signoffs", mine)[1]), "approved", mine)
    assert status == 403
    assert told["error"].startswith(why)
    assert recorded(door.services.store)[-1][:2] == ("signoff.refused", "token")


def test_groups_that_are_too_old_close_deciding_here_too(door: Entrance) -> None:
    mine = door.token()
    seen = revision(door.type("signoffs", mine)[1])
    door.clock[0] = NOW + timedelta(minutes=16)
    status, told = door.sign(seen, "approved", mine)
    assert (status, told["error"].partition(":")[0]) == (403, "That can't be decided now")


def test_a_button_without_a_form_can_be_pressed(door: Entrance) -> None:
    rita = door.token("RITA")

    def press(button: str, value: str) -> tuple[int, Any]:
        return door.ask("POST", "/api/press", {"button": button, "value": value}, token=rita)

    assert press("release.status", "release:1")[1]["text"].startswith("*2026.12 Quarterly platform* · ")
    assert "Approve 2 tickets" in str(press("release.signoffs", "release:1")[1]["next"])
    assert press("signoff.request", "release:1")[1]["text"].startswith("2026.12 has its sign-off card already")
    assert "No forecast" in press("release.forecast", "release:1")[1]["text"]
    slip = door.type("whatif DATA-1 2026-12-18", rita)[1]
    assert slip["next"][-1]["command"] == "interlock press release.whatif release_day:1_2026-12-18"
    assert "target Thu 17 Dec → Fri 18 Dec" in press("release.whatif", "release_day:1_2026-12-18")[1]["text"]
    assert press("release.status", "booking:1")[0] == 403
    assert press("booking.new", "environment:1")[0] == 403
    assert press("release.status", "1")[0] == 400


def asked_jobs(store: Store) -> list[tuple[str, str, dict[str, Any]]]:
    with store.read() as session:
        rows = session.exec(select(AuditRow).where(AuditRow.kind == "job.asked").order_by(col(AuditRow.seq))).all()
        bodies = [json.loads(row.body) for row in rows]
        who = [session.get_one(AuditPersonRow, (row.seq, "actor")).data["slack_id"] for row in rows]
    return [(slack_id, body["authentication"], body["facts"]) for slack_id, body in zip(who, bodies, strict=True)]


def test_a_job_is_run_for_whoever_may_and_is_on_record(door: Entrance) -> None:
    rita = door.token("RITA")
    assert door.type("run groups", rita, "job") == (200, {"text": "groups: 4 <done>.", "next": []})
    assert door.type("run digest C0B", rita, "job")[1]["text"] == "digest:C0B: 4 <done>."
    door.clock[0] = NOW + timedelta(seconds=1)
    assert len(door.type("run digest", rita, "job")[1]["text"].splitlines()) == 2
    assert door.bench.ran == [f"manual/{name}" for name in ("groups", "digest:C0B", "digest:C0A", "digest:C0B")]
    assert asked_jobs(door.services.store) == [
        ("U0RITA", "token", {"job": "groups", "subject": ""}),
        ("U0RITA", "token", {"job": "digest", "subject": "C0B"}),
        ("U0RITA", "token", {"job": "digest", "subject": ""}),
    ]


def test_a_job_asked_for_twice_by_one_name_is_run_once(door: Entrance) -> None:
    content = {"command": "job", "text": "run groups", "request_id": "a"}
    rita = door.token("RITA")
    said = [door.ask("POST", "/api/command", content, token=rita) for _ in range(2)]
    assert said[0] == said[1]
    assert door.bench.ran == ["manual/groups"]


def test_whoever_may_not_run_jobs_runs_none(door: Entrance) -> None:
    status, told = door.type("run groups", door.token("ANA"), "job")
    assert (status, told["error"].partition(":")[0]) == (403, "You can't run jobs")
    assert (door.bench.ran, asked_jobs(door.services.store)) == ([], [])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("run coffee", "There is no job coffee."),
        ("run digest C0X", "The job digest has no subject C0X."),
        ("run groups C0A", "The job groups has no subject C0A."),
        ("run", "Say which job"),
    ],
)
def test_a_job_that_nobody_knows_is_named(door: Entrance, words: str, why: str) -> None:
    status, told = door.type(words, door.token("RITA"), "job")
    assert status == 403
    assert told["error"].startswith(why)
    assert asked_jobs(door.services.store) == []


def test_a_job_that_failed_says_so_and_not_what_broke_it(door: Entrance) -> None:
    status, told = door.type("run broken", door.token("RITA"), "job")
    assert (status, told["error"].partition(".")[0]) == (403, "broken failed")
    assert "DATA-226" not in told["error"]


def test_a_long_job_is_begun_and_not_waited_for_nor_run_twice(door: Entrance) -> None:
    rita = door.token("RITA")
    assert door.type("run long", rita, "job")[1]["text"].startswith("long is begun, and goes on.")
    assert door.type("run long", rita, "job")[1]["error"].startswith("Nothing was run: long")
    assert door.bench.ran == []


def test_slack_knows_no_job() -> None:
    assert "/job" not in TABLES.commands


def test_a_digest_asked_for_twice_by_one_name_is_posted_once(door: Entrance) -> None:
    rita = door.token("RITA")

    def ask(request_id: str) -> int:
        content = {"command": "/release", "text": "digest now 2026.12", "request_id": request_id}
        return door.ask("POST", "/api/command", content, token=rita)[0]

    assert [ask("a"), ask("a"), ask("b")] == [200, 200, 200]
    with door.services.store.read() as session:
        assert len(session.exec(select(OutboxRow).where(OutboxRow.kind == "digest")).all()) == 2


@pytest.mark.parametrize("text", [None, "", "nonsense", "interlock_" + "A" * 43, "\u00e9".encode().decode("latin-1")])
def test_without_a_token_that_works_there_is_nothing_to_see(door: Entrance, text: str | None) -> None:
    for method, path in (("POST", "/api/command"), ("POST", "/api/signoff"), ("GET", "/api/token")):
        status, told = door.ask(method, path, {"command": "/release", "text": "list"}, token=text)
        assert status == 401
        assert list(told) == ["error"]
        assert "/link token" in told["error"]


def test_an_expired_token_says_when(door: Entrance) -> None:
    mine = door.token()
    door.clock[0] = NOW + timedelta(hours=12)
    assert door.type("list", mine) == (
        401,
        {
            "error": "This token expired Mon 23 Nov 21:00 UTC. "
            "Type /link token in Slack for another: it says how to log in."
        },
    )


@pytest.mark.parametrize(("change", "why"), [({"active": False}, "deactivated"), ({"kind": "guest"}, "not guests")])
def test_whoever_left_or_is_a_guest_now_is_refused_at_once(door: Entrance, change: dict[str, Any], why: str) -> None:
    mine = door.token()
    assert door.type("list", mine)[0] == 200
    with door.services.store.write() as session:
        session.get_one(PersonRow, "U0TOM").sqlmodel_update(change)
    status, told = door.type("list", mine)
    assert status == 403
    assert why in told["error"]


def test_leaving_ends_the_token(door: Entrance) -> None:
    mine = door.token()
    assert door.ask("GET", "/api/token", token=mine) == (
        200,
        {"person": "Tom Arkwright", "expires_at": (NOW + timedelta(hours=12)).isoformat()},
    )
    assert door.ask("DELETE", "/api/token", token=mine) == (200, {"text": "Your token is revoked.", "next": []})
    assert door.ask("GET", "/api/token", token=mine)[0] == 401


def test_too_often_is_told_with_when_and_others_go_on(door: Entrance) -> None:
    mine, hers = door.token(), door.token("ANA")
    said = [door.ask("GET", "/api/token", token=mine)[0] for _ in range(31)]
    assert said == [200] * 30 + [429]
    assert door.ask("GET", "/api/token", token=mine)[1] == {"error": "That is too often. Try again in 60 s."}
    assert door.ask("GET", "/api/token", token=hers)[0] == 200
    door.clock[0] = NOW + timedelta(seconds=61)
    assert door.ask("GET", "/api/token", token=mine)[0] == 200


def test_guesses_are_counted_and_slowed_and_shut_out_nobody(door: Entrance, logged: io.StringIO) -> None:
    mine, guess = door.token(), "interlock_" + "A" * 43
    said = [door.ask("GET", "/api/token", token=guess)[0] for _ in range(WRONG_PER_MINUTE + 2)]
    assert said == [401] * WRONG_PER_MINUTE + [429] * 2
    assert door.ask("POST", "/api/command", {}, token=None)[0] == 429
    assert door.wrong == ["unknown_token"] * (WRONG_PER_MINUTE + 2) + ["no_token"]
    assert logged.getvalue().count("door closed") == WRONG_PER_MINUTE
    assert door.ask("GET", "/api/token", token=mine)[0] == 200  # from the same address
    door.clock[0] = NOW + timedelta(seconds=61)
    assert door.ask("GET", "/api/token", token=guess)[0] == 401


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"command": 1}', b"[" * 20_000, {"command": "/release", "request_id": "a b"}],
    ids=str,
)
def test_what_cannot_be_read_is_said_in_a_line(door: Entrance, content: object) -> None:
    status, told = door.ask("POST", "/api/command", content, token=door.token())
    assert (status, list(told)) == (400, ["error"])


def test_a_body_has_a_limit(door: Entrance) -> None:
    assert door.ask("POST", "/api/command", b"x" * (BODY + 1), token=door.token())[0] == 413


def test_a_decision_is_one_of_three(door: Entrance) -> None:
    assert door.sign("x", "waived", door.token()) == (
        400,
        {"error": "A decision is one of approved, rejected, revoked."},
    )
    assert door.sign("no-such-revision", "approved", door.token("ANA"))[0] == 403


@pytest.mark.parametrize("name", ["", "a\x00b", "\ud800", "a b", "x" * 101])
def test_what_names_no_revision_never_reaches_the_database(door: Entrance, name: str) -> None:
    """PostgreSQL stores no NUL, and no database a torn surrogate."""
    assert door.sign(name, "approved", door.token())[0] == 400


def test_hostile_text_stays_text(door: Entrance) -> None:
    mine = door.token("ANA")
    for text in (
        "<!channel>",
        "'; DROP TABLE release;--",
        "x" * 10_000,
        "\u202e\x1b[31m\x00",
        "إصدار",
        "&lt;@U0TOM&gt;",
    ):
        status, told = door.type(f"status {text}", mine)
        assert status == 403
        assert "There is no release" in told["error"]
        assert "\x1b" not in told["error"]


def test_neither_log_nor_answer_shows_the_token(door: Entrance, logged: io.StringIO) -> None:
    mine = door.token()
    said = [door.type("list", mine), door.sign("x", "approved", mine), door.ask("GET", "/api/token", token=mine)]
    door.clock[0] = NOW + timedelta(hours=12)
    said.append(door.type("list", mine))
    assert "expired_token" in logged.getvalue()
    assert mine not in logged.getvalue()
    assert mine not in str(said)


def test_policy_closes_the_door(services: Services, door: Entrance) -> None:
    closed = replace(POLICY, permissions=POLICY.permissions | {Permission.TOKEN_SELF: ()})
    mine = door.token()
    shut = Api(Door(replace(door.services, policy=closed), Answers("https://slack.com/api/"), Metrics()), lambda: NOW)
    assert shut.whose(f"Bearer {mine}").status == 403


def test_every_decision_has_its_button() -> None:
    assert {each.value for each in Decision} < set(SIGNOFFS)
