"""Writing the mirror in bulk: a page of tickets with all that hangs on them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Delete, bindparam, delete, select, update
from sqlmodel import Session, col

from interlock.domain.erasure import NAME
from interlock.domain.ticket import Account, Change, Field, Project, Ticket, Version
from interlock.store import erasure
from interlock.store.erasure import Tombstones
from interlock.store.ticket import (
    AccountRow,
    ProjectRow,
    StatusRow,
    TicketChangeRow,
    TicketComponentRow,
    TicketLabelRow,
    TicketLinkRow,
    TicketRow,
    TicketVersionRow,
    VersionRow,
)
from interlock.store.ticket_read import COLUMNS, links, to_ticket
from interlock.store.upsert import BATCH, insert_all, upsert, upsert_tuples

TICKETS = "tickets"
"""The purpose under which whoever writes tickets is alone, and the name of their mirror."""


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
# Built once: building them for each page takes as long as running them.
_STORED = select(*COLUMNS, col(TicketRow.seen_at), col(TicketRow.deleted_at)).where(col(TicketRow.id).in_(_IDS))
_VERSIONS = select(col(TicketVersionRow.ticket_id), col(TicketVersionRow.version_id)).where(
    col(TicketVersionRow.ticket_id).in_(_IDS)
)
_NAMED = (
    delete(TicketVersionRow).where(col(TicketVersionRow.ticket_id).in_(_IDS)),
    delete(TicketLabelRow).where(col(TicketLabelRow.ticket_id).in_(_IDS)),
    delete(TicketComponentRow).where(col(TicketComponentRow.ticket_id).in_(_IDS)),
    delete(TicketLinkRow).where(col(TicketLinkRow.ticket_id).in_(_IDS)),
)
_OBSERVED = delete(TicketChangeRow).where(
    col(TicketChangeRow.ticket_id).in_(_IDS), col(TicketChangeRow.observed).is_(True)
)


_CHANGE = (
    "ticket_id", "id", "at", "field", "before", "after", "before_text", "after_text", "author_id", "observed",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A ticket as it stands in the mirror, without labels and components; `seen_at` is when the tracker told it so."""

    ticket: Ticket
    seen_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """As much of a ticket as a comparison with the tracker needs."""

    id: str
    key: str
    project_key: str
    seen_at: datetime


def shown(session: Session) -> Iterator[Shown]:
    """All tickets that the mirror shows, one after the other: there may be millions."""
    rows = session.execute(
        select(col(TicketRow.id), col(TicketRow.key), col(TicketRow.project_key), col(TicketRow.seen_at)).where(
            col(TicketRow.deleted_at).is_(None)
        ),
        execution_options={"yield_per": 5000},
    )
    for ticket_id, key, project_key, seen_at in rows:
        yield Shown(id=ticket_id, key=key, project_key=project_key, seen_at=seen_at)


def stored(session: Session, ticket_ids: Collection[str]) -> dict[str, Stored]:
    """Those of these tickets that the mirror has, by id."""
    connection = session.connection()
    rows = connection.execute(_STORED, {"ids": list(ticket_ids)}).all()
    if not rows:
        return {}
    ids = [row[0] for row in rows]
    versions: defaultdict[str, list[str]] = defaultdict(list)
    for ticket_id, version_id in connection.execute(_VERSIONS, {"ids": ids}):
        versions[ticket_id].append(version_id)
    linked = links(session, ids)
    return {
        row[0]: Stored(
            ticket=replace(to_ticket(row, linked.get(row[0], ())), version_ids=tuple(versions.get(row[0], ()))),
            seen_at=row[-2],
            deleted_at=row[-1],
        )
        for row in rows
    }


def write_tickets(
    session: Session,
    tickets: Mapping[str, tuple[Ticket, str | None]],
    seen_at: datetime,
    *,
    known: Collection[str],
) -> None:
    """Overwrite these tickets, by id, and what they name; each comes with its team's key. They are shown again.
    `known` are those that were there before.
    """
    if not tickets:
        return
    upsert(session, TicketRow, [_row(ticket, team, seen_at) for ticket, team in tickets.values()], ["id"])
    _delete(session, _NAMED, [ticket_id for ticket_id in tickets if ticket_id in known])
    those = [ticket for ticket, _ in tickets.values()]
    statuses = {each.status_id: each for each in those}
    seen = [{"id": id_, "name": each.status, "category": each.category.value} for id_, each in statuses.items()]
    upsert(session, StatusRow, seen, ["id"])
    insert_all(
        session,
        TicketVersionRow,
        [{"ticket_id": each.id, "version_id": version} for each in those for version in each.version_ids],
    )
    insert_all(
        session, TicketLabelRow, [{"ticket_id": each.id, "label": label} for each in those for label in each.labels]
    )
    insert_all(
        session,
        TicketComponentRow,
        [{"ticket_id": each.id, "component": component} for each in those for component in each.components],
    )
    insert_all(
        session,
        TicketLinkRow,
        [
            {
                "ticket_id": each.id,
                "other_id": link.other_id,
                "phrase": link.phrase,
                "relation": link.relation.value,
                "other_key": link.other_key,
                "other_category": link.other_category.value,
            }
            for each in those
            for link in each.links
        ],
    )


