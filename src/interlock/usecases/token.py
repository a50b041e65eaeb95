"""Personal tokens for the command line: asking for one, issuing it, taking it back (see `usecases.secret`), and knowing
its bearer by it.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from interlock.domain.actor import SYSTEM, Actor, Authentication
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.secret import Issued
from interlock.domain.token import PREFIX, Bearer, hash_of
from interlock.store import audit
from interlock.store.engine import Store
from interlock.store.token import TOKENS
from interlock.usecases import authority
from interlock.usecases.secret import Personal

TOKEN: Final = Personal(
    name="token",
    permission=Permission.TOKEN_SELF,
    good_for=lambda limits: timedelta(hours=limits.token_hours),
    kept=TOKENS,
    prefix=PREFIX,
)
ANOTHER: Final = "Type /link token in Slack for another: it says how to log in."

UNKNOWN = Refused(
    reason="unknown_token", sentence=f"This token does not work: it was replaced, revoked or never issued. {ANOTHER}"
)


def ask(store: Store, policy: Policy, actor: Actor, request_id: str, now: datetime) -> timedelta | Refused:
    """`/link token`"""
    return TOKEN.ask(store, policy, actor, request_id, now)


def issue(store: Store, policy: Policy, slack_id: str, request_id: str, now: datetime) -> Issued | Refused | None:
    return TOKEN.issue(store, policy, slack_id, request_id, now)


def revoke(store: Store, policy: Policy, actor: Actor, now: datetime) -> bool | Refused:
    """`/link token revoke`, `interlock logout`"""
    return TOKEN.revoke(store, policy, actor, now)


def end(store: Store, slack_id: str, administrator: dict[str, Any], now: datetime) -> bool:
    """Whoever has the machine takes somebody's token away; false where there is none."""
    with store.write() as session:
        if TOKENS.load(session, slack_id) is None:
            return False
        TOKENS.drop(session, slack_id)
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
        found = TOKENS.find(session, hash_)
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
