"""After an outage: whoever missed something is told, once, what is late and what does not come any more."""

from collections import defaultdict
from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain import digest as rules
from interlock.domain.outage import NotSent, Outage, Recovery, is_notable
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.store import channel, outage, outbox, release, slot
from interlock.store.engine import Store

DIGEST = "daily-digest"
"""The job whose subjects are channels: what it missed, a channel missed."""
GOOD_FOR = timedelta(hours=12)
DIRECT = "@"


def tell(session: Session, policy: Policy, ended: Outage, now: datetime) -> int:
    """Each channel that missed something or gets it late, and each person who missed something: what comes late to
    somebody says so itself. Returns how many are told.
    """
    if ended.ended_at is None or not is_notable(ended.began_at, ended.ended_at):
        return 0
    missed = _not_sent(session, policy, ended, now)
    addresses = {each for each in outage.late_addresses(session, ended.id) if not each.startswith(DIRECT)} | set(missed)
    told = [each for each in sorted(addresses) if each.startswith(DIRECT) or _may_be_told(session, each)]
    for address in told:
        note = Outgoing(
            key=f"{outage.NOTICE}:{ended.id}:{address}",
            kind=outage.NOTICE,
            ids={"outage": ended.id},
            channel=address,
            urgency=Urgency.PROMPT,
            not_after=now + GOOD_FOR,
        )
        outbox.enqueue(session, note, now)
    return len(told)


def recovery(store: Store, policy: Policy, outage_id: int, address: str, now: datetime) -> Recovery | None:
    """What the outage meant for a channel or a person; None where it turned out to mean nothing."""
    with store.read() as session:
        ended = outage.load(session, outage_id)
        if ended is None or ended.ended_at is None:
            return None
        late = outage.late(session, outage_id, address, now)
        not_sent = _not_sent(session, policy, ended, now).get(address, [])
        if not late and not not_sent:
            return None
        return Recovery(
            cause=ended.cause,
            began_at=ended.began_at,
            ended_at=ended.ended_at,
            late=late,
            not_sent=tuple(not_sent),
        )


def _not_sent(session: Session, policy: Policy, ended: Outage, now: datetime) -> dict[str, list[NotSent]]:
    """By address: posts whose time was over, and digests that were never made."""
    found: defaultdict[str, list[NotSent]] = defaultdict(list)
    names = {each.id: each.name for each in release.all_names(session)}
    for message, due_at in outage.not_sent(session, ended.id, now):
        about = names.get(message.ids.get("release_id", 0))
        found[message.channel].append(NotSent(kind=message.kind, due_at=due_at, release=about))
    assert ended.ended_at is not None
    for skipped in slot.skipped(session, DIGEST, ended.began_at, ended.ended_at):
        there = channel.load(session, skipped.subject or "")
        rule = policy.channels.get(there.name) if there else None
        if there is None or not rules.wants_today(policy, rule, skipped.due_at):
            continue
        found[there.id] += [
            NotSent(kind="digest", due_at=skipped.due_at, release=one.name)
            for one in release.active(session)
            if one.channel_id == there.id
        ]
    return found


def _may_be_told(session: Session, channel_id: str) -> bool:
    """Not where Interlock could not post, and nothing about releases where another company reads along."""
    there = channel.load(session, channel_id)
    return there is None or not (there.shared or there.archived)
