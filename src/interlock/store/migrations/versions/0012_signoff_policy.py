"""Sign-offs in somebody's place, with conditions, with an end; and what is told of them once."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from interlock.store.append_only import append_only, refuse
from interlock.store.base import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

oldest = "0002"

LIVE = sa.text("revoked_at IS NULL AND void_at IS NULL")
ONGOING = sa.text("ended_at IS NULL")
SIGNOFF = ("principal", "valid_until", "meaning", "conditional")
FREE = {"signoff_condition": ("done_at", "done_by"), "delegation": ("ended_at", "ended_by")}
"""What is set once: what was done or ended stays so."""


def upgrade() -> None:
    op.add_column("signoff", sa.Column("principal", AutoString(), nullable=True))
    op.add_column("signoff", sa.Column("valid_until", UtcDateTime(timezone=True), nullable=True))
    op.add_column("signoff", sa.Column("meaning", AutoString(), nullable=True))
    op.add_column("signoff", sa.Column("conditional", sa.Boolean(), nullable=True))
    op.execute("UPDATE signoff SET principal = slack_id")
    op.create_index(
        "uq_signoff_principal",
        "signoff",
        ["requirement_id", "principal"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    _tables()
    refuse("signoff", "no_more", f"UPDATE OF {', '.join(SIGNOFF)}")
    for table, free in FREE.items():
        changed = [f"(OLD.{name} IS NOT NULL AND (NEW.{name} IS NULL OR NEW.{name} <> OLD.{name}))" for name in free]
        append_only(table, free=free, over=" OR ".join(changed))


def _tables() -> None:
    moment = UtcDateTime(timezone=True)
    op.create_table(
        "signoff_condition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("signoff_id", sa.Integer(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("ticket_id", AutoString(), nullable=True),
        sa.Column("done_at", moment, nullable=True),
        sa.Column("done_by", AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_signoff_condition_release_id")),
        sa.ForeignKeyConstraint(["signoff_id"], ["signoff.id"], name=op.f("fk_signoff_condition_signoff_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_signoff_condition_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff_condition")),
    )
    op.create_index("ix_signoff_condition_signoff_id", "signoff_condition", ["signoff_id"])
    op.create_table(
        "delegation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slack_id", AutoString(), nullable=False),
        sa.Column("stand_in", AutoString(), nullable=True),
        sa.Column("starts", moment, nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("auth", AutoString(), nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("ended_by", AutoString(), nullable=True),
        sa.CheckConstraint("slack_id <> stand_in", name=op.f("ck_delegation_another")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index(
        "uq_delegation_ongoing", "delegation", ["slack_id"], unique=True, sqlite_where=ONGOING, postgresql_where=ONGOING
    )
    op.create_index("ix_delegation_stand_in", "delegation", ["stand_in"])
    op.create_table(
        "answer_due",
        sa.Column("requirement_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slack_id", AutoString(), nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("warned_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("missed_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["requirement_id"], ["requirement.id"], name=op.f("fk_answer_due_requirement_id")),
        sa.PrimaryKeyConstraint("requirement_id", "slack_id", "asked_at", name=op.f("pk_answer_due")),
    )
    op.create_table(
        "shortfall",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requirement_id", sa.Integer(), nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["requirement_id"], ["requirement.id"], name=op.f("fk_shortfall_requirement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortfall")),
    )
    op.create_index(
        "uq_shortfall_ongoing",
        "shortfall",
        ["requirement_id"],
        unique=True,
        sqlite_where=ONGOING,
        postgresql_where=ONGOING,
    )
