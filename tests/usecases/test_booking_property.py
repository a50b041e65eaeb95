"""Whatever people do in whatever order: nothing is ever overbooked, and the audit chain holds."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from interlock.domain.booking import Booking, Held
from interlock.store import audit
from interlock.store.booking import BookingRow
from interlock.store.engine import Store
from interlock.usecases.booking import extend
from interlock.usecases.booking_return import give_back
from tests.bookings import draft, fresh, stands, want, world
from tests.builders import NOW, actor

PEOPLE = st.sampled_from(["ANA", "RAVI", "TOM", "NOOR"])
KEYS = st.sampled_from(["uat-2", "dev-1"])
ACT = st.one_of(
    st.tuples(st.just("want"), PEOPLE, KEYS, st.integers(0, 6), st.integers(1, 6), st.booleans(), st.booleans()),
    st.tuples(st.just("return"), st.integers(0, 9)),
    st.tuples(st.just("extend"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.integers(1, 4)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACT, min_size=5, max_size=20))
def test_no_order_of_acts_overbooks(sqlite_template: Path, tmp_path: Path, acts: list[tuple[object, ...]]) -> None:
    path = tmp_path / "interlock.db"
    shutil.copyfile(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    try:
        world(store)
        now = NOW
        for number, act in enumerate(acts):
            now = perform(store, act, number, now)
            for key in ("uat-2", "dev-1"):
                assert fullest(stands(store, key)) <= 1
        with store.read() as session:
            assert audit.verify(session)[1] is None
    finally:
        store.close()
        path.unlink()
        for beside in tmp_path.glob("interlock.db-*"):
            beside.unlink()


def perform(store: Store, act: tuple[object, ...], number: int, now: datetime) -> datetime:
    match act:
        case ("want", str(who), str(key), int(starts), int(length), bool(shared), bool(wait)):
            from_now = (now - NOW) / timedelta(hours=1) + starts
            wish = draft(from_now, from_now + length, key, shared=shared, wait=wait)
            want(store, who, wish, request_id=str(number), now=now)
        case ("return" | "extend" as verb, int(which)):
            rows = known(store)
            if rows:
                booking_id, slack_id, ends = rows[which % len(rows)]
                policy, holder = fresh(store, now), actor(slack_id.removeprefix("U0"))
                if verb == "return":
                    give_back(store, policy, holder, booking_id, now)
                else:
                    extend(store, policy, holder, booking_id, ends, now)
        case ("wait", int(hours)):
            now += timedelta(hours=hours)
    return now


def known(store: Store) -> list[tuple[int, str, datetime]]:
    with store.read() as session:
        rows = session.exec(select(BookingRow).order_by(BookingRow.id)).all()  # type: ignore[arg-type]  # a column
        return [(row.id or 0, row.slack_id, row.ends) for row in rows]


def fullest(held: Held) -> float:
    """How full it ever is: 1 with an exclusive booking, or with as many shared ones as fit."""
    share = 1 / held.environment.capacity
    moments = [one.span.starts for one in held.active]
    return max((sum(1 if each.exclusive else share for each in meeting(held, moment)) for moment in moments), default=0)


def meeting(held: Held, moment: datetime) -> list[Booking]:
    return [each for each in held.active if each.span.starts <= moment < each.span.ends]
