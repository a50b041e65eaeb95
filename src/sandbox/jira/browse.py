"""A page for each ticket, to read it and to move it as one of its people, so that links in the practice Slack lead
somewhere and a newcomer can unblock a ticket and watch the bot notice."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.jira.calls import Desk
from sandbox.jira.model import Ticket
from sandbox.jira.state import NoSuchError

MOVES = ("To Do", "In Progress", "In Review", "Blocked", "Done")
RECENT = 100
_pages = Environment(loader=PackageLoader("sandbox.jira"), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%a %d %b %Y, %H:%M UTC")


_pages.filters["day"] = _day


def routes(desk: Desk) -> list[Route]:
    return [
        Route("/", _answering(desk, _recent), methods=["GET"]),
        Route("/browse/{key}", _answering(desk, _ticket), methods=["GET"]),
        Route("/browse/{key}", _changing(desk), methods=["POST"]),
    ]


def _answering(desk: Desk, draw: Callable[[Desk, Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return draw(desk, request)

    return endpoint


def _recent(desk: Desk, request: Request) -> Response:
    with desk.store.lock:
        newest = sorted(desk.store.tickets.values(), key=lambda ticket: ticket.updated, reverse=True)[:RECENT]
        body = _pages.get_template("recent.html").render(
            tickets=newest, title=desk.store.site.title, root=_root(request), total=len(desk.store.tickets)
        )
    return HTMLResponse(body)


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _ticket(desk: Desk, request: Request) -> Response:
    with desk.store.lock:
        ticket = desk.store.find(request.path_params["key"])
        if ticket is None:
            return HTMLResponse(_pages.get_template("missing.html").render(root=_root(request)), 404)
        if ticket.key != request.path_params["key"].upper():
            return RedirectResponse(f"{_root(request)}/browse/{ticket.key}")  # it moved
        return HTMLResponse(_page(desk, ticket, request))


def _page(desk: Desk, ticket: Ticket, request: Request) -> str:
    statuses = [status.name for status in desk.store.site.statuses]
    links = [
        (link.type.outward, link.target) if link.source is ticket else (link.type.inward, link.source)
        for link in ticket.links
    ]
    people = sorted((a for a in desk.store.accounts.values() if a.active), key=lambda account: account.display)
    return _pages.get_template("ticket.html").render(
        ticket=ticket,
        links=links,
        moves=[name for name in MOVES if name in statuses] or statuses,
        changes=ticket.changes()[:-21:-1],
        comments=desk.store.site.comments.get(ticket.id, []),
        people=people,
        names=desk.store.accounts,
        actor=request.query_params.get("as") or (ticket.assignee.name if ticket.assignee else people[0].name),
        root=_root(request),
    )


def _changing(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        key, by = request.path_params["key"], form.get("by", "")
        store = desk.store
        try:
            if "move" in form:
                store.transition(key, form["move"], by)
            elif "flag" in form:
                store.flag(key, by, on=form["flag"] == "yes")
            elif "assign" in form:
                store.assign(key, form.get("to") or None, by)
            elif "comment" in form and form.get("body", "").strip():
                store.comment(key, form["body"], by)
        except NoSuchError as error:
            return HTMLResponse(_pages.get_template("missing.html").render(root=_root(request), what=str(error)), 404)
        return RedirectResponse(f"{_root(request)}/browse/{key}?as={by}", 303)

    return endpoint
