"""What differs between two templates, in words that somebody can decide by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from interlock.domain.policy import (
    BreakGlassRule,
    CriterionRule,
    GonogoRule,
    MilestoneRule,
    RequirementRule,
    StepRule,
    Template,
)
from interlock.domain.words import join

Rule = RequirementRule | CriterionRule | MilestoneRule | StepRule

FLAGS: Final[Mapping[str, tuple[str, str]]] = {
    "exclude_requester": ("whoever asked for it may not sign", "whoever asked for it may sign"),
    "exclude_release_manager": ("whoever planned the release may not sign", "whoever planned the release may sign"),
    "exclude_assignees": ("whoever worked on the scope may not sign", "whoever worked on the scope may sign"),
    "delegation": ("somebody may sign in another's place", "nobody signs in another's place"),
    "step_up": ("signers type what their signature means", "signers type nothing"),
    "break_glass": ("two people may let it pass in an emergency", "nobody lets it pass in an emergency"),
    "link_needed": ("ticking it takes a link", "ticking it takes no link"),
    "one_person_one_requirement": ("nobody fills two sign-offs", "one person may fill two sign-offs"),
    "exclude_opener": ("whoever opens the roll-call may not vote", "whoever opens the roll-call may vote"),
}
"""What is said once it holds, and once it does not."""

LABELS: Final[Mapping[type, Mapping[str, str]]] = {
    RequirementRule: {
        "name": "name",
        "groups": "user groups",
        "people": "people",
        "quorum": "approvals",
        "mandatory_group": "group that has to be among them",
        "valid_days": "days that an approval holds",
        "before_stage": "needed before",
        "needed_by": "milestone that it is needed by",
        "answer_within_business_days": "business days for an answer",
        "material": "changes that void it",
        "teams": "teams whose changes void it",
    },
    CriterionRule: {
        "kind": "kind",
        "name": "name",
        "before": "needed before",
        "at_least": "at least",
        "measure": "counted in",
        "team": "team",
        "priority": "from priority",
        "environment": "environment",
        "milestone": "milestone",
        "report": "figure",
        "minimum": "at least",
        "maximum": "at most",
        "stale_after_hours": "hours until it is stale",
    },
    MilestoneRule: {"name": "name", "business_days_before": "business days before the target"},
    StepRule: {
        "key": "key",
        "name": "name",
        "owner": "owner",
        "expected_minutes": "minutes",
        "check": "check",
        "parallel": "run together as",
    },
    GonogoRule: {
        "roles": "roles that vote",
        "answer_within_hours": "hours to vote in",
        "at_least": "percentage of go",
        "absent": "a missing vote counts as",
    },
    BreakGlassRule: {"holds_hours": "hours that it holds", "confirm_within_minutes": "minutes to confirm it in"},
    Template: {
        "name": "Template's name",
        "version": "Template's version",
        "calendar": "Calendar",
        "stages": "Stages",
        "readiness_business_days_before": "Readiness summary, business days before",
        "ladder": "Escalation ladder",
        "deploys_to": "Deploys to",
        "priorities": "Priorities, gravest first",
    },
}
"""What each key is called; those of `FLAGS` are said in whole."""

KEYS: Final = {RequirementRule: "key", StepRule: "key", CriterionRule: "name", MilestoneRule: "name"}
"""By what a rule of the one template is found in the other."""


def difference(old: Template, new: Template) -> tuple[str, ...]:
    """A sentence's worth for each thing that differs, sign-offs and gates first; none where nothing does."""
    said = [
        *_rules("sign-off", old.requirements, new.requirements),
        *_flags(old, new),
        *_rules("gate", old.criteria, new.criteria),
        *_roll_call(old.gonogo, new.gonogo),
        *_break_glass(old.break_glass, new.break_glass),
        *_rules("milestone", old.milestones, new.milestones),
        *_rules("step", old.runbook, new.runbook),
        *_values(old, new),
    ]
    return tuple(said) or (() if old == new else ("It is written otherwise",))


def changed(old: Any, new: Any) -> str:
    """What differs between two rules of one key: `approvals: 2 instead of 1, from now on nobody …`."""
    return ", ".join([*_values(old, new), *_flags(old, new)])


def _rules(what: str, old: Sequence[Rule], new: Sequence[Rule]) -> Iterable[str]:
    before, after = _by_key(old), _by_key(new)
    for key, rule in after.items():
        if key not in before:
            yield f"{_called(rule)} {what} is new{_beginning(rule)}"
        elif told := changed(before[key], rule):
            yield f"{_called(before[key])} {what}: {told}"
    for key, rule in before.items():
        if key not in after:
            yield f"{_called(rule)} {what} is gone"
    if [key for key in before if key in after] != [key for key in after if key in before]:
        yield f"The {what}s stand in another order"


def _by_key(rules: Sequence[Rule]) -> dict[str, Rule]:
    return {getattr(each, KEYS[type(each)]): each for each in rules}


def _called(rule: Rule) -> str:
    return f"“{rule.name}”"


def _beginning(rule: Rule) -> str:
    """What a new one asks: all that is not usual for it."""
    usual = {each.name: each.default for each in fields(rule)}
    labels = LABELS[type(rule)]
    told = [
        f"{label}: {_said(getattr(rule, key))}"
        for key, label in labels.items()
        if key not in {"key", "name"} and (getattr(rule, key) != usual[key] or key == "quorum")
    ]
    told += [FLAGS[key][not getattr(rule, key)] for key in FLAGS if key in usual and getattr(rule, key) != usual[key]]
    return f" ({', '.join(told)})" if told else ""


def _roll_call(old: GonogoRule | None, new: GonogoRule | None) -> Iterable[str]:
    if old and new:
        if told := changed(old, new):
            yield f"The roll-call: {told}"
    elif new:
        yield f"A roll-call before go is new (roles that vote: {_said(new.roles)}, percentage of go: {new.at_least})"
    elif old:
        yield "The roll-call before go is gone"


def _break_glass(old: BreakGlassRule | None, new: BreakGlassRule | None) -> Iterable[str]:
    if old and new:
        if told := changed(old, new):
            yield f"Breaking glass: {told}"
    elif new:
        yield f"Two people may let missing sign-offs pass in an emergency, for {new.holds_hours} hours"
    elif old:
        yield "Nobody lets missing sign-offs pass in an emergency any more"


def _values(old: Any, new: Any) -> list[str]:
    return [
        f"{label}: {_said(after)} instead of {_said(before)}"
        for key, label in LABELS[type(old)].items()
        if (after := getattr(new, key)) != (before := getattr(old, key))
    ]


def _flags(old: Any, new: Any) -> list[str]:
    own = {each.name for each in fields(old)}
    return [
        f"from now on {FLAGS[key][not getattr(new, key)]}"
        for key in FLAGS
        if key in own and isinstance(getattr(old, key), bool) and getattr(old, key) != getattr(new, key)
    ]


def _said(value: object) -> str:
    if value is None or value == ():
        return "none"
    if value == "all":
        return "everybody's"
    if isinstance(value, tuple):
        return join([str(each).replace("_", " ") for each in value])
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")
