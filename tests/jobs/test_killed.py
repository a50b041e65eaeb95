"""kill -9 at every point of a slot and of a send, on both engines: nothing is lost and nothing is doubled.

This file is also the program that is killed: `python test_killed.py PLAN` runs a digest job of so many channels and
relays what it made to a small server that remembers.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from time import monotonic

import pytest
from sqlmodel import Session, select

from interlock.domain.calendar import WorkCalendar
from interlock.domain.outbox import Message, Outgoing, Sent
from interlock.domain.pacing import UNLIMITED
from interlock.domain.policy import JobRule, Policy, Tickets
from interlock.domain.slot import Missed
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.jobs.relay import Relay
from interlock.jobs.slots import JobRunner
from interlock.store import slot as slots
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, enqueue

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
JOB = "daily-digest"
LATER = 120.0
"""Seconds after which each lease of a dead process has run out."""


@dataclass(frozen=True)
class Plan:
    """What a process is told. `die`: "before commit 3", "after commit 3", "before send 2", "during send 2" (the request
    is out, its answer not read), "after send 2", or "" to live. `offset` seconds after nine it believes to start."""

    url: str
    port: int
    owner: str
    channels: int = 3
    die: str = ""
    offset: float = 0.0


# --- the program ----------------------------------------------------------------------------------------------------


class Fate:
    def __init__(self, die: str) -> None:
        self._die = die

    def meet(self, point: str) -> None:
        if point == self._die:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalStore(Store):
    """Counts its commits and dies around one of them."""

    def __init__(self, url: str, fate: Fate) -> None:
        super().__init__(url)
        self._fate = fate
        self._commits = 0

    @contextmanager
    def write(self) -> Iterator[Session]:
        with super().write() as session:
            yield session
            self._commits += 1
            number = self._commits
            self._fate.meet(f"before commit {number}")
        self._fate.meet(f"after commit {number}")


class HttpSender:
    def __init__(self, port: int, fate: Fate) -> None:
        self._port = port
        self._fate = fate
        self._sends = 0

    def send(self, message: Message) -> Sent:
        self._sends += 1
        self._fate.meet(f"before send {self._sends}")
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        connection.request("POST", "/", json.dumps({"token": message.token, "channel": message.channel}))
        self._fate.meet(f"during send {self._sends}")
        ts = json.loads(connection.getresponse().read())["ts"]
        connection.close()
        self._fate.meet(f"after send {self._sends}")
        return Sent(channel=message.channel, ts=ts)

    def find(self, message: Message) -> Sent | None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        connection.request("GET", f"/{message.token}")
        ts = json.loads(connection.getresponse().read())["ts"]
        connection.close()
        return None if ts is None else Sent(channel=message.channel, ts=ts)


def program(plan: Plan) -> None:
    fate = Fate(plan.die)
    store = MortalStore(plan.url, fate)
    started = monotonic()

    def clock() -> datetime:
        return MONDAY + timedelta(seconds=plan.offset + monotonic() - started)

    def digest(context: JobContext) -> JobReport:
        for number in range(plan.channels):
            channel = f"C{number}"
            post = Outgoing(
                key=f"{context.slot.key}:{channel}",
                kind="digest",
                ids={},
                channel=channel,
                not_after=context.slot.due_at + timedelta(hours=3),
            )
            with store.write() as session:
                enqueue(session, post, context.now)
        return JobReport(detail=f"{plan.channels} posts")

    policy = Policy(
        time_zone="UTC",
        calendar="uk",
        calendars={"uk": WorkCalendar(time_zone="Europe/London")},
        tickets=Tickets(projects=("DATA",)),
        jobs={JOB: JobRule(at=time(9, 0), time_zone="UTC")},
    )
    JobRunner(store, policy, [Job(name=JOB, run=digest)], clock, plan.owner).run_due(clock())
    relay = Relay(store, HttpSender(plan.port, fate), clock=clock, owner=plan.owner, rates=UNLIMITED)
    while relay.run_once():
        pass
    store.close()


# --- the tests ------------------------------------------------------------------------------------------------------


class Slack:
    """Remembers every post, in a process that nobody kills."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str]] = []
        self._lock = Lock()

    def post(self, token: str, channel: str) -> str:
        with self._lock:
            self.posts.append((token, channel))
            return f"{len(self.posts)}.0"

    def find(self, token: str) -> str | None:
        with self._lock:
            places = [place for place, (posted, _) in enumerate(self.posts) if posted == token]
        return f"{places[0] + 1}.0" if places else None

    def until(self, count: int) -> None:
        deadline = monotonic() + 20
        while len(self.posts) < count:
            assert monotonic() < deadline, "the post did not arrive"
            Event().wait(0.01)


class SlackServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, slack: Slack) -> None:
        super().__init__(("127.0.0.1", 0), SlackHandler)
        self.slack = slack


class SlackHandler(BaseHTTPRequestHandler):
    server: SlackServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(self.server.slack.post(body["token"], body["channel"]))

    def do_GET(self) -> None:
        self._answer(self.server.slack.find(self.path[1:]))

    def _answer(self, ts: str | None) -> None:
        body = json.dumps({"ts": ts}).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            pass  # its caller was killed meanwhile

    def log_message(self, *_args: object) -> None:
        """Silent: the test says what matters."""


@dataclass
class Scene:
    url: str
    slack: Slack
    port: int

    def begin(self, plan: Plan) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, __file__, json.dumps(asdict(plan))], stdout=subprocess.DEVNULL)

    def kill(self, die: str, *, channels: int = 3, offset: float = 0.0) -> None:
        """Run the program until it dies, and wait until what it sent last has arrived."""
        before = len(self.slack.posts)
        plan = Plan(url=self.url, port=self.port, owner=f"killed{offset}", channels=channels, die=die, offset=offset)
        assert self.begin(plan).wait(60) == -signal.SIGKILL, die
        if die.startswith("during send "):
            self.slack.until(before + int(die.removeprefix("during send ")))

    def rescue(self, *, channels: int = 3, offset: float = LATER) -> None:
        """The next process, which lives: in this one, for speed."""
        program(Plan(url=self.url, port=self.port, owner=f"rescuer{offset}", channels=channels, offset=offset))

    def expect_each_channel_once(self, channels: int) -> None:
        assert sorted(channel for _, channel in self.slack.posts) == sorted(f"C{number}" for number in range(channels))
        store = Store(self.url)
        with store.read() as session:
            rows = session.exec(select(OutboxRow)).all()
            firing = slots.newest(session, JOB)
        store.close()
        assert {row.state for row in rows} == {"sent"}
        assert len(rows) == channels
        assert firing is not None
        assert (firing.slot.due_at, firing.outcome) == (MONDAY, "done")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    slack = Slack()
    server = SlackServer(slack)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    url: str = request.getfixturevalue(f"{request.param}_url")
    store = Store(url)
    with store.write() as session:
        # The job is known: a new one would leave alone what was due before it came.
        friday = MONDAY - timedelta(days=3)
        slots.record_missed(session, JOB, Missed(first=friday, last=friday, count=1), friday)
    store.close()
    yield Scene(url=url, slack=slack, port=server.server_address[1])
    server.shutdown()
    server.server_close()
    thread.join()


POINTS = [
    ("before commit 1", "the slot is claimed, not committed"),
    ("after commit 1", "the slot is claimed"),
    ("before commit 3", "half the digest is in the outbox"),
    ("after commit 4", "all of it is, the slot is not done"),
    ("after commit 5", "the slot is done"),
    ("before commit 6", "messages are leased, not committed"),
    ("after commit 6", "messages are leased"),
    ("before commit 7", "the attempt is recorded, not committed"),
    ("after commit 7", "the attempt is recorded"),
    ("before send 1", "the attempt is recorded, the call not begun"),
    ("during send 1", "the call is out, its answer unknown"),
    ("after send 1", "it is sent"),
    ("before commit 8", "it is sent, the outcome not committed"),
    ("after commit 8", "the outcome is recorded"),
    ("during send 3", "the last call is out, its answer unknown"),
]


@pytest.mark.parametrize(("die", "what"), POINTS)
def test_killed_once(scene: Scene, die: str, what: str) -> None:
    """`what` is the state that the death leaves."""
    scene.kill(die)
    scene.rescue()
    scene.expect_each_channel_once(3)


def test_a_digest_of_thirty_channels_killed_again_and_again(scene: Scene) -> None:
    deaths = [
        "after commit 1",
        "before commit 14",
        "after commit 31",
        "during send 4",
        "before commit 9",
        "after send 7",
        "after commit 16",
        "during send 6",
    ]
    for number, die in enumerate(deaths):
        scene.kill(die, channels=30, offset=number * LATER)
    scene.rescue(channels=30, offset=len(deaths) * LATER)
    scene.expect_each_channel_once(30)


def test_processes_side_by_side_do_the_job_once_and_send_each_message_once(scene: Scene) -> None:
    plans = [Plan(url=scene.url, port=scene.port, owner=f"process{number}", channels=30) for number in range(3)]
    processes = [scene.begin(plan) for plan in plans]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    scene.rescue(channels=30)  # whoever came last found the rest held by another
    scene.expect_each_channel_once(30)


if __name__ == "__main__":
    program(Plan(**json.loads(sys.argv[1])))
