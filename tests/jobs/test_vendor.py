"""What needs a vendor that does not accept our token stops, says so, and goes on by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from interlock.domain.policy import JobRule, Role
from interlock.domain.vendor import Vendor, pause
from interlock.jobs import link
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.jobs.slots import JobRunner
from interlock.jobs.vendor import VendorWatch
from interlock.store import vendor
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from tests.builders import POLICY, people

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DEAD = "Jira does not know the bot's account."


class Office:
    """A runner with a job that needs Jira and one that needs nobody; `accepts` is what Jira makes of the token."""

    def __init__(self, store: Store) -> None:
        self.now, self.accepts, self.asked, self.other = NOW, True, 0, 0
        rule, managers = JobRule(every_minutes=1), Role(groups=("release-managers",))
        policy = replace(POLICY, jobs={"sync": rule, "digest": rule}, roles={"release-manager": managers})
        self.watch = VendorWatch(store, policy, lambda: self.now)
        jobs = [
            Job(name="sync", run=self._sync, needs=frozenset({Vendor.JIRA})),
            Job(name="digest", run=self._digest),
        ]
        self.runner = JobRunner(store, policy, jobs, lambda: self.now, "one", vendors=self.watch)

    def tick(self, minutes: int = 1) -> None:
        for _ in range(minutes):
            self.now += MINUTE
            self.runner.run_due(self.now)

    def halted(self) -> dict[str, str | None]:
        return {each.job: each.halted for each in self.runner.overview(self.now)}

    def _sync(self, _context: JobContext) -> JobReport:
        self.asked += 1
        self.watch.heard(Vendor.JIRA, None if self.accepts else DEAD)
        return JobReport()

    def _digest(self, _context: JobContext) -> JobReport:
        self.other += 1
        return JobReport()


@pytest.fixture
def office(store: Store) -> Office:
    with store.write() as session:
        people(session)
    return Office(store)


def test_a_refused_token_stops_what_needs_it_and_nothing_else(office: Office) -> None:
    office.tick()
    office.accepts = False
    office.tick(60)
    # It is tried after 1, 2, 4, 8 minutes and then every 15: an hour's 60 runs are 7.
    assert office.asked - 1 <= 8
    assert office.other == 61
    assert office.halted() == {"sync": DEAD, "digest": None}


def test_it_goes_on_by_itself(office: Office, store: Store) -> None:
    office.accepts = False
    office.tick(20)
    office.accepts = True
    with capture_logs() as logged:
        office.tick(16)
    assert [each["event"] for each in logged if each["event"].startswith("vendor.")] == ["vendor.accepts"]
    before = office.asked
    office.tick(3)
    assert office.asked == before + 3
    assert office.halted()["sync"] is None
    with store.read() as session:
        assert vendor.refusals(session) == ()


def test_a_clock_that_was_put_back_keeps_nobody_from_trying(office: Office) -> None:
    office.accepts = False
    office.now += timedelta(hours=1)  # by a clock that is wrong
    office.tick(2)
    office.accepts, office.now = True, NOW + timedelta(minutes=3)
    office.tick(2)
    assert office.halted()["sync"] is None


def test_another_token_is_tried_at_once(office: Office, store: Store) -> None:
    office.accepts = False
    office.tick(40)
    office.accepts = True
    with store.write() as session:
        vendor.probe_soon(session, Vendor.JIRA, office.now)
    before = office.asked
    office.tick(2)
    assert office.asked == before + 2


def test_one_replica_tries_and_the_other_knows(office: Office, store: Store) -> None:
    other = VendorWatch(store, POLICY, lambda: office.now)
    office.accepts = False
    office.tick()
    office.now += MINUTE
    with store.read() as session:
        halts = other.halts(session, [Vendor.JIRA])
    assert [other.lets_through(halts), office.watch.lets_through(halts)] == [True, False]
    other.heard(Vendor.JIRA, None)
    with store.read() as session:
        assert office.watch.halts(session, [Vendor.JIRA]) == ()


def test_whoever_begins_with_a_token_that_works_ends_the_refusal_at_once(office: Office, store: Store) -> None:
    for who in Vendor:
        office.watch.heard(who, DEAD)
    begun = VendorWatch(store, POLICY, lambda: office.now)
    begun.heard(Vendor.SLACK, None)
    with store.read() as session:
        assert [each.vendor for each in vendor.refusals(session)] == [Vendor.JIRA]
    begun.heard(Vendor.JIRA, None)
    with store.read() as session:
        assert vendor.refusals(session) == ()


def test_what_could_not_be_recorded_is_recorded_by_the_next_call(office: Office, sqlite_store: Store) -> None:
    watch = VendorWatch(sqlite_store, POLICY, lambda: office.now)
    watch.heard(Vendor.JIRA, DEAD)
    with sqlite_store.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE vendor_refusal RENAME TO elsewhere")
    watch.heard(Vendor.JIRA, None)
    with sqlite_store.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE elsewhere RENAME TO vendor_refusal")
    watch.heard(Vendor.JIRA, None)
    with sqlite_store.read() as session:
        assert vendor.refusals(session) == ()


@pytest.mark.parametrize("probes", [True, False])
def test_who_may_have_nothing_to_ask_takes_nobodys_turn_to_try(store: Store, probes: bool) -> None:  # noqa: FBT001 a column
    """`links` comes each minute, and where nobody waits asks Jira nothing: what it tried would end no refusal."""
    with store.write() as session:
        people(session)
    office = Office(store)
    office.watch.heard(Vendor.JIRA, DEAD)
    rule, looked = JobRule(every_minutes=1), list[datetime]()

    def look(_context: JobContext) -> JobReport:
        looked.append(office.now)
        return JobReport()

    jira = frozenset({Vendor.JIRA})
    jobs = [Job(name="links", run=look, needs=jira, probes=probes), *office.runner.jobs.values()]
    policy = replace(POLICY, jobs={"links": rule, "sync": rule, "digest": rule})
    office.runner = JobRunner(store, policy, jobs, lambda: office.now, "one", vendors=office.watch)
    office.tick(3)
    assert (office.halted()["sync"] is None) is not probes
    assert looked
    assert (office.asked > 0) is not probes


def test_the_look_for_comments_is_such_a_job(store: Store) -> None:
    assert not link.job(store, POLICY, None, lambda: NOW).probes  # type: ignore[arg-type]  # it asks nothing here


def test_release_managers_are_told_once_of_jira_and_not_of_slack(office: Office, store: Store) -> None:
    office.accepts = False
    office.tick(30)
    office.watch.heard(Vendor.SLACK, "Slack does not accept the bot token.")
    with store.read() as session:
        told = session.exec(select(OutboxRow).where(OutboxRow.kind == "vendor.refused")).all()
    assert [each.channel for each in told] == ["@U0RITA"]


@pytest.mark.parametrize(("refusals", "minutes"), [(1, 1), (2, 2), (4, 8), (5, 15), (500, 15)])
def test_pauses_grow_to_a_bound(refusals: int, minutes: int) -> None:
    assert pause(refusals) == minutes * MINUTE
