"""The command line's requests: who asks, by their token, and what. Nothing is decided here.

POST /api/command   {"command": "/release", "text": "status 2026.12"}
POST /api/signoff   {"revision": ID, "decision": "approved" | "rejected" | "revoked", "reason": why it is rejected,
                     "conditions": a line each, "release" and "meaning": where policy asks for a signature}
POST /api/press     {"button": "release.status", "value": "release:3"}, as an answer's `next` names them
POST /api/criteria/RELEASE/REPORT   {"value": 87.5, "link": where it comes from}, by a program, with its own token
GET  /api/token     whose it is, and until when
DELETE /api/token   it works no more
GET  /api/evidence?release=NAME   a release's evidence, as a zip file

Each may carry a `request_id`: a repeat with the same one is the same act. Answers are {"text", "next"}, or {"error",
"next"} in one line: 400 unreadable, 401 no token that works, 403 refused, 404 and 409 (figures) no such release or
report and one that has ended, 429 too often (Retry-After), 500 broken.
"""

import json
import math
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response

from bot.door import APPROVING, SIGNOFFS, Answered, Door, File
from bot.http import bodies
from bot.http.limit import RateLimit
from bot.payload import Payload
from interlock.domain.authority import Refused
from interlock.domain.token import Bearer

BODY: Final = 32 * 1024
LONGEST_NAME: Final = 200
PER_MINUTE: Final = 60
REPORTS_PER_MINUTE: Final = 600
"""Figures from one address: a build's runners may share theirs."""
WRONG_PER_MINUTE: Final = 30
"""Requests without a token that works, from one address."""
HANDLERS: Final = 4
"""Of these requests at once: theirs alone, so that they never hold up Slack's."""
LARGEST: Final = 1e15
NO_FIGURE: Final = {"no_figure": 400, "no_link": 400, "no_release": 404, "no_report": 404, "release_ended": 409}
"""What a program is told of a figure that is not taken; anything else is 403."""
DEAD: Final = frozenset({"unknown_token", "expired_token"})
REVISION: Final = re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII)
VALUE: Final = re.compile(r"([a-z][a-z_]{0,31}):([A-Za-z0-9._-]{1,100})", re.ASCII)
REQUEST_ID: Final = re.compile(r"[\x21-\x7e]{1,100}", re.ASCII)

Fields = Mapping[str, str]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    status: int
    content: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


def uncounted(_reason: str) -> None:
    """For a process that serves no metrics."""


SIGNOFF: Final = ("revision", "decision", "reason", *APPROVING)
"""What a sign-off may be sent with."""


