"""Which vendor does not accept our token, for all replicas and the command line to see."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, or_, update
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.vendor import FARTHEST_PROBE, Refusal, Vendor, pause
from interlock.store.alone import alone
from interlock.store.base import UtcDateTime

PROBE_LASTS = timedelta(minutes=1)
"""Nobody else probes while one does."""


class RefusalRow(SQLModel, table=True):
    """There as long as the vendor does not accept us. `refusals` counts them."""

    __tablename__ = "vendor_refusal"

    vendor: str = Field(primary_key=True)
    since: datetime = Field(sa_type=UtcDateTime)
    told: str
    refusals: int
    probe_at: datetime = Field(sa_type=UtcDateTime)


def refusals(session: Session) -> tuple[Refusal, ...]:
    rows = session.exec(select(RefusalRow).order_by(RefusalRow.vendor)).all()
    return tuple(
        Refusal(vendor=Vendor(row.vendor), since=row.since, told=row.told, refusals=row.refusals, probe_at=row.probe_at)
        for row in rows
    )


def refuse(session: Session, vendor: Vendor, told: str, now: datetime) -> bool:
    """Record that it does not accept us; whether it did until now."""
    alone(session, f"vendor:{vendor}")
    row = session.get(RefusalRow, vendor.value)
    new = row is None
    row = row or RefusalRow(vendor=vendor.value, since=now, told=told, refusals=0, probe_at=now)
    if new or now >= row.probe_at - PROBE_LASTS:  # what was under way at once is one refusal
        row.refusals += 1
        row.probe_at = now + pause(row.refusals)
    row.told = told
    session.add(row)
    session.flush()
    return new


def accept(session: Session, vendor: Vendor) -> bool:
    """Record that it accepts us; whether it did not until now."""
    row = session.get(RefusalRow, vendor.value)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def probe_soon(session: Session, vendor: Vendor, now: datetime) -> None:
    """There is another token to try."""
    session.connection().execute(
        update(RefusalRow).where(col(RefusalRow.vendor) == vendor.value).values(probe_at=now, refusals=0)
    )


def claim_probe(session: Session, vendors: Collection[Vendor], now: datetime) -> bool:
    """Whether the caller may try all of these that refuse us."""
    for vendor in sorted(vendors):
        at = col(RefusalRow.probe_at)
        due = (col(RefusalRow.vendor) == vendor.value, or_(at <= now, at > now + FARTHEST_PROBE))
        done = session.connection().execute(update(RefusalRow).where(*due).values(probe_at=now + PROBE_LASTS))
        assert isinstance(done, CursorResult)
        if not done.rowcount:
            return False
    return True
