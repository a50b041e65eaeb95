"""The same bot, reached over HTTP: the same answers, and nobody but Slack is heard."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from bot.wiring import now
from sandbox.server import practice
from sandbox.slack.settings import Settings
from sandbox.world.play import play
from tests.e2e.running import MANIFEST, MODELS, PLATFORM, Bot, Running, free_port, interlock, settings, until

SECRET = "practice-signing-secret"
MARK = "words-that-no-log-may-hold"


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder, port, today = tmp_path_factory.mktemp("http"), free_port(), now().date()
    reached = Settings(http_url=f"http://127.0.0.1:{port}")
    with practice(manifest=MANIFEST, today=today, settings=reached) as server:
        env = settings(server, f"sqlite:///{folder / 'interlock.db'}", port)
        del env["SLACK_APP_TOKEN"]
        assert interlock("db", "upgrade", env=env, folder=folder).returncode == 0
        bot = Bot(env, folder / "bot.log", mode="http")
        try:
            bot.ready()
            until("the first sync", lambda: "sync.done" in bot.log.read_text())
            yield Running(server, bot, env, folder, today)
            assert bot.end() == 0, bot.log.read_text()
        finally:
            bot.discard()


def test_the_whole_first_morning_is_played(bank: Running) -> None:
    """Commands, forms, suggestions, clicks and events, each in a signed request."""
    play(bank.server.acts, bank.server.workspace, bank.today)
    until("the card", lambda: [said for said in bank.posts(PLATFORM) if "1 of 5 given" in said.text])
    noor = bank.somebody("U0NOOR")
    noor.types(MODELS, "/release status")
    newest = next(bank.server.workspace.newest_first(MODELS, viewer="U0NOOR"))
    assert newest.text.startswith(f"{bank.releases.models.name} Model promotion is ")
    noor.types(MODELS, "/release note fix the payload parser")
    newest = next(bank.server.workspace.newest_first(MODELS, viewer="U0NOOR"))
    assert newest.text.startswith("/release has no “note”")
    bank.server.acts.open_home("U0NOOR").result()
    until("her Home tab", lambda: bank.server.workspace.screens.home("U0NOOR"))


def signed(body: bytes, *, age: int = 0, secret: str = SECRET) -> dict[str, str]:
    at = str(int(now().timestamp()) - age)
    made = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={made}",
    }


BODY = urlencode({"command": "/release", "text": MARK, "user_id": "U0RITA", "channel_id": PLATFORM}).encode()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
HALF = b'{"text": "' + MARK.encode()
SPOILT: dict[str, tuple[int, Callable[[], dict[str, str]], bytes]] = {
    "forged": (401, lambda: signed(BODY, secret="guessed"), BODY),
    "stale": (401, lambda: signed(BODY, age=301), BODY),
    "early": (401, lambda: signed(BODY, age=-400), BODY),
    "altered": (401, lambda: signed(BODY), BODY + b"&text=more"),
    "a timestamp of words": (401, lambda: signed(BODY) | {"X-Slack-Request-Timestamp": "yesterday"}, BODY),
    "an endless timestamp": (401, lambda: signed(BODY) | {"X-Slack-Request-Timestamp": "9" * 400}, BODY),
    "a signature of umlauts": (401, lambda: signed(BODY) | {"X-Slack-Signature": "v0=\xe4\xf6\xfc"}, BODY),
    "an empty signature": (401, lambda: signed(BODY) | {"X-Slack-Signature": ""}, BODY),
    "unsigned": (401, lambda: FORM, BODY),
    "half a JSON": (400, lambda: signed(HALF) | JSON, HALF),
    "no text": (400, lambda: signed(b"\xff" + BODY), b"\xff" + BODY),
    "half a payload": (400, lambda: signed(b"payload=" + HALF), b"payload=" + HALF),
    "huge": (413, lambda: signed(b"x" * 2_000_000), b"x" * 2_000_000),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_slack_did_not_sign_or_write_is_refused_and_kept_out_of_the_log(bank: Running, what: str) -> None:
    status, headers, body = SPOILT[what]
    connection = HTTPConnection("127.0.0.1", int(bank.env["INTERLOCK_HTTP"].rpartition(":")[2]), timeout=30)
    connection.request("POST", "/slack/events", body, headers())
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    assert answer.status == status, said
    assert MARK not in said
    log = Path(bank.bot.log).read_text()
    assert MARK not in log
    assert "Traceback" not in log
    assert bank.bot.status("/healthz") == 200
