"""Scope in the database: what is in it now, what it should hold, what came and went."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import and_, bindparam, case, func, or_, select, update
from sqlmodel import Session, col

from interlock.domain.criterion import Progress
from interlock.domain.release import ENDED, ScopeRule
from interlock.domain.scope import Place, ScopeChanges, ScopedTicket, Traits
from interlock.domain.status import Move, ScopeCount, Stay
from interlock.domain.ticket import Category
from interlock.domain.ticket import Field as TicketField
from interlock.store.alone import alone
from interlock.store.release import ReleaseRow, ScopeRow
from interlock.store.ticket import StatusRow, TicketChangeRow, TicketLabelRow, TicketRow, TicketVersionRow
from interlock.store.ticket_read import BATCH, COLUMNS, to_ticket
from interlock.store.upsert import insert_new


def tickets(session: Session, release_id: int) -> list[ScopedTicket]:
    """What is in the release's scope now, by key."""
    rows = session.execute(
        select(*COLUMNS, col(TicketRow.team_key), col(ScopeRow.added_at))
        .join_from(ScopeRow, TicketRow, col(TicketRow.id) == col(ScopeRow.ticket_id))
        .where(col(ScopeRow.release_id) == release_id, col(ScopeRow.removed_at).is_(None))
        .order_by(col(TicketRow.key))
    )
    return [ScopedTicket(ticket=to_ticket(row), team=row[-2], added_at=row[-1]) for row in rows]


def among(session: Session, release_id: int, ticket_ids: Collection[str]) -> frozenset[str]:
    """Those of the tickets that are in the release's scope now. Costs as much as there are tickets, not as the scope is
    large.
    """
    ids = sorted(ticket_ids)
    found: set[str] = set()
    for start in range(0, len(ids), BATCH):
        found.update(
            session.scalars(
                select(col(ScopeRow.ticket_id)).where(
                    col(ScopeRow.release_id) == release_id,
                    col(ScopeRow.removed_at).is_(None),
                    col(ScopeRow.ticket_id).in_(ids[start : start + BATCH]),
                )
            )
        )
    return frozenset(found)


def lock(session: Session) -> None:
    """Wait until nobody else computes a scope, and be the only one until the transaction ends: a page of tickets and a
    new release cannot pass each other unseen.
    """
    alone(session, "scope")


def traits(session: Session, rule: ScopeRule, ticket_ids: Collection[str] | None = None) -> dict[str, Traits]:
    """What the rule looks at, of the tickets that it takes, by id: of all that the tracker still shows, or of these."""
    shown = [col(TicketRow.deleted_at).is_(None)]
    if ticket_ids is not None:
        shown.append(col(TicketRow.id).in_(ticket_ids))
    versions: defaultdict[str, set[str]] = defaultdict(set)
    labels: defaultdict[str, set[str]] = defaultdict(set)
    epics: dict[str, str] = {}
    if rule.version_ids:
        version = col(TicketVersionRow.version_id)
        those = select(col(TicketRow.id), version).join(
            TicketVersionRow, col(TicketVersionRow.ticket_id) == col(TicketRow.id)
        )
        for ticket_id, version_id in session.execute(those.where(version.in_(rule.version_ids), *shown)):
            versions[ticket_id].add(version_id)
    if rule.labels:
        label = col(TicketLabelRow.label)
        those = select(col(TicketRow.id), label).join(
            TicketLabelRow, col(TicketLabelRow.ticket_id) == col(TicketRow.id)
        )
        for ticket_id, text in session.execute(those.where(label.in_(rule.labels), *shown)):
            labels[ticket_id].add(text)
    if rule.epics:
        epic = col(TicketRow.epic_key)
        rows = session.execute(select(col(TicketRow.id), epic).where(epic.in_(rule.epics), *shown))
        epics = {ticket_id: key for ticket_id, key in rows if key is not None}
    return {
        ticket_id: Traits(
            version_ids=frozenset(versions[ticket_id]),
            labels=frozenset(labels[ticket_id]),
            epic_key=epics.get(ticket_id),
        )
        for ticket_id in {*versions, *labels, *epics}
    }


