"""Voiding the approvals that a changed scope has overtaken, and those that are too old."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from interlock.domain.actor import SYSTEM
from interlock.domain.card import SIGNOFF
from interlock.domain.criterion import Evidence, evidence_changes
from interlock.domain.fingerprint import MaterialChange, TicketSeen, fingerprint, material_changes
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.release import Release
from interlock.domain.signoff import Decision, Requirement, Signoff, VoidedSignoff
from interlock.store import card, criterion, outbox, release, revalidation, signoff
from interlock.store.engine import Store
from interlock.store.signoff import SignoffRow
from interlock.usecases import ask, break_glass_end, gonogo_void
from interlock.usecases.card import refresh, revise_elsewhere
from interlock.usecases.record import record
from interlock.usecases.stage import fall_back

NOTE_GOOD_FOR = timedelta(days=7)


def revalidate(store: Store, now: datetime, *, due_only: bool = False) -> int:
    """Void the approvals that a changed scope or evidence has overtaken, tell each signer, and re-draw the cards
    concerned; returns how many were voided. Run after the mirror has moved: what is voided late is refused at go all
    the same.

    `due_only`: of the releases that were marked with what changed, by a run that died before it came here too; they
    stay marked until they were looked at. Else of all that have not ended.
    """
    gonogo_void.revalidate(store, now)
    break_glass_end.revalidate(store, now)
    with store.read() as session:
        due = revalidation.due(session)
        looked_at = due.keys() if due_only else {*due, *(one.id for one in release.active(session))}
        overtaken = revalidation.overtaken(session, looked_at)
        doubtful = revalidation.with_later_evidence(session, looked_at)
    doubtful |= {each.release_id for each in overtaken if not each.only_got_done}
    voided = sum(revalidate_one(store, release_id, now) for release_id in sorted(doubtful))
    old = [each.card for each in overtaken if each.card and each.release_id not in doubtful]
    if old:
        with store.write() as session:
            for asked in old:  # mostly tickets got done: nobody's lock is needed to have that drawn
                refresh(session, asked, now, Urgency.ROUTINE)
    if due:
        with store.write() as session:
            revalidation.settle(session, due)
    return voided


def expire(store: Store, now: datetime) -> int:
    """Void the approvals that have outlived policy's validity period, tell each signer, and re-draw the cards; returns
    how many. They count no more from the moment on, whenever this runs."""
    with store.read() as session:
        due = signoff.releases_with_expired(session, now)
    return sum(_expire(store, release_id, now) for release_id in due)


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
        found = (each for each in signoff.requirements(session, one) if each.id == row.requirement_id)
        requirement = next(found, None)
        if requirement is None:  # a changed policy asks for it no more
            return None
        again = requirement.signed_by(row.slack_id) or requirement.given_for(row.principal or row.slack_id)
        if one.settled or asked is None or again:
            return None
        current, _ = signoff.seen_scope(session, one.id)
        changes = _changes_since(session, one, row.fingerprint, fingerprint(current), current)
        told = _touching(session, requirement, changes) + _unscoped(row.void_change)
        return VoidedSignoff(
            release=one,
            requirement=requirement.name,
            tickets=len(card.snapshot(session, row.fingerprint)),
            tickets_now=len(current),
            changes=told,
            hidden=signoff.restricted(session, [change.ticket.id for change in told if change.ticket]),
            revision_id=ask.shown_for(revise_elsewhere(session, one, asked, now).id, requirement.id),
            conditions=len(signoff.lapsed_conditions(session, requirement.id, row.slack_id)),
            valid_days=row.void_change.get("valid_days"),
        )


def revalidate_one(store: Store, release_id: int, now: datetime) -> int:
    """As `revalidate`, of one release, right after something was ticked or pushed for it."""
    with store.write() as session:
        one = release.load(session, release_id, lock=True)
        asked = card.of_release(session, one.id, SIGNOFF)
        if break_glass_end.settle_live(session, one, now):
            one = release.load(session, one.id)
        if asked is None or one.settled:
            return 0
        current, _ = signoff.seen_scope(session, one.id)
        mark = fingerprint(current)
        told = criterion.newest(session, one.id)
        voided, why = 0, "the evidence changed under a sign-off"
        for requirement in signoff.requirements(session, one):
            for given in requirement.signoffs:
                if given.decision is not Decision.APPROVED:
                    continue
                scoped = _changes_since(session, one, given.fingerprint, mark, current)
                touching = _touching(session, requirement, scoped + _evidence_since(session, one, given, told))
                if touching:
                    void(session, one, requirement.key, given, touching, now)
                    voided += 1
                    why = "the scope changed under a sign-off" if touching[0].ticket else why
        if voided:
            fall_back(session, one, why, now)
        # Somebody's Home tab may have shown this scope before: then the card is drawn, but with what is void now.
        if voided or card.drawn_fingerprint(session, asked) not in {None, mark}:
            refresh(session, asked, now, Urgency.PROMPT if voided else Urgency.ROUTINE)
        return voided


def _expire(store: Store, release_id: int, now: datetime) -> int:
    with store.write() as session:
        one = release.load(session, release_id, lock=True)
        asked = card.of_release(session, one.id, SIGNOFF)
        if asked is None or one.settled:
            return 0
        old = [
            (requirement, given)
            for requirement in signoff.requirements(session, one)
            for given in requirement.signoffs
            if given.expired(now)
        ]
        for requirement, given in old:
            days = requirement.rule.valid_days or (now - given.at).days
            signoff.expire(session, given, days, now)
            facts = {"requirement": requirement.key, "signoff": given.id, "valid_days": days}
            record(session, "signoff.expired", SYSTEM, given.person, one, facts, now, role="signer")
            _tell(session, given, now)
        if old:
            fall_back(session, one, "a sign-off is too old", now)
            refresh(session, asked, now, Urgency.PROMPT)
        return len(old)


def _touching(
    session: Session, requirement: Requirement, changes: tuple[MaterialChange, ...]
) -> tuple[MaterialChange, ...]:
    """Those of the changes that policy lets void this requirement's approvals."""
    ids = [change.ticket.id for change in changes if change.ticket]
    teams = signoff.teams_of(session, ids) if ids and requirement.rule.teams else {}
    return tuple(
        each for each in changes if requirement.touched_by(each, teams.get(each.ticket.id) if each.ticket else None)
    )


