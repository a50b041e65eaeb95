"""What a practice Jira holds. The world makes these values, the store changes them, `render` draws them as JSON.

Instants are epoch milliseconds. Objects compare by identity: one status, one account, one version, however many
tickets point at it, so that a rename is one assignment and a page of JSON is put together from pieces drawn once.
Containers in a Ticket are tuples and are replaced, never changed, so that a copy of it stays what it was.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal, NamedTuple

Flavour = Literal["cloud", "datacenter"]


@dataclass(slots=True, eq=False)
class Account:
    """A Jira user: `account_id` names them on Cloud, `name` on Data Center. `email` None: they expose none."""

    name: str
    display: str
    email: str | None = None
    active: bool = True
    time_zone: str = "Europe/London"
    account_id: str = ""

    def __post_init__(self) -> None:
        self.account_id = self.account_id or f"acc-{self.name}"


@dataclass(slots=True, eq=False)
class Category:
    id: int
    key: str
    name: str
    colour: str


NEW = Category(2, "new", "To Do", "blue-gray")
IN_PROGRESS = Category(4, "indeterminate", "In Progress", "yellow")
DONE = Category(3, "done", "Done", "green")
UNDEFINED = Category(1, "undefined", "No Category", "medium-gray")
CATEGORIES = (UNDEFINED, NEW, DONE, IN_PROGRESS)


@dataclass(slots=True, eq=False)
class Status:
    id: str
    name: str
    category: Category | None
    description: str = ""


@dataclass(slots=True, eq=False)
class IssueType:
    id: str
    name: str
    description: str = ""
    subtask: bool = False
    level: int = 0  # 1 for an epic


@dataclass(slots=True, eq=False)
class Named:
    """A priority, a resolution or a security level."""

    id: str
    name: str
    description: str = ""


@dataclass(slots=True, eq=False)
class Project:
    id: str
    key: str
    name: str
    lead: Account | None = None
    versions: list["Version"] = field(default_factory=list)
    components: list["Component"] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Version:
    """`released_on` is what Jira calls releaseDate: planned or real, as YYYY-MM-DD."""

    id: str
    name: str
    project: Project
    description: str = ""
    archived: bool = False
    released: bool = False
    start: str | None = None
    released_on: str | None = None


@dataclass(slots=True, eq=False)
class Component:
    id: str
    name: str
    project: Project
    description: str = ""


@dataclass(slots=True, eq=False)
class LinkType:
    """Read `outward` on the source's side ("DATA-1 blocks ML-2"), `inward` on the target's."""

    id: str
    name: str
    inward: str
    outward: str


@dataclass(slots=True, eq=False)
class Sprint:
    id: int
    name: str
    state: str  # future, active, closed
    board: int = 1
    start: str | None = None
    end: str | None = None
    completed: str | None = None
    goal: str = ""


@dataclass(slots=True, eq=False)
class Link:
    id: int
    type: LinkType
    source: "Ticket"
    target: "Ticket"


class Item(NamedTuple):
    """One changed field. `old` and `new` are ids where the field has them; for people they are Account.name."""

    field: str
    old: str | None = None
    old_text: str | None = None
    new: str | None = None
    new_text: str | None = None
    kind: str = "jira"  # or "custom"


class Change(NamedTuple):
    """One entry of a changelog. `author` is an Account.name."""

    id: int
    at: int
    author: str
    items: tuple[Item, ...]


@dataclass(slots=True, eq=False)
class Comment:
    """`visibility` is the role that alone may read it."""

    id: int
    author: Account
    body: str
    created: int
    updated: int
    visibility: str | None = None


@dataclass(slots=True, eq=False)
class Ticket:
    """One issue. `offset` is the UTC offset in minutes that its times are written with: real rows differ in it.

    `absent` names REST fields that a real export lacks, `extra` holds fields that we do not model as encoded JSON.
    `log` is the packed changelog: see `pack`. A hundred thousand of these are held in memory, hence the packing.
    """

    id: int
    key: str
    project: Project
    type: IssueType
    status: Status
    created: int
    updated: int
    offset: int = 0
    summary: str | None = None
    description: str | None = None
    priority: Named | None = None
    resolution: Named | None = None
    resolved: int | None = None
    assignee: Account | None = None
    reporter: Account | None = None
    creator: Account | None = None
    due: str | None = None
    labels: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    fix_versions: tuple[Version, ...] = ()
    affects: tuple[Version, ...] = ()
    links: tuple[Link, ...] = ()
    parent: "Ticket | None" = None
    epic: "Ticket | None" = None
    subtasks: "tuple[Ticket, ...]" = ()
    security: Named | None = None
    points: float | None = None
    sprints: tuple[Sprint, ...] = ()
    flagged: bool = False
    team: str | None = None
    log: bytes = b""
    absent: frozenset[str] = frozenset()
    extra: dict[str, bytes] | None = None

    @property
    def number(self) -> int:
        return int(self.key.rpartition("-")[2])

    def changes(self) -> list[Change]:
        """The changelog, oldest first."""
        return unpack(self.log)


def pack(changes: list[Change]) -> bytes:
    """A changelog as compact bytes: about a tenth of what the objects take."""
    return json.dumps(changes, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def unpack(log: bytes) -> list[Change]:
    if not log:
        return []
    rows = json.loads(log.decode("utf-8", "surrogatepass"))
    return [Change(number, at, author, tuple(Item(*i) for i in items)) for number, at, author, items in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldIds:
    """The ids of the custom fields. Every site has its own: only the names are alike."""

    flagged: str = "customfield_10021"
    sprint: str = "customfield_10020"
    epic_link: str = "customfield_10014"
    points: str = "customfield_10016"
    team: str = "customfield_10050"


@dataclass(slots=True, kw_only=True)
class Site:
    """A whole Jira: what a store starts from. `bot` is the account behind the practice token."""

    title: str
    bot: Account
    accounts: list[Account]
    projects: list[Project]
    tickets: list[Ticket]
    statuses: list[Status]
    types: list[IssueType]
    priorities: list[Named]
    resolutions: list[Named]
    link_types: list[LinkType]
    levels: list[Named]
    comments: dict[int, list[Comment]] = field(default_factory=dict)
    former_keys: dict[str, int] = field(default_factory=dict)  # keys of moved tickets -> ticket id
    fields: FieldIds = field(default_factory=FieldIds)
    foreign_fields: tuple[str, ...] = ()  # ids of fields that stand in Ticket.extra


def stamp(at: int, offset: int = 0) -> str:
    """Jira's way to write an instant: 2026-11-23T09:05:00.000+0000."""
    zone = UTC if not offset else timezone(timedelta(minutes=offset))
    text = datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="milliseconds")
    return text[:-3] + text[-2:]  # Jira's offset has no colon


def parse_stamp(text: str) -> tuple[int, int]:
    """The instant in milliseconds and its UTC offset in minutes. Raises ValueError."""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        msg = f"{text!r} has no UTC offset"
        raise ValueError(msg)
    offset = when.utcoffset() or timedelta()
    return round(when.timestamp() * 1000), round(offset.total_seconds() / 60)
