"""Voiding the approvals that a changed scope has overtaken."""

from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain.actor import SYSTEM
from interlock.domain.card import SIGNOFF
from interlock.domain.fingerprint import MaterialChange, TicketSeen, fingerprint, material_changes
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.release import Release
from interlock.domain.signoff import Decision, Requirement, Signoff, VoidedSignoff
from interlock.store import card, outbox, release, revalidation, signoff
from interlock.store.engine import Store
from interlock.store.signoff import SignoffRow
from interlock.usecases.card import refresh, revise_elsewhere
from interlock.usecases.record import record
from interlock.usecases.stage import fall_back

NOTE_GOOD_FOR = timedelta(days=7)


def revalidate(store: Store, now: datetime, *, due_only: bool = False) -> int:
    """Void the approvals that a changed scope has overtaken, tell each signer, and re-draw the cards concerned; returns
    how many were voided. Run after the mirror has moved: what is voided late is refused at go all the same.

    `due_only`: of the releases that were marked with what changed, by a run that died before it came here too; they
    stay marked until they were looked at. Else of all that have not ended.
    """
    with store.read() as session:
        due = revalidation.due(session)
        looked_at = due.keys() if due_only else {*due, *(one.id for one in release.active(session))}
        candidates = revalidation.overtaken(session, looked_at) if looked_at else []
    voided = sum(_revalidate(store, release_id, now) for release_id in candidates)
    if due:
        with store.write() as session:
            revalidation.settle(session, due)
    return voided


def voided(store: Store, signoff_id: int, now: datetime) -> VoidedSignoff | None:
    """What the signer of a void sign-off is told now; None when there is nothing to tell: they signed again, or the
    release ended.
    """
    with store.write() as session:
        row = session.get(SignoffRow, signoff_id)
        if row is None or row.void_change is None:
            return None
        one = release.load(session, row.release_id, lock=True)
        asked = card.of_release(session, one.id, SIGNOFF)
        requirement = next(each for each in signoff.requirements(session, one) if each.id == row.requirement_id)
        if one.ended or asked is None or requirement.signed_by(row.slack_id):
            return None
        current, _ = signoff.seen_scope(session, one.id)
        changes = _changes_since(session, row.fingerprint, fingerprint(current), current)
        return VoidedSignoff(
            release=one,
            requirement=requirement.name,
            tickets=len(card.snapshot(session, row.fingerprint)),
            tickets_now=len(current),
            changes=changes,
            hidden=signoff.restricted(session, [change.ticket.id for change in changes]),
            revision_id=revise_elsewhere(session, one, asked, now).id,
        )


def _revalidate(store: Store, release_id: int, now: datetime) -> int:
    with store.write() as session:
        one = release.load(session, release_id, lock=True)
        asked = card.of_release(session, one.id, SIGNOFF)
        if asked is None or one.ended:
            return 0
        current, _ = signoff.seen_scope(session, one.id)
        mark = fingerprint(current)
        voided = 0
        for requirement in signoff.requirements(session, one):
            for given in requirement.signoffs:
                changes = _changes_since(session, given.fingerprint, mark, current)
                if changes and given.decision is Decision.APPROVED:
                    _void(session, one, requirement, given, changes, now)
                    voided += 1
        if voided:
            fall_back(session, one, "the scope changed under a sign-off", now)
        # Somebody's Home tab may have shown this scope before: then the card is drawn, but with what is void now.
        if voided or card.drawn_fingerprint(session, asked) not in {None, mark}:
            refresh(session, asked, now, Urgency.PROMPT if voided else Urgency.ROUTINE)
        return voided


def _void(
    session: Session,
    one: Release,
    requirement: Requirement,
    given: Signoff,
    changes: tuple[MaterialChange, ...],
    now: datetime,
) -> None:
    signoff.void(session, given, changes, now)
    facts = {
        "requirement": requirement.key,
        "signoff": given.id,
        "changes": [[change.what, change.ticket.id] for change in changes],
    }
    record(session, "signoff.voided", SYSTEM, given.person, one, facts, now, role="signer")
    note = Outgoing(
        key=f"signoff.void:{given.id}",
        kind="signoff.void",
        ids={"signoff_id": given.id},
        channel=f"@{given.person.slack_id}",
        urgency=Urgency.PROMPT,
        not_after=now + NOTE_GOOD_FOR,
    )
    outbox.enqueue(session, note, now)


def _changes_since(
    session: Session, signed: str, mark: str, current: tuple[TicketSeen, ...]
) -> tuple[MaterialChange, ...]:
    return () if signed == mark else material_changes(card.snapshot(session, signed), current)
