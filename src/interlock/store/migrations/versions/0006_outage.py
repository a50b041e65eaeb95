"""Outages, and which posts they held up."""

import sqlalchemy as sa
from alembic import op

from interlock.store.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

oldest = "0002"

ONGOING = sa.text("ended_at IS NULL")
HELD_UP = sa.text("outage_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("began_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("failed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("probe_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("told_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("cause IN ('slack', 'interlock')", name=op.f("ck_outage_cause")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
    )
    op.create_index(
        "uq_outage_ongoing", "outage", ["cause"], unique=True, sqlite_where=ONGOING, postgresql_where=ONGOING
    )
    op.create_table(
        "pulse",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pulse")),
    )
    op.add_column("outbox", sa.Column("outage_id", sa.Integer(), nullable=True))
    op.create_index("ix_outbox_outage", "outbox", ["outage_id"], sqlite_where=HELD_UP, postgresql_where=HELD_UP)
