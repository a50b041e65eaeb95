"""Changing the policy of a release that is under way: a decision by those whom the old policy asks to sign."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

from interlock.domain.actor import Person, Standing
from interlock.domain.authority import Refused
from interlock.domain.calendar import ONE_DAY, WorkCalendar
from interlock.domain.milestone import plan
from interlock.domain.policy import RequirementRule, Template
from interlock.domain.policy_difference import changed, difference
from interlock.domain.release import Milestone, Release, Stage
from interlock.domain.signoff import Decision, Progress, Requirement, Signoff
from interlock.domain.stage import passed_through, words

TOO_LATE: Final = frozenset({Stage.DEPLOYING, Stage.RELEASED, Stage.CLOSED, Stage.CANCELLED})
"""From deploying on a release stays under the policy that it got its go under."""

BESIDE: Final = ("needed_by", "answer_within_business_days", "break_glass")
"""Keys of a sign-off that say when people are reminded and what an emergency allows: nothing of what an approval is
worth."""

ANOTHER: Final = Requirement(
    id=0,
    key="",
    name="Another who may change policies",
    rule=RequirementRule(key="", name="Another who may change policies", exclude_assignees=False),
)
"""What a policy that asks for no sign-offs asks: a second pair of eyes."""


class Outcome(StrEnum):
    APPLIED = "applied"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """A proposal, whole: `new` replaces `old` as it was shown, whatever becomes of the template meanwhile. `template`
    is the key of the template; `outcome`, `ended_by` and the rest are None while it is open.
    """

    id: int
    release_id: int
    card_id: int
    template: str
    old: Template
    old_version: str
    new: Template
    new_version: str
    reason: str
    proposed_by: Person
    proposed_at: datetime
    closes_at: datetime
    outcome: Outcome | None = None
    ended_by: Person | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None

    @property
    def difference(self) -> tuple[str, ...]:
        return difference(self.old, self.new)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChangeCard:
    """A proposal as its card and its answers show it. `requirements` are the old policy's, with what was said to the
    proposal in place of sign-offs; `revision_id` is None where nothing can be clicked.
    """

    release: Release
    change: PolicyChange
    requirements: tuple[Requirement, ...]
    revision_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyState:
    """Under which policy a release runs. `new_version` is its template's as it is configured now, None where it is no
    longer; `differs` says how that is another one. `change` is the proposal that is open; `refused` why there can be
    none.
    """

    release: Release
    new_version: str | None
    differs: tuple[str, ...]
    change: PolicyChangeCard | None = None
    refused: Refused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A sign-off that a changed policy makes void: of the requirement with this key, and why."""

    given: Signoff
    key: str
    why: str


def asked(old: Template) -> Template:
    """The old policy as it binds a proposal: whoever proposes asks for these approvals, and never gives one."""
    return replace(old, requirements=tuple(replace(each, exclude_requester=True) for each in old.requirements))


def unfit(one: Release, new: Template) -> Refused | None:
    """Why the release's policy cannot become this one now."""
    if one.stage in TOO_LATE:
        done = f"is {words(one.stage)}" if one.ended or one.stage is Stage.RELEASED else "is being deployed"
        return Refused(
            reason="too_late", sentence=f"{one.name} {done}, so it stays under the policy that it has: nothing changes."
        )
    if one.stage not in passed_through(replace(one, policy=new)):
        return Refused(
            reason="stage_unknown",
            sentence=f"{one.name} is {words(one.stage)}, and the changed policy has no such stage. Move it first: "
            f"/release advance {one.name}.",
        )
    return None


def own(change: PolicyChange, standing: Standing, decision: Decision) -> Refused | None:
    """Four eyes: whoever proposed a change never decides on it."""
    if standing.person.slack_id != change.proposed_by.slack_id:
        return None
    instead = "Somebody else who may sign can." if decision is Decision.APPROVED else "Withdraw it instead."
    return Refused(reason="own_proposal", sentence=f"You proposed this change, so you can't decide on it. {instead}")


