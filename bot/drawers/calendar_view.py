"""The release calendar as a picture, as things are when it is sent."""

from bot.drawing import DrawnFile
from bot.services import Services
from bot.views import calendar_picture
from bot.views.blocks import escape
from interlock.domain import outbox
from interlock.domain.authority import Refused
from interlock.domain.outbox import Dropped
from interlock.usecases import calendar_view


def picture(services: Services, message: outbox.Message) -> DrawnFile | Dropped:
    ids = message.ids
    found = calendar_view.drawn(services.store, services.policy, ids["slack_id"], ids["weeks"], services.clock())
    if isinstance(found, Refused):
        return Dropped(reason=found.sentence)
    said = calendar_picture.finding(found)
    return DrawnFile(
        name=f"release-calendar-{found.today.isoformat()}.png",
        title="Release calendar",
        content=calendar_picture.draw(found),
        comment=escape(said),
        alt_text=said,
    )
