"""What changed between two sights of a ticket, for trackers and deliveries that tell no history."""

from collections.abc import Iterator
from dataclasses import dataclass

from interlock.domain.ticket import Change, Field, Ticket

_FLAGGED = "flagged"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Difference:
    field: Field
    before: str | None
    after: str | None
    before_text: str | None = None
    after_text: str | None = None


def unexplained(before: Ticket, after: Ticket) -> tuple[Change, ...]:
    """The differences that `after.changes` does not account for, as changes at `after.updated`: they happened between
    then and `before.updated`. Priorities are told by name, for their ids are not kept.
    """
    told = {(change.field, change.after) for change in after.changes}
    told |= {(change.field, change.after_text) for change in after.changes if change.after_text is not None}
    # A version or a link that went is told by what it was: nothing stands after it.
    gone = {(change.field, change.before) for change in after.changes if change.after is None}
    moment = after.updated.isoformat(timespec="milliseconds")
    return tuple(
        Change(
            id=f"observed:{difference.field}:{difference.before or ''}:{difference.after or ''}:{moment}",
            at=after.updated,
            field=difference.field,
            before=difference.before,
            after=difference.after,
            before_text=difference.before_text,
            after_text=difference.after_text,
        )
        for difference in _differences(before, after)
        if not _is_told(difference, told, gone)
    )


def _is_told(difference: _Difference, told: set[tuple[Field, str | None]], gone: set[tuple[Field, str | None]]) -> bool:
    if difference.field in {Field.FIX_VERSION, Field.LINK} and difference.after is None:
        return (difference.field, difference.before) in gone
    if difference.field is Field.FLAGGED:
        return any(field is Field.FLAGGED for field, _ in told)
    return (difference.field, difference.after) in told


def _differences(before: Ticket, after: Ticket) -> Iterator[_Difference]:
    if before.status_id != after.status_id:
        yield _Difference(
            field=Field.STATUS,
            before=before.status_id,
            after=after.status_id,
            before_text=before.status,
            after_text=after.status,
        )
    for field, old, new in (
        (Field.ASSIGNEE, before.assignee_id, after.assignee_id),
        (Field.PRIORITY, before.priority, after.priority),
        (Field.DUE, before.due.isoformat() if before.due else None, after.due.isoformat() if after.due else None),
        (Field.FLAGGED, _FLAGGED if before.flagged else None, _FLAGGED if after.flagged else None),
    ):
        if old != new:
            yield _Difference(field=field, before=old, after=new)
    for field, had, has in (
        (Field.FIX_VERSION, set(before.version_ids), set(after.version_ids)),
        (Field.LINK, {link.other_key for link in before.links}, {link.other_key for link in after.links}),
    ):
        for name in sorted(had - has):
            yield _Difference(field=field, before=name, after=None)
        for name in sorted(has - had):
            yield _Difference(field=field, before=None, after=name)
