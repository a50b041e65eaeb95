"""Slack over HTTP: one signed POST for one envelope.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hashlib
import hmac
import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.slack.envelope import Envelope
from sandbox.slack.settings import Settings

PATH = "/slack/events"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's v0 signature of a raw body."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()


class Webhook:
    """Posts to `<base_url>/slack/events`, with or without a trailing slash; blocks for at most `ack_seconds`."""

    def __init__(self, base_url: str, settings: Settings, timestamp: float) -> None:
        self._url = urlsplit(base_url)
        self._settings = settings
        self._timestamp = str(int(timestamp))

    def post(self, envelope: Envelope) -> tuple[dict[str, Any] | None, str]:
        """The body of the app's answer, or None and why there is none: operation_timeout or dispatch_failed."""
        body, content_type = _encode(envelope)
        try:
            status, answer = self._exchange(body, self._headers(envelope, body, content_type))
        except TimeoutError:
            return None, "operation_timeout"
        except (OSError, http.client.HTTPException):
            return None, "dispatch_failed"
        if not 200 <= status < 300:
            return None, "dispatch_failed"
        return _decode(answer), ""

    def _exchange(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        assert self._url.hostname is not None
        connection = kind(self._url.hostname, self._url.port, timeout=self._settings.ack_seconds)
        try:
            connection.request("POST", self._url.path.rstrip("/") + PATH, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _headers(self, envelope: Envelope, body: bytes, content_type: str) -> dict[str, str]:
        headers = {
            "Content-Type": content_type,
            "Accept": "*/*",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": self._timestamp,
            "X-Slack-Signature": signature(self._settings.signing_secret, self._timestamp, body),
        }
        if envelope.attempts > 1:
            reason = {"timeout": "http_timeout"}.get(envelope.retry_reason, "http_error")
            headers |= {"X-Slack-Retry-Num": str(envelope.attempts - 1), "X-Slack-Retry-Reason": reason}
        return headers


def _encode(envelope: Envelope) -> tuple[bytes, str]:
    if envelope.kind == "events_api":
        return json.dumps(envelope.payload).encode(), "application/json"
    form = envelope.payload if envelope.kind == "slash_commands" else {"payload": json.dumps(envelope.payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def _decode(answer: bytes) -> dict[str, Any]:
    """A JSON object as it is; any other text as the `text` of a message, which is how Slack reads a plain answer."""
    text = answer.decode("utf-8", "replace")
    try:
        body = json.loads(text) if text.strip() else {}
    except ValueError:
        return {"text": text}
    return body if isinstance(body, dict) else {"text": text}
