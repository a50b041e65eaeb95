"""The outbox as a machine: whatever is asked of it, and however relays, Slack and the clock misbehave, each post stands
once or is accounted for, the more urgent before the less in its channel.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import structlog
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func
from sqlmodel import Session, col, select

from interlock.domain.outage import Outage
from interlock.domain.outbox import DeliveryError, Dropped, Message, Outgoing, Sent, Urgency
from interlock.domain.pacing import UNLIMITED
from interlock.jobs.relay import Relay
from interlock.store.engine import Store
from interlock.store.outage import OutageRow
from interlock.store.outbox import OutboxRow, drop_parked, enqueue, parked, release_parked
from interlock.usecases import outage
from tests.builders import POLICY
from tests.models.conftest import Databases, Run

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OPEN = {"pending", "sending"}
CHANNELS = ("C0GENERAL", "C0INFRA", "@U0TOM")
CARDS = ("card:1", "card:2")
RELAYS = 3


class KilledError(BaseException):
    """kill -9: nothing of the relay's own code runs any more."""


def down(*, lost: bool) -> DeliveryError:
    return DeliveryError("Slack can't be reached.", unknown_outcome=lost, answered=False)


BEFORE: dict[str, BaseException | Dropped] = {
    "kill": KilledError(),
    "unreachable": down(lost=False),
    "lost": down(lost=True),
    "limited": DeliveryError("Slow down.", retry_after=timedelta(seconds=20), answered=True),
    "refused": DeliveryError("Invite Interlock.", permanent=True, answered=True),
    "broken": DeliveryError("Drawing broke."),
    "fault": KeyError("a fault of ours"),
    "cleared": Dropped(reason="cleared"),
}
AFTER = {"kill": KilledError(), "lost": down(lost=True)}


class Slack:
    """What stands there. `trouble` is what the next call comes to, before it takes effect or after."""

    def __init__(self, machine: "Outbox") -> None:
        self._machine = machine
        self.is_up = True
        self.trouble: tuple[str, str] | None = None
        self.unreadable = 0
        self.stands: dict[str, tuple[Message, Sent]] = {}
        self.posts: Counter[str] = Counter()
        self.drawn: dict[str, int] = {}

    def send(self, message: Message) -> Sent | Dropped:
        self._machine.check_turn(message)
        when, what = self.trouble or ("", "")
        self.trouble = None
        if not self.is_up:
            raise down(lost=what == "lost")
        if when == "before":
            return self._refuse(BEFORE[what])
        sent = Sent(channel=message.channel, ts=f"{len(self.stands)}.{sum(self.posts.values())}")
        if message.coalesce is None:
            self.posts[message.key] += 1
            self.stands[message.token] = (message, sent)
        else:
            self.drawn[message.coalesce] = self._machine.state_of[message.coalesce]
        if when == "after":
            raise AFTER[what]
        return sent

    def _refuse(self, outcome: BaseException | Dropped) -> Dropped:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def find(self, message: Message) -> Sent | None:
        if self.unreadable:
            self.unreadable -= 1
            raise DeliveryError("history: HTTP 500", unknown_outcome=True, answered=False)
        if not self.is_up:
            raise down(lost=False)
        found = self.stands.get(message.token)
        return found[1] if found else None


