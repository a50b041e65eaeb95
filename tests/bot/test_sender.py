"""An outbox message and Slack: what is called, and what each failure means for what comes next."""

import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from bot.drawing import Drawn, DrawnFile, DrawnHome, DrawnPin
from bot.sender import SlackSender
from bot.services import Services
from bot.slack import Slack
from bot.views import blocks
from interlock.domain import outbox
from interlock.domain.errors import InterlockError
from interlock.domain.outbox import Deferred, DeliveryError, Dropped, Sent, Urgency
from interlock.store.person import ChannelRow, PersonRow

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POSTED = {"ok": True, "channel": "C0GENERAL", "ts": "1790000000.000100"}
MESSAGE = outbox.Message(
    id=1,
    key="k",
    kind="digest",
    ids={},
    channel="C0GENERAL",
    thread_ts=None,
    urgency=Urgency.ROUTINE,
    token="opaque",
    coalesce=None,
    created_at=NOW,
    not_after=NOW + timedelta(hours=1),
    attempts=1,
    attempted_at=NOW,
)
DRAWN = Drawn(message=blocks.message("Digest", blocks.section("*Tuesday*"), blocks.context("Jira as of 2 min ago")))


@pytest.fixture
def send(services: Services, slack: Any) -> Callable[..., Sent | Dropped | Deferred]:
    def send(
        message: outbox.Message = MESSAGE, drawn: Drawn | DrawnFile | DrawnHome | DrawnPin | Dropped | Exception = DRAWN
    ) -> Sent | Dropped | Deferred:
        def draw(_services: Services, _message: outbox.Message) -> Drawn | DrawnFile | DrawnHome | DrawnPin | Dropped:
            if isinstance(drawn, Exception):
                raise drawn
            return drawn

        return sender(services, slack, draw).send(message)

    return send


def sender(services: Services, slack: Any, draw: Any = None, timeout: int = 1) -> SlackSender:
    return SlackSender(services, Slack("xoxb-practice-bot", slack.url, timeout), {"digest": draw or (lambda *_: DRAWN)})


def test_a_post_carries_its_token_and_unfurls_nothing(send: Any, slack: Any) -> None:
    slack.answer("chat.postMessage", POSTED)
    assert send(replace(MESSAGE, thread_ts="1.2")) == Sent(channel="C0GENERAL", ts="1790000000.000100")
    [call] = slack.called("chat.postMessage")
    assert call["metadata"] == {"event_type": "interlock", "event_payload": {"token": "opaque"}}
    assert (call["channel"], call["thread_ts"], call["text"]) == ("C0GENERAL", "1.2", "Digest")
    assert (call["unfurl_links"], call["unfurl_media"]) == (False, False)


def test_a_refresh_updates_the_message_that_stands(send: Any, slack: Any) -> None:
    slack.answer("chat.update", POSTED)
    send(drawn=replace(DRAWN, update_ts="1790000000.000100"))
    assert slack.called("chat.update")[0]["ts"] == "1790000000.000100"
    assert slack.called("chat.postMessage") == []


def test_what_was_drawn_for_too_long_is_not_sent(send: Any, slack: Any) -> None:
    assert send(replace(MESSAGE, not_after=NOW)) == Dropped(reason="Not sent in time.")
    assert slack.called("chat.postMessage") == []


@pytest.mark.parametrize("drawn", [DRAWN, replace(DRAWN, update_ts="1.2"), DrawnHome(slack_id="U0ANA", view={})])
def test_whoever_was_stopped_while_it_drew_calls_nothing(
    services: Services, slack: Any, drawn: Drawn | DrawnHome
) -> None:
    times = [0.0, 12.5]
    one = SlackSender(
        services, Slack("xoxb-practice-bot", slack.url), {"digest": lambda *_: drawn}, lambda: times.pop(0)
    )
    with pytest.raises(DeliveryError, match="nothing was sent") as raised:
        one.send(MESSAGE)
    assert (raised.value.unknown_outcome, raised.value.permanent, raised.value.answered) == (False, False, None)
    assert slack.calls == []


