"""One Jira over HTTP: who we are, what an answer means, when to ask again."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from jira.client import TokenAuth
from jira.resilientsession import ResilientSession
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from interlock import trace
from interlock.trackers.errors import TrackerError
from interlock.trackers.refusal import refusal

OPEN = "/serverInfo"
"""Answers anybody, so it says nothing of the token."""
CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
ANSWER_SECONDS = 180.0
"""A whole answer, however slowly it drips: the read timeout alone only bounds the gap between two pieces."""
LARGEST_ANSWER = 64 * 1024 * 1024
ATTEMPTS = 5
LONGEST_WAIT_SECONDS = 60.0
"""A longer Retry-After (Cloud's hourly quota) ends the run instead: the next one goes on where it stopped."""

_WORDS = frozenset({"rest", "api", "2", "changelog", "comment", "field", "issue", "jql", "myself", "project", "search"})
_WORDS |= {"mypermissions", "serverInfo", "versions"}
"""Of the paths that are asked; whatever else stands in one names a ticket or a project."""

Observe = Callable[[str, str, float], None]
"""Hears of each request: its method and path with the names left out, its outcome in a word, its seconds."""

_log = structlog.get_logger(__name__)


Heed = Callable[[str | None], None]
"""Hears after each request whether Jira accepts the token: None, or a sentence that says why not."""


def unheeded(_refusal: str | None) -> None:
    """For a process that only looks."""


def unobserved(_method: str, _outcome: str, _seconds: float) -> None:
    """For a process that serves no metrics."""


class JiraHttp:
    """JSON in and out of one Jira, as one account.

    Session and token authentication are the `jira` library's, its retries are off: it retries comments (they are then
    written twice), chokes on an HTTP-date Retry-After and gives up at once on a 502. `email` makes it Cloud's
    basic authentication, None Data Center's personal access token. `sleep` waits between `attempts`, of each of which
    `observe` hears; `read_seconds` is the longest silence in an answer.
    """

    def __init__(
        self,
        url: str,
        email: str | None,
        token: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        read_seconds: float = READ_SECONDS,
        attempts: int = ATTEMPTS,
        observe: Observe = unobserved,
        heed: Heed = unheeded,
    ) -> None:
        self._attempts = attempts
        self._observe = observe
        self._heed = heed
        self.url = url.rstrip("/")
        self.cloud = email is not None
        self._sleep = sleep
        self._session = ResilientSession(timeout=(CONNECT_SECONDS, read_seconds), max_retries=0)
        self._email = email
        self.use(token)
        self._session.headers["User-Agent"] = "interlock"
        self._session.hooks["response"] = [self._received]

    def use(self, token: str) -> None:
        """From the next request on."""
        self._session.auth = TokenAuth(token) if self._email is None else (self._email, token)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Reads; asks again after what may pass: a lost connection, a timeout, 429, 5xx, a garbled answer."""
        return self._again(lambda: self._ask("GET", path, params=params))

    def search(self, path: str, body: Mapping[str, Any]) -> Any:
        """A search is a read, though it is sent by POST: JQL may be longer than an address."""
        return self._again(lambda: self._ask("POST", path, json_body=body))

    def write(self, path: str, body: Mapping[str, Any]) -> Any:
        """Sends once. After a lost connection nobody knows whether it took effect, so the caller must look first."""
        return self._ask("POST", path, json_body=body)

    def close(self) -> None:
        self._session.close()

    def _again(self, ask: Callable[[], Any]) -> Any:
        retrying = Retrying(
            sleep=self._sleep,
            stop=stop_after_attempt(self._attempts),
            retry=retry_if_exception(_may_pass),
            wait=_wait,
            before_sleep=_say,
            reraise=True,
        )
        return retrying(ask)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json_body: Mapping[str, Any] | None = None,
    ) -> Any:
        name = f"{method} {_normal(path)}"
        began, outcome = time.perf_counter(), "fault"
        with trace.step(f"jira {name}", role="client") as note:
            try:
                answer = self._exchange(method, path, params=params, json_body=json_body)
                outcome = "ok"
            except TrackerError as error:
                outcome = error.outcome
                if error.unknown_account:
                    self._heed(str(error))
                raise
            finally:
                seconds = time.perf_counter() - began
                note("outcome", outcome)
                self._observe(name, outcome, seconds)
                _log.debug("jira.asked", what=name, outcome=outcome, milliseconds=round(seconds * 1000))
        if not path.endswith(OPEN):
            self._heed(None)
        return answer

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json_body: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            # A redirect leads to a sign-in page and would be followed with the token in hand.
            response = self._session.request(
                method, f"{self.url}{path}", params=params, json=json_body, allow_redirects=False, stream=True
            )
        except requests.exceptions.SSLError as error:
            raise TrackerError(
                f"{self._host} shows a certificate that this machine does not trust. Let REQUESTS_CA_BUNDLE name your "
                "company's certificate file.",
                permanent=True,
            ) from error
        except requests.exceptions.Timeout as error:
            raise TrackerError(
                f"{self._host} did not answer in time. The next run asks again.", permanent=False
            ) from error
        except (
            requests.exceptions.ConnectionError,
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
        ) as error:
            raise TrackerError(
                f"{self._host} cannot be reached or broke off its answer. "
                "If this goes on, check JIRA_URL and the network.",
                permanent=False,
            ) from error
        except requests.exceptions.RequestException as error:
            raise TrackerError(
                f"{self.url} is not an address that can be asked. Correct JIRA_URL (https://jira.example.com).",
                permanent=True,
            ) from error
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise TrackerError(
                f"{self._host} answered {path} with something that is not JSON. Check that JIRA_URL names Jira itself "
                "and not a page before it.",
                permanent=False,
                status=response.status_code,
            ) from error

    @property
    def _host(self) -> str:
        return urlsplit(self.url).netloc or self.url

    def _received(self, response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
        """Reads the body within its limits and raises for what is no answer, before the library looks at either: it
        reads bodies of any length, and its error parser trips over bodies that are not objects."""
        response._content = _bounded(response)  # noqa: SLF001 requests has no bounded read; this is where .content looks
        error = refusal(response, host=self._host, cloud=self.cloud)
        if error is not None:
            raise error


def _normal(path: str) -> str:
    return "/".join(part if part in _WORDS or not part else "{}" for part in path.split("/"))


def _bounded(response: requests.Response) -> bytes:
    ends = time.monotonic() + ANSWER_SECONDS
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_content(64 * 1024):
        size += len(piece)
        pieces.append(piece)
        if size > LARGEST_ANSWER or time.monotonic() > ends:
            response.close()
            raise TrackerError(
                f"Jira's answer was cut off after {size} bytes: it is too large or too slow. Ask for smaller pages.",
                permanent=size > LARGEST_ANSWER,
            )
    return b"".join(pieces)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, TrackerError) and not error.permanent and (error.retry_after or 0) <= LONGEST_WAIT_SECONDS


_backoff = wait_random_exponential(multiplier=0.5, max=20)


def _wait(state: RetryCallState) -> float:
    """What Jira asks for and a little more, so that many clients do not return together; else exponential backoff."""
    error = state.outcome.exception() if state.outcome else None
    jitter = _backoff(state)
    if isinstance(error, TrackerError) and error.retry_after is not None:
        return error.retry_after + min(jitter, 1.0)
    return jitter


def _say(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    _log.warning(
        "jira.again", attempt=state.attempt_number, wait_seconds=round(state.upcoming_sleep, 1), why=str(error)
    )
