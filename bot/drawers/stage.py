"""What is posted of a release's moves, as it is when it is sent."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import stage as view
from interlock.domain import outbox
from interlock.domain.outbox import Dropped
from interlock.domain.release import Stage
from interlock.domain.stage import words
from interlock.usecases import stage_news
from interlock.usecases.stage_news import News

OVER = Dropped(reason="it moved on meanwhile")


def moved(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids, news = message.ids, _news(services, message)
    if news.release.stage.value != ids["after"]:
        return OVER
    before, after = words(Stage(ids["before"])), words(news.release.stage)
    told = view.news(news.release, before, after, news.by, ids["why"], news.runbook, news.break_glass)
    return Drawn(message=told)


def cancelled(services: Services, message: outbox.Message) -> Drawn:
    news = _news(services, message)
    return Drawn(message=view.ended(news.release, news.by, message.ids["why"]))


def held(services: Services, message: outbox.Message) -> Drawn | Dropped:
    return _held(services, message, on=True)


def resumed(services: Services, message: outbox.Message) -> Drawn | Dropped:
    return _held(services, message, on=False)


def _held(services: Services, message: outbox.Message, *, on: bool) -> Drawn | Dropped:
    news = _news(services, message)
    if news.release.ended or on is not (news.release.held is not None):
        return OVER
    return Drawn(message=view.held(news.release, news.by, message.ids["why"], on=on))


def _news(services: Services, message: outbox.Message) -> News:
    return stage_news.news(services.store, message.ids["release_id"], message.ids["slack_id"], services.clock())
