"""People who speak to the bot in words: what is taken for what, and that nobody meets silence."""

from typing import Any

import pytest
from slack_bolt import BoltRequest
from sqlmodel import select

from bot.app import build_app
from bot.drawers import words as drawer
from bot.listeners import words as listener
from bot.payload import Payload
from bot.requests import Click
from bot.services import Services
from bot.words import Meaning, Topic, meaning
from interlock.domain.actor import Actor, Authentication
from interlock.store.outbox import OutboxRow, message_of
from interlock.store.person import PersonRow


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("<@U0INTERLOCK> what's blocking 2026.12?", "/blockers 2026.12"),
        ("what is stuck in Data Engineering", "/blockers Data Engineering"),
        ("what stands in the way of models-2026.12", "/blockers models-2026.12"),
        ("status", "/release status"),
        ("Status of 2026.12, please", "/release status 2026.12"),
        ("are we ready for pay-48?", "/release status pay-48"),
        ("when does 2026.12 go", "/release status 2026.12"),
        ("2026.12", "/release status 2026.12"),
        ("which releases are there?", "/release list"),
        ("who has to sign off 2026.12", "/release signoffs 2026.12"),
        ("who still needs to approve pay-48", "/release signoffs pay-48"),
        ("which step of 2026.12 are we at?", "/release runbook 2026.12"),
        ("show me the run book", "/release runbook"),
        ("book uat-2", "/env book uat-2"),
        ("can I reserve staging tomorrow", "/env book staging"),
        ("give back uat-2", "/env return uat-2"),
        ("I'm done with perf-1", "/env return perf-1"),
        ("who has uat-1?", "/env list uat-1"),
        ("digest now!", "/release digest now"),
        ("plan a new release", "/release new"),
        ("close 2026.09", "/release close 2026.09"),
        ("link me", "/link"),
        ("blokers?", "/blockers"),
        ("enviroments", "/env list"),
        ("hello", "/release help"),
        ("what can you do", "/release help"),
        ("", "/release help"),
        ("🚂🚂🚂", "/release help"),
        ("<!channel> %s ;-- \u202e", "/release help"),
    ],
)
def test_the_nearest_command_is_meant(said: str, typed: str) -> None:
    assert meaning(said).typed == typed


def test_endless_words_have_an_end() -> None:
    assert len(meaning("status of " + "x1" * 5000).typed) < 120


@pytest.fixture
def known(services: Services) -> Services:
    """Ana is a member, Gil a guest. Nobody is given anything by this policy."""
    now = services.clock()
    with services.store.write() as session:
        session.add(PersonRow(slack_id="U0ANA", name="Ana Whitlock", seen_at=now))
        session.add(PersonRow(slack_id="U0GUEST", name="Gil Tarrant", kind="guest", seen_at=now))
    return services


def told(kind: str, text: str, user: str = "U0ANA", **more: Any) -> dict[str, Any]:
    inner = {"type": kind, "user": user, "text": text, "channel": "C0GENERAL", "ts": "1.1"} | more
    return {"type": "event_callback", "event_id": "Ev1", "event": inner}


def outbox(services: Services) -> list[OutboxRow]:
    with services.store.read() as session:
        return list(session.exec(select(OutboxRow)))


def test_a_mention_is_answered_once_in_its_thread(known: Services) -> None:
    app = build_app(known)
    body = told("app_mention", "<@U0INTERLOCK|interlock> what's blocking 2026.12?")
    for _ in range(2):
        assert app.dispatch(BoltRequest(body=body, mode="socket_mode")).status == 200
    # A replica that never saw the event before adds nothing either.
    assert build_app(known).dispatch(BoltRequest(body=body, mode="socket_mode")).status == 200
    [row] = outbox(known)
    assert (row.channel, row.thread_ts, row.kind, row.urgency) == ("C0GENERAL", "1.1", "words", 0)
    assert (row.ids["topic"], row.ids["about"], row.ids["alone"]) == ("blockers", "2026.12", False)


@pytest.mark.parametrize(
    ("more", "answered"),
    [
        ({"channel_type": "im", "channel": "D0ANA"}, True),
        ({"channel_type": "im", "channel": "D0ANA", "subtype": "file_share"}, True),
        ({"channel_type": "im", "channel": "D0ANA", "subtype": "message_changed"}, False),
        ({"channel_type": "im", "channel": "D0ANA", "bot_id": "B0INTERLOCK"}, False),
        ({"channel_type": "channel"}, False),
    ],
    ids=str,
)
def test_a_direct_message_is_answered(known: Services, more: dict[str, Any], answered: bool) -> None:  # noqa: FBT001 a column
    app = build_app(known)
    app.dispatch(BoltRequest(body=told("message", "status", **more), mode="socket_mode"))
    assert [(row.channel, row.thread_ts) for row in outbox(known)] == ([("D0ANA", None)] if answered else [])


def drawn(services: Services, meant: Meaning, **ids: Any) -> Any:
    listener_ids = {"topic": meant.topic.value, "about": meant.about, "by": "U0ANA", "alone": False} | ids
    app = build_app(services)
    app.dispatch(BoltRequest(body=told("app_mention", "hello"), mode="socket_mode"))
    [row] = outbox(services)
    row.ids = listener_ids
    return drawer.answer(services, message_of(row)).message


def test_in_a_channel_the_answer_is_a_button_that_shows_it_to_one(known: Services) -> None:
    message = drawn(known, Meaning(topic=Topic.STATUS, about="2026.12"))
    assert "`/release status 2026.12`" in message.text
    [button] = message.blocks[1]["elements"]
    assert (button["action_id"], button["value"]) == ("words.show", "1:words:status.2026.12")


def test_what_decides_has_to_be_typed(known: Services) -> None:
    message = drawn(known, Meaning(topic=Topic.BOOK, about="uat-2"), alone=True)
    assert "Type it" in message.text
    assert len(message.blocks) == 1


def test_what_no_button_can_carry_has_to_be_typed(known: Services) -> None:
    message = drawn(known, Meaning(topic=Topic.BLOCKERS, about="Data & Engineering"))
    assert "`/blockers Data &amp; Engineering`" in message.text
    assert len(message.blocks) == 1


def test_alone_the_answer_itself_comes(known: Services) -> None:
    message = drawn(known, Meaning(topic=Topic.STATUS, about="2026.12"), alone=True)
    assert "look at releases" in message.text  # what the command itself answers somebody whom policy gives nothing


def test_a_guest_is_told_why_not(known: Services) -> None:
    build_app(known).dispatch(BoltRequest(body=told("app_mention", "status", user="U0GUEST"), mode="socket_mode"))
    [row] = outbox(known)
    assert "not guests" in drawer.answer(known, message_of(row)).message.text


def test_the_button_shows_what_the_command_would(known: Services) -> None:
    click = Click(
        actor=Actor(slack_id="U0ANA", authentication=Authentication.SLACK),
        action_id="words.show",
        now=known.clock(),
        trigger_id="t",
        payload=Payload(kind="words", id="status.2026.12"),
        channel_id="C0GENERAL",
    )
    assert "look at releases" in listener.show(click, known).text
