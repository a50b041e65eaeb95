"""The job that ends proposals nobody decided on in time."""

from datetime import timedelta

from interlock.domain.policy_change import Outcome
from interlock.domain.slot import Slot
from interlock.jobs import policy_change
from interlock.jobs.job import JobContext
from interlock.store.engine import Store
from tests.builders import NOW
from tests.policy_changes import begun, loaded, proposed


def test_what_nobody_decided_in_time_is_over_and_a_dry_run_changes_nothing(sqlite_store: Store) -> None:
    begun(sqlite_store)
    closes = proposed(sqlite_store).closes_at
    job = policy_change.job(sqlite_store)

    def run(after: timedelta, *, dry: bool = False) -> str:
        slot = Slot(job=job.name, due_at=NOW)
        context = JobContext(now=closes + after, slot=slot, progress=lambda _: None, dry_run=dry)
        return job.run(context).detail

    assert run(timedelta(seconds=-1)) == "0 proposals over"
    assert run(timedelta(), dry=True) == "1 proposal over"
    assert loaded(sqlite_store).outcome is None
    assert run(timedelta()) == "1 proposal over"
    assert loaded(sqlite_store).outcome is Outcome.TIMED_OUT
