"""One writer at a time for one purpose, until the transaction ends."""

from hashlib import sha256

from sqlalchemy import text
from sqlmodel import Session


def alone(session: Session, purpose: str) -> None:
    """Wait until no other transaction holds `purpose`. On SQLite a writer is alone already.

    A lock of this kind makes choosing among rows simple to reason about; the conditional updates that follow stay
    correct without it. A holder that freezes meanwhile is cut off by the server, or all would wait for it.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    key = int.from_bytes(sha256(purpose.encode()).digest()[:8], signed=True)
    session.connection().execute(text("SET LOCAL idle_in_transaction_session_timeout = '15s'"))
    session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
