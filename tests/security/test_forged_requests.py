"""HTTP that pretends to be Slack's or Jira's: nothing but the whole body, signed just now, is taken."""

import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from slack_bolt import BoltRequest, BoltResponse

from bot.accepted import Accepted
from bot.http.slack import MAX_AGE, NotSlack, parse, verify
from interlock.trackers import webhook
from tests.bot.conftest import NOW
from tests.security.conftest import SIGNING_SECRET, WEBHOOK_SECRET, House, command, head, signed, status

BODY = command("note hello")
AGE = int(MAX_AGE.total_seconds())


def slacks(body: bytes, secret: str = SIGNING_SECRET, stamp: str | None = None, version: str = "v0") -> tuple[str, str]:
    stamp = stamp or str(int(NOW.timestamp()))
    made = hmac.new(secret.encode(), f"{version}:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return stamp, f"{version}={made}"


def test_what_slack_signed_just_now_is_taken() -> None:
    assert verify(SIGNING_SECRET, BODY, *slacks(BODY), NOW) is None


@pytest.mark.parametrize(("seconds", "taken"), [(AGE, True), (AGE + 1, False), (-AGE, True), (-AGE - 1, False)])
def test_a_signature_lives_for_five_minutes_either_way(seconds: int, taken: bool) -> None:  # noqa: FBT001 a table's column
    stamp, signature = slacks(BODY)
    assert (verify(SIGNING_SECRET, BODY, stamp, signature, NOW + timedelta(seconds=seconds)) is None) is taken


STAMP, GOOD = slacks(BODY)
FORGERIES = {
    "another body": (STAMP, slacks(BODY + b"x")[1]),
    "no body": (STAMP, slacks(b"")[1]),
    "another moment": (str(int(STAMP) + 1), GOOD),
    "another secret": slacks(BODY, secret="guessed"),
    "an empty secret": slacks(BODY, secret=""),
    "another version": slacks(BODY, version="v1"),
    "its beginning": (STAMP, GOOD[:-1]),
    "with more behind it": (STAMP, f"{GOOD}0"),
    "in capitals": (STAMP, GOOD.upper()),
    "without its version": (STAMP, GOOD.removeprefix("v0=")),
    "with a blank": (STAMP, f" {GOOD}"),
    "two at once": (STAMP, f"{GOOD},{GOOD}"),
    "not ASCII": (STAMP, "v0=ä" + "0" * 63),
    "torn bytes": (STAMP, "v0=\udcff"),
    "a moment with a sign": (f"+{STAMP}", GOOD),
    "a moment with a fraction": (f"{STAMP}.0", GOOD),
    "a moment in other digits": ("".join(chr(0x660 + int(digit)) for digit in STAMP), GOOD),
    "a moment with a blank": (f"{STAMP} ", GOOD),
    "a moment with underscores": (f"{STAMP[:4]}_{STAMP[4:]}", GOOD),
    "no moment": (None, GOOD),
    "no signature": (STAMP, None),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_no_other_signature_is_taken(name: str) -> None:
    assert isinstance(verify(SIGNING_SECRET, BODY, *FORGERIES[name], NOW), NotSlack)


def test_a_request_sent_again_is_handled_once(house: House) -> None:
    for _ in range(3):
        assert status(house.post("/slack/events", BODY, signed(BODY))) == 200
    assert len(house.heard) == 1


def test_a_header_sent_twice_makes_no_forgery_good(house: House) -> None:
    lines = [f"{name}: {value}".encode() for name, value in signed(BODY).items()]
    bad, length = b"X-Slack-Signature: v0=" + b"0" * 64, b"Content-Length: %d" % len(BODY)
    assert status(house.send(head("POST", "/slack/events", *lines, bad, length) + BODY)) == 200  # the first one counts
    assert status(house.send(head("POST", "/slack/events", bad, *lines, length) + BODY)) == 401


CLICK = json.dumps({"type": "block_actions", "user": {"id": "U0TOM"}, "actions": [{"action_id": "signoff.approve"}]})
SAID = json.dumps(
    {"type": "event_callback", "event": {"type": "message", "text": f"x&payload={quote(CLICK)}&y="}}
).encode()


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
def test_words_in_a_message_are_never_somebodys_click(content_type: str | None) -> None:
    """The content type is not signed: whoever could change it on the way must not turn a message into a click."""
    told = parse(SAID, content_type)
    assert isinstance(told, dict)
    assert told["type"] == "event_callback"


LAZY = ("x-slack-bolt-lazy-only", "x-slack-bolt-lazy-function-name", "x-slack-retry-num", "x-slack-retry-reason")


def test_no_header_of_bolts_steers_what_is_run(house: House) -> None:
    for number, name in enumerate(LAZY):
        body = command("note hello", trigger=name)
        answer = house.post("/slack/events", body, signed(body) | {name: "1", name.upper(): "say"})
        assert (status(answer), len(house.heard)) == (200, number + 1), name


def test_bolt_is_handed_no_header_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[BoltRequest] = []

    def dispatch(request: BoltRequest) -> BoltResponse:
        seen.append(request)
        return BoltResponse(status=200)

    monkeypatch.setattr(house.door._app, "dispatch", dispatch)
    house.post("/slack/events", BODY, signed(BODY) | {"X-Slack-Bolt-Lazy-Only": "1", "X-Custom": "y"})
    assert [request.headers for request in seen] == [{}]


def jiras(body: bytes, secret: str = WEBHOOK_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


HOOK = b'{"webhookEvent": "jira:issue_updated"}'
HOOK_FORGERIES = {
    "another body": jiras(HOOK + b" "),
    "another secret": jiras(HOOK, "guessed"),
    "its beginning": jiras(HOOK)[:-1],
    "with more behind it": jiras(HOOK) + "0",
    "empty": "",
    "the method alone": "sha256=",
    "another method": "sha1=" + hmac.new(WEBHOOK_SECRET.encode(), HOOK, hashlib.sha1).hexdigest(),
    "no method": jiras(HOOK).removeprefix("sha256="),
    "another method's name": jiras(HOOK).replace("sha256", "none"),
    "two at once": f"{jiras(HOOK)},{jiras(HOOK)}",
    "not ASCII": "sha256=ä" + "0" * 63,
    "none": None,
}


@pytest.mark.parametrize("name", HOOK_FORGERIES)
def test_no_other_webhook_signature_is_taken(name: str) -> None:
    assert not webhook.verify(HOOK, HOOK_FORGERIES[name], WEBHOOK_SECRET)


def test_a_webhooks_signature_is_taken_in_either_case() -> None:
    assert webhook.verify(HOOK, jiras(HOOK), WEBHOOK_SECRET)
    assert webhook.verify(HOOK, jiras(HOOK).upper(), WEBHOOK_SECRET)


def test_an_empty_webhook_secret_trusts_nobody() -> None:
    assert not webhook.verify(HOOK, jiras(HOOK, ""), "")


def test_a_forged_webhook_changes_nothing(house: House) -> None:
    assert status(house.post("/webhooks/jira", HOOK, {})) == 401
    assert status(house.post("/webhooks/jira", HOOK, {"X-Hub-Signature": "sha256=" + "0" * 64})) == 401
    assert house.webhooks == []
    assert status(house.post("/webhooks/jira", HOOK, {"X-Hub-Signature": jiras(HOOK)})) == 200
    assert house.webhooks == [HOOK]


def test_a_door_without_a_secret_cannot_be_made() -> None:
    """An empty one would sign for everybody who thinks of it."""
    with pytest.raises(AssertionError):
        Accepted("", lambda: NOW)
    with pytest.raises(AssertionError):
        Accepted("a secret", lambda: NOW).renew("")
