"""Scope: which tickets a release takes, by its rule, and what came and went."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from interlock.domain.release import ScopeRule
from interlock.domain.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedTicket:
    """A ticket in a release's scope, without its links and history. `team` is its team's key, None if none matches."""

    ticket: Ticket
    team: str | None
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """As much of a ticket as a scope rule looks at."""

    version_ids: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    epic_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A ticket's place in a release's scope."""

    release_id: int
    ticket_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeChanges:
    added: tuple[Place, ...] = ()
    removed: tuple[Place, ...] = ()

    @property
    def releases(self) -> frozenset[int]:
        return frozenset(place.release_id for place in (*self.added, *self.removed))


def takes(rule: ScopeRule, traits: Traits) -> bool:
    """Whether the rule takes such a ticket: one of its fix versions, labels or epics is enough."""
    return (
        not traits.version_ids.isdisjoint(rule.version_ids)
        or not traits.labels.isdisjoint(rule.labels)
        or (traits.epic_key is not None and traits.epic_key in rule.epics)
    )


def union(rules: Iterable[ScopeRule]) -> ScopeRule:
    """The rule that takes whatever any of them takes."""
    listed = tuple(rules)
    return ScopeRule(
        version_ids=tuple(sorted({each for rule in listed for each in rule.version_ids})),
        labels=tuple(sorted({each for rule in listed for each in rule.labels})),
        epics=tuple(sorted({each for rule in listed for each in rule.epics})),
    )


def changes(rules: Mapping[int, ScopeRule], traits: Mapping[str, Traits], current: Iterable[Place]) -> ScopeChanges:
    """What has to come and go, so that each release holds what its rule takes.

    `traits` are those of the tickets that exist; a ticket of `current` that is not among them leaves.
    """
    wanted = {
        Place(release_id=release_id, ticket_id=ticket_id)
        for ticket_id, those in traits.items()
        for release_id, rule in rules.items()
        if takes(rule, those)
    }
    have = set(current)
    return ScopeChanges(added=tuple(sorted(wanted - have)), removed=tuple(sorted(have - wanted)))
