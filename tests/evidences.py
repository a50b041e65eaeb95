"""A release with everything that evidence is about: signed, refused, rejected, revoked, void, somebody erased."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.evidence import pack
from bot.evidence.key import Key
from interlock.config.template import policy_version
from interlock.domain.anchor import Anchor
from interlock.domain.audit import AuditEvent
from interlock.domain.evidence import Evidence
from interlock.domain.permission import Permission
from interlock.domain.signing import Accepted
from interlock.domain.signoff import Decision
from interlock.store import audit
from interlock.store.engine import Store
from interlock.store.ticket import TicketRow
from interlock.usecases import card, erasure, evidence, revalidation, scope, signoff
from tests.builders import NOW, POLICY, TEMPLATE, actor, people, release, ticket

LATER: Final = NOW + timedelta(minutes=5)
KEY: Final = Key("ed25519:nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
"""The private key of RFC 8032's first test."""
PERMISSIONS: Final = POLICY.permissions | {
    Permission.RELEASE_EVIDENCE: ("release_manager",),
    Permission.AUDIT_VIEW: ("release_manager",),
    Permission.TICKET_RESTRICTED: (),
}
RULES: Final = replace(POLICY, permissions=PERMISSIONS)
SEEING_ALL: Final = replace(RULES, permissions=PERMISSIONS | {Permission.TICKET_RESTRICTED: ("release_manager",)})
BLINKERED: Final = replace(RULES, permissions=PERMISSIONS | {Permission.AUDIT_VIEW: ()})


def sign(
    store: Store, who: str, card_id: int, decision: Decision = Decision.APPROVED, reason: str | None = None
) -> None:
    drawn = card.draw(store, card_id, NOW)
    assert drawn is not None
    done = signoff.decide(store, RULES, actor(who), str(drawn.revision_id), decision, reason, NOW)
    assert isinstance(done, signoff.Decided)
    assert isinstance(done.verdict, Accepted), done


def decided(store: Store) -> int:
    """The release; Ines's approval stands, Tom's is void, Maria rejected and took that back, Noor was erased since."""
    with store.write() as session:
        people(session)
        ticket(session, "DATA-666", security_level="10000", summary="Falcon")
        number = release(session, tickets=("DATA-1", "DATA-2"), policy_version=policy_version(TEMPLATE))
        release(session, name="2027.03")
    asked = signoff.request(store, RULES, actor("RITA"), number, NOW)
    assert isinstance(asked, signoff.Requested)
    sign(store, "MARIA", asked.card.id, Decision.REJECTED, "Lineage of “DATA” is missing <b>")
    drawn = card.draw(store, asked.card.id, NOW)
    assert drawn is not None
    signoff.revoke(store, RULES, actor("MARIA"), str(drawn.revision_id), NOW)
    signoff.decide(store, RULES, actor("RAVI"), str(drawn.revision_id), Decision.APPROVED, None, NOW)
    sign(store, "TOM", asked.card.id)
    sign(store, "NOOR", asked.card.id)
    elsewhere(store)
    with store.write() as session:
        ticket(session, "DATA-3")
        scope.refresh(session, None, NOW)
    assert revalidation.revalidate(store, NOW) == 2
    sign(store, "INES", asked.card.id)
    assert erasure.erase(store, "U0NOOR", {"name": "admin"}, NOW, reason="asked") is not None
    return number


def elsewhere(store: Store) -> None:
    """Something that is decided about another release."""
    with store.write() as session:
        event = AuditEvent(kind="release.closed", actor=actor("RITA"), facts={"release": "2027.03"}, release_id=2)
        audit.append(session, event, NOW)


def anchored(store: Store) -> Anchor:
    """The record's head, as it is anchored elsewhere."""
    with store.read() as session:
        seq, digest = audit.head(session)
    return Anchor(seq=seq, hash=digest, at=NOW)


def gathered(store: Store, number: int, policy: object = RULES) -> Evidence:
    assert isinstance(policy, type(RULES))
    asked = evidence.ask(store, policy, actor("RITA"), "2026.12", "", LATER)
    assert isinstance(asked, evidence.Asked), asked
    found = evidence.gather(store, policy, actor("RITA"), number, asked.event, LATER)
    assert isinstance(found, Evidence)
    return found


def zipped(store: Store, number: int, policy: object = RULES) -> bytes:
    return pack.zipped(gathered(store, number, policy), KEY)


def restrict(store: Store, key: str) -> None:
    with store.write() as session:
        session.get_one(TicketRow, f"id-{key}").security_level = "10000"
