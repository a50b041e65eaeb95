"""What every table shares: the naming of constraints, and UTC times."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

# Set before the first table is declared, so that migrations can name what they drop.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


_WITHOUT_ZONE = len("2026-12-01 09:00:00.000000")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime in and out. SQLite keeps no zone, so one is required going in and put back coming out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = _utc(value)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """SQLite's own spelling at once: a page of tickets brings a thousand times."""
        return _spelt if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if dialect.name == "sqlite" else moment.astimezone(UTC)


def _spelt(value: datetime | None) -> str | None:
    """As SQLAlchemy spells times for SQLite: without the zone that UTC ends with."""
    if value is None:
        return None
    return (value if value.tzinfo is UTC else _utc(value)).isoformat(" ", "microseconds")[:_WITHOUT_ZONE]


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"A naive datetime reached the store: {value!r}. Give it a zone.")
    return value if value.tzinfo is UTC else value.astimezone(UTC)
