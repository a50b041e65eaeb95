"""Posts about a release: asking for one, and what each is drawn from at the moment at which it is sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain.actor import SOMEBODY, Actor
from interlock.domain.authority import Refused
from interlock.domain.break_glass import Flag
from interlock.domain.freeze import Window
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.domain.status import ReleaseStatus
from interlock.store import channel, outbox, person, release, scope
from interlock.store.engine import Store
from interlock.usecases import authority, break_glass_card, obstacle, status

SHARE_GOOD_FOR = timedelta(hours=1)
SHARED = {"release.status": Permission.RELEASE_VIEW, "blocker.list": Permission.BLOCKER_VIEW}
"""What can be shared, by the outbox's kind, and the permission that seeing it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    release: Release


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A release and how many tickets it has; `created_by` and `closed_by` are names; `frozen` is the freeze that its
    target day meets without an approved exception, `break_glass` what of it went by broken glass.
    """

    release: Release
    tickets: int
    created_by: str
    closed_by: str
    frozen: Window | None = None
    break_glass: tuple[Flag, ...] = ()


def share(
    store: Store,
    policy: Policy,
    actor: Actor,
    kind: str,
    release_id: int,
    channel_id: str,
    request_id: str,
    now: datetime,
) -> Shared | Refused:
    """Post what the actor was shown of the release (a key of SHARED) into a channel, as that channel may see it."""
    with store.write() as session:
        allowed = authority.to_view(session, policy, SHARED[kind], actor)
        if isinstance(allowed, Refused):
            return allowed
        one = release.load(session, release_id)
        refused = refuse_posting(session, channel_id)
        if refused:
            return refused
        message = Outgoing(
            key=f"{kind}:{one.id}:{channel_id}:{request_id}",
            kind=kind,
            ids={"release_id": one.id, "channel_id": channel_id, "shared_by": actor.slack_id},
            channel=channel_id,
            urgency=Urgency.URGENT,
            not_after=now + SHARE_GOOD_FOR,
        )
        outbox.enqueue(session, message, now)
        return Shared(release=one)


def news(store: Store, policy: Policy, release_id: int, now: datetime) -> News:
    with store.read() as session:
        one = release.load(session, release_id)
        ids = [one.created_by, one.closed_by or ""]
        names = {slack_id: each.name for slack_id, each in person.people(session, ids).items()}
        return News(
            release=one,
            tickets=len(scope.tickets(session, one.id)),
            created_by=names.get(one.created_by, SOMEBODY),
            closed_by=names.get(one.closed_by or "", SOMEBODY),
            frozen=obstacle.freeze_of_target(session, policy, one, now),
            break_glass=break_glass_card.flags_of(session, one, now),
        )


def shared(
    store: Store, policy: Policy, release_id: int, channel_id: str, shared_by: str, now: datetime
) -> tuple[ReleaseStatus, str]:
    """The status as the channel's readers may see it, and the name of whoever shared it."""
    with store.read() as session:
        one = release.load(session, release_id)
        picture = status.for_channel(session, policy, one, channel_id, now)
        return picture, name_of(session, shared_by)


def name_of(session: Session, slack_id: str) -> str:
    found = person.people(session, [slack_id]).get(slack_id)
    return found.name if found else SOMEBODY


def refuse_posting(session: Session, channel_id: str) -> Refused | None:
    """Why nothing can be posted in the channel; None where it can."""
    if channel_id.startswith("D"):
        return Refused(
            reason="direct_message",
            sentence="That can't be shared here: this is a direct message. Type the command in the channel that should "
            "see it, and share it there.",
        )
    there = channel.load(session, channel_id)
    if there is None or not there.member or there.archived:
        return Refused(
            reason="not_in_channel",
            sentence="Interlock can't post here: it is not in this channel. Invite it with /invite, wait a few "
            "minutes, and share again.",
        )
    if there.shared:
        return Refused(
            reason="shared_channel",
            sentence=f"#{there.name} is shared with another company, so a release's status is not posted there. "
            "Share it in a channel of your own workspace.",
        )
    return None


def governance_channel(session: Session, policy: Policy, one: Release) -> str | Refused:
    """The channel where such things are decided: governance's where policy names one, else the release's."""
    name = policy.governance.channel
    if name is None:
        return refuse_posting(session, one.channel_id) or one.channel_id
    there = channel.by_name(session, name)
    if there is None:
        return Refused(
            reason="no_governance_channel",
            sentence=f"Nobody could be asked: Interlock does not see #{name}. Type /invite @Interlock there.",
        )
    return refuse_posting(session, there.id) or there.id
