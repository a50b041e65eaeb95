"""Which vendor does not accept our token."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from interlock.store.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

oldest = "0002"


def upgrade() -> None:
    op.create_table(
        "vendor_refusal",
        sa.Column("vendor", AutoString(), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.Column("told", AutoString(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("probe_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("vendor", name=op.f("pk_vendor_refusal")),
    )
