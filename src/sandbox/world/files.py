"""Real tickets instead of the seeded ones: JSON lines of REST issues, gzipped or not, as a Jira's export gives them.

Fields may be missing, null or unknown: what we do not model is served as it came. Agile's own fields (`flagged`,
`sprint`, `closedSprints`, `epic`) become the custom fields as which the platform's REST API tells them.
"""

import gzip
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sandbox.jira.model import FieldIds, Link, Site, Ticket, pack, parse_stamp
from sandbox.jira.pieces import encode
from sandbox.jira.rest_comments import plain
from sandbox.world import catalogue
from sandbox.world.registry import Registry

READ = {
    *("summary", "description", "status", "issuetype", "project", "priority", "resolution", "resolutiondate"),
    *("created", "updated", "assignee", "reporter", "creator", "labels", "components", "fixVersions", "versions"),
    *("issuelinks", "subtasks", "parent", "duedate", "environment", "security", "workratio"),
}
"""REST fields that become attributes of Ticket; a row that lacks one is served without it."""
AGILE = {"flagged", "sprint", "closedSprints", "epic", "comment", "worklog", "attachment"}
DAY = 86_400_000


class BadFileError(ValueError):
    """The file is not what we can serve: `args[0]` says where and why."""


def load(path: Path, *, now: int | None = None) -> Site:
    """All issues of the file. With `now` (epoch milliseconds) every date is moved so that the newest `updated` is now.

    Raises BadFileError and OSError.
    """
    shift = 0 if now is None else now - max((_newest(issue) for _, issue in _issues(path)), default=now)
    reader = _Reader(shift, FieldIds())
    for line, issue in _issues(path):
        try:
            reader.take(issue)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadFileError(f"{path.name}, line {line}: not a REST issue ({error!r})") from error
    return reader.site(path.name)


