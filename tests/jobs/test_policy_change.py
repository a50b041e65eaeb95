"""The job that ends proposals nobody decided on in time, and has cards drawn anew whose approvals are too old."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import select

from interlock.domain.policy_change import Outcome
from interlock.domain.slot import Slot
from interlock.jobs import policy_change
from interlock.jobs.job import JobContext
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.usecases import policy_change_card
from tests.builders import NOW, QA, TEMPLATE
from tests.policy_changes import begun, drawn, loaded, proposed, say

DAY = timedelta(days=1)


def test_what_nobody_decided_in_time_is_over_and_a_dry_run_changes_nothing(sqlite_store: Store) -> None:
    begun(sqlite_store)
    closes = proposed(sqlite_store).closes_at
    job = policy_change.job(sqlite_store)

    def run(after: timedelta, *, dry: bool = False) -> str:
        slot = Slot(job=job.name, due_at=NOW)
        context = JobContext(now=closes + after, slot=slot, progress=lambda _: None, dry_run=dry)
        return job.run(context).detail

    assert run(timedelta(seconds=-1)) == "0 proposals over."
    assert run(timedelta(), dry=True) == "1 proposal over"
    assert loaded(sqlite_store).outcome is None
    assert run(timedelta()) == "1 proposal over."
    assert loaded(sqlite_store).outcome is Outcome.TIMED_OUT


def redraws(store: Store) -> int:
    """How many waited, and wait no more."""
    with store.write() as session:
        waiting = session.exec(select(OutboxRow).where(OutboxRow.kind == "policy_change.refresh")).all()
        for row in waiting:
            session.delete(row)
        return len(waiting)


def aging(store: Store) -> None:
    """Tom has approved, for a day, and the card says so."""
    begun(store, replace(TEMPLATE, requirements=(replace(QA, valid_days=1),)))
    proposed(store)
    say(store, "TOM")
    drawn(store)
    redraws(store)


def at(store: Store, now: datetime) -> str:
    slot = Slot(job="policy-changes", due_at=NOW)
    return policy_change.job(store).run(JobContext(now=now, slot=slot, progress=lambda _: None)).detail


def test_a_card_is_drawn_anew_once_an_approval_on_it_is_too_old(store: Store) -> None:
    aging(store)
    assert at(store, NOW + DAY - timedelta(seconds=1)) == "0 proposals over."
    assert redraws(store) == 0
    assert at(store, NOW + DAY) == "0 proposals over. 1 card drawn anew: an approval has become too old."
    assert redraws(store) == 1
    drawn(store, now=NOW + DAY)
    assert at(store, NOW + DAY) == "0 proposals over."
    assert redraws(store) == 0


def test_a_reminder_that_was_drawn_first_leaves_no_card_behind(sqlite_store: Store) -> None:
    aging(sqlite_store)
    assert policy_change_card.draw_elsewhere(sqlite_store, 1, NOW) is not None
    assert redraws(sqlite_store) == 0
    assert policy_change_card.draw_elsewhere(sqlite_store, 1, NOW + DAY) is not None
    assert redraws(sqlite_store) == 1
