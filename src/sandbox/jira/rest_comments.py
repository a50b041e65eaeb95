"""Comments and changelogs of a ticket."""

from typing import Any

from starlette.responses import Response

from sandbox.jira.calls import Call, RefusedError, answer
from sandbox.jira.model import Change, Ticket
from sandbox.jira.pieces import encode, joined

BULK_ISSUES, BULK_ENTRIES = 1000, 1000


def comment_page(call: Call, ticket: Ticket) -> bytes:
    """The `comment` field of a ticket: all of its comments."""
    comments = call.store.site.comments.get(ticket.id, [])
    here = f"{call.draw.root}/issue/{ticket.id}/comment"
    tail = f',"self":"{here}","maxResults":{len(comments)},"total":{len(comments)},"startAt":0}}'
    return b'{"comments":' + joined(call.draw.comment(ticket, c) for c in comments) + tail.encode()


def comments(call: Call) -> Response:
    with call.store.lock:
        ticket = call.ticket()
        kept = call.store.site.comments.get(ticket.id, [])
        if call.parameter("orderBy") == "-created":
            kept = kept[::-1]
        start, size = max(0, call.number("startAt", 0)), call.number("maxResults", 5000 if call.cloud else 1048576)
        told = kept[start : start + size]
        head = f'{{"startAt":{start},"maxResults":{size},"total":{len(kept)},"comments":'
        return answer(head.encode() + joined(call.draw.comment(ticket, c) for c in told) + b"}")


def comment(call: Call) -> Response:
    with call.store.lock:
        ticket = call.ticket()
        for kept in call.store.site.comments.get(ticket.id, []):
            if str(kept.id) == call.part("id"):
                return answer(call.draw.comment(ticket, kept))
    raise RefusedError(404, f"Can not find a comment for the id: {call.part('id')}.")


def add_comment(call: Call) -> Response:
    with call.store.lock:
        ticket = call.ticket()
        body = plain(call.body.get("body"))
        if not body.strip():
            raise RefusedError(400, errors={"comment": "Comment body can not be empty!"})
        visibility = call.body.get("visibility") or {}
        kept = call.store.comment(ticket.key, body, call.caller.name, visibility=visibility.get("value"))
        return answer(call.draw.comment(ticket, kept), 201)


def plain(body: Any) -> str:
    """A text that came as plain text or as an Atlassian document, as plain text."""
    if isinstance(body, str):
        return body
    if not isinstance(body, dict):
        return ""
    if body.get("type") == "text":
        return str(body.get("text", ""))
    if body.get("type") == "hardBreak":
        return "\n"
    inner = "".join(plain(part) for part in body.get("content", []))
    return inner + "\n" if body.get("type") == "paragraph" else inner.rstrip("\n")


def changelog(call: Call) -> Response:
    """Cloud: a page of the changelog, oldest first."""
    with call.store.lock:
        ticket = call.ticket()
        page = call.page(ticket.changes(), most=100, cap=100)
        drawn = joined(call.draw.change(ticket, change) for change in page.pop("values"))
    return answer(encode(page)[:-1] + b',"values":' + drawn + b"}")


def bulk_changelog(call: Call) -> Response:
    """Cloud: the changelogs of up to 1000 tickets, oldest change first, in pages of at most 1000 entries."""
    wanted = call.names("issueIdsOrKeys")
    if not 1 <= len(wanted) <= BULK_ISSUES:
        raise RefusedError(400, f"The number of issues should be between 1 and {BULK_ISSUES}.")
    size = max(1, min(10_000, call.number("maxResults", BULK_ENTRIES)))
    start = call.number("nextPageToken", 0)
    only = set(call.names("fieldIds"))
    with call.store.lock:
        tickets = {t.id: t for name in wanted if (t := call.store.find(name)) is not None}
        entries: list[tuple[int, int, Change]] = sorted(
            (change.at, ticket.id, change)
            for ticket in tickets.values()
            for change in ticket.changes()
            if not only or any(call.draw.item_json(item)["fieldId"] in only for item in change.items)
        )
        logs: dict[int, list[bytes]] = {}
        for _, ticket_id, change in entries[start : start + size]:
            logs.setdefault(ticket_id, []).append(call.draw.change(tickets[ticket_id], change, in_bulk=True))
    drawn = joined(
        f'{{"issueId":"{ticket_id}","changeHistories":'.encode() + joined(told) + b"}"
        for ticket_id, told in logs.items()
    )
    more = f',"nextPageToken":"{start + size}"' if start + size < len(entries) else ""
    return answer(b'{"issueChangeLogs":' + drawn + more.encode() + b"}")
