"""Holds, waivers, what criteria are ticked and told by, who may tell, and how ready releases were day by day."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from interlock.store.append_only import append_only
from interlock.store.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

oldest = "0002"

ASKED = sa.text("state = 'asked'")
TWIN = "r.release_id = NEW.release_id AND r.criterion = NEW.criterion AND r.state = 'asked' AND NEW.state = 'asked'"


def upgrade() -> None:
    op.add_column("release", sa.Column("held_by", AutoString(), nullable=True))
    op.add_column("release", sa.Column("held_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("release", sa.Column("held_reason", AutoString(), nullable=True))
    op.create_table(
        "waiver",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("criterion", AutoString(), nullable=False),
        sa.Column("reason", AutoString(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", AutoString(), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("decided_by", AutoString(), nullable=True),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'granted', 'refused', 'withdrawn')", name=op.f("ck_waiver_state")),
        # Four eyes, whatever the program thinks.
        sa.CheckConstraint("state <> 'granted' OR decided_by <> asked_by", name=op.f("ck_waiver_four_eyes")),
        sa.CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name=op.f("ck_waiver_decided")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_waiver_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
    )
    op.create_index("ix_waiver_release_id", "waiver", ["release_id"])
    op.create_index(
        "uq_waiver_asked",
        "waiver",
        ["release_id", "criterion"],
        unique=True,
        sqlite_where=ASKED,
        postgresql_where=ASKED,
    )
    op.create_table(
        "report_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label", AutoString(), nullable=False),
        sa.Column("request", AutoString(), nullable=False),
        sa.Column("created_by", AutoString(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("hash", AutoString(), nullable=True),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_token")),
        sa.UniqueConstraint("label", name=op.f("uq_report_token_label")),
        sa.UniqueConstraint("hash", name=op.f("uq_report_token_hash")),
    )
    op.create_table(
        "criterion_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("criterion", AutoString(), nullable=False),
        sa.Column("ticked", sa.Boolean(), nullable=False),
        sa.Column("link", AutoString(), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("slack_id", AutoString(), nullable=True),
        sa.Column("reporter", AutoString(), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_criterion_evidence_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criterion_evidence")),
    )
    op.create_index("ix_criterion_evidence", "criterion_evidence", ["release_id", "criterion", "id"])
    op.create_table(
        "readiness_day",
        sa.Column("release_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("light", AutoString(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_readiness_day_release_id")),
        sa.PrimaryKeyConstraint("release_id", "day", name=op.f("pk_readiness_day")),
    )
    append_only("waiver", free=("state", "decided_by", "decided_at"), over="OLD.decided_at IS NOT NULL", same=TWIN)
    append_only("criterion_evidence")
