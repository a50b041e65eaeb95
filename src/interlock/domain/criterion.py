"""Criteria: the gates of a release. What cannot be checked is unavailable, and that never passes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

from interlock.domain.environment import Lifecycle
from interlock.domain.fingerprint import MaterialChange, rank, ranked
from interlock.domain.policy import CriterionRule
from interlock.domain.status import ReleaseStatus
from interlock.domain.waiver import Waiver
from interlock.domain.words import ago, count, day, join

State = Literal["pass", "fail", "pending", "waived", "unavailable"]

BLOCKING: Final = frozenset({"fail", "pending", "unavailable"})

OF_THE_MIRROR: Final = frozenset({"scope_complete", "no_open_blocker", "dependencies_delivered"})
"""The kinds that say nothing while the mirror is too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A team's tickets in scope, or all of them: how many, how many done, and their points."""

    tickets: int
    done: int
    points: float
    points_done: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """An environment that a criterion names: whether the release has it on its target day, and its state now."""

    on_target: bool
    lifecycle: Lifecycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The newest word on a criterion: ticked (with a link to what shows it) or not any more, or a figure. `by` is a
    name: whoever ticked it, or the reporter.
    """

    at: datetime
    by: str
    ticked: bool = False
    link: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What criteria are judged by, at `now` on the local day `today`. Environments are by key: one that is not among
    them does not exist. `progress` is by team, None for all. `priorities` are those of the roots that hold
    something; `outside` are the keys of those that are not in scope, as they may be shown. `high_risks` are
    the keys of the open ones, None where they were not read. `evidence` and `waivers` are by criterion.
    """

    status: ReleaseStatus
    today: date
    now: datetime
    environments: Mapping[str, Booked] = field(default_factory=dict)
    progress: Mapping[str | None, Progress] = field(default_factory=dict)
    priorities: tuple[str | None, ...] = ()
    outside: tuple[str, ...] = ()
    high_risks: tuple[str, ...] | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    waivers: Mapping[str, Waiver] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One gate's result, and in words why. `as_of` is how old what it says is: when the mirror was read, the box
    ticked or the figure pushed; None for what is read as it is now. `link` leads to the evidence. `waiver` is what
    passes it, where it is waived; `without` is the result that it has without the waiver.
    """

    name: str
    state: State
    why: str
    kind: str = ""
    as_of: datetime | None = None
    link: str | None = None
    waiver: Waiver | None = None
    without: State | None = None


Result = tuple[State, str]

LONGEST_LINK: Final = 500


def is_web_address(text: str) -> bool:
    """Whether it can stand as a link to evidence."""
    if len(text) > LONGEST_LINK or not text.isprintable() or any(each in text for each in " <>|\"'"):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def judge(rules: tuple[CriterionRule, ...], facts: Facts) -> tuple[Criterion, ...]:
    """Every gate's result, in the template's order."""
    return tuple(_waived(_judge(rule, facts), facts) for rule in rules)


def evidence_changes(
    rules: tuple[CriterionRule, ...], before: Mapping[str, Evidence], after: Mapping[str, Evidence]
) -> tuple[MaterialChange, ...]:
    """What is another between two states of the evidence, by criterion: whose turned red, and whose changed. The same
    figure pushed again, or a box ticked again with the same link, is no change.
    """
    found = []
    for rule in rules:
        was, told = before.get(rule.name), after.get(rule.name)
        if told is None or _said(told) == _said(was):
            continue
        if not _shows(rule, told) and (was is None or _shows(rule, was)):
            found.append(MaterialChange(what="criterion turned red", about=rule.name))
        found.append(MaterialChange(what="evidence changed", about=rule.name))
    return tuple(found)


def _said(told: Evidence | None) -> tuple[bool, str | None, float | None]:
    return (told.ticked, told.link, told.value) if told else (False, None, None)


def _shows(rule: CriterionRule, told: Evidence) -> bool:
    """Whether the box is ticked, or the figure within its bounds, however old that is."""
    return told.ticked if told.value is None else within(rule, told.value)


def within(rule: CriterionRule, value: float) -> bool:
    """Whether a figure is one that passes."""
    return (rule.minimum is None or value >= rule.minimum) and (rule.maximum is None or value <= rule.maximum)


def _judge(rule: CriterionRule, facts: Facts) -> Criterion:
    mirrored = rule.kind in OF_THE_MIRROR
    if mirrored and facts.status.stale:
        result: Result = ("unavailable", "; ".join(facts.status.reasons))
    else:
        result = CHECKS[rule.kind](rule, facts)
    state, why = result
    told = facts.evidence.get(rule.name)
    return Criterion(
        name=rule.name,
        state=state,
        why=why,
        kind=rule.kind,
        as_of=facts.status.mirror_as_of if mirrored else told.at if told else None,
        link=told.link if told else None,
    )


def _waived(found: Criterion, facts: Facts) -> Criterion:
    """A waiver passes what does not pass by itself, until it expires."""
    waiver = facts.waivers.get(found.name)
    if waiver is None or found.state not in BLOCKING or not waiver.holds(facts.now):
        return found
    why = f"waived until {day(waiver.until)} by {waiver.decided_by}: {waiver.reason}"
    return replace(found, state="waived", why=why, waiver=waiver, without=found.state)


def _scope_complete(rule: CriterionRule, facts: Facts) -> Result:
    if rule.team is None and rule.measure == "tickets":
        done, total, unit = float(facts.status.done), float(facts.status.tickets), ""
    else:
        part = facts.progress.get(rule.team, Progress(tickets=0, done=0, points=0, points_done=0))
        in_points = rule.measure == "points"
        done, total = (part.points_done, part.points) if in_points else (part.done, part.tickets)
        unit = " points" if in_points else ""
    if not total:
        return "fail", "no ticket is in scope" if not unit else "no ticket in scope has points"
    text = f"{done:g} of {total:g}{unit} done"
    return ("pass" if done * 100 >= rule.at_least * total else "pending"), text


def _no_open_blocker(rule: CriterionRule, facts: Facts) -> Result:
    if rule.priority is None:
        blocked = facts.status.blockers
        return ("fail", f"{count(blocked, 'ticket')} can't move") if blocked else ("pass", "nothing is blocked")
    ranks = ranked(facts.status.release.policy.priorities)
    grave = sum(1 for each in facts.priorities if rank(each, ranks) <= rank(rule.priority, ranks))
    others = len(facts.priorities) - grave
    less = f", {others} of less" if others else ""
    if grave:
        return "fail", f"{count(grave, 'blocker')} of priority {rule.priority} or above{less}"
    return "pass", f"no blocker of priority {rule.priority} or above{less}"


def _dependencies_delivered(_rule: CriterionRule, facts: Facts) -> Result:
    if not facts.outside:
        return "pass", "nothing waits for a ticket outside its scope"
    return "pending", f"waits for {join(list(facts.outside[:3]) + _more(len(facts.outside) - 3))} outside its scope"


def _no_high_risk(_rule: CriterionRule, facts: Facts) -> Result:
    if facts.high_risks is None:
        return "unavailable", "the risks were not read"
    if not facts.high_risks:
        return "pass", "no open risk is high"
    named = join(list(facts.high_risks[:3]) + _more(len(facts.high_risks) - 3))
    return "fail", f"{count(len(facts.high_risks), 'open high risk')}: {named}"


def _more(number: int) -> list[str]:
    return [f"{number} more"] if number > 0 else []


def _signoffs_given(_rule: CriterionRule, facts: Facts) -> Result:
    status = facts.status
    text = f"{status.signoffs_given} of {status.signoffs} given"
    if status.signoffs_given == status.signoffs:
        return "pass", text
    if status.signoffs_given + status.signoffs_let_pass == status.signoffs:
        return "waived", f"{text}, {status.signoffs_let_pass} let pass by break glass and not signed"
    missing = join([each.requirement for each in status.waiting])
    rejected = any(each.who.startswith("rejected") for each in status.waiting)
    return ("fail" if rejected else "pending"), f"{text}, missing: {missing}"


def _milestone_reached(rule: CriterionRule, facts: Facts) -> Result:
    found = next((each for each in facts.status.release.milestones if each.name == rule.milestone), None)
    if found is None:
        return "unavailable", f"the plan has no milestone {rule.milestone}"
    return ("pass" if found.due < facts.today else "pending"), day(found.due)


def _environment_booked(rule: CriterionRule, facts: Facts) -> Result:
    environment = rule.environment or ""
    found = facts.environments.get(environment)
    if found is None:
        return "unavailable", f"there is no environment {environment}"
    when = day(facts.status.release.target)
    if found.on_target:
        return "pass", f"{environment} is booked for {when}"
    return "pending", f"{environment} is not booked for {when}"


def _environment_ready(rule: CriterionRule, facts: Facts) -> Result:
    state, why = _environment_booked(rule, facts)
    if state != "pass":
        return state, why
    lifecycle = facts.environments[rule.environment or ""].lifecycle
    return ("pass" if lifecycle is Lifecycle.READY else "fail"), f"{why} and is {lifecycle.value}"


def _checklist(rule: CriterionRule, facts: Facts) -> Result:
    told = facts.evidence.get(rule.name)
    if told is None or not told.ticked:
        return "pending", "not ticked yet" if told is None else f"no longer ticked, says {told.by}"
    return "pass", f"ticked by {told.by}"


def _report(rule: CriterionRule, facts: Facts) -> Result:
    told = facts.evidence.get(rule.name)
    if told is None or told.value is None:
        return "unavailable", f"no figure was pushed yet (POST /api/criteria/…/{rule.report})"
    figure = f"{told.value:g}, wanted {_wanted(rule)}, from {told.by} {ago(told.at, facts.now)}"
    if facts.now - told.at > timedelta(hours=rule.stale_after_hours):
        return "unavailable", f"{figure}: too old, at most {count(rule.stale_after_hours, 'hour')}"
    return ("pass" if within(rule, told.value) else "fail"), figure


def _wanted(rule: CriterionRule) -> str:
    bounds = [
        f"at least {rule.minimum:g}" if rule.minimum is not None else "",
        f"at most {rule.maximum:g}" if rule.maximum is not None else "",
    ]
    return join([each for each in bounds if each])


CHECKS: Final[Mapping[str, Callable[[CriterionRule, Facts], Result]]] = {
    "scope_complete": _scope_complete,
    "no_open_blocker": _no_open_blocker,
    "dependencies_delivered": _dependencies_delivered,
    "no_high_risk": _no_high_risk,
    "signoffs_given": _signoffs_given,
    "milestone_reached": _milestone_reached,
    "environment_booked": _environment_booked,
    "environment_ready": _environment_ready,
    "checklist": _checklist,
    "report": _report,
}
