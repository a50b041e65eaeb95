"""From Jira's REST issue to a domain ticket. Odd rows are kept; only a row that names no ticket is refused."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interlock.domain.link import Comment
from interlock.domain.policy import Tickets
from interlock.domain.ticket import Account, Change, Project, Ticket, Version
from interlock.trackers import links, plain
from interlock.trackers.changelog import Changelog, account_id, whole
from interlock.trackers.errors import UnreadableTicketError
from interlock.trackers.fields import FieldIds

_UNNAMED_LEVEL = "unnamed"
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,254})-\d+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One issue, and whom and what it names. A person without any id cannot be told apart and is not among them."""

    ticket: Ticket
    project: Project
    versions: tuple[Version, ...]
    accounts: tuple[Account, ...]


class Mapper:
    """Reads the issues of one site. `cloud`: its searches cut long histories."""

    def __init__(self, settings: Tickets, fields: FieldIds, *, cloud: bool) -> None:
        self.fields = fields
        self.changelog = Changelog(fields.flagged, settings.flagged_field)
        self._phrases = links.Phrases(settings)
        self._cloud = cloud

    def read(self, issue: object) -> Reading:
        """Raises UnreadableTicketError for a row that lacks its id, its key, its fields or any time."""
        row = plain.record(issue)
        ticket_id, key, fields = plain.optional(row.get("id")), plain.optional(row.get("key")), row.get("fields")
        name = key or (f"with id {ticket_id}" if ticket_id else "without id and key")
        if ticket_id is None or key is None:
            raise UnreadableTicketError(name, "its id" if key else "its key")
        if not isinstance(fields, dict):
            raise UnreadableTicketError(name, "its fields")
        created, updated = _times(fields, name)
        project = _project(fields.get("project"), key)
        versions = _versions(fields.get("fixVersions"), project.id)
        assignee, reporter = account(fields.get("assignee")), account(fields.get("reporter"))
        return Reading(
            ticket=self._ticket(
                row, fields, (ticket_id, key), (created, updated), project, versions, (assignee, reporter)
            ),
            project=project,
            versions=versions,
            accounts=tuple({each.id: each for each in (assignee, reporter) if each is not None}.values()),
        )

    def changes(self, changelog: object) -> tuple[tuple[Change, ...], bool]:
        """The changes that a search or an issue told under `changelog`, and whether they are all."""
        told = plain.record(changelog)
        return self.changelog.read(told.get("histories")), whole(told, cloud=self._cloud)

    def _ticket(
        self,
        row: dict[str, Any],
        fields: dict[str, Any],
        names: tuple[str, str],
        times: tuple[datetime, datetime],
        project: Project,
        versions: tuple[Version, ...],
        people: tuple[Account | None, Account | None],
    ) -> Ticket:
        assignee, reporter = people
        status = plain.record(fields.get("status"))
        changes, complete = self.changes(row.get("changelog"))
        return Ticket(
            id=names[0],
            key=names[1],
            project_id=project.id,
            project_key=project.key,
            summary=plain.text(fields.get("summary")),
            type=_name(fields.get("issuetype")),
            status_id=plain.text(status.get("id")),
            status=_name(status),
            category=links.category(status),
            created=times[0],
            updated=times[1],
            assignee_id=assignee.id if assignee else None,
            reporter_id=reporter.id if reporter else None,
            priority=_name(fields.get("priority")) or None,
            due=plain.day(fields.get("duedate")),
            resolved=plain.moment(fields.get("resolutiondate")),
            flagged=self._flagged(fields),
            security_level=_security_level(fields.get("security")),
            story_points=plain.number(plain.first(fields, *self.fields.story_points)),
            epic_key=self._epic_key(fields),
            team_field=_shown(plain.first(fields, *self.fields.team)),
            labels=_unique([plain.text(each) for each in _list(fields.get("labels"))]),
            components=_unique([_name(each) for each in _list(fields.get("components"))]),
            version_ids=tuple(version.id for version in versions),
            links=links.read(fields.get("issuelinks"), self._phrases),
            changes=changes,
            changes_complete=complete,
        )

    def _flagged(self, fields: dict[str, Any]) -> bool:
        """Options chosen of checkboxes; a bare boolean named `flagged` in Jira Software's own resource."""
        found = [fields.get(name) for name in (*self.fields.flagged, "flagged")]
        return any(each is True or (isinstance(each, list | dict) and bool(each)) for each in found)

    def _epic_key(self, fields: dict[str, Any]) -> str | None:
        """The epic link (Data Center), Jira Software's `epic`, or the parent (Cloud), unless this is a sub-task: its
        parent is a story."""
        linked = plain.first(fields, *self.fields.epic_link)
        if isinstance(linked, str):
            return plain.text(linked)
        if epic := plain.optional(plain.record(fields.get("epic")).get("key")):
            return epic
        if plain.record(fields.get("issuetype")).get("subtask"):
            return None
        return plain.optional(plain.record(fields.get("parent")).get("key"))


