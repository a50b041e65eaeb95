"""What is posted of a release's moves, as it is when it is sent."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import stage as view
from interlock.domain import outbox
from interlock.domain.outbox import Dropped
from interlock.domain.release import Stage
from interlock.domain.stage import words
from interlock.usecases import announcement, stage

OVER = Dropped(reason="it moved on meanwhile")


def moved(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids = message.ids
    one = announcement.news(services.store, ids["release_id"]).release
    if one.stage.value != ids["after"]:
        return OVER
    by = stage.told_by(services.store, ids["slack_id"])
    before, after = words(Stage(ids["before"])), words(one.stage)
    return Drawn(message=view.news(one, before, after, by, ids["why"]))


def cancelled(services: Services, message: outbox.Message) -> Drawn:
    ids = message.ids
    one = announcement.news(services.store, ids["release_id"]).release
    return Drawn(message=view.ended(one, stage.told_by(services.store, ids["slack_id"]), ids["why"]))


def held(services: Services, message: outbox.Message) -> Drawn | Dropped:
    return _held(services, message, on=True)


def resumed(services: Services, message: outbox.Message) -> Drawn | Dropped:
    return _held(services, message, on=False)


def _held(services: Services, message: outbox.Message, *, on: bool) -> Drawn | Dropped:
    ids = message.ids
    one = announcement.news(services.store, ids["release_id"]).release
    if one.ended or on is not (one.held is not None):
        return OVER
    return Drawn(message=view.held(one, stage.told_by(services.store, ids["slack_id"]), ids["why"], on=on))
