"""A template as plain values: what a release keeps of it, and what its version is the hash of."""

from dataclasses import asdict, fields
from typing import Any, Final

from interlock.domain.policy import (
    BreakGlassRule,
    CriterionRule,
    GonogoRule,
    MilestoneRule,
    RequirementRule,
    Template,
)

RULES: Final = ("milestones", "requirements", "criteria")


def essence(template: Template) -> dict[str, Any]:
    """All of it but what is usual. So a key that a later version adds changes nothing about the templates that do
    without it: neither their version, nor that an older program can read them.
    """
    rules = {name: [_unusual(each) for each in getattr(template, name)] for name in RULES}
    asked = {"gonogo": _unusual(template.gonogo)} if template.gonogo else {}
    asked |= {"break_glass": _unusual(template.break_glass)} if template.break_glass else {}
    return _unusual(template) | rules | asked


def _unusual(
    rule: MilestoneRule | RequirementRule | CriterionRule | GonogoRule | BreakGlassRule | Template,
) -> dict[str, Any]:
    usual = {each.name: each.default for each in fields(rule)}
    return {name: value for name, value in asdict(rule).items() if value != usual[name]}
