"""Answers to clicks by their response_url: after the act, best effort, and outside the outbox.

A click's ack carries nothing that shows, so its answer is a second request, which must not hold up the ack.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient

from bot.redirects import is_slacks
from bot.slack import CODE, Observe, unobserved
from bot.views.blocks import Message, plain
from interlock import trace

TIMEOUT_SECONDS: Final = 5
OK: Final = 200
METHOD: Final = "response_url"
"""What such a post is called beside Slack's methods."""

log = structlog.get_logger(__name__)


class Answers:
    """Posts from two threads, to Slack alone: `api_url` is where its Web API is reached. `close` lets what was begun
    finish. `observe` hears of each as `bot.slack`'s does."""

    def __init__(self, api_url: str, observe: Observe = unobserved) -> None:
        self._api_host = urlsplit(api_url).hostname
        self._observe = observe
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="answer")

    def send(
        self, response_url: str, message: Message, *, replace: bool = False, thread_ts: str | None = None
    ) -> Future[bool]:
        """Show the message to the one who clicked; with `replace`, in place of what they clicked. Gives whether Slack
        took it; nobody has to wait for that. `thread_ts` is the thread that the clicked message stands in."""
        if not is_slacks(response_url, self._api_host):  # what it shows is for its clicker alone
            log.warning("answer not delivered", reason="its address is none of Slack's")
            nowhere: Future[bool] = Future()
            nowhere.set_result(False)
            return nowhere
        within = copy_context()  # of the trace under way
        return self._pool.submit(within.run, self._send, response_url, message, replace=replace, thread_ts=thread_ts)

    def close(self) -> None:
        self._pool.shutdown(wait=True)

    def _send(self, url: str, message: Message, *, replace: bool, thread_ts: str | None) -> bool:
        began, outcome = time.perf_counter(), "fault"
        with trace.step(f"slack {METHOD}", role="client") as note:
            try:
                outcome = _post(url, message, replace=replace, thread_ts=thread_ts)
            finally:
                note("outcome", outcome)
                self._observe(METHOD, outcome, time.perf_counter() - began)
        return outcome == "ok"


def _post(url: str, message: Message, *, replace: bool, thread_ts: str | None) -> str:
    """The outcome in a word."""
    # No retries: a dropped connection may have delivered, and an answer shown twice is worse than one to ask for again.
    client = WebhookClient(url, timeout=TIMEOUT_SECONDS, retry_handlers=[])
    try:
        answer = client.send_dict(_body(message, replace=replace, thread_ts=thread_ts))
        if answer.status_code != OK and "invalid_blocks" in (answer.body or ""):
            answer = client.send_dict(_body(plain(message), replace=replace, thread_ts=thread_ts))
    except (SlackClientError, OSError, ValueError) as error:
        log.warning("answer not delivered", reason=type(error).__name__)
        return "unknown"
    if answer.status_code != OK:
        told = answer.body if CODE.fullmatch(answer.body or "") else None
        log.warning("answer refused", status=answer.status_code, reason=told)
        return "refused"
    return "ok"


def _body(message: Message, *, replace: bool, thread_ts: str | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "response_type": "ephemeral",
        "replace_original": replace,
        "text": message.text,
        "unfurl_links": False,
    }
    extra = {"blocks": list(message.blocks), "thread_ts": thread_ts}
    return body | {key: value for key, value in extra.items() if value}
