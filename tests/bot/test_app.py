"""The shell: payloads in, one handler, answers out. Payloads have Slack's shapes."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt import App, BoltRequest
from slack_bolt.response import BoltResponse
from sqlalchemy.exc import OperationalError

from bot.answers import Answers
from bot.app import TABLES, build_app
from bot.commands import SlashCommand, Verb, listed
from bot.dispatch import Tables
from bot.payload import encode
from bot.requests import (
    Cleared,
    Click,
    Closed,
    Command,
    Errors,
    Event,
    Replacement,
    Shown,
    Submission,
    Suggestion,
)
from bot.services import Services
from bot.views import blocks, forms
from bot.views.blocks import Message
from interlock.domain.errors import InterlockError
from interlock.store import seen


class Handlers:
    """Rows for the tables that remember what they were given and do as a test says."""

    def __init__(self) -> None:
        self.given: list[Any] = []
        self.then: Callable[[Any, Services], Any] = lambda _request, _services: None

    def command(self, request: Command, services: Services) -> Message:
        self.given.append(request)
        return self.then(request, services) or blocks.sentence(f"{request.verb}: {blocks.escape(request.args)}")

    def any(self, request: Any, services: Services) -> Any:
        self.given.append(request)
        return self.then(request, services)


@pytest.fixture
def handlers() -> Handlers:
    return Handlers()


@pytest.fixture
def answers(services: Services) -> Answers:
    return Answers(services.settings.slack_api_url)


@pytest.fixture
def app(services: Services, handlers: Handlers, answers: Answers) -> App:
    verbs = ("list", "new", "status", "signoffs", "digest now")
    tables = Tables(
        commands={
            "/release": SlashCommand(
                about="Releases.",
                default="status",
                verbs={verb: Verb(handler=handlers.command, usage="[x]", about=f"does {verb}") for verb in verbs},
            ),
            "/blockers": SlashCommand(
                about="Blockers.",
                default="list",
                free=True,
                verbs={"list": Verb(handler=handlers.command, usage="[team]", about="lists")},
            ),
        },
        clicks={"approve": handlers.any, "pick": handlers.any},
        submissions={"reject": handlers.any},
        suggestions={"release": handlers.any},
        events={"app_mention": handlers.any, "app_home_opened": handlers.any},
    )
    return build_app(services, tables=tables, answers=answers)


def dispatch(app: App, body: dict[str, Any]) -> BoltResponse:
    return app.dispatch(BoltRequest(body=body, mode="socket_mode"))


def said(response: BoltResponse) -> dict[str, Any]:
    assert response.status == 200
    answer: dict[str, Any] = json.loads(response.body) if response.body else {}
    return answer


def slash(text: str, command: str = "/release", trigger: str = "t1") -> dict[str, Any]:
    return {
        "command": command,
        "text": text,
        "user_id": "U0ANA",
        "team_id": "T0PRACTICE",
        "channel_id": "C0GENERAL",
        "channel_name": "general",
        "trigger_id": trigger,
        "response_url": "http://127.0.0.1:1/never",
    }


def click(slack_url: str | None, action: dict[str, Any], trigger: str = "t1", **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": "U0ANA", "team_id": "T0PRACTICE"},
        "trigger_id": trigger,
        "container": {"type": "message", "message_ts": "1.2", "channel_id": "C0GENERAL", "is_ephemeral": False},
        "channel": {"id": "C0GENERAL", "name": "general"},
        "actions": [{"block_id": "b", "type": "button"} | action],
    }
    return body | ({"response_url": f"{slack_url}answer"} if slack_url else {}) | more


def submitted(values: dict[str, Any], trigger: str = "t1", **view: Any) -> dict[str, Any]:
    return {
        "type": "view_submission",
        "user": {"id": "U0ANA"},
        "trigger_id": trigger,
        "view": {
            "id": "V1",
            "hash": "h",
            "type": "modal",
            "callback_id": "reject",
            "private_metadata": '{"card": 7}',
            "state": {"values": values},
            "blocks": [],
        }
        | view,
    }


def event(kind: str, event_id: str = "Ev1", **inner: Any) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "event_id": event_id,
        "team_id": "T0PRACTICE",
        "event": {"type": kind, "user": "U0ANA", "channel": "C0GENERAL"} | inner,
        "authorizations": [{"team_id": "T0PRACTICE", "user_id": "U0INTERLOCK", "is_bot": True}],
    }


@pytest.mark.parametrize(
    ("text", "verb", "args"),
    [
        ("", "status", ""),
        ("status 2026.12", "status", "2026.12"),
        ("STATUS 2026.12", "status", "2026.12"),
        ("  stat   2026.12  ", "status", "2026.12"),
        ("sta", "status", ""),
        ("digest now", "digest now", ""),
        ("Digest NOW #general", "digest now", "#general"),
        ("digest", "digest now", ""),
        ("dig n 2026.12", "digest now", "2026.12"),
        ("status fix the payload parser", "status", "fix the payload parser"),
        ("status a  b", "status", "a  b"),
        ("status R&amp;D &lt;1&gt;", "status", "R&D <1>"),
        ("status <@U0RAVI|ravi> in <#C0GENERAL|general>", "status", "<@U0RAVI> in <#C0GENERAL>"),
        ("status <http://pay-48.example|pay-48.example>", "status", "pay-48.example"),
        ("status a\x00b\x1b[31mc\ud800", "status", "ab[31mc"),
        ("status \u202eabc", "status", "\u202eabc"),
    ],
)
def test_a_command_finds_its_verb(app: App, handlers: Handlers, text: str, verb: str, args: str) -> None:
    dispatch(app, slash(text))
    assert [(request.verb, request.args) for request in handlers.given] == [(verb, args)]


def test_a_commands_answer_rides_in_its_ack(app: App, handlers: Handlers) -> None:
    answer = said(dispatch(app, slash("status <!channel>")))
    assert answer == {
        "response_type": "ephemeral",
        "unfurl_links": False,
        "text": "status: &lt;!channel&gt;",
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "status: &lt;!channel&gt;", "verbatim": True}}
        ],
    }
    [request] = handlers.given
    assert (request.actor.slack_id, request.channel_id, request.channel_name) == ("U0ANA", "C0GENERAL", "general")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("statsu 2026.12", "Did you mean `/release status`?"),
        ("s", "Did you mean `/release status` or `/release signoffs`?"),
        ("hlep", "Did you mean `/release help`?"),
        ("frobnicate", "It has `list`, `new`, `status`, `signoffs`, `digest now` and `help`."),
        ("2026.12", "Did you mean `/release status 2026.12`? It has `list`"),
        ("<!channel> %s ;-- 'x\"", "/release has no “&lt;!channel&gt;”."),
        ("x" * 10_000, "/release has no “" + "x" * 59 + "…”."),
    ],
)
def test_what_is_no_verb_gets_the_nearest(app: App, handlers: Handlers, text: str, expected: str) -> None:
    assert expected in said(dispatch(app, slash(text)))["blocks"][0]["text"]["text"]
    assert handlers.given == []


def test_free_text_is_the_default_verbs_argument(app: App, handlers: Handlers) -> None:
    dispatch(app, slash("Data Engineering", command="/blockers"))
    assert [(request.verb, request.args) for request in handlers.given] == [("list", "Data Engineering")]


def test_help_has_a_line_for_each_verb(app: App) -> None:
    text = said(dispatch(app, slash("help")))["blocks"][0]["text"]["text"]
    assert text.splitlines()[0] == "*/release* · Releases."
    assert "`/release digest now [x]` does digest now" in text
    assert said(dispatch(app, slash("help", "/blockers", "t2")))["blocks"][0]["text"]["text"].splitlines()[1:] == [
        "`/blockers [team]` lists"
    ]


def test_a_command_that_no_table_has_is_answered(app: App) -> None:
    assert "does not answer to /deploy" in said(dispatch(app, slash("", command="/deploy")))["text"]


def test_a_redelivered_command_runs_once_and_is_answered_alike(app: App, handlers: Handlers) -> None:
    first, second = (said(dispatch(app, slash("new", trigger="t9"))) for _ in range(2))
    assert first == second
    assert len(handlers.given) == 1


def test_a_known_error_is_its_sentence(app: App, handlers: Handlers) -> None:
    def fail(_request: Any, _services: Services) -> None:
        raise InterlockError("The mirror is empty: wait for the first sync.")

    handlers.then = fail
    assert said(dispatch(app, slash("status")))["text"] == "The mirror is empty: wait for the first sync."


def test_any_other_error_is_an_id_that_is_logged(app: App, handlers: Handlers, logged: io.StringIO) -> None:
    def fail(_request: Any, _services: Services) -> None:
        raise RuntimeError("secret detail")

    handlers.then = fail
    text = said(dispatch(app, slash("status")))["text"]
    ident = text.partition("tell us ")[2][:4]
    assert text == f"Something broke on our side; tell us {ident}. Nothing was changed."
    assert ident in logged.getvalue()


def test_an_error_after_the_commit_does_not_claim_that_nothing_changed(app: App, handlers: Handlers) -> None:
    def fail(request: Command, services: Services) -> None:
        with services.store.write() as session:
            seen.first_time(session, "trigger:t1", request.now)
        raise RuntimeError

    handlers.then = fail
    assert "What you did is probably recorded" in said(dispatch(app, slash("status")))["text"]
    handlers.then = lambda *_: None
    assert said(dispatch(app, slash("status", trigger="t2")))["text"] == "status: "


def test_an_unreachable_database_is_said(app: App, handlers: Handlers) -> None:
    def fail(_request: Any, _services: Services) -> None:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    handlers.then = fail
    assert said(dispatch(app, slash("status")))["text"].startswith("Interlock can't reach its database just now;")


def test_a_clicks_answer_goes_to_its_response_url(app: App, handlers: Handlers, answers: Answers, slack: Any) -> None:
    handlers.then = lambda *_: blocks.sentence("Approved.")
    action = {"action_id": "approve", "value": encode("signoff", 7)}
    assert said(dispatch(app, click(slack.url, action))) == {}
    answers.close()
    [request] = handlers.given
    assert (request.number("signoff"), request.channel_id, request.message_ts) == (7, "C0GENERAL", "1.2")
    [answer] = slack.called("answer")
    assert (answer["text"], answer["response_type"], answer["replace_original"]) == ("Approved.", "ephemeral", False)


def test_a_replacement_takes_the_place_of_what_was_clicked(
    app: App, handlers: Handlers, answers: Answers, slack: Any
) -> None:
    handlers.then = lambda *_: Replacement(message=blocks.sentence("Shared."))
    dispatch(app, click(slack.url, {"action_id": "approve", "value": encode("signoff", 7)}))
    answers.close()
    assert slack.called("answer")[0]["replace_original"] is True


def test_an_answer_whose_blocks_are_refused_goes_plain(
    app: App, handlers: Handlers, answers: Answers, slack: Any
) -> None:
    handlers.then = lambda *_: blocks.sentence("Approved.")
    slack.answer("answer", {"_status": 400, "_raw": "invalid_blocks"})
    dispatch(app, click(slack.url, {"action_id": "approve", "value": encode("signoff", 7)}))
    answers.close()
    assert [answer.get("blocks") is None for answer in slack.called("answer")] == [False, True]


@pytest.mark.parametrize(
    "value", ["7", "1:signoff", "9:signoff:7", "1:signoff:7;--", "1:signoff:" + "7" * 5000, "1:SIGNOFF:7", "\x00"]
)
def test_a_value_that_no_version_of_ours_wrote_reaches_no_handler(
    app: App, handlers: Handlers, answers: Answers, slack: Any, value: str
) -> None:
    dispatch(app, click(slack.url, {"action_id": "approve", "value": value}))
    answers.close()
    assert handlers.given == []
    assert "That button can't be read" in slack.called("answer")[0]["text"]


def test_a_value_of_another_kind_is_refused(app: App, handlers: Handlers, answers: Answers, slack: Any) -> None:
    handlers.then = lambda request, _services: request.number("signoff")
    dispatch(app, click(slack.url, {"action_id": "approve", "value": encode("booking", 7)}))
    answers.close()
    assert "That button can't be read" in slack.called("answer")[0]["text"]


def test_a_button_that_no_table_has_is_answered_and_a_link_is_not(app: App, answers: Answers, slack: Any) -> None:
    dispatch(app, click(slack.url, {"action_id": "retired"}, "t1"))
    dispatch(app, click(slack.url, {"action_id": "retired", "url": "https://practice.example"}, "t2"))
    answers.close()
    assert len(slack.called("answer")) == 1


def test_a_click_in_a_modal_is_answered_on_top_of_it(app: App, handlers: Handlers, slack: Any) -> None:
    handlers.then = lambda *_: blocks.sentence("Taken.")
    dispatch(app, click(None, {"action_id": "approve"}, "t1", view={"id": "V1", "type": "modal"}))
    dispatch(app, click(None, {"action_id": "approve"}, "t2", view={"id": "V2", "type": "home"}))
    assert [slack.called(method)[0]["trigger_id"] for method in ("views.push", "views.open")] == ["t1", "t2"]


@pytest.mark.parametrize(
    ("action", "selected"),
    [
        ({"type": "static_select", "selected_option": {"value": "uat-2"}}, "uat-2"),
        ({"type": "overflow", "selected_option": {"value": "mine"}}, "mine"),
        ({"type": "datepicker", "selected_date": "2026-12-17"}, "2026-12-17"),
        ({"type": "datetimepicker", "selected_date_time": 1797000000}, "1797000000"),
        ({"type": "users_select", "selected_user": "U0RAVI"}, "U0RAVI"),
        ({"type": "checkboxes", "selected_options": [{"value": "a"}, {"value": "b"}]}, "a"),
        ({"type": "checkboxes", "selected_options": []}, None),
        ({"type": "static_select", "selected_option": None}, None),
    ],
)
def test_a_choice_is_the_clicks_selected(
    app: App, handlers: Handlers, action: dict[str, Any], selected: str | None
) -> None:
    dispatch(app, click(None, {"action_id": "pick"} | action))
    assert handlers.given[0].selected == selected


def test_a_submission_is_its_values(app: App, handlers: Handlers) -> None:
    handlers.then = lambda *_: Cleared()
    values = {
        "reason": {"reason": {"type": "plain_text_input", "value": " too \x00early "}},
        "until": {"until": {"type": "datepicker", "selected_date": "2026-12-17"}},
        "versions": {"versions": {"type": "multi_static_select", "selected_options": [{"value": "1"}, {"value": "2"}]}},
        "empty": {"empty": {"type": "plain_text_input", "value": None}},
    }
    assert said(dispatch(app, submitted(values))) == {"response_action": "clear"}
    [request] = handlers.given
    assert (request.text("reason"), request.text("until"), request.text("empty")) == ("too early", "2026-12-17", "")
    assert (request.many("versions"), request.many("empty"), request.private) == (("1", "2"), (), {"card": 7})


@pytest.mark.parametrize(
    ("answer", "ack"),
    [
        (Errors(by_block={"reason": "Say why."}), {"response_action": "errors", "errors": {"reason": "Say why."}}),
        (Closed(), {}),
    ],
)
def test_a_submissions_answer_rides_in_its_ack(
    app: App, handlers: Handlers, answer: Errors | Closed, ack: dict[str, Any]
) -> None:
    handlers.then = lambda *_: answer
    got = said(dispatch(app, submitted({})))
    assert {key: value for key, value in got.items() if value} == ack


def test_a_submission_can_turn_into_a_last_view(app: App, handlers: Handlers) -> None:
    view = forms.notice("Done", "Rejected.")
    handlers.then = lambda *_: Shown(view=view)
    assert said(dispatch(app, submitted({}))) == {"response_action": "update", "view": view}


def test_a_failed_submission_keeps_what_was_entered(app: App, handlers: Handlers) -> None:
    def fail(_request: Submission, _services: Services) -> None:
        raise InterlockError("The release closed meanwhile.")

    handlers.then = fail
    body = submitted({}, blocks=[forms.input_text("a", "A"), forms.input_text("reason", "Why"), blocks.divider()])
    errors = {"reason": "The release closed meanwhile."}
    assert said(dispatch(app, body)) == {"response_action": "errors", "errors": errors}


def test_a_corrected_submission_is_no_repeat(app: App, handlers: Handlers) -> None:
    handlers.then = lambda *_: Errors(by_block={"reason": "Say why."})
    for reason in ("", "", "too early"):
        dispatch(app, submitted({"reason": {"reason": {"value": reason}}}, trigger=""))
    assert [request.text("reason") for request in handlers.given] == ["", "too early"]


def test_a_form_that_no_table_has_is_answered(app: App) -> None:
    answer = said(dispatch(app, submitted({}, callback_id="retired")))
    assert "older version" in answer["view"]["blocks"][0]["text"]["text"]


def test_options_ride_in_the_ack(app: App, handlers: Handlers) -> None:
    handlers.then = lambda request, _services: [blocks.option(request.typed, "1")]
    body = {"type": "block_suggestion", "user": {"id": "U0ANA"}, "action_id": "release", "value": " 2026 "}
    answer = said(dispatch(app, body | {"block_id": "release"}))
    assert [option["text"]["text"] for option in answer["options"]] == ["2026"]
    assert isinstance(handlers.given[0], Suggestion)


def test_an_event_is_handled_once(app: App, handlers: Handlers) -> None:
    for _ in range(2):
        assert dispatch(app, event("app_mention", text="<@U0INTERLOCK> status")).status == 200
    [request] = handlers.given
    assert isinstance(request, Event)
    assert (request.type, request.channel_id, request.body["text"]) == (
        "app_mention",
        "C0GENERAL",
        "<@U0INTERLOCK> status",
    )


def test_an_event_that_failed_is_delivered_again(app: App, handlers: Handlers) -> None:
    def fail(_request: Event, _services: Services) -> None:
        raise RuntimeError

    handlers.then = fail
    assert dispatch(app, event("app_mention")).status == 503
    handlers.then = lambda *_: None
    assert dispatch(app, event("app_mention")).status == 200
    assert len(handlers.given) == 2


@pytest.mark.parametrize("kind", ["app_mention", "reaction_added", "message"])
def test_what_bots_say_and_what_no_table_has_is_acknowledged(app: App, handlers: Handlers, kind: str) -> None:
    assert dispatch(app, event(kind, bot_id="B0INTERLOCK", subtype="bot_message")).status == 200
    assert handlers.given == []


@pytest.mark.parametrize(
    "body",
    [
        {"type": "view_closed", "user": {"id": "U0ANA"}, "view": {"id": "V1", "callback_id": "reject"}},
        {"type": "shortcut", "callback_id": "x", "user": {"id": "U0ANA"}, "trigger_id": "t"},
    ],
)
def test_what_is_only_told_is_acknowledged(app: App, body: dict[str, Any]) -> None:
    assert dispatch(app, body).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"type": "block_actions", "actions": [{"type": "button", "action_id": "approve"}]},
        {"type": "block_actions", "actions": [{"type": "button", "action_id": "approve"}], "view": None, "user": None},
        {"type": "view_submission", "view": {"type": "modal", "callback_id": "reject", "private_metadata": "{"}},
        {"command": "/release"},
        {"type": "event_callback", "event": {"type": "app_mention"}},
    ],
)
def test_a_payload_that_lacks_everything_breaks_nothing(app: App, handlers: Handlers, body: dict[str, Any]) -> None:
    handlers.then = lambda request, _: Cleared() if isinstance(request, Submission) else None
    assert dispatch(app, body).status == 200
    assert isinstance(handlers.given[0], Command | Click | Submission | Event)
    assert handlers.given[0].actor.slack_id == ""


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        ("help", ["list", "new", "status", "signoffs", "digest now"]),
        ("status help", ["status"]),
        ("STATUS Help", ["status"]),
        ("digest now ?", ["digest now"]),
    ],
)
def test_help_is_there_wherever_it_is_asked_for(app: App, handlers: Handlers, text: str, verbs: list[str]) -> None:
    lines = said(dispatch(app, slash(text)))["blocks"][0]["text"]["text"].splitlines()[1:]
    assert lines == [f"`/release {verb} [x]` does {verb}" for verb in verbs]
    assert handlers.given == []


def test_help_names_a_words_further_verbs_where_it_is_asked_about_that_word() -> None:
    release = TABLES.commands["/release"]
    brief = listed(release, "")
    assert {"runbook", "calendar", "digest now"} <= set(brief)
    assert not {"runbook start", "calendar link"} & set(brief)
    assert listed(release, "runbook start") == [verb for verb in release.verbs if verb.startswith("runbook")]
    assert {verb for each in brief for verb in listed(release, each)} == set(release.verbs)
