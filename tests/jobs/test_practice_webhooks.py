"""What the practice Jira pushes is taken over as it comes: late, twice, the newest first."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from sqlmodel import col, select
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from interlock.domain.policy import Policy, Tickets
from interlock.jobs import sync
from interlock.jobs.webhook import Receipt, receive
from interlock.store.engine import Store
from interlock.store.ticket import TicketLinkRow, TicketRow
from interlock.trackers.jira import JiraTracker
from sandbox.jira.app import build
from sandbox.jira.model import Flavour
from sandbox.jira.store import Store as Jira
from sandbox.jira.webhooks import Webhooks
from sandbox.serving import Server, bind
from sandbox.world.tickets import generate

STATUS = {Receipt.TAKEN: 200, Receipt.FORGED: 401, Receipt.UNREADABLE: 400, Receipt.LATER: 503}


class Office:
    """A practice Jira, our door beside it, and a mirror that was in step when it opened."""

    def __init__(self, store: Store, flavour: Flavour) -> None:
        self.store = store
        self.jira = Jira(generate(date(2026, 11, 23)))
        keys = tuple(project.key for project in self.jira.site.projects)
        self.policy = Policy(time_zone="UTC", calendar="uk", calendars={}, tickets=Tickets(projects=keys))
        bound = bind(0)
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        routes = [Route("/door", self._door, methods=["POST"]), Mount("/", build(self.jira, flavour=flavour))]
        self._server = Server(Starlette(routes=routes), bound).start()
        email = "interlock@practice.example" if flavour == "cloud" else None
        self.tracker = JiraTracker(url, email, "practice-jira-token", self.policy.tickets)
        self._seconds = count()
        sync.run(store, self.policy, self.tracker, self.clock)
        self.webhooks = Webhooks(self.jira, urls=[f"{url}/door"], flavour=flavour, retry_delays=(0.05,)).start()

    def clock(self) -> datetime:
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC) + timedelta(seconds=next(self._seconds))

    async def _door(self, request: Request) -> Response:
        body = await request.body()
        receipt = await run_in_threadpool(
            receive,
            self.store,
            self.policy,
            self.tracker,
            self.clock,
            body=body,
            signature=request.headers.get("X-Hub-Signature"),
            identifier=request.headers.get("X-Atlassian-Webhook-Identifier"),
            secrets=["practice-webhook-secret"],
        )
        return Response(status_code=STATUS[receipt])

    def mirrored(self) -> dict[str, tuple[str, str, bool, str | None]]:
        with self.store.read() as session:
            rows = session.exec(select(TicketRow).where(col(TicketRow.deleted_at).is_(None)))
            return {row.key: (row.summary, row.status, row.flagged, row.assignee_id) for row in rows}

    def served(self) -> dict[str, tuple[str, str, bool, str | None]]:
        cloud = self.tracker.cloud
        return {
            ticket.key: (
                ticket.summary or "",
                ticket.status.name,
                ticket.flagged,
                None if ticket.assignee is None else ticket.assignee.account_id if cloud else ticket.assignee.name,
            )
            for ticket in self.jira.tickets.values()
        }

    def wait_until_in_step(self) -> None:
        ends = time.monotonic() + 30
        while self.mirrored() != self.served():
            assert time.monotonic() < ends, set(self.mirrored().items()) ^ set(self.served().items())
            time.sleep(0.02)

    def stop(self) -> None:
        self.webhooks.stop()
        self.tracker.close()
        self._server.stop()


@pytest.fixture(params=["cloud", "datacenter"])
def office(request: pytest.FixtureRequest, sqlite_store: Store) -> Iterator[Office]:
    opened = Office(sqlite_store, request.param)
    yield opened
    opened.stop()


def a_busy_morning(jira: Jira) -> None:
    one, other, third, fourth, *_ = sorted(
        ticket.key for ticket in jira.tickets.values() if ticket.project.key == "DATA"
    )
    jira.transition(one, "In Progress", "ravi")
    jira.edit(one, "ravi", summary="Renamed")
    jira.edit(one, "ravi", summary="Renamed again")
    jira.assign(other, "ravi", "ana")
    jira.assign(other, None, "ana")
    jira.flag(other, "ana")
    jira.delete(third, "rita")
    jira.move(fourth, "ML", "rita")
    created = jira.create("PAY", "A new one", "jon")
    jira.link(one, "Blocks", created.key, "jon")


def test_as_it_comes(office: Office) -> None:
    a_busy_morning(office.jira)
    office.wait_until_in_step()


def test_twice_and_the_newest_first(office: Office) -> None:
    office.webhooks.repeat(20)
    office.webhooks.hold()
    a_busy_morning(office.jira)
    office.webhooks.release(newest_first=True)
    office.wait_until_in_step()


def test_a_link_reaches_both_its_ends(office: Office) -> None:
    one, other = sorted(key for key in office.served() if key.startswith("ML-"))[:2]
    office.jira.link(one, "Blocks", other, "noor")
    ids = {str(office.jira.get(one).id): "blocks", str(office.jira.get(other).id): "blocked_by"}
    ends = time.monotonic() + 30
    while True:
        with office.store.read() as session:
            rows = session.exec(select(TicketLinkRow).where(col(TicketLinkRow.ticket_id).in_(list(ids))))
            found = {row.ticket_id: row.relation for row in rows if row.other_id in ids}
        if found == ids:
            return
        assert time.monotonic() < ends, found
        time.sleep(0.02)
