"""Requests to review, and the RAID log as a picture or a table, as things are when they are sent."""

from bot import raid_export
from bot.drawing import Drawn, DrawnFile
from bot.services import Services
from bot.views import raid_map
from bot.views import raid_review as view
from bot.views.blocks import escape
from interlock.domain import outbox
from interlock.domain.authority import Refused
from interlock.domain.outbox import Deferred, Dropped
from interlock.domain.raid import Log, finding
from interlock.domain.words import count, day
from interlock.usecases import raid_file, raid_notice, raid_reminder

SEEN_TO = Dropped(reason="reviewed, closed or moved, or the release ended")
THEIRS_NO_MORE = Dropped(reason="closed, or somebody else was named, or the release ended")
ASLEEP = "outside their working hours"


def reviews(services: Services, message: outbox.Message) -> Drawn | Dropped | Deferred:
    now = services.clock()
    asked = raid_reminder.reviews(services.store, services.policy, message.ids["slack_id"], now)
    if asked is None:
        return SEEN_TO
    if asked.opens_at > now:
        return Deferred(until=asked.opens_at, reason=ASLEEP)
    return Drawn(message=view.reviews(asked))


def named(services: Services, message: outbox.Message) -> Drawn | Dropped | Deferred:
    ids, now = message.ids, services.clock()
    told = raid_notice.named(
        services.store, services.policy, ids["entry_id"], ids["part"], ids["slack_id"], ids["by"], now
    )
    if told is None:
        return THEIRS_NO_MORE
    if told.opens_at > now:
        return Deferred(until=told.opens_at, reason=ASLEEP)
    return Drawn(message=view.named(told))


def heat_map(services: Services, message: outbox.Message) -> DrawnFile | Dropped:
    log = _log(services, message)
    if isinstance(log, Refused):
        return Dropped(reason=log.sentence)
    said = finding(log)
    return DrawnFile(
        name=f"risks-{log.release.id}-{log.today.isoformat()}.png",
        title=f"Open risks of {log.release.name}, {day(log.today)}",
        content=raid_map.picture(log),
        alt_text=said,
        comment=escape(said),
    )


def export(services: Services, message: outbox.Message) -> DrawnFile | Dropped:
    log = _log(services, message)
    if isinstance(log, Refused):
        return Dropped(reason=log.sentence)
    form, name = message.ids["form"], log.release.name
    said = f"{count(len(log.entries), 'entry', 'entries')} of the RAID log of {name}, {day(log.today)}"
    return DrawnFile(
        name=f"raid-{log.release.id}-{log.today.isoformat()}.{form}",
        title=f"RAID log of {name}",
        content=raid_export.text(log, form).encode(),
        alt_text=said,
        comment=escape(said),
    )


def _log(services: Services, message: outbox.Message) -> Log | Refused:
    ids = message.ids
    return raid_file.drawn(services.store, services.policy, ids["release_id"], ids["slack_id"], services.clock())