def test_a_home_tab_is_published(send: Any, slack: Any) -> None:
    view = {"type": "home", "blocks": []}
    assert send(drawn=DrawnHome(slack_id="U0ANA", view=view)) == Sent(channel="@U0ANA", ts="home")
    assert slack.called("views.publish") == [{"user_id": "U0ANA", "view": view}]


PIN = DrawnPin(channel="C0GENERAL", ts="1.2")


@pytest.mark.parametrize("answer", [{"ok": True}, {"ok": False, "error": "already_pinned"}])
def test_a_message_that_stands_is_pinned(send: Any, slack: Any, answer: dict[str, Any]) -> None:
    slack.answer("pins.add", answer)
    assert send(drawn=PIN) == Sent(channel="C0GENERAL", ts="1.2")
    assert slack.called("pins.add") == [{"channel": "C0GENERAL", "timestamp": "1.2"}]


@pytest.mark.parametrize("code", ["missing_scope", "too_many_pins", "not_pinnable", "permission_denied"])
def test_a_pin_that_slack_does_not_take_parks_nothing(send: Any, slack: Any, logged: Any, code: str) -> None:
    slack.answer("pins.add", {"ok": False, "error": code})
    assert send(drawn=PIN) == Dropped(reason=f"not pinned: {code}")
    assert "not pinned" in logged.getvalue()
    assert code in logged.getvalue()


def test_a_pin_is_tried_again_when_slack_is_away(send: Any, slack: Any) -> None:
    slack.answer("pins.add", {"_status": 503, "ok": False})
    with pytest.raises(DeliveryError) as raised:
        send(drawn=PIN)
    assert not raised.value.permanent


def test_what_the_state_no_longer_warrants_calls_nothing(send: Any, slack: Any) -> None:
    assert send(drawn=Dropped(reason="cleared")) == Dropped(reason="cleared")
    assert slack.calls == []


def test_a_direct_message_opens_its_conversation_once(services: Services, slack: Any) -> None:
    slack.answer("conversations.open", {"ok": True, "channel": {"id": "D0ANA"}})
    slack.answer("chat.postMessage", *[POSTED | {"channel": "D0ANA"}] * 2)
    one = sender(services, slack)
    for _ in range(2):
        assert one.send(replace(MESSAGE, channel="@U0ANA")) == Sent(channel="D0ANA", ts="1790000000.000100")
    assert slack.called("conversations.open") == [{"users": "U0ANA"}]


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long"])
def test_blocks_that_slack_refuses_go_as_words_and_stay_so(services: Services, slack: Any, code: str) -> None:
    slack.answer("chat.postMessage", {"ok": False, "error": code}, {"_status": 429, "ok": False}, POSTED)
    one = sender(services, slack)
    with pytest.raises(DeliveryError):
        one.send(MESSAGE)
    assert one.send(MESSAGE) == Sent(channel="C0GENERAL", ts="1790000000.000100")
    rich, *plainer = slack.called("chat.postMessage")
    assert rich["blocks"]
    assert [(call["blocks"], call["text"]) for call in plainer] == [([], "*Tuesday*\nJira as of 2 min ago")] * 2


