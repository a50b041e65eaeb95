"""What is posted about a release, as it is when it is sent."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import release as view
from interlock.domain import outbox
from interlock.domain.outbox import Dropped
from interlock.usecases import announcement


def status(services: Services, message: outbox.Message) -> Drawn:
    """A shared status: drawn anew, for those who read the channel."""
    now, ids = services.clock(), message.ids
    picture, by = announcement.shared(
        services.store, services.policy, ids["release_id"], ids["channel_id"], ids["shared_by"], now
    )
    return Drawn(message=view.status(picture, now, services.ticket_url, shared_by=by))


def created(services: Services, message: outbox.Message) -> Drawn | Dropped:
    news = announcement.news(services.store, services.policy, message.ids["release_id"], services.clock())
    if news.release.ended:
        return Dropped(reason="the release ended meanwhile")
    return Drawn(message=view.created(news.release, news.created_by, news.tickets, news.frozen))


def closed(services: Services, message: outbox.Message) -> Drawn:
    news = announcement.news(services.store, services.policy, message.ids["release_id"], services.clock())
    one = news.release
    return Drawn(message=view.closed(one, news.closed_by, one.close_reason or "", news.break_glass))
