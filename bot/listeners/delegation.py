"""`/release away | back`: who signs while somebody is away."""

from datetime import datetime, time

from bot.parsing import people_in
from bot.requests import Command
from bot.services import Services
from bot.views import delegation as view
from bot.views import release as release_view
from bot.views.blocks import Message, refusal
from interlock.domain import when
from interlock.domain.authority import Refused
from interlock.domain.delegation import Away
from interlock.usecases import delegation, whereabouts

UNTIL_WHEN = (
    "Until which day, and who signs meanwhile? Type `/release away fri @person`: a day such as `tomorrow`, `fri`, "
    "`+3d` or `2026-12-17`, which is the last of them, and nobody where nobody shall sign."
)
WORDS = 2
"""A day and a person."""


def away(request: Command, services: Services) -> Message:
    """`/release away [DAY [@person]]`"""
    store, policy, actor = services.store, services.policy, request.actor
    words = request.args.split()
    if not words:
        found = delegation.state(store, policy, actor, request.now)
        if isinstance(found, Refused):
            return release_view.refused(found)
        return view.away(found) if isinstance(found, Away) else view.here(found)
    last = when.day(words[0], whereabouts.today(store, policy, actor, request.now))
    if last is None or len(words) > WORDS:
        return refusal(UNTIL_WHEN)
    until = datetime.combine(last, time(23, 59), whereabouts.zone(store, policy, actor))
    mentioned = people_in(words[1]) if len(words) == WORDS else []
    stand_in = mentioned[0] if mentioned else words[1] if len(words) == WORDS else None
    done = delegation.away(store, policy, actor, until, stand_in, request.now)
    services.wake()
    return release_view.refused(done) if isinstance(done, Refused) else view.away(done)


def back(request: Command, services: Services) -> Message:
    """`/release back`"""
    done = delegation.back(services.store, services.policy, request.actor, request.now)
    services.wake()
    return release_view.refused(done) if isinstance(done, Refused) else view.here(done)
