"""A click on Approve, over the SQL transaction that writes the same rows; and over one that first reads the scope, as
every decision must.
"""

import hashlib
import json
import secrets
from collections import Counter
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlmodel import SQLModel, col

from bench.databases import Cursor, Raw, statements
from bench.measure import Row, alternate, compare
from bench.practice import Practice
from bench.world import APPROVER, CHANNEL, Planned, bot
from interlock.store.audit import AuditPersonRow, AuditRow
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.release import ReleaseRow
from interlock.store.signoff import SignoffRow

GOAL: Final = 3.0
TIMES: Final = 60
READ: Final = ("scope", "assigned", "reassigned")


class BySql:
    """Writes again, with new keys, what a click wrote last."""

    def __init__(self, store: Store, planned: Planned) -> None:
        self._raw = Raw(store)
        with store.read() as session:
            given = session.scalars(select(SignoffRow).order_by(col(SignoffRow.id).desc())).first()
            event = session.scalars(select(AuditRow).order_by(col(AuditRow.seq).desc())).first()
            assert given is not None
            assert event is not None
            person = session.get_one(AuditPersonRow, (event.seq, "actor"))
            opened = session.get_one(ReleaseRow, planned.release_id).scope_opened_at
            self._values = self._raw.values(
                {
                    "release_id": given.release_id,
                    "requirement_id": given.requirement_id,
                    "revision_id": given.revision_id,
                    "slack_id": given.slack_id,
                    "fingerprint": given.fingerprint,
                    "at": planned.at,
                    "opened": opened,
                    "later": planned.at + timedelta(days=1),
                    "body": event.body,
                    "data": json.dumps(person.data),
                    "card": "card",
                    "card_lane": "refresh:card",
                    "card_ids": json.dumps({"card_id": 1}),
                    "channel": CHANNEL,
                    "home": f"home:{APPROVER}",
                    "home_lane": f"refresh:home:{APPROVER}",
                    "home_ids": json.dumps({"slack_id": APPROVER}),
                    "person": f"@{APPROVER}",
                }
            )
        found = {name: self._raw.statement(sql) for name, sql in statements("signoff.sql").items()}
        self._reads = [found.pop(name) for name in READ]
        self._head = found.pop("head")
        self._writes = list(found.values())

    def approve(self) -> None:
        with self._raw.writing() as cursor:
            self._write(cursor)

    def approve_after_reading(self) -> None:
        with self._raw.writing() as cursor:
            for statement in self._reads:
                cursor.execute(statement, self._values)
                cursor.fetchall()
            self._write(cursor)

    def _write(self, cursor: Cursor) -> None:
        cursor.execute(self._head, {})
        seq, head = cursor.fetchall()[0]
        tokens = {name: secrets.token_urlsafe(24) for name in ("card_token", "home_token", "salt")}
        link = {
            "seq": seq + 1,
            "previous": head,
            "hash": hashlib.sha256(f"{head}{self._values['body']}".encode()).hexdigest(),
            "card_key": f"refresh#{tokens['card_token']}",
            "home_key": f"home#{tokens['home_token']}",
            "click_key": f"act:{tokens['salt']}",
        }
        for statement in self._writes:
            cursor.execute(statement, self._values | tokens | link)

    def close(self) -> None:
        self._raw.close()


def measure(name: str, store: Store, practice: Practice, planned: Planned) -> list[Row]:
    with bot(store, practice, planned.at) as clicked:

        def approve() -> None:
            clicked.click("signoff.approve", planned.revision_id)

        def undo() -> None:
            """Revoked and sent, so that the next approval writes all of it again."""
            clicked.answers.wait()
            with store.write() as session:
                session.execute(
                    update(SignoffRow).where(col(SignoffRow.revoked_at).is_(None)).values(revoked_at=planned.at)
                )
                session.execute(update(OutboxRow).values(state="sent"))

        undo()
        before = _rows(store)
        approve()
        by_bot = _rows(store) - before
        undo()
        sql = BySql(store, planned)
        before = _rows(store)
        sql.approve()
        by_sql = _rows(store) - before
        undo()
        if by_bot != by_sql:
            raise AssertionError(f"the bot wrote {dict(by_bot)}, the SQL {dict(by_sql)}")
        acts = (approve, sql.approve, sql.approve_after_reading)
        ours, writing, reading = alternate(acts, TIMES, between=undo)
        sql.close()
    what = "Sign-off click over SQL that"
    return [
        compare(f"{what} writes the same rows, {name}", GOAL, ours, writing),
        compare(f"{what} reads the scope and writes the same rows, {name}", GOAL, ours, reading),
    ]


def _rows(store: Store) -> Counter[str]:
    with store.read() as session:
        tables: list[Any] = SQLModel.metadata.sorted_tables
        return Counter(
            {table.name: session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}
        )
