"""Search: Cloud's /search/jql with its token, its 410 for the old /search, and Data Center's /search with startAt."""

from starlette.responses import Response

from sandbox.jira.calls import Call, RefusedError, answer
from sandbox.jira.jql import JqlError
from sandbox.jira.model import Ticket
from sandbox.jira.pieces import encode, joined
from sandbox.jira.render import RECENT_IN_ISSUE, RECENT_IN_SEARCH, Plan
from sandbox.jira.rest_comments import comment_page
from sandbox.jira.search import BadTokenError

REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline "
    "is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
BAD_TOKEN = "The provided next page token is invalid or expired."
IDS_PAGE, CLOUD_PAGE, DATA_CENTER_PAGE, BULK_PAGE = 5000, 100, 1000, 100


def plan_of(call: Call, default: str) -> Plan:
    """What the `fields` parameter asks for."""
    comments = lambda ticket: comment_page(call, ticket)  # noqa: E731 - a piece, like the renderer's own
    return call.draw.plan(call.names("fields") or [default], call.store.site.foreign_fields, comments)


def _drawn(call: Call, tickets: list[Ticket], default: str) -> bytes:
    wanted = set(call.names("fields") or [default])
    if call.cloud and wanted == {"id"}:
        return joined(f'{{"id":"{ticket.id}"}}'.encode() for ticket in tickets)
    plan, draw = plan_of(call, default), call.draw
    if "changelog" not in call.names("expand"):
        return joined(draw.ticket(ticket, plan) for ticket in tickets)
    return joined(
        draw.ticket(ticket, plan, changelog=draw.changelog(ticket, recent=RECENT_IN_SEARCH)) for ticket in tickets
    )


def _only_ids(call: Call) -> bool:
    return set(call.names("fields") or ["id"]) <= {"id", "key"} and not call.names("expand")


def search_jql(call: Call) -> Response:
    """Cloud. A page is short where fields are asked for, and says by `isLast` and a token whether more follows."""
    jql = call.parameter("jql") or ""
    try:
        if not call.desk.finder.bounded(jql):
            raise RefusedError(400, UNBOUNDED)
        cap = IDS_PAGE if _only_ids(call) else CLOUD_PAGE
        size = max(1, min(cap, call.number("maxResults", 50)))
        ids, token = call.desk.finder.token_page(jql, call.caller, call.parameter("nextPageToken"), size)
    except JqlError as error:
        raise RefusedError(400, str(error)) from error
    except BadTokenError as error:
        raise RefusedError(400, BAD_TOKEN) from error
    with call.store.lock:
        tickets = [t for i in ids if (t := call.store.tickets.get(i)) is not None]
        body = b'{"issues":' + _drawn(call, tickets, "id")
    if token is not None:
        body += b',"nextPageToken":' + encode(token)
    return answer(body + b',"isLast":' + (b"false" if token else b"true") + b"}")


def approximate_count(call: Call) -> Response:
    jql = call.parameter("jql") or ""
    try:
        if not call.desk.finder.bounded(jql):
            raise RefusedError(400, UNBOUNDED)
        return answer({"count": len(call.desk.finder.find(jql, call.caller))})
    except JqlError as error:
        raise RefusedError(400, str(error)) from error


def search_removed(_: Call) -> Response:
    raise RefusedError(410, REMOVED)


def search(call: Call) -> Response:
    """Data Center."""
    strict = (call.parameter("validateQuery") or "true").lower() in {"true", "strict"}
    try:
        ids = call.desk.finder.find(call.parameter("jql") or "", call.caller, strict=strict)
    except JqlError as error:
        raise RefusedError(400, str(error)) from error
    start, size = max(0, call.number("startAt", 0)), call.number("maxResults", 50)
    size = DATA_CENTER_PAGE if size < 0 else min(DATA_CENTER_PAGE, size)
    with call.store.lock:
        tickets = [t for i in ids[start : start + size] if (t := call.store.tickets.get(i)) is not None]
        head = f'{{"expand":"schema,names","startAt":{start},"maxResults":{size},"total":{len(ids)},"issues":'
        return answer(head.encode() + _drawn(call, tickets, "*navigable") + b"}")


def bulk_fetch(call: Call) -> Response:
    """Cloud: up to 100 tickets by id or key, in the order of their ids; what is missing is named, not refused."""
    wanted = call.names("issueIdsOrKeys")
    if not 1 <= len(wanted) <= BULK_PAGE:
        raise RefusedError(400, f"The number of issues should be between 1 and {BULK_PAGE}.")
    with call.store.lock:
        tickets = {t.id: t for name in wanted if (t := call.store.find(name)) is not None}
        missing = [name for name in wanted if call.store.find(name) is None]
        drawn = _drawn(call, [tickets[i] for i in sorted(tickets)], "*all")
    errors = [
        {"id": name, "errorMessage": "Issue does not exist or you do not have permission to see it."}
        for name in missing
    ]
    return answer(b'{"expand":"schema,names","issues":' + drawn + b',"issueErrors":' + encode(errors) + b"}")


def issue(call: Call) -> Response:
    ticket = call.ticket()
    with call.store.lock:
        log = None
        if "changelog" in call.names("expand"):
            log = call.draw.changelog(ticket, recent=RECENT_IN_ISSUE)
        return answer(call.draw.ticket(ticket, plan_of(call, "*all"), changelog=log))
