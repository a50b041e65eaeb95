"""A release that somebody plans: what is wrong with it, what it would come to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from interlock.domain import freeze, milestone, names
from interlock.domain.calendar import WorkCalendar
from interlock.domain.channel import Channel
from interlock.domain.policy import Policy
from interlock.domain.release import NOTHING, Milestone, ScopeRule
from interlock.domain.words import day, day_beside, join

FURTHEST: Final = timedelta(days=2 * 365)
"""Public holidays are worked out for two years."""
EXAMPLE: Final = ", such as channel:#rel-2026-12"
MOST: Final = 100
"""How many fix versions, labels or epics one release takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedDraft:
    """A draft in words: `versions` are names, `channel` a name or an id, "" for the one that it was typed in."""

    template: str
    name: str
    target: str
    versions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    epics: tuple[str, ...] = ()
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """As it was entered; `template` is the key of one of the policy's. `namesakes_of` are ids of versions: all versions
    of their names are meant, whatever the project. `words` are those that it was typed in, None where a form was sent.
    """

    name: str = ""
    template: str = ""
    target: date | None = None
    channel_id: str | None = None
    rule: ScopeRule = NOTHING
    namesakes_of: tuple[str, ...] = ()
    words: TypedDraft | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the store knows of a draft. `taken_by` is the release that has its name; `missing` are the fix versions
    (by id) and epics (by key) that the mirror does not know.
    """

    taken_by: str | None
    channel: Channel | None
    missing: tuple[str, ...]
    tickets: int
    teams: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the draft comes to so far: `problems` by field (name, template, target, channel, scope, epics), `warnings`
    as sentences; the milestones are empty until template and target are right.
    """

    tickets: int
    milestones: tuple[Milestone, ...]
    problems: dict[str, str]
    warnings: tuple[str, ...]


def examine(draft: Draft, findings: Findings, policy: Policy, now: datetime) -> Preview:
    problems = {
        field: sentence
        for field, sentence in (
            ("name", _name(draft, findings)),
            ("template", _template(draft, policy)),
            ("target", _target(draft, policy, now)),
            ("channel", _channel(draft, findings.channel, policy)),
            ("scope", _scope(draft, findings)),
            ("epics", _unknown(draft.rule.epics, findings)),
        )
        if sentence
    }
    milestones = () if {"template", "target"} & problems.keys() else _milestones(draft, policy)
    return Preview(
        tickets=findings.tickets,
        milestones=milestones,
        problems=problems,
        warnings=tuple(_warnings(draft, findings, milestones, policy, now)),
    )


def _name(draft: Draft, findings: Findings) -> str | None:
    if sentence := names.problem(draft.name):
        return sentence
    if findings.taken_by:
        return f"There is a release {findings.taken_by} already. Choose another name."
    return None


def _template(draft: Draft, policy: Policy) -> str | None:
    if draft.template in policy.templates:
        return None
    known = join([template.name for template in policy.templates.values()], "or")
    return f"Choose a template: {known}." if known else "Configuration has no templates yet: add one in templates/."


def _target(draft: Draft, policy: Policy, now: datetime) -> str | None:
    if draft.target is None:
        if draft.words is None:
            return "Choose the target date."
        typed = names.tidy(draft.words.target)[: names.LONGEST]
        return f"“{typed}” is no date. Type it as 2026-12-17, or as tomorrow, fri or +10d."
    calendar = _calendar(draft, policy)
    today = calendar.today(now)
    if draft.target < today:
        return f"{day_beside(draft.target, today)} is past. Choose a day from {day(today)} on."
    if draft.target - today > FURTHEST:
        return "That is more than two years away. Choose an earlier day."
    if not calendar.is_business_day(draft.target):
        after = calendar.add_business_days(draft.target, 1)
        return f"{day_beside(draft.target, today)} is no business day. The next is {day_beside(after, today)}."
    return None


def _channel(draft: Draft, channel: Channel | None, policy: Policy) -> str | None:
    typed = draft.words is not None
    if draft.channel_id is None:
        return f"Name the channel that sign-offs and news go to{EXAMPLE if typed else ''}."
    if channel is None and draft.words and not draft.words.channel:
        return f"Interlock does not see the channel that you are in. Invite it there, or name another{EXAMPLE}."
    if channel is None:
        return "Interlock does not see that channel. Invite it there, wait a few minutes, and try again."
    if channel.archived:
        return f"#{channel.name} is archived. Choose another."
    if not channel.member:
        return f"Interlock is not in #{channel.name}. Invite it there, wait a few minutes, and try again."
    if channel.shared:
        return f"#{channel.name} is shared with another company. Choose a channel of your own workspace."
    if channel.name not in policy.channels:
        return (
            f"Configuration does not say what #{channel.name} may be shown. Add it under channels, or choose another."
        )
    return None


def _scope(draft: Draft, findings: Findings) -> str | None:
    rule = draft.rule
    if not (rule.version_ids or rule.labels or rule.epics):
        how = ": version:2026.12, label:hotfix or epic:DATA-100" if draft.words else ""
        return f"Name at least one fix version, label or epic{how}."
    if max(len(rule.version_ids), len(rule.labels), len(rule.epics)) > MOST:
        return f"At most {MOST} fix versions, labels and epics each. Leave some out."
    return _unknown(rule.version_ids, findings)


def _unknown(named: Collection[str], findings: Findings) -> str | None:
    """Which of those that were named the mirror does not have."""
    missing = [names.tidy(each)[: names.LONGEST] for each in findings.missing if each in named]
    if not missing:
        return None
    return f"The mirror of Jira knows no {join(missing[:3], 'or')}. Check the spelling, or wait for the next sync."


def _milestones(draft: Draft, policy: Policy) -> tuple[Milestone, ...]:
    assert draft.target is not None
    return milestone.plan(policy.templates[draft.template], draft.target, _calendar(draft, policy))


def _warnings(
    draft: Draft, findings: Findings, milestones: Collection[Milestone], policy: Policy, now: datetime
) -> list[str]:
    warnings = []
    calendar = _calendar(draft, policy)
    today = calendar.today(now)
    whom = freeze.reach(policy, policy.templates.get(draft.template), findings.teams)
    near = draft.target is not None and abs(draft.target - today) <= FURTHEST
    if near and draft.target and (met := freeze.meeting(policy, whom, draft.target, calendar)):
        warnings.append(freeze.of_target(met))
    past = [f"{each.name} ({day(each.due)})" for each in milestones if each.due < today]
    if past:
        warnings.append(f"Already past: {join(past)}.")
    if not findings.tickets and not findings.missing and not _scope(draft, findings):
        warnings.append("No ticket is in scope yet. Tickets join by themselves once they carry what you named.")
    return warnings


def _calendar(draft: Draft, policy: Policy) -> WorkCalendar:
    template = policy.templates.get(draft.template)
    return milestone.calendar_of(policy, template) if template else policy.calendars[policy.calendar]
