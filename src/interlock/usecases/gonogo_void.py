"""Voiding the votes that a changed scope has overtaken, and telling their givers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain.actor import SYSTEM
from interlock.domain.fingerprint import MaterialChange, fingerprint, material_changes
from interlock.domain.gonogo import Board, Choice, RollCall
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.store import card, gonogo, outbox, release, signoff
from interlock.store.engine import Store
from interlock.usecases.gonogo_card import board, refresh, revise_elsewhere
from interlock.usecases.record import record

NOTE_GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidedVote:
    """What its giver is told: `role` for which and what they voted, and what changed since, as counts by kind."""

    board: Board
    role: str
    choice: Choice
    changes: dict[str, int]


def revalidate(store: Store, now: datetime) -> int:
    """Void the votes that a changed scope has overtaken; how many. Run after the mirror has moved: what is voided late
    is refused at the confirmation all the same.
    """
    with store.read() as session:
        candidates = [each for each in gonogo.all_open(session) if _may_be_overtaken(session, each)]
    voided = 0
    for each in candidates:
        with store.write() as session:
            one = release.load(session, each.release_id, lock=True)
            roll_call = gonogo.load(session, each.id)
            if roll_call and not roll_call.ended and not one.ended:
                voided += void_overtaken(session, one, roll_call, now)
    return voided


def void_overtaken(session: Session, one: Release, roll_call: RollCall, now: datetime) -> int:
    """For somebody who holds the release's lock. A no-go stands, as a rejection does: a reason to say no stays one."""
    current, _ = signoff.seen_scope(session, one.id)
    mark, voided = fingerprint(current), 0
    for vote in roll_call.votes:
        if vote.choice is Choice.NO_GO or vote.fingerprint == mark:
            continue
        changes = material_changes(card.snapshot(session, vote.fingerprint), current, one.policy.priorities)
        if not changes:
            continue
        gonogo.void(session, vote.id, changes, now)
        facts = {
            "gonogo": roll_call.id,
            "vote": vote.id,
            "role": vote.role,
            "choice": vote.choice.value,
            "changes": [[each.what, each.ticket.id] for each in changes if each.ticket],
        }
        record(session, "gonogo.vote_voided", SYSTEM, vote.person, one, facts, now, role="voter")
        note = Outgoing(
            key=f"gonogo.void:{vote.id}",
            kind="gonogo.void",
            ids={"vote_id": vote.id},
            channel=f"@{vote.person.slack_id}",
            urgency=Urgency.PROMPT,
            not_after=now + NOTE_GOOD_FOR,
        )
        outbox.enqueue(session, note, now)
        voided += 1
    asked = card.load(session, roll_call.card_id)
    if asked and (voided or card.drawn_fingerprint(session, asked) not in {None, mark}):
        refresh(session, asked, now, Urgency.PROMPT if voided else Urgency.ROUTINE)
    return voided


def voided(store: Store, policy: Policy, vote_id: int, now: datetime) -> VoidedVote | None:
    """What the giver of a void vote is told now; None when there is nothing to tell: the role has a vote again, or the
    roll-call ended.
    """
    with store.write() as session:
        found = gonogo.voided(session, vote_id)
        if found is None:
            return None
        one = release.load(session, found[0].release_id, lock=True)
        roll_call = gonogo.load(session, found[0].id)
        row = found[1]
        if roll_call is None or roll_call.ended or one.ended or roll_call.of_role(row.role):
            return None
        asked = card.load(session, roll_call.card_id)
        assert asked is not None, "a roll-call's card cannot be deleted"
        current, _ = signoff.seen_scope(session, one.id)
        changes = material_changes(card.snapshot(session, row.fingerprint), current, one.policy.priorities)
        revision = revise_elsewhere(session, one, asked, roll_call, now)
        return VoidedVote(
            board=board(session, policy, one, roll_call, now, revision),
            role=row.role,
            choice=Choice(row.choice),
            changes=counted(changes),
        )


def counted(changes: tuple[MaterialChange, ...]) -> dict[str, int]:
    """`{"added": 2}`, in their order. Which tickets they are is for the card's readers to look up where they may."""
    whats = [each.what for each in changes]
    return {what: whats.count(what) for what in dict.fromkeys(whats)}


def _may_be_overtaken(session: Session, roll_call: RollCall) -> bool:
    """Mostly nothing has changed, and then no lock is needed to see it."""
    asked = card.load(session, roll_call.card_id)
    drawn = card.drawn_fingerprint(session, asked) if asked else None
    current, _ = signoff.seen_scope(session, roll_call.release_id)
    known = {drawn, *(vote.fingerprint for vote in roll_call.votes)}
    return bool(known - {None, fingerprint(current)})
