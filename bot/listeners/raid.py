"""`/raid list | show | map | export`, and the buttons that belong to them."""

from bot import raid_export
from bot.requests import Click, Command, Replacement
from bot.services import Services
from bot.views import raid as view
from bot.views import raid_map
from bot.views import release as release_view
from bot.views.blocks import Message
from interlock.domain.authority import Refused
from interlock.domain.raid import Log, Told
from interlock.domain.release import Unclear
from interlock.usecases import raid, raid_file, whereabouts


def list_(request: Command, services: Services) -> Message:
    """`/raid [release]`"""
    log = _log(request, services, request.args)
    return log if isinstance(log, Message) else view.listing(log, services.ticket_url)


def show_all(request: Click, services: Services) -> Message | Replacement:
    number = request.number("release")
    log = raid.of_release(services.store, services.policy, request.actor, number, request.now)
    if isinstance(log, Refused):
        return view.refused(log)
    return Replacement(message=view.listing(log, services.ticket_url, whole=True))


def show(request: Command, services: Services) -> Message:
    """`/raid show R-12`"""
    return _shown(raid.show(services.store, services.policy, request.actor, request.args), request, services)


def show_one(request: Click, services: Services) -> Message:
    number = request.number("entry")
    return _shown(raid.show_one(services.store, services.policy, request.actor, number), request, services)


def map_(request: Command, services: Services) -> Message:
    """`/raid map [release]`, into the asker's direct messages: an answer that only they see holds no picture."""
    return _send(request, services, "map", request.args)


def map_of(request: Click, services: Services) -> Message:
    number = request.number("release")
    log = raid.of_release(services.store, services.policy, request.actor, number, request.now)
    if isinstance(log, Refused):
        return view.refused(log)
    return _send(request, services, "map", log.release.name)


def map_in_words(request: Command, services: Services) -> Message:
    """Where no picture can be shown."""
    log = _log(request, services, request.args)
    return log if isinstance(log, Message) else raid_map.text(log)


def export(request: Command, services: Services) -> Message:
    """`/raid export [release] [csv|json]`"""
    name, kind = _export(request.args)
    return _send(request, services, kind, name)


def export_here(request: Command, services: Services) -> Message:
    """The file itself, where it can be printed."""
    name, kind = _export(request.args)
    log = _log(request, services, name)
    return log if isinstance(log, Message) else Message(text=raid_export.text(log, kind), verbatim=True)


def _shown(found: Told | Refused, request: Command | Click, services: Services) -> Message:
    if isinstance(found, Refused):
        return view.refused(found)
    today = whereabouts.today(services.store, services.policy, request.actor, request.now)
    return view.entry(found, today, services.ticket_url)


def _log(request: Command, services: Services, typed: str) -> Log | Message:
    found = raid.listing(services.store, services.policy, request.actor, typed, request.channel_id, request.now)
    if isinstance(found, Unclear):
        return release_view.unclear(found, None)
    return view.refused(found) if isinstance(found, Refused) else found


def _send(request: Command | Click, services: Services, kind: raid_file.Form, typed: str) -> Message:
    store, policy, there = services.store, services.policy, request.channel_id or ""
    done = raid_file.ask(store, policy, request.actor, kind, typed, there, request.trigger_id, request.now)
    services.wake()
    if isinstance(done, Unclear):
        return release_view.unclear(done, None)
    if isinstance(done, Refused):
        return view.refused(done)
    return view.on_its_way(done.log, picture=kind == "map")


def _export(args: str) -> tuple[str, raid_file.Form]:
    """The release's name and the file's kind, in either order."""
    words = args.split()
    kind: raid_file.Form = "json" if "json" in {word.casefold() for word in words} else "csv"
    return " ".join(word for word in words if word.casefold() not in raid_export.FORMS), kind
