"""A replica whose clock is not the database's takes nothing, says so, and goes on once they agree."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.http.health import Health
from interlock.domain.calendar import WorkCalendar
from interlock.domain.outbox import Dropped, Message, Outgoing, Sent
from interlock.domain.pacing import UNLIMITED
from interlock.domain.policy import JobRule, Policy, Tickets
from interlock.jobs.clock import ClockWatch
from interlock.jobs.job import Job, JobReport
from interlock.jobs.relay import Relay
from interlock.jobs.slots import JobRunner
from interlock.store import clock as clocks
from interlock.store.engine import Store
from interlock.store.outbox import enqueue

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.postgres


class Clock:
    """A machine's, which may be wrong."""

    def __init__(self) -> None:
        self.off = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off  # noqa: TID251 the database's cannot be set


class Slack:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, message: Message) -> Sent | Dropped:
        self.sent.append(message.key)
        return Sent(channel="C", ts="1.1")

    def find(self, message: Message) -> Sent | None:
        raise AssertionError(message)


@pytest.fixture
def replicated(postgres_url: str) -> Iterator[Store]:
    store = Store(postgres_url)
    yield store
    store.close()


@pytest.mark.parametrize("off", [-HOUR, timedelta(seconds=-5), timedelta(), timedelta(seconds=5), HOUR])
def test_the_difference_is_measured(replicated: Store, off: timedelta) -> None:
    clock = Clock()
    clock.off = off
    with replicated.read() as session:
        # As far as the answer's way allows, it is no more than what it is.
        assert abs(clocks.skew(session, clock) - off) < timedelta(seconds=1)


def test_what_the_answer_took_counts_for_nothing(replicated: Store) -> None:
    now = Clock()()
    times = iter([now - HOUR, now + HOUR])
    with replicated.read() as session:
        assert clocks.skew(session, lambda: next(times)) == timedelta()


def test_sqlite_has_no_clock_but_its_hosts(sqlite_store: Store) -> None:
    with sqlite_store.read() as session:
        assert clocks.skew(session, lambda: datetime(2000, 1, 1, tzinfo=UTC)) == timedelta()


@pytest.mark.parametrize("off", [-HOUR, HOUR])
def test_nothing_is_taken_by_a_wrong_clock(replicated: Store, off: timedelta) -> None:
    clock, slack, ran = Clock(), Slack(), []
    watch = ClockWatch(clock)

    def run(_context: object) -> JobReport:
        ran.append(clock())
        return JobReport()

    policy = Policy(
        time_zone="UTC",
        calendar="uk",
        calendars={"uk": WorkCalendar(time_zone="Europe/London")},
        tickets=Tickets(projects=("DATA",)),
        jobs={"sync": JobRule(every_minutes=1)},
    )
    relay = Relay(replicated, slack, clock=clock, owner="one", rates=UNLIMITED, trusts=watch.trusts)
    runner = JobRunner(replicated, policy, [Job(name="sync", run=run)], clock, "one", watch.trusts)
    post = Outgoing(key="p", kind="digest", ids={}, channel="C0GENERAL", not_after=clock() + 24 * HOUR)
    with replicated.write() as session:
        enqueue(session, post, clock() - 24 * HOUR)

    clock.off = off
    with capture_logs() as log:
        assert relay.run_once() == 0
        assert runner.run_due(clock()) == ()
    assert (slack.sent, ran) == ([], [])
    assert [(line["event"], line["log_level"]) for line in log] == [("clock.wrong", "error")]

    def check() -> str | None:
        with replicated.read() as session:
            return watch.complaint(session)

    side = "ahead of" if off > timedelta() else "behind"
    assert f"clock is 3600 seconds {side} the database's" in Health(checks={"clock": check}).reasons()["clock"]

    before, clock.off = clock(), timedelta()
    if off > timedelta():
        assert runner.run_due(before) == (), "it was read while the clock was ahead"
    assert relay.run_once() == 1
    assert len(runner.run_due(clock())) == 1
    assert Health(checks={"clock": check}).reasons() == {}


@pytest.mark.parametrize(
    ("ago", "trusted"),
    [
        (timedelta(), True),
        (timedelta(seconds=50), True),
        (timedelta(seconds=70), False),
        (timedelta(seconds=-1), True),
        (-HOUR, False),
        (HOUR, False),
    ],
)
def test_what_a_wrong_clock_read_is_not_leased_by_once_it_is_right(
    replicated: Store,
    ago: timedelta,
    trusted: bool,  # noqa: FBT001 a table
) -> None:
    clock = Clock()
    with replicated.read() as session:
        assert ClockWatch(clock).trusts(session, clock() - ago) is trusted