class Api:
    """Methods block: call them on a thread."""

    def __init__(
        self,
        door: Door,
        clock: Callable[[], datetime],
        per_minute: int = PER_MINUTE,
        wrong_per_minute: int = WRONG_PER_MINUTE,
        on_wrong: Callable[[str], None] = uncounted,
    ) -> None:
        """`on_wrong` hears of each request without a token that works, and in a word why."""
        self._door = door
        self._clock = clock
        self._limit = RateLimit(per_minute)
        self._wrong = RateLimit(wrong_per_minute)
        self._reports = RateLimit(REPORTS_PER_MINUTE)
        self._on_wrong = on_wrong

    def command(self, authorization: str | None, body: bytes, address: str = "") -> Told:
        return self._act(authorization, address, body, ("command", "text"), self._command)

    def signoff(self, authorization: str | None, body: bytes, address: str = "") -> Told:
        return self._act(authorization, address, body, SIGNOFF, self._signoff)

    def press(self, authorization: str | None, body: bytes, address: str = "") -> Told:
        return self._act(authorization, address, body, ("button", "value"), self._press)

    def report(self, authorization: str | None, body: bytes, address: str, release: str, report: str) -> Told:
        """A program's figure. Its token opens this door alone."""
        scheme, _, text = (authorization or "").partition(" ")
        if scheme.casefold() != "bearer":
            return self._turn_away("no_token", "Send the program's token: Authorization: Bearer …", address)
        figure = _figure(body)
        if figure is None:
            return _error(400, 'Send a JSON object with a number "value", and a "link" if you like.')
        value, link = figure
        wait = self._reports.wait(address, self._clock())
        if wait is not None:
            return _too_often(wait)
        done = self._door.report(text.strip(), release, report, value, link)
        if isinstance(done, Refused):
            if done.reason in DEAD:
                return self._turn_away(done.reason, done.sentence, address)
            return _error(NO_FIGURE.get(done.reason, 403), done.sentence)
        return Told(status=200, content={"release": done.release.name, "criteria": list(done.criteria)})

    def whose(self, authorization: str | None, address: str = "") -> Told:
        bearer = self._admit(authorization, address)
        if isinstance(bearer, Told):
            return bearer
        return Told(status=200, content={"person": bearer.person.name, "expires_at": bearer.expires_at.isoformat()})

    def leave(self, authorization: str | None, address: str = "") -> Told:
        bearer = self._admit(authorization, address)
        return bearer if isinstance(bearer, Told) else _told(self._door.leave(bearer))

    def evidence(self, authorization: str | None, name: str, address: str = "") -> Told | File:
        bearer = self._admit(authorization, address)
        if isinstance(bearer, Told):
            return bearer
        if len(name) > LONGEST_NAME:
            return _error(400, "No release has so long a name.")
        found = self._door.evidence(bearer, name)
        return found if isinstance(found, File) else _told(found)

    def _act(
        self,
        authorization: str | None,
        address: str,
        body: bytes,
        names: tuple[str, ...],
        handle: Callable[[Bearer, Fields, str], Told],
    ) -> Told:
        bearer = self._admit(authorization, address)
        if isinstance(bearer, Told):
            return bearer
        fields = _fields(body, (*names, "request_id"))
        if fields is None:
            wanted = ", ".join(names)
            return _error(400, f"Send a JSON object of texts: {wanted}, and a request_id if you like.")
        request_id = fields.get("request_id") or secrets.token_urlsafe(12)
        if not REQUEST_ID.fullmatch(request_id):
            return _error(400, "A request_id has at most 100 letters, digits and signs, and no blanks.")
        return handle(bearer, fields, request_id)

    def _admit(self, authorization: str | None, address: str) -> Bearer | Told:
        scheme, _, text = (authorization or "").partition(" ")
        if scheme.casefold() != "bearer":
            sentence = "Send your token: Authorization: Bearer … Type /link token in Slack for one."
            return self._turn_away("no_token", sentence, address)
        bearer = self._door.admit(text.strip())
        if isinstance(bearer, Refused):
            if bearer.reason in DEAD:
                return self._turn_away(bearer.reason, bearer.sentence, address)
            log.warning("door closed", reason=bearer.reason)
            return _error(403, bearer.sentence)
        wait = self._limit.wait(bearer.actor.slack_id, self._clock())
        if wait is not None:
            log.warning("door too often", person=bearer.actor.slack_id)
            return _too_often(wait)
        return bearer

    def _turn_away(self, reason: str, sentence: str, address: str) -> Told:
        """A token that works is let in whatever came from its address before: behind a proxy all have the same one,
        and somebody's guesses must not shut the others out.
        """
        self._on_wrong(reason)
        wait = self._wrong.wait(address, self._clock())
        if wait is not None:
            return _too_often(wait)  # it is counted, and fills no log
        log.warning("door closed", reason=reason)
        return _unknown(sentence)

    def _command(self, bearer: Bearer, fields: Fields, request_id: str) -> Told:
        return _told(self._door.command(bearer, fields.get("command", ""), fields.get("text", ""), request_id))

    def _signoff(self, bearer: Bearer, fields: Fields, request_id: str) -> Told:
        button = SIGNOFFS.get(fields.get("decision", ""))
        if button is None:
            return _error(400, f"A decision is one of {', '.join(SIGNOFFS)}.")
        revision = fields.get("revision", "")
        if not REVISION.fullmatch(revision):
            return _error(400, "A revision is named as interlock release signoffs names it.")
        payload = Payload(kind="revision", id=revision)
        return _told(self._door.press(bearer, button, payload, request_id, fields))

    def _press(self, bearer: Bearer, fields: Fields, request_id: str) -> Told:
        value = VALUE.fullmatch(fields.get("value", ""))
        if value is None:
            return _error(400, "A value is a kind and an id, such as release:3.")
        payload = Payload(kind=value[1], id=value[2])
        return _told(self._door.press(bearer, fields.get("button", ""), payload, request_id))