def current(session: Session, ticket_ids: Collection[str] | None = None) -> list[Place]:
    """Who is in the scope of which open release now: all, or of these tickets."""
    statement = (
        select(col(ScopeRow.release_id), col(ScopeRow.ticket_id))
        .join(ReleaseRow, col(ReleaseRow.id) == col(ScopeRow.release_id))
        .where(col(ScopeRow.removed_at).is_(None), col(ReleaseRow.stage).not_in(ENDED))
    )
    if ticket_ids is not None:
        statement = statement.where(col(ScopeRow.ticket_id).in_(ticket_ids))
    return [Place(release_id=release_id, ticket_id=ticket_id) for release_id, ticket_id in session.execute(statement)]


def apply(session: Session, changes: ScopeChanges, now: datetime, *, beginning: bool = False) -> None:
    """Record the changes, and count each changed release's number up, which also waits for whoever decides on it.

    What comes in during the `beginning`, before the tracker was read to its end once, was in scope when it opened.
    """
    for release_id in sorted(changes.releases):
        session.execute(
            update(ReleaseRow).where(col(ReleaseRow.id) == release_id).values(number=ReleaseRow.number + 1),
            execution_options={"synchronize_session": False},
        )
    if changes.removed:
        leave = (
            update(ScopeRow)
            .where(
                col(ScopeRow.release_id) == bindparam("release"),
                col(ScopeRow.ticket_id) == bindparam("ticket"),
                col(ScopeRow.removed_at).is_(None),
            )
            .values(removed_at=now)
        )
        rows = [{"release": place.release_id, "ticket": place.ticket_id} for place in changes.removed]
        session.connection().execute(leave, rows)
    opened = _opened(session, changes.releases) if beginning else {}
    insert_new(
        session,
        ScopeRow,
        [
            {
                "release_id": place.release_id,
                "ticket_id": place.ticket_id,
                "added_at": opened.get(place.release_id, now),
            }
            for place in changes.added
        ],
    )


def _opened(session: Session, release_ids: Collection[int]) -> dict[int, datetime]:
    rows = session.execute(
        select(col(ReleaseRow.id), col(ReleaseRow.scope_opened_at)).where(col(ReleaseRow.id).in_(release_ids))
    )
    return {release_id: opened_at for release_id, opened_at in rows if release_id is not None}


def counts(session: Session, release_id: int, since: datetime) -> tuple[ScopeCount, ...]:
    """The tickets in scope, counted by team and status; see ScopeCount for what is compared with `since`."""
    restricted = col(TicketRow.security_level).is_not(None)
    born_done = and_(col(TicketRow.created) >= since, col(TicketRow.category) == Category.DONE.value)
    # A ticket that nobody touched since is as it was, whatever its history; one that was in scope by then was mirrored,
    # and Interlock has seen its changes itself.
    unknown = and_(
        col(TicketRow.updated) >= since,
        col(TicketRow.created) < since,
        col(ScopeRow.added_at) > since,
        ~col(TicketRow.changes_complete),
    )
    alike = (col(TicketRow.team_key), col(TicketRow.status_id), col(TicketRow.category))
    rows = session.execute(
        select(*alike, func.count(), *(func.sum(case((each, 1), else_=0)) for each in (restricted, born_done, unknown)))
        .select_from(ScopeRow)
        .join(TicketRow, col(TicketRow.id) == col(ScopeRow.ticket_id))
        .where(col(ScopeRow.release_id) == release_id, col(ScopeRow.removed_at).is_(None))
        .group_by(*alike)
    )
    return tuple(
        ScopeCount(
            team=row[0],
            status_id=row[1],
            category=Category(row[2]),
            tickets=row[3],
            restricted=row[4],
            born_done=row[5],
            unknown=row[6],
        )
        for row in rows
    )


def progress(session: Session, release_id: int) -> dict[str | None, Progress]:
    """How far each team's tickets in scope are, by its key; under None, all tickets."""
    done, points = col(TicketRow.category) == Category.DONE.value, func.coalesce(col(TicketRow.story_points), 0)
    rows = session.execute(
        select(
            col(TicketRow.team_key),
            func.count(),
            func.sum(case((done, 1), else_=0)),
            func.sum(points),
            func.sum(case((done, points), else_=0)),
        )
        .select_from(ScopeRow)
        .join(TicketRow, col(TicketRow.id) == col(ScopeRow.ticket_id))
        .where(col(ScopeRow.release_id) == release_id, col(ScopeRow.removed_at).is_(None))
        .group_by(col(TicketRow.team_key))
    ).all()
    by_team: dict[str | None, Progress] = {
        row[0]: Progress(tickets=row[1], done=row[2], points=row[3], points_done=row[4]) for row in rows if row[0]
    }
    by_team[None] = Progress(
        tickets=sum(row[1] for row in rows),
        done=sum(row[2] for row in rows),
        points=sum(row[3] for row in rows),
        points_done=sum(row[4] for row in rows),
    )
    return by_team


