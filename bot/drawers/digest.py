"""Digests and readiness summaries, as they are when they are sent."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import digest as view
from bot.views import readiness as readiness_view
from interlock.domain import outbox
from interlock.domain.outbox import Dropped
from interlock.usecases import digest
from interlock.usecases import readiness as ready

ENDED = Dropped(reason="the release ended meanwhile")


def morning(services: Services, message: outbox.Message) -> Drawn | Dropped:
    now, ids = services.clock(), message.ids
    picture = digest.drawn(services.store, services.policy, ids["release_id"], ids["channel_id"], ids["slot"], now)
    return ENDED if picture.status.release.ended else Drawn(message=view.morning(picture, services.ticket_url, now))


def readiness(services: Services, message: outbox.Message) -> Drawn | Dropped:
    now = services.clock()
    picture = ready.drawn(services.store, services.policy, message.ids["release_id"], now)
    return ENDED if picture.status.release.ended else Drawn(message=readiness_view.readiness(picture, now))
