"""A ticket as the tracker tells it, and what else the tracker tells: projects, versions, accounts."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Category(StrEnum):
    """A status's category by its key, never by its (localised) name. Source: Jira's statuscategory resource."""

    NEW = "new"
    IN_PROGRESS = "indeterminate"
    DONE = "done"
    UNKNOWN = "undefined"


class Relation(StrEnum):
    """What a link says of its ticket, read from the phrase on the ticket's own side."""

    BLOCKS = "blocks"
    BLOCKED_BY = "blocked_by"
    RELATES = "relates"


class Field(StrEnum):
    """The fields whose history is kept."""

    STATUS = "status"
    ASSIGNEE = "assignee"
    LINK = "link"
    FLAGGED = "flagged"
    FIX_VERSION = "fix_version"
    PRIORITY = "priority"
    DUE = "due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    id: str
    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A fix version; its name is unique within its project only."""

    id: str
    project_id: str
    name: str
    released: bool = False
    archived: bool = False
    release_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody in the tracker. Many expose no e-mail. `id` is accountId on Cloud, key or name on Data Center."""

    id: str
    name: str
    email: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`other_category` is what the tracker said of the other ticket when it told of this link: it is all that is known
    of a ticket outside the mirror."""

    relation: Relation
    phrase: str
    other_id: str
    other_key: str
    other_category: Category = Category.UNKNOWN


class Change(NamedTuple):
    """One field's change, from the tracker's changelog. `id` is unique within the ticket; `before` and `after` are ids
    where the field has them (status, account, version), texts otherwise; `*_text` is what people read. A tuple: a full
    sync makes millions of them."""

    id: str
    at: datetime
    field: Field
    before: str | None
    after: str | None
    before_text: str | None = None
    after_text: str | None = None
    author_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One ticket. `id` never changes; `key` does when the ticket moves. Times are UTC."""

    id: str
    key: str
    project_id: str
    project_key: str
    summary: str
    type: str
    status_id: str
    status: str
    category: Category
    created: datetime
    updated: datetime
    assignee_id: str | None = None
    reporter_id: str | None = None
    priority: str | None = None
    due: date | None = None
    resolved: datetime | None = None
    flagged: bool = False
    security_level: str | None = None
    story_points: float | None = None
    epic_key: str | None = None
    team_field: str | None = None
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    version_ids: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    changes: tuple[Change, ...] = ()
    changes_complete: bool = False
    """Whether `changes` is the whole changelog: False when the tracker told none or cut it."""

    @property
    def done(self) -> bool:
        return self.category is Category.DONE

    @property
    def restricted(self) -> bool:
        return self.security_level is not None