def priorities(session: Session, ticket_ids: Collection[str]) -> dict[str, str | None]:
    """By id, of those of the tickets that are mirrored."""
    rows = session.execute(
        select(col(TicketRow.id), col(TicketRow.priority)).where(col(TicketRow.id).in_(list(ticket_ids)))
    )
    return {row[0]: row[1] for row in rows}


def moves(session: Session, release_id: int, since: datetime, known: Mapping[str, Category]) -> tuple[Move, ...]:
    """Tickets in scope, older than `since`, that changed their status since. `known` are categories by status id; what
    is not among them is looked up among all statuses.
    """
    rows = session.execute(
        select(col(TicketRow.id), col(TicketRow.category), col(TicketChangeRow.before))
        .select_from(ScopeRow)
        .join(TicketRow, col(TicketRow.id) == col(ScopeRow.ticket_id))
        .join(TicketChangeRow, col(TicketChangeRow.ticket_id) == col(TicketRow.id))
        .where(
            col(ScopeRow.release_id) == release_id,
            col(ScopeRow.removed_at).is_(None),
            col(TicketChangeRow.field) == TicketField.STATUS.value,
            col(TicketChangeRow.at) >= since,
            col(TicketRow.created) < since,
            col(TicketRow.updated) >= since,  # says nothing new, but spares looking for changes where none can be
        )
        .order_by(col(TicketRow.id), col(TicketChangeRow.at), col(TicketChangeRow.id))
    )
    first: dict[str, tuple[str | None, Category]] = {}
    for ticket_id, category, before in rows:
        first.setdefault(ticket_id, (before, Category(category)))
    categories = dict(known)
    for status_id in {before for before, _ in first.values() if before} - categories.keys():
        categories[status_id] = _category(session, status_id)
    return tuple(
        Move(before=categories.get(before or "", Category.UNKNOWN), after=after) for before, after in first.values()
    )


def stays(session: Session, release_id: int, since: datetime) -> tuple[Stay, ...]:
    """The stays in scope that began or ended after `since`."""
    rows = session.execute(
        select(col(ScopeRow.ticket_id), col(ScopeRow.added_at), col(ScopeRow.removed_at)).where(
            col(ScopeRow.release_id) == release_id,
            or_(col(ScopeRow.added_at) > since, col(ScopeRow.removed_at) > since),
        )
    )
    return tuple(Stay(ticket_id=row[0], added_at=row[1], removed_at=row[2]) for row in rows)


def _category(session: Session, status_id: str) -> Category:
    """A status's category, as the last ticket that was seen in it told."""
    found = session.execute(select(col(StatusRow.category)).where(col(StatusRow.id) == status_id)).scalar()
    return Category(found) if found else Category.UNKNOWN


def teams(session: Session, rule: ScopeRule) -> frozenset[str]:
    """The teams, by key, of the tickets that the rule takes."""
    ids = list(traits(session, rule))
    found: set[str] = set()
    for start in range(0, len(ids), BATCH):
        team = col(TicketRow.team_key)
        rows = session.scalars(select(team).where(col(TicketRow.id).in_(ids[start : start + BATCH])).distinct())
        found.update(key for key in rows if key)
    return frozenset(found)


def team_keys(session: Session, release_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """By release, the teams of what is in its scope now."""
    rows = session.execute(
        select(col(ScopeRow.release_id), col(TicketRow.team_key))
        .join(TicketRow, col(TicketRow.id) == col(ScopeRow.ticket_id))
        .where(
            col(ScopeRow.release_id).in_(release_ids),
            col(ScopeRow.removed_at).is_(None),
            col(TicketRow.team_key).is_not(None),
        )
        .distinct()
    )
    found: defaultdict[int, set[str]] = defaultdict(set)
    for release_id, team in rows:
        found[release_id].add(team)
    return {release_id: frozenset(found[release_id]) for release_id in release_ids}
