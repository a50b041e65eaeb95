"""Releases that collide: on one day, in one component or one environment. Each side acknowledges it, or does not go."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from interlock.domain.actor import Person
from interlock.domain.words import count, day, join

SHOWN: Final = 3
LONGEST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A component of the tracker, which is a project's; its name is its own there only."""

    project: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One release as collisions look at it: each component with whether a ticket shows it that is not restricted."""

    release_id: int
    name: str
    target: date
    components: Mapping[Component, bool]
    environments: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """What somebody said of `release_id` that they knew: the day and all that the two had in common then."""

    release_id: int
    other_id: int
    target: date
    shared: frozenset[str]
    by: Person
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """As seen from `release_id`. `hidden` are components that restricted tickets alone tell of. `shared` names all that
    is in common, for the acknowledgement; what it says is not for display.
    """

    release_id: int
    name: str
    other_id: int
    other: str
    target: date
    components: tuple[str, ...]
    hidden: int
    environments: tuple[str, ...]
    shared: frozenset[str]
    acknowledged: Acknowledgement | None = None

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(json.dumps(self.seen, sort_keys=True).encode()).hexdigest()

    @property
    def seen(self) -> dict[str, Any]:
        """What an acknowledgement is bound to, to be stored with it."""
        return {"target": self.target.isoformat(), "shared": sorted(self.shared)}


def collisions(
    one: Side, others: Iterable[Side], acknowledgements: Iterable[Acknowledgement] = ()
) -> tuple[Collision, ...]:
    """Those of the release with others of the same target day, by the other's name. An acknowledgement counts while the
    day is the one that it was given for and nothing is in common that was not then.
    """
    given = list(acknowledgements)
    found = []
    for other in others:
        if other.release_id == one.release_id or other.target != one.target:
            continue
        components = one.components.keys() & other.components.keys()
        environments = one.environments & other.environments
        if not components and not environments:
            continue
        shown = sorted({each.name for each in components if one.components[each] or other.components[each]})
        shared = frozenset({f"component:{each.project}/{each.name}" for each in components}) | frozenset(
            f"environment:{each}" for each in environments
        )
        found.append(
            Collision(
                release_id=one.release_id,
                name=one.name,
                other_id=other.release_id,
                other=other.name,
                target=one.target,
                components=tuple(shown),
                hidden=sum(1 for each in components if not (one.components[each] or other.components[each])),
                environments=tuple(sorted(environments)),
                shared=shared,
                acknowledged=_covering(given, one, other, shared),
            )
        )
    return tuple(sorted(found, key=lambda each: each.other))


def _covering(
    given: Iterable[Acknowledgement], one: Side, other: Side, shared: frozenset[str]
) -> Acknowledgement | None:
    fitting = [
        each
        for each in given
        if (each.release_id, each.other_id, each.target) == (one.release_id, other.release_id, one.target)
        and shared <= each.shared
    ]
    return max(fitting, key=lambda each: each.at, default=None)


def what(collision: Collision) -> str:
    """`Streaming and Gateway, and on staging`: what the two have in common, as far as it may be said."""
    parts = _listed(collision.components)
    if collision.hidden:
        parts.append(f"{count(collision.hidden, 'component')} of restricted tickets")
    places = f"on {join(_listed(collision.environments))}" if collision.environments else ""
    return ", ".join(filter(None, [f"in {join(parts)}" if parts else "", places]))


def obstacle(collision: Collision) -> str:
    """Why the release can't go, as a sentence that says what would make it work."""
    return (
        f"{collision.name} collides with {collision.other} on {day(collision.target)}, {what(collision)}, and nobody "
        f"acknowledged it for {collision.name}: /release acknowledge {collision.name} {collision.other}"
    )


def _listed(items: tuple[str, ...]) -> list[str]:
    more = len(items) - SHOWN
    return [*items[:SHOWN], f"{more} more"] if more > 0 else list(items)
