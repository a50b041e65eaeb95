"""Slack's Web API, called once per call: no hidden retries (the SDK's own posted one message twice after a dropped
connection), a time-out, and errors that say what is known of the outcome.
"""

import http.client
import logging
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from socket import gaierror
from typing import Any, Final, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.redirects import NoRedirects, is_slacks
from interlock import trace
from interlock.domain.errors import InterlockError

TIMEOUT_SECONDS: Final = 7
"""Of one call. Three of them (open a conversation, post, post plainly) stay within the relay's lease of 30 s."""
LARGEST_ANSWER: Final = 32 * 1024 * 1024
UPLOAD: Final = "upload"
"""What the sending of a file's bytes is called beside Slack's methods."""
PAGE: Final = 200
PAGES: Final = 500

CODE: Final = re.compile(r"[a-z][a-z0-9_]*")
UNSURE: Final = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
"""Slack: "It's possible some aspect of the operation succeeded before the error was raised."
https://docs.slack.dev/reference/methods/chat.postMessage#errors"""
LIMITED: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
DEFAULT_RETRY: Final = timedelta(seconds=10)
TOO_MANY_REQUESTS: Final = 429
SERVER_ERROR: Final = 500

WRONG_TOKEN: Final = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)
REFUSALS: Final = {
    "account_inactive": "The Slack app was uninstalled, or its account deactivated.",
    "token_revoked": "The Slack app's bot token was revoked.",
    "token_expired": "The Slack app's bot token has expired.",
}
MEND: Final = " Install the app in the workspace, and put its bot token where SLACK_BOT_TOKEN comes from."

NEVER_SENT: Final = (ConnectionRefusedError, gaierror, ssl.SSLCertVerificationError)
"""Before a byte of the request went out. A time-out may also come before, but that cannot be told."""


Given = TypeVar("Given")
Heed = Callable[[str | None], None]
"""Hears after each call whether Slack accepts the token: None, or a sentence that says why not."""


def unheeded(_refusal: str | None) -> None:
    """For a process that only looks."""


Around = Callable[[Callable[[], Mapping[str, Any]]], Mapping[str, Any]]
Observe = Callable[[str, str, float], None]
"""Hears of each call: its method, its outcome in a word, its seconds."""


def unobserved(_method: str, _outcome: str, _seconds: float) -> None:
    """For a process that serves no metrics."""


log = structlog.get_logger(__name__)


class SlackError(InterlockError):
    """A call that did not succeed. `code` is Slack's word for why, "" where no answer came or none that can be read.

    `retry_after`: Slack limits the rate, nothing was done. `unknown_outcome`: it may have been done. `answered`: it is
    Slack's answer to the call, and no failure of Slack's or of the way there.
    """

    def __init__(
        self,
        text: str,
        *,
        code: str = "",
        retry_after: timedelta | None = None,
        unknown_outcome: bool = False,
        needed: str = "",
        answered: bool = True,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.answered = answered
        self.retry_after = retry_after
        self.unknown_outcome = unknown_outcome
        self.needed = needed
        """The scope that the token lacks, with `missing_scope`."""

    @property
    def outcome(self) -> str:
        """One of four words."""
        if self.retry_after is not None:
            return "limited"
        if self.unknown_outcome:
            return "unknown"
        return "refused" if self.code else "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A call that succeeded; `headers` by their names in lower case."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]


class Client(WebClient):
    """The SDK's, which follows redirects with the token in hand, to whatever host they name, and reads an answer of any
    length. This one does neither."""

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        if not url.startswith(("https://", "http://")):
            raise SlackClientError("Slack's address begins with https:// or http://.")
        proxies = [ProxyHandler({"http": self.proxy, "https": self.proxy})] if self.proxy else []
        opener = build_opener(*proxies, HTTPSHandler(context=self.ssl), NoRedirects)
        with opener.open(req, timeout=self.timeout) as answer:
            body = answer.read(LARGEST_ANSWER + 1)
            if len(body) > LARGEST_ANSWER:
                raise SlackClientError("Slack's answer is too large.")
            return {"status": answer.status, "headers": answer.headers, "body": body.decode("utf-8")}


