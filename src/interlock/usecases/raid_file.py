"""The RAID log as a file, into its asker's direct messages: the heat map, or a table."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from interlock.domain.actor import Actor, Authentication
from interlock.domain.authority import Refused
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.raid import Log
from interlock.domain.release import Unclear, choose
from interlock.store import outbox, release
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.raid import log_of, of_release

GOOD_FOR = timedelta(hours=1)

Form = Literal["map", "csv", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnItsWay:
    log: Log


def ask(
    store: Store, policy: Policy, actor: Actor, form: Form, typed: str, channel_id: str, request_id: str, now: datetime
) -> OnItsWay | Unclear | Refused:
    """Have it sent to the asker. It is drawn when it is sent; of no risk there is no map."""
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.RAID_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        log = log_of(session, policy, allowed.person, meant, now)
        if form == "map" and not log.risks:
            return OnItsWay(log=log)
        message = Outgoing(
            key=f"raid.file:{form}:{meant.id}:{actor.slack_id}:{request_id}",
            kind="raid.map" if form == "map" else "raid.export",
            ids={"release_id": meant.id, "form": form, "slack_id": actor.slack_id},
            channel=f"@{actor.slack_id}",
            urgency=Urgency.URGENT,
            not_after=now + GOOD_FOR,
        )
        outbox.enqueue(session, message, now)
        return OnItsWay(log=log)


def drawn(store: Store, policy: Policy, release_id: int, slack_id: str, now: datetime) -> Log | Refused:
    """As its asker may see it when it is sent."""
    asker = Actor(slack_id=slack_id, authentication=Authentication.SLACK)
    return of_release(store, policy, asker, release_id, now)
