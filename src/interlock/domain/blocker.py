"""Blockers: which tickets cannot move, what is at the root of it, and what closing a root would free."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from interlock.domain.actor import Owner, Person
from interlock.domain.escalation import NextStep
from interlock.domain.release import Release


class Reason(StrEnum):
    """Why a ticket cannot move."""

    FLAGGED = "flagged"
    STATUS = "status"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A ticket as far as blocking goes. `waits_for` are the ids of the tickets that its links say it waits for, open
    or not. `mirrored` is False for a ticket that only another one's link tells of: little is known of it, and it is
    shown nowhere. `since` is when the ticket became unable to move, None where its history does not tell.
    """

    id: str
    key: str
    summary: str = ""
    project_key: str = ""
    team: str | None = None
    assignee_id: str | None = None
    restricted: bool = False
    mirrored: bool = True
    done: bool = False
    flagged: bool = False
    status_blocked: bool = False
    waits_for: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """An open ticket that cannot move, why, and the roots of it (its own id where nothing else holds it)."""

    node: Node
    reasons: tuple[Reason, ...]
    roots: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """An open ticket at the end of a chain. It frees what has no other open blocker once it closes, followed
    transitively; it holds all that wait on it. `circular`: its chain runs in a circle, of which this is the first key.
    """

    node: Node
    frees: frozenset[str]
    holds: frozenset[str]
    circular: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Blockers:
    """All that cannot move among the given tickets, by id, and the roots: those that free most first. `nodes` are the
    open tickets that were given.
    """

    nodes: Mapping[str, Node]
    blocked: Mapping[str, Blocked]
    roots: tuple[Root, ...]

    def root_of(self, ticket_id: str) -> tuple[Root, ...]:
        wanted = self.blocked[ticket_id].roots if ticket_id in self.blocked else ()
        return tuple(root for root in self.roots if root.node.id in wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class RootLine:
    """A root as people read it. `owner` is whoever the ticket is assigned to; `teams` is how many teams it and what it
    holds belong to; `since` is when it began to stand in the way, None where no history tells.
    """

    root: Root
    owner: Owner | None
    teams: int
    since: datetime | None
    taken_by: Person | None = None
    taken_until: datetime | None = None
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockerList:
    """What `/blockers` answers, for a release, for a team (by its key), or for all."""

    release: Release | None
    team: str | None
    blocked: int
    roots: tuple[RootLine, ...]
    mirror_as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """What somebody is told of a root. `own_reasons` are why the root itself cannot move, none where it merely holds
    others; `opens_at` is when it may be told: now, or at the next opening; `to` is the step that tells it; `following`
    the next step, with the name of whoever it tells in person.
    """

    release: Release
    line: RootLine
    own_reasons: tuple[Reason, ...]
    opens_at: datetime
    to: str
    business_days: int | None
    following: NextStep | None
    following_name: str | None


def analyse(nodes: Iterable[Node]) -> Blockers:
    """Take the graph apart. A blocker that is not among the nodes is taken as closed: give all that are open."""
    tickets = {node.id: node for node in nodes if not node.done}
    waits = {
        node.id: tuple(dict.fromkeys(one for one in node.waits_for if one in tickets and one != node.id))
        for node in tickets.values()
    }
    held_by: defaultdict[str, list[str]] = defaultdict(list)
    for waiting, blockers in waits.items():
        for blocker in blockers:
            held_by[blocker].append(waiting)
    reasons = {id_: _reasons(node, waits[id_]) for id_, node in tickets.items()}
    ends = [id_ for id_ in tickets if not waits[id_] and (held_by[id_] or reasons[id_])]
    holds = {end: _reach([end], held_by) for end in ends}
    circles = _circles(tickets, waits, held_by, {id_ for held in holds.values() for id_ in held} | set(ends))
    holds |= {first: _reach([first], held_by) - {first} for first in circles}
    roots = tuple(
        Root(
            node=tickets[id_],
            frees=_frees(id_, waits, held_by),
            holds=frozenset(held),
            circular=id_ in circles,
        )
        for id_, held in holds.items()
    )
    behind: defaultdict[str, list[str]] = defaultdict(list)
    for id_, held in holds.items():
        for one in held:
            behind[one].append(id_)
    blocked = {
        id_: Blocked(node=node, reasons=reasons[id_], roots=tuple(sorted(behind[id_])) or (id_,))
        for id_, node in tickets.items()
        if reasons[id_]
    }
    return Blockers(
        nodes=tickets,
        blocked=blocked,
        roots=tuple(sorted(roots, key=lambda root: (-len(root.frees), -len(root.holds), root.node.key))),
    )


def within(found: Blockers, ticket_ids: Collection[str]) -> Blockers:
    """With only the roots that are in the way of these tickets: that hold one of them, or are one that cannot move.
    What a root frees and holds stays whole.
    """

    def in_the_way(root: Root) -> bool:
        stuck = root.node.id in found.blocked and root.node.id in ticket_ids
        return stuck or not root.holds.isdisjoint(ticket_ids)

    return replace(found, roots=tuple(root for root in found.roots if in_the_way(root)))


def _reasons(node: Node, open_blockers: tuple[str, ...]) -> tuple[Reason, ...]:
    found = (
        (Reason.FLAGGED, node.flagged),
        (Reason.STATUS, node.status_blocked),
        (Reason.LINK, bool(open_blockers)),
    )
    return tuple(reason for reason, holds in found if holds)


def _reach(start: Iterable[str], step: Mapping[str, Iterable[str]]) -> set[str]:
    """All that can be reached, without the start itself (unless a circle leads back to it)."""
    seen: set[str] = set()
    queue = deque(start)
    while queue:
        for following in step.get(queue.popleft(), ()):
            if following not in seen:
                seen.add(following)
                queue.append(following)
    return seen


def _circles(
    tickets: Mapping[str, Node], waits: Mapping[str, tuple[str, ...]], held_by: Mapping[str, list[str]], known: set[str]
) -> set[str]:
    """Of what waits without end, one ticket per circle: the first key of those that wait on themselves."""
    firsts: set[str] = set()
    left = {id_ for id_ in tickets if waits[id_]} - known
    while left:
        around = [id_ for id_ in left if id_ in _reach([id_], waits)]
        first = min(around, key=lambda id_: tickets[id_].key)
        firsts.add(first)
        left -= _reach([first], held_by) | {first}
        left -= _reach([first], waits)
    return firsts


def _frees(root: str, waits: Mapping[str, tuple[str, ...]], held_by: Mapping[str, list[str]]) -> frozenset[str]:
    closed, queue = {root}, deque([root])
    while queue:
        for waiting in held_by.get(queue.popleft(), ()):
            if waiting not in closed and all(blocker in closed for blocker in waits[waiting]):
                closed.add(waiting)
                queue.append(waiting)
    return frozenset(closed - {root})
