"""Jira's JSON of a ticket: its fields as asked for, its links, comments and changelog."""

from collections.abc import Callable, Iterable

from sandbox.jira.model import Account, Change, Comment, FieldIds, Flavour, Item, Link, Ticket, stamp
from sandbox.jira.pieces import NULL, Pieces, encode, joined, quote, text

FIELD_IDS = {
    "Fix Version": "fixVersions",
    "Version": "versions",
    "Component": "components",
    "Link": "issuelinks",
    "Key": "issuekey",
    "Parent": "parent",
}
"""What a changelog calls a system field -> its id, where the two differ."""
EXPANDABLE = "operations,versionedRepresentations,editmeta,changelog,renderedFields"
RECENT_IN_SEARCH = 40
"""Cloud's search tells at most so many changelog entries a ticket, the newest first."""
RECENT_IN_ISSUE = 100


NOT_NAVIGABLE = frozenset({"comment", "worklog", "attachment"})
Piece = Callable[[Ticket], bytes | None]
Plan = list[tuple[str, bytes, Piece]]


class Renderer(Pieces):
    """`people` maps Account.name to the account, for the changelog's authors."""

    def __init__(self, flavour: Flavour, api: str, base: str, fields: FieldIds, people: dict[str, Account]) -> None:
        super().__init__(flavour, api, base, fields)
        self._people = people
        self.fields = self._field_table()

    # --- a ticket ----------------------------------------------------------------------------------------------

    def stub(self, ticket: Ticket) -> bytes:
        """What links, parents and subtasks tell of another ticket: as it is now."""
        pieces = [f'"summary":{quote(ticket.summary or "")}'.encode(), b'"status":' + self.status(ticket.status)]
        if ticket.priority is not None:
            pieces.append(b'"priority":' + self.named("priority", ticket.priority))
        pieces.append(b'"issuetype":' + self.type(ticket.type))
        head = f'{{"id":"{ticket.id}","key":{quote(ticket.key)},"self":"{self.root}/issue/{ticket.id}","fields":{{'
        return head.encode() + b",".join(pieces) + b"}}"

    def link(self, link: Link, seen_from: Ticket) -> bytes:
        kind = self.link_type(link.type)
        outward = link.source is seen_from
        side, other = (b"outwardIssue", link.target) if outward else (b"inwardIssue", link.source)
        head = f'{{"id":"{link.id}","self":"{self.root}/issueLink/{link.id}","type":'.encode()
        return b"".join((head, kind, b',"', side, b'":', self.stub(other), b"}"))

    def comment(self, ticket: Ticket, comment: Comment) -> bytes:
        author = self.account(comment.author)
        head = f'{{"self":"{self.root}/issue/{ticket.id}/comment/{comment.id}","id":"{comment.id}","author":'
        pieces = [head.encode(), author, b',"body":', self.body(comment.body), b',"updateAuthor":', author]
        times = (
            f',"created":"{stamp(comment.created, ticket.offset)}","updated":"{stamp(comment.updated, ticket.offset)}"'
        )
        pieces.append(times.encode())
        if comment.visibility is not None:
            pieces.append(b',"visibility":' + encode({"type": "role", "value": comment.visibility}))
        if self.cloud:
            pieces.append(b',"jsdPublic":true')
        return b"".join((*pieces, b"}"))

    def _field_table(self) -> dict[str, Piece]:
        ids = self.ids

        def at(value: int | None, ticket: Ticket) -> bytes:
            return NULL if value is None else f'"{stamp(value, ticket.offset)}"'.encode()

        def parent(ticket: Ticket) -> bytes | None:
            above = ticket.parent or (ticket.epic if self.cloud else None)
            return None if above is None else self.stub(above)

        def sprints(ticket: Ticket) -> bytes:
            return joined(map(self.sprint, ticket.sprints)) if ticket.sprints else NULL

        flag = encode([{"self": f"{self.root}/customFieldOption/10019", "value": "Impediment", "id": "10019"}])
        table: dict[str, Piece] = {
            "summary": lambda t: text(t.summary),
            "status": lambda t: self.status(t.status),
            "issuetype": lambda t: self.type(t.type),
            "project": lambda t: self.project(t.project),
            "priority": lambda t: self.named("priority", t.priority),
            "resolution": lambda t: self.named("resolution", t.resolution),
            "resolutiondate": lambda t: at(t.resolved, t),
            "created": lambda t: at(t.created, t),
            "updated": lambda t: at(t.updated, t),
            "assignee": lambda t: self.account(t.assignee),
            "reporter": lambda t: self.account(t.reporter),
            "creator": lambda t: self.account(t.creator),
            "labels": lambda t: encode(t.labels),
            "components": lambda t: joined(map(self.component, t.components)),
            "fixVersions": lambda t: joined(map(self.version, t.fix_versions)),
            "versions": lambda t: joined(map(self.version, t.affects)),
            "issuelinks": lambda t: joined(self.link(link, t) for link in t.links),
            "subtasks": lambda t: joined(map(self.stub, t.subtasks)),
            "parent": parent,
            "duedate": lambda t: text(t.due),
            "description": lambda t: self.body(t.description),
            "environment": lambda _: NULL,
            "security": lambda t: self.named("securitylevel", t.security),
            "workratio": lambda _: b"-1",
            ids.flagged: lambda t: flag if t.flagged else NULL,
            ids.sprint: sprints,
            ids.points: lambda t: encode(t.points),
            ids.team: lambda t: NULL if t.team is None else self.once(("team", t.team), lambda: {"value": t.team}),
            # Cloud keeps the old field beside `parent`, and so do the recorded responses.
            ids.epic_link: lambda t: text(t.epic.key if t.epic else None),
        }
        return table

    def plan(self, wanted: Iterable[str], extra: Iterable[str] = (), comments: Piece | None = None) -> Plan:
        """What to draw for a `fields` parameter: names, *all, *navigable, and -name for all but that one.

        `extra` are the ids of fields that stand in Ticket.extra; `comments` draws the comment field. Unknown names
        are passed over, as Jira does.
        """
        table = dict(self.fields)
        for name in extra:
            table[name] = self._foreign(name)
        if comments is not None:
            table["comment"] = comments
        chosen: dict[str, Piece] = {}
        names = [name.strip() for name in wanted if name.strip()]
        if all(name.startswith("-") for name in names):
            names = ["*navigable", *names]
        for name in names:
            if name == "*all":
                chosen |= table
            elif name == "*navigable":
                chosen |= {key: piece for key, piece in table.items() if key not in NOT_NAVIGABLE}
            elif name.startswith("-"):
                chosen.pop(name[1:], None)
            elif name in table:
                chosen[name] = table[name]
        return [(name, f'"{name}":'.encode(), piece) for name, piece in chosen.items()]

    @staticmethod
    def _foreign(name: str) -> Piece:
        return lambda ticket: (ticket.extra or {}).get(name)

    def ticket(self, ticket: Ticket, plan: Plan, *, changelog: bytes | None = None) -> bytes:
        drawn: list[bytes] = []
        absent = ticket.absent
        for name, head, piece in plan:
            if absent and name in absent:
                continue
            value = piece(ticket)
            if value is not None:
                drawn.append(head + value)
        self_link = f"{self.root}/issue/{ticket.id}"
        start = f'{{"expand":"{EXPANDABLE}","id":"{ticket.id}","self":"{self_link}","key":{quote(ticket.key)}'
        pieces = [start.encode()]
        if plan:
            pieces += [b',"fields":{', b",".join(drawn), b"}"]
        if changelog is not None:
            pieces += [b',"changelog":', changelog]
        return b"".join((*pieces, b"}"))

    # --- the changelog -----------------------------------------------------------------------------------------

    def changelog(self, ticket: Ticket, *, recent: int) -> bytes:
        """The `changelog` of an expand: on Cloud only the `recent` newest, newest first; on Data Center all."""
        changes = ticket.changes()
        told = changes[: -recent - 1 : -1] if self.cloud else changes
        head = f'{{"startAt":0,"maxResults":{len(told)},"total":{len(changes)},"histories":'.encode()
        return head + joined(self.change(ticket, change) for change in told) + b"}"

    def change(self, ticket: Ticket, change: Change, *, in_bulk: bool = False) -> bytes:
        """One entry. The bulk resource tells `created` as epoch milliseconds, unlike every other."""
        author = self.account(self._people.get(change.author))
        head = f'{{"id":"{change.id}","author":'.encode()
        created = str(change.at) if in_bulk else quote(stamp(change.at, ticket.offset))
        tail = f',"created":{created},"items":'.encode()
        return b"".join((head, author, tail, encode([self.item_json(item) for item in change.items]), b"}"))

    def item_json(self, item: Item) -> dict[str, object]:
        drawn: dict[str, object] = {"field": item.field, "fieldtype": item.kind}
        old, new = item.old, item.new
        if self.cloud:
            drawn["fieldId"] = self._field_id(item)
        if item.field in {"assignee", "reporter"} and self.cloud:
            old, new = self._account_id(old), self._account_id(new)
            drawn |= {"tmpFromAccountId": old, "tmpToAccountId": new}
        return drawn | {"from": old, "fromString": item.old_text, "to": new, "toString": item.new_text}

    def _field_id(self, item: Item) -> str:
        custom = {
            "Flagged": self.ids.flagged,
            "Sprint": self.ids.sprint,
            "Story Points": self.ids.points,
            "Epic Link": self.ids.epic_link,
        }
        return custom.get(item.field) or FIELD_IDS.get(item.field, item.field)

    def _account_id(self, name: str | None) -> str | None:
        person = self._people.get(name) if name is not None else None
        return person.account_id if person else name