def _times(fields: dict[str, Any], name: str) -> tuple[datetime, datetime]:
    """Created and updated; where one is not told the other stands for it."""
    created, updated = plain.moment(fields.get("created")), plain.moment(fields.get("updated"))
    latest = updated or created
    if latest is None:
        raise UnreadableTicketError(name, "the times of its creation and last change")
    return created or latest, latest


def _project(raw: object, key: str) -> Project:
    """Where the project is not told (some webhooks), the ticket's key names it."""
    project = plain.record(raw)
    project_key = plain.optional(project.get("key")) or _project_key(key)
    return Project(
        id=plain.optional(project.get("id")) or project_key,
        key=project_key,
        name=_name(project) or project_key,
    )


def _project_key(key: str) -> str:
    match = _KEY.fullmatch(key)
    return match[1] if match else key


def version(raw: dict[str, Any], project_id: str) -> Version:
    """A version of this project, as an issue or the project's own list tells it."""
    return Version(
        id=plain.optional(raw.get("id")) or f"{project_id}/{_name(raw)}",
        project_id=plain.optional(raw.get("projectId")) or project_id,
        name=_name(raw),
        released=raw.get("released") is True,
        archived=raw.get("archived") is True,
        release_date=plain.day(raw.get("releaseDate")),
    )


def account(raw: object) -> Account | None:
    user = plain.record(raw)
    found = account_id(user)
    if found is None:
        return None
    email = plain.text(user.get("emailAddress")).strip()
    return Account(
        id=found,
        name=plain.text(plain.first(user, "displayName", "name", "accountId", "key")),
        # Data Center may mask an address ("fred at example dot com") or show "?" for it.
        email=email if _is_address(email) else None,
        active=user.get("active") is not False,
    )


def _is_address(text: str) -> bool:
    name, _, host = text.partition("@")
    return bool(name and host) and "@" not in host and len(text.split()) == 1


def comment(raw: object) -> Comment | None:
    """None for one that names no author or no time: it proves nothing."""
    told = plain.record(raw)
    user = plain.record(told.get("author"))
    author, created = account(user), plain.moment(told.get("created"))
    if author is None or created is None:
        return None
    spellings = ("accountId", "key", "name", "displayName", "emailAddress")
    return Comment(
        author=author,
        names=frozenset(plain.text(user[each]) for each in spellings if user.get(each)),
        edited_by=account_id(told.get("updateAuthor")),
        created=created,
        text=plain.text(told.get("body")),
    )


def _versions(raw: object, project_id: str) -> tuple[Version, ...]:
    found = [version(each, project_id) for each in plain.records(raw) if plain.first(each, "id", "name")]
    return tuple({each.id: each for each in found}.values())


def _name(raw: object) -> str:
    return plain.text(plain.record(raw).get("name"))


def _security_level(raw: object) -> str | None:
    """A level that tells no name still restricts."""
    if raw is None:
        return None
    if isinstance(raw, dict):
        return plain.optional(plain.first(raw, "name", "id")) or _UNNAMED_LEVEL
    return plain.optional(raw) or _UNNAMED_LEVEL


def _shown(raw: object) -> str | None:
    """What people read of a field of whatever type: text, option, team, user, or the first of a list of those."""
    if isinstance(raw, list):
        return _shown(raw[0]) if raw else None
    if isinstance(raw, dict):
        return plain.optional(plain.first(raw, "value", "name", "title", "displayName"))
    return plain.optional(raw)


def _list(raw: object) -> list[Any]:
    return raw if isinstance(raw, list) else []


def _unique(names: list[str]) -> tuple[str, ...]:
    """Without those that are empty."""
    return tuple(dict.fromkeys(filter(None, names)))
