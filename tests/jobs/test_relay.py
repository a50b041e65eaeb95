"""The relay against a Slack that remembers: what is sent, in which order, and what becomes of what is not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import Session, col, select

from interlock.domain.delivery import Rules
from interlock.domain.outbox import Deferred, DeliveryError, Dropped, Message, Outgoing, Sent, Urgency
from interlock.domain.pacing import SLACK, UNLIMITED
from interlock.domain.slot import Slot
from interlock.jobs.job import JobContext
from interlock.jobs.relay import Relay, job
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, backlog, drop_parked, enqueue, parked, release_parked
from interlock.store.outbox_relay import begin
from interlock.store.pacing import PacingRow

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
POST = Outgoing(key="p", kind="digest", ids={}, channel="C0GENERAL", not_after=NOW + timedelta(hours=3))
REFRESH = replace(POST, key="card:7", kind="signoff.card", coalesce="card:7")
BROKEN = DeliveryError("Slack broke.")
LOST = DeliveryError("No answer.", unknown_outcome=True)
REFUSED = DeliveryError("The bot is not in the channel. Invite it.", permanent=True)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class Slack:
    """A Sender: `calls` in order; `plan` says what the next calls come to, before the message stands or after."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.stands: dict[str, Sent] = {}
        self.keys: list[str] = []
        self.before: list[DeliveryError | Exception | Dropped | Deferred | None] = []
        self.after: list[DeliveryError | None] = []
        self.unreadable: list[DeliveryError | None] = []
        self.looked = 0
        self._lock = Lock()

    def send(self, message: Message) -> Sent | Dropped | Deferred:
        with self._lock:
            self.calls.append(message.key.partition("#")[0])
            outcome = self.before.pop(0) if self.before else None
            if isinstance(outcome, Exception):
                raise outcome
            if outcome is not None:
                return outcome
            sent = Sent(channel=message.channel, ts=f"{len(self.calls)}.0")
            self.stands[message.token] = sent
            self.keys.append(message.key)
            error = self.after.pop(0) if self.after else None
            if error is not None:
                raise error
            return sent

    def find(self, message: Message) -> Sent | None:
        self.looked += 1
        error = self.unreadable.pop(0) if self.unreadable else None
        if error is not None:
            raise error
        return self.stands.get(message.token)


