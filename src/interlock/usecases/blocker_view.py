"""Reading blockers for people: roots with names, the release or team that they were asked for."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from interlock.domain import blocker as rules
from interlock.domain.blocker import BlockerList, Blockers, RootLine
from interlock.domain.escalation import Episode
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.store import blocker, blocker_graph, mirror, person, scope


def of_release(session: Session, policy: Policy, one: Release) -> BlockerList:
    found, ids = _within(session, policy, one)
    return _list(session, found, len(ids & found.blocked.keys()), release=one)


def in_the_way(session: Session, policy: Policy, one: Release) -> Blockers:
    """The blockers of the release's open tickets. The graph reaches further, so that what a root frees is right."""
    return _within(session, policy, one)[0]


def of_team(session: Session, policy: Policy, team: str | None) -> BlockerList:
    """A team's by its key, or everybody's."""
    nodes = blocker_graph.of_team(session, team, policy.tickets.blocked_statuses)
    found = rules.analyse(nodes)
    return _list(session, found, len(found.blocked), team=team)


def lines(session: Session, found: Blockers, episodes: dict[str, Episode]) -> tuple[RootLine, ...]:
    """Each root with the names that a reader wants."""
    accounts = person.accounts(session, {root.node.assignee_id for root in found.roots if root.node.assignee_id})
    takers = person.people(session, {each.taken_by for each in episodes.values() if each.taken_by})
    told = []
    for root in found.roots:
        episode = episodes.get(root.node.id)
        taker = takers.get(episode.taken_by) if episode and episode.taken_by else None
        told.append(
            RootLine(
                root=root,
                owner=accounts.get(root.node.assignee_id or ""),
                teams=len(teams_of(found, root.holds | {root.node.id})),
                since=_since(found, root, episode),
                taken_by=taker,
                taken_until=episode.taken_until if episode else None,
                snoozed_until=episode.snoozed_until if episode else None,
            )
        )
    return tuple(told)


def teams_of(found: Blockers, ticket_ids: Iterable[str]) -> set[str]:
    return {node.team for id_ in ticket_ids if (node := found.nodes.get(id_)) and node.team}


def _within(session: Session, policy: Policy, one: Release) -> tuple[Blockers, frozenset[str]]:
    found = rules.analyse(blocker_graph.of_scope(session, one.id, policy.tickets.blocked_statuses))
    ids = scope.among(session, one.id, found.nodes)
    return rules.within(found, ids), ids


def _list(
    session: Session, found: Blockers, blocked: int, *, release: Release | None = None, team: str | None = None
) -> BlockerList:
    return BlockerList(
        release=release,
        team=team,
        blocked=blocked,
        roots=lines(session, found, blocker.episodes(session)),
        mirror_as_of=mirror.as_of(session, "tickets"),
    )


def _since(found: Blockers, root: rules.Root, episode: Episode | None) -> datetime | None:
    """Since when it stands in the way: its own history, else the earliest wait for it that a history tells."""
    own = found.blocked.get(root.node.id)
    if own and own.node.since:
        return own.node.since
    waits = [one.node.since for id_ in root.holds if (one := found.blocked.get(id_)) and one.node.since]
    return min(waits, default=episode.since if episode else None)
