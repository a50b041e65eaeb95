"""The graph of who waits for whom, read outwards from some tickets as far as it reaches, and no further.

Each step is one indexed look-up for all the tickets of the step, so that its cost grows with the chain and not with the
number of tickets mirrored.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, func, or_, select
from sqlmodel import Session, col

from interlock.domain.blocker import Node
from interlock.domain.ticket import Category, Field, Relation
from interlock.store.release import ScopeRow
from interlock.store.ticket import TicketChangeRow, TicketLinkRow, TicketRow

_Link = tuple[str, str, str, str]
"""From, to, and the key and category of the ticket at the far end."""

BATCH = 5000
"""How many ids one statement names: below the databases' limits on parameters."""

NODE = (
    col(TicketRow.id),
    col(TicketRow.key),
    col(TicketRow.summary),
    col(TicketRow.project_key),
    col(TicketRow.team_key),
    col(TicketRow.assignee_id),
    col(TicketRow.security_level),
    col(TicketRow.flagged),
    col(TicketRow.status),
)
LINK = TicketLinkRow.__table__.c  # type: ignore[attr-defined]  # SQLModel gives every table one
CHANGE = TicketChangeRow.__table__.c  # type: ignore[attr-defined]  # likewise
TELLING = (Field.FLAGGED.value, Field.STATUS.value, Field.LINK.value)
OPEN = (col(TicketRow.category) != Category.DONE.value, col(TicketRow.deleted_at).is_(None))


def of_scope(session: Session, release_id: int, blocked_statuses: Collection[str]) -> list[Node]:
    """The open tickets in the release's scope that may be stuck, all that they wait for, and all that waits for the
    roots of it.
    """
    scope = (
        select(*NODE)
        .join(ScopeRow, col(ScopeRow.ticket_id) == col(TicketRow.id))
        .where(
            col(ScopeRow.release_id) == release_id,
            col(ScopeRow.removed_at).is_(None),
            *OPEN,
            _may_be_stuck(blocked_statuses),
        )
    )
    return _graph(session, scope, blocked_statuses)


def of_team(session: Session, team: str | None, blocked_statuses: Collection[str]) -> list[Node]:
    """The same from a team's open tickets, or from every open ticket that waits, is flagged or is in such a status."""
    if team is not None:
        return _graph(session, select(*NODE).where(col(TicketRow.team_key) == team, *OPEN), blocked_statuses)
    return _graph(session, select(*NODE).where(*OPEN, _may_be_stuck(blocked_statuses)), blocked_statuses)


def of_ticket(session: Session, ticket_id: str, blocked_statuses: Collection[str]) -> list[Node]:
    """An open ticket, all that waits for it, and all that these wait for besides."""
    graph = _Graph(session)
    start = graph.keep(session.execute(select(*NODE).where(col(TicketRow.id) == ticket_id, *OPEN)))
    graph.descend(start)
    graph.climb({*graph.rows, *graph.outside})
    return graph.nodes(frozenset(status.casefold() for status in blocked_statuses))


def _may_be_stuck(blocked_statuses: Collection[str]) -> ColumnElement[bool]:
    """Flagged, in such a status, or told to wait, by its own link or by another ticket's."""
    waiting = select(LINK.ticket_id).where(
        LINK.ticket_id == col(TicketRow.id), LINK.relation == Relation.BLOCKED_BY.value
    )
    blocked = select(LINK.other_id).where(LINK.other_id == col(TicketRow.id), LINK.relation == Relation.BLOCKS.value)
    return or_(
        col(TicketRow.flagged),
        func.lower(col(TicketRow.status)).in_([status.casefold() for status in blocked_statuses]),
        waiting.exists(),
        blocked.exists(),
    )


def _graph(session: Session, seeds: Executable, blocked_statuses: Collection[str]) -> list[Node]:
    graph = _Graph(session)
    graph.climb(graph.keep(session.execute(seeds)))
    known = set(graph.rows)
    graph.descend({id_ for id_ in {*known, *graph.outside} if not graph.open_blockers(id_)})
    # What came in on the way down may wait for more than the roots that led to it.
    graph.climb(set(graph.rows) - known)
    return graph.nodes(frozenset(status.casefold() for status in blocked_statuses))


