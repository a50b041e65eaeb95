"""Environments: what can be booked, whose they are, and in which state of their life."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from interlock.domain import names
from interlock.domain.actor import Standing
from interlock.domain.authority import Refused
from interlock.domain.names import Found, Several
from interlock.domain.policy import EnvironmentRule
from interlock.domain.words import join


class Lifecycle(StrEnum):
    REQUESTED = "requested"
    PROVISIONING = "provisioning"
    READY = "ready"
    DEGRADED = "degraded"
    MAINTENANCE = "maintenance"
    RETIRING = "retiring"
    RETIRED = "retired"

    @property
    def bookable(self) -> bool:
        """Degraded is usable too, and says so wherever it is booked."""
        return self in {Lifecycle.READY, Lifecycle.DEGRADED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`key` is configuration's ("uat-2"); `capacity` is how many shared bookings fit at once; `reason` is why it is in
    its lifecycle, in its owner's words.
    """

    id: int
    key: str
    name: str
    tier: str
    capacity: int
    lifecycle: Lifecycle
    reason: str = ""


def find(environments: Sequence[Environment], typed: str) -> Environment | Refused:
    """The environment that somebody means by its key, its name, or the beginning of either."""
    by_name = {each.name: each for each in environments} | {each.key: each for each in environments}
    found = names.find(typed, list(by_name))
    if isinstance(found, Found):
        return by_name[found.name]
    if isinstance(found, Several):
        meant = {by_name[name].key: by_name[name] for name in found.names}
        if len(meant) == 1:
            return next(iter(meant.values()))
        return Refused(
            reason="ambiguous_environment",
            sentence=f"More than one environment begins with “{typed}”: {join(list(meant))}. Which one?",
        )
    near = list(dict.fromkeys(by_name[name].key for name in found.near))
    hint = f"Did you mean {join(near, 'or')}?" if near else "/env list shows all there are."
    return Refused(
        reason="unknown_environment",
        sentence=f"There is no environment “{names.tidy(typed)[: names.LONGEST]}”. {hint}",
    )


def not_bookable(environment: Environment) -> Refused | None:
    """Why it can't be booked just now; None when it can."""
    if environment.lifecycle.bookable:
        return None
    state = {
        Lifecycle.REQUESTED: "only requested yet",
        Lifecycle.PROVISIONING: "still being set up",
        Lifecycle.MAINTENANCE: "in maintenance",
        Lifecycle.RETIRING: "being retired",
        Lifecycle.RETIRED: "retired",
    }[environment.lifecycle]
    why = f" ({environment.reason})" if environment.reason else ""
    gone = environment.lifecycle in {Lifecycle.RETIRING, Lifecycle.RETIRED}
    mend = "Book another; /env list shows what is free." if gone else "It can be once its owners set it to ready."
    return Refused(reason="not_bookable", sentence=f"{environment.key} can't be booked: it is {state}{why}. {mend}")


def owns(rule: EnvironmentRule | None, standing: Standing) -> bool:
    """Whether configuration names this person, or a group of theirs, as the environment's owner."""
    if rule is None:
        return False
    email = (standing.person.email or "").casefold()
    return rule.owner_group in standing.groups or bool(email and email in {each.casefold() for each in rule.owners})
