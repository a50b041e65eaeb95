"""The job that reminds: each thing is told once, to whom it concerns, and not once it no longer holds."""

from dataclasses import replace
from datetime import datetime

from structlog.testing import capture_logs

from interlock.domain.policy import BookingReminders
from interlock.domain.slot import Slot
from interlock.jobs.booking_reminders import booking_reminders
from interlock.jobs.job import JobContext, JobReport
from interlock.jobs.slots import JobRunner
from interlock.store.engine import Store
from interlock.usecases.booking_reminder import reminder
from interlock.usecases.booking_return import give_back
from interlock.usecases.environment import reconcile
from tests.bookings import DEV, POLICY, UAT, at, booked, draft, fresh, queued, stands, told, world
from tests.builders import NOW, actor

RULES = BookingReminders(before_start_minutes=60, before_end_minutes=60, overdue_every_minutes=120)
REMINDING = replace(POLICY, booking_reminders=RULES)


def tick(store: Store, now: datetime, *, dry_run: bool = False) -> JobReport:
    slot = Slot(job="booking-reminders", due_at=now)
    context = JobContext(now=now, slot=slot, progress=lambda _: None, dry_run=dry_run)
    return booking_reminders(store, REMINDING).run(context)


def test_a_booking_is_told_of_before_it_begins_before_it_ends_and_while_it_is_overdue(store: Store) -> None:
    world(store)
    one = booked(store, "ANA", draft(2, 4))
    posts = [tick(store, at(hours)).posts for hours in (0.5, 1, 1.1, 3, 3.2, 4, 5, 6.1)]
    assert [len(each) for each in posts] == [0, 1, 0, 1, 0, 1, 0, 1]
    assert told(store) == [("booking.reminder", "@U0ANA")] * 4
    assert {post.ids["booking_id"] for each in posts for post in each} == {one}


def test_a_dry_run_changes_nothing_and_shows_what_is_new(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(2, 4))
    assert [post.channel for post in tick(store, at(1), dry_run=True).posts] == ["@U0ANA"]
    assert told(store) == []
    tick(store, at(1))
    assert tick(store, at(1), dry_run=True).posts == ()


def test_the_end_lets_in_whoever_waits(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    ravi = queued(store, "RAVI", draft(1, 8))
    tick(store, at(4))
    assert [each.id for each in stands(store).active] == [ravi]
    assert told(store) == [("booking.granted", "@U0RAVI"), ("booking.overtaken", "@U0ANA")]


def test_an_overdue_booking_stands_until_somebody_elses_begins(store: Store) -> None:
    world(store)
    ana = booked(store, "ANA", draft(0, 4))
    booked(store, "RAVI", draft(5, 8))
    tick(store, at(4.5))
    assert [each.id for each in stands(store).overdue(at(4.5))] == [ana]
    tick(store, at(5))
    assert stands(store).overdue(at(5)) == ()
    assert told(store)[-1] == ("booking.overtaken", "@U0ANA")


def test_whose_next_booking_begins_is_not_told_that_somebody_else_has_it(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    booked(store, "ANA", draft(5, 8))
    tick(store, at(5))
    assert len(stands(store).active) == 1
    assert "booking.overtaken" not in [kind for kind, _ in told(store)]


def test_what_changed_meanwhile_is_not_told(store: Store) -> None:
    world(store)
    one = booked(store, "ANA", draft(2, 4))
    [post] = tick(store, at(1)).posts
    key = post.ids["key"]
    assert reminder(store, REMINDING, one, key, at(1.2)) is not None
    assert reminder(store, REMINDING, one, key, at(2)) is None
    give_back(store, fresh(store, at(1.3)), actor("ANA"), one, at(1.3))
    assert reminder(store, REMINDING, one, key, at(1.4)) is None


def test_a_reminder_says_who_is_there_and_who_follows(store: Store) -> None:
    world(store)
    booked(store, "TOM", draft(0, 1.5))
    one = booked(store, "ANA", draft(2, 4))
    booked(store, "NOOR", draft(6, 8))
    queued(store, "RAVI", draft(3, 5))
    [post] = [post for post in tick(store, at(1.4)).posts if post.ids["booking_id"] == one]
    said = reminder(store, REMINDING, one, post.ids["key"], at(1.4))
    assert said is not None
    assert said.has_it is not None
    assert said.follows is not None
    assert (said.has_it.holder.name, said.follows.holder.name, said.waiting) == ("Tom Arkwright", "Noor Salter", 1)


def test_a_retired_environment_is_still_somebodys(store: Store) -> None:
    world(store)
    booked(store, "ANA", draft(0, 4))
    reconcile(store, replace(POLICY, environments={"dev-1": DEV, "uat-3": UAT}), NOW)
    assert len(tick(store, at(3)).posts) == 1


def test_a_run_is_a_line_in_the_log_however_many_environments(sqlite_store: Store) -> None:
    world(sqlite_store)
    job = booking_reminders(sqlite_store, REMINDING)
    with capture_logs() as logs:
        JobRunner(sqlite_store, REMINDING, [job], lambda: NOW, "one").run_now(job.name, NOW)
    assert [each["event"] for each in logs] == ["job.begun", "job.ended"]
