"""Collisions: what counts as one, who acknowledges it, and when that no longer holds."""

import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select, text

from interlock.domain.authority import Refused
from interlock.domain.collision import Collision, what
from interlock.domain.release import ScopeRule
from interlock.store import audit
from interlock.store import release as releases
from interlock.store.audit import AuditRow
from interlock.store.booking import BookingRow
from interlock.store.collision import CollisionAcknowledgementRow
from interlock.store.engine import Store
from interlock.store.release import ReleaseRow
from interlock.usecases import scope, status
from interlock.usecases.collision import Acknowledged, acknowledge, acknowledge_pair
from interlock.usecases.obstacle import go_obstacles, of_release
from tests.builders import CHANNEL, NOW, actor, release, ticket
from tests.calendars import ON_STAGING, POLICY, TARGET, component, world

FREE = replace(POLICY, freezes=())
OTHERS = ScopeRule(version_ids=("v2",))


def two(store: Store, *, template: Any = None, target: date = TARGET, shared: bool = True, **more: Any) -> int:
    """2026.12 and, the same day, Payments 7, each with a ticket of the component Streaming; returns the other's id."""
    world(store)
    with store.write() as session:
        component(session, "DATA-2", "Streaming", **more)
        component(session, "DATA-3", "Streaming" if shared else "Gateway", versions=("v2",), **more)
        kept = {} if template is None else {"template": template}
        other = release(session, name="Payments 7", rule=OTHERS, target=target, **kept)
        if template is not None:
            row = session.get_one(ReleaseRow, 1)
            row.policy = row.policy | {"criteria": session.get_one(ReleaseRow, other).policy["criteria"]}
        scope.refresh(session, None, NOW)
        return other


def colliding(store: Store, release_id: int = 1) -> tuple[Collision, ...]:
    with store.read() as session:
        return of_release(session, releases.load(session, release_id))


def in_the_way(store: Store, release_id: int = 1) -> list[str]:
    with store.read() as session:
        found = go_obstacles(session, FREE, releases.load(session, release_id), NOW)
        return [each.sentence for each in found]


def acknowledged(store: Store, text_: str = "2026.12 Payments 7 both teams know", who: str = "RITA") -> Acknowledged:
    done = acknowledge(store, FREE, actor(who), text_, CHANNEL, NOW)
    assert isinstance(done, Acknowledged), done
    return done


def move(store: Store, release_id: int, days: int) -> None:
    with store.write() as session:
        session.get_one(ReleaseRow, release_id).target = TARGET + timedelta(days=days)


def test_each_side_is_acknowledged_by_itself(store: Store) -> None:
    other = two(store)
    (told,) = in_the_way(store)
    assert told == (
        "2026.12 collides with Payments 7 on Thu 17 Dec, in Streaming, and nobody acknowledged it for 2026.12: "
        "/release acknowledge 2026.12 Payments 7"
    )
    done = acknowledged(store)
    assert (done.again, done.other_side) == (False, True)
    assert in_the_way(store) == []
    assert len(in_the_way(store, other)) == 1
    assert acknowledged(store, "Payments 7 2026.12", "MARIA").other_side is False
    assert in_the_way(store, other) == []
    with store.read() as session:
        kinds = list(session.exec(select(AuditRow.kind).order_by(AuditRow.seq)).all())  # type: ignore[arg-type]  # a column
        assert audit.verify(session) == (2, None)
    assert kinds == ["collision.acknowledged", "collision.acknowledged"]


def test_the_light_is_amber_until_then(store: Store) -> None:
    two(store)

    def reasons() -> tuple[str, ...]:
        with store.read() as session:
            return status.read(session, FREE, releases.load(session, 1), NOW).reasons

    assert reasons() == ("it collides with Payments 7, which nobody acknowledged",)
    acknowledged(store)
    assert reasons() == ()


@pytest.mark.parametrize(
    ("change", "met"),
    [
        ({}, "in Streaming"),
        ({"shared": False}, None),
        ({"target": TARGET + timedelta(days=1)}, None),
        ({"shared": False, "template": ON_STAGING}, "on staging"),
        ({"template": ON_STAGING}, "in Streaming, on staging"),
        ({"security_level": "10000"}, "in 1 component of restricted tickets"),
    ],
)
def test_what_collides(sqlite_store: Store, change: dict[str, Any], met: str | None) -> None:
    two(sqlite_store, **change)
    assert [what(each) for each in colliding(sqlite_store)] == ([met] if met else [])


def test_a_restricted_tickets_component_is_counted_and_named_nowhere(sqlite_store: Store) -> None:
    two(sqlite_store, security_level="10000")
    (met,) = colliding(sqlite_store)
    assert (met.components, met.hidden) == ((), 1)
    assert not any("Streaming" in each for each in in_the_way(sqlite_store))


def test_components_of_two_projects_are_two(sqlite_store: Store) -> None:
    two(sqlite_store, shared=False)
    with sqlite_store.write() as session:
        component(session, "ML-1", "Gateway")
        scope.refresh(session, None, NOW)
    assert colliding(sqlite_store) == ()


