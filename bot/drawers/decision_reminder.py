"""The card of a decision that waits, for one of those who may make it, as it is when it is sent."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from bot.drawing import Drawn
from bot.services import Services
from bot.views import decision_reminder as view
from bot.views import freeze_exception as exception_view
from bot.views import policy_change as change_view
from bot.views import waiver as waiver_view
from bot.views.blocks import Message
from interlock.domain import outbox
from interlock.domain.decision_reminder import Matter
from interlock.domain.outbox import Dropped
from interlock.usecases import decision_reminder, freeze_exception, policy_change_card, waiver

DECIDED: Final = Dropped(reason="it was decided meanwhile, or is not theirs to decide any more")


def post(services: Services, message: outbox.Message) -> Drawn | Dropped:
    ids, now = message.ids, services.clock()
    matter, number, reader = Matter(ids["matter"]), ids["number"], ids["slack_id"]
    told = decision_reminder.reminder(services.store, services.policy, ids["release_id"], matter, number, reader, now)
    card = CARDS[matter](services, number, reader, now) if told else None
    return Drawn(message=view.reminder(card, told)) if card and told else DECIDED


def _waiver(services: Services, number: int, reader: str, _: datetime) -> Message | None:
    found = waiver.shown(services.store, number)
    return waiver_view.card(*found, reader) if found else None


def _exception(services: Services, number: int, _: str, now: datetime) -> Message | None:
    found = freeze_exception.card(services.store, services.policy, number, now)
    return exception_view.card(found) if found else None


def _policy_change(services: Services, number: int, reader: str, now: datetime) -> Message | None:
    found = policy_change_card.draw_elsewhere(services.store, number, now)
    return change_view.card(found, reader=reader) if found else None


CARDS: Final[Mapping[Matter, Callable[[Services, int, str, datetime], Message | None]]] = {
    Matter.WAIVER: _waiver,
    Matter.EXCEPTION: _exception,
    Matter.POLICY_CHANGE: _policy_change,
}
