"""The client, the sync and the sweep against the practice Jira over real HTTP, both flavours, faults and all."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from interlock.domain.policy import Policy, Team, TeamMatch, Tickets
from interlock.jobs import sweep, sync
from interlock.store.engine import Store
from interlock.store.ticket import (
    TicketChangeRow,
    TicketLabelRow,
    TicketLinkRow,
    TicketRow,
    TicketVersionRow,
    VersionRow,
)
from interlock.trackers.errors import TrackerError
from interlock.trackers.jira import JiraTracker
from interlock.usecases.sync import as_of
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.gate import Gate
from sandbox.jira.app import build
from sandbox.jira.model import Flavour, Site
from sandbox.jira.store import Store as Jira
from sandbox.requestlog import RequestLog
from sandbox.serving import Server, bind
from sandbox.world.files import load
from sandbox.world.tickets import generate

TOKEN = "practice-jira-token"
TODAY = date(2026, 11, 23)
RECORDED = Path(__file__).parents[2] / "../shared/data/jira"


class Practice:
    """A practice Jira of one flavour that answers on a port of its own."""

    def __init__(self, site: Site, flavour: Flavour) -> None:
        self.jira = Jira(site)
        self.faults = Faults()
        self.log = RequestLog()
        self.cloud = flavour == "cloud"
        self.path = "/rest/api/2/search/jql" if self.cloud else "/rest/api/2/search"
        gate = Gate(build(self.jira, flavour=flavour), "jira", self.faults, self.log)
        self._server = Server(gate, bind(0), before_stop=self.faults.release).start()
        self.policy = Policy(
            time_zone="UTC",
            calendar="uk",
            calendars={},
            tickets=Tickets(projects=tuple(project.key for project in site.projects)),
            teams={
                project.key: Team(name=project.key, match=TeamMatch(projects=(project.key,)))
                for project in site.projects
            },
        )
        self.email = "interlock@practice.example" if self.cloud else None
        self.tracker = self.client(self.email, TOKEN)
        self._seconds = count()

    def clock(self) -> datetime:
        """A second passes between any two looks at it."""
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC) + timedelta(seconds=next(self._seconds))

    def client(self, email: str | None, token: str) -> JiraTracker:
        return JiraTracker(self._server.url, email, token, self.policy.tickets, sleep=lambda _: None, read_seconds=0.5)

    def fault(self, fault: FaultKind, count: int = 1) -> None:
        self.faults.plan(Fault(service="jira", method=f"POST {self.path}", fault=fault, count=count, retry_after=0.01))

    def stop(self) -> None:
        self.tracker.close()
        self._server.stop()


@pytest.fixture(params=["cloud", "datacenter"])
def practice(request: pytest.FixtureRequest) -> Iterator[Practice]:
    served = Practice(generate(TODAY), request.param)
    yield served
    served.stop()


def mirrored(store: Store) -> dict[str, tuple[str, str]]:
    with store.read() as session:
        rows = session.exec(select(TicketRow).where(col(TicketRow.deleted_at).is_(None)))
        return {row.key: (row.summary, row.status) for row in rows}


def served(practice: Practice) -> dict[str, tuple[str, str]]:
    return {ticket.key: (ticket.summary or "", ticket.status.name) for ticket in practice.jira.tickets.values()}


def test_the_seeded_world_is_mirrored(sqlite_store: Store, practice: Practice) -> None:
    done = sync.run(sqlite_store, practice.policy, practice.tracker, practice.clock, page_size=40)
    assert mirrored(sqlite_store) == served(practice)
    assert done.missing == ()
    tickets = practice.jira.tickets.values()
    with sqlite_store.read() as session:
        rows = session.exec(select(TicketRow)).all()
        assert sum(row.flagged for row in rows) == sum(ticket.flagged for ticket in tickets)
        assert sum(row.security_level is not None for row in rows) == sum(t.security is not None for t in tickets)
        assert all(row.changes_complete for row in rows)
        told = session.exec(select(func.count()).select_from(TicketLinkRow)).one()
        assert told == sum(len(ticket.links) for ticket in tickets)
        assert session.exec(select(func.count()).select_from(TicketChangeRow)).one() > 0


@pytest.mark.parametrize("fault", ["429", "500", "timeout", "drop_before", "drop_after", "malformed"])
def test_a_fault_is_ridden_out(sqlite_store: Store, practice: Practice, fault: FaultKind) -> None:
    practice.fault(fault, 2)
    sync.run(sqlite_store, practice.policy, practice.tracker, practice.clock, page_size=100)
    assert mirrored(sqlite_store) == served(practice)


def test_an_outage_stops_the_run_and_the_next_goes_on(sqlite_store: Store, practice: Practice) -> None:
    def break_it(progress: sync.Progress) -> None:
        if progress.read > 100:
            practice.fault("500", 5)

    with pytest.raises(TrackerError):
        sync.run(sqlite_store, practice.policy, practice.tracker, practice.clock, page_size=50, on_progress=break_it)
    assert 100 < len(mirrored(sqlite_store)) < len(served(practice))
    assert as_of(sqlite_store) is None
    practice.faults.clear()
    done = sync.run(sqlite_store, practice.policy, practice.tracker, practice.clock, page_size=50)
    assert done.since is not None
    assert mirrored(sqlite_store) == served(practice)


def test_changes_made_while_it_reads_are_not_lost(sqlite_store: Store, practice: Practice) -> None:
    """People move, flag, delete and create while pages are read; sync and sweep together leave nothing out."""
    keys = sorted(served(practice))
    stop = Event()

    def meddle() -> None:
        for number, key in enumerate(keys):
            if stop.wait(0.002):
                return
            if number % 7 == 3:
                practice.jira.delete(key, "rita")
            elif number % 7 == 5:
                practice.jira.create("DATA", f"New {number}", "rita")
            else:
                practice.jira.edit(key, "rita", summary=f"Edited {number}")

    people = Thread(target=meddle)
    people.start()
    sync.run(sqlite_store, practice.policy, practice.tracker, practice.clock, page_size=20)
    stop.set()
    people.join()
    sync.run(sqlite_store, practice.policy, practice.tracker, practice.clock, page_size=20)
    sweep.run(sqlite_store, practice.policy, practice.tracker, practice.clock, allow_many=True)
    assert mirrored(sqlite_store) == served(practice)


def test_moves_and_deletions_are_found(sqlite_store: Store, practice: Practice) -> None:
    sync.run(sqlite_store, practice.policy, practice.tracker, practice.clock)
    one, other = sorted(key for key in served(practice) if key.startswith("DATA-"))[:2]
    practice.jira.move(one, "ML", "rita")
    practice.jira.delete(other, "rita")
    sync.run(sqlite_store, practice.policy, practice.tracker, practice.clock)
    swept = sweep.run(sqlite_store, practice.policy, practice.tracker, practice.clock)
    assert swept.gone == 1
    assert mirrored(sqlite_store) == served(practice)


def test_a_comment_is_written_once_even_when_the_answer_is_lost(practice: Practice) -> None:
    key = next(iter(served(practice)))
    faults: tuple[FaultKind, ...] = ("drop_after", "timeout_after", "malformed")
    for fault in faults:
        practice.faults.plan(Fault(service="jira", method="POST */comment", fault=fault))
        with pytest.raises(TrackerError) as caught:
            practice.tracker.comment(key, f"Verified: {fault}")
        assert not caught.value.permanent
    written = [comment.body for comment in practice.jira.site.comments[practice.jira.get(key).id]]
    assert Counter(body for body in written if body.startswith("Verified")) == Counter(
        {"Verified: drop_after": 1, "Verified: timeout_after": 1, "Verified: malformed": 1}
    )


def test_who_is_asking(practice: Practice) -> None:
    greeting = practice.tracker.greet()
    assert greeting.cloud is practice.cloud
    assert greeting.missing == ()


def test_the_wrong_token_is_named(sqlite_store: Store, practice: Practice) -> None:
    stranger = practice.client(practice.email, "stolen")
    with pytest.raises(TrackerError, match="JIRA_TOKEN"):
        sync.run(sqlite_store, practice.policy, stranger, practice.clock)
    stranger.close()


def test_the_wrong_flavour_is_named(practice: Practice) -> None:
    mistaken = practice.client(None if practice.cloud else "interlock@practice.example", TOKEN)
    with pytest.raises(TrackerError, match="JIRA_EMAIL"):
        mistaken.greet()
    mistaken.close()


def test_only_what_is_needed_is_asked_for(sqlite_store: Store, practice: Practice) -> None:
    sync.run(sqlite_store, practice.policy, practice.tracker, practice.clock)
    asked = practice.log.listed(service="jira", method=f"POST {practice.path}")
    assert asked
    assert not {"description", "comment", "*all", "*navigable"} & {
        name for call in asked for name in call["args"]["fields"]
    }


@pytest.fixture(scope="module")
def real_site() -> Site:
    if not RECORDED.is_dir():
        pytest.skip("the real tickets are not on this machine")
    return load(RECORDED / "tidev.jsonl.gz")


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_all_real_tickets(sqlite_store: Store, real_site: Site, flavour: Flavour) -> None:
    """Counted independently, straight from the file."""
    served = Practice(real_site, flavour)
    try:
        done = sync.run(sqlite_store, served.policy, served.tracker, served.clock)
    finally:
        served.stop()
    assert done.read >= 29_057
    rows, links, versions, labels, flagged, unnamed = _count(RECORDED / "tidev.jsonl.gz")
    with sqlite_store.read() as session:
        found = session.exec(select(TicketRow)).all()
        assert {row.key: (row.summary, row.category, row.updated) for row in found} == rows
        assert sum(row.flagged for row in found) == flagged
        assert sum(row.summary == "" for row in found) == unnamed
        assert session.exec(select(func.count()).select_from(TicketLinkRow)).one() == links
        assert session.exec(select(func.count()).select_from(TicketVersionRow)).one() == versions
        assert session.exec(select(func.count()).select_from(TicketLabelRow)).one() == labels
        by_name = Counter(session.exec(select(VersionRow.name)))
        assert sum(1 for times in by_name.values() if times > 1) >= 72


def _count(path: Path) -> tuple[dict[str, tuple[str, str, datetime]], int, int, int, int, int]:
    rows: dict[str, tuple[str, str, datetime]] = {}
    links = versions = labels = flagged = unnamed = 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            issue: dict[str, Any] = json.loads(line)
            fields = issue["fields"]
            updated = datetime.strptime(fields["updated"], "%Y-%m-%dT%H:%M:%S.%f%z")
            rows[issue["key"]] = (fields.get("summary", ""), fields["status"]["statusCategory"]["key"], updated)
            links += len(
                {
                    (each[f"{side}Issue"]["id"], each["type"][side])
                    for each in fields["issuelinks"]
                    for side in ("inward", "outward")
                    if f"{side}Issue" in each
                }
            )
            versions += len(fields.get("fixVersions", []))
            labels += len(fields["labels"])
            flagged += fields["flagged"]
            unnamed += "summary" not in fields
    return rows, links, versions, labels, flagged, unnamed
