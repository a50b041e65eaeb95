"""The job that asks for reviews: whom, when, once a day, and no more once it was reviewed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlmodel import select

from interlock.domain.raid_draft import Review
from interlock.domain.slot import Slot
from interlock.jobs.job import JobContext, JobReport
from interlock.jobs.raid_reviews import raid_reviews
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.usecases import raid_reminder, raid_review
from interlock.usecases.release import close as close_release
from tests.builders import actor
from tests.raids import FRIDAY, POLICY, a_decision, a_risk, entered, fresh, world


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


MORNING = at(FRIDAY, 9)


def tick(store: Store, now: datetime, *, dry_run: bool = False) -> JobReport:
    slot = Slot(job="raid-reviews", due_at=now)
    context = JobContext(now=now, slot=slot, progress=lambda _: None, dry_run=dry_run)
    return raid_reviews(store, POLICY).run(context)


def told(store: Store) -> list[str]:
    with store.read() as session:
        rows = session.exec(select(OutboxRow).where(OutboxRow.kind == "raid.reviews")).all()
        return sorted(row.key for row in rows)


def set_person(store: Store, who: str, **values: object) -> None:
    with store.write() as session:
        row = session.get_one(PersonRow, f"U0{who}")
        for name, value in values.items():
            setattr(row, name, value)


def test_an_owner_is_asked_once_a_day_and_every_second_business_day(store: Store) -> None:
    number = world(store)
    for title in ("One", "Two"):
        entered(store, "RITA", a_risk(number, title=title))
    hours = [at(FRIDAY + timedelta(days=day), hour) for day in range(-1, 5) for hour in (3, 9, 15, 22)]
    for now in hours:
        tick(store, now)
    assert told(store) == ["raid.reviews:U0ANA:2026-12-04", "raid.reviews:U0ANA:2026-12-08"]


def test_it_says_all_that_is_due_and_when_it_comes_again(store: Store) -> None:
    number = world(store)
    high = entered(store, "RITA", a_risk(number, probability=5))
    low = entered(store, "RITA", a_risk(number, probability=1))
    entered(store, "RITA", a_risk(number, owner="RAVI"))
    entered(store, "RITA", a_risk(number, review_on=FRIDAY + timedelta(days=1)))
    asked = raid_reminder.reviews(store, POLICY, "U0ANA", MORNING)
    assert asked is not None
    assert (asked.own, asked.orphans) == ((high, low), ())
    assert (asked.next, asked.opens_at) == (date(2026, 12, 8), MORNING)
    assert raid_reminder.reviews(store, POLICY, "U0TOM", MORNING) is None


def test_working_hours_are_the_owners(store: Store) -> None:
    entered(store, "RITA", a_risk(world(store)))
    set_person(store, "ANA", time_zone="Asia/Tokyo")
    assert [len(tick(store, at(FRIDAY - timedelta(days=day), hour)).posts) for day, hour in ((1, 23), (0, 0))] == [0, 1]
    late = raid_reminder.reviews(store, POLICY, "U0ANA", at(FRIDAY, 12))
    assert late is not None
    assert late.opens_at == datetime(2026, 12, 7, 0, 0, tzinfo=UTC)


def test_what_was_reviewed_or_closed_or_has_ended_is_not_asked_about(store: Store) -> None:
    number = world(store)
    reviewed = entered(store, "RITA", a_risk(number))
    closed = entered(store, "RITA", a_risk(number, owner="RAVI"))
    entered(store, "RITA", a_risk(number, owner="NOOR"))
    assert len(tick(store, MORNING).posts) == 3
    policy = fresh(store, MORNING)
    raid_review.review(store, policy, actor("ANA"), reviewed.id, Review(), MORNING)
    raid_review.close(store, policy, actor("RAVI"), closed.id, "Done.", MORNING)
    assert raid_reminder.reviews(store, POLICY, "U0ANA", MORNING) is None
    assert raid_reminder.reviews(store, POLICY, "U0RAVI", MORNING) is None
    assert raid_reminder.reviews(store, POLICY, "U0NOOR", MORNING) is not None
    close_release(store, policy, actor("RITA"), number, "Shipped", MORNING)
    assert raid_reminder.reviews(store, POLICY, "U0NOOR", MORNING) is None
    assert tick(store, at(FRIDAY + timedelta(days=4), 9)).posts == ()


def test_release_managers_are_asked_in_place_of_an_owner_who_left(store: Store) -> None:
    number = world(store)
    orphan = entered(store, "RITA", a_risk(number, owner="RAVI"))
    own = entered(store, "RITA", a_decision(number, driver="RITA"))
    set_person(store, "RAVI", active=False)
    assert [post.channel for post in tick(store, MORNING).posts] == ["@U0RITA"]
    asked = raid_reminder.reviews(store, POLICY, "U0RITA", MORNING)
    assert asked is not None
    assert ([each.id for each in asked.own], [each.id for each in asked.orphans]) == ([own.id], [orphan.id])
    unmanaged = replace(POLICY, roles={})
    assert raid_reminder.plan(store, unmanaged, at(FRIDAY + timedelta(days=4), 9))[0].channel == "@U0RITA"
    assert raid_reminder.reviews(store, unmanaged, "U0RAVI", MORNING) is None


def test_a_dry_run_changes_nothing(store: Store) -> None:
    entered(store, "RITA", a_risk(world(store)))
    assert len(tick(store, MORNING, dry_run=True).posts) == 1
    assert told(store) == []
    tick(store, MORNING)
    assert tick(store, MORNING, dry_run=True).posts == ()