def write_changes(
    session: Session, told: Mapping[str, Sequence[Change]], observed: Mapping[str, Sequence[Change]]
) -> None:
    """Add history by ticket id; a change that is there already is overwritten by what is told of it now."""
    erased = erasure.tombstones(session)
    rows = [
        (
            ticket_id,
            change.id,
            change.at,
            change.field.value,
            change.before,
            change.after,
            change.before_text,
            change.after_text,
            change.author_id,
            seen,
        )
        for those, seen in ((told, False), (observed, True))
        for ticket_id, changes in those.items()
        for change in (_without_names(erased, changes) if erased else changes)
    ]
    upsert_tuples(session, TicketChangeRow, _CHANGE, rows, ["ticket_id", "id"])


def forget_observed(session: Session, ticket_ids: Collection[str]) -> None:
    """Drop what was only seen by comparing, of tickets whose whole history is known now."""
    _delete(session, [_OBSERVED], ticket_ids)


def write_names(
    session: Session,
    *,
    projects: Iterable[Project] = (),
    versions: Iterable[Version] = (),
    accounts: Iterable[Account] = (),
) -> None:
    """Overwrite what tickets name. An address that one answer leaves out is kept: Jira shows it to some callers only,
    and who may sign off must not come and go with it. A deactivated account's is dropped.
    """
    upsert(session, ProjectRow, [{"id": each.id, "key": each.key, "name": each.name} for each in projects], ["id"])
    upsert(
        session,
        VersionRow,
        [
            {
                "id": each.id,
                "project_id": each.project_id,
                "name": each.name,
                "released": each.released,
                "archived": each.archived,
                "release_date": each.release_date,
            }
            for each in versions
        ],
        ["id"],
    )
    told: list[dict[str, Any]] = []
    silent: list[dict[str, Any]] = []
    erased = erasure.tombstones(session)
    for each in accounts:
        if erased.has(each.id):
            continue
        row = {"id": each.id, "name": each.name, "active": each.active}
        if each.email is None and each.active:
            silent.append(row)
        else:
            told.append(row | {"email": each.email})
    upsert(session, AccountRow, told, ["id"])
    upsert(session, AccountRow, silent, ["id"])


def has_project(session: Session, project_id: str) -> bool:
    return session.get(ProjectRow, project_id) is not None


def mark_gone(session: Session, ticket_ids: Collection[str], now: datetime) -> int:
    """Mark tickets as no longer shown, keeping their last state; returns how many were shown until now."""
    ids, done = list(ticket_ids), 0
    for start in range(0, len(ids), BATCH):
        result = session.execute(
            update(TicketRow)
            .where(col(TicketRow.id).in_(ids[start : start + BATCH]), col(TicketRow.deleted_at).is_(None))
            .values(deleted_at=now)
            .returning(col(TicketRow.id)),
            execution_options={"synchronize_session": False},
        )
        done += len(result.all())
    return done


def _row(ticket: Ticket, team: str | None, seen_at: datetime) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "key": ticket.key,
        "project_id": ticket.project_id,
        "project_key": ticket.project_key,
        "team_key": team,
        "summary": ticket.summary,
        "type": ticket.type,
        "status_id": ticket.status_id,
        "status": ticket.status,
        "category": ticket.category.value,
        "priority": ticket.priority,
        "assignee_id": ticket.assignee_id,
        "reporter_id": ticket.reporter_id,
        "due": ticket.due,
        "created": ticket.created,
        "updated": ticket.updated,
        "resolved": ticket.resolved,
        "flagged": ticket.flagged,
        "security_level": ticket.security_level,
        "story_points": ticket.story_points,
        "epic_key": ticket.epic_key,
        "team_field": ticket.team_field,
        "changes_complete": ticket.changes_complete,
        "seen_at": seen_at,
        "deleted_at": None,
    }


def _without_names(erased: Tombstones, changes: Iterable[Change]) -> Iterator[Change]:
    """Of who had a ticket and is erased: before and after are accounts, and the texts their names."""
    for change in changes:
        if change.field is Field.ASSIGNEE:
            yield change._replace(
                before_text=NAME if erased.has(change.before) else change.before_text,
                after_text=NAME if erased.has(change.after) else change.after_text,
            )
        else:
            yield change


def _delete(session: Session, statements: Iterable[Delete], ticket_ids: Collection[str]) -> None:
    if ticket_ids:
        for statement in statements:
            session.connection().execute(statement, {"ids": list(ticket_ids)})
