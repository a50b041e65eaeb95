"""The job that watches: who hears of a late step, once, at whatever hour, and what it says by then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from interlock.domain.policy import RELEASE_MANAGER, Role
from interlock.domain.runbook import Deed
from interlock.domain.slot import Slot
from interlock.jobs.job import JobContext, JobReport
from interlock.jobs.runbook_watch import runbook_watch
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.usecases.release import close
from interlock.usecases.runbook import Begun, Marked, abort, mark, skip, start
from interlock.usecases.runbook_watch import late
from tests.builders import POLICY as BUILT
from tests.builders import WITH_RUNBOOK, actor, people, release

NIGHT = datetime(2026, 12, 20, 1, 0, tzinfo=UTC)
"""A Sunday, at one."""
POLICY = replace(BUILT, roles={**BUILT.roles, RELEASE_MANAGER: Role(people=("ana@practice.example",))})
QA = ["@U0INES", "@U0NOMAIL", "@U0NOOR", "@U0TOM"]


def at(minutes: float) -> datetime:
    return NIGHT + timedelta(minutes=minutes)


@pytest.fixture
def one(store: Store) -> int:
    with store.write() as session:
        people(session, groups_as_of=at(600))
        number = release(session, template=WITH_RUNBOOK, stage="go")
    assert isinstance(start(store, POLICY, actor("RITA"), number, NIGHT), Begun)
    return number


def tick(store: Store, minutes: float, *, dry_run: bool = False) -> list[str]:
    """Who is pinged anew."""
    return sorted(post.channel for post in report(store, minutes, dry_run=dry_run).posts)


def report(store: Store, minutes: float, *, dry_run: bool = False) -> JobReport:
    slot = Slot(job="runbook-watch", due_at=at(minutes))
    context = JobContext(now=at(minutes), slot=slot, progress=lambda _: None, dry_run=dry_run)
    return runbook_watch(store, POLICY).run(context)


def did(store: Store, who: str, step: int, deed: Deed, minutes: float) -> None:
    assert isinstance(mark(store, POLICY, actor(who), step, deed, "Why", at(minutes)), Marked)


def queued(store: Store, kind: str) -> int:
    with store.read() as session:
        rows = session.exec(select(OutboxRow).where(OutboxRow.kind == kind, OutboxRow.state == "pending"))
        return len(rows.all())


def sent_off(store: Store) -> None:
    with store.write() as session:
        for row in session.exec(select(OutboxRow)):
            row.state = "sent"


def test_what_nobody_begins_is_told_to_all_whose_it_is_once_and_then_to_who_runs_it(store: Store, one: int) -> None:
    assert tick(store, 4) == []
    assert tick(store, 6, dry_run=True) == QA
    assert tick(store, 6) == QA
    assert tick(store, 6, dry_run=True) == tick(store, 7) == tick(store, 19) == []
    assert tick(store, 20) == ["@U0RITA"]
    assert tick(store, 21) == tick(store, 300) == []


def test_what_takes_too_long_is_told_to_who_began_it_in_the_middle_of_the_night(store: Store, one: int) -> None:
    did(store, "TOM", 1, Deed.STARTED, 1)
    assert tick(store, 11) == []
    assert tick(store, 12) == ["@U0TOM"]
    assert tick(store, 30) == ["@U0RITA"]
    with store.read() as session:
        row = session.exec(select(OutboxRow).where(OutboxRow.channel == "@U0TOM")).one()
    assert row.urgency == 0
    assert row.not_before == at(12)


def test_each_of_those_that_run_together_is_told_to_its_own(store: Store, one: int) -> None:
    skip(store, POLICY, actor("RITA"), 1, "Not needed", NIGHT)
    did(store, "TOM", 3, Deed.STARTED, 1)
    assert tick(store, 6) == ["@U0RAVI"]
    assert tick(store, 32) == ["@U0RITA", "@U0TOM"]


def test_whose_step_it_is_as_release_manager_is_told_once(store: Store, one: int) -> None:
    for step in (1, 2, 3):
        skip(store, POLICY, actor("RITA"), step, "Not needed", NIGHT)
    assert tick(store, 6) == ["@U0RITA"]
    assert tick(store, 40) == []


def test_what_somebody_left_behind_goes_to_the_others(store: Store, one: int) -> None:
    did(store, "TOM", 1, Deed.STARTED, 1)
    with store.write() as session:
        session.get_one(PersonRow, "U0TOM").active = False
        session.get_one(PersonRow, "U0RITA").active = False
    assert tick(store, 12) == ["@U0INES", "@U0NOMAIL", "@U0NOOR"]
    assert tick(store, 30) == ["@U0ANA"]


def test_a_step_whose_owners_are_all_gone_is_told_to_who_runs_it_at_once(store: Store, one: int) -> None:
    skip(store, POLICY, actor("RITA"), 1, "Not needed", NIGHT)
    did(store, "TOM", 3, Deed.STARTED, 0)
    with store.write() as session:
        session.get_one(PersonRow, "U0RAVI").active = False
    assert tick(store, 6) == ["@U0RITA"]


def test_nobody_is_told_of_what_ended(store: Store, one: int) -> None:
    abort(store, POLICY, actor("RITA"), 1, "Rolled back", at(1))
    assert tick(store, 60) == []
    assert isinstance(start(store, POLICY, actor("RITA"), one, at(60)), Begun)
    close(store, POLICY, actor("RITA"), one, "Called off", at(61))
    assert tick(store, 120) == []


def test_the_card_is_drawn_anew_when_a_step_becomes_late_and_every_five_minutes(store: Store, one: int) -> None:
    drawn = []
    for minute in (1, 4, 5, 6, 7, 9, 10):
        sent_off(store)
        tick(store, minute)
        drawn.append(queued(store, "runbook.refresh"))
    assert drawn == [0, 0, 1, 1, 0, 0, 1]


def test_a_ping_is_dropped_once_the_step_moved_on(store: Store, one: int) -> None:
    assert tick(store, 6) == QA
    told = late(store, POLICY, 1, "free", "U0TOM", at(7))
    assert told is not None
    assert (told.line.late, told.manager, told.next) == (timedelta(minutes=2), False, ("Rita Sandoval-Kerr", at(20)))
    did(store, "INES", 1, Deed.STARTED, 8)
    assert late(store, POLICY, 1, "free", "U0TOM", at(9)) is None
    assert late(store, POLICY, 1, "running", "U0INES", at(10)) is None
    assert late(store, POLICY, 1, "running", "U0INES", at(19)) is not None
    assert late(store, POLICY, 1, "running", "U0TOM", at(19)) is None
    seen_by_manager = late(store, POLICY, 1, "running", "U0RITA", at(60))
    assert seen_by_manager is not None
    assert (seen_by_manager.manager, seen_by_manager.next) == (True, None)
    did(store, "INES", 1, Deed.DONE, 61)
    assert late(store, POLICY, 1, "running", "U0INES", at(62)) is None
