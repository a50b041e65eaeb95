"""Reminders of sign-offs: who is told when, what stops them, and what was not answered in time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select

from interlock.domain.outbox import Outgoing
from interlock.domain.policy import RequirementRule
from interlock.domain.release import Milestone
from interlock.domain.signoff import Decision
from interlock.domain.slot import Slot
from interlock.jobs.job import JobContext
from interlock.jobs.signoff_reminders import signoff_reminders
from interlock.store import release as release_store
from interlock.store.answer_due import AnswerDueRow
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.release import MilestoneRow, ReleaseRow
from interlock.store.ticket import TicketRow
from interlock.usecases import card, delegation, revalidation, scope
from interlock.usecases import signoff_reminder as reminders
from interlock.usecases.signoff import With
from tests.builders import GOVERNANCE, NOW, POLICY, QA, actor, ticket
from tests.signoffs import asked, at_once, drawn, fresh, kinds, messages, say

ONE = replace(QA, quorum=1)
DAY = datetime(2026, 12, 11, 10, 0, tzinfo=UTC)  # four business days before the target
LAST = datetime(2026, 12, 16, 10, 0, tzinfo=UTC)


def remind(store: Store, now: datetime) -> tuple[Outgoing, ...]:
    return reminders.run(store, POLICY, 1, fresh(store, now))


def told(posts: tuple[Outgoing, ...], kind: str = "signoff.reminder") -> list[str]:
    return sorted(each.channel for each in posts if each.kind == kind)


def test_everybody_whose_word_is_missing_is_told_once_a_day(store: Store) -> None:
    asked(store, QA, GOVERNANCE)
    everybody = ["@U0INES", "@U0MARIA", "@U0NOOR", "@U0TOM"]
    assert told(reminders.plan(store, POLICY, fresh(store, DAY))) == everybody
    both = at_once(lambda: remind(store, DAY), lambda: remind(store, DAY))
    assert sorted(len(each) for each in both if isinstance(each, tuple)) == [0, 4], "two replicas tell it once"
    assert remind(store, DAY + timedelta(hours=3)) == ()
    assert told(remind(store, DAY + timedelta(days=3))) == everybody


def test_it_stops_when_acted_on(store: Store) -> None:
    revision = asked(store, QA, GOVERNANCE)
    say(store, "TOM", revision)
    say(store, "MARIA", revision)
    assert told(remind(store, DAY)) == ["@U0INES", "@U0NOOR"]
    assert reminders.reminder(store, POLICY, 1, "U0INES", "U0INES", DAY)
    say(store, "INES", drawn(store, DAY), now=DAY)
    assert reminders.reminder(store, POLICY, 1, "U0INES", "U0INES", DAY) is None, "also one that is on its way"
    assert reminders.reminder(store, POLICY, 1, "U0NOOR", "U0NOOR", DAY) is None
    assert remind(store, DAY + timedelta(days=3)) == ()


def test_nobody_is_reminded_of_what_was_rejected(store: Store) -> None:
    revision = asked(store, QA)
    say(store, "TOM", revision, Decision.REJECTED)
    assert remind(store, DAY) == ()


def test_working_hours_are_the_persons_own(store: Store) -> None:
    asked(store, QA)
    with store.write() as session:
        session.get_one(PersonRow, "U0INES").time_zone = "Asia/Tokyo"
        session.get_one(PersonRow, "U0NOOR").time_zone = "America/New_York"
    assert told(remind(store, DAY.replace(hour=1))) == ["@U0INES"]
    assert told(remind(store, DAY)) == ["@U0TOM"]
    assert told(remind(store, DAY.replace(hour=15))) == ["@U0NOOR"]


def test_it_says_what_when_and_what_comes_next(store: Store) -> None:
    asked(store, QA)
    remind(store, DAY)
    said = reminders.reminder(store, POLICY, 1, "U0TOM", "U0TOM", DAY)
    assert said
    assert [each.name for each in said.requirements] == ["QA"]
    assert (said.needed, said.days_to_go, said.tickets) == (date(2026, 12, 17), 4, 2)
    assert said.following == datetime(2026, 12, 14, 9, 0, tzinfo=UTC)
    assert said.due is None


def test_a_milestone_is_when_it_is_needed(store: Store) -> None:
    asked(store, replace(ONE, needed_by="Code freeze"))
    with store.write() as session:
        session.add(MilestoneRow(release_id=1, position=0, name="Code freeze", due=date(2026, 12, 2)))
    with store.read() as session:
        assert release_store.load(session, 1).milestones == (Milestone(name="Code freeze", due=date(2026, 12, 2)),)
    posts = remind(store, datetime(2026, 12, 1, 10, 0, tzinfo=UTC))
    assert told(posts, "signoff.chase") == ["@U0RITA"]


def test_in_the_end_the_release_manager_hears_once_a_day(store: Store) -> None:
    revision = asked(store, QA)
    assert told(remind(store, DAY), "signoff.chase") == []
    posts = remind(store, LAST)
    assert told(posts) == ["@U0INES", "@U0NOOR", "@U0TOM"]
    assert told(posts, "signoff.chase") == ["@U0RITA"]
    afternoon = remind(store, LAST + timedelta(hours=4))
    assert told(afternoon) == ["@U0INES", "@U0NOOR", "@U0TOM"]
    assert told(afternoon, "signoff.chase") == []
    said = reminders.chase(store, POLICY, 1, LAST)
    assert said
    assert [(each.name, len(people)) for each, people in said.waiting] == [("QA", 3)]
    for who in ("TOM", "INES"):
        say(store, who, revision, now=LAST)
    assert reminders.chase(store, POLICY, 1, LAST) is None


def test_where_the_manager_left_whoever_asked_hears_of_it(store: Store) -> None:
    asked(store, QA, created_by="U0LEFT")
    assert told(remind(store, LAST), "signoff.chase") == ["@U0RITA"]


@pytest.mark.parametrize(
    ("rule", "to", "reminded"),
    [
        (replace(ONE, delegation=True), "@maria", ["@U0MARIA", "@U0NOOR", "@U0TOM"]),
        (ONE, "@maria", ["@U0NOOR", "@U0TOM"]),
        (replace(ONE, delegation=True), None, ["@U0NOOR", "@U0TOM"]),
    ],
)
def test_whoever_is_away_is_told_through_their_stand_in(
    store: Store, rule: RequirementRule, to: str | None, reminded: list[str]
) -> None:
    asked(store, rule)
    delegation.away(store, POLICY, actor("INES"), LAST, to, NOW)
    assert told(remind(store, DAY)) == reminded
    if "@U0MARIA" in reminded:
        said = reminders.reminder(store, POLICY, 1, "U0MARIA", "U0INES", DAY)
        assert said
        assert said.principal
        assert said.principal.name == "Ines Calder"


def test_whoever_is_away_too_long_with_nobody_in_their_place_is_the_managers_to_replace(store: Store) -> None:
    asked(store, replace(GOVERNANCE))
    delegation.away(store, POLICY, actor("MARIA"), datetime(2026, 12, 18, tzinfo=UTC), None, NOW)
    assert told(remind(store, DAY), "signoff.chase") == ["@U0RITA"]


TIMED = replace(GOVERNANCE, answer_within_business_days=3)
WARNED = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
OVER = datetime(2026, 11, 26, 17, 30, tzinfo=UTC)


def test_an_answer_that_does_not_come_is_its_own_outcome(store: Store) -> None:
    revision = asked(store, TIMED)
    assert remind(store, WARNED - timedelta(days=1)) == ()
    assert told(remind(store, WARNED)) == ["@U0MARIA"]
    said = reminders.reminder(store, POLICY, 1, "U0MARIA", "U0MARIA", WARNED)
    assert said
    assert said.due == OVER
    assert remind(store, OVER - timedelta(minutes=1)) == ()
    posts = remind(store, OVER)
    assert told(posts, "signoff.unanswered") == ["@U0RITA"]
    assert kinds(store)[-1] == "signoff.timed_out"
    assert reminders.unanswered(store, 1, 1, "U0MARIA")
    picture = card.draw(store, 1, OVER)
    assert picture
    assert [(id_, who.name) for id_, who in picture.unanswered] == [(1, "Maria Voss")]
    assert remind(store, OVER + timedelta(minutes=1)) == (), "once"
    say(store, "MARIA", revision, now=fresh(store, OVER + timedelta(hours=1)))
    assert kinds(store)[-1] == "signoff.approved", "it denied nothing"
    assert reminders.unanswered(store, 1, 1, "U0MARIA") is None
    with store.read() as session:
        assert len(session.exec(select(AnswerDueRow)).all()) == 1


def test_nobodys_time_is_up_before_they_were_warned(store: Store) -> None:
    asked(store, TIMED)
    late = datetime(2026, 12, 2, 10, 0, tzinfo=UTC)
    assert told(remind(store, late)) != []
    assert "signoff.timed_out" not in kinds(store)
    remind(store, datetime(2026, 12, 3, 17, 30, tzinfo=UTC))
    assert kinds(store)[-1] == "signoff.timed_out"


def test_whose_approval_became_void_is_asked_anew(store: Store) -> None:
    revision = asked(store, TIMED)
    say(store, "MARIA", revision)
    with store.write() as session:
        ticket(session, "DATA-9")
        scope.refresh(session, None, NOW)
    assert revalidation.revalidate(store, fresh(store, OVER)) == 1
    remind(store, OVER + timedelta(minutes=1))
    assert "signoff.timed_out" not in kinds(store), "their time begins when it became void"
    remind(store, datetime(2026, 11, 30, 10, 0, tzinfo=UTC))
    remind(store, datetime(2026, 12, 1, 17, 30, tzinfo=UTC))
    assert kinds(store)[-1] == "signoff.timed_out"


def test_the_job_does_it_all_and_a_dry_run_nothing(store: Store) -> None:
    revision = asked(store, replace(ONE, valid_days=10), GOVERNANCE)
    say(store, "TOM", revision)
    now = fresh(store, DAY)
    job = signoff_reminders(store, POLICY)

    def run(*, dry_run: bool) -> str:
        slot = Slot(job="signoff-reminders", due_at=now)
        return job.run(JobContext(now=now, slot=slot, dry_run=dry_run, progress=lambda _: None)).detail

    run(dry_run=True)
    assert messages(store, "signoff.reminder") == []
    assert run(dry_run=False) == "3 messages, 1 approval too old"
    assert messages(store, "signoff.void") == ["@U0TOM"]


def test_a_release_that_ended_reminds_nobody(store: Store) -> None:
    asked(store, QA)
    with store.write() as session:
        session.get_one(ReleaseRow, 1).stage = "closed"
    assert remind(store, DAY) == ()
    assert reminders.reminder(store, POLICY, 1, "U0TOM", "U0TOM", DAY) is None
    assert reminders.plan(store, POLICY, DAY) == ()


def test_a_card_is_drawn_anew_when_what_it_shows_changed_without_a_click(store: Store) -> None:
    revision = asked(store, replace(ONE, delegation=True))
    with store.write() as session:
        ticket(session, "OPS-1", versions=())
    say(store, "TOM", revision, more=With(conditions=("OPS-1",)))

    def redraws() -> int:
        """And they are done."""
        with store.write() as session:
            waiting = session.exec(select(OutboxRow).where(OutboxRow.kind == "signoff.refresh")).all()
            for row in waiting:
                session.delete(row)
        drawn(store, DAY)
        return len(waiting)

    redraws()
    remind(store, DAY)
    assert redraws() == 0
    with store.write() as session:
        session.get_one(TicketRow, "id-OPS-1").category = "done"
    remind(store, DAY)
    assert redraws() == 1, "a ticket outside the scope got done"
    remind(store, DAY)
    assert redraws() == 0
