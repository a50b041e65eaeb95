"""Pings about blockers and shared lists, as they are when they are sent."""

from bot.drawing import Drawn
from bot.services import Services
from bot.views import blocker as view
from interlock.domain import outbox
from interlock.domain.outbox import Deferred, Dropped
from interlock.domain.visibility import MEMBER
from interlock.usecases import blocker, escalation, settled_ping


def ping(services: Services, message: outbox.Message) -> Drawn | Dropped | Deferred:
    now = services.clock()
    note = escalation.ping(services.store, services.policy, message.ids, now)
    if note is None:
        return Dropped(reason="cleared, taken or snoozed")
    if note.opens_at > now:
        return Deferred(until=note.opens_at, reason="outside their working hours")
    personal = message.channel.startswith("@")
    audience = MEMBER if personal else blocker.audience_of(services.store, services.policy, message.channel)
    return Drawn(message=view.ping(note, audience, services.ticket_url, in_person=personal))


def settled(services: Services, message: outbox.Message) -> Drawn | Dropped:
    """Changes a ping that was sent."""
    now, ids = services.clock(), message.ids
    found = settled_ping.read(services.store, ids["blocker_id"], ids["post"], now)
    if found is None:
        return Dropped(reason="it stands in the way again")
    note, sent = found
    personal = sent.channel.startswith("D")
    audience = MEMBER if personal else blocker.audience_of(services.store, services.policy, sent.channel)
    drawn = view.settled(note, audience, services.ticket_url)
    return Drawn(message=drawn, update_ts=sent.ts, channel=sent.channel)


def shared(services: Services, message: outbox.Message) -> Drawn:
    ids = message.ids
    found, audience, by = blocker.for_channel(
        services.store, services.policy, ids["release_id"], message.channel, ids["shared_by"]
    )
    drawn = view.listing(found, audience, services.policy, services.ticket_url, services.clock(), shared_by=by)
    return Drawn(message=drawn)
