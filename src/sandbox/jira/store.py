"""Writes to the practice Jira, as people and tests make them: each moves `updated`, the changelog and the webhooks."""

from collections.abc import Iterable
from copy import copy
from typing import Any

from sandbox.jira import changelog
from sandbox.jira.model import Comment, Item, Link, Named, Ticket, Version
from sandbox.jira.state import Happening, NoSuchError, State


class Store(State):
    """The whole practice Jira. Tickets are named by key or id, people by name (`ravi`), account id or e-mail address.

    Everything named that does not exist raises NoSuchError.
    """

    def transition(self, key: str, status: str, by: str) -> Ticket:
        """Moves a ticket to a status, setting or clearing its resolution as Jira's simple workflow does."""
        ticket, target, who = self.get(key), self.status(status), self.account(by)
        done = target.category is not None and target.category.key == "done"
        with self.writing(ticket, who, name="issue_generic") as items:
            if target is ticket.status:
                return ticket
            if done != (ticket.resolution is not None):
                resolution = self._resolution(target.name) if done else None
                items.extend(changelog.items("resolution", ticket.resolution, resolution))
                ticket.resolution, ticket.resolved = resolution, self.now() if done else None
            items.extend(changelog.items("status", ticket.status, target))
            ticket.status = target
        return ticket

    def _resolution(self, status: str) -> Named | None:
        ours = {r.name: r for r in self.site.resolutions}
        return ours.get(status) or next(iter(ours.values()), None)

    def assign(self, key: str, to: str | None, by: str) -> Ticket:
        ticket, person = self.get(key), self.account(to) if to else None
        with self.writing(ticket, self.account(by), name="issue_assigned") as items:
            self.set_field(ticket, "assignee", person, items)
        return ticket

    def flag(self, key: str, by: str, *, on: bool = True) -> Ticket:
        ticket = self.get(key)
        with self.writing(ticket, self.account(by)) as items:
            self.set_field(ticket, "flagged", on, items)
        return ticket

    def unflag(self, key: str, by: str) -> Ticket:
        return self.flag(key, by, on=False)

    def set_fix_versions(self, key: str, names: Iterable[str], by: str) -> Ticket:
        ticket = self.get(key)
        versions = tuple(self.fix_version(ticket.project, name) for name in names)
        with self.writing(ticket, self.account(by)) as items:
            self.set_field(ticket, "fix_versions", versions, items)
        return ticket

    def edit(self, key: str, by: str, **fields: Any) -> Ticket:
        """Sets attributes of Ticket in one change: `summary="…"`, `due="2026-12-01"`, `labels=("a",)`."""
        ticket = self.get(key)
        with self.writing(ticket, self.account(by)) as items:
            for name, value in fields.items():
                self.set_field(ticket, name, value, items)
        return ticket

    def set_field(self, ticket: Ticket, name: str, value: Any, items: list[Item]) -> None:
        """Sets one attribute and appends what changed, if anything did."""
        old = getattr(ticket, name)
        if old == value:
            return
        items.extend(changelog.items(name, old, value))
        setattr(ticket, name, value)
        ticket.absent -= {_REST_NAMES.get(name, name)}

    # --- links -------------------------------------------------------------------------------------------------

    def link(self, source: str, type_name: str, target: str, by: str) -> Link:
        """`source` blocks `target` for the type "Blocks". Jira tells of links by a webhook of their own."""
        kind = next((t for t in self.site.link_types if t.name.lower() == type_name.lower()), None)
        if kind is None:
            raise NoSuchError(f"No issue link type with name '{type_name}' found.")
        one, other, who = self.get(source), self.get(target), self.account(by)
        with self.lock:
            link = Link(self.new_number(), kind, one, other)
            for here, there, phrase in ((one, other, kind.outward), (other, one, kind.inward)):
                with self.writing(here, who, name=None) as items:
                    here.links = (*here.links, link)
                    items.append(Item("Link", None, None, there.key, f"This issue {phrase} {there.key}"))
            self.tell(Happening(event="issuelink_created", at=self.now(), by=who, more=link))
        return link

    def unlink(self, link_id: int, by: str) -> None:
        link = self.find_link(link_id)
        ends = ((link.source, link.target, link.type.outward), (link.target, link.source, link.type.inward))
        with self.lock:
            for here, there, phrase in ends:
                with self.writing(here, self.account(by), name=None) as items:
                    here.links = tuple(x for x in here.links if x is not link)
                    items.append(Item("Link", there.key, f"This issue {phrase} {there.key}"))
            self.tell(Happening(event="issuelink_deleted", at=self.now(), by=self.account(by), more=link))

    def find_link(self, link_id: int) -> Link:
        for ticket in self.tickets.values():
            for link in ticket.links:
                if link.id == link_id:
                    return link
        raise NoSuchError(f"No issue link with id '{link_id}' exists.")

    # --- tickets that come, go and move ------------------------------------------------------------------------

    def create(self, project: str, summary: str, by: str, *, kind: str = "Task", **fields: Any) -> Ticket:
        """A new ticket in the first status. `fields` are further attributes of Ticket."""
        home, who = self.project(project), self.account(by)
        type_ = next((t for t in self.site.types if kind in {t.name, t.id}), None)
        if type_ is None:
            raise NoSuchError(f"There is no issue type {kind!r}")
        with self.lock:
            now = self.now()
            ticket = Ticket(
                id=self.next_id(),
                key=self.next_key(home),
                project=home,
                type=type_,
                status=self.site.statuses[0],
                created=now,
                updated=now,
                summary=summary,
                reporter=who,
                creator=who,
                priority=next((p for p in self.site.priorities if p.name == "Medium"), None),
            )
            for name, value in fields.items():
                setattr(ticket, name, value)
            self.admit(ticket)
            self.stale(ticket.id, None)
            self.tell(Happening(event="jira:issue_created", at=now, by=who, ticket=ticket, name="issue_created"))
        return ticket

    def delete(self, key: str, by: str) -> None:
        ticket, who = self.get(key), self.account(by)
        with self.lock:
            for link in ticket.links:
                other = link.target if link.source is ticket else link.source
                other.links = tuple(x for x in other.links if x is not link)
            for above in filter(None, (ticket.parent,)):
                above.subtasks = tuple(t for t in above.subtasks if t is not ticket)
            self.dismiss(ticket)
            self.version += 1
            self.tell(Happening(event="jira:issue_deleted", at=self.now(), by=who, ticket=ticket))

    def move(self, key: str, project: str, by: str) -> Ticket:
        """To another project: the id stays, the key is new, versions and components are kept where names match."""
        ticket, target = self.get(key), self.project(project)
        with self.writing(ticket, self.account(by), name="issue_moved") as items:
            names = {v.name for v in ticket.fix_versions}
            items.extend(changelog.items("project", ticket.project, target))
            items.append(Item("Key", None, self.rekey(ticket, target), None, ticket.key))
            self.set_field(ticket, "fix_versions", tuple(v for v in target.versions if v.name in names), items)
            kept = {c.name for c in ticket.components}
            self.set_field(ticket, "components", tuple(c for c in target.components if c.name in kept), items)
        return ticket

    def comment(self, key: str, body: str, by: str, *, visibility: str | None = None) -> Comment:
        """A comment, for everybody or for the role `visibility` alone. It moves `updated` but not the changelog."""
        ticket, who = self.get(key), self.account(by)
        with self.lock:
            now = self.now()
            comment = Comment(self.new_number(), who, body, now, now, visibility)
            self.stale(ticket.id, copy(ticket))
            self.site.comments.setdefault(ticket.id, []).append(comment)
            ticket.updated = now
            self.tell(Happening(event="comment_created", at=now, by=who, ticket=ticket, more=comment))
        return comment

    # --- versions ----------------------------------------------------------------------------------------------

    def create_version(self, project: str, name: str, by: str, *, released_on: str | None = None) -> Version:
        home = self.project(project)
        with self.lock:
            version = Version(str(self.new_number()), name, home, released_on=released_on)
            home.versions.append(version)
            self.version += 1
            self.tell(Happening(event="jira:version_created", at=self.now(), by=self.account(by), more=version))
        return version

    def change_version(self, project: str, version_name: str, by: str, **changes: Any) -> Version:
        """Renames, releases, archives or re-dates a version: `name=`, `released=True`, `released_on=`."""
        version = self.fix_version(self.project(project), version_name)
        event = "jira:version_released" if changes.get("released") else "jira:version_updated"
        with self.lock:
            for attribute, value in changes.items():
                setattr(version, attribute, value)
            self.version += 1
            self.renames += 1
            self.tell(Happening(event=event, at=self.now(), by=self.account(by), more=version))
        return version


_REST_NAMES = {"due": "duedate", "fix_versions": "fixVersions", "affects": "versions", "links": "issuelinks"}
