"""Erasing a person: marks that keep them away, and the one way in which personal data leaves the record."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from interlock.store.base import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

oldest = "0002"

UNRECORDED = "NOT EXISTS (SELECT 1 FROM erasure e WHERE e.seq = OLD.seq AND e.role = OLD.role)"
UNTOLD = "NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.seq = NEW.event AND e.kind = 'person.erased')"


def upgrade() -> None:
    op.create_table(
        "tombstone",
        sa.Column("mark", AutoString(), nullable=False),
        sa.Column("salt", AutoString(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_tombstone")),
    )
    op.create_table(
        "erasure",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", AutoString(), nullable=False),
        sa.Column("event", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["audit_event.seq"], name=op.f("fk_erasure_seq")),
        sa.ForeignKeyConstraint(["event"], ["audit_event.seq"], name=op.f("fk_erasure_event")),
        sa.PrimaryKeyConstraint("seq", "role", name=op.f("pk_erasure")),
    )
    op.create_index("ix_erasure_event", "erasure", ["event"])
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    def refuse(table: str) -> str:
        return f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"

    for table in ("erasure", "audit_person"):
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse(table)}")
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE seq = NEW.seq AND role = NEW.role) {refuse(table)}"
        )
    op.execute(f"CREATE TRIGGER erasure_no_delete BEFORE DELETE ON erasure {refuse('erasure')}")
    op.execute(f"CREATE TRIGGER erasure_recorded BEFORE INSERT ON erasure WHEN {UNTOLD} {refuse('erasure')}")
    op.execute(
        f"CREATE TRIGGER audit_person_no_delete BEFORE DELETE ON audit_person WHEN {UNRECORDED} "
        f"{refuse('audit_person')}"
    )


def _postgresql() -> None:
    run = "EXECUTE FUNCTION interlock_append_only()"
    for table in ("erasure", "audit_person"):
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW {run}")
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {run}")
    op.execute(f"CREATE TRIGGER erasure_no_delete BEFORE DELETE ON erasure FOR EACH ROW {run}")
    # A trigger's own condition may hold no query.
    op.execute(
        "CREATE FUNCTION interlock_erasure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' THEN IF {UNRECORDED} THEN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END IF; "
        "RETURN OLD; END IF; "
        f"IF {UNTOLD} THEN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END IF; RETURN NEW; END $$"
    )
    for name, when in (("audit_person_no_delete", "DELETE ON audit_person"), ("erasure_recorded", "INSERT ON erasure")):
        op.execute(f"CREATE TRIGGER {name} BEFORE {when} FOR EACH ROW EXECUTE FUNCTION interlock_erasure()")
