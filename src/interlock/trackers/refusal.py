"""What Jira's refusals mean, each in one sentence that says what to do next."""

import json
import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog

from interlock.trackers import plain
from interlock.trackers.errors import TrackerError

_MAY_PASS = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_LONGEST_QUOTE = 300

_log = structlog.get_logger(__name__)


def refusal(response: requests.Response, *, host: str, cloud: bool) -> TrackerError | None:
    """The error that this answer is; None for an answer to an account that Jira knows.

    Jira answers some calls of an account that it does not know with 200 and nothing in it, and says so in a header only
    (JRA-41559): taken for an answer, it would empty the mirror.
    """
    status = response.status_code
    if response.is_redirect or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        target = urlsplit(response.headers.get("Location", "")).netloc or host
        sentence = (
            f"{host} redirects to {target} instead of answering. If a sign-in page stands before Jira, let JIRA_URL "
            "name the address that serves /rest/api without it."
        )
        return TrackerError(sentence, permanent=True, status=status)
    if status >= HTTPStatus.BAD_REQUEST:
        return _of_status(response, host, cloud=cloud)
    if _anonymous(response.headers):
        return _unknown_account(status, host, cloud=cloud)
    if _is_page(response):
        return TrackerError(
            f"{host} answered with a web page instead of data: it asks to sign in, or something stands before Jira. "
            f"Check JIRA_URL, and that {_credentials(cloud=cloud)}.",
            permanent=True,
            status=status,
        )
    return None


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Retry-After: seconds, whole or decimal, or an HTTP date. The date is read against the answer's own Date header,
    since Jira's clock and ours may differ (RFC 9110, 10.2.3). None where nothing there can be read."""
    told = headers.get("Retry-After", "").strip()
    try:
        seconds = float(told)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(told) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
        except (ValueError, TypeError):  # TypeError: one of them has no zone
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _of_status(response: requests.Response, host: str, *, cloud: bool) -> TrackerError:
    status, headers = response.status_code, response.headers
    quote = _quote(response)
    if status == HTTPStatus.UNAUTHORIZED:
        return _unknown_account(status, host, cloud=cloud)
    if status in _MAY_PASS:
        return _passing(response, host, quote)
    denied = headers.get("X-Authentication-Denied-Reason", "")
    if "CAPTCHA" in denied:
        sentence = f"{host} wants a captcha after failed sign-ins. Sign in once in a browser as the bot's account"
        sentence += f" and check that {_credentials(cloud=cloud)}."
    elif status == HTTPStatus.FORBIDDEN:
        sentence = f"{host} forbids this to the bot's account{quote}. Ask a Jira administrator for the permission."
    elif status == HTTPStatus.NOT_FOUND:
        sentence = f"{host} shows no such thing to the bot's account{quote}. Check JIRA_URL and the permissions."
    elif status == HTTPStatus.GONE:
        sentence = f"{host} no longer serves this{quote}. It is Jira Cloud: set JIRA_EMAIL."
    elif status == HTTPStatus.BAD_REQUEST:
        sentence = f"{host} does not accept the question{quote}. Check tickets.projects in the policy."
    else:
        sentence = f"{host} refused with status {status}{quote}. Ask a Jira administrator what stands in the way."
    return TrackerError(sentence, permanent=True, status=status)


def _passing(response: requests.Response, host: str, quote: str) -> TrackerError:
    status, wait = response.status_code, seconds_to_wait(response.headers)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        reason = response.headers.get("RateLimit-Reason")
        _log.warning(
            "jira.rate_limited", reason=reason, retry_after=wait, limit=response.headers.get("X-RateLimit-Limit")
        )
        again = f"It may be asked again in {wait:.0f} s." if wait is not None else "The next run asks again."
        sentence = f"{host} limits how much it is asked{f' ({reason})' if reason else ''}. {again}"
    else:
        sentence = f"{host} cannot answer now (status {status}{quote}). The next run asks again."
    return TrackerError(sentence, permanent=False, retry_after=wait, status=status)


def _unknown_account(status: int, host: str, *, cloud: bool) -> TrackerError:
    return TrackerError(
        f"{host} does not know the bot's account. Check that {_credentials(cloud=cloud)}.",
        permanent=True,
        status=status,
        unknown_account=True,
    )


def _credentials(*, cloud: bool) -> str:
    if cloud:
        return "JIRA_EMAIL and JIRA_TOKEN are an Atlassian account's address and its API token, still valid"
    return "JIRA_TOKEN is a personal access token, still valid (for Jira Cloud set JIRA_EMAIL too)"


def _anonymous(headers: Mapping[str, str]) -> bool:
    login = headers.get("X-Seraph-LoginReason", "").upper()
    return "FAILED" in login or "DENIED" in login or headers.get("X-AUSERNAME", "").strip().lower() == "anonymous"


def _is_page(response: requests.Response) -> bool:
    kind = response.headers.get("Content-Type", "").lower()
    return "html" in kind or response.content[:256].lstrip()[:1] == b"<"


def _quote(response: requests.Response) -> str:
    """What Jira says of it, shortened, in the several shapes that its versions use; empty where it says nothing."""
    if _is_page(response):
        return ""
    try:
        told = json.loads(response.content)
    except (ValueError, RecursionError):
        told = response.content[:_LONGEST_QUOTE].decode("utf-8", "replace")
        if told.lstrip().startswith(("{", "[")):
            return ""  # half an answer, which may be half a ticket
    words = " ".join(plain.text("; ".join(_messages(told))).split())
    return f": {words[:_LONGEST_QUOTE].rstrip('. ')}" if words else ""


def _messages(told: Any) -> list[str]:
    if isinstance(told, str):
        return [told]
    if isinstance(told, list):
        return [each for each in told if isinstance(each, str)]
    found = plain.record(told)
    messages: list[str] = []
    for name in ("errorMessages", "message", "errorMessage"):
        messages += _messages(found[name]) if isinstance(found.get(name), str | list) else []
    return messages + [plain.text(each) for each in plain.record(found.get("errors")).values()]