class Outbox(RuleBasedStateMachine):
    databases: ClassVar[Databases]

    @initialize()
    def begin(self) -> None:
        self.store: Store = self.databases.fresh()
        self.now = START
        self.slack = Slack(self)
        self.names = 0
        self.relays = [self.hire() for _ in range(RELAYS)]
        self.asked: dict[str, Outgoing] = {}
        self.told: set[tuple[str, str]] = set()
        self.recovered: Counter[int] = Counter()
        self.state_of = dict.fromkeys(CARDS, 0)
        self.wanted: dict[str, tuple[int, datetime]] = {}

    def hire(self) -> Relay:
        def on_parked(_session: Session, message: Message, reason: str) -> None:
            self.told.add((message.key, reason))

        def on_recovered(session: Session, ended: Outage) -> int:
            self.recovered[ended.id] += 1
            return outage.tell(session, POLICY, ended, self.now)

        self.names += 1
        return Relay(
            self.store,
            self.slack,
            clock=lambda: self.now,
            owner=f"relay{self.names}",
            rates=UNLIMITED,
            on_parked=on_parked,
            on_recovered=on_recovered,
            ticks=self.ticks,
        )

    def ticks(self) -> float:
        return self.now.timestamp()

    # --- what happens -------------------------------------------------------------------------------------------------

    @rule(
        number=st.integers(0, 11),
        urgency=st.sampled_from(Urgency),
        delay=st.sampled_from([0, 0, 0, 60, 1200]),
        valid=st.sampled_from([90, 1800, 7200, 86400]),
    )
    def post(self, number: int, urgency: Urgency, delay: int, valid: int) -> None:
        """The same key may come again, as when a job is run anew: it adds nothing."""
        key = f"p{number}"
        post = Outgoing(
            key=key,
            kind="digest",
            ids={},
            channel=CHANNELS[number % len(CHANNELS)],
            urgency=urgency,
            not_before=self.now + timedelta(seconds=delay) if delay else None,
            not_after=self.now + timedelta(seconds=delay + valid),
        )
        with self.store.write() as session:
            added = enqueue(session, post, self.now)
        assert added == (key not in self.asked)
        self.asked.setdefault(key, post)

    @rule(card=st.sampled_from(CARDS), urgency=st.sampled_from([Urgency.URGENT, Urgency.ROUTINE]))
    def refresh(self, card: str, urgency: Urgency) -> None:
        self.state_of[card] += 1
        until = self.now + timedelta(days=1)
        again = Outgoing(
            key=card,
            kind="signoff.refresh",
            ids={},
            channel=CHANNELS[0],
            urgency=urgency,
            not_after=until,
            coalesce=card,
        )
        with self.store.write() as session:
            enqueue(session, again, self.now)
        self.wanted[card] = self.state_of[card], until

    @rule(seconds=st.sampled_from([1, 5, 12, 31, 61, 305, 1000, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(which=st.integers(0, RELAYS - 1))
    def relay(self, which: int) -> None:
        try:
            self.relays[which].run_once()
        except KilledError:
            self.relays[which] = self.hire()

    @rule(which=st.integers(0, RELAYS - 1))
    def relay_dies_with_what_it_took(self, which: int) -> None:
        self.relays[which]._take(4)
        self.relays[which] = self.hire()

    @rule(which=st.integers(0, RELAYS - 1), seconds=st.sampled_from([1, 10, 31, 400]))
    def relay_is_stopped_before_it_begins_and_goes_on(self, which: int, seconds: int) -> None:
        taken, _ = self.relays[which]._take(4)
        self.now += timedelta(seconds=seconds)
        for other in self.relays[:which] + self.relays[which + 1 :]:
            self._run(other)
        for each in taken:
            try:
                self.relays[which]._courier.carry(each)
            except KilledError:
                self.relays[which] = self.hire()

    @rule(trouble=st.sampled_from([*(("before", what) for what in BEFORE), *(("after", what) for what in AFTER)]))
    def trouble_ahead(self, trouble: tuple[str, str]) -> None:
        self.slack.trouble = trouble

    @rule(times=st.integers(1, 4))
    def history_cannot_be_read(self, times: int) -> None:
        self.slack.unreadable = times

    @rule()
    def slack_goes_or_comes(self) -> None:
        self.slack.is_up = not self.slack.is_up

    @precondition(lambda self: self.parked())
    @rule(data=st.data(), release=st.booleans())
    def person_sees_to_it(self, data: st.DataObject, release: bool) -> None:  # noqa: FBT001 hypothesis fills it in
        """They look first, as they are told: what stands is let go, what does not may be released."""
        message_id, token = data.draw(st.sampled_from(self.parked()))
        with self.store.write() as session:
            if release and token not in self.slack.stands:
                assert release_parked(session, message_id, self.now)
            else:
                assert drop_parked(session, message_id, "Let go by Rita.")

    # --- what must hold -----------------------------------------------------------------------------------------------

    def check_turn(self, message: Message) -> None:
        """Whose turn it is, seen at the moment at which Slack is called."""
        with self.store.read() as session:
            row = session.get_one(OutboxRow, message.id)
            assert row.state == "sending"
            assert row.attempts == message.attempts
            due = (OutboxRow.lane == row.lane, col(OutboxRow.id) != row.id, col(OutboxRow.state).in_(OPEN))
            under_way = session.exec(select(OutboxRow.key).where(*due, col(OutboxRow.lease_until) > self.now)).all()
            assert not under_way, "two of a lane at once"
            waits = session.exec(select(OutboxRow).where(*due, col(OutboxRow.not_before) <= self.now)).all()
            before = [each.key for each in waits if (each.urgency, each.id) < (row.urgency, row.id)]
            assert not before, f"{before} should have gone before {row.key}"
            assert self.now < row.not_after
            first = self.asked.get(message.key)
            assert first is None or first.not_before is None or first.not_before <= self.now

    @invariant()
    def no_post_stands_twice(self) -> None:
        assert all(times <= 1 for times in self.slack.posts.values()), self.slack.posts

    @invariant()
    def what_is_asked_is_there(self) -> None:
        with self.store.read() as session:
            keys = set(session.exec(select(OutboxRow.key)).all())
            stuck = session.exec(
                select(func.count())
                .select_from(OutboxRow)
                .where(OutboxRow.state == "parked", col(OutboxRow.reason).is_(None))
            ).one()
        assert self.asked.keys() <= keys
        assert not stuck

    @invariant()
    def an_outage_is_told_once(self) -> None:
        assert all(times == 1 for times in self.recovered.values())

    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        self.slack.is_up, self.slack.trouble, self.slack.unreadable = True, None, 0
        for _ in range(400):
            for each in self.relays:
                self._run(each)
            if not self._open() and not self._untold():
                break
            self.now += timedelta(minutes=3)
        assert not self._open() + self._untold(), "something never comes to an end"
        self.no_post_stands_twice()
        self.an_outage_is_told_once()
        with self.store.read() as session:
            rows = session.exec(select(OutboxRow)).all()
        for row in rows:
            if row.coalesce is None:
                self._is_accounted_for(row)
        for card, (state, until) in self.wanted.items():
            fates = [row.state for row in rows if row.coalesce == card]
            if "parked" not in fates and fates[-1] == "sent" and self.now <= until:
                assert self.slack.drawn[card] == state, "a card shows the state of before"

    def _is_accounted_for(self, row: OutboxRow) -> None:
        stands = row.token in self.slack.stands
        assert stands == (self.slack.posts[row.key] == 1)
        if row.state == "sent":
            assert stands
        elif row.state == "dropped":
            assert not stands or row.reason == "Let go by Rita."
            assert row.reason
        else:
            assert row.state == "parked"
            assert (row.key, row.reason) in self.told
            assert not stands or (row.reason or "").startswith("It may have been posted")

    def parked(self) -> list[tuple[int, str]]:
        with self.store.read() as session:
            return [(each.message.id, each.message.token) for each in parked(session)]

    def _open(self) -> int:
        with self.store.read() as session:
            return session.exec(select(func.count()).select_from(OutboxRow).where(col(OutboxRow.state).in_(OPEN))).one()

    def _untold(self) -> int:
        ended = (col(OutageRow.ended_at).is_not(None), col(OutageRow.told_at).is_(None))
        with self.store.read() as session:
            return session.exec(select(func.count()).select_from(OutageRow).where(*ended)).one()

    def _run(self, relay: Relay) -> None:
        while True:
            try:
                if not relay.run_once():
                    return
            except KilledError:
                return


def test_the_outbox(run: Run) -> None:
    with structlog.testing.capture_logs():
        run(Outbox, 8, 40)
