"""Who is told that a decision waits for them, wherever its card stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from interlock.domain.decision_reminder import Matter
from interlock.domain.delegation import Away
from interlock.domain.freeze_exception import Decision as Verdict
from interlock.domain.outbox import Outgoing
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy, Role
from interlock.domain.signoff import Decision
from interlock.domain.slot import Slot
from interlock.domain.stage import Moved
from interlock.domain.waiver import WaiverState
from interlock.jobs import decision_reminders
from interlock.jobs.job import JobContext
from interlock.store.engine import Store
from interlock.store.person import PersonRow
from interlock.usecases import decision_reminder as reminders
from interlock.usecases import delegation, freeze_exception, stage_stop, waiver
from tests import calendars
from tests.builders import NOW, POLICY, actor
from tests.policy_changes import begun, proposed, say
from tests.signoffs import at_once
from tests.usecases import test_freeze_exception as exceptions
from tests.usecases import test_waiver as waivers

WHO = ("tom", "ines", "noor", "rita")
GRANTERS: Policy = replace(
    POLICY,
    roles=POLICY.roles | {"granter": Role(people=tuple(f"{one}@practice.example" for one in WHO))},
    permissions=POLICY.permissions | {Permission.WAIVER_GRANT: ("granter",)},
)


def remind(store: Store, policy: Policy, now: datetime = NOW) -> tuple[Outgoing, ...]:
    return reminders.run(store, policy, 1, now)


def told(posts: tuple[Outgoing, ...]) -> list[str]:
    return sorted(each.channel for each in posts)


def wants(store: Store, policy: Policy, matter: Matter, who: str, now: datetime = NOW) -> bool:
    return reminders.reminder(store, policy, 1, matter, 1, f"U0{who}", now) is not None


def test_whoever_may_grant_a_waiver_is_told_at_once_but_not_who_asked(store: Store) -> None:
    waivers.made(store)
    waivers.ask(store, "2026.12 model card until 2026-12-11 the card follows")
    everybody = ["@U0INES", "@U0NOOR", "@U0TOM"]
    assert told(reminders.plan(store, GRANTERS, NOW)) == everybody
    both = at_once(lambda: remind(store, GRANTERS), lambda: remind(store, GRANTERS))
    assert sorted(len(each) for each in both if isinstance(each, tuple)) == [0, 3], "two replicas tell it once"
    assert remind(store, GRANTERS, NOW + timedelta(hours=3)) == ()
    assert reminders.plan(store, GRANTERS, NOW) == ()
    assert remind(store, GRANTERS, NOW + timedelta(days=1)) == ()
    assert told(remind(store, GRANTERS, NOW + timedelta(days=7))) == everybody


@pytest.mark.parametrize("state", [WaiverState.GRANTED, WaiverState.REFUSED, WaiverState.WITHDRAWN])
def test_it_stops_when_the_waiver_is_decided(store: Store, state: WaiverState) -> None:
    waivers.made(store)
    waivers.ask(store)
    assert wants(store, GRANTERS, Matter.WAIVER, "TOM")
    assert not wants(store, GRANTERS, Matter.WAIVER, "RITA"), "she asked"
    assert not wants(store, GRANTERS, Matter.WAIVER, "ANA"), "she may not"
    who = "RITA" if state is WaiverState.WITHDRAWN else "TOM"
    assert isinstance(waiver.decide(store, GRANTERS, actor(who), 1, state, NOW), waiver.Decided)
    assert not wants(store, GRANTERS, Matter.WAIVER, "TOM"), "also one that is on its way"
    assert remind(store, GRANTERS) == ()


def test_nobody_is_told_of_what_is_over(store: Store) -> None:
    waivers.made(store)
    waivers.ask(store)
    assert remind(store, GRANTERS, datetime(2026, 11, 25, 10, 0, tzinfo=UTC)) == (), "it was until the 24th"
    done = stage_stop.cancel(store, POLICY, actor("RITA"), 1, "It is not needed", NOW)
    assert isinstance(done, Moved), done
    assert remind(store, GRANTERS) == ()
    assert not wants(store, GRANTERS, Matter.WAIVER, "TOM")


def test_whoever_is_away_is_not_told_and_hours_are_each_ones_own(store: Store) -> None:
    waivers.made(store)
    waivers.ask(store)
    with store.write() as session:
        session.get_one(PersonRow, "U0INES").time_zone = "America/New_York"
    assert isinstance(delegation.away(store, POLICY, actor("NOOR"), NOW + timedelta(days=2), None, NOW), Away)
    assert told(remind(store, GRANTERS)) == ["@U0TOM"]
    assert told(remind(store, GRANTERS, NOW + timedelta(hours=6))) == ["@U0INES"]


def test_the_board_is_told_of_an_exception_until_it_decides(store: Store) -> None:
    calendars.world(store)
    exceptions.asked(store)
    assert told(remind(store, calendars.POLICY)) == ["@U0INES", "@U0TOM"], "Rita asked"
    done = freeze_exception.decide(store, calendars.POLICY, actor("TOM"), 1, Verdict.REFUSED, "Not in the freeze", NOW)
    assert isinstance(done, freeze_exception.Judged)
    assert not wants(store, calendars.POLICY, Matter.EXCEPTION, "INES")


def test_signers_of_the_old_policy_are_told_of_a_change_while_theirs_is_missing(store: Store) -> None:
    begun(store)
    closes = proposed(store).closes_at
    assert told(remind(store, POLICY)) == ["@U0INES", "@U0MARIA", "@U0NOOR", "@U0TOM"]
    say(store, "TOM")
    say(store, "INES")
    assert wants(store, POLICY, Matter.POLICY_CHANGE, "MARIA")
    assert not wants(store, POLICY, Matter.POLICY_CHANGE, "TOM")
    assert not wants(store, POLICY, Matter.POLICY_CHANGE, "NOOR"), "two of QA are enough"
    assert told(remind(store, POLICY, NOW + timedelta(days=1))) == ["@U0MARIA"]
    assert not wants(store, POLICY, Matter.POLICY_CHANGE, "MARIA", closes)
    say(store, "MARIA", Decision.REJECTED)
    assert not wants(store, POLICY, Matter.POLICY_CHANGE, "MARIA")


def test_a_policy_that_asks_for_no_signature_asks_another_who_may_change_it(store: Store) -> None:
    begun(store, replace(calendars.ON_STAGING, requirements=()))
    proposed(store, replace(calendars.ON_STAGING, requirements=(), criteria=()))
    policy = replace(
        POLICY, permissions=POLICY.permissions | {Permission.POLICY_CHANGE: ("granter", "release_manager")}
    )
    policy = replace(policy, roles=GRANTERS.roles)
    assert told(remind(store, policy)) == ["@U0INES", "@U0NOOR", "@U0TOM"], "Rita proposed it"


def test_the_job_tells_all_releases_and_a_dry_run_none(sqlite_store: Store) -> None:
    waivers.made(sqlite_store)
    waivers.ask(sqlite_store)
    job = decision_reminders.job(sqlite_store, GRANTERS)

    def run(*, dry: bool) -> str:
        context = JobContext(now=NOW, slot=Slot(job=job.name, due_at=NOW), progress=lambda _: None, dry_run=dry)
        return job.run(context).detail

    assert [run(dry=True), run(dry=True), run(dry=False), run(dry=False)] == [
        "3 messages",
        "3 messages",
        "3 messages",
        "0 messages",
    ]


def test_where_nobody_is_to_be_told_the_job_waits_for_no_writer(sqlite_store: Store) -> None:
    waivers.made(sqlite_store)
    job = decision_reminders.job(sqlite_store, GRANTERS)
    context = JobContext(now=NOW, slot=Slot(job=job.name, due_at=NOW), progress=lambda _: None, dry_run=False)
    with sqlite_store.write() as session:
        session.get_one(PersonRow, "U0INES").time_zone = "America/New_York"
        session.flush()
        assert job.run(context).detail == "0 messages"
