"""A release's light: green, amber or red, and why; unknown where the mirror cannot be relied on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from interlock.domain.freeze import Window
from interlock.domain.policy import Policy
from interlock.domain.signoff import Progress, Requirement
from interlock.domain.words import ago, count, join

Light = Literal["green", "amber", "red", "unknown"]

RUN_IN_DAYS: Final = 5
"""With so many business days to go or fewer, open tickets and missing sign-offs make a release amber."""
LAST_DAYS: Final = 2
"""With so many or fewer, a blocker makes it red."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`past`: the target's day is over. `blockers` are roots. `collides_with`: releases by name, of collisions that
    nobody acknowledged.
    """

    days_to_go: int
    past: bool
    tickets: int
    done: int
    requirements: tuple[Requirement, ...]
    blockers: int
    freeze: Window | None
    collides_with: tuple[str, ...] = ()


def judge(facts: Facts) -> tuple[Light, list[str]]:
    red, amber = _red(facts), _amber(facts)
    if red:
        return "red", red + amber
    return ("amber", amber) if amber else ("green", [])


def unknown(why: str) -> tuple[Light, list[str]]:
    return "unknown", [why]


def _red(facts: Facts) -> list[str]:
    reasons = []
    open_tickets = facts.tickets - facts.done
    rejected = [each.name for each in facts.requirements if each.progress is Progress.REJECTED]
    if rejected:
        reasons.append(f"{join(rejected)} rejected it")
    if facts.past and open_tickets:
        reasons.append(f"the target has passed with {count(open_tickets, 'ticket')} open")
    if facts.freeze and facts.freeze.whole:
        reasons.append(f"the target falls into {facts.freeze.name}")
    if facts.blockers and facts.days_to_go <= LAST_DAYS:
        reasons.append(f"{count(facts.blockers, 'blocker')} {_how_late(facts)}")
    return reasons


def _how_late(facts: Facts) -> str:
    if facts.past:
        return "though the target has passed"
    return f"with {count(facts.days_to_go, 'business day')} to go" if facts.days_to_go else "on the day of the target"


def _amber(facts: Facts) -> list[str]:
    reasons = []
    if not facts.tickets:
        reasons.append("no ticket is in scope")
    if facts.freeze and not facts.freeze.whole:
        reasons.append(f"the target day is partly in {facts.freeze.name}")
    if facts.collides_with:
        reasons.append(f"it collides with {join(list(facts.collides_with))}, which nobody acknowledged")
    if facts.blockers and facts.days_to_go > LAST_DAYS:
        reasons.append(count(facts.blockers, "blocker"))
    if facts.days_to_go <= RUN_IN_DAYS:
        left = f" with {count(facts.days_to_go, 'business day')} to go" if facts.days_to_go > 0 else ""
        open_tickets = facts.tickets - facts.done
        if open_tickets and not facts.past:
            reasons.append(f"{count(open_tickets, 'ticket')} open{left}")
        missing = sum(1 for each in facts.requirements if each.progress in {Progress.OPEN, Progress.CONDITIONAL})
        if missing:
            reasons.append(f"{count(missing, 'sign-off')} missing{left}")
    emergency = [each.name for each in facts.requirements if each.progress is Progress.EMERGENCY]
    if emergency:  # never green on it, however far the target is
        reasons.append(f"{join(emergency)} passed by break glass alone")
    return reasons


def stale(as_of: datetime | None, policy: Policy, now: datetime) -> str | None:
    """Why nothing can be said for certain; None while the mirror is fresh enough."""
    if as_of is None:
        return "Jira was not read yet"
    if now - as_of > timedelta(minutes=policy.limits.mirror_max_age_minutes):
        return f"Jira was last read {ago(as_of, now)}"
    return None
