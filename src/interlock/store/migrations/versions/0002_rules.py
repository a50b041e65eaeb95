"""The rules that the database itself keeps: what is decided stays, and no seat is taken twice."""

from alembic import op
from sqlalchemy import inspect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = {
    # table: (key column, columns that may still change)
    "audit_event": ("seq", ()),
    "card_revision": ("id", ()),
    "scope_snapshot": ("fingerprint", ()),
    "signoff": ("id", ("revoked_at", "void_at", "void_change")),
}

ENDED = "(OLD.revoked_at IS NOT NULL AND {revoked_at}) OR (OLD.void_at IS NOT NULL AND ({void_at} OR {void_change}))"
"""A sign-off that was revoked or void stays so, with what voided it: to bring one back would be to forge it."""


def upgrade() -> None:
    op.execute("INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '')")
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _columns(table: str) -> list[str]:
    return [column["name"] for column in inspect(op.get_bind()).get_columns(table)]


def _sqlite() -> None:
    for table, (key, free) in APPEND_ONLY.items():
        fixed = ", ".join(column for column in _columns(table) if column not in free)
        refuse = f"SELECT RAISE(ABORT, '{table} is append-only')"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {fixed} ON {table} BEGIN {refuse}; END")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {refuse}; END")
        # INSERT OR REPLACE walks past the other two: without recursive_triggers it deletes unseen.
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) BEGIN {refuse}; END"
        )
    changed = {name: f"NEW.{name} IS NOT OLD.{name}" for name in APPEND_ONLY["signoff"][1]}
    op.execute(
        f"CREATE TRIGGER signoff_no_return BEFORE UPDATE ON signoff WHEN {ENDED.format(**changed)} "
        "BEGIN SELECT RAISE(ABORT, 'signoff is append-only'); END"
    )
    op.execute(
        "CREATE TRIGGER audit_event_chain BEFORE INSERT ON audit_event "
        "WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit_event) "
        "OR NEW.previous <> COALESCE((SELECT hash FROM audit_event ORDER BY seq DESC LIMIT 1), '') "
        "OR EXISTS (SELECT 1 FROM audit_event WHERE hash = NEW.hash) "
        "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only: not the next link of the chain'); END"
    )
    meets = (
        "EXISTS (SELECT 1 FROM booking b WHERE b.environment_id = NEW.environment_id AND b.state = 'active' "
        "AND b.id IS NOT NEW.id AND b.seat_from < NEW.seat_to AND NEW.seat_from < b.seat_to "
        "AND b.starts < NEW.ends AND NEW.starts < b.ends)"
    )
    for when in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER booking_no_overlap_{when.lower()} BEFORE {when} ON booking "
            f"WHEN NEW.state = 'active' AND {meets} "
            "BEGIN SELECT RAISE(ABORT, 'booking overlaps'); END"
        )


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION interlock_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table, (_key, free) in APPEND_ONLY.items():
        fixed = ", ".join(column for column in _columns(table) if column not in free)
        run = "EXECUTE FUNCTION interlock_append_only()"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {fixed} ON {table} FOR EACH ROW {run}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {run}")
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {run}")
    # As text, since PostgreSQL compares no json.
    changed = {name: f"NEW.{name}::text IS DISTINCT FROM OLD.{name}::text" for name in APPEND_ONLY["signoff"][1]}
    op.execute(
        f"CREATE TRIGGER signoff_no_return BEFORE UPDATE ON signoff FOR EACH ROW WHEN ({ENDED.format(**changed)}) "
        "EXECUTE FUNCTION interlock_append_only()"
    )
    op.execute(
        "CREATE FUNCTION interlock_audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit_event) "
        "OR NEW.previous <> COALESCE((SELECT hash FROM audit_event ORDER BY seq DESC LIMIT 1), '') THEN "
        "RAISE EXCEPTION 'audit_event is append-only: not the next link of the chain'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_event_chain BEFORE INSERT ON audit_event FOR EACH ROW "
        "EXECUTE FUNCTION interlock_audit_chain()"
    )
    # int4range(id, id, '[]') stands in for "= id", so that no extension (btree_gist) is needed.
    op.execute(
        "ALTER TABLE booking ADD CONSTRAINT booking_no_overlap EXCLUDE USING gist ("
        "int4range(environment_id, environment_id, '[]') WITH &&, int4range(seat_from, seat_to) WITH &&, "
        "tstzrange(starts, ends) WITH &&) WHERE (state = 'active')"
    )
