"""Giving up what deleted and changed rows leave behind in the files."""

from sqlalchemy.exc import OperationalError

from interlock.store.engine import Store

WITH_PEOPLE = (
    "access_token", "account", "audit_person", "blocker", "booking", "feed_link", "link_request", "outbox", "person",
    "ticket_change", "user_group_member",
)  # fmt: skip


def compact(store: Store) -> bool:
    """Have no old row be left in the database; false where others are at work on it and it cannot be done now."""
    with store.engine.connect() as borrowed:
        connection = borrowed.execution_options(isolation_level="AUTOCOMMIT").connection
        cursor = connection.cursor()
        if not store.is_sqlite:
            for table in WITH_PEOPLE:
                cursor.execute(f"VACUUM {table}")
            return True
        try:
            cursor.execute("VACUUM")
            # The log has copies of its own until it is emptied, for which nobody may be reading it.
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except OperationalError:
            return False
        return not busy