def _issues(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if packed else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                issue = json.loads(line)
            except ValueError as error:
                raise BadFileError(f"{path.name}, line {number}: not JSON ({error})") from error
            if not isinstance(issue, dict):
                raise BadFileError(f"{path.name}, line {number}: not a JSON object")
            yield number, issue


def _newest(issue: dict[str, Any]) -> int:
    updated = (issue.get("fields") or {}).get("updated")
    return parse_stamp(updated)[0] if updated else 0


class _Reader:
    """Reads issue after issue; `site` then ties links, parents and epics, which may name later or absent tickets."""

    def __init__(self, shift: int, ids: FieldIds) -> None:
        self._shift, self._ids = shift, ids
        self._known = Registry(shift)
        self._tickets: dict[int, Ticket] = {}
        self._outside: dict[int, Ticket] = {}
        self._links: dict[int, tuple[Any, dict[str, Any] | int, dict[str, Any] | int]] = {}
        self._above: list[tuple[Ticket, dict[str, Any], str]] = []
        self._site = Site(
            title="Practice Jira",
            bot=catalogue.BOT,
            accounts=[],
            projects=[],
            tickets=[],
            statuses=[],
            types=[],
            priorities=[],
            resolutions=[],
            link_types=[],
            levels=[],
        )
        self._foreign: dict[str, None] = {}
        self._shapes: dict[frozenset[str], frozenset[str]] = {}

    def take(self, issue: dict[str, Any]) -> None:
        fields, known = issue.get("fields") or {}, self._known
        created, offset = self._time(fields.get("created")) or (0, 0)
        updated, offset = self._time(fields.get("updated")) or (created, offset)
        project = known.project(fields.get("project") or {"key": issue["key"].rpartition("-")[0]})
        ticket = Ticket(
            id=int(issue["id"]),
            key=issue["key"],
            project=project,
            type=known.type(fields.get("issuetype")),
            status=known.status(fields.get("status")),
            created=created,
            updated=updated,
            offset=offset,
            summary=fields.get("summary"),
            description=plain(fields["description"]) if fields.get("description") else None,
            priority=known.named("priority", fields.get("priority")),
            resolution=known.named("resolution", fields.get("resolution")),
            resolved=(self._time(fields.get("resolutiondate")) or (None, 0))[0],
            assignee=known.account(fields.get("assignee")),
            reporter=known.account(fields.get("reporter")),
            creator=known.account(fields.get("creator")),
            due=self._date(fields.get("duedate")),
            labels=tuple(fields.get("labels") or ()),
            components=tuple(known.component(one, project) for one in fields.get("components") or ()),
            fix_versions=tuple(known.version(one, project) for one in fields.get("fixVersions") or ()),
            affects=tuple(known.version(one, project) for one in fields.get("versions") or ()),
            security=known.named("level", fields.get("security")),
            sprints=tuple(
                known.sprint(one) for one in [*(fields.get("closedSprints") or ()), fields.get("sprint")] if one
            ),
            flagged=bool(fields.get("flagged")) or any(map(_impediment, fields.values())),
        )
        self._tickets[ticket.id] = ticket
        absent = frozenset(READ - fields.keys())
        ticket.absent = self._shapes.setdefault(absent, absent)
        ticket.extra = self._extra(fields)
        self._log(ticket, (issue.get("changelog") or {}).get("histories") or [])
        self._comments(ticket, (fields.get("comment") or {}).get("comments") or [])
        for link in fields.get("issuelinks") or ():
            self._link(ticket, link)
        for field in ("parent", "epic"):
            if fields.get(field):
                self._above.append((ticket, fields[field], field))

    def _extra(self, fields: dict[str, Any]) -> dict[str, bytes] | None:
        kept = {
            name: encode(value)
            for name, value in fields.items()
            if name not in READ and name not in AGILE and not _impediment(value)
        }
        self._foreign |= dict.fromkeys(kept)
        return kept or None

    def _time(self, text: str | None) -> tuple[int, int] | None:
        if not text:
            return None
        at, offset = parse_stamp(text)
        return at + self._shift, offset

    def _date(self, text: str | None) -> str | None:
        return (date.fromisoformat(text) + timedelta(days=self._shift // DAY)).isoformat() if text else None

    def _log(self, ticket: Ticket, histories: list[dict[str, Any]]) -> None:
        changes = [self._known.change(history, self._time(history["created"])) for history in histories]
        ticket.log = pack(sorted(changes, key=lambda change: change.at)) if changes else b""
        for change in changes:
            for item in change.items:
                if item.field == "Key" and item.old_text:
                    self._site.former_keys[item.old_text] = ticket.id

    def _comments(self, ticket: Ticket, comments: list[dict[str, Any]]) -> None:
        read = [self._known.comment(one, plain(one.get("body")), self._time) for one in comments]
        if read:
            self._site.comments[ticket.id] = read

    def _link(self, ticket: Ticket, link: dict[str, Any]) -> None:
        """A link is told twice, once on each side; the outward side is its source."""
        outward = "outwardIssue" in link
        other = link["outwardIssue" if outward else "inwardIssue"]
        ends = (ticket.id, other) if outward else (other, ticket.id)
        number = int(link.get("id") or len(self._links) + 1)
        self._links.setdefault(number, (self._known.link_type(link["type"]), *ends))

    # --- tying it together -------------------------------------------------------------------------------------

    def site(self, name: str) -> Site:
        site = self._site
        for number, (kind, source, target) in self._links.items():
            link = Link(number, kind, self._end(source), self._end(target))
            for end in {link.source, link.target}:
                end.links = (*end.links, link)
        for ticket, above, field in self._above:
            parent = self._end(above)
            setattr(ticket, field, parent)
            if field == "parent" and ticket.type.subtask:
                parent.subtasks = (*parent.subtasks, ticket)
        known, site.tickets = self._known, list(self._tickets.values())
        site.title = f"Practice Jira with the tickets of {name}"
        site.projects = sorted(known.projects.values(), key=lambda project: project.key)
        site.accounts = list(known.accounts.values())
        site.statuses = sorted(known.statuses.values(), key=lambda status: _number(status.id))
        site.types, site.priorities = list(known.types.values()), known.all_named("priority")
        site.resolutions, site.levels = known.all_named("resolution"), known.all_named("level")
        site.link_types = list(known.link_types.values())
        site.foreign_fields = tuple(self._foreign)
        site.fields = _free_ids(self._ids, self._foreign)
        return site

    def _end(self, end: dict[str, Any] | int) -> Ticket:
        """A ticket of the file, or what the file says of one that it does not hold."""
        number = end if isinstance(end, int) else int(end["id"])
        if number in self._tickets:
            return self._tickets[number]
        assert isinstance(end, dict), "a bare number is a ticket of the file"
        if number not in self._outside:
            fields, known = end.get("fields") or {}, self._known
            project = known.project({"key": end["key"].rpartition("-")[0]}, mention=True)
            kind, status = known.type(fields.get("issuetype")), known.status(fields.get("status"))
            ticket = Ticket(number, end["key"], project, kind, status, 0, 0)
            ticket.summary = fields.get("summary") or end.get("summary") or end.get("name")
            ticket.priority = known.named("priority", fields.get("priority"))
            self._outside[number] = ticket
        return self._outside[number]


def _impediment(value: object) -> bool:
    """Whether a custom field's value says that the ticket is flagged."""
    return isinstance(value, list) and any(isinstance(v, dict) and v.get("value") == "Impediment" for v in value)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _free_ids(ids: FieldIds, taken: dict[str, None]) -> FieldIds:
    """Our custom fields' ids, moved out of the way of the file's own: another site's 10021 is another field."""

    def free(field_id: str) -> str:
        return field_id if field_id not in taken else f"customfield_9{field_id.removeprefix('customfield_')}"

    names = ("flagged", "sprint", "epic_link", "points", "team")
    return FieldIds(**{name: free(getattr(ids, name)) for name in names})
