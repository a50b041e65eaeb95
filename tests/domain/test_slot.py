"""When a job is due, and what is done about the times it missed."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.policy import JobRule
from interlock.domain.slot import Firing, Missed, Plan, Slot, next_slot, pause_after_failure, plan, slots_between

EVERY_DAY: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NINE = JobRule(at=time(9, 0), time_zone="Europe/London")
FIVE = JobRule(every_minutes=5)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(rule: JobRule, after: str, until: str) -> list[datetime]:
    return list(slots_between(rule, at(after), at(until), "Europe/London"))


def daily(local: str, zone: str) -> JobRule:
    return JobRule(at=time.fromisoformat(local), time_zone=zone, days=EVERY_DAY)


@pytest.mark.parametrize(
    ("what", "local", "zone", "after", "until", "expected"),
    [
        ("an ordinary day", "02:30", "America/New_York", "2026-07-01T00:00", "2026-07-02T00:00", ["2026-07-01T06:30"]),
        # New York, 8 March 2026: 02:00 EST becomes 03:00 EDT.
        ("a skipped time comes right after", "02:30", "America/New_York", "2026-03-08T00:00", "2026-03-09T00:00",
         ["2026-03-08T07:00"]),
        ("the first skipped time too", "02:00", "America/New_York", "2026-03-08T00:00", "2026-03-09T00:00",
         ["2026-03-08T07:00"]),
        ("the time after the gap", "03:00", "America/New_York", "2026-03-08T00:00", "2026-03-09T00:00",
         ["2026-03-08T07:00"]),
        ("the time before the gap", "01:59", "America/New_York", "2026-03-08T00:00", "2026-03-09T00:00",
         ["2026-03-08T06:59"]),
        # New York, 1 November 2026: 02:00 EDT becomes 01:00 EST.
        ("a doubled time comes once, the first time", "01:30", "America/New_York", "2026-11-01T00:00",
         "2026-11-02T00:00", ["2026-11-01T05:30"]),
        ("and not again when asked after the first", "01:30", "America/New_York", "2026-11-01T05:30",
         "2026-11-02T00:00", []),
        # Berlin, 25 October 2026: 03:00 CEST becomes 02:00 CET.
        ("02:30 in Berlin comes once", "02:30", "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T12:00",
         ["2026-10-25T00:30"]),
        # Lord Howe, 4 October 2026: 02:00 becomes 02:30.
        ("a gap of half an hour", "02:15", "Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-04T12:00",
         ["2026-10-03T15:30"]),
        # Santiago, 6 September 2026: midnight becomes 01:00.
        ("a day that begins at one", "00:00", "America/Santiago", "2026-09-05T12:00", "2026-09-06T12:00",
         ["2026-09-06T04:00"]),
        # Samoa crossed the date line: 30 December 2011 never was.
        ("a day that never was", "09:00", "Pacific/Apia", "2011-12-30T00:00", "2011-12-31T12:00",
         ["2011-12-30T10:00", "2011-12-30T19:00"]),
        ("no change at all", "02:30", "Asia/Tokyo", "2026-03-08T00:00", "2026-03-09T00:00", ["2026-03-08T17:30"]),
    ],
)  # fmt: skip
def test_local_times(what: str, local: str, zone: str, after: str, until: str, expected: list[str]) -> None:
    assert due(daily(local, zone), after, until) == [at(each) for each in expected], what


def test_a_slot_at_the_end_counts_and_one_at_the_beginning_does_not() -> None:
    assert due(NINE, "2026-11-23T09:00", "2026-11-24T09:00") == [at("2026-11-24T09:00")]


def test_only_the_named_days_count() -> None:
    assert due(NINE, "2026-11-27T00:00", "2026-12-01T00:00") == [at("2026-11-27T09:00"), at("2026-11-30T09:00")]


def test_days_are_local_days() -> None:
    monday = JobRule(at=time(8, 0), days=("mon",), time_zone="Asia/Tokyo")
    assert due(monday, "2026-11-22T00:00", "2026-11-24T00:00") == [at("2026-11-22T23:00")]


def test_a_rule_without_a_zone_has_the_policys() -> None:
    rule = JobRule(at=time(9, 0))
    assert next_slot(rule, at("2026-11-23T00:00"), "Asia/Tokyo") == at("2026-11-24T00:00")


def test_every_so_many_minutes_is_counted_from_the_epoch() -> None:
    seven = JobRule(every_minutes=7)
    [first, second] = due(seven, "2026-11-23T09:00", "2026-11-23T09:14")
    assert second - first == timedelta(minutes=7)
    assert first.timestamp() % (7 * 60) == 0


def test_a_rule_that_never_fires_has_no_next_slot() -> None:
    assert next_slot(JobRule(), at("2026-11-23T09:00"), "UTC") is None
    assert next_slot(replace(NINE, days=()), at("2026-11-23T09:00"), "UTC") is None


zones = st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Tokyo"])
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 the strategy adds it
times = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(zone=zones, local=times, start=moments, days=st.integers(1, 40))
def test_each_local_day_has_one_slot(zone: str, local: time, start: datetime, days: int) -> None:
    rule = JobRule(at=local, time_zone=zone, days=EVERY_DAY)
    found = list(slots_between(rule, start, start + timedelta(days=days), "UTC"))
    assert found == sorted(set(found))
    assert abs(len(found) - days) <= 1
    local_days = [each.astimezone(ZoneInfo(zone)).date() for each in found]
    assert len(set(local_days)) == len(found)


@given(zone=zones, local=times, start=moments, cut=st.integers(0, 10 * 24 * 60))
def test_looking_often_finds_what_looking_once_does(zone: str, local: time, start: datetime, cut: int) -> None:
    rule = JobRule(at=local, time_zone=zone)
    middle, end = start + timedelta(minutes=cut), start + timedelta(days=10)
    once = list(slots_between(rule, start, end, "UTC"))
    twice = [*slots_between(rule, start, middle, "UTC"), *slots_between(rule, middle, end, "UTC")]
    assert once == twice


# --- what to do now -------------------------------------------------------------------------------------------------

MONDAY = at("2026-11-23T09:00")


def firing(
    due_at: datetime, outcome: str | None = "done", *, attempt: int = 1, lease: datetime | None = None
) -> Firing:
    slot = Slot(job="digest", due_at=due_at, attempt=attempt)
    return Firing(slot=slot, outcome=outcome, lease_until=lease)  # type: ignore[arg-type]  # a literal in each row below


def missed(first: datetime, last: datetime, count: int) -> Missed:
    return Missed(first=first, last=last, count=count)


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DONE = firing(MONDAY)
DIED = firing(MONDAY, None, lease=MONDAY + timedelta(minutes=1))
SKIP = replace(NINE, missed="skip")


@pytest.mark.parametrize(
    ("what", "rule", "last", "now", "expected"),
    [
        ("nothing is due", NINE, DONE, MONDAY + HOUR, Plan()),
        ("it is time", NINE, DONE, MONDAY + DAY, Plan(run=MONDAY + DAY)),
        ("late, but soon enough", NINE, DONE, MONDAY + DAY + 3 * HOUR, Plan(run=MONDAY + DAY)),
        ("too late", NINE, DONE, MONDAY + DAY + 4 * HOUR,
         Plan(missed=missed(MONDAY + DAY, MONDAY + DAY, 1))),
        ("only the newest is caught up", NINE, DONE, MONDAY + 3 * DAY,
         Plan(run=MONDAY + 3 * DAY, missed=missed(MONDAY + DAY, MONDAY + 2 * DAY, 2))),
        ("skip does not catch up", SKIP, DONE, MONDAY + DAY + HOUR,
         Plan(missed=missed(MONDAY + DAY, MONDAY + DAY, 1))),
        ("skip runs in time", SKIP, DONE, MONDAY + DAY + timedelta(minutes=1), Plan(run=MONDAY + DAY)),
        ("a new daily job begins with its next slot", NINE, None, MONDAY + HOUR,
         Plan(missed=missed(MONDAY, MONDAY, 0))),
        ("a new daily job runs in time", NINE, None, MONDAY + timedelta(minutes=1), Plan(run=MONDAY)),
        ("a new job of every few minutes runs at once", JobRule(every_minutes=600), None, MONDAY + 3 * HOUR,
         Plan(run=at("2026-11-23T10:00"))),
        ("it runs now: wait", NINE, firing(MONDAY, None, lease=MONDAY + timedelta(minutes=2)),
         MONDAY + timedelta(minutes=1), Plan()),
        ("a clock that was wrong held it: again", NINE, firing(MONDAY, None, lease=MONDAY + HOUR),
         MONDAY + timedelta(minutes=1), Plan(run=MONDAY)),
        ("it runs longer than its interval: wait", FIVE, firing(MONDAY, None, lease=MONDAY + timedelta(minutes=21)),
         MONDAY + timedelta(minutes=20), Plan()),
        ("it died: again", NINE, DIED, MONDAY + timedelta(minutes=5), Plan(run=MONDAY)),
        ("it died, and it is too late", NINE, DIED, MONDAY + 4 * HOUR, Plan(give_up=MONDAY)),
        ("it died, and a newer one is due", NINE, DIED, MONDAY + DAY, Plan(run=MONDAY + DAY, give_up=MONDAY)),
        ("it dies each time", NINE, firing(MONDAY, None, attempt=5, lease=MONDAY), MONDAY + HOUR,
         Plan(give_up=MONDAY)),
        ("a failed one stays failed", NINE, firing(MONDAY, "failed"), MONDAY + HOUR, Plan()),
        ("what ran long is followed by the newest alone", FIVE, DONE, MONDAY + timedelta(minutes=21),
         Plan(run=MONDAY + timedelta(minutes=20),
              missed=missed(MONDAY + timedelta(minutes=5), MONDAY + timedelta(minutes=15), 3))),
    ],
)  # fmt: skip
def test_what_to_do_now(what: str, rule: JobRule, last: Firing | None, now: datetime, expected: Plan) -> None:
    assert plan(rule, last, now, "UTC") == expected, what


def test_a_failed_daily_job_is_tried_twice_more_and_one_of_every_few_minutes_has_its_next_slot() -> None:
    assert [pause_after_failure(NINE, attempt) for attempt in (1, 2, 3)] == [
        timedelta(minutes=1),
        timedelta(minutes=5),
        None,
    ]
    assert pause_after_failure(FIVE, 1) is None


rules = st.sampled_from([NINE, SKIP, FIVE, replace(FIVE, missed="skip"), daily("02:30", "America/New_York")])


@given(rule=rules, steps=st.lists(st.integers(1, 5000), min_size=1, max_size=30))
def test_ticking_whenever_runs_no_slot_twice_and_none_out_of_order(rule: JobRule, steps: list[int]) -> None:
    now, last = MONDAY, None
    ran: list[datetime] = []
    for minutes in steps:
        now += timedelta(minutes=minutes)
        todo = plan(rule, last, now, "UTC")
        if todo.missed is not None:
            last = firing(todo.missed.last, "skipped")
        if todo.run is not None:
            ran.append(todo.run)
            last = firing(todo.run)
        assert todo.run is None or todo.run <= now
    assert ran == sorted(set(ran))
