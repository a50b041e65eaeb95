"""Which older programs may go on working on a newer schema: what makes a rolling upgrade possible."""

from sqlalchemy import CheckConstraint, Connection, update
from sqlmodel import Field, SQLModel, col, select

FIRST = "0003"
"""The revision that made the table: older schemas tell nothing, and older programs do not ask."""


class SchemaFloorRow(SQLModel, table=True):
    """One row: the oldest revision whose programs work on the database as it is. Each migration says (`oldest`)."""

    __tablename__ = "schema_floor"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: int = Field(primary_key=True)
    oldest: str


def oldest(connection: Connection) -> str:
    """Of a schema that is FIRST or newer."""
    return connection.execute(select(SchemaFloorRow.oldest)).scalar_one()


def raise_to(connection: Connection, revision: str) -> None:
    connection.execute(update(SchemaFloorRow).where(col(SchemaFloorRow.id) == 1).values(oldest=revision))
