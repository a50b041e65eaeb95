"""What makes a policy's values right, beyond their types: each rule looks at one text, or at one object whose keys are
right by themselves, so that one mistake hides no other.

A text's rule returns the text as it is meant (an e-mail address in lower case) or raises RuleError with what would be
right. An object's rule yields the key that is wrong and what would be right.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import groupby
from typing import Any, Final
from zoneinfo import available_timezones

from interlock.config import freeze_rules
from interlock.config.calendars import CalendarForm, countries
from interlock.domain.alike import nearest
from interlock.domain.permission import Permission
from interlock.domain.policy import (
    EVERYONE,
    RELEASE_MANAGER,
    STAGES,
    CriterionRule,
    Freeze,
    GonogoRule,
    JobRule,
    Ladder,
    Policy,
    RequirementRule,
    StepRule,
    Template,
    Tickets,
)
from interlock.domain.time_zone import is_time_zone

Names = Mapping[str, frozenset[str] | None]
"""What the policy defines, by kind. None: the file that defines it could not be read, so that any name may be right."""

TextRule = Callable[[str, Names], str]
MAX_LISTED: Final = 8
SIMILAR: Final = 60
"""Percent."""
MOST_STEPS: Final = 100
"""Of a runbook."""
NAMED: Final = frozenset({Permission.BREAK_GLASS_ASK, Permission.BREAK_GLASS_CONFIRM, Permission.BREAK_GLASS_REVIEW})
"""The permissions that policy gives to people by name, or to roles of few."""


class RuleError(ValueError):
    """Its text goes on from the value: "is no …: write …"."""


def closest(text: str, options: Iterable[str]) -> str | None:
    return next(iter(nearest(text, sorted(options), SIMILAR, parts=True)), None)


def instead(text: str, options: Iterable[str]) -> str:
    """What to write instead of `text`, as the end of a sentence."""
    names = list(options) if isinstance(options, tuple) else sorted(options)
    if not names:
        return ": there is none"
    if close := closest(text, names):
        return f": did you mean {close}?"
    listed = ", ".join(names[:MAX_LISTED])
    return f": write one of {listed}" + ("" if len(names) <= MAX_LISTED else f" or {len(names) - MAX_LISTED} more")


def _known(kind: str, what: str) -> TextRule:
    def rule(text: str, names: Names) -> str:
        defined = names[kind]
        if defined is not None and text not in defined:
            raise RuleError(f"is no {what}{instead(text, defined)}")
        return text

    return rule


def _shaped(pattern: str, right: str) -> TextRule:
    shape = re.compile(pattern)

    def rule(text: str, _: Names) -> str:
        if not shape.fullmatch(text):
            raise RuleError(right)
        return text

    return rule


def _zone(text: str, _: Names) -> str:
    if not is_time_zone(text):
        raise RuleError(f"is no time zone{instead(text, available_timezones())}")
    return text


def _email(text: str, _: Names) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        raise RuleError("is no e-mail address: write one such as ana@practice.example")
    return text.lower()


def _country(text: str, _: Names) -> str:
    if text not in countries():
        raise RuleError("is no country whose holidays are known: write its two ISO 3166 letters, such as GB")
    return text


def _role_key(text: str, names: Names) -> str:
    if text == EVERYONE:
        raise RuleError("is built in: choose another name")
    return _key(text, names)


def _voting_role(text: str, names: Names) -> str:
    """Not the built-in one: everybody has one vote is no roll-call."""
    roles = names["roles"]
    if roles is not None and text not in roles - {EVERYONE}:
        raise RuleError(f"is no role{instead(text, roles - {EVERYONE})}")
    return text


def _hears(text: str, names: Names) -> str:
    roles = names["roles"]
    if text == "release_manager" and roles is not None and RELEASE_MANAGER not in roles:
        raise RuleError(f'needs a role "{RELEASE_MANAGER}": define it under roles')
    return text


def _deciding_group(text: str, names: Names) -> str:
    deciding = names["deciding groups"]
    if deciding is not None and text not in deciding:
        close = closest(text, deciding)
        end = f"did you mean {close}?" if close else "give it to such a role"
        raise RuleError(
            f"is in no role that permissions give {Permission.SIGNOFF_DECIDE}, so nobody of it could sign: {end}"
        )
    return _handle(text, names)


def _step_owner(text: str, names: Names) -> str:
    if "@" in text:
        return _email(text, names)
    roles, groups = names["roles"], names["groups of roles"]
    if text == EVERYONE:
        raise RuleError("would have the whole workspace pinged: name a role, a group of one or an e-mail address")
    if roles is not None and groups is not None and text not in roles | groups:
        known = (roles | groups) - {EVERYONE}
        raise RuleError(f"is no role, no group of one and no e-mail address{instead(text, known)}")
    return text


_key = _shaped(r"[a-z0-9][a-z0-9_.-]{0,59}", "is no key: write lower-case letters, digits, - and _")
_handle = _shaped(r"[a-z0-9][a-z0-9_.-]*", "is no user group's handle: write it in lower case and without @")
_channel_name = _shaped(r"[^\s#@.,A-Z]{1,80}", "is no channel's name: write it in lower case and without #")
_step_key = _shaped(r"[a-z][a-z0-9_.-]{0,39}", "is no key: write lower-case letters, digits, - and _, a letter first")
_project_key = _shaped(r"[A-Z][A-Z0-9_]+", "is no project key: write it in capitals, such as DATA")

_KEYS: Final[Mapping[str, TextRule]] = {
    "people": _email,
    "roles": _role_key,
    "channels": _channel_name,
    "permissions": _known("permissions", "permission"),
    "jobs": _known("jobs", "job"),
}

_TEXTS: Final[Mapping[str, TextRule]] = {
    "calendar": _known("calendars", "calendar of this policy"),
    "channel": _known("channels", "channel under channels"),
    "company": _known("vendors", "team of kind vendor"),
    "country": _country,
    "deploys_to": _known("environments", "environment"),
    "environment": _known("environments", "environment"),
    "environments": _known("environments", "environment"),
    "groups": _handle,
    "ladder": _known("ladders", "escalation ladder"),
    "lead": _email,
    "owner_group": _handle,
    "owners": _email,
    "people": _email,
    "permissions": _known("roles", "role"),
    "projects": _known("projects", "project under tickets.projects"),
    "team": _known("teams", "team"),
    "teams": _known("teams", "team"),
    "time_zone": _zone,
    "to": _hears,
}
"""A key means the same in every object, but for these:"""

_TEXTS_OF: Final[Mapping[tuple[type, str], TextRule]] = {
    (Tickets, "projects"): _project_key,
    (RequirementRule, "groups"): _deciding_group,
    (CriterionRule, "report"): _key,
    (RequirementRule, "mandatory_group"): _deciding_group,
    (StepRule, "key"): _step_key,
    (StepRule, "owner"): _step_owner,
    (StepRule, "parallel"): _step_key,
    (GonogoRule, "roles"): _voting_role,
}

_AT_LEAST_ONE: Final = frozenset(
    {
        "answer_within_business_days",
        "answer_within_hours",
        "at_least",
        "capacity",
        "confirm_within_minutes",
        "every_minutes",
        "policy_change_business_days",
        "expected_minutes",
        "feed_days",
        "groups_max_age_minutes",
        "high_score",
        "holds_hours",
        "hours",
        "people_max_age_minutes",
        "max_booking_hours",
        "mirror_max_age_minutes",
        "overdue_every_minutes",
        "quorum",
        "report_token_days",
        "remind_every_business_days",
        "review_after_days",
        "stale_after_business_days",
        "stale_after_hours",
        "token_hours",
        "valid_days",
        "version",
    }
)
_AT_LEAST: Final[Mapping[str, int]] = {
    # Longer than anything is delivered again, tried again or caught up.
    "digests_days": 30,
    "messages_days": 30,
    "requests_days": 7,
    "runs_days": 14,
}
_AT_MOST: Final[Mapping[str, int]] = {
    "answer_within_hours": 168,
    "at_least": 100,
    "business_days_before": 500,
    "confirm_within_minutes": 1440,
    "expected_minutes": 2880,
    "policy_change_business_days": 20,
    "high_score": 25,
    "feed_days": 366,
    "holds_hours": 168,
    "hours": 24 * 366,
    "quorum": 100,
    "report_token_days": 400,
    "readiness_business_days_before": 500,
    "remind_every_business_days": 60,
    "review_after_days": 366,
    "token_hours": 168,
}


Findings = Iterator[tuple[str, str]]
"""Keys, each with what would be right."""


def _calendar(form: CalendarForm) -> Findings:
    if form.closes <= form.opens:
        yield "closes", f"is not after opens ({form.opens:%H:%M}): hours lie within one day"
    if not form.weekdays:
        yield "weekdays", "holds no day: name at least one"
    if form.subdivision is not None:
        known = countries()[form.country] if form.country else frozenset[str]()
        if form.subdivision not in known:
            yield "subdivision", f"is no part of {form.country or 'a country'}{instead(form.subdivision, known)}"


def _tickets(tickets: Tickets) -> Findings:
    if not tickets.projects:
        yield "projects", "names no project: name at least one"
    both = {phrase.casefold() for phrase in tickets.blocks_phrases} & {
        phrase.casefold() for phrase in tickets.blocked_by_phrases
    }
    for phrase in sorted(both):
        yield "blocked_by_phrases", f'has "{phrase}", as blocks_phrases has: a phrase reads one way'


def _requirement(requirement: RequirementRule) -> Findings:
    people = len(set(requirement.people))
    if not requirement.groups and not people:
        yield "groups", "is missing, as is people, so that nobody could sign: give one of them"
    elif not requirement.groups and requirement.quorum != "all" and requirement.quorum > people:
        yield "quorum", f"is more than the {people} listed under people: lower it, or name more people or a group"
    if requirement.mandatory_group is not None and requirement.mandatory_group not in requirement.groups:
        yield "mandatory_group", f"is none of the groups{instead(requirement.mandatory_group, requirement.groups)}"


_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "environment_booked": ("environment",),
    "environment_ready": ("environment",),
    "milestone_reached": ("milestone",),
    "report": ("report",),
}
_KNOWS: Final[Mapping[str, frozenset[str]]] = {
    "scope_complete": frozenset({"at_least", "measure", "team"}),
    "no_open_blocker": frozenset({"priority"}),
    "environment_booked": frozenset({"environment"}),
    "environment_ready": frozenset({"environment"}),
    "milestone_reached": frozenset({"milestone"}),
    "checklist": frozenset({"link_needed"}),
    "report": frozenset({"report", "minimum", "maximum", "stale_after_hours"}),
}
_EVERY_CRITERION: Final = frozenset({"kind", "name", "before"})


def _criterion(criterion: CriterionRule) -> Findings:
    kind = criterion.kind
    for key in _NEEDS.get(kind, ()):
        if getattr(criterion, key) is None:
            yield key, f"is missing: {kind} needs it"
    known = _KNOWS.get(kind, frozenset()) | _EVERY_CRITERION
    for each in fields(criterion):
        if each.name not in known and getattr(criterion, each.name) != each.default:
            yield each.name, f"means nothing to {kind}: remove it"
    if kind == "report":
        low, high = criterion.minimum, criterion.maximum
        if low is None and high is None:
            yield "minimum", "is missing, as is maximum, so that any figure would pass: give one of them"
        if low is not None and high is not None and low > high:
            yield "maximum", f"is below minimum ({low:g}), so that no figure would pass: swap them"


def _template(template: Template) -> Findings:
    for key, names in (
        ("milestones", [milestone.name for milestone in template.milestones]),
        ("requirements", [requirement.key for requirement in template.requirements]),
        ("criteria", [criterion.name for criterion in template.criteria]),
        ("runbook", [step.key for step in template.runbook]),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                yield key, f'has "{name}" {count} times: each needs a name of its own'
    yield from _stages(template)
    yield from _runbook(template)
    milestones = {milestone.name for milestone in template.milestones}
    for requirement in template.requirements:
        if requirement.needed_by is not None and requirement.needed_by not in milestones:
            wrong = f'is needed by a milestone "{requirement.needed_by}"{instead(requirement.needed_by, milestones)}'
            yield "requirements", wrong
    for criterion in template.criteria:
        if criterion.milestone is not None and criterion.milestone not in milestones:
            yield "criteria", f'waits for a milestone "{criterion.milestone}"{instead(criterion.milestone, milestones)}'
        if criterion.kind == "signoffs_given" and not template.requirements:
            yield "criteria", f'has "{criterion.name}" of kind signoffs_given, but requirements asks for no sign-off'


def _stages(template: Template) -> Findings:
    if "go" not in template.stages:
        yield "stages", "lacks go: a release goes through it"
    if list(template.stages) != [each for each in STAGES if each in template.stages]:
        yield "stages", f"are out of order or named twice: write them as {', '.join(STAGES)}, without those left out"
    for requirement in template.requirements:
        if requirement.before_stage not in template.stages:
            yield "requirements", f'has "{requirement.key}" before {requirement.before_stage}, which is none of stages'
    for criterion in template.criteria:
        if criterion.before not in template.stages:
            yield "criteria", f'has "{criterion.name}" before {criterion.before}, which is none of stages'


def _runbook(template: Template) -> Findings:
    runs = [name for name, _ in groupby(step.parallel for step in template.runbook) if name is not None]
    for name, count in Counter(runs).items():
        if count > 1:
            yield "runbook", f'has "{name}" in {count} places: steps that run together stand next to each other'
    if len(template.runbook) > MOST_STEPS:
        yield "runbook", f"has {len(template.runbook)} steps: {MOST_STEPS} at most"


def _gonogo(gonogo: GonogoRule) -> Findings:
    if not gonogo.roles:
        yield "roles", "names no role, so that nobody could vote: name at least one"
    for role, count in Counter(gonogo.roles).items():
        if count > 1:
            yield "roles", f'has "{role}" {count} times: a role has one vote'


def _ladder(ladder: Ladder) -> Findings:
    hours = [step.after_business_hours for step in ladder.steps]
    if not hours:
        yield "steps", "holds no step: name at least one"
    if hours != sorted(hours):
        yield "steps", "are out of order: sort them by after_business_hours"


def _job(job: JobRule) -> Findings:
    if job.every_minutes is None and job.at is None:
        yield "at", "is missing, as is every_minutes: give one of them"
    if job.every_minutes is not None and job.at is not None:
        yield "at", "stands beside every_minutes: give one of them"
    if not job.days:
        yield "days", "holds no day: name at least one"


_OBJECTS: Final[Mapping[type, Callable[[Any], Findings]]] = {
    CalendarForm: _calendar,
    Tickets: _tickets,
    RequirementRule: _requirement,
    CriterionRule: _criterion,
    GonogoRule: _gonogo,
    Template: _template,
    Ladder: _ladder,
    Freeze: freeze_rules.freeze,
    Policy: freeze_rules.policy,
    JobRule: _job,
}


def of_key(mapping: str) -> TextRule:
    """For the keys of a mapping, by the mapping's own key."""
    return _KEYS.get(mapping, _key)


def of_text(cls: type, key: str) -> TextRule | None:
    """For a text, or each text of a list, that stands at this key of such an object."""
    return _TEXTS_OF.get((cls, key)) or _TEXTS.get(key)


def of_object(value: object) -> Findings:
    check = _OBJECTS.get(type(value))
    return check(value) if check else iter(())


def of_entry(mapping: str, key: str, value: object) -> Findings:
    """Of what stands in a mapping, where its key there matters too."""
    if mapping == "jobs" and key == "daily-digest" and isinstance(value, JobRule) and value.at is not None:
        yield "at", "is for each channel's digest to say: give every_minutes here, how often to look"
    if mapping == "permissions" and key in NAMED and isinstance(value, tuple) and EVERYONE in value:
        yield str(value.index(EVERYONE)), "would let anybody: name a role of few, since two named people answer for it"


def bounds(key: str) -> tuple[int, int]:
    """The least and the greatest number that a key takes."""
    return (1 if key in _AT_LEAST_ONE else _AT_LEAST.get(key, 0)), _AT_MOST.get(key, 10_000)
