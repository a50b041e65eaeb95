"""A busy morning in which everything goes wrong at once: nothing that anybody wrote gets into the log, nor any secret.

At DEBUG, the most talkative level; what is said at INFO is said here too.
"""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from bot.wiring import now
from sandbox.faults import FAULT_KINDS, Fault
from sandbox.server import SandboxServer, practice
from sandbox.slack.settings import Settings
from sandbox.world.people_at_work import Somebody
from sandbox.world.play import PLATFORM, play
from tests.e2e.running import MANIFEST, Bot, free_port, posts, run_job, settings, until

REASON = "the vault door sticks on Fridays"
TYPED = "falcon slips to march"
SUMMARY = "Halibut ledger rounds the wrong way"
COMMENT = "my neighbour saw the halibut"
SECRETS = ("BOT_TOKEN", "APP_TOKEN", "SIGNING_SECRET", "JIRA_TOKEN", "WEBHOOK_SECRET", "EVIDENCE_KEY")
QUICK = [kind for kind in FAULT_KINDS if not kind.startswith("timeout")]
"""Those that cost nobody seconds of waiting."""
REFRESHED = {"signoff.refresh"}


def order(server: SandboxServer, service: str, method: str, *kinds: str) -> None:
    for kind in kinds:
        server.faults.plan(Fault(service=service, method=method, fault=kind))  # type: ignore[arg-type]  # one of FAULT_KINDS


def deliver(port: int, body: bytes, signature: str) -> int:
    headers = {"X-Hub-Signature": signature, "Content-Type": "application/json"}
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}/webhooks/jira", body, headers), timeout=20) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def forge(port: int) -> None:
    told = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"fields": {"summary": SUMMARY}}}).encode()
    assert deliver(port, told, "sha256=0") == 401
    half = told[: len(told) // 2]
    signed = hmac.new(b"practice-webhook-secret", half, hashlib.sha256).hexdigest()
    assert deliver(port, half, f"sha256={signed}") == 400


def walk(server: SandboxServer, port: int, env: dict[str, str], folder: Path) -> str:
    """People at work while things break; returns what a command beside the bot had to say."""
    order(server, "slack", "chat.postMessage", *QUICK, "malformed", "500")
    order(server, "slack", "chat.update", *QUICK)
    play(server.acts, server.workspace, now().date())
    tom = Somebody(server.acts, server.workspace, "U0TOM")
    tom.types(PLATFORM, f"/release status {TYPED}")
    tom.types(PLATFORM, f"/release {TYPED}")
    tom.presses(PLATFORM, "Reject")
    tom.fills("Reject the release", {"Why not?": REASON})
    # A refresh that waits still would join the next cause's, and go on with that one's trace.
    until("the card to be drawn again", lambda: kinds_settled_for_the_rejection(log_of(folder)) >= REFRESHED)
    order(server, "slack", "views.open", "malformed")
    tom.types(PLATFORM, "/env book perf-1")
    order(server, "slack", "users.list", "malformed")
    order(server, "slack", "usergroups.list", "500", "drop_after")
    order(server, "jira", "*/rest/api/2/search*", "500", "malformed", "drop_after")
    ticket = server.tickets.create("DATA", SUMMARY, "ana")
    server.tickets.comment(ticket.key, COMMENT, "ana")
    forge(port)
    ran = [run_job(name, env=env, folder=folder) for name in ("groups", "sync")]
    return "".join(each.stderr for each in ran)


def canaries(server: SandboxServer, env: dict[str, str]) -> set[str]:
    posted = {each.text for channel in server.workspace.channels() for each in posts(server, channel.id)}
    people = {each.email for each in server.workspace.people() if each.email}
    secrets = {value for name, value in env.items() if name.endswith(SECRETS)}
    titles = {each.summary for each in server.tickets.site.tickets if each.summary}
    assert len(titles) > 100
    assert posted
    assert len(secrets) == len(SECRETS)
    return {REASON, TYPED, SUMMARY, COMMENT} | posted | people | secrets | titles


def test_nothing_that_somebody_wrote_gets_into_the_log(sqlite_url: str, tmp_path: Path) -> None:
    port = free_port()
    with practice(manifest=MANIFEST, today=now().date(), settings=Settings(rate_scale=0)) as server:
        order(server, "jira", "*/rest/api/2/search*", "500", "drop_before")
        env = settings(server, sqlite_url, port) | {"INTERLOCK_LOG_LEVEL": "debug"}
        bot = Bot(env, tmp_path / "bot.log")
        try:
            bot.ready()
            until("the first sync", lambda: "sync.done" in bot.log.read_text())
            beside = walk(server, port, env, tmp_path)
            until("the rejection", lambda: any(REASON in str(each.blocks) for each in posts(server, PLATFORM)))
            assert bot.end() == 0, bot.log.read_text()
        finally:
            bot.discard()
        log = bot.log.read_text() + beside
        leaked = {each for each in canaries(server, env) if each in log}
    assert leaked == set()
    events = log_of(tmp_path)
    told = {each["event"] for each in events}
    assert {"handled", "slack.called", "jira.asked", "jira.again", "webhook.forged", "outbox.settled"} <= told
    assert REFRESHED | {"signoff.rejected"} <= kinds_settled_for_the_rejection(events)


def log_of(folder: Path) -> list[dict[str, Any]]:
    """What the bot has logged so far; a line that it is writing is left out."""
    lines = (folder / "bot.log").read_text().splitlines(keepends=True)
    return [json.loads(each) for each in lines if each.endswith("\n")]


def kinds_settled_for_the_rejection(events: list[dict[str, Any]]) -> set[str]:
    """The kinds of the messages that went out under the trace id of the click that rejected."""
    handled = [each for each in events if each["event"] == "handled" and each["kind"] == "submission"]
    traces = {each["trace_id"] for each in handled if each["name"] == "signoff.reject"}
    return {each["kind"] for each in events if each["event"] == "outbox.settled" and each.get("trace_id") in traces}
