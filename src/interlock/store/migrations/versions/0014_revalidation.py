"""Which releases' approvals are due to be held against their scope again."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

oldest = "0002"


def upgrade() -> None:
    op.create_table(
        "revalidation",
        sa.Column("release_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_revalidation")),
    )
    # The program before looked at all releases after each run, and may have died before it did.
    op.execute("INSERT INTO revalidation (release_id, token) SELECT id, 'upgrade' FROM release")
