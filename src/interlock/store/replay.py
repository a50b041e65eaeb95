"""Reading what was recorded of releases, in the reader's one snapshot: for replaying it under another policy."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from interlock.domain.actor import Person
from interlock.domain.card import SIGNOFF
from interlock.domain.criterion import Evidence
from interlock.domain.release import Release, Stage
from interlock.domain.replay import Attempt, Declined, Given, Hold, Record, Trail, Turn
from interlock.domain.signoff import Decision
from interlock.domain.status import Stay
from interlock.domain.ticket import Category, Field
from interlock.domain.waiver import WaiverState
from interlock.store import card, freeze_exception, person, release, waiver
from interlock.store.audit import AuditPersonRow, AuditRow
from interlock.store.booking import BookingRow
from interlock.store.card import ScopeSnapshotRow
from interlock.store.condition import ConditionRow
from interlock.store.criterion import EvidenceRow
from interlock.store.environment import EnvironmentRow
from interlock.store.release import ReleaseRow, ScopeRow
from interlock.store.signoff import RequirementRow, SignoffRow
from interlock.store.slot import SlotRow
from interlock.store.ticket import StatusRow, TicketChangeRow, TicketRow
from interlock.store.ticket_read import BATCH

KINDS: Final = ("signoff.approved", "signoff.rejected", "signoff.refused", "release.moved", "release.move_refused")
PERSON: Final = frozenset(each.name for each in fields(Person))
READS: Final = ("sync", "sweep")
"""The jobs that read the tracker to its end."""


def alive(session: Session, since: datetime, until: datetime) -> list[Release]:
    """The releases that had not ended by `since`, by target and name."""
    rows = session.scalars(
        columns(ReleaseRow.id)  # type: ignore[call-overload]  # SQLModel's columns
        .where(
            col(ReleaseRow.created_at) <= until,
            or_(col(ReleaseRow.closed_at).is_(None), col(ReleaseRow.closed_at) >= since),
        )
        .order_by(col(ReleaseRow.target), col(ReleaseRow.folded))
    ).all()
    return [release.load(session, each) for each in rows]


def record(session: Session, one: Release, reads: tuple[tuple[datetime, datetime], ...]) -> Record:
    """All that is known of the release."""
    events = _events(session, one.id)
    given = _given(session, one, events)
    conditions = {ticket for each in given for _, ticket in each.conditions if ticket}
    stays = _stays(session, one.id)
    asked = card.of_release(session, one.id, SIGNOFF)
    declined = tuple(_declined(facts, who, at) for kind, at, facts, who in events if _is_declined(kind, facts))
    marks = {each.fingerprint for each in given} | {each.fingerprint for each in declined if each.fingerprint}
    return Record(
        release=one,
        requested_by=asked.requested_by if asked else None,
        given=given,
        declined=declined,
        attempts=tuple(
            _attempt(kind, facts, who, at) for kind, at, facts, who in events if kind.startswith("release.move")
        ),
        stays=stays,
        trails=trails(session, {each.ticket_id for each in stays} | conditions),
        snapshots={mark: card.snapshot(session, mark) for mark in _known(session, marks)},
        evidence=_evidence(session, one.id),
        waivers=tuple(each for each in waiver.of_release(session, one.id) if each.state is WaiverState.GRANTED),
        exceptions=tuple(freeze_exception.of_release(session, one.id)),
        bookings=_bookings(session, one.id),
        reads=reads,
    )


def reads(session: Session, since: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """When each reading of the tracker that came to its end began and ended."""
    rows = session.execute(
        columns(col(SlotRow.started_at), col(SlotRow.done_at)).where(
            col(SlotRow.job).in_(READS), col(SlotRow.outcome) == "done", col(SlotRow.done_at) >= since
        )
    )
    return tuple((began, ended) for began, ended in rows if began and ended)


def trails(session: Session, ticket_ids: Collection[str]) -> dict[str, Trail]:
    """The tickets as they are, with what is kept of their history."""
    done = {row.id: row.category == Category.DONE.value for row in session.exec(select(StatusRow))}
    found: dict[str, Trail] = {}
    ids = sorted(ticket_ids)
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        turns: defaultdict[str, list[Turn]] = defaultdict(list)
        wanted = (Field.STATUS.value, Field.PRIORITY.value, Field.ASSIGNEE.value)
        for row in session.exec(
            select(TicketChangeRow)
            .where(col(TicketChangeRow.ticket_id).in_(some), col(TicketChangeRow.field).in_(wanted))
            .order_by(col(TicketChangeRow.at), col(TicketChangeRow.id))
        ):
            turns[row.ticket_id].append(_turn(row, done))
        for ticket in session.exec(select(TicketRow).where(col(TicketRow.id).in_(some))):
            found[ticket.id] = Trail(
                id=ticket.id,
                key=ticket.key,
                team=ticket.team_key,
                restricted=ticket.security_level is not None,
                done=ticket.category == Category.DONE.value,
                priority=ticket.priority,
                assignee=ticket.assignee_id,
                turns=tuple(turns[ticket.id]),
            )
        session.expunge_all()
    return found


def _turn(row: TicketChangeRow, done: Mapping[str, bool]) -> Turn:
    if row.field == Field.STATUS.value:
        before, after = done.get(row.before or ""), done.get(row.after or "")
        return Turn(at=row.at, field="done", before=before, after=after)
    if row.field == Field.PRIORITY.value:  # tickets have its name, histories its id beside it
        before_text, after_text = row.before_text or row.before, row.after_text or row.after
        return Turn(at=row.at, field="priority", before=before_text, after=after_text)
    return Turn(at=row.at, field="assignee", before=row.before, after=row.after)


Event = tuple[str, datetime, dict[str, Any], dict[str, Any]]
"""Its kind, when, its facts with how its actor was authenticated, and the people who were not erased, by role."""


def _events(session: Session, release_id: int) -> list[Event]:
    rows = session.exec(
        select(AuditRow)
        .where(AuditRow.release_id == release_id, col(AuditRow.kind).in_(KINDS))
        .order_by(col(AuditRow.seq))
    ).all()
    people: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    numbers = [row.seq for row in rows]
    for start in range(0, len(numbers), BATCH):
        for who in session.exec(
            select(AuditPersonRow).where(col(AuditPersonRow.seq).in_(numbers[start : start + BATCH]))
        ):
            people[who.seq][who.role] = who.data
    told = []
    for row in rows:
        body = json.loads(row.body)
        told.append((row.kind, row.at, body["facts"] | {"auth": body["authentication"]}, people[row.seq]))
    return told


def _person(data: Mapping[str, Any] | None) -> Person | None:
    """As they were then; None for somebody who was erased."""
    return Person(**{key: value for key, value in data.items() if key in PERSON}) if data else None


def _given(session: Session, one: Release, events: Sequence[Event]) -> tuple[Given, ...]:
    told = {
        (at, facts["requirement"], who["actor"]["slack_id"]): who
        for kind, at, facts, who in events
        if kind in {"signoff.approved", "signoff.rejected"} and "actor" in who
    }
    keys = {row.id: row.key for row in session.exec(select(RequirementRow).where(RequirementRow.release_id == one.id))}
    hanging: defaultdict[int, list[tuple[datetime | None, str | None]]] = defaultdict(list)
    for condition in session.exec(select(ConditionRow).where(ConditionRow.release_id == one.id)):
        hanging[condition.signoff_id].append((condition.done_at, condition.ticket_id))
    rows = session.exec(
        select(SignoffRow).where(SignoffRow.release_id == one.id).order_by(col(SignoffRow.at), col(SignoffRow.id))
    ).all()
    stands_for = person.people(session, {row.principal or row.slack_id for row in rows})
    found = []
    for row in rows:
        key = keys[row.requirement_id]
        who = told.get((row.at, key, row.slack_id), {})
        another = row.principal if row.principal not in {None, row.slack_id} else None
        found.append(
            Given(
                id=row.id or 0,
                requirement=key,
                slack_id=row.slack_id,
                person=_person(who.get("actor")),
                principal=(_person(who.get("principal")) or stands_for.get(another)) if another else None,
                decision=Decision(row.decision),
                reason=row.reason,
                fingerprint=row.fingerprint,
                at=row.at,
                gone_at=row.revoked_at or row.void_at,
                gone_by=_gone_by(row),
                changes=tuple((each[0], each[1], each[2]) for each in (row.void_change or {}).get("changes", ())),
                meaning=row.meaning,
                conditions=tuple(hanging[row.id or 0]),
            )
        )
    return tuple(found)


def _gone_by(row: SignoffRow) -> Literal["revoked", "changed", "expired", "giver_left"] | None:
    if row.revoked_at is not None:
        return "revoked"
    if row.void_at is None:
        return None
    told = row.void_change or {}
    return "expired" if told.get("expired") else "giver_left" if told.get("giver_left") else "changed"


def _is_declined(kind: str, facts: Mapping[str, Any]) -> bool:
    return kind == "signoff.refused" and facts.get("decision") in set(Decision)


def _declined(facts: Mapping[str, Any], who: Mapping[str, Any], at: datetime) -> Declined:
    return Declined(
        at=at,
        person=_person(who.get("actor")),
        decision=Decision(facts["decision"]),
        why=facts["why"],
        fingerprint=facts.get("fingerprint"),
    )


def _attempt(kind: str, facts: Mapping[str, Any], who: Mapping[str, Any], at: datetime) -> Attempt:
    made = kind == "release.moved"
    return Attempt(
        at=at,
        before=Stage(facts["from"] if made else facts["stage"]),
        after=Stage(facts["to"]),
        person=_person(who.get("actor")),
        by_system=facts["auth"] == "system",
        refused=None if made else facts["why"],
        missing=tuple(facts.get("missing", ())),
        holding=dict(facts.get("conditions", ())),
        because=facts["why"] if made else "",
    )


def _stays(session: Session, release_id: int) -> tuple[Stay, ...]:
    rows = session.exec(select(ScopeRow).where(ScopeRow.release_id == release_id).order_by(col(ScopeRow.id)))
    return tuple(Stay(ticket_id=row.ticket_id, added_at=row.added_at, removed_at=row.removed_at) for row in rows)


def _known(session: Session, marks: Collection[str]) -> list[str]:
    wanted = select(ScopeSnapshotRow.fingerprint).where(col(ScopeSnapshotRow.fingerprint).in_(sorted(marks)))
    return list(session.exec(wanted))


def _evidence(session: Session, release_id: int) -> dict[str, tuple[Evidence, ...]]:
    found: defaultdict[str, tuple[Evidence, ...]] = defaultdict(tuple)
    rows = session.exec(select(EvidenceRow).where(EvidenceRow.release_id == release_id).order_by(col(EvidenceRow.id)))
    for row in rows:
        by = row.reporter or row.slack_id or ""
        told = Evidence(at=row.at, by=by, ticked=row.ticked, link=row.link, value=row.value)
        found[row.criterion] += (told,)
    return dict(found)


def _bookings(session: Session, release_id: int) -> tuple[Hold, ...]:
    """Those that were ever active: what waited or lapsed held nothing."""
    rows = session.execute(
        columns(BookingRow, EnvironmentRow.key)  # type: ignore[call-overload]  # SQLModel's columns
        .join(EnvironmentRow, col(EnvironmentRow.id) == col(BookingRow.environment_id))
        .where(col(BookingRow.release_id) == release_id, col(BookingRow.state).in_(("active", "returned", "cancelled")))
    ).all()
    return tuple(
        Hold(environment=key, starts=row.starts, ends=row.ends, made_at=row.created_at, ended_at=row.ended_at)
        for row, key in rows
    )
