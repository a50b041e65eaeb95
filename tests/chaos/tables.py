"""The bots' database as it stands, read with plain SQL: nothing here knows the program that wrote it."""

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]
JSON = {
    *("ids", "shown", "tickets", "policy", "scope_rule", "void_change", "data"),
    *("rule", "requirements", "covers", "sent_to", "end_change"),
}
"""Columns of JSON, which SQLite keeps as text."""


class Tables:
    """One connection, opened for each question: the database may be away in between."""

    def __init__(self, url: str) -> None:
        self._url = url

    def rows(self, statement: str) -> list[Row]:
        if self._url.startswith("sqlite:///"):
            connection = sqlite3.connect(urlsplit(self._url).path[1:], timeout=10)
            try:
                connection.execute("PRAGMA query_only=ON")
                connection.row_factory = sqlite3.Row
                return [_read(dict(row)) for row in connection.execute(statement)]
            finally:
                connection.close()
        with psycopg.connect(self._url, row_factory=dict_row, connect_timeout=5) as postgres:
            return [_read(row) for row in postgres.execute(statement.encode())]

    def every(self, table: str, order: str) -> list[Row]:
        return self.rows(f'SELECT * FROM "{table}" ORDER BY {order}')  # noqa: S608 names written here


def _read(row: Row) -> Row:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, str) and name in JSON:
        return json.loads(value)
    if isinstance(value, str) and (
        name.endswith(("at", "until", "_before", "_after", "starts", "ends")) or name in {"since", "as_of", "answer_by"}
    ):
        return moment(value)
    return value


def moment(text: str) -> Any:
    """As SQLite keeps it, and as JSON does; what is no moment stays as it is."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found if found.tzinfo else found.replace(tzinfo=UTC)
