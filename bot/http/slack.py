"""Slack over HTTP: who sent it, what it says, and Bolt's answer.

We verify and parse ourselves. Bolt's own parser loses a form that merely contains the word "payload"
(`/release note fix the payload parser`), its verifier answers malformed headers with a 500 and logs the body of a bad
signature, and its lazy listeners can be steered by headers that anybody may send. It is handed a verified dict and no
header at all.

Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from slack_bolt import App, BoltRequest

from bot.accepted import Accepted

MAX_AGE: Final = timedelta(minutes=5)
MAX_FIELDS: Final = 100
RECENT: Final = timedelta(minutes=15)
"""For so long a refusal is told of where nothing came that was Slack's."""
FORGED_MEND: Final = (
    "Compare SLACK_SIGNING_SECRET with the app's Signing Secret at api.slack.com/apps, Basic Information. "
    "If they agree, somebody else is sending these."
)
STALE_MEND: Final = "Set this machine's clock by NTP. If it is right, somebody is sending old requests again."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`body` is what goes out, of type `content_type`."""

    status: int
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Arrival(StrEnum):
    """What was made of a request: counted by these, as the tracker's webhooks are by their receipts."""

    TAKEN = "taken"
    UNSIGNED = "unsigned"
    """Without what a signature needs: some scanner's."""
    FORGED = "forged"
    """Signed with a secret that is not ours: Slack's own, where ours is wrong."""
    STALE = "stale"
    """Signed at another time than this machine's clock says it is."""
    UNREADABLE = "unreadable"


MENDS: Final = {Arrival.FORGED: FORGED_MEND, Arrival.STALE: STALE_MEND}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSlack:
    """The request is not one of Slack's; `why` is for the log and quotes none of it."""

    why: str
    arrival: Arrival


def verify(secret: str, body: bytes, timestamp: str | None, signature: str | None, now: datetime) -> NotSlack | None:
    """None when `X-Slack-Signature` is this body's, and was made within the last five minutes."""
    if not timestamp or not signature:
        return NotSlack(why="a signature header is missing", arrival=Arrival.UNSIGNED)
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > 12:  # noqa: PLR2004 years away
        return NotSlack(why="the timestamp is no number", arrival=Arrival.UNSIGNED)
    if abs(now.timestamp() - int(timestamp)) > MAX_AGE.total_seconds():
        return NotSlack(why="the timestamp is more than five minutes off", arrival=Arrival.STALE)
    made = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    # Compared as bytes: a header may hold what is not ASCII, and compare_digest refuses such texts.
    if not hmac.compare_digest(f"v0={made}".encode(), signature.encode("utf-8", "surrogateescape")):
        return NotSlack(why="the signature is not this body's", arrival=Arrival.FORGED)
    return None


def parse(body: bytes, content_type: str | None) -> dict[str, Any] | NotSlack:
    """The payload: JSON as it is, a form's field `payload` as JSON, or the form's fields.

    The signature does not cover `content_type`. What begins as an object is JSON whatever that says: read as a form, a
    message's words `&payload=…` would be somebody's click.
    """
    try:
        text = body.decode("utf-8")
        is_json = (content_type or "").partition(";")[0].strip().lower() == "application/json"
        if is_json or text.lstrip().startswith("{"):
            told = json.loads(text)
        else:
            fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS))
            told = json.loads(fields["payload"]) if "payload" in fields else fields
    except (ValueError, RecursionError) as error:
        return NotSlack(why=f"the body can't be read ({type(error).__name__})", arrival=Arrival.UNREADABLE)
    return told if isinstance(told, dict) else NotSlack(why="the body is no object", arrival=Arrival.UNREADABLE)


class SlackDoor:
    """What stands behind POST /slack/events. `receive` blocks until it is handled: call it on a thread."""

    def __init__(
        self,
        app: App,
        accepted: Accepted,
        *,
        on_arrival: Callable[[str], None] = lambda _: None,
        say: Callable[[str], str] = str,
    ) -> None:
        """`on_arrival` hears of each request what was made of it; `say` puts a sentence as it is told here."""
        self._app = app
        self._accepted = accepted
        self._on_arrival = on_arrival
        self._say = say
        self._taken: datetime | None = None
        self._refused: tuple[datetime, Arrival] | None = None
        self._told: set[Arrival] = set()

    def complaint(self, now: datetime) -> str | None:
        """That what came of late was refused, all of it, and what mends it. Whatever else may come to an address that
        is open to the world is no complaint as long as Slack's requests are taken beside it.
        """
        if self._refused is None or now - self._refused[0] > RECENT:
            return None
        if self._taken is not None and now - self._taken <= RECENT:
            return None
        arrival = self._refused[1]
        what = "not signed with our secret" if arrival is Arrival.FORGED else "signed at another time than our clock's"
        return f"Slack's requests are refused: they are {what}. {MENDS[arrival]}"

    def receive(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Reply:
        timestamp, signature = headers.get("x-slack-request-timestamp"), headers.get("x-slack-signature")
        verdicts = [verify(secret, body, timestamp, signature, now) for secret in self._accepted.secrets()]
        forged = verdicts[0]
        if forged and all(verdicts):
            return self._refuse(401, "This is not signed by Slack.", forged, body, now)
        self._taken = now
        self._told.clear()
        told = parse(body, headers.get("content-type"))
        if isinstance(told, NotSlack):
            return self._refuse(400, "This body can't be read.", told, body, now)
        self._on_arrival(Arrival.TAKEN)
        if told.get("type") == "url_verification":
            return Reply(status=200, body=json.dumps({"challenge": str(told.get("challenge", ""))}))
        if told.get("ssl_check") == "1":
            return Reply(status=200)
        answer = self._app.dispatch(BoltRequest(body=told, mode="socket_mode"))
        return Reply(
            status=answer.status,
            body=answer.body,
            content_type=answer.first_headers().get("content-type", "text/plain; charset=utf-8"),
        )

    def _refuse(self, status: int, sentence: str, what: NotSlack, body: bytes, now: datetime) -> Reply:
        self._on_arrival(what.arrival)
        told = {}
        if what.arrival in MENDS:
            self._refused = now, what.arrival
            if what.arrival not in self._told:  # once, and not with each of a thousand lines
                self._told.add(what.arrival)
                told["mend"] = self._say(MENDS[what.arrival])
        log.warning("slack request refused", why=what.why, bytes=len(body), **told)
        return Reply(status=status, body=json.dumps({"error": sentence}))
