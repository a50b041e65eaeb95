"""The schedule: everything that is due runs, and nothing waits for a job that takes long."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from threading import Event
from time import monotonic

from structlog.testing import capture_logs

from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import JobRule, Policy, Tickets
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.jobs.schedule import Schedule
from interlock.jobs.slots import JobRunner
from interlock.store import slot as slots
from interlock.store.engine import Store

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TICK = timedelta(seconds=0.05)


class Clock:
    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        return self.now


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come true"
        Event().wait(0.01)


def page_until_stopped(context: JobContext) -> JobReport:
    deadline = monotonic() + 30
    while monotonic() < deadline:
        context.progress("page")
        Event().wait(0.01)
    raise AssertionError("it was not stopped")


def scheduled(store: Store, clock: Clock, *jobs: Job, tick: timedelta = TICK) -> Schedule:
    policy = Policy(
        time_zone="UTC",
        calendar="uk",
        calendars={"uk": WorkCalendar(time_zone="Europe/London")},
        tickets=Tickets(projects=("DATA",)),
        jobs={"sync": JobRule(every_minutes=5), "digest": JobRule(at=time(9, 0), time_zone="UTC")},
    )
    return Schedule(JobRunner(store, policy, jobs, clock, "one"), clock, tick)


def test_a_long_sync_delays_no_digest_and_stopping_waits_for_it(sqlite_store: Store) -> None:
    clock, syncing, digests = Clock(), Event(), []

    def sync(context: JobContext) -> JobReport:
        syncing.set()
        return page_until_stopped(context)

    def digest(context: JobContext) -> JobReport:
        digests.append(context.slot.due_at)
        return JobReport()

    schedule = scheduled(sqlite_store, clock, Job(name="sync", run=sync), Job(name="digest", run=digest))
    schedule.start()
    try:
        assert syncing.wait(20)
        until(lambda: len(digests) == 1)
        clock.now = MONDAY + timedelta(days=1)
        until(lambda: len(digests) == 2)
    finally:
        assert schedule.stop()
    assert digests == [MONDAY, MONDAY + timedelta(days=1)]
    assert not schedule.is_alive
    with sqlite_store.read() as session:
        firing = slots.newest(session, "sync")
    assert firing is not None
    assert (firing.outcome, firing.detail) == (None, "Stopped half-way.")


def test_what_is_due_runs_at_the_start_not_a_tick_later(sqlite_store: Store) -> None:
    ran = Event()

    def digest(context: JobContext) -> JobReport:
        ran.set()
        return JobReport()

    schedule = scheduled(sqlite_store, Clock(), Job(name="digest", run=digest), tick=timedelta(hours=1))
    schedule.start()
    try:
        assert ran.wait(20)
    finally:
        assert schedule.stop()


def test_a_tick_that_fails_is_logged_and_the_next_goes_on(sqlite_store: Store) -> None:
    ticks: list[datetime] = []

    def subjects(now: datetime) -> list[tuple[str, JobRule]]:
        ticks.append(now)
        if len(ticks) < 3:
            raise OSError("The database is away.")
        return []

    job = Job(name="digest", run=lambda _: JobReport(), subjects=subjects)
    with capture_logs() as logs:
        schedule = scheduled(sqlite_store, Clock(), job)
        schedule.start()
        try:
            until(lambda: len(ticks) >= 4)
        finally:
            assert schedule.stop()
    failed = [entry for entry in logs if entry["event"] == "schedule.tick_failed"]
    assert [str(entry["exc_info"]) for entry in failed] == ["The database is away."] * 2


def test_stopping_what_never_started_is_no_error(sqlite_store: Store) -> None:
    assert scheduled(sqlite_store, Clock()).stop()
