"""The RAID log: risks, assumptions, issues and decisions, with a history that nobody rewrites."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from interlock.store.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

oldest = "0002"

FIXED = "kind, request_id, created_by, created_at"
"""What an open entry keeps, too."""


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
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    def refuse(table: str) -> str:
        return f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"

    for table in ("raid_entry", "raid_change"):
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse(table)}")
        # INSERT OR REPLACE walks past the others: without recursive_triggers it deletes unseen.
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse(table)}"
        )
    op.execute(
        "CREATE TRIGGER raid_entry_no_twin BEFORE INSERT ON raid_entry "
        f"WHEN EXISTS (SELECT 1 FROM raid_entry WHERE request_id = NEW.request_id) {refuse('raid_entry')}"
    )
    op.execute(f"CREATE TRIGGER raid_change_no_update BEFORE UPDATE ON raid_change {refuse('raid_change')}")
    op.execute(f"CREATE TRIGGER raid_entry_fixed BEFORE UPDATE OF id, {FIXED} ON raid_entry {refuse('raid_entry')}")
    op.execute(
        f"CREATE TRIGGER raid_entry_closed BEFORE UPDATE ON raid_entry WHEN OLD.state = 'closed' {refuse('raid_entry')}"
    )


def _postgresql() -> None:
    run = "EXECUTE FUNCTION interlock_append_only()"
    for table in ("raid_entry", "raid_change"):
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {run}")
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {run}")
    op.execute(f"CREATE TRIGGER raid_change_no_update BEFORE UPDATE ON raid_change FOR EACH ROW {run}")
    op.execute(f"CREATE TRIGGER raid_entry_fixed BEFORE UPDATE OF id, {FIXED} ON raid_entry FOR EACH ROW {run}")
    op.execute(
        f"CREATE TRIGGER raid_entry_closed BEFORE UPDATE ON raid_entry FOR EACH ROW WHEN (OLD.state = 'closed') {run}"
    )
