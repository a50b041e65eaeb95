"""Personal tokens for the command line: asking for one, issuing it, taking it back, and knowing its bearer by it.

A token is made when its direct message is drawn, since it is stored nowhere in clear, and the relay may draw a message
more than once: after an attempt that failed, and after one whose outcome it could not learn and which it then did not
find in Slack. So each drawing issues a new token in place of the last one:

- Never two work. A person has one row, and its hash is replaced.
- The one that works is the one drawn last. Where an attempt of unknown outcome is found in Slack, nothing is drawn
  again, and what stands there works. Where it is not found and yet turns up later, a newer message follows it, and each
  says that the ones before it no longer work; so does the server when a dead one is tried.
- Nothing is issued behind its owner's back. Only the newest request issues: an older one that was parked and is sent at
  last, or one that was revoked while it waited, is dropped.
"""

import secrets
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from interlock.domain.actor import SYSTEM, Actor, Authentication, Person
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.token import BYTES, PREFIX, Bearer, Issued, hash_of
from interlock.store import audit, outbox, token
from interlock.store.engine import Store
from interlock.usecases import authority

KIND: Final = "token"
GOOD_FOR: Final = timedelta(hours=1)
"""How long the direct message may take. After that nobody waits for it, and it would only be a secret lying about."""
ANOTHER: Final = "Type /link token in Slack for another, then interlock login."

UNKNOWN = Refused(
    reason="unknown_token", sentence=f"This token does not work: it was replaced, revoked or never issued. {ANOTHER}"
)


def ask(store: Store, policy: Policy, actor: Actor, request_id: str, now: datetime) -> timedelta | Refused:
    """`/link token`: sends the actor a new token by direct message; returns how long it will be good for."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.TOKEN_SELF, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        message = Outgoing(
            key=f"token:{actor.slack_id}:{request_id}",
            kind=KIND,
            ids={"slack_id": actor.slack_id, "request": request_id},
            channel=f"@{actor.slack_id}",
            urgency=Urgency.URGENT,
            not_after=now + GOOD_FOR,
        )
        if outbox.enqueue(session, message, now):
            token.ask(session, actor.slack_id, request_id, now)
            _record(session, "token.requested", actor, allowed.person, {}, now)
        return timedelta(hours=policy.limits.token_hours)


def issue(store: Store, policy: Policy, slack_id: str, request_id: str, now: datetime) -> Issued | Refused | None:
    """A new token in place of the person's last one; None where the request is no longer their newest. Whether they may
    have one is asked again.
    """
    with store.write() as session:
        bearer = Actor(slack_id=slack_id, authentication=Authentication.SYSTEM)
        allowed = authority.to_view(session, policy, Permission.TOKEN_SELF, bearer)
        if isinstance(allowed, Refused):
            return allowed
        last = token.load(session, slack_id)
        if last is None or last.request != request_id:
            return None
        if last.is_live(now):
            _record(session, "token.revoked", SYSTEM, allowed.person, {"why": "replaced"}, now)
        text = f"{PREFIX}{secrets.token_urlsafe(BYTES)}"
        hash_, expires_at = hash_of(text), now + timedelta(hours=policy.limits.token_hours)
        assert hash_ is not None, "what is made here has a token's shape"
        token.issue(session, slack_id, hash_, expires_at)
        _record(session, "token.issued", SYSTEM, allowed.person, {"expires_at": expires_at.isoformat()}, now)
        return Issued(text=text, expires_at=expires_at)


def revoke(store: Store, policy: Policy, actor: Actor, now: datetime) -> bool | Refused:
    """`/link token revoke`, `interlock logout`: the actor's token, and any on its way, no longer work. Returns whether
    there was one."""
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.TOKEN_SELF, actor)
        if isinstance(allowed, Refused):
            return allowed
        last = token.load(session, actor.slack_id)
        if last is None:
            return False
        token.drop(session, actor.slack_id)
        _record(session, "token.revoked", actor, allowed.person, {"why": "asked"}, now)
        return last.is_live(now)


def end(store: Store, slack_id: str, administrator: dict[str, Any], now: datetime) -> bool:
    """Whoever has the machine takes somebody's token away; false where there is none."""
    with store.write() as session:
        if token.load(session, slack_id) is None:
            return False
        token.drop(session, slack_id)
        facts = {"person": slack_id, "why": "taken away"}
        event = AuditEvent(kind="token.revoked", actor=SYSTEM, facts=facts, people={"administrator": administrator})
        audit.append(session, event, now)
        return True


def authenticate(store: Store, policy: Policy, text: str, now: datetime) -> Bearer | Refused:
    """Whose token this is, if it counts now. What they may do, each use case asks for itself."""
    hash_ = hash_of(text)
    if hash_ is None:
        return UNKNOWN
    with store.read() as session:
        found = token.find(session, hash_)
        if found is None or found.expires_at is None:
            return UNKNOWN
        if not found.is_live(now):
            sentence = f"This token expired {found.expires_at:%a %d %b %H:%M} UTC. {ANOTHER}"
            return Refused(reason="expired_token", sentence=sentence)
        actor = Actor(slack_id=found.slack_id, authentication=Authentication.TOKEN)
        allowed = authority.to_view(session, policy, Permission.TOKEN_SELF, actor)
        if isinstance(allowed, Refused):
            return allowed
        return Bearer(actor=actor, person=allowed.person, expires_at=found.expires_at, key=hash_)


def _record(session: Session, kind: str, actor: Actor, who: Person, facts: dict[str, Any], now: datetime) -> None:
    event = AuditEvent(kind=kind, actor=actor, facts={"person": who.slack_id} | facts, people={"subject": asdict(who)})
    audit.append(session, event, now)
