"""The sweep finds what search does not tell: what is gone, hidden, moved or was missed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from interlock.domain.policy import Policy
from interlock.domain.slot import Slot
from interlock.jobs import sweep, sync
from interlock.jobs.job import JobContext
from interlock.jobs.sweep import Swept
from interlock.store.engine import Store
from interlock.store.mirror import MirrorRow
from interlock.store.ticket import TicketRow
from interlock.trackers.errors import TrackerError
from interlock.trackers.jira import JiraTracker

if TYPE_CHECKING:
    from tests.jobs.conftest import RawJira

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=6)


def a_mirror(store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira", count: int = 8) -> None:
    for number in range(1, count + 1):
        jira.add(f"DATA-{number}", minutes=100 - number)
    sync.run(store, policy, tracker, lambda: NOW)
    jira.asked.clear()


def run(store: Store, policy: Policy, tracker: JiraTracker, *, allow_many: bool = False) -> Swept:
    return sweep.run(store, policy, tracker, lambda: LATER, allow_many=allow_many)


def shown(store: Store) -> set[str]:
    with store.read() as session:
        return set(session.exec(select(TicketRow.key).where(col(TicketRow.deleted_at).is_(None))))


def problem(store: Store) -> str | None:
    with store.read() as session:
        return session.exec(select(MirrorRow.problem).where(MirrorRow.name == "sweep")).one()


def test_nothing_to_do(store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira") -> None:
    a_mirror(store, policy, tracker, jira)
    assert run(store, policy, tracker) == Swept(listed=8)
    assert jira.asked == []


def test_a_deleted_ticket_is_marked_with_its_last_state_kept(
    store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    a_mirror(store, policy, tracker, jira)
    gone = jira.issues.pop(jira.find("DATA-3")["id"])
    assert run(store, policy, tracker) == Swept(listed=7, gone=1)
    assert jira.asked == [gone["id"]]
    with store.read() as session:
        row = session.exec(select(TicketRow).where(TicketRow.key == "DATA-3")).one()
    assert (row.summary, row.deleted_at) == ("Summary of DATA-3", LATER)


def test_one_that_search_left_out_is_not(store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira") -> None:
    a_mirror(store, policy, tracker, jira)
    jira.unlisted = {jira.find("DATA-3")["id"]}
    assert run(store, policy, tracker).gone == 0
    assert "DATA-3" in shown(store)


def test_one_that_moved_within_the_mirror_gets_its_new_key(
    store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    a_mirror(store, policy, tracker, jira)
    moved = jira.find("DATA-3")
    moved["key"] = "ML-9"
    moved["fields"]["project"] = {"id": "11", "key": "ML", "name": "ML"}
    assert run(store, policy, tracker) == Swept(listed=8, read=1)
    assert {"ML-9"} == shown(store) - {f"DATA-{number}" for number in range(1, 9)}
    assert "DATA-3" not in shown(store)


def test_one_that_moved_away_leaves_under_its_new_key(
    store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    a_mirror(store, policy, tracker, jira)
    moved = jira.find("DATA-3")
    moved["key"] = "SECRET-9"
    moved["fields"]["project"] = {"id": "99", "key": "SECRET", "name": "Secret"}
    assert run(store, policy, tracker).gone == 1
    with store.read() as session:
        row = session.exec(select(TicketRow).where(TicketRow.id == moved["id"])).one()
    assert (row.key, row.deleted_at) == ("SECRET-9", LATER)


def test_what_was_missed_is_read(store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira") -> None:
    a_mirror(store, policy, tracker, jira)
    jira.add("DATA-99", minutes=9999)  # an import keeps old times: no incremental run sees it
    assert run(store, policy, tracker) == Swept(listed=9, read=1)
    assert "DATA-99" in shown(store)


def test_what_is_shown_again_comes_back(store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira") -> None:
    a_mirror(store, policy, tracker, jira)
    hidden = jira.issues.pop(jira.find("DATA-3")["id"])
    sweep.run(store, policy, tracker, lambda: NOW + timedelta(hours=1))
    assert "DATA-3" not in shown(store)
    jira.issues[hidden["id"]] = hidden
    run(store, policy, tracker)
    assert "DATA-3" in shown(store)


def test_too_many_to_ask_for_are_left_to_a_full_run(
    sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    for number in range(sweep.MOST_ASKED + 1):
        jira.add(f"DATA-{number}")
    assert run(sqlite_store, policy, tracker).left_out == sweep.MOST_ASKED + 1
    assert jira.asked == []


class TestRefusal:
    def test_an_empty_list_empties_nothing(
        self, store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
    ) -> None:
        a_mirror(store, policy, tracker, jira)
        jira.issues.clear()
        swept = run(store, policy, tracker)
        assert swept.gone == 0
        assert "no longer lists 8 tickets of the 8" in (swept.refused or "")
        assert "interlock job run sweep-all-the-same" in (problem(store) or "")
        assert len(shown(store)) == 8

    def test_nor_does_one_that_lacks_too_many(
        self, sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
    ) -> None:
        a_mirror(sqlite_store, policy, tracker, jira, count=100)
        for number in range(1, 22):
            del jira.issues[jira.find(f"DATA-{number}")["id"]]
        assert run(sqlite_store, policy, tracker).refused
        assert len(shown(sqlite_store)) == 100

    def test_unless_somebody_says_that_it_is_right(
        self, sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
    ) -> None:
        a_mirror(sqlite_store, policy, tracker, jira)
        jira.issues.clear()
        assert run(sqlite_store, policy, tracker, allow_many=True) == Swept(listed=0, gone=8)
        assert problem(sqlite_store) is None

    def test_a_project_that_policy_no_longer_names_goes_without_asking(
        self, sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
    ) -> None:
        for number in range(1, 60):
            jira.add(f"ML-{number}")
        a_mirror(sqlite_store, policy, tracker, jira)
        without = replace(policy, tickets=replace(policy.tickets, projects=("DATA",)))
        assert run(sqlite_store, without, tracker) == Swept(listed=8, gone=59)

    def test_a_hidden_project_stops_it(
        self, sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
    ) -> None:
        a_mirror(sqlite_store, policy, tracker, jira)
        del jira.projects["DATA"]
        with pytest.raises(TrackerError, match="no project DATA"):
            run(sqlite_store, policy, tracker)
        assert len(shown(sqlite_store)) == 8


def test_what_was_kept_since_it_began_is_left_alone(
    sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    a_mirror(sqlite_store, policy, tracker, jira)
    jira.unlisted = {jira.find("DATA-1")["id"]}
    found = sweep.run(sqlite_store, policy, tracker, lambda: NOW)  # as early as the tickets were seen
    assert found.gone == 0
    assert jira.find("DATA-1")["id"] not in jira.asked


def test_as_a_job_it_says_what_it_did_or_why_not(
    sqlite_store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira"
) -> None:
    a_mirror(sqlite_store, policy, tracker, jira)
    context = JobContext(now=LATER, slot=Slot(job="sweep", due_at=LATER), progress=lambda _: None)
    scheduled = sweep.job(sqlite_store, policy, tracker, lambda: LATER)
    asked = sweep.job(sqlite_store, policy, tracker, lambda: LATER, allow_many=True)
    assert scheduled.run(context).detail == "8 tickets compared, 0 gone, 0 read."
    jira.issues.clear()
    assert "none was marked as gone" in scheduled.run(context).detail
    assert "reads nothing" in asked.run(replace(context, dry_run=True)).detail
    assert (asked.name, asked.run(context).detail) == ("sweep-all-the-same", "0 tickets compared, 8 gone, 0 read.")
