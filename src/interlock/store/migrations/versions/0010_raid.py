"""The RAID log: risks, assumptions, issues and decisions, with a history that nobody rewrites."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from interlock.store.append_only import append_only
from interlock.store.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

oldest = "0002"

SAID = ("release_id", "title", "owner", "probability", "impact", "review_on", "details", "ticket_id", "approver")
FREE = (*SAID, "contributors", "informed", "state", "version", "outcome", "closed_by", "closed_at")
"""What changes while it is open."""


def upgrade() -> None:
    op.create_table(
        "raid_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("title", AutoString(), nullable=False),
        sa.Column("owner", AutoString(), nullable=False),
        sa.Column("probability", sa.Integer(), nullable=True),
        sa.Column("impact", sa.Integer(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("details", AutoString(), nullable=False),
        sa.Column("ticket_id", AutoString(), nullable=True),
        sa.Column("approver", AutoString(), nullable=True),
        sa.Column("contributors", sa.JSON(), nullable=False),
        sa.Column("informed", sa.JSON(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("request_id", AutoString(), nullable=True),
        sa.Column("created_by", AutoString(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("outcome", AutoString(), nullable=True),
        sa.Column("closed_by", AutoString(), nullable=True),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('risk', 'assumption', 'issue', 'decision')", name=op.f("ck_raid_entry_kind")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_raid_entry_state")),
        sa.CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name=op.f("ck_raid_entry_outcome")),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_raid_entry_closed")),
        sa.CheckConstraint("(kind = 'risk') = (probability IS NOT NULL)", name=op.f("ck_raid_entry_probability")),
        sa.CheckConstraint("(kind = 'risk') = (impact IS NOT NULL)", name=op.f("ck_raid_entry_impact")),
        sa.CheckConstraint("probability BETWEEN 1 AND 5 AND impact BETWEEN 1 AND 5", name=op.f("ck_raid_entry_scale")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_raid_entry_release_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_raid_entry_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raid_entry")),
        sa.UniqueConstraint("request_id", name=op.f("uq_raid_entry_request_id")),
    )
    op.create_index("ix_raid_entry_release", "raid_entry", ["release_id", "state"])
    op.create_table(
        "raid_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("deed", AutoString(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", AutoString(), nullable=False),
        sa.Column("note", AutoString(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["raid_entry.id"], name=op.f("fk_raid_change_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raid_change")),
    )
    op.create_index(op.f("ix_raid_change_entry_id"), "raid_change", ["entry_id"])
    append_only("raid_entry", free=FREE, over="OLD.state = 'closed'", same="r.request_id = NEW.request_id")
    append_only("raid_change")
