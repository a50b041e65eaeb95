"""`/link` as people meet it: typed, clicked, and told of."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from slack_bolt import App, BoltRequest
from sqlmodel import select

from bot.answers import Answers
from bot.app import build_app
from bot.drawers import link as drawers
from bot.drawing import Drawn
from bot.services import Services
from bot.views.blocks import plain
from interlock.domain.link import Comment
from interlock.domain.outbox import Dropped
from interlock.domain.policy import Policy
from interlock.domain.ticket import Account
from interlock.store.link import LinkRequestRow
from interlock.store.outbox import OutboxRow, message_of
from interlock.store.person import PersonRow
from interlock.store.ticket import AccountRow
from interlock.usecases import link
from tests.bot.conftest import Slack
from tests.builders import NOW, POLICY, people

Says = Callable[..., str]


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def asked() -> threading.Event:
    """Set once the comments are to be looked at."""
    return threading.Event()


@pytest.fixture
def answers(services: Services) -> Answers:
    return Answers(services.settings.slack_api_url)


@pytest.fixture
def app(services: Services, answers: Answers, asked: threading.Event) -> App:
    with services.store.write() as session:
        people(session)
        names = {"acc-nia": "Nia <Brook>", "acc-nia2": "Nia <Brook>", "acc-pete": "Pete Hollis"}
        session.add_all(AccountRow(id=id_, name=name) for id_, name in names.items())
    return build_app(replace(services, check_links=asked.set), answers=answers)


@pytest.fixture
def says(app: App) -> Says:
    """What `/link TEXT` answers."""

    def say(text: str, who: str = "NOMAIL") -> str:
        body = {
            "command": "/link",
            "text": text,
            "user_id": f"U0{who}",
            "channel_id": "C0GENERAL",
            "channel_name": "general",
            "trigger_id": f"{who}.{text}.{threading.get_ident()}.{len(seen)}",
        }
        seen.append(text)
        answer = json.loads(app.dispatch(BoltRequest(body=body, mode="socket_mode")).body)
        return json.dumps(answer["blocks"], ensure_ascii=False)

    seen: list[str] = []
    return say


def act(app: App, action: dict[str, Any], slack: Slack, trigger: str = "t1") -> None:
    body = {
        "type": "block_actions",
        "user": {"id": "U0NOMAIL"},
        "trigger_id": trigger,
        "container": {"type": "message", "message_ts": "1.2", "channel_id": "C0GENERAL"},
        "channel": {"id": "C0GENERAL", "name": "general"},
        "actions": [{"block_id": "b"} | action],
        "response_url": f"{slack.url}answer",
    }
    assert app.dispatch(BoltRequest(body=body, mode="socket_mode")).status == 200


def submit(app: App, key: str) -> dict[str, Any]:
    body = {
        "type": "view_submission",
        "user": {"id": "U0NOMAIL"},
        "trigger_id": f"s.{key}",
        "view": {
            "id": "V1",
            "type": "modal",
            "callback_id": "link.check",
            "state": {"values": {"ticket": {"ticket": {"type": "plain_text_input", "value": key}}}},
            "blocks": [],
        },
    }
    answer: dict[str, Any] = json.loads(app.dispatch(BoltRequest(body=body, mode="socket_mode")).body)
    return answer


def notes(services: Services) -> list[Drawn | Dropped]:
    with services.store.read() as session:
        rows = session.exec(select(OutboxRow).where(OutboxRow.kind == "link.note").order_by(OutboxRow.id)).all()  # type: ignore[arg-type]  # a column
        messages = [message_of(row) for row in rows]
    return [drawers.note(services, message) for message in messages]


def test_bare_it_says_how_somebody_is_linked_or_what_to_do(says: Says) -> None:
    assert "You are not linked to an account in the tracker. Type `/link` and" in says("")
    assert "You are *acc-ana* in the tracker, linked by your e-mail address." in says("", "ANA")
    assert "Prove that you are Pete Hollis" in says("pete")
    assert "Prove that you are Pete Hollis" in says("")


@pytest.mark.parametrize(
    ("text", "who", "answer"),
    [
        ("nia", "NOMAIL", "Several accounts in the tracker begin so. Which one is yours?"),
        ("Nia <Brook>", "NOMAIL", "Several accounts in the tracker bear that name. Which one is yours?"),
        ("Pete Hollys", "NOMAIL", "called “Pete Hollys”. Which one is yours?"),
        ("&lt;!channel&gt; ;--", "NOMAIL", "Prove that you are &lt;!channel&gt; ;--"),
        ("acc-ana", "ANA", "You are *acc-ana* in the tracker already."),
        ("pete", "ANA", "You can't change to another account by yourself"),
        ("pete", "GUEST", "Interlock answers full members of this workspace only"),
        ("remove", "ANA", "You are linked by your e-mail address, so it would only come back."),
        ("remove", "NOMAIL", "You are not linked to any tracker account."),
        ("confirm", "RITA", "Type `/link confirm`, the person with @"),
        ("confirm @nia acc-pete", "RITA", "Type `/link confirm`, the person with @"),
        ("confirm <@U0NOMAIL|nia>", "RITA", "Type `/link confirm`, the person with @"),
        (
            "confirm <@U0NOMAIL|nia> nia",
            "RITA",
            "Several accounts fit. Name one by its id: `acc-nia` Nia",
        ),
        ("confirm <@U0NOMAIL|nia> pete holis", "RITA", "Did you mean `acc-pete` Pete Hollis?"),
        ("confirm <@U0NOMAIL|nia> xyzzy", "RITA", "others can prove theirs with `/link`"),
        ("confirm <@U0RITA|rita> pete", "RITA", "You can't confirm your own account."),
        ("confirm <@U0NOMAIL|nia> pete", "ANA", "You can't confirm whose tracker account is whose"),
        ("confirm <@U0NOMAIL|nia> pete", "RITA", "Nia Brook is *Pete Hollis* (`acc-pete`) in the tracker from now on"),
        ("help", "NOMAIL", "`/link confirm @person ACCOUNT` links somebody on your word"),
    ],
)
def test_what_is_typed_is_answered_in_a_sentence(says: Says, text: str, who: str, answer: str) -> None:
    assert answer in says(text, who)


def test_one_of_several_is_chosen_and_the_question_turns_into_the_code(
    app: App, says: Says, answers: Answers, slack: Slack, services: Services
) -> None:
    says("nia")
    option = {"text": {"type": "plain_text", "text": "Nia"}, "value": "id:acc-nia2"}
    act(app, {"type": "static_select", "action_id": "link.choose", "selected_option": option}, slack)
    answers.close()
    (answer,) = slack.called("answer")
    assert answer["replace_original"]
    assert "comment interlock-" in answer["text"]
    with services.store.read() as session:
        assert session.get_one(LinkRequestRow, "U0NOMAIL").account_id == "acc-nia2"


def test_the_whole_way_from_a_name_to_a_link(
    app: App, says: Says, asked: threading.Event, slack: Slack, services: Services
) -> None:
    said = says("acc-nia")
    act(app, {"type": "button", "action_id": "link.check"}, slack)
    (opened,) = slack.called("views.open")
    assert opened["view"]["callback_id"] == "link.check"
    assert not asked.is_set()
    assert submit(app, "nonsense")["errors"] == {"ticket": "That is no ticket's key. A key looks like DATA-214."}
    assert submit(app, "data-125")["response_action"] == "update"
    assert asked.is_set()
    (request,) = link.waiting(services.store, NOW)
    assert request.code in said
    link.settle(services.store, POLICY, request, (), NOW)
    submit(app, "DATA-125 ")
    (request,) = link.waiting(services.store, NOW)
    author = Account(id="acc-nia", name="Nia <Brook>")
    comment = Comment(author=author, names=frozenset(), edited_by="acc-nia", created=NOW, text=request.code)
    (missing,) = notes(services)
    assert isinstance(missing, Drawn)
    assert "No comment of Nia &lt;Brook&gt;'s with your code was found on" in plain(missing.message).text
    assert any(block["type"] == "actions" for block in missing.message.blocks)
    assert link.settle(services.store, POLICY, request, [comment], NOW) == "verified"
    dropped, verified = notes(services)
    assert isinstance(dropped, Dropped), "it was found meanwhile"
    assert isinstance(verified, Drawn)
    assert verified.message.text == (
        "You are *Nia &lt;Brook&gt;* in the tracker from now on: your comment on "
        "<https://jira.practice.example/browse/DATA-125|DATA-125> proves it."
    )
    assert "You are *Nia &lt;Brook&gt;* in the tracker, linked by your comment." in says("")


def test_an_old_button_without_a_claim_says_how_one_stands(
    app: App, answers: Answers, slack: Slack, services: Services
) -> None:
    act(app, {"type": "button", "action_id": "link.check"}, slack)
    answers.close()
    (answer,) = slack.called("answer")
    assert answer["text"].startswith("You are not linked")
    assert "no open claim" in submit(app, "DATA-1")["errors"]["ticket"]


def test_whoever_is_linked_by_an_admin_is_told_by_whom(says: Says, services: Services) -> None:
    says("confirm <@U0NOMAIL|nia> pete", "RITA")
    (note,) = notes(services)
    assert isinstance(note, Drawn)
    assert note.message.text == (
        "Rita Sandoval-Kerr has linked you to *Pete Hollis* in the tracker. If that isn't you, type `/link remove`."
    )
    assert "You are not Pete Hollis in the tracker any more" in says("remove")
    with services.store.read() as session:
        assert session.get_one(PersonRow, "U0NOMAIL").linked_by is None
