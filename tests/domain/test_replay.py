"""What a record tells of who might have done what, and when a ladder would have spoken."""

from datetime import UTC, datetime, timedelta

import pytest

from interlock.domain.actor import Person
from interlock.domain.calendar import WorkCalendar
from interlock.domain.escalation import Episode
from interlock.domain.policy import LadderStep, RequirementRule
from interlock.domain.replay import Told, Trail, Turn
from interlock.domain.replay_person import entitled, entitled_anew
from interlock.domain.replay_ping import as_said, plan

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
GB = WorkCalendar(time_zone="Europe/London")
ANA = Person(slack_id="U0ANA", name="Ana Whitlock", email="ana@practice.example")
LADDER = (LadderStep(after_business_hours=2, to="owner"), LadderStep(after_business_hours=4, to="team_lead"))


def rule(groups: str = "", people: str = "") -> RequirementRule:
    return RequirementRule(key="qa", name="QA", groups=tuple(groups.split()), people=tuple(people.split()))


@pytest.mark.parametrize(
    ("was", "would", "still"),
    [
        (rule("a"), rule("a"), True),
        (rule("a"), rule("b a"), True),
        (rule("a"), rule("b"), None),
        (rule("a b"), rule("a"), None),
        (rule("a"), rule(people="tom@practice.example"), False),
        (rule("a"), rule(people="ANA@practice.example"), True),
        (rule(people="ana@practice.example"), rule(people="tom@practice.example"), False),
        (rule("a", "ana@practice.example"), rule("a b"), None),
    ],
)
def test_who_was_named_by_one_rule_may_be_by_another(
    was: RequirementRule, would: RequirementRule, *, still: bool | None
) -> None:
    assert entitled(ANA, was, would) is still


@pytest.mark.parametrize(
    ("was", "would", "now"),
    [
        (rule("a"), rule("a"), False),
        (rule("a b"), rule("a"), False),
        (rule("a"), rule("a b"), None),
        (None, rule("a"), None),
        (None, rule(people="tom@practice.example"), False),
        (rule("a"), rule("a", "ana@practice.example"), True),
    ],
)
def test_who_was_not_named_by_one_rule_may_be_by_another(
    was: RequirementRule | None, would: RequirementRule, *, now: bool | None
) -> None:
    assert entitled_anew(ANA, was, would) is now


def test_nobody_who_was_erased_is_known_to_be_named() -> None:
    assert entitled(None, rule("a"), rule("a")) is True
    assert entitled(None, rule("a"), rule("a", "ana@practice.example")) is None


def told(*words: tuple[datetime, datetime | None, datetime | None], **at: float) -> Told:
    steps = {int(name[1:]): MONDAY + timedelta(hours=hours) for name, hours in at.items()}
    episode = Episode(id=1, ticket_id="1", since=None, seen_at=MONDAY, told=steps)
    return Told(episode=episode, cleared_at=None, ticket=None, words=words)


def hours(found: dict[int, datetime]) -> dict[int, float]:
    return {number: (at - MONDAY).total_seconds() / 3600 for number, at in found.items()}


def test_a_ladder_speaks_in_business_hours_until_the_blocker_clears() -> None:
    assert hours(plan(told(), LADDER, GB, MONDAY + timedelta(days=1))) == {0: 2, 1: 4}
    assert hours(plan(told(), LADDER, GB, MONDAY + timedelta(hours=4))) == {0: 2}
    assert hours(plan(told(), (), GB, MONDAY + timedelta(days=1))) == {}


def test_it_is_silent_while_somebody_has_it_in_hand_and_speaks_when_they_let_go() -> None:
    taken = (MONDAY + timedelta(hours=3), MONDAY + timedelta(hours=30), None)
    given_up = (MONDAY + timedelta(hours=26), None, None)
    end = MONDAY + timedelta(days=3)
    assert hours(plan(told(taken), LADDER, GB, end)) == {0: 2, 1: 30}
    assert hours(plan(told(taken, given_up), LADDER, GB, end)) == {0: 2, 1: 26}


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ({"_0": 2.2, "_1": 4.4}, True),
        ({"_0": 2.6, "_1": 4.6}, False),
        ({"_0": 1.9, "_1": 4}, False),
        ({"_0": 2}, False),
        ({}, False),
    ],
)
def test_what_was_told_is_what_the_ladder_says_within_half_an_hour(at: dict[str, float], *, said: bool) -> None:
    assert as_said(told(**at), LADDER, GB, MONDAY + timedelta(days=1)) is said


def test_a_ticket_was_what_the_first_change_after_that_moment_found() -> None:
    turns = (
        Turn(at=MONDAY, field="done", before=False, after=True),
        Turn(at=MONDAY + timedelta(days=2), field="done", before=True, after=False),
        Turn(at=MONDAY + timedelta(days=1), field="assignee", before="acc-ana", after="acc-tom"),
    )
    trail = Trail(
        id="1", key="DATA-1", team=None, restricted=False, done=False, priority=None, assignee="acc-tom", turns=turns
    )
    assert [trail.at("done", MONDAY + timedelta(days=each)) for each in (-1, 0, 1, 2)] == [False, True, True, False]
    long_ago, day = MONDAY - timedelta(days=9), timedelta(days=1)
    assert trail.assigned("acc-ana", long_ago, MONDAY)
    assert not trail.assigned("acc-tom", long_ago, MONDAY)
    assert trail.assigned("acc-ana", MONDAY, MONDAY + 2 * day)
    assert not trail.assigned("acc-ana", MONDAY + 1.5 * day, MONDAY + 2 * day)
