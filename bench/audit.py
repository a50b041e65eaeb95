"""`interlock audit verify`, over hashing the same bytes: those of the record's events and of what stands beside them.

What it hashes has to be read first, and reading a row costs as much as hashing it several times; so it is compared with
the hashing alone, and with a bare loop over the driver that reads the same rows and hashes them, too.
"""

import json
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import typer
from sqlalchemy import insert
from sqlmodel import col, select

from bench import databases
from bench.databases import Raw
from bench.measure import Row, alternate, compare
from interlock.domain import audit as rules
from interlock.domain.actor import Actor, Authentication, Person
from interlock.domain.audit import AuditEvent
from interlock.store import audit
from interlock.store.audit import AuditHeadRow, AuditPersonRow, AuditRow
from interlock.store.engine import Store

GOAL: Final = 3.0
EVENTS: Final = 20_000
PEOPLE: Final = 300
TIMES: Final = 15
BEGAN: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def fill(store: Store) -> None:
    """A year's record: sign-offs by some hundred people, over a few releases."""
    previous = rules.GENESIS
    events, people = [], []
    for seq in range(1, EVENTS + 1):
        number = seq * 7919 % PEOPLE
        who = asdict(_person(number))
        at, salt = BEGAN + timedelta(minutes=20 * seq), f"{seq:032x}"
        facts = {
            "card": seq % 40,
            "fingerprint": sha256(str(seq).encode()).hexdigest(),
            "policy_version": "0123456789ab",
            "reason": None,
            "release": f"2026.{seq % 12}",
            "requirement": "qa",
            "revision": f"revision-{seq:08}",
            "stage": "in_progress",
            "tickets": 58,
        }
        actor = Actor(slack_id=who["slack_id"], authentication=Authentication.SLACK)
        event = AuditEvent(
            kind="signoff.approved", actor=actor, facts=facts, people={"actor": who}, release_id=1 + seq % 12
        )
        body = rules.body(event, seq, at, {"actor": rules.commitment(salt, who)})
        digest = rules.link_hash(previous, body)
        row = {"seq": seq, "at": at, "kind": event.kind, "release_id": event.release_id}
        events.append(row | {"body": body, "previous": previous, "hash": digest})
        people.append({"seq": seq, "role": "actor", "salt": salt, "data": who})
        previous = digest
    with store.write() as session:
        session.execute(insert(AuditRow), events)
        session.execute(insert(AuditPersonRow), people)
        head = session.get_one(AuditHeadRow, 1)
        head.seq, head.hash = EVENTS, previous


class Bare:
    """The same SHA-256s: over bytes that are there, or read first."""

    def __init__(self, store: Store) -> None:
        with store.read() as session:
            events = session.exec(select(AuditRow).order_by(col(AuditRow.seq))).all()
            self._bytes = [f"{row.previous}\n{row.body}".encode() for row in events]
            people = session.exec(select(AuditPersonRow).order_by(col(AuditPersonRow.seq))).all()
            self._bytes += [f"{row.salt}{rules.canonical(row.data)}".encode() for row in people]
        self._raw = Raw(store)

    def hash(self) -> None:
        for each in self._bytes:
            sha256(each).hexdigest()

    def read_and_hash(self) -> None:
        with self._raw.reading() as cursor:
            cursor.execute("SELECT previous, body, hash FROM audit_event ORDER BY seq", {})
            for previous, body, digest in cursor.fetchall():
                assert sha256(f"{previous}\n{body}".encode()).hexdigest() == digest
            cursor.execute("SELECT salt, CAST(data AS TEXT) FROM audit_person ORDER BY seq", {})
            for salt, data in cursor.fetchall():
                sha256(f"{salt}{data}".encode()).hexdigest()

    def close(self) -> None:
        self._raw.close()


def measure(name: str, store: Store) -> list[Row]:
    """The store's record is filled first: it must be empty."""
    fill(store)
    bare = Bare(store)

    def verify() -> None:
        with store.read() as session:
            assert audit.verify(session) == (EVENTS, None)

    ours, hashing, reading = alternate((verify, bare.hash, bare.read_and_hash), TIMES)
    bare.close()
    what = f"Verifying {EVENTS:,} recorded decisions over"
    return [
        compare(f"{what} hashing their bytes, {name}", GOAL, ours, hashing),
        compare(f"{what} reading and hashing their bytes, {name}", GOAL, ours, reading),
    ]


def _person(number: int) -> Person:
    handle = f"person{number}"
    return Person(
        slack_id=f"U0{number:07}",
        name=f"Person Number {number}",
        handle=handle,
        email=f"{handle}@practice.example",
        time_zone="Europe/London",
        account_id=f"acc-{handle}",
        linked_by="email",
    )


def main() -> None:
    """`python -m bench.audit`: these rows alone."""
    with tempfile.TemporaryDirectory(prefix="interlock-bench-") as name:
        folder = Path(name)
        store = databases.new_sqlite(folder / "record.db")
        rows = measure("SQLite", store)
        store.close()
        with databases.postgres(folder) as server:
            store = databases.new_postgres(server, "record")
            rows += measure("PostgreSQL", store)
            store.close()
    for row in rows:
        typer.echo(json.dumps(asdict(row), ensure_ascii=False))


if __name__ == "__main__":
    main()
