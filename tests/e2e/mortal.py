"""The bot, which dies by its own hand at one point of a digest's slot: `python mortal.py POINT run …`.

"claim": the slot is claimed, the claim not committed. "work": it is, the digest not. Nothing of the program is changed:
its database connections are watched.
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from bot.cli import main

SIGNS = {"claim": ("slot", "daily-digest:"), "work": ("outbox", "digest:")}


def mortal(point: str) -> None:
    table, mark = SIGNS[point]

    @event.listens_for(Engine, "before_cursor_execute")
    def executing(
        connection: Any,
        _cursor: Any,
        statement: str,
        parameters: Any,
        _context: Any,
        _many: bool,  # noqa: FBT001 SQLAlchemy's
    ) -> None:
        writes = statement.lstrip().upper().startswith(("INSERT", "UPDATE"))
        if writes and f" {table} " in statement and mark in str(parameters) and "skipped" not in str(parameters):
            connection.info["doomed"] = True

    @event.listens_for(Engine, "commit")
    def committing(connection: Any) -> None:
        if connection.info.get("doomed"):
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    mortal(sys.argv.pop(1))
    main()