def over(change: PolicyChange, now: datetime) -> Refused | None:
    """Why nobody decides on it any more."""
    if change.outcome is not None:
        by = f" by {change.ended_by.name}" if change.ended_by and change.outcome is not Outcome.APPLIED else ""
        anew = "" if change.outcome is Outcome.APPLIED else " It may be proposed anew."
        return Refused(
            reason="ended_already", sentence=f"That proposal is over: it was {said(change.outcome)}{by}.{anew}"
        )
    if now >= change.closes_at:
        return Refused(
            reason="timed_out",
            sentence="That proposal was not decided in time. That is no rejection: it may be proposed anew.",
        )
    return None


def said(outcome: Outcome) -> str:
    """`it was …`"""
    return {
        Outcome.APPLIED: "carried out",
        Outcome.REJECTED: "rejected",
        Outcome.WITHDRAWN: "withdrawn",
        Outcome.TIMED_OUT: "not decided in time",
    }[outcome]


def complete(requirements: Sequence[Requirement]) -> bool:
    """Whether everything that the old policy asks was said; by nobody alone, as the proposer says nothing."""
    return bool(requirements) and all(each.progress is Progress.MET for each in requirements)


def closes_at(now: datetime, target: date, calendar: WorkCalendar, business_days: int) -> datetime:
    """The end of so many business days, or of the target where that comes first and is not past."""
    last = calendar.add_business_days(calendar.today(now), business_days)
    if calendar.today(now) <= target < last:
        last = target
    return datetime.combine(last + ONE_DAY, time(), calendar.zone)


def touched(old: RequirementRule, new: RequirementRule) -> bool:
    """Whether approvals of the one are none of the other."""
    same = {key: getattr(new, key) for key in BESIDE}
    return replace(old, **same) != new


def fate(old: Template, new: Template, requirements: Sequence[Requirement]) -> tuple[Lost, ...]:
    """Which of the sign-offs given under the old policy count no more. A rejection outlasts a change of what it
    rejected, as it does one of the scope; with its requirement it goes.
    """
    after = {each.key: each for each in new.requirements}
    found: list[Lost] = []
    kept: set[str] = set()
    for each in requirements:
        rule = after.get(each.key)
        for given in each.signoffs:
            if rule is None:
                found.append(Lost(given=given, key=each.key, why=f"{each.name} is no longer asked for"))
            elif touched(each.rule, rule):
                if given.decision is Decision.APPROVED:
                    found.append(Lost(given=given, key=each.key, why=f"{each.name}: {changed(each.rule, rule)}"))
            elif new.one_person_one_requirement and given.decision is Decision.APPROVED:
                people = {given.person.slack_id, given.speaks_for.slack_id}
                if kept & people and not old.one_person_one_requirement:
                    found.append(Lost(given=given, key=each.key, why="nobody fills two sign-offs any more"))
                kept |= people
    return tuple(found)


def milestones(old: Template, new: Template, one: Release, calendar: WorkCalendar) -> tuple[Milestone, ...]:
    """Those of the new policy; whatever it does not move keeps its date, and that it was reached."""
    if old.calendar == new.calendar and old.milestones == new.milestones:
        return one.milestones
    same = set(old.milestones) & set(new.milestones) if old.calendar == new.calendar else set()
    kept = {each.name for each in same}
    before = {each.name: each for each in one.milestones}
    planned = [
        before[each.name]
        if each.name in kept and each.name in before
        else replace(each, reached_at=before[each.name].reached_at if each.name in before else None)
        for each in plan(new, one.target, calendar)
    ]
    return tuple(sorted(planned, key=lambda each: each.due))


def gates_changed(old: Template, new: Template) -> frozenset[str]:
    """Gates of the new policy that are not the old one's: what let those pass lets these not."""
    return frozenset(each.name for each in set(new.criteria) - set(old.criteria))
