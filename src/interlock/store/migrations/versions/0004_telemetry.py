"""Which trace asked for a message, and the indexes by which /metrics counts without walking the history."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

oldest = "0002"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("traceparent", AutoString(), nullable=True))
    parked, unfinished = sa.text("state = 'parked'"), sa.text("outcome IS NULL")
    op.create_index("ix_outbox_parked", "outbox", ["id"], sqlite_where=parked, postgresql_where=parked)
    op.create_index("ix_slot_due_at", "slot", ["due_at", "job"])
    op.create_index("ix_slot_unfinished", "slot", ["job"], sqlite_where=unfinished, postgresql_where=unfinished)