def routes(api: Api) -> APIRouter:
    router = APIRouter(prefix="/api")
    threads = CapacityLimiter(HANDLERS)

    def post(path: str, handle: Callable[[str | None, bytes, str], Told]) -> None:
        async def answer(request: Request) -> Response:
            body = await bodies.read(request, BODY)
            if isinstance(body, Response):
                return body
            authorization = request.headers.get("authorization")
            return _response(
                await to_thread.run_sync(lambda: handle(authorization, body, _address(request)), limiter=threads)
            )

        router.add_api_route(path, answer, methods=["POST"])

    post("/command", api.command)
    post("/signoff", api.signoff)
    post("/press", api.press)

    @router.post("/criteria/{release}/{report}")
    async def report(request: Request, release: str, report: str) -> Response:
        body = await bodies.read(request, BODY)
        if isinstance(body, Response):
            return body
        authorization, address = request.headers.get("authorization"), _address(request)
        return _response(
            await to_thread.run_sync(lambda: api.report(authorization, body, address, release, report), limiter=threads)
        )

    @router.get("/token")
    async def whose(request: Request) -> Response:
        authorization = request.headers.get("authorization")
        return _response(await to_thread.run_sync(lambda: api.whose(authorization, _address(request)), limiter=threads))

    @router.delete("/token")
    async def leave(request: Request) -> Response:
        authorization = request.headers.get("authorization")
        return _response(await to_thread.run_sync(lambda: api.leave(authorization, _address(request)), limiter=threads))

    @router.get("/evidence")
    async def evidence(request: Request) -> Response:
        authorization, name = request.headers.get("authorization"), request.query_params.get("release", "")
        found = await to_thread.run_sync(lambda: api.evidence(authorization, name, _address(request)), limiter=threads)
        return _file(found) if isinstance(found, File) else _response(found)

    return router


def _file(file: File) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content=file.content, media_type="application/zip", headers=headers)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _fields(body: bytes, names: tuple[str, ...]) -> dict[str, str] | None:
    """Those of the names that the body has; None unless it is an object in which they are texts."""
    try:
        told: Any = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    found = {name: told[name] for name in names if told.get(name) is not None}
    return found if all(isinstance(text, str) for text in found.values()) else None


def _figure(body: bytes) -> tuple[float, str] | None:
    try:
        told: Any = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    value, link = told.get("value"), told.get("link") or ""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(link, str):
        return None
    return (float(value), link) if abs(value) < LARGEST else None


def _told(answered: Answered) -> Told:
    following = [{"label": each.label, "command": each.command} for each in answered.next]
    if answered.refused:
        return Told(status=500 if answered.broken else 403, content={"error": answered.text, "next": following})
    verbatim = {"verbatim": True} if answered.verbatim else {}
    return Told(status=200, content={"text": answered.text, "next": following, **verbatim})


def _error(status: int, sentence: str) -> Told:
    return Told(status=status, content={"error": sentence})


def _too_often(wait: timedelta) -> Told:
    seconds = max(1, math.ceil(wait.total_seconds()))
    told = _error(429, f"That is too often. Try again in {seconds} s.")
    return Told(status=told.status, content=told.content, headers={"Retry-After": str(seconds)})


def _unknown(sentence: str) -> Told:
    return Told(status=401, content={"error": sentence}, headers={"WWW-Authenticate": "Bearer"})


def _response(told: Told) -> Response:
    return bodies.answer(told.status, told.content, {"Cache-Control": "no-store", **told.headers})
