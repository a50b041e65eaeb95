"""Somebody's Home tab, as it is now."""

from bot.drawing import DrawnHome
from bot.services import Services
from bot.views import booking as booking_view
from bot.views import home as view
from interlock.domain import outbox
from interlock.domain.actor import Actor, Authentication
from interlock.domain.authority import Refused
from interlock.usecases import booking, home


def draw(services: Services, message: outbox.Message) -> DrawnHome:
    slack_id, now = message.ids["slack_id"], services.clock()
    actor = Actor(slack_id=slack_id, authentication=Authentication.SLACK)
    picture = home.read(services.store, services.policy, actor, now)
    if isinstance(picture, Refused):
        return DrawnHome(slack_id=slack_id, view=view.refused(picture))
    bookings = booking_view.own_lines(booking.own(services.store, services.policy, actor, now), now)
    return DrawnHome(slack_id=slack_id, view=view.home(picture, bookings, services.ticket_url, now))
