"""What monitoring asks of the store, in a handful of indexed counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from interlock.domain.outbox import Backlog
from interlock.store.mirror import MirrorRow
from interlock.store.outbox import OutboxRow, backlog
from interlock.store.slot import SlotRow

RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """`slots` counts those due within a day by outcome, and as "running" those that are held now. `mirrors` is each
    mirror's age, None where it was never whole."""

    backlog: tuple[Backlog, ...]
    parked: int
    slots: dict[str, int]
    mirrors: dict[str, timedelta | None]


def gauges(session: Session, now: datetime) -> Gauges:
    parked = session.exec(select(func.count()).select_from(OutboxRow).where(OutboxRow.state == "parked")).one()
    running = session.exec(
        select(func.count())
        .select_from(SlotRow)
        .where(col(SlotRow.outcome).is_(None), col(SlotRow.lease_until) > now, col(SlotRow.started_at).is_not(None))
    ).one()
    ended = session.exec(
        select(SlotRow.outcome, func.count())
        .where(col(SlotRow.due_at) > now - RECENT, col(SlotRow.outcome).is_not(None))
        .group_by(col(SlotRow.outcome))
    ).all()
    mirrors = session.exec(select(MirrorRow.name, MirrorRow.as_of)).all()
    return Gauges(
        backlog=backlog(session, now),
        parked=parked,
        slots={"running": running} | {outcome or "": count for outcome, count in ended},
        mirrors={name: None if as_of is None else now - as_of for name, as_of in mirrors},
    )
