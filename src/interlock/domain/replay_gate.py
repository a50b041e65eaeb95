"""Replaying gates: what one would have said at a moment, where that was kept."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from typing import Final

from interlock.domain import milestone
from interlock.domain.calendar import ONE_DAY
from interlock.domain.criterion import Booked, Criterion, Evidence, Facts, Progress, judge
from interlock.domain.environment import Lifecycle
from interlock.domain.policy import CriterionRule
from interlock.domain.release import Release
from interlock.domain.replay import Record, Rules, Trail
from interlock.domain.status import Change, ReleaseStatus

UNKNOWN: Final[Mapping[str, str]] = {
    "scope_complete": "how many points tickets had then, or which were done, is not kept",
    "no_open_blocker": "what was blocked by what at that moment is not kept",
    "dependencies_delivered": "what was blocked by what at that moment is not kept",
    "no_high_risk": "risks are kept as they stand, not as they stood",
    "environment_booked": "the environment is none of the new policy's",
    "environment_ready": "in which state an environment was then is not kept",
}
"""Why a gate of this kind may not be judged."""


def at(rule: CriterionRule, record: Record, rules: Rules, moment: datetime) -> Criterion | None:
    """The gate's result then; None where the record does not tell it."""
    scope = record.scope(moment)
    known = all(isinstance(each.at("done", moment), bool) for each in scope)
    booked = _booked(rule, record, rules, moment)
    match rule.kind:
        case "scope_complete" if rule.measure == "points" or not known:
            return None
        case "no_open_blocker" | "dependencies_delivered" | "no_high_risk" | "signoffs_given":
            return None
        case "environment_booked" | "environment_ready" if booked is None:
            return None
        case "environment_ready" if booked is not None and booked.on_target:
            return None
        case _:
            pass
    calendar = milestone.calendar_of(rules.policy, rules.template)
    facts = Facts(
        status=_status(_planned(record.release, rules), scope, moment),
        today=calendar.today(moment),
        now=moment,
        environments={rule.environment: booked} if rule.environment and booked else {},
        progress={team: _progress(scope, team, moment) for team in {None, *(each.team for each in scope)}},
        evidence=_told(rule, record, moment),
        waivers={
            each.criterion: each
            for each in record.waivers
            if each.decided_at is not None and each.decided_at <= moment and each.holds(moment)
        },
    )
    return judge((rule,), facts)[0]


def _told(rule: CriterionRule, record: Record, moment: datetime) -> dict[str, Evidence]:
    """The newest word on the gate; figures go to every gate that asks for a report of their name."""
    same = [each.name for each in record.release.policy.criteria if rule.report and each.report == rule.report]
    told = [each for name in {rule.name, *same} for each in record.evidence.get(name, ()) if each.at <= moment]
    return {rule.name: max(told, key=lambda each: each.at)} if told else {}


def _planned(one: Release, rules: Rules) -> Release:
    """With the milestones that the new template would have planned for the target."""
    if one.policy.milestones == rules.template.milestones and one.policy.calendar == rules.template.calendar:
        return one
    calendar = milestone.calendar_of(rules.policy, rules.template)
    return replace(one, milestones=milestone.plan(rules.template, one.target, calendar))


def _booked(rule: CriterionRule, record: Record, rules: Rules, moment: datetime) -> Booked | None:
    """Whether the environment was booked then for the target day; its state is not known."""
    if rule.environment not in rules.policy.environments:
        return None
    zone = milestone.calendar_of(rules.policy, rules.template).zone
    begins = datetime.combine(record.release.target, time(), zone)
    over = datetime.combine(record.release.target + ONE_DAY, time(), zone)
    stood = any(
        each.environment == rule.environment and each.starts < over and each.ends > begins and each.stood(moment)
        for each in record.bookings
    )
    return Booked(on_target=stood, lifecycle=Lifecycle.READY)


def _progress(scope: list[Trail], team: str | None, moment: datetime) -> Progress:
    mine = [each for each in scope if team is None or each.team == team]
    done = sum(1 for each in mine if each.at("done", moment) is True)
    return Progress(tickets=len(mine), done=done, points=0, points_done=0)


def _status(one: Release, scope: list[Trail], moment: datetime) -> ReleaseStatus:
    """As much of a status as those gates look at."""
    whole = _progress(scope, None, moment)
    return ReleaseStatus(
        release=one,
        template=one.policy.name,
        light="green",
        reasons=(),
        days_to_go=0,
        tickets=whole.tickets,
        done=whole.done,
        without_team=0,
        restricted=0,
        change=Change(done=0, unknown=0, added=0, removed=0),
        since="",
        signoffs=0,
        signoffs_given=0,
        waiting=(),
        blockers=0,
        oldest_blocker=None,
        undated=0,
        root=None,
        root_team=None,
        root_shown=False,
        next_milestone=None,
        freeze=None,
        mirror_as_of=moment,
        stale=False,
    )
