"""The morning digest: keyed by slot, channel and release; it tells what changed since the one before."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlmodel import select

from interlock.domain.authority import Refused
from interlock.domain.policy import ChannelRule, CriterionRule, Digest, EnvironmentRule, JobRule, Policy
from interlock.domain.raid_draft import Review
from interlock.domain.release import Release
from interlock.store import raid
from interlock.store import release as release_store
from interlock.store.engine import Store
from interlock.store.environment import EnvironmentRow
from interlock.store.mirror import MirrorRow
from interlock.store.outbox import OutboxRow
from interlock.store.person import ChannelRow
from interlock.store.ticket import TicketChangeRow, TicketRow
from interlock.usecases import digest, raid_review, readiness, scope
from interlock.usecases.raid import Saved
from tests.builders import CHANNEL, NOW, TEMPLATE, actor, people, release, ticket
from tests.builders import POLICY as PLAIN
from tests.raids import FRIDAY, a_risk

RULE = ChannelRule(projects=("DATA", "ML"), digest=Digest(at=time(9, 0)))
POLICY = replace(PLAIN, channels={"rel-data-platform": RULE, "elsewhere": RULE, "quiet": ChannelRule()})
TOMORROW = NOW + timedelta(days=1)


def quiet(policy: Policy) -> Policy:
    rule = replace(RULE, digest=Digest(quiet_when_unchanged=True))
    return replace(policy, channels={"rel-data-platform": rule})


def world(store: Store) -> None:
    with store.write() as session:
        people(session)
        release(session, tickets=["DATA-1", "DATA-2", "ML-3"])
        release(session, name="2027.03")
        release(session, name="closed", stage="closed")
        release(session, name="elsewhere", channel_id="C0OTHER")


def posted(store: Store) -> list[str]:
    with store.read() as session:
        return sorted(session.exec(select(OutboxRow.key).where(OutboxRow.kind == "digest")).all())


def test_each_release_of_the_channel_is_its_own_subject_and_a_repeated_slot_adds_nothing(store: Store) -> None:
    world(store)
    digest.run(store, POLICY, CHANNEL, "monday", NOW)
    digest.run(store, POLICY, CHANNEL, "monday", NOW)
    assert posted(store) == [f"digest:monday:{CHANNEL}:1", f"digest:monday:{CHANNEL}:2"]


def test_it_is_not_posted_on_the_next_day(store: Store) -> None:
    world(store)
    digest.run(store, POLICY, CHANNEL, "monday", NOW)
    with store.read() as session:
        until = session.exec(select(OutboxRow.not_after).where(OutboxRow.kind == "digest")).first()
    assert until == datetime(2026, 11, 24, tzinfo=NOW.tzinfo)


def test_it_compares_with_the_digest_before_it(store: Store) -> None:
    world(store)
    digest.run(store, POLICY, CHANNEL, "monday", NOW)
    moved = {"DATA-1": ("new", "done"), "DATA-2": ("done", "new")}
    with store.write() as session:
        for key, (_, after) in moved.items():
            row = session.get_one(TicketRow, f"id-{key}")
            row.category, row.status_id = after, {"new": "1", "done": "9"}[after]
            row.updated = NOW + timedelta(hours=2)
            before = {"new": "9", "done": "1"}[after]
            change = TicketChangeRow(
                ticket_id=row.id,
                id="1",
                at=NOW + timedelta(hours=2),
                field="status",
                before=before,
                after=row.status_id,
            )
            session.add(change)
        ticket(session, "ML-9")
        scope.refresh(session, None, NOW + timedelta(hours=3))
    picture = digest.drawn(store, POLICY, 1, CHANNEL, "tuesday", TOMORROW)
    assert picture.before is not None
    assert picture.before.at == NOW
    assert (picture.finished, picture.reopened, picture.status.change.added) == (1, 1, 1)
    assert not picture.unchanged


def test_a_day_without_news_is_one_line_or_silence_as_policy_says(store: Store) -> None:
    world(store)
    digest.run(store, POLICY, CHANNEL, "monday", NOW)
    with store.write() as session:
        session.get_one(MirrorRow, "tickets").as_of = TOMORROW
    assert digest.drawn(store, POLICY, 1, CHANNEL, "tuesday", TOMORROW).unchanged
    assert len(digest.plan(store, POLICY, CHANNEL, "tuesday", TOMORROW)) == 2
    assert digest.plan(store, quiet(POLICY), CHANNEL, "tuesday", TOMORROW) == ()


def test_a_status_that_nobody_has_any_more_still_counts_as_what_it_was(store: Store) -> None:
    """The only blocked ticket got done: no ticket tells any more what Blocked was."""
    with store.write() as session:
        people(session)
        ticket(session, "DATA-1", status_id="7", status="Blocked", category="indeterminate")
        release(session)
    digest.run(store, POLICY, CHANNEL, "monday", NOW)
    with store.write() as session:
        row = session.get_one(TicketRow, "id-DATA-1")
        row.status_id, row.category, row.updated = "9", "done", TOMORROW
        moved = TicketChangeRow(ticket_id=row.id, id="1", at=TOMORROW, field="status", before="7", after="9")
        session.add(moved)
    told = digest.drawn(store, POLICY, 1, CHANNEL, "tuesday", TOMORROW + timedelta(hours=1))
    assert (told.finished, told.status.change.unknown) == (1, 0)


def test_a_signoff_or_a_blocker_is_news_too(store: Store) -> None:
    world(store)
    digest.run(store, POLICY, CHANNEL, "monday", NOW)
    assert digest.drawn(store, POLICY, 1, CHANNEL, "now", NOW).unchanged
    with store.write() as session:
        session.get_one(TicketRow, "id-DATA-1").flagged = True
    assert not digest.drawn(store, POLICY, 1, CHANNEL, "now", NOW).unchanged


def test_whose_channels_have_one_and_when(store: Store) -> None:
    world(store)
    assert digest.subjects(store, POLICY) == (
        (CHANNEL, JobRule(at=time(9, 0), days=("mon", "tue", "wed", "thu", "fri"), time_zone="Europe/London")),
    )
    assert digest.wanted_today(store, POLICY, CHANNEL, NOW)
    assert not digest.wanted_today(store, POLICY, CHANNEL, NOW + timedelta(days=5))
    with store.write() as session:
        session.get_one(ChannelRow, CHANNEL).archived = True
    assert digest.subjects(store, POLICY) == ()


def test_digest_now_is_its_own_slot_and_only_for_those_who_may(store: Store) -> None:
    world(store)
    assert isinstance(digest.ask(store, POLICY, actor("RITA"), "2026.12", CHANNEL, "t1", NOW), Release)
    assert isinstance(digest.ask(store, POLICY, actor("RITA"), "2026.12", CHANNEL, "t2", NOW), Release)
    assert isinstance(digest.ask(store, POLICY, actor("TOM"), "2026.12", CHANNEL, "t3", NOW), Refused)
    assert posted(store) == [f"digest:now:t1:{CHANNEL}:1", f"digest:now:t2:{CHANNEL}:1"]


CRITERIA = (
    CriterionRule(kind="scope_complete", name="Scope", at_least=60),
    CriterionRule(kind="no_open_blocker", name="Blockers"),
    CriterionRule(kind="signoffs_given", name="Sign-offs"),
    CriterionRule(kind="milestone_reached", name="Milestone", milestone="No such"),
    CriterionRule(kind="environment_booked", name="Staging", environment="staging"),
    CriterionRule(kind="environment_booked", name="Nowhere", environment="nowhere"),
)


def test_readiness_judges_every_gate_and_what_cannot_be_checked_never_passes(store: Store) -> None:
    template = replace(TEMPLATE, criteria=CRITERIA, readiness_business_days_before=(18,))
    with store.write() as session:
        people(session)
        rule = EnvironmentRule(name="Staging")
        session.add(EnvironmentRow(key="staging", name=rule.name, tier=rule.tier, capacity=1, lifecycle="ready"))
        release(session, tickets=["DATA-1", "DATA-2", "ML-3"], template=template, target=date(2026, 12, 17))
        for key in ("DATA-1", "DATA-2"):
            session.get_one(TicketRow, f"id-{key}").category = "done"
        session.get_one(TicketRow, "id-ML-3").flagged = True
        one = release_store.load(session, 1)
        found = readiness.read(session, POLICY, one, NOW)
    assert [(each.name, each.state) for each in found.criteria] == [
        ("Scope", "pass"),
        ("Blockers", "fail"),
        ("Sign-offs", "pending"),
        ("Milestone", "unavailable"),
        ("Staging", "pending"),
        ("Nowhere", "unavailable"),
    ]
    with store.read() as session:
        late = readiness.read(session, POLICY, one, NOW + timedelta(hours=2))
    assert [each.state for each in late.criteria][:2] == ["unavailable", "unavailable"]


@pytest.mark.parametrize(("days_on", "due"), [(0, True), (1, False), (5, False)])
def test_readiness_is_told_on_the_days_that_the_template_names(store: Store, days_on: int, *, due: bool) -> None:
    template = replace(TEMPLATE, readiness_business_days_before=(18, 13))
    with store.write() as session:
        people(session)
        release(session, template=template)
    now = NOW + timedelta(days=days_on)
    assert [post.kind for post in readiness.run(store, POLICY, now)] == (["readiness"] if due else [])
    assert len(readiness.run(store, POLICY, now)) == int(due)
    with store.read() as session:
        assert len(session.exec(select(OutboxRow)).all()) == int(due)


def test_overdue_reviews_stand_in_it_until_they_are_done(store: Store) -> None:
    world(store)
    with store.write() as session:
        for place, (day, number) in enumerate(((NOW.date(), 1), (FRIDAY, 1), (NOW.date(), 2))):
            draft = a_risk(number, review_on=day)
            raid.add(session, draft, None, "U0RITA", str(place), NOW)
    assert digest.drawn(store, POLICY, 1, CHANNEL, "monday", NOW).overdue == ()
    assert digest.drawn(store, POLICY, 1, CHANNEL, "tuesday", TOMORROW).overdue == ("R-1",)
    looked = Review(review_on=FRIDAY)
    assert isinstance(raid_review.review(store, POLICY, actor("ANA"), 1, looked, NOW), Saved)
    assert digest.drawn(store, POLICY, 1, CHANNEL, "tuesday", TOMORROW).overdue == ()
