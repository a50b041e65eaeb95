"""What is told of what somebody who left still holds."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.drawers import leaver as drawer
from bot.drawing import Drawn
from bot.services import Services
from interlock.domain.outbox import Dropped
from interlock.store import blocker
from interlock.store.person import PersonRow
from interlock.usecases import leaver
from tests import bookings
from tests.builders import message, ticket

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(("level", "shown"), [(None, "DATA-214"), ("10000", "a restricted ticket")], ids=str)
def test_a_blocker_is_named_where_it_may_be(services: Services, level: str | None, shown: str) -> None:
    bookings.world(services.store)
    with services.store.write() as session:
        ticket(session, "DATA-214", security_level=level, summary="Falcon")
        blocker.open_episodes(session, {"id-DATA-214": None}, NOW)
        blocker.take(session, "id-DATA-214", "U0TOM", NOW + timedelta(days=3), NOW)
        session.get_one(PersonRow, "U0TOM").active = False
    leaver.settle(services.store, services.policy, NOW)
    drawn = drawer.blocker(services, message("leaver.blocker", ticket_id="id-DATA-214", slack_id="U0TOM"))
    assert isinstance(drawn, Drawn)
    assert shown in drawn.message.text
    assert "Tom Arkwright has left" in drawn.message.text
    if level:
        assert "Falcon" not in str(drawn.message)
        assert "DATA-214" not in str(drawn.message)


def test_a_booking_says_how_it_is_ended(services: Services) -> None:
    bookings.world(services.store)
    number = bookings.booked(services.store, "TOM", bookings.draft(0, 8))
    note = message("leaver.booking", booking_id=number)
    assert isinstance(drawer.booking(services, note), Dropped)
    with services.store.write() as session:
        session.get_one(PersonRow, "U0TOM").active = False
    drawn = drawer.booking(services, note)
    assert isinstance(drawn, Drawn)
    assert drawn.message.text == "Tom Arkwright has left and still has uat-2."
    assert "/env return uat-2" in str(drawn.message.blocks)