def drop(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def cut_short(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"ok": tr')
    handler.wfile.flush()
    drop(handler)


@pytest.mark.parametrize(
    "answer",
    [
        drop,
        cut_short,
        {"_status": 500, "_raw": "Internal Server Error"},
        {"_status": 503, "ok": False, "error": "service_unavailable"},
        {"_raw": "<html>proxy</html>"},
        {"_raw": "[]"},
        {"_raw": ""},
        {"ok": False, "error": "fatal_error"},
        {"ok": False, "error": "internal_error"},
        {"ok": True, "channel": "C0GENERAL"},
    ],
    ids=lambda answer: getattr(answer, "__name__", None) or str(answer)[:40],
)
def test_what_may_have_been_posted_is_said_to_be_unknown(send: Any, slack: Any, answer: Any) -> None:
    slack.answer("chat.postMessage", answer)
    with pytest.raises(DeliveryError) as raised:
        send()
    assert (raised.value.unknown_outcome, raised.value.permanent, raised.value.retry_after) == (True, False, None)
    assert len(slack.called("chat.postMessage")) == 1  # nothing retries behind the relay's back


def test_a_time_out_leaves_the_outcome_unknown(send: Any, slack: Any) -> None:
    release = threading.Event()
    slack.answer("chat.postMessage", lambda _handler: release.wait(10))
    with pytest.raises(DeliveryError) as raised:
        send()
    release.set()
    assert raised.value.unknown_outcome


def test_a_refused_connection_is_known_to_have_sent_nothing(services: Services) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
        slack = Slack("xoxb-practice-bot", f"http://127.0.0.1:{taken.getsockname()[1]}/api/")
        with pytest.raises(DeliveryError) as raised:
            SlackSender(services, slack, {"digest": lambda *_: DRAWN}).send(MESSAGE)
    assert (raised.value.unknown_outcome, raised.value.permanent) == (False, False)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "30"}, 30), ({"retry-after": "2"}, 2), ({}, 10), ({"Retry-After": "soon"}, 10)],
)
def test_slow_down_says_for_how_long(send: Any, slack: Any, headers: dict[str, str], seconds: int) -> None:
    slack.answer("chat.postMessage", {"_status": 429, "_headers": headers, "ok": False, "error": "ratelimited"})
    with pytest.raises(DeliveryError) as raised:
        send()
    assert (raised.value.retry_after, raised.value.unknown_outcome) == (timedelta(seconds=seconds), False)


@pytest.mark.parametrize(
    ("code", "mend"),
    [
        ("channel_not_found", "Invite Interlock there"),
        ("is_archived", "Unarchive it"),
        ("not_in_channel", "/invite @Interlock"),
        ("no_permission", "SLACK_BOT_TOKEN"),
        ("restricted_action", "Ask its admin"),
        ("missing_scope", "Missing: chat:write"),
    ],
)
def test_what_cannot_be_helped_by_trying_says_its_mend(send: Any, slack: Any, code: str, mend: str) -> None:
    slack.answer("chat.postMessage", {"ok": False, "error": code, "needed": "chat:write"})
    with pytest.raises(DeliveryError) as raised:
        send()
    assert (raised.value.permanent, raised.value.unknown_outcome) == (True, False)
    assert mend in raised.value.text


@pytest.mark.parametrize("code", ["invalid_auth", "account_inactive", "token_revoked", "token_expired"])
def test_a_token_that_is_refused_is_no_fault_of_the_messages(send: Any, slack: Any, code: str) -> None:
    slack.answer("chat.postMessage", {"ok": False, "error": code})
    with pytest.raises(DeliveryError) as raised:
        send()
    assert (raised.value.permanent, raised.value.unknown_outcome, raised.value.answered) == (False, False, False)
    assert "SLACK_BOT_TOKEN" in raised.value.text


def test_an_error_that_nobody_knows_is_tried_again_a_bounded_number_of_times(send: Any, slack: Any) -> None:
    slack.answer("chat.postMessage", {"ok": False, "error": "brand_new_error"})
    with pytest.raises(DeliveryError) as raised:
        send()
    assert (raised.value.permanent, raised.value.unknown_outcome) == (False, False)
    assert "brand_new_error" in raised.value.text


@pytest.mark.parametrize(
    ("fault", "text"),
    [(InterlockError("The mirror is empty."), "The mirror is empty."), (KeyError("x"), "broke (KeyError); see")],
)
def test_what_breaks_while_drawing_is_known_to_have_sent_nothing(
    send: Any, slack: Any, fault: Exception, text: str
) -> None:
    with pytest.raises(DeliveryError) as raised:
        send(drawn=fault)
    assert (raised.value.unknown_outcome, raised.value.permanent) == (False, False)
    assert text in raised.value.text
    assert slack.calls == []


