"""The runner: each slot once, whoever runs, whatever dies."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from threading import Event, Thread
from time import monotonic

import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from interlock.domain.calendar import WorkCalendar
from interlock.domain.outbox import Outgoing
from interlock.domain.policy import JobRule, Policy, Tickets
from interlock.domain.slot import Firing, Slot
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.jobs.slots import JobRunner, UnknownJobError
from interlock.store import health
from interlock.store import slot as slots
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, enqueue

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NINE = JobRule(at=time(9, 0), time_zone="UTC")


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def policy(**jobs: JobRule) -> Policy:
    return Policy(
        time_zone="UTC",
        calendar="uk",
        calendars={"uk": WorkCalendar(time_zone="Europe/London")},
        tickets=Tickets(projects=("DATA",)),
        jobs=jobs,
    )


def runner(store: Store, *jobs: Job, now: datetime = MONDAY, owner: str = "one", **rules: JobRule) -> JobRunner:
    return JobRunner(store, policy(**rules), jobs, Clock(now), owner)


def noting(ran: list[str], name: str = "digest") -> Job:
    def run(context: JobContext) -> JobReport:
        ran.append(f"{context.slot.job} {context.slot.due_at:%a %H:%M}")
        return JobReport(detail="1 post")

    return Job(name=name, run=run)


def firings(store: Store, job: str) -> list[Firing]:
    with store.read() as session:
        return list(slots.recent(session, job, 100))[::-1]


def outcomes(store: Store, job: str) -> list[str | None]:
    return [firing.outcome for firing in firings(store, job)]


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come true"
        Event().wait(0.01)


def test_a_due_job_runs_once_however_often_it_is_looked_for(store: Store) -> None:
    ran: list[str] = []
    jobs = runner(store, noting(ran), digest=NINE)
    for seconds in range(0, 3600, 15):
        jobs.run_due(MONDAY + timedelta(seconds=seconds))
    assert ran == ["digest Mon 09:00"]
    [firing] = firings(store, "digest")
    assert (firing.outcome, firing.detail, firing.slot.attempt) == ("done", "1 post", 1)


def test_the_clocks_going_back_double_nothing(store: Store) -> None:
    ran: list[str] = []
    rule = JobRule(at=time(1, 30), time_zone="Europe/London", days=("sun",))
    jobs = runner(store, noting(ran), digest=rule)
    midnight = datetime(2026, 10, 25, tzinfo=UTC)
    for minutes in range(0, 240, 1):
        jobs.run_due(midnight + minutes * MINUTE)
    assert ran == ["digest Sun 00:30"]


def test_a_clock_that_was_an_hour_ahead_and_is_put_right_silences_nothing(store: Store) -> None:
    ran: list[str] = []
    jobs = runner(store, noting(ran), digest=JobRule(every_minutes=10))
    jobs.run_due(MONDAY)
    jobs.run_due(MONDAY + HOUR)
    for minutes in (1, 11, 61):
        jobs.run_due(MONDAY + minutes * MINUTE)
    assert ran == ["digest Mon 09:00", "digest Mon 10:00", "digest Mon 09:10"]


def test_a_slot_held_by_a_clock_an_hour_ahead_is_free_when_its_holder_died(store: Store) -> None:
    ran: list[str] = []
    jobs = runner(store, noting(ran), digest=NINE)
    with store.write() as session:
        slots.claim(session, "digest", MONDAY, "dead", MONDAY, HOUR)
    jobs.run_due(MONDAY + MINUTE)
    assert ran == ["digest Mon 09:00"]


@pytest.mark.parametrize("held", ["full", "manual/sync"])
def test_one_of_a_group_that_died_with_a_clock_an_hour_ahead_silences_none(store: Store, held: str) -> None:
    ran: list[str] = []
    jobs = runner(store, *(replace(noting(ran, name), group="reading") for name in ("sync", "full")), sync=NINE)
    with store.write() as session:
        slots.claim(session, held, MONDAY + HOUR, "dead", MONDAY + HOUR, 2 * MINUTE)
    jobs.run_due(MONDAY + MINUTE)
    assert ran == ["sync Mon 09:00"]
    with store.read() as session:
        assert {outcome for _, outcome in health.gauges(session, MONDAY + MINUTE).slots} == {"done"}


def test_a_clock_that_is_put_right_by_seconds_fires_no_older_slot(store: Store) -> None:
    ran: list[str] = []
    often = runner(store, noting(ran), digest=JobRule(every_minutes=15))
    often.run_due(MONDAY)
    often.run_due(MONDAY - timedelta(seconds=30))
    assert ran == ["digest Mon 09:00"]


def test_a_slot_that_was_abandoned_behind_a_later_one_is_closed(store: Store) -> None:
    """By clocks that disagree; nothing else would look at it again."""
    ran: list[str] = []
    often = runner(store, noting(ran), digest=JobRule(every_minutes=15))
    with store.write() as session:
        for due_at in (MONDAY - HOUR, MONDAY):
            assert slots.claim(session, "digest", due_at, "dead", MONDAY, 2 * MINUTE)
    often.run_due(MONDAY + MINUTE)
    assert outcomes(store, "digest") == [None, None], "they may still be running"
    often.run_due(MONDAY + 3 * MINUTE)
    assert outcomes(store, "digest") == ["failed", "done"]
    assert ran == ["digest Mon 09:00"]


def test_a_missed_run_is_caught_up_and_the_older_ones_are_recorded(store: Store) -> None:
    ran: list[str] = []
    jobs = runner(store, noting(ran), digest=NINE)
    jobs.run_due(MONDAY)
    jobs.run_due(MONDAY + 3 * DAY + HOUR)
    assert ran == ["digest Mon 09:00", "digest Thu 09:00"]
    assert outcomes(store, "digest") == ["done", "skipped", "done"]


def test_a_new_job_missed_nothing(store: Store) -> None:
    ran: list[str] = []
    jobs = runner(store, noting(ran), digest=NINE)
    with capture_logs() as logged:
        jobs.run_due(MONDAY + 2 * HOUR)
        jobs.run_due(MONDAY + DAY)
    assert ran == ["digest Tue 09:00"]
    assert "job.missed" not in {each["event"] for each in logged}


def test_two_runners_run_a_slot_once(store: Store) -> None:
    ran: list[str] = []
    runners = [runner(store, noting(ran), owner=f"runner{number}", digest=NINE) for number in range(4)]
    threads = [Thread(target=each.run_due, args=(MONDAY,)) for each in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == ["digest Mon 09:00"]


def test_a_job_does_not_run_beside_itself(store: Store) -> None:
    begun, go_on, ran = Event(), Event(), []

    def long(context: JobContext) -> JobReport:
        ran.append(context.slot.due_at)
        begun.set()
        assert go_on.wait(20)
        return JobReport()

    rule = JobRule(every_minutes=5)
    first, second = (runner(store, Job(name="sync", run=long), owner=owner, sync=rule) for owner in ("one", "two"))
    thread = Thread(target=first.run_due, args=(MONDAY,))
    thread.start()
    assert begun.wait(20)
    assert second.run_due(MONDAY + MINUTE) == ()
    go_on.set()
    thread.join()
    second.run_due(MONDAY + 11 * MINUTE)
    assert ran == [MONDAY, MONDAY + 10 * MINUTE]
    assert outcomes(store, "sync") == ["done", "skipped", "done"]


def test_a_dead_runners_slot_is_run_again(store: Store) -> None:
    with store.write() as session:
        slots.claim(session, "digest", MONDAY, "dead", MONDAY, timedelta(seconds=90))
    ran: list[str] = []
    jobs = runner(store, noting(ran), digest=NINE)
    assert jobs.run_due(MONDAY + MINUTE) == ()
    jobs.run_due(MONDAY + 2 * MINUTE)
    assert ran == ["digest Mon 09:00"]
    assert [(each.outcome, each.slot.attempt) for each in firings(store, "digest")] == [("done", 2)]


def test_a_repeated_attempt_posts_nothing_twice(store: Store) -> None:
    def digest(context: JobContext) -> JobReport:
        with store.write() as session:
            post = Outgoing(
                key=f"{context.slot.key}:C0GENERAL",
                kind="digest",
                ids={},
                channel="C0GENERAL",
                not_after=context.now + HOUR,
            )
            enqueue(session, post, context.now)
        if context.slot.attempt == 1:
            raise OSError("The tracker is away.\n[parameters: secrets]")
        return JobReport()

    jobs = runner(store, Job(name="digest", run=digest), digest=NINE)
    [failed] = jobs.run_due(MONDAY)
    assert (failed.outcome, failed.detail) == (None, "OSError: The tracker is away.")
    assert jobs.run_due(MONDAY + timedelta(seconds=59)) == ()
    [done] = jobs.run_due(MONDAY + MINUTE)
    assert (done.outcome, done.slot.attempt) == ("done", 2)
    with store.read() as session:
        assert len(session.exec(select(OutboxRow)).all()) == 1


def test_a_job_that_keeps_failing_is_recorded_as_failed(store: Store) -> None:
    def fail(context: JobContext) -> JobReport:
        raise OSError("The tracker is away.")

    jobs = runner(store, Job(name="digest", run=fail), digest=NINE)
    for minutes in range(30):
        jobs.run_due(MONDAY + minutes * MINUTE)
    [firing] = firings(store, "digest")
    assert (firing.outcome, firing.detail, firing.slot.attempt) == ("failed", "OSError: The tracker is away.", 3)


def test_one_subjects_failure_stops_no_other_and_each_has_its_own_time(store: Store) -> None:
    ran: list[str] = []

    def run(context: JobContext) -> JobReport:
        assert context.slot.subject is not None
        if context.slot.subject == "C0BAD":
            raise OSError("broken")
        ran.append(context.slot.subject)
        return JobReport()

    def subjects(now: datetime) -> Iterable[tuple[str, JobRule]]:
        yield "C0BAD", NINE
        yield "C0LONDON", NINE
        yield "C0TOKYO", JobRule(at=time(9, 0), time_zone="Asia/Tokyo")

    jobs = runner(store, Job(name="daily-digest", run=run, subjects=subjects))
    jobs.run_due(datetime(2026, 11, 23, 0, 0, tzinfo=UTC))
    jobs.run_due(MONDAY)
    assert ran == ["C0TOKYO", "C0LONDON"]
    assert [status.job for status in jobs.overview(MONDAY)] == [
        "daily-digest:C0BAD",
        "daily-digest:C0LONDON",
        "daily-digest:C0TOKYO",
    ]


def test_a_run_that_a_person_asked_for_is_its_own_slot_and_moves_no_schedule(store: Store) -> None:
    ran: list[str] = []
    jobs = runner(store, noting(ran), digest=NINE)
    tomorrow = MONDAY + DAY + 30 * MINUTE
    [run] = jobs.run_now("digest", tomorrow)
    assert (run.outcome, run.slot.key) == ("done", "manual/digest@2026-11-24T09:30:00.000000Z")
    assert jobs.run_now("digest", tomorrow) == ()  # the very same instant: a double click
    jobs.run_due(MONDAY)
    jobs.run_due(MONDAY + DAY)
    assert ran == ["manual/digest Tue 09:30", "digest Mon 09:00", "digest Tue 09:00"]


def test_a_run_of_one_subject(sqlite_store: Store) -> None:
    ran: list[str] = []
    family = Job(name="digest", run=noting(ran).run, subjects=lambda _: [("C0A", NINE), ("C0B", NINE)])
    jobs = runner(sqlite_store, family)
    [run] = jobs.run_now("digest", MONDAY, subject="C0B")
    assert (run.slot.job, run.slot.subject) == ("manual/digest:C0B", "C0B")
    with pytest.raises(UnknownJobError, match="no subject C0X"):
        jobs.run_now("digest", MONDAY, subject="C0X")
    empty = Job(name="empty", run=noting(ran).run, subjects=lambda _: [])
    assert runner(sqlite_store, empty).run_now("empty", MONDAY) == ()
    with pytest.raises(UnknownJobError, match="There is no job digests"):
        jobs.run_now("digests", MONDAY)


def test_a_dry_run_reports_what_it_would_post_and_is_recorded_nowhere(sqlite_store: Store) -> None:
    post = Outgoing(key="k", kind="digest", ids={}, channel="C0GENERAL", not_after=MONDAY + HOUR)

    def run(context: JobContext) -> JobReport:
        assert context.dry_run
        return JobReport(detail="would post", posts=(post,))

    jobs = runner(sqlite_store, Job(name="digest", run=run), digest=NINE)
    [dry] = jobs.run_now("digest", MONDAY, dry_run=True)
    assert dry.report is not None
    assert dry.report.posts == (post,)
    assert firings(sqlite_store, "manual/digest") == []


def test_a_stopped_job_ends_at_its_next_step_and_another_goes_on_at_once(store: Store) -> None:
    begun, go_on = Event(), Event()

    def long(context: JobContext) -> JobReport:
        begun.set()
        assert go_on.wait(20)
        context.progress("page 2")
        raise AssertionError("it went on")

    first = runner(store, Job(name="sync", run=long), sync=NINE)
    thread = Thread(target=first.run_due, args=(MONDAY,))
    thread.start()
    assert begun.wait(20)
    first.stop()
    go_on.set()
    thread.join()
    assert first.run_due(MONDAY + DAY) == ()
    ran: list[str] = []
    runner(store, noting(ran, "sync"), owner="two", sync=NINE).run_due(MONDAY)
    assert ran == ["sync Mon 09:00"]


def test_a_heartbeat_keeps_the_slot_of_a_long_job(store: Store) -> None:
    begun, go_on = Event(), Event()

    def long(context: JobContext) -> JobReport:
        begun.set()
        assert go_on.wait(20)
        context.progress("half")
        return JobReport()

    clock = Clock(MONDAY)
    job = Job(name="sync", run=long, lease=timedelta(seconds=0.3))
    jobs = JobRunner(store, policy(sync=NINE), [job], clock, "one")
    thread = Thread(target=jobs.run_due, args=(MONDAY,))
    thread.start()
    assert begun.wait(20)
    clock.now = MONDAY + HOUR  # long past the first lease: only a beat can have moved it
    until(lambda: (firings(store, "sync")[0].lease_until or MONDAY) > MONDAY + HOUR)
    go_on.set()
    thread.join()
    assert outcomes(store, "sync") == ["done"]


def test_a_job_whose_slot_was_lost_ends_at_its_next_step(store: Store) -> None:
    begun, stopped, given_up = Event(), Event(), Event()

    def long(context: JobContext) -> JobReport:
        begun.set()
        try:
            while not given_up.is_set():
                context.progress("page")
                given_up.wait(0.01)
        finally:
            stopped.set()
        return JobReport()

    job = Job(name="sync", run=long, lease=timedelta(seconds=0.3))
    jobs = runner(store, job, sync=NINE)
    thread = Thread(target=jobs.run_due, args=(MONDAY,))
    thread.start()
    assert begun.wait(20)
    with store.write() as session:
        stolen = slots.claim(session, "sync", MONDAY, "two", MONDAY + DAY, timedelta(days=2))
    assert stolen == Slot(job="sync", due_at=MONDAY, attempt=2)
    was_stopped = stopped.wait(20)
    given_up.set()
    thread.join()
    assert was_stopped
    [firing] = firings(store, "sync")
    assert (firing.outcome, firing.slot.attempt) == (None, 2)


def test_the_overview_says_what_was_and_what_comes(sqlite_store: Store) -> None:
    jobs = runner(sqlite_store, noting([]), noting([], "relay"), digest=NINE)
    jobs.run_due(MONDAY)
    digest, relay = jobs.overview(MONDAY + HOUR)
    assert digest.last is not None
    assert (digest.job, digest.last.outcome, digest.next_at) == ("digest", "done", MONDAY + DAY)
    assert (relay.job, relay.rule, relay.last, relay.next_at) == ("relay", None, None, None)


@pytest.mark.parametrize("asked", ["full", "sync"])
def test_of_a_group_one_runs_at_a_time_in_all_replicas(store: Store, asked: str) -> None:
    ran: list[str] = []
    begun, go_on = Event(), Event()

    def long(_context: JobContext) -> JobReport:
        begun.set()
        assert go_on.wait(20)
        return JobReport()

    def job(name: str) -> Job:
        return Job(name=name, run=lambda context: noting(ran, name).run(context), group="reading")

    quick = [job("sync"), job("full"), noting(ran)]
    here = runner(store, *(replace(each, run=long) for each in quick), sync=NINE)
    there = runner(store, *quick, owner="two", sync=NINE, digest=NINE)
    thread = Thread(target=here.run_now, args=(asked, MONDAY))
    thread.start()
    assert begun.wait(20)
    # Beside it neither what is due nor what somebody asks for; a job of no group is none of its business.
    assert [run.slot.job for run in there.run_due(MONDAY)] == ["digest"]
    assert there.run_now("full", MONDAY + MINUTE) == there.run_now("sync", MONDAY + MINUTE) == ()
    go_on.set()
    thread.join()
    assert [run.slot.job for run in there.run_due(MONDAY)] == ["sync"]
    assert ran == ["digest Mon 09:00", "sync Mon 09:00"]
