"""Roll-calls on go or no-go: opened, voted in, ended once, kept for ever."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from interlock.store.append_only import append_only
from interlock.store.base import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

oldest = "0002"

OPEN = sa.text("ended_at IS NULL")
LIVE = sa.text("superseded_at IS NULL AND void_at IS NULL")
FREE = {
    "gonogo": ("outcome", "ended_by", "ended_at", "end_reason", "end_revision_id"),
    "gonogo_vote": ("superseded_at", "void_at", "void_change"),
}
"""What of a row may still be set, once."""
OVER = {
    "gonogo": "OLD.ended_at IS NOT NULL",
    "gonogo_vote": "OLD.superseded_at IS NOT NULL OR OLD.void_at IS NOT NULL",
}


def upgrade() -> None:
    op.create_table(
        "gonogo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("policy_version", AutoString(), nullable=False),
        sa.Column("opened_by", AutoString(), nullable=False),
        sa.Column("opened_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("closes_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("outcome", AutoString(), nullable=True),
        sa.Column("ended_by", AutoString(), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("end_reason", AutoString(), nullable=True),
        sa.Column("end_revision_id", AutoString(), nullable=True),
        sa.CheckConstraint("outcome IN ('go', 'no_go', 'not_enough', 'withdrawn')", name=op.f("ck_gonogo_outcome")),
        sa.CheckConstraint(
            "(outcome IS NULL) = (ended_at IS NULL) AND (outcome IS NULL) = (ended_by IS NULL)",
            name=op.f("ck_gonogo_ended"),
        ),
        sa.CheckConstraint("closes_at > opened_at", name=op.f("ck_gonogo_time")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_gonogo_release_id")),
        sa.ForeignKeyConstraint(["end_revision_id"], ["card_revision.id"], name=op.f("fk_gonogo_end_revision_id")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_gonogo_card_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gonogo")),
        sa.UniqueConstraint("release_id", "number", name=op.f("uq_gonogo_release_id_number")),
        sa.UniqueConstraint("card_id", name=op.f("uq_gonogo_card_id")),
    )
    op.create_index("uq_gonogo_open", "gonogo", ["release_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "gonogo_vote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("gonogo_id", sa.Integer(), nullable=False),
        sa.Column("role", AutoString(), nullable=False),
        sa.Column("slack_id", AutoString(), nullable=False),
        sa.Column("choice", AutoString(), nullable=False),
        sa.Column("reason", AutoString(), nullable=True),
        sa.Column("revision_id", AutoString(), nullable=False),
        sa.Column("fingerprint", AutoString(), nullable=False),
        sa.Column("auth", AutoString(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("void_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("void_change", sa.JSON(), nullable=True),
        sa.CheckConstraint("choice IN ('go', 'no_go', 'abstain')", name=op.f("ck_gonogo_vote_choice")),
        sa.CheckConstraint("choice <> 'no_go' OR reason IS NOT NULL", name=op.f("ck_gonogo_vote_reason")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_gonogo_vote_release_id")),
        sa.ForeignKeyConstraint(["gonogo_id"], ["gonogo.id"], name=op.f("fk_gonogo_vote_gonogo_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["card_revision.id"], name=op.f("fk_gonogo_vote_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gonogo_vote")),
    )
    op.create_index("ix_gonogo_vote_release_id", "gonogo_vote", ["release_id"])
    for name, column in (("role", "role"), ("person", "slack_id")):
        op.create_index(
            f"uq_gonogo_vote_{name}",
            "gonogo_vote",
            ["gonogo_id", column],
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        )
    for table, free in FREE.items():
        append_only(table, free=free, over=OVER[table])
