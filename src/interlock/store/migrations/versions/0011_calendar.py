"""Freeze exceptions, acknowledged collisions, and links to calendar feeds."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from interlock.store.append_only import append_only
from interlock.store.base import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

oldest = "0002"

LIVE = sa.text("decision IS NULL OR decision = 'approved'")
DECISION = ("decision", "decided_by", "decided_at", "decided_auth", "decision_reason")
"""What is filled once, later."""
TWIN = (
    "r.release_id = NEW.release_id AND r.freeze_name = NEW.freeze_name AND r.starts = NEW.starts AND r.ends = NEW.ends "
    "AND (r.decision IS NULL OR r.decision = 'approved')"
)


def upgrade() -> None:
    op.create_table(
        "freeze_exception",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("freeze_name", AutoString(), nullable=False),
        sa.Column("starts", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends", UtcDateTime(timezone=True), nullable=False),
        sa.Column("why", AutoString(), nullable=False),
        sa.Column("risk_in", AutoString(), nullable=False),
        sa.Column("risk_out", AutoString(), nullable=False),
        sa.Column("channel_id", AutoString(), nullable=False),
        sa.Column("asked_by", AutoString(), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("auth", AutoString(), nullable=False),
        sa.Column("decision", AutoString(), nullable=True),
        sa.Column("decided_by", AutoString(), nullable=True),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_auth", AutoString(), nullable=True),
        sa.Column("decision_reason", AutoString(), nullable=True),
        sa.CheckConstraint("decision IN ('approved', 'refused')", name=op.f("ck_freeze_exception_decision")),
        sa.CheckConstraint("(decision IS NULL) = (decided_by IS NULL)", name=op.f("ck_freeze_exception_decided")),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_freeze_exception_four_eyes")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_freeze_exception_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freeze_exception")),
    )
    op.create_index(
        "uq_freeze_exception_live",
        "freeze_exception",
        ["release_id", "freeze_name", "starts", "ends"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_table(
        "collision_acknowledgement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", AutoString(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("reason", AutoString(), nullable=True),
        sa.Column("slack_id", AutoString(), nullable=False),
        sa.Column("auth", AutoString(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_collision_acknowledgement_release_id")),
        sa.ForeignKeyConstraint(["other_id"], ["release.id"], name=op.f("fk_collision_acknowledgement_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collision_acknowledgement")),
        sa.UniqueConstraint(
            "release_id",
            "other_id",
            "fingerprint",
            name=op.f("uq_collision_acknowledgement_release_id_other_id_fingerprint"),
        ),
    )
    op.create_table(
        "feed_link",
        sa.Column("slack_id", AutoString(), nullable=False),
        sa.Column("request", AutoString(), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("hash", AutoString(), nullable=True),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("slack_id", name=op.f("pk_feed_link")),
        sa.UniqueConstraint("hash", name=op.f("uq_feed_link_hash")),
    )
    append_only("freeze_exception", free=DECISION, over="OLD.decision IS NOT NULL", same=TWIN)
    append_only("collision_acknowledgement")
