"""Runs of the sync: everything at first, then what changed; a run that breaks off is continued."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sqlmodel import col, select

from interlock.domain.policy import Policy
from interlock.domain.slot import Slot
from interlock.jobs import sync as job
from interlock.jobs.job import JobContext, JobStoppedError
from interlock.jobs.sync import Progress, Synced
from interlock.store.engine import Store
from interlock.store.mirror import MirrorRow
from interlock.store.ticket import ProjectRow, TicketRow
from interlock.trackers.errors import TrackerError, UnreadableTicketError
from interlock.trackers.jira import JiraTracker
from interlock.usecases import sync
from tests.jobs.conftest import URL

if TYPE_CHECKING:
    from tests.jobs.conftest import RawJira

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def run(store: Store, policy: Policy, tracker: JiraTracker, now: datetime = NOW, **options: Any) -> Synced:
    return job.run(store, policy, tracker, lambda: now, page_size=5, **options)


def keys(store: Store) -> set[str]:
    with store.read() as session:
        return set(session.exec(select(TicketRow.key).where(col(TicketRow.deleted_at).is_(None))))


def mirror(store: Store) -> MirrorRow:
    with store.read() as session:
        return session.exec(select(MirrorRow).where(MirrorRow.name == "tickets")).one()


def seven_weeks(jira: "RawJira", count: int = 23) -> set[str]:
    """Tickets changed at different times, the last ten minutes ago."""
    for number in range(1, count + 1):
        jira.add(f"DATA-{number}", minutes=10 + 3000 * (count - number))
    return {issue["key"] for issue in jira.issues.values()}


def test_the_first_run_reads_everything(store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira") -> None:
    every = seven_weeks(jira)
    told: list[Progress] = []
    done = run(store, policy, tracker, on_progress=told.append)
    assert keys(store) == every
    assert (done.since, done.read, done.kept) == (None, 23, 23)
    assert (told[-1].read, told[-1].total) == (23, 23)
    assert (mirror(store).as_of, mirror(store).problem) == (NOW, None)
    with store.read() as session:
        assert set(session.exec(select(ProjectRow.key))) == {"DATA", "ML"}


def test_the_next_reads_what_changed_with_some_overlap(
    store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    seven_weeks(jira)
    run(store, policy, tracker)
    jira.add("ML-1", minutes=12)  # changed before the last run's newest, shown by search only now
    jira.touch("DATA-1", minutes=-3, summary="now")
    jira.searches.clear()
    done = run(store, policy, tracker, NOW + timedelta(minutes=5))
    assert done.since == NOW - timedelta(minutes=20)
    assert f"updated >= {int(done.since.timestamp()) * 1000} " in jira.searches[0]["jql"]
    assert "ML-1" in keys(store)
    assert done.read == 3
    with store.read() as session:
        assert session.exec(select(TicketRow.summary).where(TicketRow.key == "DATA-1")).one() == "now"


def test_a_run_for_changes_asks_little(store: Store, policy: Policy, jira: "RawJira") -> None:
    seven_weeks(jira)
    asked: list[str] = []
    email = "interlock@practice.example" if jira.cloud else None
    tracker = JiraTracker(URL, email, "t0ken", policy.tickets, observe=lambda call, *_: asked.append(call))
    run(store, policy, tracker)
    for later, listed in ((timedelta(minutes=5), 0), (timedelta(hours=1), 7)):
        jira.searches.clear()
        asked.clear()
        run(store, policy, tracker, NOW + later)
        assert len(asked) == len(jira.searches) + 2 + listed
    tracker.close()


def test_a_page_holds_no_transaction_while_it_is_asked_for(
    store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    seven_weeks(jira)

    def write_meanwhile(number: int) -> None:
        with store.write():  # SQLite has one writer: this would wait for a transaction of the sync for ever
            assert number

    jira.before_search = write_meanwhile
    run(store, policy, tracker)


@pytest.mark.parametrize(
    "fault", [(500, {}, "{}"), (200, {}, '{"issues": ['), requests.exceptions.ReadTimeout(), (401, {}, "")]
)
def test_a_run_that_breaks_off_is_continued_where_it_stopped(
    sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira", fault: Any
) -> None:
    store = sqlite_store
    every = seven_weeks(jira)
    jira.faults = dict.fromkeys(range(4, 20), fault)
    with pytest.raises(TrackerError):
        run(store, policy, tracker)
    kept = keys(store)
    assert 10 <= len(kept) < 20
    assert mirror(store).as_of is None
    assert mirror(store).problem
    jira.faults = {}
    jira.searches.clear()
    done = run(store, policy, tracker)
    assert keys(store) == every
    assert done.since is not None
    assert done.read < 23 - len(kept) + 5
    assert (mirror(store).as_of, mirror(store).problem) == (NOW, None)


def test_one_fault_is_ridden_out(store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira") -> None:
    every = seven_weeks(jira)
    jira.faults = {2: (503, {"Retry-After": "1"}, ""), 4: requests.exceptions.ConnectionError("reset")}
    run(store, policy, tracker)
    assert keys(store) == every


def test_a_page_that_cannot_be_read_stops_the_run_before_the_cursor_moves(
    store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    seven_weeks(jira)
    del jira.find("DATA-8")["id"]
    with pytest.raises(UnreadableTicketError, match="DATA-8"):
        run(store, policy, tracker)
    assert keys(store) == {f"DATA-{number}" for number in range(1, 6)}
    assert "DATA-8" in (mirror(store).problem or "")
    cursor = sync.cursor(store)
    assert cursor is not None
    assert cursor.reached == NOW - timedelta(minutes=10 + 3000 * 18)


def test_odd_rows_are_kept(store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira") -> None:
    jira.add("DATA-1", summary=None, assignee=None, status=None)
    del jira.add("DATA-2")["fields"]["summary"]
    jira.add("DATA-3", summary="nul \0 and half \ud800", status={"name": "?", "statusCategory": {"key": "?"}})
    jira.add("DATA-4", labels=None, components=[None], fixVersions={}, issuelinks="none", priority=[])
    run(store, policy, tracker)
    assert len(keys(store)) == 4


def test_a_full_run_reads_again_what_did_not_change(
    store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    seven_weeks(jira)
    run(store, policy, tracker)
    assert run(store, policy, tracker, full=True).read == 23


def test_a_full_run_that_breaks_off_is_continued_too(
    sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    seven_weeks(jira)
    run(sqlite_store, policy, tracker)
    first = len(jira.searches)
    jira.faults = dict.fromkeys(range(first + 3, first + 20), (502, {}, ""))
    with pytest.raises(TrackerError):
        run(sqlite_store, policy, tracker, full=True)
    jira.faults = {}
    done = run(sqlite_store, policy, tracker)
    assert 13 <= done.read <= 20


def test_another_policy_or_another_field_asks_for_every_ticket_anew(
    sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    seven_weeks(jira)
    run(sqlite_store, policy, tracker)
    renamed = replace(policy, teams={})
    assert run(sqlite_store, renamed, tracker).since is None
    assert run(sqlite_store, renamed, tracker).since is not None
    jira.fields.append({"id": "customfield_10099", "name": "flagged"})
    assert run(sqlite_store, renamed, tracker).since is None


def test_a_ticket_dated_in_the_future_hides_none(
    store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    jira.add("DATA-1", minutes=-60 * 24 * 365)
    run(store, policy, tracker)
    jira.add("DATA-2")
    run(store, policy, tracker, NOW + timedelta(minutes=5))
    assert keys(store) == {"DATA-1", "DATA-2"}


def test_an_empty_tracker_is_a_whole_mirror(
    store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    assert run(store, policy, tracker).read == 0
    assert mirror(store).as_of == NOW


def test_a_project_that_jira_does_not_show_is_named(
    sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    del jira.projects["ML"]
    with pytest.raises(TrackerError, match="no project ML"):
        run(sqlite_store, policy, tracker)
    assert "no project ML" in (mirror(sqlite_store).problem or "")


def test_fields_that_the_tracker_lacks_are_told(
    sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    jira.fields.clear()
    assert run(sqlite_store, policy, tracker).missing == ("Flagged",)


def test_as_a_job_it_says_what_it_did(
    sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    seven_weeks(jira)
    said: list[str] = []
    context = JobContext(now=NOW, slot=Slot(job="sync", due_at=NOW, attempt=1), progress=said.append)
    scheduled = job.job(sqlite_store, policy, tracker, lambda: NOW)
    asked = job.job(sqlite_store, policy, tracker, lambda: NOW, full=True)
    assert (scheduled.name, asked.name) == ("sync", "sync-full")
    assert scheduled.run(context).detail == "23 tickets read, all of them."
    assert said[-1] == "23 of 23 tickets"
    assert scheduled.run(context).detail == "1 ticket read, changed since 2026-11-23 08:40 UTC."
    assert asked.run(context).detail == "23 tickets read, all of them."
    jira.searches.clear()
    assert "reads nothing" in scheduled.run(replace(context, dry_run=True)).detail
    assert jira.searches == []


def test_a_job_that_must_stop_stops_at_a_page_and_goes_on_from_there(
    sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    every = seven_weeks(jira)

    def stop(_: Progress) -> None:
        raise JobStoppedError("The program stops.")

    with pytest.raises(JobStoppedError):
        run(sqlite_store, policy, tracker, on_progress=stop)
    assert len(keys(sqlite_store)) == 5
    assert run(sqlite_store, policy, tracker).since is not None
    assert keys(sqlite_store) == every
