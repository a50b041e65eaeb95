"""The HTTP face: Slack's requests, the tracker's webhooks, health and metrics. The command line's requests are routes
of their own (`bot.http.api`).

Handlers of ours are synchronous and run on threads, never on the event loop: /healthz answers while they work.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import ClientDisconnect

from bot.http import bodies
from bot.http.health import Health
from bot.http.slack import Reply, SlackDoor
from interlock.jobs.webhook import Receipt

SLACK_BODY: Final = 1024 * 1024
"""Slack's largest payloads, a modal with everything in it, stay far below."""
JIRA_BODY: Final = 10 * 1024 * 1024
"""Jira cuts a webhook's body at 25 MB; one that is too large for us is caught up by the next sync."""
HANDLERS: Final = 10
"""Requests of Slack's handled at once, as many as Socket Mode's client has threads."""

SILENT: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI's own traces and logs tell what an exception said and what a request held: ours (`bot.tracing`) do not. An
environment variable would switch them on."""

STATUS: Final = {Receipt.TAKEN: 200, Receipt.FORGED: 401, Receipt.UNREADABLE: 400, Receipt.LATER: 503}

JiraDoor = Callable[[bytes, str | None, str | None], Receipt]
"""A webhook's body, its X-Hub-Signature and its X-Atlassian-Webhook-Identifier."""

log = structlog.get_logger(__name__)


def build_http(
    *,
    health: Health,
    registry: CollectorRegistry,
    clock: Callable[[], datetime],
    slack: SlackDoor | None = None,
    jira: JiraDoor | None = None,
) -> FastAPI:
    """`slack` None: Slack is reached over Socket Mode. `jira` None: no secret is configured, so webhooks are off."""
    # No redirect from a path with a slash too many: it would lead to whatever host the request names.
    app = FastAPI(title="Interlock", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.middleware("http")(_one_line_errors)
    # Limits of their own: slow handlers must not hold up the answer that they are slow.
    handlers, probes, scrapes = CapacityLimiter(HANDLERS), CapacityLimiter(4), CapacityLimiter(2)

    @app.post("/slack/events")
    async def slack_events(request: Request) -> Response:
        if slack is None:
            return bodies.error(404, "Slack is reached over Socket Mode here.")
        body = await bodies.read(request, SLACK_BODY)
        if isinstance(body, Response):
            return body
        headers = dict(request.headers)
        reply = await to_thread.run_sync(lambda: slack.receive(body, headers, clock()), limiter=handlers)
        return _response(reply)

    @app.post("/webhooks/jira")
    async def jira_webhook(request: Request) -> Response:
        if jira is None:
            return bodies.error(404, "Webhooks are off: set JIRA_WEBHOOK_SECRET to switch them on.")
        body = await bodies.read(request, JIRA_BODY)
        if isinstance(body, Response):
            return body
        signature = request.headers.get("x-hub-signature")
        name = request.headers.get("x-atlassian-webhook-identifier")
        receipt = await to_thread.run_sync(lambda: jira(body, signature, name), limiter=handlers)
        return Response(
            status_code=STATUS[receipt], content=json.dumps({"receipt": receipt.value}), media_type="application/json"
        )

    @app.get("/healthz")
    async def healthz() -> Response:
        dead = health.dead()
        return bodies.answer(503 if dead else 200, {"alive": not dead} | ({"stopped": dead} if dead else {}))

    @app.get("/readyz")
    async def readyz() -> Response:
        told = await to_thread.run_sync(health.readiness, limiter=probes)
        return bodies.answer(200 if told["ready"] else 503, told)

    @app.get("/metrics")
    async def metrics() -> Response:
        text = await to_thread.run_sync(lambda: generate_latest(registry), limiter=scrapes)
        return Response(content=text, media_type=CONTENT_TYPE_LATEST)

    return app


async def _one_line_errors(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """The edge of the HTTP server: whatever breaks is logged without the request's body, and answered in one line."""
    if {"content-length", "transfer-encoding"} <= set(request.headers):
        # A proxy that goes by the other length takes what follows for a request of its own (RFC 9112, 6.1).
        return bodies.answer(400, {"error": "This request has two lengths."}, {"Connection": "close"})
    try:
        return await answer(request)
    except ClientDisconnect:
        return bodies.error(400, "The request broke off.")
    except Exception:
        log.exception("http request failed", path=request.url.path)
        return bodies.error(500, "Something broke on our side.")


def _response(reply: Reply) -> Response:
    return Response(status_code=reply.status, content=reply.body, media_type=reply.content_type)