class Office:
    """A store, a clock, a Slack and a relay between them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Clock()
        self.slack = Slack()
        self.told: list[tuple[str, str]] = []
        self.relay = self.hire("first")

    def hire(self, owner: str, *, limited: bool = False, rules: Rules | None = None) -> Relay:
        def on_parked(session: Session, message: Message, reason: str) -> None:
            assert session.in_transaction()
            self.told.append((message.key, reason))

        return Relay(
            self.store,
            self.slack,
            clock=self.clock,
            owner=owner,
            rules=rules,
            rates=SLACK if limited else UNLIMITED,
            on_parked=on_parked,
        )

    def add(self, outgoing: Outgoing) -> None:
        with self.store.write() as session:
            assert enqueue(session, outgoing, self.clock.now)

    def rows(self) -> dict[str, OutboxRow]:
        with self.store.read() as session:
            rows = session.exec(select(OutboxRow).order_by("id"))
            return {row.key.partition("#")[0]: row for row in rows}

    def row(self, key: str = "p") -> OutboxRow:
        return self.rows()[key]

    def run_until_idle(self, relay: Relay | None = None) -> None:
        while (relay or self.relay).run_once():
            pass


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


@pytest.fixture
def local(sqlite_store: Store) -> Office:
    """For what the engine has no part in."""
    return Office(sqlite_store)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come true"
        Event().wait(0.01)


@contextmanager
def running(*relays: Relay) -> Iterator[None]:
    for relay in relays:
        relay.start()
    try:
        yield
    finally:
        for relay in relays:
            assert relay.stop()


def test_a_message_is_sent_once_and_where_it_stands_is_kept(office: Office) -> None:
    office.add(POST)
    office.run_until_idle()
    office.run_until_idle()
    row = office.row()
    assert office.slack.calls == ["p"]
    assert (row.state, row.attempts, row.message_channel, row.message_ts) == ("sent", 1, "C0GENERAL", "1.0")
    assert (row.owner, row.lease_until) == (None, None)
    assert office.relay.tally.snapshot() == {"sent": 1}


def test_where_it_stands_reaches_the_caller_in_the_same_transaction(local: Office) -> None:
    stood: list[tuple[str, str]] = []

    def on_sent(session: Session, message: Message, sent: Sent) -> None:
        stood.append((session.exec(select(OutboxRow.state)).one(), sent.ts))

    local.add(POST)
    Relay(local.store, local.slack, clock=local.clock, owner="x", rates=UNLIMITED, on_sent=on_sent).run_once()
    assert stood == [("sent", "1.0")]


def test_nothing_goes_before_its_time(local: Office) -> None:
    local.add(replace(POST, not_before=NOW + timedelta(minutes=5)))
    local.run_until_idle()
    assert local.slack.calls == []
    local.clock.forward(minutes=5)
    local.run_until_idle()
    assert local.slack.calls == ["p"]


def test_what_is_late_is_dropped_with_the_reason(office: Office) -> None:
    for number in range(3):
        office.add(replace(POST, key=f"p{number}"))
    office.clock.forward(hours=3)
    office.run_until_idle()
    assert office.slack.calls == []
    assert {(row.state, row.reason) for row in office.rows().values()} == {("dropped", "Not sent in time.")}
    assert office.relay.tally.snapshot() == {"dropped": 3}


def test_what_the_state_no_longer_warrants_is_dropped(local: Office) -> None:
    local.slack.before = [Dropped(reason="cleared")]
    local.add(POST)
    local.run_until_idle()
    assert (local.row().state, local.row().reason) == ("dropped", "cleared")


def test_urgent_goes_first_and_then_the_oldest(office: Office) -> None:
    for number in range(3):
        office.add(replace(POST, key=f"routine{number}"))
    office.add(replace(POST, key="urgent", urgency=Urgency.URGENT))
    office.add(replace(POST, key="prompt", urgency=Urgency.PROMPT))
    office.run_until_idle()
    assert office.slack.calls == ["urgent", "prompt", "routine0", "routine1", "routine2"]


def test_an_urgent_refresh_overtakes_thousands(office: Office) -> None:
    with office.store.write() as session:
        for number in range(3000):
            enqueue(session, replace(POST, key=f"p{number}", channel=f"C{number % 40}"), NOW)
    office.add(replace(REFRESH, urgency=Urgency.URGENT))
    office.relay.run_once()
    assert office.slack.calls[0] == "card:7"


def test_a_channels_posts_keep_their_order_across_a_retry(office: Office) -> None:
    office.slack.before = [BROKEN]
    office.add(replace(POST, key="first"))
    office.add(replace(POST, key="second"))
    office.add(replace(POST, key="elsewhere", channel="C0INFRA"))
    office.run_until_idle()
    assert office.slack.calls == ["first", "elsewhere"]
    office.clock.forward(seconds=2)
    office.run_until_idle()
    assert office.slack.calls == ["first", "elsewhere", "first", "second"]


def test_a_message_that_cannot_be_sent_does_not_silence_its_channel(local: Office) -> None:
    local.slack.before = [BROKEN] * 4
    local.add(replace(POST, key="broken"))
    local.add(replace(POST, key="next"))
    for _ in range(4):
        local.run_until_idle()
        local.clock.forward(seconds=10)
    assert local.slack.calls[:5] == ["broken"] * 4 + ["next"]


def test_a_message_for_later_holds_nobody_back(local: Office) -> None:
    local.add(replace(POST, key="tomorrow", not_before=NOW + timedelta(hours=1)))
    local.add(replace(POST, key="now"))
    local.run_until_idle()
    assert local.slack.calls == ["now"]


def test_a_lost_answer_is_looked_up_after_a_grace_and_not_sent_again(office: Office) -> None:
    office.slack.after = [LOST]
    office.add(POST)
    office.run_until_idle()
    assert (office.row().state, office.slack.looked) == ("sending", 0)
    office.clock.forward(seconds=10)
    office.run_until_idle()
    assert (office.row().state, office.row().message_ts, office.slack.calls) == ("sent", "1.0", ["p"])
    assert office.relay.tally.snapshot() == {"retried": 1, "looked_up": 1, "found": 1}


def test_a_post_that_never_arrived_is_sent_again(office: Office) -> None:
    office.slack.before = [LOST]
    office.add(POST)
    office.run_until_idle()
    office.clock.forward(seconds=10)
    office.run_until_idle()
    assert (office.row().state, office.row().attempts, office.slack.calls) == ("sent", 2, ["p", "p"])
    assert len(office.slack.stands) == 1


def test_a_conversation_that_cannot_be_read_parks_the_post_and_says_so(office: Office) -> None:
    office.slack.after, office.slack.unreadable = [LOST], [REFUSED]
    office.add(POST)
    office.run_until_idle()
    office.clock.forward(seconds=10)
    office.run_until_idle()
    row = office.row()
    assert row.state == "parked"
    assert office.told == [("p", row.reason)]
    assert row.reason is not None
    assert row.reason.startswith("It may have been posted")
    assert office.slack.calls == ["p"]


def test_a_conversation_that_cannot_be_read_yet_is_read_later(local: Office) -> None:
    local.slack.after, local.slack.unreadable = [LOST], [BROKEN, BROKEN]
    local.add(POST)
    for _ in range(6):
        local.run_until_idle()
        local.clock.forward(minutes=1)
    assert (local.row().state, local.slack.looked, local.slack.calls) == ("sent", 3, ["p"])


def test_a_late_post_of_unknown_outcome_is_not_sent_again(local: Office) -> None:
    local.slack.before = [LOST]
    local.add(POST)
    local.run_until_idle()
    local.clock.forward(hours=4)
    local.run_until_idle()
    assert (local.row().state, local.slack.calls) == ("dropped", ["p"])


def test_a_permanent_refusal_is_parked_and_told_with_its_mend(office: Office) -> None:
    office.slack.before = [REFUSED]
    office.add(POST)
    office.run_until_idle()
    assert (office.row().state, office.row().reason) == ("parked", REFUSED.text)
    assert office.told == [("p", REFUSED.text)]
    with office.store.read() as session:
        [waiting] = parked(session)
    assert (waiting.message.key, waiting.reason) == ("p", REFUSED.text)


def test_a_parked_message_about_a_parked_message_tells_nobody(local: Office) -> None:
    local.slack.before = [REFUSED]
    local.add(replace(POST, kind="relay.parked"))
    local.run_until_idle()
    assert (local.row().state, local.told) == ("parked", [])


def test_a_parked_message_can_be_released_even_when_its_time_is_over(office: Office) -> None:
    office.slack.before = [REFUSED]
    office.add(POST)
    office.run_until_idle()
    office.clock.forward(days=1)
    with office.store.write() as session:
        row_id = parked(session)[0].message.id
        assert release_parked(session, row_id, office.clock.now)
        assert not release_parked(session, row_id, office.clock.now)
    office.run_until_idle()
    assert (office.row().state, office.slack.calls) == ("sent", ["p", "p"])


def test_a_released_refresh_joins_the_one_that_waits(local: Office) -> None:
    local.slack.before = [REFUSED]
    local.add(REFRESH)
    local.run_until_idle()
    local.add(REFRESH)
    with local.store.write() as session:
        assert release_parked(session, parked(session)[0].message.id, NOW)
    local.run_until_idle()
    assert local.slack.calls == ["card:7", "card:7"]


def test_a_parked_message_can_be_dropped(local: Office) -> None:
    local.slack.before = [REFUSED]
    local.add(POST)
    local.run_until_idle()
    with local.store.write() as session:
        row_id = parked(session)[0].message.id
        assert drop_parked(session, row_id, "It was posted by hand.")
        assert not drop_parked(session, row_id, "Twice.")
    assert (local.row().state, local.row().reason) == ("dropped", "It was posted by hand.")


def test_faults_are_retried_and_given_up_in_the_end(local: Office) -> None:
    local.slack.before = [BROKEN] * 50
    local.add(replace(POST, not_after=NOW + timedelta(days=1)))
    for _ in range(40):
        local.run_until_idle()
        local.clock.forward(minutes=5)
    assert (local.row().state, len(local.slack.calls)) == ("parked", 20)


def test_a_fault_of_our_own_is_bounded_and_never_doubles(local: Office) -> None:
    relay = local.hire("x", rules=Rules(attempts=3))
    local.slack.before = [KeyError("a view's fault"), None, *[KeyError("a view's fault")] * 10]
    local.add(POST)
    local.add(replace(POST, key="other", channel="C0INFRA"))
    for _ in range(10):
        local.run_until_idle(relay)
        local.clock.forward(minutes=1)
    assert (local.row("other").state, local.row("p").state) == ("sent", "parked")
    assert local.slack.calls == ["p", "other", "p", "p"]


def test_a_refresh_of_unknown_outcome_is_repeated_without_a_lookup(local: Office) -> None:
    local.slack.after = [LOST]
    local.add(REFRESH)
    local.run_until_idle()
    local.clock.forward(seconds=2)
    local.run_until_idle()
    assert (local.row("card:7").state, local.slack.calls, local.slack.looked) == ("sent", ["card:7"] * 2, 0)


def test_a_newer_refresh_takes_the_place_of_one_that_failed(office: Office) -> None:
    office.slack.before = [BROKEN]
    office.add(REFRESH)
    office.run_until_idle()
    office.add(REFRESH)
    office.clock.forward(seconds=2)
    office.run_until_idle()
    with office.store.read() as session:
        states = session.exec(select(OutboxRow.state).order_by("id")).all()
    assert (states, office.slack.calls) == (["dropped", "sent"], ["card:7", "card:7"])


def test_a_late_refresh_that_failed_is_dropped(local: Office) -> None:
    local.slack.before = [BROKEN]
    local.add(REFRESH)
    local.run_until_idle()
    local.clock.forward(hours=4)
    local.run_until_idle()
    assert (local.row("card:7").state, local.row("card:7").reason) == ("dropped", "Not sent in time.")


def test_slow_down_moves_the_channel_alone_and_costs_no_attempt(office: Office) -> None:
    relay = office.hire("paced", limited=True)
    office.slack.before = [DeliveryError("Slow down.", retry_after=timedelta(seconds=30))]
    office.add(replace(POST, key="limited"))
    office.add(replace(POST, key="behind"))
    office.add(replace(POST, key="elsewhere", channel="C0INFRA"))
    office.run_until_idle(relay)
    assert office.slack.calls == ["limited", "elsewhere"]
    assert office.row("limited").attempts == 0
    office.clock.forward(seconds=29)
    office.run_until_idle(relay)
    assert office.slack.calls == ["limited", "elsewhere"]
    office.clock.forward(seconds=1)
    office.run_until_idle(relay)
    office.clock.forward(seconds=2)
    office.run_until_idle(relay)
    assert office.slack.calls == ["limited", "elsewhere", "limited", "behind"]


def test_replicas_share_the_pace(office: Office) -> None:
    first, second = office.hire("one", limited=True), office.hire("two", limited=True)
    for number in range(4):
        office.add(replace(POST, key=f"p{number}"))
    for expected in (1, 2, 3, 4):
        first.run_once()
        second.run_once()
        assert len(office.slack.calls) == expected
        office.clock.forward(seconds=1.05)


def test_a_dead_relays_messages_are_taken_over(office: Office) -> None:
    office.add(POST)
    dead = office.hire("dead")
    assert dead._take(8)[0]
    office.run_until_idle()
    assert office.slack.calls == []
    office.clock.forward(seconds=30)
    office.run_until_idle()
    assert office.slack.calls == ["p"]


def test_a_relay_that_slept_through_its_lease_sends_nothing(office: Office) -> None:
    office.add(POST)
    sleeper = office.hire("sleeper")
    [taken], _ = sleeper._take(8)
    office.clock.forward(seconds=30)
    office.run_until_idle()
    sleeper._courier.carry(taken)
    assert office.slack.calls == ["p"]
    assert sleeper.tally.snapshot() == {"lost": 1}


def test_a_relay_that_is_stopped_after_it_recorded_the_attempt_sends_nothing(office: Office) -> None:
    """SIGSTOP between the record and the call: another has sent it by the time this one goes on."""
    asleep: list[Callable[[], None]] = []

    def ticks() -> float:
        if asleep:
            asleep.pop(0)()
        return (office.clock.now - NOW).total_seconds()

    def sleep() -> None:
        office.clock.forward(seconds=31)
        office.run_until_idle()

    sleeper = Relay(office.store, office.slack, clock=office.clock, owner="sleeper", rates=UNLIMITED, ticks=ticks)
    office.add(POST)
    asleep += [lambda: None, sleep]  # it looks at its watch before it records the attempt, and before it sends
    sleeper.run_once()
    office.run_until_idle()
    assert office.slack.calls == ["p"]
    assert sleeper.tally.snapshot() == {"lost": 1}


def test_one_that_is_stopped_and_lost_nothing_begins_anew(local: Office) -> None:
    times = [0.0, 5.0, 6.0, 6.0]
    relay = Relay(local.store, local.slack, clock=local.clock, owner="x", rates=UNLIMITED, ticks=lambda: times.pop(0))
    local.add(POST)
    relay.run_once()
    assert (local.slack.calls, local.row().state, local.row().attempts) == ([], "pending", 0)
    relay.run_once()
    assert local.slack.calls == ["p"]


def test_a_relay_that_took_its_own_message_again_does_not_undo_the_second_attempt(office: Office) -> None:
    """A lookup that outlives its lease comes back with "not there" while the post is on its way again."""
    office.slack.before = [LOST]
    office.add(POST)
    office.run_until_idle()
    office.clock.forward(seconds=10)
    [slow], _ = office.relay._take(8)
    office.clock.forward(seconds=30)
    [again], _ = office.relay._take(8)
    office.relay._courier.carry(again)
    [sending], _ = office.relay._take(8)
    with office.store.write() as session:
        assert begin(session, sending.message, "first", office.clock.now, timedelta(seconds=30)) is not None
    office.relay._courier.carry(slow)
    assert (office.row().state, office.row().attempts, office.row().owner) == ("sending", 2, "first")


def test_the_backlog_is_counted_by_urgency(local: Office) -> None:
    local.add(POST)
    local.add(replace(POST, key="later", not_before=NOW + timedelta(hours=1)))
    local.clock.forward(minutes=1)
    local.add(replace(POST, key="urgent", urgency=Urgency.URGENT))
    local.add(replace(POST, key="p2"))
    with local.store.read() as session:
        counted = [(each.urgency, each.depth, each.oldest) for each in backlog(session, local.clock.now)]
    assert counted == [(Urgency.URGENT, 1, NOW + timedelta(minutes=1)), (Urgency.ROUTINE, 2, NOW)]


def test_what_failed_is_waiting_while_it_pauses(local: Office) -> None:
    local.add(POST)
    local.slack.before = [BROKEN]
    local.clock.forward(minutes=1)
    local.relay.run_once()
    assert local.row().not_before > local.clock.now
    with local.store.read() as session:
        assert [(each.depth, each.oldest) for each in backlog(session, local.clock.now)] == [(1, NOW)]


def test_a_running_relay_sends_what_is_added_and_drains_when_stopped(office: Office) -> None:
    with running(office.relay):
        for number in range(20):
            office.add(replace(POST, key=f"p{number}", channel=f"C{number % 3}"))
            office.relay.wakeup.ring()
        until(lambda: len(office.slack.calls) == 20)
    assert {row.state for row in office.rows().values()} == {"sent"}
    assert not office.relay.is_alive


def test_the_relay_as_a_job_empties_the_outbox(local: Office) -> None:
    for number in range(20):
        local.add(replace(POST, key=f"p{number}", channel=f"C{number % 3}"))
    said: list[str] = []
    slot = Slot(job="manual/relay", due_at=NOW)
    assert job(local.relay).run(JobContext(now=NOW, slot=slot, progress=said.append, dry_run=True)).posts == ()
    assert local.slack.calls == []
    report = job(local.relay).run(JobContext(now=NOW, slot=slot, progress=said.append))
    assert report.detail == "20 messages carried"
    assert said[-1] == "20 carried"


def test_stopping_finishes_what_is_being_sent_and_begins_nothing(local: Office) -> None:
    inside, go_on = Event(), Event()
    send = local.slack.send

    class Slow(Slack):
        def send(self, message: Message) -> Sent | Dropped | Deferred:
            inside.set()
            assert go_on.wait(20)
            return send(message)

    relay = Relay(local.store, Slow(), clock=local.clock, owner="slow", rates=UNLIMITED)
    local.add(replace(POST, key="first"))
    local.add(replace(POST, key="second"))
    relay.start()
    assert inside.wait(20)
    assert not relay.stop(timedelta(seconds=0.05))
    go_on.set()
    assert relay.stop()
    assert {key: row.state for key, row in local.rows().items()} == {"first": "sent", "second": "pending"}
    assert local.row("second").owner is None


def test_relays_side_by_side_send_nothing_twice(office: Office) -> None:
    others = [office.hire(f"relay{number}") for number in range(3)]
    for number in range(60):
        office.add(replace(POST, key=f"p{number}", channel=f"C{number % 7}"))
    with running(office.relay, *others):
        until(lambda: all(row.state == "sent" for row in office.rows().values()))
    assert sorted(office.slack.calls) == sorted(f"p{number}" for number in range(60))
    for channel in range(7):
        mine = [int(key[1:]) for key in office.slack.calls if int(key[1:]) % 7 == channel]
        assert mine == sorted(mine)


outcomes = st.sampled_from([None, None, BROKEN, LOST, REFUSED, KeyError("ours"), Dropped(reason="cleared")])
limited = st.builds(
    lambda seconds: DeliveryError("Slow down.", retry_after=timedelta(seconds=seconds)), st.integers(0, 60)
)


@given(
    before=st.lists(outcomes | limited, max_size=12),
    after=st.lists(st.sampled_from([None, LOST]), max_size=12),
    unreadable=st.lists(st.sampled_from([None, BROKEN, REFUSED]), max_size=6),
    steps=st.lists(st.tuples(st.sampled_from(["run", "die"]), st.integers(0, 120)), max_size=12),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_a_post_stands_at_most_once_and_none_is_forgotten(
    sqlite_store: Store,
    before: list[DeliveryError | Exception | Dropped | Deferred | None],
    after: list[DeliveryError | None],
    unreadable: list[DeliveryError | None],
    steps: list[tuple[str, int]],
) -> None:
    with sqlite_store.write() as session:
        session.execute(delete(OutboxRow))  # of the example before
        session.execute(delete(PacingRow))
    office = Office(sqlite_store)
    office.slack.before, office.slack.after, office.slack.unreadable = before, after, unreadable
    keys = [f"p{number}" for number in range(4)]
    for number, key in enumerate(keys):
        office.add(replace(POST, key=key, channel=f"C{number % 2}", not_after=NOW + timedelta(days=2)))
    for what, seconds in steps:
        if what == "run":
            office.run_until_idle()
        else:
            office.hire("dead")._take(2)
        office.clock.forward(seconds=seconds)
    while any(row.state in {"pending", "sending"} for row in office.rows().values()):
        office.run_until_idle()
        office.clock.forward(minutes=6)
    for key, row in office.rows().items():
        standing = office.slack.keys.count(key)
        assert standing <= 1, key
        assert standing == 1 or row.state in {"dropped", "parked"}, key
        assert row.state != "parked" or (key, row.reason) in office.told


def test_what_is_not_to_be_sent_yet_is_drawn_again_later_and_costs_no_attempt(office: Office) -> None:
    opens = NOW + timedelta(minutes=5)
    office.slack.before = [BROKEN, Deferred(until=opens, reason="outside their working hours")]
    office.add(POST)
    office.run_until_idle()
    office.clock.forward(seconds=3)
    office.add(replace(POST, key="next"))
    office.run_until_idle()
    assert (office.row().state, office.row().not_before, office.row().attempts) == ("pending", opens, 0)
    assert office.slack.keys == ["next"]  # its channel does not wait for the morning
    office.clock.forward(minutes=5)
    office.run_until_idle()
    assert office.slack.keys == ["next", "p"]


def test_what_was_paced_leased_and_put_off_by_a_clock_an_hour_ahead_waits_for_no_hour(office: Office) -> None:
    limited = office.hire("limited", limited=True)
    office.clock.forward(hours=1)
    office.slack.before = [None, BROKEN, DeliveryError("Slow down.", retry_after=timedelta(seconds=30))]
    tried = ("sent", "C0GENERAL"), ("broken", "C0TEAM"), ("slowed", "C0INFRA")
    for key, channel in (*tried, ("leased", "C0OTHER"), ("new", "C0GENERAL")):
        office.add(replace(POST, key=key, channel=channel))
        if (key, channel) in tried:
            limited.run_once()
    with office.store.write() as session:
        # They were under way when the clock jumped.
        for under_way in session.exec(select(OutboxRow).where(col(OutboxRow.key).in_(["broken", "slowed"]))):
            under_way.created_at = under_way.attempted_at = NOW
        leased = session.exec(select(OutboxRow).where(OutboxRow.key == "leased")).one()
        leased.owner, leased.lease_until = "dead", office.clock.now + Rules().lease
    office.clock.forward(hours=-1)
    for _ in range(3):
        office.run_until_idle(limited)
        office.clock.forward(seconds=5)
    assert sorted(office.slack.keys) == ["broken", "leased", "new", "sent", "slowed"]


@pytest.mark.parametrize("by_the_wrong_clock", [False, True])
def test_what_a_clock_an_hour_ahead_made_is_put_off_as_any_other(office: Office, by_the_wrong_clock: bool) -> None:  # noqa: FBT001 a table
    office.clock.forward(hours=1)
    office.add(POST)
    office.add(replace(POST, key="next"))
    if not by_the_wrong_clock:
        office.clock.forward(hours=-1)
    opens = office.clock.now + timedelta(minutes=5)
    office.slack.before = [Deferred(until=opens, reason="outside their working hours")]
    assert office.relay.run_once() == 1
    if by_the_wrong_clock:
        office.clock.forward(hours=-1)
        office.slack.before = [Deferred(until=NOW + timedelta(minutes=5), reason="outside their working hours")]
    for _ in range(5):
        office.relay.run_once()
    assert office.slack.keys == ["next"], "and its channel does not wait for it"
    office.clock.forward(minutes=6)
    office.run_until_idle()
    assert office.slack.keys == ["next", "p"]


def test_a_message_in_hand_is_not_taken_again_when_the_clock_jumps(office: Office) -> None:
    """Its lease has run out then, and its relay would look for what it is about to post, in vain, and post it twice."""
    arrived, go_on, send = Event(), Event(), office.slack.send

    class Slow(Slack):
        def send(self, message: Message) -> Sent | Dropped | Deferred:
            arrived.set()
            assert go_on.wait(20)
            return send(message)

        def find(self, message: Message) -> Sent | None:
            return office.slack.find(message)

    office.add(POST)
    relay = Relay(office.store, Slow(), clock=office.clock, owner="slow", rates=UNLIMITED)
    relay.start()
    try:
        assert arrived.wait(20)
        office.clock.forward(hours=1)
        jumped = office.clock.now
        until(lambda: (lease := office.row().lease_until) is not None and lease > jumped)  # it was met again
        go_on.set()
        until(lambda: office.row().state == "sent")
    finally:
        go_on.set()
        relay.stop()
    assert (office.slack.keys, office.slack.looked) == (["p"], 0)
