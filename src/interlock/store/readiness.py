"""How ready a release was, day by day."""

from datetime import date
from typing import get_args

from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.light import Light
from interlock.domain.readiness import PastReadiness
from interlock.store.upsert import upsert


class ReadinessDayRow(SQLModel, table=True):
    """The last word of a local day of the release's calendar."""

    __tablename__ = "readiness_day"

    release_id: int = Field(primary_key=True, foreign_key="release.id")
    day: date = Field(primary_key=True)
    light: str
    passed: int
    total: int


def record(session: Session, release_id: int, past: PastReadiness) -> None:
    row = {
        "release_id": release_id,
        "day": past.day,
        "light": past.light,
        "passed": past.passed,
        "total": past.total,
    }
    upsert(session, ReadinessDayRow, [row], ["release_id", "day"])


def since(session: Session, release_id: int, day: date) -> dict[date, PastReadiness]:
    """By day, from that day on."""
    rows = session.exec(
        select(ReadinessDayRow).where(ReadinessDayRow.release_id == release_id, col(ReadinessDayRow.day) >= day)
    ).all()
    return {
        row.day: PastReadiness(day=row.day, light=_light(row.light), passed=row.passed, total=row.total) for row in rows
    }


def _light(stored: str) -> Light:
    return next((each for each in get_args(Light) if each == stored), "unknown")
