"""A claim proved by a comment in the practice Jira, over real HTTP, both flavours."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import requests
from sqlmodel import select

from interlock.domain.link import LinkRequest
from interlock.domain.slot import Slot
from interlock.jobs import link as job
from interlock.jobs.job import JobContext, JobStoppedError
from interlock.store import directory
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.ticket import AccountRow
from interlock.trackers.errors import TrackerError
from interlock.trackers.jira import JiraTracker
from interlock.usecases import link
from sandbox.faults import Fault, Faults
from sandbox.gate import Gate
from sandbox.jira.app import build
from sandbox.jira.model import Flavour
from sandbox.jira.store import Store as Jira
from sandbox.requestlog import RequestLog
from sandbox.serving import Server, bind
from sandbox.world.tickets import generate
from tests.builders import POLICY, actor, people

KEY = "DATA-125"


class Office:
    """A practice Jira of one flavour, and Nia, whom nothing links to her account in it."""

    def __init__(self, store: Store, flavour: Flavour) -> None:
        self.store = store
        self.jira = Jira(generate(date(2026, 11, 23)))
        self.faults = Faults()
        gate = Gate(build(self.jira, flavour=flavour), "jira", self.faults, RequestLog())
        self._server = Server(gate, bind(0), before_stop=self.faults.release).start()
        self.url = self._server.url
        email = "interlock@practice.example" if flavour == "cloud" else None
        self.tracker = JiraTracker(
            self.url, email, "practice-jira-token", POLICY.tickets, sleep=lambda _: None, read_seconds=0.5
        )
        self.account = "acc-nia" if flavour == "cloud" else "nia"
        with store.write() as session:
            people(session, groups_as_of=self.now())
            session.add(AccountRow(id=self.account, name="Nia Brook"))

    def now(self) -> datetime:
        """As the practice Jira's clock has it."""
        return datetime.fromtimestamp(self.jira.now() / 1000, UTC)

    def claim(self) -> LinkRequest:
        claimed = link.claim(self.store, POLICY, actor("NOMAIL"), "Nia Brook", self.now())
        assert isinstance(claimed, LinkRequest)
        return claimed

    def comment(self, by: str, text: str, key: str = KEY) -> None:
        """As a person does on the ticket's page."""
        form = {"comment": "yes", "by": by, "body": text}
        assert requests.post(f"{self.url}/browse/{key}", data=form, timeout=20).ok

    def check(self, key: str = KEY) -> None:
        assert isinstance(link.check(self.store, POLICY, actor("NOMAIL"), key, self.now()), LinkRequest)

    def run(self) -> str:
        return job.run(self.store, POLICY, self.tracker, self.now)

    def linked(self) -> tuple[str | None, str | None]:
        with self.store.read() as session:
            nia = session.get_one(PersonRow, "U0NOMAIL")
            return nia.account_id, nia.linked_by

    def told(self) -> list[str]:
        with self.store.read() as session:
            rows = session.exec(select(OutboxRow).where(OutboxRow.kind == "link.note")).all()
            return [row.ids["outcome"] for row in rows]

    def stop(self) -> None:
        self.tracker.close()
        self._server.stop()


@pytest.fixture(params=["cloud", "datacenter"])
def office(request: pytest.FixtureRequest, sqlite_store: Store) -> Iterator[Office]:
    opened = Office(sqlite_store, request.param)
    yield opened
    opened.stop()


def test_a_comment_of_the_accounts_own_proves_it(office: Office) -> None:
    code = office.claim().code
    office.comment("tom", f"What is {code}?")
    office.comment("nia", code)
    assert office.run() == "0 claims looked into, 0 verified."
    office.check()
    assert office.run() == "1 claim looked into, 1 verified."
    assert office.linked() == (office.account, "comment")
    assert office.told() == ["verified"]
    assert office.run() == "0 claims looked into, 0 verified."


def test_somebody_elses_comment_does_not(office: Office) -> None:
    office.comment("tom", office.claim().code)
    office.check()
    assert office.run() == "1 claim looked into, 0 verified."
    assert office.linked() == (None, None)
    assert office.told() == ["another"]


def test_a_comment_on_another_ticket_is_not_found_nor_is_a_ticket_that_jira_does_not_show(office: Office) -> None:
    office.comment("nia", office.claim().code)
    for key in ("DATA-126", "NOSUCH-1"):
        office.check(key)
        office.run()
    assert office.told() == ["missing", "missing"]


def test_it_is_found_behind_many_later_comments(office: Office) -> None:
    code = office.claim().code
    office.comment("nia", code)
    for number in range(205):
        office.jira.comment(KEY, f"Number {number}", "tom")
    office.check()
    office.run()
    assert office.told() == ["verified"]


@pytest.mark.parametrize("count", [2, 50])
def test_faults_are_ridden_out_or_waited_for(office: Office, count: int) -> None:
    office.comment("nia", office.claim().code)
    office.check()
    path = f"GET /rest/api/2/issue/{KEY}/comment"
    office.faults.plan(Fault(service="jira", method=path, fault="500", count=count))
    if count == 2:
        office.run()
        assert office.told() == ["verified"]
        return
    with pytest.raises(TrackerError):
        office.run()
    assert (office.linked(), office.told()) == ((None, None), [])
    office.faults.clear()
    office.run()
    assert office.told() == ["verified"]


def test_what_ran_out_is_told_without_asking(office: Office) -> None:
    request = office.claim()
    office.check()
    late = request.expires_at + timedelta(minutes=1)
    with office.store.write() as session:
        directory.fresh(session, "groups", late)
        directory.fresh(session, "people", late)
    office.stop()
    assert job.run(office.store, POLICY, office.tracker, lambda: late) == "1 claim looked into, 0 verified."
    assert office.told() == ["expired"]


def test_a_dry_run_looks_at_nothing_and_a_stopped_run_leaves_the_claim(office: Office) -> None:
    office.comment("nia", office.claim().code)
    office.check()
    whole = job.job(office.store, POLICY, office.tracker, office.now)
    slot = Slot(job="links", due_at=office.now())

    def stop(_text: str) -> None:
        raise JobStoppedError("It stops.")

    whole.run(JobContext(now=office.now(), slot=slot, progress=stop, dry_run=True))
    with pytest.raises(JobStoppedError):
        whole.run(JobContext(now=office.now(), slot=slot, progress=stop))
    assert office.told() == []
    whole.run(JobContext(now=office.now(), slot=slot, progress=lambda _: None))
    assert office.told() == ["verified"]
