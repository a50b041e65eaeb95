"""Criteria: the gates of a release. What cannot be checked is unavailable, and that never passes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from interlock.domain.policy import CriterionRule
from interlock.domain.status import ReleaseStatus
from interlock.domain.words import count, day, join

State = Literal["pass", "fail", "pending", "unavailable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What criteria are judged by. `booked` says, for each environment that a criterion names, whether the release has
    it on its target day; one that is not among them does not exist.
    """

    status: ReleaseStatus
    today: date
    booked: Mapping[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One gate's result, and in words why."""

    name: str
    state: State
    why: str


def judge(rules: tuple[CriterionRule, ...], facts: Facts) -> tuple[Criterion, ...]:
    """Every gate's result, in the template's order."""
    return tuple(_judge(rule, facts) for rule in rules)


def _judge(rule: CriterionRule, facts: Facts) -> Criterion:
    if facts.status.stale and rule.kind in {"scope_complete", "no_open_blocker"}:
        return Criterion(name=rule.name, state="unavailable", why="; ".join(facts.status.reasons))
    state, why = CHECKS[rule.kind](rule, facts)
    return Criterion(name=rule.name, state=state, why=why)


def _scope_complete(rule: CriterionRule, facts: Facts) -> tuple[State, str]:
    done, total = facts.status.done, facts.status.tickets
    if not total:
        return "fail", "no ticket is in scope"
    text = f"{done} of {total} done"
    return ("pass" if done * 100 >= rule.at_least * total else "pending"), text


def _no_open_blocker(_rule: CriterionRule, facts: Facts) -> tuple[State, str]:
    blocked = facts.status.blockers
    return ("fail", f"{count(blocked, 'ticket')} can't move") if blocked else ("pass", "nothing is blocked")


def _signoffs_given(_rule: CriterionRule, facts: Facts) -> tuple[State, str]:
    status = facts.status
    text = f"{status.signoffs_given} of {status.signoffs} given"
    if status.signoffs_given == status.signoffs:
        return "pass", text
    missing = join([each.requirement for each in status.waiting])
    rejected = any(each.who.startswith("rejected") for each in status.waiting)
    return ("fail" if rejected else "pending"), f"{text}, missing: {missing}"


def _milestone_reached(rule: CriterionRule, facts: Facts) -> tuple[State, str]:
    found = next((each for each in facts.status.release.milestones if each.name == rule.milestone), None)
    if found is None:
        return "unavailable", f"the plan has no milestone {rule.milestone}"
    return ("pass" if found.due < facts.today else "pending"), day(found.due)


def _environment_booked(rule: CriterionRule, facts: Facts) -> tuple[State, str]:
    environment = rule.environment or ""
    if environment not in facts.booked:
        return "unavailable", f"there is no environment {environment}"
    when = day(facts.status.release.target)
    if facts.booked[environment]:
        return "pass", f"{environment} is booked for {when}"
    return "pending", f"{environment} is not booked for {when}"


CHECKS: Final[Mapping[str, Callable[[CriterionRule, Facts], tuple[State, str]]]] = {
    "scope_complete": _scope_complete,
    "no_open_blocker": _no_open_blocker,
    "signoffs_given": _signoffs_given,
    "milestone_reached": _milestone_reached,
    "environment_booked": _environment_booked,
}
