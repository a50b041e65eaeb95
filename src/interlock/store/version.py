"""Reading fix versions and what else a scope can be named by."""

from collections.abc import Collection

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from interlock.domain.ticket import Project, Version
from interlock.store.ticket import ProjectRow, TicketRow, TicketVersionRow, VersionRow


def every(session: Session) -> list[Version]:
    rows = session.execute(
        select(
            col(VersionRow.id),
            col(VersionRow.project_id),
            col(VersionRow.name),
            col(VersionRow.released),
            col(VersionRow.archived),
            col(VersionRow.release_date),
        )
    )
    return [
        Version(id=row[0], project_id=row[1], name=row[2], released=row[3], archived=row[4], release_date=row[5])
        for row in rows
    ]


def same_name(session: Session, version_id: str) -> list[str]:
    """The ids of all versions that have this one's name, whatever their project; none for an unknown id."""
    name = select(col(VersionRow.name)).where(col(VersionRow.id) == version_id).scalar_subquery()
    return list(session.scalars(select(col(VersionRow.id)).where(col(VersionRow.name) == name).order_by(VersionRow.id)))


def projects(session: Session) -> dict[str, Project]:
    """By id."""
    rows = session.execute(select(col(ProjectRow.id), col(ProjectRow.key), col(ProjectRow.name)))
    return {row[0]: Project(id=row[0], key=row[1], name=row[2]) for row in rows}


def ticket_counts(session: Session) -> dict[str, int]:
    """How many tickets that the tracker still shows carry each version, by its id."""
    rows = session.execute(
        select(col(TicketVersionRow.version_id), func.count())
        .join(TicketRow, col(TicketRow.id) == col(TicketVersionRow.ticket_id))
        .where(col(TicketRow.deleted_at).is_(None))
        .group_by(col(TicketVersionRow.version_id))
    )
    return {version_id: number for version_id, number in rows}  # noqa: C416 rows are no pairs to the type checker


def known(session: Session, version_ids: Collection[str]) -> set[str]:
    """Those of the ids that are versions."""
    return set(session.scalars(select(col(VersionRow.id)).where(col(VersionRow.id).in_(version_ids))))


def known_epics(session: Session, keys: Collection[str]) -> set[str]:
    """Those of the keys that are tickets, or that a ticket names as its epic."""
    rows = session.execute(
        select(col(TicketRow.key), col(TicketRow.epic_key)).where(
            or_(col(TicketRow.key).in_(keys), col(TicketRow.epic_key).in_(keys))
        )
    )
    return {key for row in rows for key in row if key in keys}
