"""Messages that the relay gave up on: telling the release managers, sending again, letting go."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlmodel import Session

from interlock.domain.actor import Actor, Person, Standing
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.backup import is_restored
from interlock.domain.outbox import Message, Outgoing, Parked, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import RELEASE_MANAGER, Policy, Role
from interlock.domain.trouble import Stuck, Trouble
from interlock.store import audit, outbox, person
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.record import record_refusal

KIND = "relay.parked"
"""`interlock.jobs.delivery` knows it too: when this one is parked itself, nobody is told again."""

GATHERED = timedelta(seconds=30)
"""A token that was revoked parks everything at once: it is told of once."""
GOOD_FOR = timedelta(days=1)

TOO_LATE = "Its time was over when a person saw to it."

DIRECT = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How many messages were sent again or let go; 0: somebody else had seen to them. Of those to send, `late` were let
    go, since their time was over."""

    count: int
    late: int = 0


def tell(session: Session, policy: Policy, message: Message, reason: str, now: datetime) -> None:
    """In the transaction that parks: each release manager hears of each reason once an hour."""
    cause = sha256(reason.encode()).hexdigest()[:16]
    for manager in managers(session, policy):
        note = Outgoing(
            key=f"{KIND}:{cause}:{now:%Y-%m-%dT%H}:{manager.slack_id}",
            kind=KIND,
            ids={"message": message.id},
            channel=f"{DIRECT}{manager.slack_id}",
            urgency=Urgency.PROMPT,
            not_before=now + GATHERED,
            not_after=now + GOOD_FOR,
        )
        outbox.enqueue(session, note, now)


def managers(session: Session, policy: Policy) -> list[Person]:
    """The release managers who can act, by name."""
    role = policy.roles.get(RELEASE_MANAGER, Role())
    grouped = [each for members in person.members(session, role.groups).values() for each in members]
    named = person.by_email(session, role.people).values()
    found = {each.slack_id: each for each in [*grouped, *named]}
    return sorted(found.values(), key=lambda each: each.name)


def trouble(store: Store, message_id: int) -> Trouble | None:
    """What is parked for the same reason as this message; None once it was seen to."""
    with store.read() as session:
        alike = _alike(session, message_id)
        if not alike:
            return None
        ids = [each.message.channel[1:] for each in alike if each.message.channel.startswith(DIRECT)]
        names = {slack_id: found.name for slack_id, found in person.people(session, ids).items()}
        return Trouble(
            first=message_id,
            reason=alike[0].reason,
            messages=tuple(_stuck(each.message, names) for each in alike),
            restored=is_restored(alike[0].reason),
        )


def send_again(store: Store, policy: Policy, actor: Actor, message_id: int, now: datetime) -> Settled | Refused:
    """All that are parked for the same reason, once that is mended; of those of a restore, what is still due."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.JOB_RUN, actor, now)
        if isinstance(allowed, Refused):
            told = {"message": message_id}
            return record_refusal(session, "outbox.release_refused", actor, None, told, allowed, now)
        alike = _alike(session, message_id)
        late = [each.message.id for each in alike if is_restored(each.reason) and each.message.not_after <= now]
        ids = [each.message.id for each in alike if each.message.id not in set(late)]
        done = [each for each in ids if outbox.release_parked(session, each, now)]
        gone = [each for each in late if outbox.drop_parked(session, each, TOO_LATE)]
        _record(session, "outbox.released", actor, allowed, done, now)
        _record(session, "outbox.dropped", actor, allowed, gone, now)
        return Settled(count=len(done), late=len(gone))


def let_go(store: Store, policy: Policy, actor: Actor, message_id: int, now: datetime) -> Settled | Refused:
    """All that are parked for the same reason are never sent."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.JOB_RUN, actor, now)
        if isinstance(allowed, Refused):
            told = {"message": message_id}
            return record_refusal(session, "outbox.drop_refused", actor, None, told, allowed, now)
        ids = [each.message.id for each in _alike(session, message_id)]
        done = [each for each in ids if outbox.drop_parked(session, each, f"Let go by {allowed.person.name}.")]
        _record(session, "outbox.dropped", actor, allowed, done, now)
        return Settled(count=len(done))


def _alike(session: Session, message_id: int) -> list[Parked]:
    everything = outbox.parked(session)
    reason = next((each.reason for each in everything if each.message.id == message_id), None)
    return [each for each in everything if each.reason == reason]


def _stuck(message: Message, names: dict[str, str]) -> Stuck:
    if message.channel.startswith(DIRECT):
        return Stuck(kind=message.kind, since=message.created_at, person=names.get(message.channel[1:], "somebody"))
    return Stuck(kind=message.kind, since=message.created_at, channel=message.channel)


def _record(session: Session, kind: str, actor: Actor, who: Standing, done: list[int], now: datetime) -> None:
    if done:
        people = {"actor": asdict(who.person)}
        audit.append(session, AuditEvent(kind=kind, actor=actor, facts={"messages": done}, people=people), now)
