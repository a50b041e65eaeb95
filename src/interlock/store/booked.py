"""Which environments a release has booked, and whether they are those that its criteria ask for, and in which state."""

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


def environments(
    session: Session, release_ids: Collection[int], since: datetime, until: datetime | None = None
) -> dict[int, frozenset[str]]:
    """By release, the keys of what is booked for it at some time from `since` on, before `until`."""
    before = () if until is None else (col(BookingRow.starts) < until,)
    rows = session.exec(
        select(BookingRow.release_id, EnvironmentRow.key)
        .join(EnvironmentRow, col(EnvironmentRow.id) == col(BookingRow.environment_id))
        .where(
            col(BookingRow.release_id).in_(release_ids),
            BookingRow.state == "active",
            BookingRow.ends > since,
            *before,
        )
    ).all()
    found: dict[int, set[str]] = {release_id: set() for release_id in release_ids}
    for release_id, key in rows:
        if release_id is not None:
            found[release_id].add(key)
    return {release_id: frozenset(keys) for release_id, keys in found.items()}
