"""Broken glass: asked for, confirmed by another, ended and reviewed once each, kept for ever."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from interlock.store.append_only import append_only, refuse
from interlock.store.base import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

oldest = "0002"

LIVE = sa.text("outcome IS NULL")
CONFIRMATION = ("confirmed_by", "confirmed_at", "confirmed_auth", "confirmed_revision_id", "covers", "until")
END = ("outcome", "ended_by", "ended_at", "end_auth", "end_reason", "end_change")
REVIEW = ("reviewed_by", "reviewed_at", "review_auth", "review")
"""What is filled once, later, each by itself."""
TWIN = "r.card_id = NEW.card_id OR (r.release_id = NEW.release_id AND r.outcome IS NULL)"


def upgrade() -> None:
    op.create_table(
        "break_glass",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("reason", AutoString(), nullable=False),
        sa.Column("requirements", sa.JSON(), nullable=False),
        sa.Column("policy_version", AutoString(), nullable=False),
        sa.Column("fingerprint", AutoString(), nullable=False),
        sa.Column("revision_id", AutoString(), nullable=False),
        sa.Column("asked_by", AutoString(), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("auth", AutoString(), nullable=False),
        sa.Column("answer_by", UtcDateTime(timezone=True), nullable=False),
        sa.Column("holds_hours", sa.Integer(), nullable=False),
        sa.Column("sent_to", sa.JSON(), nullable=False),
        sa.Column("confirmed_by", AutoString(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("confirmed_auth", AutoString(), nullable=True),
        sa.Column("confirmed_revision_id", AutoString(), nullable=True),
        sa.Column("covers", sa.JSON(), nullable=True),
        sa.Column("until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", AutoString(), nullable=True),
        sa.Column("ended_by", AutoString(), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("end_auth", AutoString(), nullable=True),
        sa.Column("end_reason", AutoString(), nullable=True),
        sa.Column("end_change", sa.JSON(), nullable=True),
        sa.Column("reviewed_by", AutoString(), nullable=True),
        sa.Column("reviewed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("review_auth", AutoString(), nullable=True),
        sa.Column("review", AutoString(), nullable=True),
        sa.CheckConstraint("confirmed_by <> asked_by", name=op.f("ck_break_glass_four_eyes")),
        sa.CheckConstraint(
            "reviewed_by <> asked_by AND reviewed_by <> confirmed_by", name=op.f("ck_break_glass_other_eyes")
        ),
        sa.CheckConstraint(
            "answer_by > asked_at AND confirmed_at < answer_by AND until > confirmed_at",
            name=op.f("ck_break_glass_time"),
        ),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL) AND (confirmed_by IS NULL) = (until IS NULL) "
            "AND (confirmed_by IS NULL) = (confirmed_revision_id IS NULL)",
            name=op.f("ck_break_glass_confirmed"),
        ),
        sa.CheckConstraint(
            "outcome IN ('withdrawn', 'revoked', 'unanswered', 'lapsed', 'overtaken', 'left')",
            name=op.f("ck_break_glass_outcome"),
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (ended_at IS NULL) "
            "AND (outcome IN ('withdrawn', 'unanswered') AND confirmed_by IS NOT NULL) IS NOT TRUE "
            "AND (outcome IN ('revoked', 'lapsed') AND confirmed_by IS NULL) IS NOT TRUE",
            name=op.f("ck_break_glass_ended"),
        ),
        sa.CheckConstraint(
            "(reviewed_by IS NULL) = (reviewed_at IS NULL) AND (reviewed_by IS NULL) = (review IS NULL) "
            "AND (reviewed_by IS NULL OR confirmed_by IS NOT NULL)",
            name=op.f("ck_break_glass_reviewed"),
        ),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_break_glass_release_id")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_break_glass_card_id")),
        sa.ForeignKeyConstraint(
            ["fingerprint"], ["scope_snapshot.fingerprint"], name=op.f("fk_break_glass_fingerprint")
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["card_revision.id"], name=op.f("fk_break_glass_revision_id")),
        sa.ForeignKeyConstraint(
            ["confirmed_revision_id"], ["card_revision.id"], name=op.f("fk_break_glass_confirmed_revision_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
        sa.UniqueConstraint("card_id", name=op.f("uq_break_glass_card_id")),
    )
    op.create_index("ix_break_glass_release_id", "break_glass", ["release_id"])
    op.create_index(
        "uq_break_glass_live", "break_glass", ["release_id"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE
    )
    append_only("break_glass", free=(*CONFIRMATION, *END, *REVIEW), same=TWIN)
    for name, columns, over in (
        ("no_second_confirmation", CONFIRMATION, "OLD.confirmed_by IS NOT NULL OR OLD.outcome IS NOT NULL"),
        ("no_second_end", END, "OLD.outcome IS NOT NULL"),
        ("no_second_review", REVIEW, "OLD.reviewed_by IS NOT NULL"),
    ):
        refuse("break_glass", name, f"UPDATE OF {', '.join(columns)}", over)
