"""The record's anchor, as it was when it was asked for: it is never drawn anew."""

from datetime import datetime

from bot.drawing import Drawn
from bot.services import Services
from bot.views import audit as view
from interlock.domain import outbox
from interlock.domain.anchor import Anchor


def anchor(_services: Services, message: outbox.Message) -> Drawn:
    ids = message.ids
    told = Anchor(seq=ids["seq"], hash=ids["hash"], at=datetime.fromisoformat(ids["at"]))
    return Drawn(message=view.anchor(told))