class _Graph:
    """What has been read so far: open tickets' rows, tickets that only links tell of, and who waits for whom."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.rows: dict[str, Sequence[Any]] = {}
        self.outside: dict[str, str] = {}
        self.waits: defaultdict[str, set[str]] = defaultdict(set)
        self._closed: set[str] = set()

    def keep(self, rows: Iterable[Sequence[Any]]) -> set[str]:
        """Take open tickets in; returns those that are new."""
        new = {row[0]: row for row in rows if row[0] not in self.rows}
        self.rows |= new
        return set(new)

    def climb(self, frontier: set[str]) -> None:
        """From tickets to those that they wait for, to the ends of the chains."""
        while frontier:
            links = self._links(frontier, LINK.ticket_id, Relation.BLOCKED_BY) + [
                _turned(link) for link in self._links(frontier, LINK.other_id, Relation.BLOCKS)
            ]
            for waiting, blocker, _, _ in links:
                self.waits[waiting].add(blocker)
            frontier = self._take({blocker: (key, category) for _, blocker, key, category in links})

    def descend(self, frontier: set[str]) -> None:
        """From tickets to all that wait for them: through those that were read on the way up, too."""
        passed = set(frontier)
        while frontier:
            links = self._links(frontier, LINK.ticket_id, Relation.BLOCKS) + [
                _turned(link) for link in self._links(frontier, LINK.other_id, Relation.BLOCKED_BY)
            ]
            for blocker, waiting, _, _ in links:
                self.waits[waiting].add(blocker)
            self._take({waiting: (key, category) for _, waiting, key, category in links})
            frontier = {
                waiting for _, waiting, _, _ in links if waiting in self.rows or waiting in self.outside
            } - passed
            passed |= frontier

    def open_blockers(self, id_: str) -> set[str]:
        """What it waits for and is not closed, as far as was read."""
        return {blocker for blocker in self.waits[id_] if blocker in self.rows or blocker in self.outside}

    def nodes(self, statuses: frozenset[str]) -> list[Node]:
        stuck = {id_ for id_, row in self.rows.items() if row[7] or row[8].casefold() in statuses or self.waits[id_]}
        changes = self._changes(stuck)
        mirrored = [
            Node(
                id=id_,
                key=row[1],
                summary=row[2],
                project_key=row[3],
                team=row[4],
                assignee_id=row[5],
                restricted=row[6] is not None,
                flagged=row[7],
                status_blocked=row[8].casefold() in statuses,
                waits_for=tuple(sorted(self.waits[id_])),
                since=self._since(row, statuses, changes[id_]),
            )
            for id_, row in self.rows.items()
        ]
        return mirrored + [
            Node(
                id=id_,
                key=key,
                project_key=key.rpartition("-")[0],
                mirrored=False,
                waits_for=tuple(sorted(self.waits[id_])),
            )
            for id_, key in self.outside.items()
        ]

    def _links(self, ids: set[str], side: ColumnElement[str], relation: Relation) -> list[_Link]:
        """Links of one relation that name any of the tickets on the given side, as their own ticket told them."""
        found: list[_Link] = []
        for some in _batches(ids):
            rows = self.session.execute(
                select(LINK.ticket_id, LINK.other_id, LINK.other_key, LINK.other_category).where(
                    side.in_(some), LINK.relation == relation.value
                )
            )
            found += [(row[0], row[1], row[2], row[3]) for row in rows]
        return found

    def _take(self, told: dict[str, tuple[str, str]]) -> set[str]:
        """Read the tickets that links led to; returns the open ones that are new, from which it goes on."""
        unknown = [id_ for id_ in told if id_ not in self.rows and id_ not in self.outside and id_ not in self._closed]
        mirrored: set[str] = set()
        new: set[str] = set()
        for some in _batches(unknown):
            mirrored.update(
                self.session.execute(select(col(TicketRow.id)).where(col(TicketRow.id).in_(some))).scalars()
            )
            new |= self.keep(self.session.execute(select(*NODE).where(col(TicketRow.id).in_(some), *OPEN)))
        for id_ in unknown:
            key, category = told[id_]
            if id_ not in mirrored and category != Category.DONE.value:
                self.outside[id_] = key
                new.add(id_)
        self._closed.update(id_ for id_ in unknown if id_ not in new)
        return new

    def _changes(self, ids: set[str]) -> defaultdict[str, list[Sequence[Any]]]:
        """The changes of the given tickets that tell since when they cannot move, oldest first."""
        found: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
        for some in _batches(ids):
            rows = self.session.execute(
                select(CHANGE.ticket_id, CHANGE.field, CHANGE.at, CHANGE.after, CHANGE.after_text)
                .where(CHANGE.ticket_id.in_(some), CHANGE.field.in_(TELLING))
                .order_by(CHANGE.at)
            )
            for row in rows:
                found[row[0]].append(row)
        return found

    def _since(self, row: Sequence[Any], statuses: frozenset[str], changes: list[Sequence[Any]]) -> datetime | None:
        """The earliest start that the history tells among the reasons that hold now."""
        blockers = {self._key(id_) for id_ in self.waits[row[0]] if id_ not in self._closed}
        starts: list[datetime] = []
        if row[7]:
            starts += [at for _, field, at, after, text in changes if field == Field.FLAGGED and (after or text)][-1:]
        status = row[8].casefold()
        if status in statuses:
            entered = [at for _, field, at, _, text in changes if field == Field.STATUS and _folded(text) == status]
            starts += entered[-1:]
        starts += [at for _, field, at, after, _ in changes if field == Field.LINK and after in blockers]
        return min(starts, default=None)

    def _key(self, id_: str) -> str | None:
        row = self.rows.get(id_)
        return row[1] if row else self.outside.get(id_)


def _folded(text: str | None) -> str:
    return (text or "").casefold()


def _turned(link: _Link) -> _Link:
    """The link from its other end. Who told it is mirrored, so its key and category are read with it, not from here."""
    return link[1], link[0], "", ""


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), BATCH):
        yield ordered[start : start + BATCH]
