"""`/release calendar` as a picture: asked for, drawn when it is sent, and only for whoever may look."""

from dataclasses import replace

import pytest
from sqlmodel import select

from bot.drawers import calendar_view as drawers
from bot.drawing import DrawnFile
from bot.listeners import calendar_view as listeners
from bot.requests import Command
from bot.services import Services
from bot.views import calendar_picture
from bot.views.blocks import plain
from interlock.domain.calendar_view import CalendarView
from interlock.domain.policy import Policy
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.usecases import calendar_view
from tests.builders import CHANNEL, NOW, POLICY, actor, message, people, release


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture(autouse=True)
def world(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        people(session)
        release(session, tickets=["DATA-1"])


def asked(services: Services, text: str = "", who: str = "TOM") -> str:
    request = Command(
        actor=actor(who),
        name="/release",
        verb="calendar picture",
        args=text,
        channel_id=CHANNEL,
        channel_name="",
        trigger_id="t1",
        now=NOW,
    )
    return plain(listeners.picture(request, services)).text


def test_it_goes_to_its_asker_once_and_says_what_it_shows(services: Services) -> None:
    assert asked(services) == "The calendar of the next 8 weeks is on its way to you as a picture."
    asked(services)  # the same request again
    with services.store.read() as session:
        row = session.exec(select(OutboxRow).where(OutboxRow.kind == "calendar.picture")).one()
    assert (row.channel, row.ids) == ("@U0TOM", {"slack_id": "U0TOM", "weeks": 8})
    drawn = drawers.picture(services, message("calendar.picture", **row.ids))
    assert isinstance(drawn, DrawnFile)
    assert drawn.content.startswith(b"\x89PNG\r\n")
    assert drawn.alt_text == "Due: 2026.12 on Thu 17 Dec. Nothing is in the way."


@pytest.mark.parametrize("weeks", ["0", "1000", "many", "-1"])
def test_what_is_no_number_of_weeks_is_said(services: Services, weeks: str) -> None:
    assert asked(services, weeks).startswith("Give a number of weeks from 1 to")


def test_nobody_gets_it_who_may_not_look_any_more(services: Services) -> None:
    refused = replace(services, policy=replace(POLICY, permissions={}))
    assert not isinstance(drawers.picture(refused, message("calendar.picture", slack_id="U0TOM", weeks=8)), DrawnFile)


def test_a_picture_holds_whatever_a_release_is_called(services: Services) -> None:
    with services.store.write() as session:
        release(session, name="$\\frac{1}{0}$ <x>")
    found = calendar_view.drawn(services.store, POLICY, "U0TOM", 8, NOW)
    assert isinstance(found, CalendarView)
    assert calendar_picture.draw(found).startswith(b"\x89PNG")
