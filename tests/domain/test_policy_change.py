"""What differs between two templates, in words; and what a changed policy leaves of what was signed."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from interlock.domain import policy_change as rules
from interlock.domain.actor import Person
from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import (
    BreakGlassRule,
    CriterionRule,
    GonogoRule,
    MilestoneRule,
    RequirementRule,
    StepRule,
    Template,
)
from interlock.domain.policy_change import fate, gates_changed, milestones, touched
from interlock.domain.policy_difference import FLAGS, KEYS, LABELS, difference
from interlock.domain.release import Milestone
from interlock.domain.signoff import Decision, Requirement, Signoff
from tests.domain.test_signoff import RELEASE

QA = RequirementRule(key="qa", name="QA", groups=("qa",), quorum=1)
RISK = RequirementRule(key="risk", name="Risk", people=("maria@practice.example",))
GATE = CriterionRule(kind="report", name="Coverage", report="coverage", minimum=80)
STEP = StepRule(key="backup", name="Back up", owner="qa", expected_minutes=5, check="It is listed")
CALL = GonogoRule(roles=("qa",))
BASE = Template(
    name="Quarterly",
    requirements=(QA, RISK),
    criteria=(GATE,),
    milestones=(MilestoneRule(name="Code freeze", business_days_before=5),),
    runbook=(STEP,),
    gonogo=CALL,
)
UK = WorkCalendar(time_zone="Europe/London")


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ({}, ()),
        ({"requirements": (replace(QA, quorum=2), RISK)}, ("“QA” sign-off: approvals: 2 instead of 1",)),
        (
            {"requirements": (replace(QA, quorum="all", exclude_requester=False), RISK)},
            ("“QA” sign-off: approvals: everybody's instead of 1, from now on whoever asked for it may sign",),
        ),
        ({"requirements": (QA,)}, ("“Risk” sign-off is gone",)),
        (
            {"requirements": (QA, RISK, replace(QA, key="ops", name="Ops", step_up=True))},
            ("“Ops” sign-off is new (user groups: qa, approvals: 1, signers type what their signature means)",),
        ),
        ({"requirements": (RISK, QA)}, ("The sign-offs stand in another order",)),
        ({"criteria": (replace(GATE, minimum=90.5),)}, ("“Coverage” gate: at least: 90.5 instead of 80",)),
        (
            {"criteria": (GATE, CriterionRule(kind="no_open_blocker", name="Nothing is blocked"))},
            ("“Nothing is blocked” gate is new (kind: no open blocker)",),
        ),
        ({"gonogo": None}, ("The roll-call before go is gone",)),
        ({"gonogo": replace(CALL, at_least=60)}, ("The roll-call: percentage of go: 60 instead of 100",)),
        (
            {"milestones": (MilestoneRule(name="Code freeze", business_days_before=3),)},
            ("“Code freeze” milestone: business days before the target: 3 instead of 5",),
        ),
        ({"runbook": ()}, ("“Back up” step is gone",)),
        (
            {"version": 2, "ladder": "urgent"},
            ("Template's version: 2 instead of 1", "Escalation ladder: urgent instead of none"),
        ),
        (
            {"break_glass": BreakGlassRule(), "requirements": (replace(QA, break_glass=False), RISK)},
            (
                "“QA” sign-off: from now on nobody lets it pass in an emergency",
                "Two people may let missing sign-offs pass in an emergency, for 24 hours",
            ),
        ),
        ({"one_person_one_requirement": False}, ("from now on one person may fill two sign-offs",)),
    ],
)  # fmt: skip
def test_what_differs_is_said(new: dict[str, Any], says: tuple[str, ...]) -> None:
    assert difference(BASE, replace(BASE, **new)) == says


def test_a_roll_call_that_is_new_is_said() -> None:
    (said,) = difference(replace(BASE, gonogo=None), BASE)
    assert said == "A roll-call before go is new (roles that vote: qa, percentage of go: 100)"


@pytest.mark.parametrize("kind", LABELS)
def test_each_key_has_its_word(kind: type) -> None:
    """A key that is added to a rule has to be said when it changes: nobody decides on what is not shown."""
    said = set(LABELS[kind]) | set(FLAGS) | {KEYS.get(kind)}
    nested = (
        {"requirements", "criteria", "milestones", "runbook", "gonogo", "break_glass"} if kind is Template else set()
    )
    assert {each.name for each in fields(kind)} <= said | nested


def given(key: str, who: str, decision: Decision = Decision.APPROVED) -> Requirement:
    rule = {each.key: each for each in BASE.requirements}[key]
    word = Signoff(
        id=len(who),
        requirement_id=1,
        person=Person(slack_id=f"U0{who}", name=who),
        decision=decision,
        reason=None,
        fingerprint="f",
        at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    return Requirement(id=1, key=key, name=rule.name, rule=rule, signoffs=(word,))


@pytest.mark.parametrize(
    ("new", "lost"),
    [
        ({}, {}),
        ({"quorum": 2}, {"qa": "QA: approvals: 2 instead of 1"}),
        ({"exclude_assignees": False}, {"qa": "QA: from now on whoever worked on the scope may sign"}),
        ({"needed_by": "Code freeze", "answer_within_business_days": 2}, {}),
        ({"key": "quality"}, {"qa": "QA is no longer asked for"}),
    ],
)
def test_sign_offs_of_a_requirement_that_is_another_are_lost(new: dict[str, Any], lost: dict[str, str]) -> None:
    after = replace(BASE, requirements=(replace(QA, **new), RISK))
    found = fate(BASE, after, (given("qa", "TOM"), given("risk", "MARIA")))
    assert {each.key: each.why for each in found} == lost


def test_a_rejection_outlasts_a_change_and_goes_with_its_requirement() -> None:
    rejected = (given("qa", "TOM", Decision.REJECTED),)
    assert fate(BASE, replace(BASE, requirements=(replace(QA, quorum=2), RISK)), rejected) == ()
    assert [each.key for each in fate(BASE, replace(BASE, requirements=(RISK,)), rejected)] == ["qa"]


def test_who_signed_twice_keeps_one_where_nobody_may_any_more() -> None:
    free = replace(BASE, one_person_one_requirement=False)
    twice = (given("qa", "MARIA"), given("risk", "MARIA"))
    assert [each.key for each in fate(free, BASE, twice)] == ["risk"]
    assert fate(BASE, BASE, (given("qa", "TOM"), given("risk", "MARIA"))) == ()


def test_what_only_reminds_touches_no_approval() -> None:
    assert not touched(QA, replace(QA, needed_by="Code freeze"))
    assert not touched(QA, replace(QA, break_glass=False))
    assert touched(QA, replace(QA, name="Quality"))


def test_a_gate_that_is_another_is_known() -> None:
    assert gates_changed(BASE, replace(BASE, criteria=(replace(GATE, minimum=90),))) == {"Coverage"}
    assert gates_changed(BASE, replace(BASE, criteria=())) == frozenset()


def test_a_milestone_that_is_not_moved_keeps_its_date() -> None:
    day = date(2026, 12, 1)
    one = replace(RELEASE, target=date(2026, 12, 17), milestones=(Milestone(name="Code freeze", due=day),))
    cut = MilestoneRule(name="Branch cut", business_days_before=1)
    after = replace(BASE, milestones=(*BASE.milestones, cut))
    assert [(each.name, each.due) for each in milestones(BASE, after, one, UK)] == [
        ("Code freeze", day),
        ("Branch cut", date(2026, 12, 16)),
    ]
    moved = replace(BASE, milestones=(MilestoneRule(name="Code freeze", business_days_before=3),))
    assert [each.due for each in milestones(BASE, moved, one, UK)] == [date(2026, 12, 14)]


@pytest.mark.parametrize(
    ("target", "closes"),
    [
        (date(2026, 12, 17), datetime(2026, 12, 1, tzinfo=UTC)),
        (date(2026, 11, 25), datetime(2026, 11, 26, tzinfo=UTC)),
        (date(2026, 11, 20), datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_a_proposal_waits_five_business_days_or_until_the_target(target: date, closes: datetime) -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert rules.closes_at(now, target, UK, 5) == closes
