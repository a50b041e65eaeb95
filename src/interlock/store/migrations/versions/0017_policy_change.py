"""Proposals to change a live release's policy, and what was said to them: kept for ever as they were."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from interlock.store.append_only import append_only
from interlock.store.base import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

oldest = "0002"

OPEN = sa.text("outcome IS NULL")
APPROVED = sa.text("decision = 'approved'")
REJECTED = sa.text("decision = 'rejected'")

TWIN = (
    "r.card_id = NEW.card_id OR r.release_id = NEW.release_id "
    "AND (r.number = NEW.number OR r.outcome IS NULL AND NEW.outcome IS NULL)"
)
SAID_TWICE = (
    "r.change_id = NEW.change_id AND r.decision = NEW.decision AND (r.decision = 'rejected' "
    "OR r.requirement = NEW.requirement AND (r.slack_id = NEW.slack_id OR r.principal = NEW.principal))"
)


def upgrade() -> None:
    op.create_table(
        "policy_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("template", AutoString(), nullable=False),
        sa.Column("old_policy", sa.JSON(), nullable=False),
        sa.Column("old_version", AutoString(), nullable=False),
        sa.Column("new_policy", sa.JSON(), nullable=False),
        sa.Column("new_version", AutoString(), nullable=False),
        sa.Column("reason", AutoString(), nullable=False),
        sa.Column("proposed_by", AutoString(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("auth", AutoString(), nullable=False),
        sa.Column("closes_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("outcome", AutoString(), nullable=True),
        sa.Column("ended_by", AutoString(), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("end_reason", AutoString(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('applied', 'rejected', 'withdrawn', 'timed_out')", name=op.f("ck_policy_change_outcome")
        ),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name=op.f("ck_policy_change_ended")),
        # Four eyes, whatever the program says.
        sa.CheckConstraint("outcome <> 'applied' OR ended_by <> proposed_by", name=op.f("ck_policy_change_four_eyes")),
        sa.CheckConstraint(
            "outcome = 'timed_out' OR (outcome IS NULL) = (ended_by IS NULL)", name=op.f("ck_policy_change_ended_by")
        ),
        sa.CheckConstraint("closes_at > proposed_at", name=op.f("ck_policy_change_time")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_policy_change_release_id")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_policy_change_card_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_change")),
        sa.UniqueConstraint("card_id", name=op.f("uq_policy_change_card_id")),
        sa.UniqueConstraint("release_id", "number", name=op.f("uq_policy_change_release_id_number")),
        sa.UniqueConstraint("id", "proposed_by", name=op.f("uq_policy_change_id_proposed_by")),
    )
    op.create_index(
        "uq_policy_change_open", "policy_change", ["release_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_table(
        "policy_change_word",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("proposed_by", AutoString(), nullable=False),
        sa.Column("requirement", AutoString(), nullable=False),
        sa.Column("slack_id", AutoString(), nullable=False),
        sa.Column("principal", AutoString(), nullable=False),
        sa.Column("decision", AutoString(), nullable=False),
        sa.Column("reason", AutoString(), nullable=True),
        sa.Column("meaning", AutoString(), nullable=True),
        sa.Column("revision_id", AutoString(), nullable=False),
        sa.Column("auth", AutoString(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "slack_id <> proposed_by AND principal <> proposed_by", name=op.f("ck_policy_change_word_four_eyes")
        ),
        sa.CheckConstraint("decision IN ('approved', 'rejected')", name=op.f("ck_policy_change_word_decision")),
        sa.CheckConstraint("decision = 'approved' OR reason IS NOT NULL", name=op.f("ck_policy_change_word_reason")),
        sa.ForeignKeyConstraint(
            ["change_id", "proposed_by"],
            ["policy_change.id", "policy_change.proposed_by"],
            name=op.f("fk_policy_change_word_change_id_proposed_by"),
        ),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_policy_change_word_release_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["card_revision.id"], name=op.f("fk_policy_change_word_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_change_word")),
    )
    for name, of, where in (
        ("person", ["requirement", "slack_id"], APPROVED),
        ("principal", ["requirement", "principal"], APPROVED),
        ("rejection", [], REJECTED),
    ):
        op.create_index(
            f"uq_policy_change_word_{name}",
            "policy_change_word",
            ["change_id", *of],
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )
    ends = ("outcome", "ended_by", "ended_at", "end_reason")
    append_only("policy_change", free=ends, over="OLD.ended_at IS NOT NULL", same=TWIN)
    append_only("policy_change_word", same=SAID_TWICE)