def test_an_unknown_kind_is_left_for_the_version_that_knows_it(send: Any) -> None:
    with pytest.raises(DeliveryError) as raised:
        send(replace(MESSAGE, kind="newer"))
    assert not raised.value.permanent


def history(*tokens: str | None, cursor: str = "") -> dict[str, Any]:
    return {
        "ok": True,
        "messages": [
            {"ts": f"{number}.0", "text": "x"}
            | ({"metadata": {"event_type": "interlock", "event_payload": {"token": token}}} if token else {})
            for number, token in enumerate(tokens, 1)
        ],
        "response_metadata": {"next_cursor": cursor},
    }


def test_a_message_is_found_by_its_token_on_whichever_page(services: Services, slack: Any) -> None:
    slack.answer("conversations.history", history(None, "other", cursor="c1"), history("another", "opaque"))
    assert sender(services, slack).find(MESSAGE) == Sent(channel="C0GENERAL", ts="2.0")
    first, second = slack.called("conversations.history")
    assert (first["include_all_metadata"], float(first["oldest"])) == ("true", (NOW - timedelta(hours=2)).timestamp())
    assert second["cursor"] == "c1"


def test_a_reply_is_looked_for_in_its_thread(services: Services, slack: Any) -> None:
    slack.answer("conversations.replies", history(None))
    assert sender(services, slack).find(replace(MESSAGE, thread_ts="1.2")) is None
    assert slack.called("conversations.replies")[0]["ts"] == "1.2"


def test_anothers_metadata_is_not_ours(services: Services, slack: Any) -> None:
    page = history("opaque")
    page["messages"][0]["metadata"]["event_type"] = "another_app"
    slack.answer("conversations.history", page)
    assert sender(services, slack).find(MESSAGE) is None


def test_pages_that_go_round_in_circles_are_no_answer(services: Services, slack: Any) -> None:
    slack.answer("conversations.history", *[history(None, cursor="c1")] * 3)
    with pytest.raises(DeliveryError, match="does not come to an end"):
        sender(services, slack).find(MESSAGE)


def test_a_conversation_that_cannot_be_read_says_why(services: Services, slack: Any) -> None:
    slack.answer("conversations.history", {"ok": False, "error": "not_in_channel"})
    with pytest.raises(DeliveryError) as raised:
        sender(services, slack).find(MESSAGE)
    assert raised.value.permanent


@pytest.mark.parametrize("change", [{"active": False}, {"kind": "guest"}, {"kind": "external"}])
def test_whoever_is_no_member_any_more_is_sent_nothing(
    services: Services, send: Any, slack: Any, change: dict[str, Any]
) -> None:
    """A void note or a ping names tickets, and Home and /link have no such readers either."""
    with services.store.write() as session:
        session.add(PersonRow(slack_id="U0TOM", name="Tom", seen_at=NOW, **change))
    assert isinstance(send(replace(MESSAGE, channel="@U0TOM")), Dropped)
    assert slack.calls == []


def test_a_channel_that_was_shared_with_another_company_meanwhile_gets_nothing(
    services: Services, send: Any, slack: Any
) -> None:
    """The release was planned in it while it was our own; its managers are told how to mend it."""
    with services.store.write() as session:
        session.add(ChannelRow(id="C0GENERAL", name="general", member=True, shared=True))
    with pytest.raises(DeliveryError, match="#general is shared with another company") as caught:
        send()
    assert caught.value.permanent
    assert slack.calls == []


def test_nothing_goes_to_a_channel_that_was_archived(services: Services, send: Any, slack: Any) -> None:
    with services.store.write() as session:
        session.add(ChannelRow(id="C0GENERAL", name="general", member=True, archived=True))
    with pytest.raises(DeliveryError, match="#general is archived") as caught:
        send()
    assert caught.value.permanent
    assert slack.calls == []


