"""Running a runbook on a real store: what is recorded, what a race leaves, and what earlier releases teach."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import select

from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.policy import RELEASE_MANAGER, Role
from interlock.domain.release import Stage
from interlock.domain.runbook import Accepted, Already, Deed, Outcome, Picture, Progress, Run, StepState
from interlock.domain.stage import Ahead, Moved
from interlock.store import release as releases
from interlock.store import runbook as store_runbook
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.release import ReleaseRow
from interlock.store.runbook import MarkRow, RunRow
from interlock.usecases import stage, stage_stop, status
from interlock.usecases.release import close
from interlock.usecases.runbook import Aborted, Begun, Marked, abort, mark, skip, start
from interlock.usecases.runbook_view import draw, show_of
from interlock.usecases.runbook_words import MeantRun, MeantStep, meant_run, meant_step
from tests.builders import CHANNEL, NOW, POLICY, TEMPLATE, WITH_RUNBOOK, actor, people, release

RITA, TOM, RAVI = actor("RITA"), actor("TOM"), actor("RAVI")


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def one(store: Store) -> int:
    """A release whose run 1 Rita began."""
    with store.write() as session:
        people(session, groups_as_of=at(600))
        number = release(session, template=WITH_RUNBOOK, stage=Stage.GO.value)
    assert isinstance(start(store, POLICY, RITA, number, NOW), Begun)
    return number


def do(store: Store, who: Actor, step: int, deed: Deed, minutes: float = 0, note: str = "") -> Accepted | Already | str:
    """The verdict, or the reason of a refusal."""
    if deed is Deed.SKIPPED:
        done = skip(store, POLICY, who, step, note, at(minutes))
    else:
        done = mark(store, POLICY, who, step, deed, note, at(minutes))
    return done.reason if isinstance(done, Refused) else done.verdict


def states(store: Store, number: int, minutes: float = 60) -> list[StepState]:
    found = picture(store, number, minutes)
    assert found.board is not None
    return [line.state for line in found.board.lines]


def picture(store: Store, number: int, minutes: float = 60) -> Picture:
    found = show_of(store, POLICY, RITA, number, at(minutes))
    assert isinstance(found, Picture)
    return found


def latest(store: Store, number: int) -> Run:
    found = picture(store, number).run
    assert found is not None
    return found


def events(store: Store, *kinds: str) -> list[dict[str, Any]]:
    with store.read() as session:
        rows = session.exec(select(AuditRow).order_by(AuditRow.seq)).all()  # type: ignore[arg-type]  # a column
        return [
            {"kind": row.kind, **json.loads(row.body)["facts"]}
            for row in rows
            if row.kind.startswith("runbook.") and (not kinds or row.kind in kinds)
        ]


def posts(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        rows = session.exec(select(OutboxRow).order_by(OutboxRow.id)).all()  # type: ignore[arg-type]  # a column
        return [(row.kind, row.channel) for row in rows if row.kind.startswith("runbook.")]


def run_through(store: Store, minutes: tuple[float, float, float, float]) -> None:
    """Every step of the newest run takes so long, one after the other."""
    with store.read() as session:
        run = session.exec(select(RunRow.id).order_by(RunRow.id.desc())).first()  # type: ignore[union-attr]  # a column
        steps = list(session.exec(select(store_runbook.StepRow.id).where(store_runbook.StepRow.run_id == run)))
    clock = 0.0
    for step, who, took in zip(sorted(filter(None, steps)), (TOM, RAVI, TOM, RITA), minutes, strict=True):
        assert isinstance(do(store, who, step, Deed.STARTED, clock), Accepted)
        clock += took
        assert isinstance(do(store, who, step, Deed.DONE, clock), Accepted)


def test_starting_posts_one_card_and_again_changes_nothing(store: Store, one: int) -> None:
    again = start(store, POLICY, RITA, one, at(1))
    assert isinstance(again, Begun)
    assert (again.new, again.run.number) == (False, 1)
    assert posts(store) == [("runbook.card", CHANNEL)]
    assert [event["kind"] for event in events(store)] == ["runbook.started"]
    assert states(store, one) == [StepState.FREE, StepState.WAITING, StepState.WAITING, StepState.WAITING]


def test_a_walk_to_the_end(store: Store, one: int) -> None:
    assert isinstance(do(store, TOM, 1, Deed.STARTED), Accepted)
    done = do(store, TOM, 1, Deed.DONE, 12, "Backup 7 is listed")
    assert isinstance(done, Accepted)
    assert done.step.took == timedelta(minutes=12)
    assert states(store, one) == [StepState.DONE, StepState.FREE, StepState.FREE, StepState.WAITING]
    for step, who in ((2, RAVI), (3, TOM)):
        assert isinstance(do(store, who, step, Deed.STARTED, 13), Accepted)
        assert isinstance(do(store, who, step, Deed.DONE, 30), Accepted)
    assert isinstance(do(store, RITA, 4, Deed.STARTED, 31), Accepted)
    last = mark(store, POLICY, RITA, 4, Deed.DONE, "", at(33))
    assert isinstance(last, Marked)
    assert last.finished
    run = latest(store, one)
    assert run.end is not None
    assert (run.end.outcome, run.end.at) == (Outcome.DONE, at(33))
    told = events(store)
    assert [event["kind"].removeprefix("runbook.") for event in told] == (
        ["started"] + ["step_started", "step_done"] * 4 + ["done"]
    )
    assert (told[2]["step"], told[2]["check"], told[2]["note"]) == ("backup", "It is listed", "Backup 7 is listed")
    assert start(store, POLICY, RITA, one, at(40)) == Refused(
        reason="run_done", sentence="Run 1 is done: all its steps are done or skipped."
    )


def test_only_whose_step_it_is_ticks_it_and_only_a_release_manager_skips(store: Store, one: int) -> None:
    assert do(store, RAVI, 1, Deed.STARTED) == "not_owner"
    assert do(store, RITA, 1, Deed.STARTED) == "not_owner"
    assert do(store, TOM, 1, Deed.SKIPPED, note="Late") == "not_permitted"
    refused = mark(store, POLICY, RITA, 1, Deed.STARTED, "", NOW)
    assert isinstance(refused, Refused)
    assert refused.sentence == (
        "You can't start step 1 of 2026.12 (Back up): it belongs to qa-approvers. "
        "Ines Calder, Nia Brook, Noor Salter or 1 more can."
    )
    assert isinstance(do(store, RITA, 1, Deed.SKIPPED, note="Nothing to back up"), Accepted)
    whys = [event["why"] for event in events(store, "runbook.refused")]
    assert whys == ["not_owner", "not_owner", "not_permitted", "not_owner"]


def test_a_failed_step_stops_what_comes_after_and_is_told_to_who_runs_it(store: Store, one: int) -> None:
    do(store, TOM, 1, Deed.STARTED)
    assert do(store, TOM, 1, Deed.FAILED, 5) == "no_reason"
    assert do(store, TOM, 1, Deed.FAILED, 5, "\u200b ") == "no_reason"
    assert do(store, TOM, 1, Deed.FAILED, 5, "x" * 501) == "too_long"
    assert isinstance(do(store, TOM, 1, Deed.FAILED, 5, "The disk is full"), Accepted)
    assert states(store, one)[:2] == [StepState.FAILED, StepState.WAITING]
    assert do(store, RAVI, 2, Deed.STARTED, 6) == "waits"
    assert ("runbook.failed", "@U0RITA") in posts(store)
    assert isinstance(do(store, TOM, 1, Deed.DONE, 20), Accepted)
    assert isinstance(do(store, RAVI, 2, Deed.STARTED, 21), Accepted)


def test_a_click_on_what_stands_already_is_answered_with_it(store: Store, one: int) -> None:
    do(store, TOM, 1, Deed.STARTED)
    do(store, TOM, 1, Deed.DONE, 3)
    for deed in Deed:
        who = RITA if deed is Deed.SKIPPED else actor("INES")
        said = do(store, who, 1, deed, 4, "Why")
        assert isinstance(said, Already)
        assert (said.mark.deed, said.mark.person.name) == (Deed.DONE, "Tom Arkwright")
    with store.read() as session:
        assert len(session.exec(select(MarkRow)).all()) == 2


def test_abort_ends_the_run_and_the_next_has_a_card_of_its_own(store: Store, one: int) -> None:
    do(store, TOM, 1, Deed.STARTED)
    run = latest(store, one)
    assert isinstance(abort(store, POLICY, TOM, run.id, "No", at(1)), Refused)
    nothing_said = abort(store, POLICY, RITA, run.id, " ", at(1))
    assert isinstance(nothing_said, Refused)
    assert nothing_said.reason == "no_reason"
    ended = abort(store, POLICY, RITA, run.id, "Rolled back", at(2))
    assert isinstance(ended, Aborted)
    assert ended.new
    again = abort(store, POLICY, RITA, run.id, "Rolled back once more", at(3))
    assert isinstance(again, Aborted)
    assert not again.new
    assert do(store, TOM, 1, Deed.DONE, 4) == "run_ended"
    begun = start(store, POLICY, RITA, one, at(60))
    assert isinstance(begun, Begun)
    assert (begun.new, begun.run.number) == (True, 2)
    assert begun.run.card_id != run.card_id
    first = draw(store, run.card_id, at(61))
    assert first is not None
    assert first.run is not None
    assert first.run.end is not None
    assert (first.run.number, first.run.end.reason) == (1, "Rolled back")
    assert [kind for kind, _ in posts(store)].count("runbook.card") == 2


def test_a_release_that_ends_freezes_its_runbook(store: Store, one: int) -> None:
    do(store, TOM, 1, Deed.STARTED)
    close(store, POLICY, RITA, one, "Called off", at(5))
    assert ("runbook.refresh", CHANNEL) in posts(store)
    assert do(store, TOM, 1, Deed.DONE, 6) == "release_ended"
    assert do(store, RITA, 1, Deed.SKIPPED, 6, "Why") == "release_ended"
    stopped = abort(store, POLICY, RITA, latest(store, one).id, "Why", at(6))
    assert isinstance(stopped, Refused)
    assert isinstance(start(store, POLICY, RITA, one, at(6)), Refused)
    board = picture(store, one, 500).board
    assert board is not None
    assert board.late == ()
    with store.read() as session:
        assert store_runbook.ongoing(session) == []


def test_what_cannot_begin_says_why(store: Store) -> None:
    with store.write() as session:
        people(session, groups_as_of=at(600))
        bare = release(session, template=TEMPLATE)
        closed = release(session, name="2026.09", template=WITH_RUNBOOK, stage=Stage.CLOSED.value)
    for number, why in ((bare, "no_runbook"), (closed, "release_ended")):
        refused = start(store, POLICY, RITA, number, NOW)
        assert isinstance(refused, Refused)
        assert refused.reason == why
    assert mark(store, POLICY, TOM, 99, Deed.DONE, "", NOW) == skip(store, POLICY, RITA, 99, "Why", NOW)


@pytest.mark.parametrize("where", list(Stage))
def test_it_starts_at_go_or_deploying_alone(sqlite_store: Store, where: Stage) -> None:
    with sqlite_store.write() as session:
        people(session, groups_as_of=at(600))
        number = release(session, template=WITH_RUNBOOK, stage=where.value)
    done = start(sqlite_store, POLICY, RITA, number, NOW)
    if where in {Stage.GO, Stage.DEPLOYING}:
        assert isinstance(done, Begun)
        return
    assert isinstance(done, Refused)
    assert done.reason == ("release_ended" if where in {Stage.CLOSED, Stage.CANCELLED} else "no_go")
    assert [(event["kind"], event["why"]) for event in events(sqlite_store)] == [("runbook.refused", done.reason)]


def test_what_has_neither_stage_starts_anywhere(sqlite_store: Store) -> None:
    """As in a copy of a policy from before there were stages to name."""
    with sqlite_store.write() as session:
        people(session, groups_as_of=at(600))
        number = release(session, template=replace(WITH_RUNBOOK, stages=("in_progress",)))
    assert isinstance(start(sqlite_store, POLICY, RITA, number, NOW), Begun)


def test_a_run_goes_on_where_its_release_was_taken_back(store: Store, one: int) -> None:
    with store.write() as session:
        session.get_one(ReleaseRow, one).stage = Stage.READY.value
    assert isinstance(do(store, TOM, 1, Deed.STARTED), Accepted)
    again = start(store, POLICY, RITA, one, at(1))
    assert isinstance(again, Begun)
    assert not again.new
    assert isinstance(abort(store, POLICY, RITA, again.run.id, "Rolled back", at(2)), Aborted)
    refused = start(store, POLICY, RITA, one, at(3))
    assert refused == Refused(
        reason="no_go",
        sentence="2026.12 is ready, and its runbook starts once it has its go. /release advance 2026.12 says what that "
        "takes.",
    )


def test_progress_is_what_the_next_stage_waits_for(store: Store, one: int) -> None:
    def progress(number: int) -> Progress:
        with store.read() as session:
            return store_runbook.progress(session, number)

    with store.write() as session:
        bare = release(session, name="bare", template=TEMPLATE)
        unbegun = release(session, name="unbegun", template=WITH_RUNBOOK)
    assert progress(bare) == Progress(steps=0, settled=0, failed=0, run=None, end=None)
    assert progress(bare).left == 0
    assert progress(unbegun) == Progress(steps=4, settled=0, failed=0, run=None, end=None)
    do(store, TOM, 1, Deed.STARTED)
    do(store, TOM, 1, Deed.FAILED, note="Full")
    assert progress(one) == Progress(steps=4, settled=0, failed=1, run=1, end=None)
    assert progress(one).left == 4
    for step in (1, 2, 3, 4):
        do(store, RITA, step, Deed.SKIPPED, note="Not needed")
    assert progress(one) == Progress(steps=4, settled=4, skipped=4, failed=0, run=1, end=Outcome.DONE)
    assert progress(one).left == 0


def test_a_release_is_released_once_its_runbook_is_done(store: Store, one: int) -> None:
    with store.write() as session:
        row = session.get_one(ReleaseRow, one)
        row.stage, row.policy = Stage.DEPLOYING.value, row.policy | {"requirements": []}
    do(store, TOM, 1, Deed.STARTED)
    refused = stage.move(store, POLICY, RITA, one, Stage.RELEASED, "", at(1))
    assert isinstance(refused, Ahead)
    assert [(each.name, each.why) for each in refused.missing] == [("The runbook is done", "4 steps left")]
    for step in (1, 2, 3, 4):
        do(store, RITA, step, Deed.SKIPPED, note="Not needed")
    assert isinstance(stage.move(store, POLICY, RITA, one, Stage.RELEASED, "", at(2)), Moved)
    with store.read() as session:
        moved = session.exec(select(AuditRow.body).where(AuditRow.kind == "release.moved")).one()
    assert ["The runbook is done", "4 of 4 steps skipped"] in json.loads(moved)["facts"]["conditions"]


@pytest.mark.parametrize("where", [Stage.GO, Stage.DEPLOYING, Stage.RELEASED, Stage.CLOSED])
def test_what_was_skipped_stays_in_the_status(sqlite_store: Store, where: Stage) -> None:
    with sqlite_store.write() as session:
        people(session, groups_as_of=at(600))
    number = planned(sqlite_store, "2026.12")
    begun = start(sqlite_store, POLICY, RITA, number, NOW)
    assert isinstance(begun, Begun)
    do(sqlite_store, RITA, begun.run.steps[0].id, Deed.SKIPPED, note="Not needed")
    with sqlite_store.write() as session:
        session.get_one(ReleaseRow, number).stage = where.value
    found = status.status_of(sqlite_store, POLICY, RITA, number, NOW)
    assert not isinstance(found, Refused)
    assert found.runbook is not None
    assert found.runbook.words == "3 steps left, 1 of 4 steps skipped"


def test_a_release_that_is_cancelled_freezes_it_too(store: Store, one: int) -> None:
    assert isinstance(stage_stop.cancel(store, POLICY, RITA, one, "Called off", at(5)), Moved)
    assert ("runbook.refresh", CHANNEL) in posts(store)
    assert do(store, TOM, 1, Deed.STARTED, 6) == "release_ended"


def test_three_earlier_releases_teach_the_next_plan(store: Store) -> None:
    with store.write() as session:
        people(session, groups_as_of=at(600))
    takes = [(10.0, 40.0, 20.0, 5.0), (14.0, 60.0, 20.0, 5.0), (30.0, 50.0, 22.0, 5.0)]
    for count, minutes in enumerate(takes):
        number = planned(store, f"2026.0{count + 1}")
        assert all(step.usual_minutes is None for step in picture(store, number).plan)
        assert isinstance(start(store, POLICY, RITA, number, NOW), Begun)
        run_through(store, minutes)
    other = planned(store, "other", template="weekly")
    assert all(step.usual_minutes is None for step in picture(store, other).plan)
    number = planned(store, "2026.12")
    assert [step.usual_minutes for step in picture(store, number).plan] == [14, 50, 20, 5]
    begun = start(store, POLICY, RITA, number, NOW)
    assert isinstance(begun, Begun)
    assert [step.usual_minutes for step in begun.run.steps] == [14, 50, 20, 5]
    board = picture(store, number, 0).board
    assert board is not None
    assert board.planned_end == at(14 + 50 + 5)
    assert events(store, "runbook.started")[-1]["usual_minutes"] == {
        "backup": 14,
        "pipelines": 50,
        "models": 20,
        "all-clear": 5,
    }


def test_what_failed_on_its_way_or_was_skipped_teaches_nothing(store: Store) -> None:
    with store.write() as session:
        people(session, groups_as_of=at(600))
    for count in range(3):
        number = planned(store, f"2026.0{count + 1}")
        begun = start(store, POLICY, RITA, number, NOW)
        assert isinstance(begun, Begun)
        first, second, *_ = begun.run.steps
        do(store, TOM, first.id, Deed.STARTED)
        if count == 0:
            do(store, TOM, first.id, Deed.FAILED, 1, "Full")
        do(store, TOM, first.id, Deed.DONE, 9)
        do(store, RITA, second.id, Deed.SKIPPED, 9, "Not needed")
    assert [step.usual_minutes for step in picture(store, planned(store, "2026.12")).plan] == [None] * 4


def planned(store: Store, name: str, template: str = "quarterly") -> int:
    with store.write() as session:
        number = release(session, name=name, template=WITH_RUNBOOK, stage=Stage.GO.value)
        session.get_one(ReleaseRow, number).template = template
        return number


def test_a_run_begun_by_who_left_tells_all_release_managers(store: Store, one: int) -> None:
    with store.write() as session:
        session.get_one(PersonRow, "U0RITA").active = False
    managed = replace(POLICY, roles={RELEASE_MANAGER: Role(people=("ana@practice.example", "maria@practice.example"))})
    mark(store, managed, TOM, 1, Deed.STARTED, "", NOW)
    mark(store, managed, TOM, 1, Deed.FAILED, "Full", at(1))
    told = [channel for kind, channel in posts(store) if kind == "runbook.failed"]
    assert sorted(told) == ["@U0ANA", "@U0MARIA"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026.12 1", (1, "")),
        ("2026.12 backup all green", (1, "all green")),
        ("1 all green", (1, "all green")),
        ("pipe", (2, "")),
        ("2026.1 4", (4, "")),
        ("All Clear", (4, "Clear")),
        ("2026.13 1", "unclear"),
        ("", "unclear"),
    ],
)
def test_a_step_is_named_with_its_release_or_in_its_channel(
    store: Store, one: int, typed: str, meant: tuple[int, str] | str
) -> None:
    with store.read() as session:
        _, found = meant_step(session, typed, CHANNEL)
    if isinstance(found, MeantStep):
        assert (found.step.number, found.rest) == meant
        assert found.release.id == one
    else:
        assert meant == "unclear"


def test_a_run_is_aborted_by_the_releases_name(store: Store, one: int) -> None:
    with store.read() as session:
        _, found = meant_run(session, "2026.12 rolled back", CHANNEL)
        _, unknown = meant_run(session, "2026.13 rolled back", CHANNEL)
    assert isinstance(found, MeantRun)
    assert (found.run.number, found.rest) == (1, "rolled back")
    assert not isinstance(unknown, MeantRun)


def together(*acts: Callable[[], object]) -> list[object]:
    """All at the same moment, each in its thread."""
    ready, said = threading.Barrier(len(acts)), list[object]()

    def act(what: Callable[[], object]) -> None:
        ready.wait()
        said.append(what())

    threads = [threading.Thread(target=act, args=(each,)) for each in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert len(said) == len(acts)
    return said


def test_of_two_who_tick_at_once_one_is_recorded_and_the_other_is_told(store: Store, one: int) -> None:
    do(store, TOM, 1, Deed.STARTED)
    said = together(*(lambda who=who: do(store, actor(who), 1, Deed.DONE, 5) for who in ("TOM", "INES", "NOOR", "TOM")))
    assert sorted(type(each).__name__ for each in said) == ["Accepted", "Already", "Already", "Already"]
    assert len(events(store, "runbook.step_done")) == 1


def test_a_tick_and_a_skip_at_once_leave_one_of_them(store: Store, one: int) -> None:
    do(store, TOM, 1, Deed.STARTED)
    said = together(
        lambda: do(store, TOM, 1, Deed.DONE, 5), lambda: do(store, RITA, 1, Deed.SKIPPED, 5, "Nobody is there")
    )
    assert sorted(type(each).__name__ for each in said) == ["Accepted", "Already"]


def test_the_last_two_ticks_at_once_end_the_run_once(store: Store, one: int) -> None:
    do(store, RITA, 1, Deed.SKIPPED, note="Not needed")
    do(store, RITA, 4, Deed.SKIPPED, note="Not needed")
    do(store, RAVI, 2, Deed.STARTED, 1)
    do(store, TOM, 3, Deed.STARTED, 1)
    together(lambda: do(store, RAVI, 2, Deed.DONE, 5), lambda: do(store, TOM, 3, Deed.DONE, 5))
    assert len(events(store, "runbook.done")) == 1
    assert states(store, one) == [StepState.SKIPPED, StepState.DONE, StepState.DONE, StepState.SKIPPED]


def test_two_starts_at_once_are_one_run(store: Store) -> None:
    with store.write() as session:
        people(session, groups_as_of=at(600))
        number = release(session, template=WITH_RUNBOOK, stage=Stage.GO.value)
    said = together(*(lambda: start(store, POLICY, RITA, number, NOW) for _ in range(3)))
    assert sorted(each.new for each in said if isinstance(each, Begun)) == [False, False, True]
    assert posts(store) == [("runbook.card", CHANNEL)]


def test_a_tick_and_an_abort_at_once_leave_what_was_first(store: Store, one: int) -> None:
    do(store, TOM, 1, Deed.STARTED)
    run = latest(store, one)
    ticked, _ = sorted(
        together(
            lambda: do(store, TOM, 1, Deed.DONE, 5), lambda: abort(store, POLICY, RITA, run.id, "Rolled back", at(5))
        ),
        key=lambda each: isinstance(each, Aborted),
    )
    assert isinstance(ticked, Accepted) or ticked == "run_ended"
    after = latest(store, one)
    assert after.end is not None
    assert after.end.outcome is Outcome.ABORTED
    assert (after.steps[0].settled is not None) == isinstance(ticked, Accepted)


def test_the_database_keeps_one_end_of_a_step_whoever_asks(store: Store, one: int) -> None:
    """The constraint behind the check: two who both saw the step as running."""
    do(store, TOM, 1, Deed.STARTED)
    do(store, TOM, 1, Deed.DONE, 1)
    for deed in (Deed.DONE, Deed.SKIPPED):
        with pytest.raises(IntegrityError), store.write() as session:
            store_runbook.mark(session, 1, deed, RITA, "Why", at(2))
    with pytest.raises(IntegrityError), store.write() as session:
        store_runbook.start(session, one, 2, 1, (), RITA, at(2))


TAMPER = [
    "UPDATE runbook_mark SET slack_id = 'U0RAVI'",
    "UPDATE runbook_mark SET at = '2020-01-01 00:00:00'",
    "DELETE FROM runbook_mark",
    "UPDATE runbook_step SET usual_minutes = 1",
    "DELETE FROM runbook_step",
    "UPDATE runbook_run SET started_by = 'U0RAVI'",
    "UPDATE runbook_run SET reason = 'All went well'",
    "DELETE FROM runbook_run",
]


@pytest.mark.parametrize("statement", TAMPER)
def test_what_was_done_stays(store: Store, one: int, statement: str) -> None:
    do(store, TOM, 1, Deed.STARTED)
    abort(store, POLICY, RITA, latest(store, one).id, "Rolled back", at(2))
    with pytest.raises(DBAPIError, match="append-only"), store.write() as session:
        session.connection().execute(text(statement))


@pytest.mark.parametrize("table", ["runbook_mark", "runbook_step", "runbook_run"])
def test_nor_is_it_replaced(sqlite_store: Store, table: str) -> None:
    with sqlite_store.write() as session:
        people(session, groups_as_of=at(600))
        number = release(session, template=WITH_RUNBOOK, stage=Stage.GO.value)
    start(sqlite_store, POLICY, RITA, number, NOW)
    do(sqlite_store, TOM, 1, Deed.STARTED)
    with pytest.raises(DBAPIError, match="append-only"), sqlite_store.write() as session:
        session.connection().execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))  # noqa: S608 ours


def test_a_release_keeps_the_steps_that_it_was_planned_with(store: Store, one: int) -> None:
    with store.read() as session:
        assert releases.load(session, one).policy.runbook == WITH_RUNBOOK.runbook
    assert [step.rule for step in latest(store, one).steps] == list(WITH_RUNBOOK.runbook)