def _evidence_since(
    session: Session, one: Release, given: Signoff, told: Mapping[str, Evidence]
) -> tuple[MaterialChange, ...]:
    """What came after the approval alone: whoever approves a red criterion has seen that it is."""
    if all(each.at <= given.at for each in told.values()):
        return ()  # nearly always
    return evidence_changes(one.policy.criteria, criterion.newest(session, one.id, given.at), told)


def _unscoped(void_change: dict[str, Any]) -> tuple[MaterialChange, ...]:
    """Of what was stored, the changes that no scope shows."""
    stored = void_change.get("changes", ())
    return tuple(MaterialChange(what=what, about=subject) for what, ticket_id, subject in stored if not ticket_id)


def void(
    session: Session,
    one: Release,
    requirement: str,
    given: Signoff,
    changes: tuple[MaterialChange, ...],
    now: datetime,
) -> None:
    """Of the requirement with this key, with what caused it, in the transaction of whoever holds the release's lock."""
    signoff.void(session, given, changes, now)
    facts = {
        "requirement": requirement,
        "signoff": given.id,
        "changes": [[change.what, change.ticket.id if change.ticket else change.about] for change in changes],
    }
    record(session, "signoff.voided", SYSTEM, given.person, one, facts, now, role="signer")
    _tell(session, given, now)


def _tell(session: Session, given: Signoff, now: datetime) -> None:
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
    session: Session, one: Release, signed: str, mark: str, current: tuple[TicketSeen, ...]
) -> tuple[MaterialChange, ...]:
    if signed == mark:
        return ()
    return material_changes(card.snapshot(session, signed), current, one.policy.priorities)
