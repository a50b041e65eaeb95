"""What was answered to a request is kept for an hour: delivered again to another replica, it is answered alike."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

oldest = "0002"


def upgrade() -> None:
    op.add_column("seen", sa.Column("answer", sa.String(), nullable=True))