def test_two_bookings_for_that_day_collide_and_one_of_another_day_does_not(sqlite_store: Store) -> None:
    other = two(sqlite_store, shared=False)

    def book(release_id: int, days: int, seat: int) -> None:
        starts = NOW.replace(month=12, day=17) + timedelta(days=days)
        row = BookingRow(
            environment_id=2, slack_id="U0RITA", release_id=release_id, starts=starts, created_at=NOW,
            ends=starts + timedelta(hours=2), seat_from=seat, seat_to=seat + 1, exclusive=False,
        )  # fmt: skip
        with sqlite_store.write() as session:
            session.add(row)

    book(1, 0, 0)
    book(other, 1, 1)
    assert colliding(sqlite_store) == ()
    book(other, 0, 1)
    assert [what(each) for each in colliding(sqlite_store)] == ["on prod"]


def test_it_is_asked_anew_when_a_target_moves_or_more_is_in_common(store: Store) -> None:
    other = two(store)
    acknowledged(store)
    with store.write() as session:
        component(session, "DATA-4", "Gateway")
        component(session, "DATA-5", "Gateway", versions=("v2",))
        scope.refresh(session, None, NOW)
    assert len(in_the_way(store)) == 1
    assert acknowledged(store).again is False
    with store.write() as session:
        session.connection().execute(text("DELETE FROM ticket_component WHERE component = 'Streaming'"))
    assert in_the_way(store) == []  # less in common changes nothing
    move(store, other, 1)
    assert in_the_way(store) == []
    move(store, 1, 1)
    assert len(in_the_way(store)) == 1
    move(store, 1, 0)
    move(store, other, 0)
    assert in_the_way(store) == []  # as it was acknowledged


@pytest.mark.parametrize("stage", ["cancelled", "closed", "released"])
def test_a_release_that_is_over_or_out_collides_with_none(sqlite_store: Store, stage: str) -> None:
    other = two(sqlite_store)
    with sqlite_store.write() as session:
        session.get_one(ReleaseRow, other).stage = stage
    assert colliding(sqlite_store) == colliding(sqlite_store, other) == ()


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("2026.12", "unclear"),
        ("2026.12 Payments", "unclear"),
        ("2026.12 Payments 77", "unclear"),
        ("2026.12 Payments 7 " + "x" * 501, "too_long"),
    ],
)
def test_with_which_and_why_not(sqlite_store: Store, typed: str, reason: str) -> None:
    two(sqlite_store)
    done = acknowledge(sqlite_store, FREE, actor("RITA"), typed, CHANNEL, NOW)
    assert isinstance(done, Refused)
    assert done.reason == reason
    assert len(in_the_way(sqlite_store)) == 1


def test_only_release_managers_acknowledge_and_an_attempt_is_on_record(sqlite_store: Store) -> None:
    other = two(sqlite_store)
    for done in (
        acknowledge(sqlite_store, FREE, actor("RAVI"), "2026.12 Payments 7", CHANNEL, NOW),
        acknowledge_pair(sqlite_store, FREE, actor("RAVI"), 1, other, NOW),
    ):
        assert isinstance(done, Refused)
        assert done.reason == "not_permitted"
    with sqlite_store.read() as session:
        assert list(session.exec(select(AuditRow.kind)).all()) == ["collision.denied", "collision.denied"]
    gone = acknowledge_pair(sqlite_store, FREE, actor("RITA"), 1, 1, NOW)
    assert isinstance(gone, Refused)
    assert gone.reason == "no_collision"


def test_two_who_acknowledge_at_once_are_one(store: Store) -> None:
    other = two(store)
    done: list[Acknowledged | Refused] = []
    barrier = threading.Barrier(2)

    def run(who: str) -> None:
        barrier.wait()
        done.append(acknowledge_pair(store, FREE, actor(who), 1, other, NOW))

    threads = [threading.Thread(target=run, args=(who,)) for who in ("RITA", "MARIA")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(isinstance(each, Acknowledged) and each.again for each in done) == [False, True]
    with store.read() as session:
        assert len(session.exec(select(CollisionAcknowledgementRow)).all()) == 1
        assert audit.verify(session) == (1, None)


def test_the_database_keeps_what_was_acknowledged(store: Store) -> None:
    two(store)
    acknowledged(store)
    for statement in (
        "UPDATE collision_acknowledgement SET slack_id = 'U0MARIA'",
        "UPDATE collision_acknowledgement SET at = at",
        "DELETE FROM collision_acknowledgement",
    ):
        with pytest.raises(DBAPIError), store.write() as session:
            session.connection().execute(text(statement))


def test_many_releases_of_one_day_are_paired(sqlite_store: Store) -> None:
    two(sqlite_store)
    with sqlite_store.write() as session:
        ticket(session, "PAY-1", versions=("v3",))
        for number in range(3):
            release(session, name=f"Small {number}", rule=OTHERS)
    assert [each.other for each in colliding(sqlite_store)] == ["Payments 7", "Small 0", "Small 1", "Small 2"]
