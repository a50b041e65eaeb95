"""Bookings as a machine: whatever people, owners and time do, nothing is overbooked, and who waited longest is let in
first.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlmodel import col, select

from interlock.domain.booking import Booking, Held, Span
from interlock.domain.booking_draft import BookingDraft
from interlock.store import audit
from interlock.store.booking import BookingRow
from interlock.store.engine import Store
from interlock.store.person import PersonRow
from interlock.usecases import booking_reminder
from interlock.usecases.booking import Booked, Queued, extend
from interlock.usecases.booking_return import Returned, give_back
from interlock.usecases.environment import set_lifecycle
from tests.bookings import draft, fresh, stands, want, world
from tests.builders import NOW, actor
from tests.models.conftest import Databases, Run

PEOPLE = ("ANA", "RAVI", "TOM", "INES")
KEYS = ("uat-2", "dev-1")
OWNERS = ("NOOR", "TOM", "INES")
"""Of the one, the other or both."""
ENDED = frozenset({"returned", "cancelled", "lapsed"})


class Bookings(RuleBasedStateMachine):
    databases: ClassVar[Databases]

    @initialize()
    def begin(self) -> None:
        self.store: Store = self.databases.fresh()
        world(self.store)
        self.now = NOW
        self.requests: list[tuple[str, str, BookingDraft, int]] = []
        self.ended: dict[int, str] = {}
        self.held = {key: stands(self.store, key) for key in KEYS}

    # --- what happens -------------------------------------------------------------------------------------------------

    @rule(
        who=st.sampled_from(PEOPLE),
        key=st.sampled_from(KEYS),
        starts=st.integers(0, 5),
        hours=st.integers(1, 5),
        shared=st.booleans(),
        wait=st.booleans(),
    )
    def book(self, *, who: str, key: str, starts: int, hours: int, shared: bool, wait: bool) -> None:
        begins = (self.now - NOW) / timedelta(hours=1) + starts
        wish = draft(begins, begins + hours, key, shared=shared, wait=wait)
        request = f"request {len(self.requests)}"
        made = want(self.store, who, wish, request_id=request, now=self.now)
        if isinstance(made, Booked | Queued):
            self.requests.append((who, request, wish, made.booking.id))

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def the_same_form_comes_again(self, data: st.DataObject) -> None:
        who, request, wish, made = data.draw(st.sampled_from(self.requests))
        before = len(self.rows())
        again = want(self.store, who, wish, request_id=request, now=self.now)
        assert len(self.rows()) == before
        if isinstance(again, Booked | Queued):
            assert again.booking.id == made
        else:  # they left the company; what the form made stands all the same
            assert not self.is_active(who), again

    @precondition(lambda self: self.rows())
    @rule(data=st.data(), who=st.sampled_from([*PEOPLE, "NOOR"]))
    def somebody_gives_back(self, data: st.DataObject, who: str) -> None:
        """One's own, or as an owner somebody else's; anybody else's is refused."""
        row = data.draw(st.sampled_from(self.rows()))
        done = give_back(self.store, fresh(self.store, self.now), actor(who), row.id or 0, self.now, "Needed")
        if row.slack_id == f"U0{who}" and self.is_active(who):
            assert isinstance(done, Returned)
        elif who not in OWNERS:
            assert not isinstance(done, Returned)

    @precondition(lambda self: self.rows())
    @rule(data=st.data())
    def holder_extends(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(self.rows()))
        holder = actor(row.slack_id.removeprefix("U0"))
        extend(self.store, fresh(self.store, self.now), holder, row.id or 0, row.ends, self.now)

    @rule(word=st.sampled_from(["ready", "degraded", "maintenance"]))
    def owner_changes_the_state(self, word: str) -> None:
        set_lifecycle(self.store, fresh(self.store, self.now), actor("NOOR"), "uat-2", word, "Disks", self.now)

    @rule(who=st.sampled_from(PEOPLE))
    def somebody_leaves_or_comes_back(self, who: str) -> None:
        with self.store.write() as session:
            person = session.get_one(PersonRow, f"U0{who}")
            person.active = not person.active

    @rule(minutes=st.sampled_from([5, 40, 60, 200, 600]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def the_job_settles(self) -> None:
        policy = fresh(self.store, self.now)
        for each in booking_reminder.environments(self.store):
            booking_reminder.run(self.store, policy, each, self.now)
        for key in KEYS:
            held = stands(self.store, key)
            if held.environment.lifecycle.bookable:
                idle = [each.id for each in self.who_may(held.waiting) if fits(held.active, each, self.now, held)]
                assert not idle, "they wait for nothing"

    # --- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_overbooked(self) -> None:
        for key in KEYS:
            held = stands(self.store, key)
            for moment in {each.span.starts for each in held.active}:
                assert load(held.active, moment, held) <= 1, held

    @invariant()
    def who_waited_longer_is_let_in_first(self) -> None:
        """Whoever still waits could not have been let in instead of those who began to wait after them and were."""
        for key in KEYS:
            before, held = self.held[key], stands(self.store, key)
            waited = {each.id for each in before.waiting}
            let_in = {each.id for each in held.active if each.id in waited}
            for waits in self.who_may(held.waiting):
                later = {number for number in let_in if number > waits.id}
                others = tuple(each for each in held.active if each.id not in later)
                assert not later or not fits(others, waits, self.now, held), f"{later} passed {waits.id} over"
            self.held[key] = held

    @invariant()
    def what_ended_stays_ended(self) -> None:
        states = {row.id or 0: str(row.state) for row in self.rows()}
        assert all(states.get(number) == state for number, state in self.ended.items())
        self.ended = {number: state for number, state in states.items() if state in ENDED}

    @invariant()
    def the_chain_holds(self) -> None:
        with self.store.read() as session:
            assert audit.verify(session)[1] is None

    def rows(self) -> list[BookingRow]:
        with self.store.read() as session:
            return list(session.exec(select(BookingRow).order_by(col(BookingRow.id))))

    def who_may(self, waiting: tuple[Booking, ...]) -> list[Booking]:
        return [each for each in waiting if self.is_active(each.holder.slack_id.removeprefix("U0"))]

    def is_active(self, who: str) -> bool:
        with self.store.read() as session:
            return session.get_one(PersonRow, f"U0{who}").active


def fits(active: tuple[Booking, ...], waits: Booking, now: datetime, held: Held) -> bool:
    """Reckoned moment by moment, at each beginning within what is left of the span that is waited for."""
    span = Span(starts=max(waits.span.starts, now), ends=waits.span.ends)
    if span.starts >= span.ends:
        return False
    given = (*active, replace(waits, span=span))
    moments = {span.starts} | {each.span.starts for each in active if span.starts <= each.span.starts < span.ends}
    return all(load(given, moment, held) <= 1 for moment in moments)


def load(active: tuple[Booking, ...], moment: datetime, held: Held) -> float:
    """1 is full: an exclusive booking, or as many shared ones as there is room for."""
    there = [each for each in active if each.span.starts <= moment < each.span.ends]
    alone = sum(each.exclusive for each in there)
    return 2 if alone and len(there) > 1 else alone or len(there) / held.environment.capacity


def test_the_bookings(run: Run) -> None:
    run(Bookings, 6, 20)
