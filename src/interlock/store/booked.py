"""Whether a release has the environments that its criteria ask for, and in which state they are."""

from collections.abc import Collection
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from interlock.domain.calendar import ONE_DAY
from interlock.domain.criterion import Booked
from interlock.domain.environment import Lifecycle
from interlock.store.booking import BookingRow
from interlock.store.environment import EnvironmentRow


def on_day(
    session: Session, release_id: int, environments: Collection[str], day: date, zone: ZoneInfo
) -> dict[str, Booked]:
    """For each of the environments, by key, that exists: whether the release has it on some part of the local day."""
    if not environments:
        return {}
    begins = datetime.combine(day, time(), zone)
    taken = session.exec(
        select(BookingRow.environment_id).where(
            BookingRow.release_id == release_id,
            BookingRow.state == "active",
            BookingRow.starts < datetime.combine(day + ONE_DAY, time(), zone),
            BookingRow.ends > begins,
        )
    ).all()
    known = session.exec(
        select(EnvironmentRow.id, EnvironmentRow.key, EnvironmentRow.lifecycle).where(
            col(EnvironmentRow.key).in_(environments)
        )
    )
    return {
        key: Booked(on_target=environment_id in taken, lifecycle=Lifecycle(lifecycle))
        for environment_id, key, lifecycle in known
    }
