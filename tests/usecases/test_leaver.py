"""What people who left still held: it is seen to once, and by somebody who can."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from interlock.domain.policy import Role, Team, TeamMatch
from interlock.store import audit, blocker, booking, reporter
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.feed import LINKS
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.token import TOKENS
from interlock.usecases import leaver
from tests import bookings
from tests.builders import NOW, ticket

DATA = Team(name="Data Engineering", lead="ana@practice.example", match=TeamMatch(projects=("DATA",)))
POLICY = replace(
    bookings.POLICY,
    roles={"release-manager": Role(groups=("release-managers",))},
    teams=bookings.POLICY.teams | {"data": DATA},
)


def leave(store: Store, name: str, **more: object) -> None:
    with store.write() as session:
        row = session.get_one(PersonRow, f"U0{name}")
        for key, value in (more or {"active": False}).items():
            setattr(row, key, value)


def told(store: Store) -> set[tuple[str, str]]:
    with store.read() as session:
        kinds = (leaver.BOOKING, leaver.BLOCKER)
        rows = session.exec(select(OutboxRow).where(OutboxRow.kind.in_(kinds))).all()  # type: ignore[attr-defined]  # a column
        return {(row.kind, row.channel) for row in rows}


def recorded(store: Store) -> list[str]:
    with store.read() as session:
        assert audit.verify(session)[1] is None
        wanted = ("token.revoked", "feed.revoked", "reporter.ended", "blocker.handed_on")
        return [kind for kind in session.exec(select(AuditRow.kind).order_by(AuditRow.seq)) if kind in wanted]  # type: ignore[arg-type]  # a column


@pytest.fixture
def world(store: Store) -> Store:
    """Tom has uat-2, a token, a link to a feed, a program's token, and DATA-214 in hand."""
    bookings.world(store)
    bookings.booked(store, "TOM", bookings.draft(0, 8))
    with store.write() as session:
        ticket(session, "DATA-214")
        blocker.open_episodes(session, {"id-DATA-214": None}, NOW)
        blocker.take(session, "id-DATA-214", "U0TOM", NOW + timedelta(days=30), NOW)
        TOKENS.ask(session, "U0TOM", "r1", NOW)
        LINKS.ask(session, "U0TOM", "r1", NOW)
        reporter.ask(session, "ci", "U0TOM", "r1", NOW)
    return store


def test_who_is_there_keeps_everything(world: Store) -> None:
    assert leaver.settle(world, POLICY, NOW) == 0
    assert (told(world), recorded(world)) == (set(), [])


@pytest.mark.parametrize("how", [{"active": False}, {"kind": "guest"}], ids=str)
def test_what_a_leaver_held_is_seen_to_once(world: Store, how: dict[str, object]) -> None:
    leave(world, "TOM", **how)
    assert leaver.settle(world, POLICY, NOW) == 5
    assert leaver.settle(world, POLICY, NOW + timedelta(minutes=5)) == 0
    assert told(world) == {(leaver.BOOKING, "@U0NOOR"), (leaver.BLOCKER, "@U0ANA")}
    assert recorded(world) == ["token.revoked", "feed.revoked", "reporter.ended", "blocker.handed_on"]
    with world.write() as session:
        assert TOKENS.load(session, "U0TOM") is None
        assert LINKS.load(session, "U0TOM") is None
        assert reporter.load(session, "ci") is None
        episode = blocker.episodes(session)["id-DATA-214"]
        assert (episode.taken_by, episode.is_quiet(NOW)) == (None, False)
        assert [each.active for each in booking.of_gone(session)] == [True]  # an owner says when it ends


def test_where_its_owners_and_lead_left_too_release_managers_are_told(world: Store) -> None:
    for name in ("TOM", "NOOR", "ANA"):
        leave(world, name)
    leaver.settle(world, POLICY, NOW)
    assert told(world) == {(leaver.BOOKING, "@U0RITA"), (leaver.BLOCKER, "@U0RITA")}


def test_what_is_told_is_what_is_still_so(world: Store) -> None:
    leave(world, "TOM")
    leaver.settle(world, POLICY, NOW)
    found = leaver.left_blocker(world, "id-DATA-214", "U0TOM")
    assert found is not None
    assert (found.ticket.key, found.left.name) == ("DATA-214", "Tom Arkwright")
    with world.write() as session:
        number = booking.of_gone(session)[0].id
        blocker.take(session, "id-DATA-214", "U0ANA", NOW + timedelta(days=1), NOW)
    assert leaver.left_blocker(world, "id-DATA-214", "U0TOM") is None
    assert leaver.left_booking(world, number) is not None
    leave(world, "TOM", active=True)
    assert leaver.left_booking(world, number) is None
