"""How a secret reaches whoever asked for it: a token for the command line, a program's, a link to a feed.

It is made when its direct message is drawn, since it is stored nowhere in clear, and the relay may draw a message more
than once: after an attempt that failed, and after one whose outcome it could not learn and which it then did not find
in Slack. So each drawing issues a new one in place of the last:

- Never two work. Its owner (of a program's, its label) has one row, and its hash is replaced.
- The one that works is the one drawn last. Where an attempt of unknown outcome is found in Slack, nothing is drawn
  again, and what stands there works. Where it is not found and yet turns up later, a newer message follows it, and each
  says that the ones before it no longer work; so does the server when a dead one is tried.
- Nothing is issued behind its owner's back. Only the newest request issues: an older one that was parked and is sent at
  last, or one that was revoked while it waited, is dropped.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from interlock.domain.actor import SYSTEM, Actor, Authentication, Person
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Limits, Policy
from interlock.domain.secret import BYTES, Issued, hash_of
from interlock.store import audit, outbox
from interlock.store.engine import Store
from interlock.store.secret import Secrets
from interlock.usecases import authority
from interlock.usecases.record import record_refusal

GOOD_FOR: Final = timedelta(hours=1)
"""How long the direct message may take. After that nobody waits for it, and it would only be a secret lying about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """One kind of secret that each person may have one of; its name is its message's kind, and its events'."""

    name: str
    permission: Permission
    good_for: Callable[[Limits], timedelta]
    kept: Secrets
    prefix: str = ""

    def ask(self, store: Store, policy: Policy, actor: Actor, request_id: str, now: datetime) -> timedelta | Refused:
        """Sends the actor a new one by direct message; returns how long it will be good for."""
        with store.write() as session:
            allowed = authority.to_decide(session, policy, self.permission, actor, now)
            if isinstance(allowed, Refused):
                return self._record_refusal(session, "ask", actor, allowed, now)
            if send(session, self.name, {"slack_id": actor.slack_id}, actor, request_id, now):
                self.kept.ask(session, actor.slack_id, request_id, now)
                self._record(session, "requested", actor, allowed.person, {}, now)
            return self.good_for(policy.limits)

    def issue(
        self, store: Store, policy: Policy, slack_id: str, request_id: str, now: datetime
    ) -> Issued | Refused | None:
        """A new one in place of the person's last; None where the request is no longer their newest. Whether they may
        have one is asked again.
        """
        with store.write() as session:
            owner = Actor(slack_id=slack_id, authentication=Authentication.SYSTEM)
            allowed = authority.to_view(session, policy, self.permission, owner)
            if isinstance(allowed, Refused):
                return self._record_refusal(session, "issue", owner, allowed, now)
            last = self.kept.load(session, slack_id)
            if last is None or last.request != request_id:
                return None
            if last.is_live(now):
                self._record(session, "revoked", SYSTEM, allowed.person, {"why": "replaced"}, now)
            made, hash_ = make(now + self.good_for(policy.limits), self.prefix)
            self.kept.issue(session, slack_id, hash_, made.expires_at)
            facts = {"expires_at": made.expires_at.isoformat()}
            self._record(session, "issued", SYSTEM, allowed.person, facts, now)
            return made

    def revoke(self, store: Store, policy: Policy, actor: Actor, now: datetime) -> bool | Refused:
        """The actor's, and any on its way, no longer work. Returns whether one did."""
        with store.write() as session:
            allowed = authority.to_view(session, policy, self.permission, actor)
            if isinstance(allowed, Refused):
                return self._record_refusal(session, "revoke", actor, allowed, now)
            last = self.kept.load(session, actor.slack_id)
            if last is None:
                return False
            self.kept.drop(session, actor.slack_id)
            self._record(session, "revoked", actor, allowed.person, {"why": "asked"}, now)
            return last.is_live(now)

    def _record(
        self, session: Session, what: str, actor: Actor, who: Person, facts: dict[str, Any], now: datetime
    ) -> None:
        event = AuditEvent(
            kind=f"{self.name}.{what}",
            actor=actor,
            facts={"person": who.slack_id} | facts,
            people={"subject": asdict(who)},
        )
        audit.append(session, event, now)

    def _record_refusal(self, session: Session, act: str, actor: Actor, refused: Refused, now: datetime) -> Refused:
        facts = {"person": actor.slack_id}
        return record_refusal(session, f"{self.name}.{act}_refused", actor, None, facts, refused, now)


def send(session: Session, kind: str, whose: Mapping[str, str], asker: Actor, request_id: str, now: datetime) -> bool:
    """The direct message to the asker, which will carry it. False for a request that was made before."""
    message = Outgoing(
        key=f"{kind}:{':'.join(whose.values())}:{request_id}",
        kind=kind,
        ids={**whose, "request": request_id},
        channel=f"@{asker.slack_id}",
        urgency=Urgency.URGENT,
        not_after=now + GOOD_FOR,
    )
    return outbox.enqueue(session, message, now)


def make(expires_at: datetime, prefix: str = "") -> tuple[Issued, str]:
    """A new one, and its hash."""
    text = f"{prefix}{secrets.token_urlsafe(BYTES)}"
    hash_ = hash_of(text, prefix)
    assert hash_ is not None, "what is made here has a secret's shape"
    return Issued(text=text, expires_at=expires_at), hash_
