"""Runbooks: runs, their steps, and what was done to each; what was done stays."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from interlock.store.append_only import append_only
from interlock.store.base import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

oldest = "0002"

ONGOING = sa.text("ended_at IS NULL")
SETTLED = sa.text("deed IN ('done', 'skipped')")
FREE = {"runbook_run": ("ended_by", "ended_at", "outcome", "reason"), "runbook_step": (), "runbook_mark": ()}
"""What may still change: how a run ended, once."""
ENDED = "OLD.ended_at IS NOT NULL"
SAME = {
    "runbook_run": "(r.release_id = NEW.release_id AND (r.number = NEW.number OR r.ended_at IS NULL))",
    "runbook_step": "(r.run_id = NEW.run_id AND (r.position = NEW.position OR r.key = NEW.key))",
    "runbook_mark": "(r.step_id = NEW.step_id AND (r.deed = NEW.deed OR (r.deed IN ('done', 'skipped') "
    "AND NEW.deed IN ('done', 'skipped'))))",
}
"""What another row has that would replace this one."""


def upgrade() -> None:
    op.create_table(
        "runbook_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("started_by", AutoString(), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_by", AutoString(), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", AutoString(), nullable=True),
        sa.Column("reason", AutoString(), nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'aborted')", name=op.f("ck_runbook_run_outcome")),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_runbook_run_ended")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_runbook_run_release_id")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_runbook_run_card_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runbook_run")),
        sa.UniqueConstraint("release_id", "number", name=op.f("uq_runbook_run_release_id_number")),
    )
    op.create_index("ix_runbook_run_card_id", "runbook_run", ["card_id"])
    op.create_index(
        "uq_runbook_run_ongoing",
        "runbook_run",
        ["release_id"],
        unique=True,
        sqlite_where=ONGOING,
        postgresql_where=ONGOING,
    )
    op.create_table(
        "runbook_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("usual_minutes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runbook_run.id"], name=op.f("fk_runbook_step_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runbook_step")),
        sa.UniqueConstraint("run_id", "position", name=op.f("uq_runbook_step_run_id_position")),
        sa.UniqueConstraint("run_id", "key", name=op.f("uq_runbook_step_run_id_key")),
    )
    op.create_table(
        "runbook_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("deed", AutoString(), nullable=False),
        sa.Column("slack_id", AutoString(), nullable=False),
        sa.Column("auth", AutoString(), nullable=False),
        sa.Column("note", AutoString(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("deed IN ('started', 'failed', 'done', 'skipped')", name=op.f("ck_runbook_mark_deed")),
        sa.CheckConstraint("deed NOT IN ('failed', 'skipped') OR note <> ''", name=op.f("ck_runbook_mark_note")),
        sa.ForeignKeyConstraint(["step_id"], ["runbook_step.id"], name=op.f("fk_runbook_mark_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runbook_mark")),
        sa.UniqueConstraint("step_id", "deed", name=op.f("uq_runbook_mark_step_id_deed")),
    )
    op.create_index(
        "uq_runbook_mark_settled",
        "runbook_mark",
        ["step_id"],
        unique=True,
        sqlite_where=SETTLED,
        postgresql_where=SETTLED,
    )
    for table, free in FREE.items():
        append_only(table, free=free, over=ENDED if free else "", same=SAME[table])