def test_a_mention_is_answered_in_a_shared_channel_all_the_same(services: Services, slack: Any) -> None:
    """The answer is the nearest command, and names nothing."""
    with services.store.write() as session:
        session.add(ChannelRow(id="C0GENERAL", name="general", member=True, shared=True))
    slack.answer("chat.postMessage", POSTED)
    api = Slack("xoxb-practice-bot", slack.url, 1)
    answering = SlackSender(services, api, {"words": lambda *_: DRAWN})
    assert isinstance(answering.send(replace(MESSAGE, kind="words")), Sent)


PLACE = {"ok": True, "upload_url": "", "file_id": "F0MAP"}
FILE = DrawnFile(name="map.png", title="Risks", content=b"\x89PNG", alt_text="One is high", comment="One of 2 is high")


def bytes_taken(taken: list[bytes], status: int = 200) -> Callable[[BaseHTTPRequestHandler], None]:
    """Takes what was PUT; the recorder read the body already, so its length is what is known."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        taken.append(str(request.headers.get("Authorization")).encode())
        request.send_response(status)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def test_a_file_goes_up_in_three_steps_and_no_token_with_its_bytes(send: Any, slack: Any) -> None:
    taken: list[bytes] = []
    slack.answer("files.getUploadURLExternal", PLACE | {"upload_url": f"{slack.url}place"})
    slack.answer("place", bytes_taken(taken))
    assert send(replace(MESSAGE, thread_ts="1.2"), FILE) == Sent(channel="C0GENERAL", ts="F0MAP")
    assert slack.called("files.getUploadURLExternal") == [
        {"filename": "map.png", "length": "4", "alt_txt": "One is high"}
    ]
    assert taken == [b"None"]
    assert slack.called("files.completeUploadExternal") == [
        {
            "files": [{"id": "F0MAP", "title": "Risks"}],
            "channel_id": "C0GENERAL",
            "thread_ts": "1.2",
            "initial_comment": "One of 2 is high",
        }
    ]


@pytest.mark.parametrize(
    ("method", "answers", "unknown", "permanent"),
    [
        ("files.getUploadURLExternal", {"ok": False, "error": "internal_error"}, False, False),
        ("files.getUploadURLExternal", {"ok": False, "error": "missing_scope", "needed": "files:write"}, False, True),
        ("place", bytes_taken([], 500), False, False),
        ("place", bytes_taken([], 302), False, False),
        ("files.completeUploadExternal", {"ok": False, "error": "internal_error"}, True, False),
    ],
)
def test_what_becomes_of_an_upload_that_fails(
    send: Any, slack: Any, method: str, answers: Any, *, unknown: bool, permanent: bool
) -> None:
    slack.answer(
        "files.getUploadURLExternal", *([PLACE | {"upload_url": f"{slack.url}place"}] if "get" not in method else [])
    )
    slack.answer(method, answers)
    with pytest.raises(DeliveryError) as raised:
        send(drawn=FILE)
    assert (raised.value.unknown_outcome, raised.value.permanent) == (unknown, permanent)


@pytest.mark.parametrize("url", ["https://evil.example/x", "file:///etc/passwd", "http://files.slack.com/x", ""])
def test_a_file_goes_to_slack_alone(send: Any, slack: Any, url: str) -> None:
    slack.answer("files.getUploadURLExternal", PLACE | {"upload_url": url})
    with pytest.raises(DeliveryError, match="not its own"):
        send(drawn=FILE)
    assert slack.called("files.completeUploadExternal") == []


def test_a_file_is_held_back_once_its_lease_may_be_anothers(services: Services, slack: Any) -> None:
    times = [0.0, 12.5]
    slack.answer("files.getUploadURLExternal", PLACE | {"upload_url": f"{slack.url}place"})
    one = SlackSender(
        services, Slack("xoxb-practice-bot", slack.url), {"digest": lambda *_: FILE}, lambda: times.pop(0)
    )
    with pytest.raises(DeliveryError, match="nothing was sent"):
        one.send(MESSAGE)
    assert slack.called("files.completeUploadExternal") == []
