"""What became of bookings, and reminders of them, as they are when they are sent."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import booking as view
from interlock.domain import outbox
from interlock.domain.outbox import Dropped
from interlock.usecases import booking_reminder, retirement, state_news
from interlock.usecases.booking_reminder import News

CHANGED = Dropped(reason="the booking has changed since")


def reminder(services: Services, message: outbox.Message) -> Drawn | Dropped:
    now = services.clock()
    ids = message.ids
    told = booking_reminder.reminder(services.store, services.policy, ids["booking_id"], ids["key"], now)
    return Drawn(message=view.reminder(told, now)) if told else CHANGED


def granted(services: Services, message: outbox.Message) -> Drawn | Dropped:
    """Nothing to tell once it was given back again, or is over."""
    told, now = _news(services, message), services.clock()
    if told is None or not told.booking.active or told.booking.is_overdue(now):
        return CHANGED
    return Drawn(message=view.granted(told.environment, told.booking, now))


def lapsed(services: Services, message: outbox.Message) -> Drawn | Dropped:
    told = _news(services, message)
    return Drawn(message=view.lapsed(told.environment, told.booking)) if told else CHANGED


def overtaken(services: Services, message: outbox.Message) -> Drawn | Dropped:
    told = _news(services, message)
    return Drawn(message=view.overtaken(told.environment, told.booking, told.successor)) if told else CHANGED


def ended(services: Services, message: outbox.Message) -> Drawn | Dropped:
    told = _news(services, message)
    return Drawn(message=view.ended(told.environment, told.booking, told.by)) if told else CHANGED


def environment_changed(services: Services, message: outbox.Message) -> Drawn | Dropped:
    """Nothing to tell to whoever has no booking there any more, or where all is as it was."""
    ids = message.ids
    told = state_news.read(services.store, ids["environment_id"], ids["slack_id"], ids["was"], ids["was_because"])
    return Drawn(message=view.environment_changed(told.environment, told.bookings)) if told else CHANGED


def retired(services: Services, message: outbox.Message) -> Drawn | Dropped:
    told = retirement.ended(services.store, message.ids["had"], message.ids["waited"])
    return Drawn(message=view.retired(told.environment, told.by, told.had, told.waited)) if told else CHANGED


def _news(services: Services, message: outbox.Message) -> News | None:
    return booking_reminder.news(services.store, message.ids["booking_id"], services.clock())
