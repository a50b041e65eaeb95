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
from interlock.domain.signing import Accepted, Signature
from interlock.domain.signoff import Decision
from interlock.store import audit
from interlock.store.engine import Store
from interlock.store.ticket import TicketRow
from interlock.usecases import card, delegation, erasure, evidence, revalidation, scope, signoff, signoff_revoke
from interlock.usecases.signoff import With
from tests.builders import GOVERNANCE, NOW, POLICY, QA, TEMPLATE, actor, people, release, ticket
from tests.signoffs import asked, later, say

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
    requested = signoff.request(store, RULES, actor("RITA"), number, NOW)
    assert isinstance(requested, signoff.Requested)
    sign(store, "MARIA", requested.card.id, Decision.REJECTED, "Lineage of “DATA” is missing <b>")
    drawn = card.draw(store, requested.card.id, NOW)
    assert drawn is not None
    signoff_revoke.revoke(store, RULES, actor("MARIA"), str(drawn.revision_id), NOW)
    signoff.decide(store, RULES, actor("RAVI"), str(drawn.revision_id), Decision.APPROVED, None, NOW)
    sign(store, "TOM", requested.card.id)
    sign(store, "NOOR", requested.card.id)
    elsewhere(store)
    with store.write() as session:
        ticket(session, "DATA-3")
        scope.refresh(session, None, NOW)
    assert revalidation.revalidate(store, NOW) == 2
    sign(store, "INES", requested.card.id)
    assert erasure.erase(store, "U0NOOR", {"name": "admin"}, NOW, reason="asked") is not None
    return number


def signed_in_every_way(store: Store) -> int:
    """The release; Maria's approval in Ines's place, which Ines took back; Tom's, on two conditions; Maria's own, with
    what it means, which grew too old.
    """
    rules = (replace(QA, delegation=True), replace(GOVERNANCE, step_up=True, valid_days=30))
    template = replace(TEMPLATE, requirements=rules, one_person_one_requirement=False)
    revision = asked(store, *rules, one_each=False, policy_version=policy_version(template))
    delegation.away(store, POLICY, actor("INES"), NOW + timedelta(days=4), "@maria", NOW)
    signed = Signature(release="2026.12", meaning="Approved after review")
    given = [
        say(store, "MARIA", f"{revision}.1"),
        say(store, "TOM", f"{revision}.1", more=With(conditions=("ML-3", "Rollback tested"))),
        say(store, "MARIA", f"{revision}.2", more=With(signature=signed)),
    ]
    assert [type(each) for each in given] == [Accepted] * 3, given
    signoff_revoke.revoke(store, POLICY, actor("INES"), revision, NOW)
    assert revalidation.expire(store, later(store, days=30)) == 1
    return 1


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
    event = evidence.ask(store, policy, actor("RITA"), "2026.12", "", LATER)
    assert isinstance(event, evidence.Asked), event
    found = evidence.gather(store, policy, actor("RITA"), number, event.event, LATER)
    assert isinstance(found, Evidence)
    return found


def zipped(store: Store, number: int, policy: object = RULES) -> bytes:
    return pack.zipped(gathered(store, number, policy), KEY)


def restrict(store: Store, key: str) -> None:
    with store.write() as session:
        session.get_one(TicketRow, f"id-{key}").security_level = "10000"
