"""What /metrics tells of the store: a few counts, each over an index that holds no history."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, literal
from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from interlock.domain.outbox import Backlog
from interlock.domain.slot import family
from interlock.store import outage, pacing, vendor
from interlock.store.audit import AuditHeadRow, AuditRow
from interlock.store.mirror import MirrorRow
from interlock.store.outbox import backlog, parked_for
from interlock.store.slot import SlotRow, held

RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """`as_of`: when it was last whole and true, None if never. `failing`: its last run stopped with a problem."""

    as_of: datetime | None
    failing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The chain's newest event; `at` None while there is none."""

    seq: int
    hash: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """`parked` by the reason's sentence. `slots` by job (without its subject) and outcome, of those due within a day;
    "running" are those held now. `busy` are Slack's buckets that must be waited for, and until when. `refusing`
    are the vendors that do not accept our token.
    `down_since`: since when Slack has taken nothing, None when it does. `held_up`: posts that an outage has made late
    and that are still to go.
    """

    backlog: tuple[Backlog, ...]
    parked: dict[str, int]
    slots: dict[tuple[str, str], int]
    mirrors: dict[str, Mirrored]
    busy: dict[str, datetime]
    refusing: frozenset[str]
    audit: AuditHead
    down_since: datetime | None
    held_up: int


def gauges(session: Session, now: datetime) -> Gauges:
    slack = outage.ongoing(session)
    mirrors = session.exec(select(MirrorRow.name, MirrorRow.as_of, MirrorRow.problem)).all()
    return Gauges(
        backlog=backlog(session, now),
        parked=parked_for(session),
        slots=_slots(session, now),
        mirrors={name: Mirrored(as_of=as_of, failing=problem is not None) for name, as_of, problem in mirrors},
        busy=pacing.busy(session, now),
        refusing=frozenset(each.vendor.value for each in vendor.refusals(session)),
        audit=_audit_head(session),
        down_since=slack.began_at if slack is not None and slack.is_down else None,
        held_up=outage.held_up(session),
    )


def _slots(session: Session, now: datetime) -> dict[tuple[str, str], int]:
    job = _without_subject(session)
    running = session.execute(
        columns(job, literal("running"), func.count())
        .where(held(now), col(SlotRow.started_at).is_not(None))
        .group_by(job)
    )
    ended = session.execute(
        columns(job, col(SlotRow.outcome), func.count())
        .where(col(SlotRow.due_at) > now - RECENT, col(SlotRow.outcome).is_not(None))
        .group_by(job, col(SlotRow.outcome))
    )
    found: Counter[tuple[str, str]] = Counter()
    for name, outcome, count in (*running, *ended):
        found[family(name), outcome] += count
    return dict(found)


def _without_subject(session: Session) -> ColumnElement[str]:
    """A digest is a job per channel: thousands of names that tell an operator no more than one, and are one here."""
    job = col(SlotRow.job)
    if session.get_bind().dialect.name == "sqlite":
        return func.substr(job, 1, func.instr(job + ":", ":") - 1)
    return func.split_part(job, ":", 1)


def _audit_head(session: Session) -> AuditHead:
    head = session.exec(select(AuditHeadRow)).first()
    if head is None:
        return AuditHead(seq=0, hash="", at=None)
    at = session.exec(select(AuditRow.at).where(AuditRow.seq == head.seq)).first()
    return AuditHead(seq=head.seq, hash=head.hash, at=at)
