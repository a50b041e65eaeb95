"""What may begin, what is late, and when it will be over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.actor import Person, Standing
from interlock.domain.authority import Refused
from interlock.domain.policy import EVERYONE, Policy, Role, StepRule
from interlock.domain.runbook import (
    Accepted,
    Already,
    Deed,
    End,
    Mark,
    Outcome,
    Run,
    Step,
    StepState,
)
from interlock.domain.runbook_rules import board, find, judge, length, owns, planned, usual
from tests.builders import POLICY

NOW = datetime(2026, 12, 17, 22, 0, tzinfo=UTC)
OMAR = Person(slack_id="U0OMAR", name="Omar Haddad")
W, F, R, X, D, S = (
    StepState.WAITING,
    StepState.FREE,
    StepState.RUNNING,
    StepState.FAILED,
    StepState.DONE,
    StepState.SKIPPED,
)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def rule(key: str, minutes: int = 10, parallel: str | None = None) -> StepRule:
    return StepRule(
        key=key, name=key.title(), owner="ops", expected_minutes=minutes, check="It runs", parallel=parallel
    )


def marks(**deeds: float) -> tuple[Mark, ...]:
    """Each deed with its minute."""
    return tuple(Mark(deed=Deed(deed), person=OMAR, at=at(minute), note="why") for deed, minute in deeds.items())


def run(*done: dict[str, float], rules: Sequence[StepRule] = (), usual: dict[str, int] | None = None) -> Run:
    """A run that began at NOW; `done` are the deeds of the first steps."""
    rules = rules or (rule("a"), rule("b", 20, "p"), rule("c", 30, "p"), rule("d", 5))
    steps = tuple(
        replace(step, id=step.number, marks=marks(**done[step.number - 1]) if step.number <= len(done) else ())
        for step in planned(rules, usual or {})
    )
    return Run(id=1, release_id=1, number=1, card_id=1, started_by=OMAR, started_at=NOW, steps=steps)


A_DONE = {"started": 0.0, "done": 12.0}
B_DONE = {"started": 12.0, "done": 30.0}


@pytest.mark.parametrize(
    ("done", "states"),
    [
        ([], [F, W, W, W]),
        ([{"started": 0.0}], [R, W, W, W]),
        ([A_DONE], [D, F, F, W]),
        ([A_DONE, B_DONE], [D, D, F, W]),
        ([A_DONE, {"started": 12.0, "failed": 15.0}, {"started": 12.0}], [D, X, R, W]),
        ([A_DONE, {"started": 12.0, "failed": 15.0}, B_DONE], [D, X, D, W]),
        ([A_DONE, {"started": 12.0, "failed": 15.0, "done": 40.0}, B_DONE], [D, D, D, F]),
        ([A_DONE, {"started": 12.0, "failed": 15.0, "skipped": 40.0}, B_DONE], [D, S, D, F]),
        ([{}, {}, {}, {"skipped": 1.0}], [F, W, W, S]),
        ([A_DONE, B_DONE, B_DONE, {"skipped": 1.0}], [D, D, D, S]),
    ],
)
def test_a_step_may_begin_once_all_before_it_are_done_or_skipped(
    done: list[dict[str, float]], states: list[StepState]
) -> None:
    assert [line.state for line in board(run(*done), at(45)).lines] == states


def test_who_waits_says_for_which() -> None:
    waiting = board(run(A_DONE, {"started": 12.0}), at(13)).lines[3]
    assert waiting.waits_for == (2, 3)


@pytest.mark.parametrize(
    ("done", "minute", "late"),
    [
        ([], 5, {}),
        ([], 6, {1: 1}),
        ([{"started": 0.0}], 10, {}),
        ([{"started": 0.0}], 11, {1: 1}),
        ([A_DONE], 17, {}),
        ([A_DONE], 20, {2: 3, 3: 3}),
        ([A_DONE, {"started": 12.0}], 35, {2: 3, 3: 18}),
        ([A_DONE, {"started": 12.0, "failed": 14.0}, B_DONE], 99, {}),
    ],
)
def test_a_step_is_late_beyond_its_time_or_when_nobody_begins_it(
    done: list[dict[str, float]], minute: int, late: dict[int, int]
) -> None:
    found = {line.step.number: line.late for line in board(run(*done), at(minute)).late}
    assert found == {number: timedelta(minutes=minutes) for number, minutes in late.items()}


def test_what_usually_takes_longer_is_late_later_and_what_is_usually_quick_is_not_late_sooner() -> None:
    slow = board(run({"started": 0.0}, usual={"a": 15}), at(16)).lines[0]
    quick = board(run({"started": 0.0}, usual={"a": 5}), at(9)).lines[0]
    assert (slow.late, quick.late) == (timedelta(minutes=1), None)


@pytest.mark.parametrize(
    ("done", "minute", "ends", "planned"),
    [
        ([], 0, 45, 45),
        ([], 4, 49, 45),  # nobody begins: all of it moves
        ([{"started": 2.0}], 3, 47, 45),
        ([{"started": 0.0}], 25, 60, 45),  # longer than planned: at least until now
        ([{"started": 0.0, "done": 4.0}], 4, 39, 45),
        ([A_DONE, {"started": 12.0}, {"started": 12.0}], 13, 47, 45),
        ([A_DONE, B_DONE, {"started": 12.0, "done": 50.0}, {"started": 51.0}], 52, 56, 45),
        ([A_DONE, B_DONE, {"skipped": 31.0}], 32, 37, 35),  # what was skipped had 10 minutes of its own
        ([A_DONE, {"skipped": 12.0}], 12, 47, 45),  # and this had none: what runs beside it takes longer
        ([{"skipped": 0.0}], 0, 35, 35),  # to skip is not to be ahead
        ([{"started": 0.0, "skipped": 30.0}], 30, 65, 35),
        ([A_DONE, {"started": 12.0, "failed": 20.0}], 21, None, 45),
    ],
)
def test_the_expected_end_goes_by_what_was_done_and_by_what_is_left(
    done: list[dict[str, float]], minute: int, ends: int | None, planned: int
) -> None:
    drawn = board(run(*done), at(minute))
    assert drawn.planned_end == at(45)
    assert drawn.expected_end == (None if ends is None else at(ends))
    assert drawn.behind == (None if ends is None else timedelta(minutes=ends - planned))


def test_what_a_step_usually_takes_is_what_is_planned_with() -> None:
    drawn = board(run(usual={"a": 40, "c": 60}), at(0))
    assert drawn.planned_end == drawn.expected_end == at(40 + 60 + 5)
    assert length(run(usual={"a": 40}).steps) == timedelta(minutes=40 + 30 + 5)


def test_a_run_that_ended_stands_as_it_stood_then() -> None:
    ended = replace(
        run({"started": 0.0}), end=End(outcome=Outcome.ABORTED, person=OMAR, at=at(8), reason="Rolled back")
    )
    assert board(ended, at(500)) == board(ended, at(8))
    assert board(ended, at(500)).late == ()


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ([], None),
        ([10, 20], None),
        ([10, 20, 90], 20),
        ([10, 20, 25, 90], 22),
        ([0.1, 0.1, 0.2], 1),
        ([5.0] * 20 + [90.0] * 30, 5),
    ],
)
def test_the_median_of_earlier_releases_counts_from_three_on(minutes: list[float], expected: int | None) -> None:
    assert usual(minutes) == expected


ACCEPTED, ALREADY = "accepted", "already"


@pytest.mark.parametrize(
    ("state", "deeds", "verdicts"),
    [
        # started, done, failed, skipped
        (W, {}, ("waits", "waits", "waits", ACCEPTED)),
        (F, {}, (ACCEPTED, "not_begun", "not_begun", ACCEPTED)),
        (R, {"started": 1.0}, (ALREADY, ACCEPTED, ACCEPTED, ACCEPTED)),
        (X, {"started": 1.0, "failed": 2.0}, (ALREADY, ACCEPTED, ALREADY, ACCEPTED)),
        (D, {"started": 1.0, "done": 2.0}, (ALREADY,) * 4),
        (S, {"skipped": 2.0}, (ALREADY,) * 4),
    ],
)
def test_what_may_be_done_to_a_step_in_each_state(
    state: StepState, deeds: dict[str, float], verdicts: tuple[str, ...]
) -> None:
    one = run({} if state is W else {"started": 0.0, "done": 0.5}, deeds, rules=(rule("a"), rule("b")))
    step = one.steps[1]
    assert board(one, at(3)).lines[1].state is state

    def verdict(deed: Deed) -> str:
        said = judge(one, step, deed, at(3))
        return said.reason if isinstance(said, Refused) else {Accepted: ACCEPTED, Already: ALREADY}[type(said)]

    assert tuple(map(verdict, (Deed.STARTED, Deed.DONE, Deed.FAILED, Deed.SKIPPED))) == verdicts


def test_starting_what_failed_is_answered_with_the_failure() -> None:
    one = run({"started": 0.0, "failed": 3.0})
    said = judge(one, one.steps[0], Deed.STARTED, at(4))
    assert isinstance(said, Already)
    assert said.mark.deed is Deed.FAILED


@pytest.mark.parametrize("deed", Deed)
def test_nothing_is_done_to_a_run_that_ended(deed: Deed) -> None:
    ended = replace(run(), end=End(outcome=Outcome.ABORTED, person=OMAR, at=at(8), reason="Rolled back"))
    said = judge(ended, ended.steps[0], deed, at(9))
    assert isinstance(said, Refused)
    assert said.reason == "run_ended"


@pytest.mark.parametrize(
    ("owner", "owned"),
    [
        ("omar@practice.example", True),
        ("OMAR@practice.example", True),
        ("yuki@practice.example", False),
        ("night-shift", True),  # a role, by its group
        ("dbas", True),  # the group itself
        ("release_manager", False),
        ("nobody", False),
    ],
)
def test_whose_a_step_is(owner: str, owned: bool) -> None:  # noqa: FBT001 a table's column
    policy: Policy = replace(POLICY, roles={**POLICY.roles, "night-shift": Role(groups=("dbas",))})
    omar = Standing(
        person=replace(OMAR, email="Omar@practice.example"),
        groups=frozenset({"dbas"}),
        groups_as_of=NOW,
        people_as_of=NOW,
    )
    assert owns(policy, owner, omar) is owned


def test_no_step_is_everybodys() -> None:
    omar = Standing(person=OMAR, groups=frozenset(), groups_as_of=NOW, people_as_of=NOW)
    assert not owns(POLICY, EVERYONE, omar)


@pytest.mark.parametrize(
    ("typed", "found"),
    [("2", "b"), ("#2", "b"), ("deploy-a", "deploy-a"), ("DEPLOY-A", "deploy-a"), ("b", "b"), ("smo", "smoke")],
)
def test_a_step_is_named_by_number_key_or_the_beginning_of_one(typed: str, found: str) -> None:
    steps = planned([rule("a"), rule("b"), rule("deploy-a"), rule("deploy-b"), rule("smoke")], {})
    step = find(steps, typed)
    assert isinstance(step, Step)
    assert step.rule.key == found


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("dep", "More than one step begins with dep: 2 deploy-a or 3 deploy-b?"),
        ("9", "There is no step 9: name one by its number, 1 to 3, or its key, such as deploy-b."),
        ("", "Which step: name one by its number, 1 to 3, or its key, such as deploy-b."),
    ],
)
def test_what_names_no_step_is_asked_about(typed: str, says: str) -> None:
    said = find(planned([rule("smoke"), rule("deploy-a"), rule("deploy-b")], {}), typed)
    assert isinstance(said, Refused)
    assert said.sentence == says


KEYS = st.integers(2, 6).flatmap(
    lambda count: st.tuples(
        st.lists(st.sampled_from([None, "p"]), min_size=count, max_size=count),
        st.lists(st.tuples(st.integers(0, count - 1), st.sampled_from(list(Deed))), max_size=30),
    )
)


@given(KEYS)
def test_whatever_is_tried_no_step_begins_before_those_that_it_waits_for_are_settled(
    plan: tuple[list[str | None], list[tuple[int, Deed]]],
) -> None:
    parallels, tries = plan
    # One group at most: its members' first to last.
    inside = [place for place, name in enumerate(parallels) if name]
    named = set(range(inside[0], inside[-1] + 1)) if inside else set()
    rules = [rule(f"s{place}", 10, "p" if place in named else None) for place in range(len(parallels))]
    one = run(rules=rules)
    for minute, (place, deed) in enumerate(tries):
        step = one.steps[place]
        if not isinstance(judge(one, step, deed, at(minute)), Accepted):
            continue
        if deed is Deed.STARTED:
            before = min(named) if place in named else place
            assert all(each.settled for each in one.steps[:before])
        marked = replace(step, marks=(*step.marks, Mark(deed=deed, person=OMAR, at=at(minute), note="why")))
        one = replace(one, steps=(*one.steps[:place], marked, *one.steps[place + 1 :]))
        deeds = [mark.deed for mark in marked.marks]
        assert len(deeds) == len(set(deeds))
        assert len({Deed.DONE, Deed.SKIPPED}.intersection(deeds)) < 2
    drawn = board(one, at(len(tries)))
    assert drawn.expected_end is None or all(
        each.settled is None or each.settled.at <= drawn.expected_end for each in one.steps
    )
    if any(line.state is not StepState.DONE and line.state is not StepState.SKIPPED for line in drawn.lines):
        assert drawn.of(F, R, X), "something can always be done"
