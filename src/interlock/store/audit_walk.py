"""The chain read as it stands, a batch of events at a time and without the mapper: verifying a record of years is for
the most part hashing, so what is plainly as it should be is seen by comparing texts, and only the rest is taken apart.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlmodel import Session

from interlock.domain import audit
from interlock.domain.audit import Link

EVENTS: Final = """
    SELECT seq, previous, hash, body, kind, coalesce(CAST(release_id AS TEXT), 'null'), {moment}
    FROM audit_event WHERE seq > :seen ORDER BY seq LIMIT :batch
"""
PEOPLE: Final = """
    SELECT seq, role, salt, CAST(data AS TEXT) FROM audit_person WHERE seq BETWEEN :first AND :last ORDER BY seq, role
"""
MOMENT: Final = {
    "sqlite": "replace(at, ' ', 'T') || '+00\\:00'",
    "postgresql": "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24\\:MI\\:SS.US') || '+00\\:00'",
}
"""The column `at`, as an event's text has it."""
REMEMBERED: Final = 10_000


Filed = tuple[int, str, str, str, str, str, str]
"""An event as `EVENTS` reads it: a bare tuple, of which there are millions."""


class Walk:
    """Over one session's chain. Whoever is recorded often is written out once."""

    def __init__(self, session: Session, batch: int) -> None:
        self._session = session
        self._batch = batch
        self._events = text(EVENTS.format(moment=MOMENT[session.get_bind().dialect.name]))
        self._people = text(PEOPLE)
        self._written: dict[str, str] = {}

    def after(self, seen: int) -> Sequence[Filed]:
        """The next events, at most a batch of them."""
        return self._rows(self._events, seen=seen, batch=self._batch)

    def doubtful(self, events: Sequence[Filed]) -> list[int]:
        """Those whose text does not plainly say what its columns and the people beside it say: they may hold, but have
        to be taken apart. Canonical JSON ends and begins in one way only, so equal texts are equal values.
        """
        people = self._commitments(events[0][0], events[-1][0])
        found = []
        for seq, _, _, body, kind, release_id, at in events:
            end = f',"kind":"{kind}","people":{{{people.get(seq, "")}}},"release_id":{release_id},"seq":{seq}}}'
            if not (body.endswith(end) and body.startswith(f'{{"at":"{at}","authentication":"')):
                found.append(seq)
        return found

    def _commitments(self, first: int, last: int) -> dict[int, str]:
        """By event what its text must hold of the people who are beside it, but for the braces."""
        found: dict[int, str] = {}
        for seq, role, salt, data in self._rows(self._people, first=first, last=last):
            written = self._written.get(data) or self._write(data)
            one = f'"{role}":"{sha256(f"{salt}{written}".encode()).hexdigest()}"'
            found[seq] = f"{found[seq]},{one}" if seq in found else one
        return found

    def _write(self, data: str) -> str:
        if len(self._written) >= REMEMBERED:
            self._written.clear()
        self._written[data] = written = audit.canonical(json.loads(data))
        return written

    def _rows(self, statement: TextClause, **values: int) -> Sequence[Any]:
        """Past the mapper and its rows, which cost as much as all the hashing."""
        cursor = self._session.connection().execute(statement, values).cursor
        assert cursor is not None
        rows: Sequence[Any] = cursor.fetchall()
        return rows


def chained(events: Sequence[Filed], seq: int, previous: str) -> bool:
    """Whether each follows the one before it, the first of them event `seq` with the hash `previous`."""
    for number, before, digest, body, *_ in events:
        seq += 1
        if number != seq or before != previous or sha256(f"{before}\n{body}".encode()).hexdigest() != digest:
            return False
        previous = digest
    return True


def link(event: Filed) -> Link:
    seq, previous, digest, body, *_ = event
    return Link(seq=seq, body=body, previous=previous, hash=digest)
