"""The things that a file's issues share, each made once: people, statuses, versions and their like."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sandbox.jira.model import (
    CATEGORIES,
    Account,
    Category,
    Change,
    Comment,
    Component,
    IssueType,
    Item,
    LinkType,
    Named,
    Project,
    Sprint,
    Status,
    Version,
)

DAY = 86_400_000
NOBODY = {"name": "unknown", "displayName": "Somebody who left"}


class Registry:
    """Every method takes a piece of a REST issue, or None, and gives the one object for it.

    `shift` (milliseconds) moves the dates of versions.
    """

    def __init__(self, shift: int) -> None:
        self._days = timedelta(days=shift // DAY)
        self.accounts: dict[str, Account] = {}
        self.projects: dict[str, Project] = {}
        self.statuses: dict[str, Status] = {}
        self.types: dict[str, IssueType] = {}
        self.link_types: dict[str, LinkType] = {}
        self._mentioned: dict[str, Project] = {}
        self._versions: dict[tuple[str, str], Version] = {}
        self._components: dict[tuple[str, str], Component] = {}
        self._sprints: dict[int, Sprint] = {}
        self._named: dict[tuple[str, str], Named] = {}
        self._categories = {category.key: category for category in CATEGORIES}
        self._names: dict[str, str] = {}

    def account(self, raw: dict[str, Any] | None) -> Account | None:
        if not raw:
            return None
        name = str(raw.get("name") or raw.get("key") or raw.get("accountId") or raw.get("displayName"))
        if name not in self.accounts:
            self.accounts[name] = Account(
                name=name,
                display=raw.get("displayName") or name,
                email=raw.get("emailAddress"),
                active=raw.get("active", True),
                time_zone=raw.get("timeZone") or "Etc/UTC",
                account_id=raw.get("accountId") or f"acc-{name}",
            )
        return self.accounts[name]

    def project(self, raw: dict[str, Any], *, mention: bool = False) -> Project:
        """`mention`: a project of which only a linked ticket's key is known; the site does not list it."""
        key = raw["key"]
        if mention and key not in self.projects:
            return self._mentioned.setdefault(key, Project("0", key, key))
        if key not in self.projects:
            number = str(raw.get("id") or 90_000 + len(self.projects))
            self.projects[key] = Project(number, key, raw.get("name") or key)
        return self.projects[key]

    def status(self, raw: dict[str, Any] | None) -> Status:
        raw = raw or {"id": "0", "name": "Unknown"}
        number = str(raw.get("id") or raw.get("name"))
        if number not in self.statuses:
            category = self._category(raw.get("statusCategory"))
            self.statuses[number] = Status(number, raw.get("name") or number, category, raw.get("description") or "")
        return self.statuses[number]

    def _category(self, raw: dict[str, Any] | None) -> Category | None:
        """Old servers tell no category; foreign names ("Complete") are kept, for names are translated."""
        if not raw:
            return None
        key = raw.get("key") or "undefined"
        wanted = f"{key} {raw.get('name')}"
        if key in self._categories and self._categories[key].name == raw.get("name"):
            return self._categories[key]
        made = Category(raw.get("id") or 1, key, raw.get("name") or key, raw.get("colorName") or "medium-gray")
        return self._categories.setdefault(wanted, made)

    def type(self, raw: dict[str, Any] | None) -> IssueType:
        raw = raw or {"id": "0", "name": "Issue"}
        number = str(raw.get("id") or raw.get("name"))
        if number not in self.types:
            name, subtask = raw.get("name") or number, bool(raw.get("subtask"))
            level = int(name == "Epic")
            self.types[number] = IssueType(number, name, raw.get("description") or "", subtask, level)
        return self.types[number]

    def named(self, what: str, raw: dict[str, Any] | None) -> Named | None:
        """A priority, a resolution or a security level."""
        if not raw:
            return None
        number = str(raw.get("id") or raw.get("name"))
        made = Named(number, raw.get("name") or number, raw.get("description") or "")
        return self._named.setdefault((what, number), made)

    def all_named(self, what: str) -> list[Named]:
        return [thing for (kind, _), thing in self._named.items() if kind == what]

    def version(self, raw: dict[str, Any], project: Project) -> Version:
        number = str(raw.get("id") or f"{project.key}:{raw.get('name')}")
        known = self._versions.get((project.key, number))
        if known is None:
            day = raw.get("releaseDate")
            known = self._versions[project.key, number] = Version(
                id=number,
                name=raw.get("name") or number,
                project=project,
                description=raw.get("description") or "",
                archived=bool(raw.get("archived")),
                released=bool(raw.get("released")),
                released_on=(date.fromisoformat(day) + self._days).isoformat() if day else None,
            )
            project.versions.append(known)
        return known

    def component(self, raw: dict[str, Any], project: Project) -> Component:
        number = str(raw.get("id") or f"{project.key}:{raw.get('name')}")
        known = self._components.get((project.key, number))
        if known is None:
            known = Component(number, raw.get("name") or number, project, raw.get("description") or "")
            self._components[project.key, number] = known
            project.components.append(known)
        return known

    def sprint(self, raw: dict[str, Any]) -> Sprint:
        number = int(raw["id"])
        if number not in self._sprints:
            self._sprints[number] = Sprint(
                id=number,
                name=raw.get("name") or str(number),
                state=raw.get("state") or "closed",
                board=raw.get("originBoardId") or 1,
                start=raw.get("startDate"),
                end=raw.get("endDate"),
                completed=raw.get("completeDate"),
                goal=raw.get("goal") or "",
            )
        return self._sprints[number]

    def link_type(self, raw: dict[str, Any]) -> LinkType:
        number = str(raw.get("id") or raw.get("name"))
        if number not in self.link_types:
            name = raw.get("name") or number
            self.link_types[number] = LinkType(number, name, raw.get("inward") or name, raw.get("outward") or name)
        return self.link_types[number]

    def change(self, raw: dict[str, Any], time: tuple[int, int] | None) -> Change:
        author = self.account(raw.get("author") or NOBODY)
        assert author is not None
        assert time is not None, "a changelog entry has a date"
        items = tuple(
            Item(
                field=self._interned(item["field"]) or "",
                old=self._interned(item.get("from")),
                old_text=item.get("fromString"),
                new=self._interned(item.get("to")),
                new_text=item.get("toString"),
                kind=item.get("fieldtype") or "jira",
            )
            for item in raw.get("items") or ()
        )
        return Change(int(raw["id"]), time[0], author.name, items)

    def _interned(self, text: str | None) -> str | None:
        return None if text is None else self._names.setdefault(text, text)

    def comment(self, raw: dict[str, Any], body: str, time: Callable[[str | None], tuple[int, int] | None]) -> Comment:
        author = self.account(raw.get("author") or NOBODY)
        assert author is not None
        created, _ = time(raw.get("created")) or (0, 0)
        updated, _ = time(raw.get("updated")) or (created, 0)
        role = (raw.get("visibility") or {}).get("value")
        return Comment(int(raw["id"]), author, body, created, updated, role)
