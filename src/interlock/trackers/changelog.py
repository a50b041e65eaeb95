"""The history of a ticket: the changelog's items of the fields that Interlock follows."""

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any

from interlock.domain.ticket import Change, Field
from interlock.trackers import plain

CLOUD_CUT = 40
"""Cloud's search tells at most this many entries of each ticket's history, the newest (CHANGE-2046's migration notes).
A history of that length may go on."""

# By `fieldId` where it is told (Cloud, and newer Data Centers), else by `field`, which is in English everywhere.
_FIELDS = {
    "status": Field.STATUS,
    "assignee": Field.ASSIGNEE,
    "link": Field.LINK,
    "issuelinks": Field.LINK,
    "fixversions": Field.FIX_VERSION,
    "fix version": Field.FIX_VERSION,
    "priority": Field.PRIORITY,
    "duedate": Field.DUE,
    "flagged": Field.FLAGGED,
}


_AT = attrgetter("at")


class Changelog:
    """Reads histories for a site whose Flagged field has these ids and this name."""

    def __init__(self, flagged_ids: Iterable[str], flagged_name: str) -> None:
        self._fields = _FIELDS | {name.casefold(): Field.FLAGGED for name in (*flagged_ids, flagged_name)}
        self._found: dict[tuple[Any, Any], Field | None] = {}

    def read(self, histories: object) -> tuple[Change, ...]:
        """Oldest first. A history without a time or an id is left out: it can be placed nowhere."""
        found: list[Change] = []
        for history in plain.records(histories):
            at, history_id = plain.moment(history.get("created")), plain.optional(history.get("id"))
            if at is not None and history_id is not None:
                found.extend(self.items(history_id, at, history.get("author"), history.get("items")))
        found.sort(key=_AT)
        return tuple(found)

    def items(self, history_id: str, at: datetime, author: object, items: object) -> list[Change]:
        """One save's changes. A webhook tells them under the same id as the history does, so both are one."""
        found: list[Change] = []
        fields: list[Field] = []
        author_id = account_id(author)
        for item in plain.records(items):
            field = self._field(item)
            if field is None:
                continue
            before, after = _sides(field, item)
            found.append(
                Change(
                    id=f"{history_id}:{field}:{fields.count(field)}",
                    at=at,
                    field=field,
                    before=before,
                    after=after,
                    before_text=plain.optional(item.get("fromString")),
                    after_text=plain.optional(item.get("toString")),
                    author_id=author_id,
                )
            )
            fields.append(field)
        return found

    def _field(self, item: dict[str, Any]) -> Field | None:
        names = item.get("fieldId"), item.get("field")
        try:
            return self._found[names]  # a site has some hundred fields, its histories millions of entries
        except (KeyError, TypeError):  # new, or a list where a name should stand
            known = (self._fields.get(plain.text(name).casefold()) for name in names)
            field = next((each for each in known if each), None)
        if all(name is None or isinstance(name, str) for name in names):
            self._found[names] = field
        return field


def whole(changelog: dict[str, Any], *, cloud: bool) -> bool:
    """Whether a search told all of a ticket's history; `changelog` holds `histories` and `total`."""
    histories = changelog.get("histories")
    if not isinstance(histories, list):
        return False
    total = changelog.get("total")
    if isinstance(total, int) and total > len(histories):
        return False
    return len(histories) < CLOUD_CUT if cloud else True


def account_id(user: object) -> str | None:
    """The accountId on Cloud; on Data Center the key, which survives renaming, or the name where no key is told."""
    if not isinstance(user, dict):
        return None
    return plain.optional(user.get("accountId") or user.get("key") or user.get("name"))


def _sides(field: Field, item: dict[str, Any]) -> tuple[str | None, str | None]:
    """Before and after, by id where the field has one. Cloud tells accounts in `tmp…AccountId`, beside names that are
    no longer of use; Jira leaves `to` empty for dates and tells an opaque list for Flagged."""
    if field is Field.ASSIGNEE:
        return (
            plain.optional(plain.first(item, "tmpFromAccountId", "from", "fromString")),
            plain.optional(plain.first(item, "tmpToAccountId", "to", "toString")),
        )
    if field is Field.DUE:
        days = plain.day(plain.first(item, "from", "fromString")), plain.day(plain.first(item, "to", "toString"))
        return (days[0].isoformat() if days[0] else None, days[1].isoformat() if days[1] else None)
    if field is Field.FLAGGED:
        return plain.optional(item.get("fromString")), plain.optional(item.get("toString"))
    return (
        plain.optional(item.get("from") or item.get("fromString")),
        plain.optional(item.get("to") or item.get("toString")),
    )