class Slack:
    """Threads share one. `token` is the bot's; `base_url` ends with a slash."""

    def __init__(
        self,
        token: str,
        base_url: str,
        timeout: int = TIMEOUT_SECONDS,
        observe: Observe = unobserved,
        heed: Heed = unheeded,
    ) -> None:
        logger = logging.getLogger("interlock.slack_sdk")
        logger.setLevel(logging.CRITICAL)  # at lower levels it logs bodies; what matters is raised
        self._observe = observe
        self._heed = heed
        self.client = Client(token=token, base_url=base_url, timeout=timeout, retry_handlers=[], logger=logger)

    def use(self, token: str) -> None:
        """From the next call on."""
        self.client.token = token

    def write(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """A method that changes something, as JSON. Arguments that are None are left out. Raises SlackError."""
        return self._call(method, json={key: value for key, value in arguments.items() if value is not None}).body

    def read(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """A method that looks, as a form: those take no JSON. Raises SlackError."""
        return self.look(method, **arguments).body

    def look(self, method: str, **arguments: Any) -> Answer:
        """As `read`, with the answer's headers. Raises SlackError."""
        return self._call(method, params={key: value for key, value in arguments.items() if value is not None})

    def upload(self, name: str, content: bytes, alt_text: str | None = None) -> str:
        """Bring a file to Slack, where nobody sees it before `files.completeUploadExternal` shares it; returns its id.
        Raises SlackError, and never with an unknown outcome: what lies there unshared is no outcome.
        """
        try:
            length = len(content)
            place = self.read("files.getUploadURLExternal", filename=name, length=length, alt_txt=alt_text)
            self._timed(UPLOAD, partial(self._put, str(place.get("upload_url") or ""), content))
        except SlackError as error:
            error.unknown_outcome = False
            raise
        return str(place.get("file_id") or "")

    def _put(self, address: str, content: bytes) -> None:
        if not is_slacks(address, urlsplit(self.client.base_url).hostname):
            raise SlackError("Slack's answer names no place of its own to upload to.")
        request = Request(address, data=content, headers={"Content-Type": "application/octet-stream"})  # noqa: S310 `is_slacks` took http and https alone
        opener = build_opener(HTTPSHandler(context=self.client.ssl), NoRedirects)
        try:
            with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                answer.read(LARGEST_ANSWER)
        except HTTPError as error:
            with error:
                raise SlackError(f"Slack did not take the file (HTTP {error.code}).", answered=False) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SlackError(f"The file did not get to Slack ({type(error).__name__}).", answered=False) from error

    def pages(self, method: str, *, around: Around | None = None, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        """Each page of a method that has cursors; `around` makes each call, to try it again, say. Raises SlackError,
        also where the cursors do not come to an end.
        """
        cursor, seen = "", set[str]()
        while cursor not in seen and len(seen) < PAGES:
            seen.add(cursor)
            ask = partial(self.read, method, limit=PAGE, cursor=cursor or None, **arguments)
            page = around(ask) if around else ask()
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
        raise SlackError(f"Slack's {method} does not come to an end: its cursors repeat.")

    def _call(self, method: str, **how: Any) -> Answer:
        answer = self._timed(method, partial(self._ask, method, **how))
        self._heed(None)
        return answer

    def _timed(self, method: str, ask: Callable[[], Given]) -> Given:
        began, outcome = time.perf_counter(), "fault"
        with trace.step(f"slack {method}", role="client") as note:
            try:
                answer = ask()
                outcome = "ok"
            except SlackError as error:
                outcome = error.outcome
                if error.code in WRONG_TOKEN:
                    self._heed(REFUSALS.get(error.code, f"Slack does not accept the bot token ({error.code}).") + MEND)
                raise
            finally:
                seconds = time.perf_counter() - began
                note("outcome", outcome)
                self._observe(method, outcome, seconds)
                log.debug("slack.called", method=method, outcome=outcome, milliseconds=round(seconds * 1000))
        return answer

    def _ask(self, method: str, **how: Any) -> Answer:
        try:
            answer = self.client.api_call(method, **how)
        except SlackApiError as error:
            raise _refused(method, error) from error
        except URLError as error:
            sent = not isinstance(error.reason, NEVER_SENT)
            raise SlackError(
                f"Slack can't be reached ({error.reason}).", unknown_outcome=sent, answered=False
            ) from error
        except (OSError, http.client.HTTPException, SlackClientError, ValueError, AttributeError) as error:
            # ValueError and AttributeError are what the SDK makes of an answer that is no JSON object.
            raise SlackError(
                f"Slack's answer got lost ({type(error).__name__}).", unknown_outcome=True, answered=False
            ) from error
        data = answer.data
        if not isinstance(data, Mapping):
            raise SlackError("Slack's answer can't be read.", unknown_outcome=True, answered=False)
        return Answer(body=data, headers={name.lower(): str(value) for name, value in answer.headers.items()})


def _refused(method: str, error: SlackApiError) -> SlackError:
    response = error.response
    status = getattr(response, "status_code", 0)
    data = response.data if isinstance(getattr(response, "data", None), Mapping) else {}
    code = str(data.get("error", ""))
    if not CODE.fullmatch(code):
        code = ""  # the SDK puts its own words there when the body is no JSON
    if status == TOO_MANY_REQUESTS or code in LIMITED:
        return SlackError(
            "Slack asks to slow down.", code=code or "ratelimited", retry_after=_retry_after(response.headers)
        )
    if status >= SERVER_ERROR or code in UNSURE or not code:
        reason = code or (f"HTTP {status}" if status >= SERVER_ERROR else "an answer that can't be read")
        return SlackError(
            f"Slack had a failure of its own ({reason}).", code=code, unknown_outcome=True, answered=False
        )
    return SlackError(f"Slack refused {method}: {code}.", code=code, needed=str(data.get("needed", "")))


def _retry_after(headers: Mapping[str, Any]) -> timedelta:
    """The Retry-After header in whole seconds, which is the only form that Slack documents."""
    value = next((value for name, value in headers.items() if name.casefold() == "retry-after"), "")
    text = value[0] if isinstance(value, list) and value else value
    seconds = str(text).strip()
    if not (seconds.isascii() and seconds.isdigit()) or len(seconds) > 5:  # noqa: PLR2004 no wait lasts days
        return DEFAULT_RETRY
    return timedelta(seconds=max(int(seconds), 1))
