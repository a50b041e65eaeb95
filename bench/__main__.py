"""`make bench`: how fast the bot is, each line a ratio of two things measured in turns within this run.

Nothing here is a test: a slow line fails nothing, and no test measures time.
"""

import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import typer
from sqlalchemy import text

from bench import (
    audit,
    crowd,
    databases,
    forecast,
    mirroring,
    readiness,
    relay,
    revalidation,
    signoff,
    start,
    status,
    sync,
)
from bench.measure import Row, timed
from bench.practice import IN_SCOPE, Practice, serving
from bench.world import Bot, Planned, mirror, plan
from bot import logs
from bot.wiring import set_aside_what_stays
from interlock.store.engine import Store

OUTSIDE: Final = (10_000, 100_000)
"""Tickets that are mirrored and not in scope: a world, and one ten times as large."""
SYNCED: Final = 20_000
MEMORY_GOAL: Final = 1.3
MEMORY_LIMIT: Final = 120
Mirrored = tuple[Store, Practice, Planned]


def main() -> None:
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 a device, not a file
        logs.configure(nowhere)
        set_aside_what_stays()  # as the bot does once it stands
        took = timed(lambda: _show(list(_rows())))
    typer.echo(f"\nIt took {took:.0f} s.")


def _rows() -> Iterator[Row]:
    yield _told(start.measure())
    yield _told(forecast.measure())
    with tempfile.TemporaryDirectory(prefix="interlock-bench-") as name, ExitStack() as open_ones:
        folder = Path(name)
        yield from _of_record("SQLite", databases.new_sqlite(folder / "record.db"))
        with _served(SYNCED) as practice:
            for row in sync.measure(folder, practice):
                yield _told(row)
            store = databases.new_sqlite(folder / "synced.db")
            mirror(store, practice)
            yield _told(sync.meanwhile("SQLite", store, practice, plan(store)))
            for row in revalidation.measure("SQLite", store, practice):
                yield _told(row)
            store.close()
        worlds: list[Mirrored] = []
        peaks: list[float] = []
        for outside in OUTSIDE:
            practice = open_ones.enter_context(_served(outside + IN_SCOPE))
            path = folder / f"{outside}.db"
            databases.new_sqlite(path).close()
            peaks.append(mirroring.peak(path, practice.jira))
            worlds.append(_mirrored(path, practice))
        yield _told(_memory(*peaks))
        yield _told(sync.changes(*worlds[1][:2]))
        yield _told(start.ready("SQLite", *worlds[0][:2]))
        server = open_ones.enter_context(databases.postgres(folder))
        yield from _of_record("PostgreSQL", databases.new_postgres(server, "record"))
        copies = []
        for (store, practice, planned), outside in zip(worlds, OUTSIDE, strict=True):
            _tell(f"copying {outside:,} tickets into PostgreSQL")
            copy = databases.new_postgres(server, f"outside_{outside}")
            databases.copy(store, copy)
            copies.append((copy, practice, planned))
        yield from _of_engine("SQLite", worlds)
        yield from _of_engine(f"PostgreSQL {_version(copies[0][0])}", copies)
        for store, _, _ in (*worlds, *copies):
            store.close()


def _of_engine(engine: str, worlds: list[Mirrored]) -> Iterator[Row]:
    small, large = worlds
    yield _told(status.measure(engine, *large))
    yield _told(readiness.measure(engine, *large))
    bots = [Bot(*world[:2], world[2].at) for world in (small, large)]
    yield _told(status.growth(engine, *(one.status for one in bots)))
    for one in bots:
        one.close()
    for row in signoff.measure(engine, *large):
        yield _told(row)
    for row in crowd.measure(engine, *small):
        yield _told(row)
    for row in relay.measure(engine, *small[:2]):
        yield _told(row)


def _of_record(engine: str, store: Store) -> Iterator[Row]:
    for row in audit.measure(engine, store):
        yield _told(row)
    store.close()


def _mirrored(path: Path, practice: Practice) -> Mirrored:
    store = Store(f"sqlite:///{path}")
    mirror(store, practice)
    return store, practice, plan(store)


def _memory(small: float, large: float) -> Row:
    above = "" if large < MEMORY_LIMIT else f", which is above {MEMORY_LIMIT} MiB"
    return Row(
        name=f"Peak memory of a first sync, {OUTSIDE[1] + IN_SCOPE:,} tickets over {OUTSIDE[0] + IN_SCOPE:,}",
        ratio=large / small,
        goal=MEMORY_GOAL,
        ours=f"{large:.0f} MiB{above}",
        theirs=f"{small:.0f} MiB",
    )


@contextmanager
def _served(tickets: int) -> Iterator[Practice]:
    _tell(f"serving {tickets:,} tickets")
    with serving(tickets) as practice:
        yield practice


def _version(store: Store) -> str:
    with store.read() as session:
        return str(session.execute(text("SHOW server_version")).scalar())


def _show(rows: list[Row]) -> None:
    processor = f"{os.cpu_count()} cores, {platform.machine()}"
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    typer.echo(f"\n{processor}, {versions}; load average now {os.getloadavg()[0]:.1f}\n")
    typer.echo("| what | ratio | goal | ours | over |\n| --- | ---: | ---: | --- | --- |")
    for row in rows:
        mark = "" if row.met else " **missed**"
        bound = "≥" if row.at_least else "≤"
        note = f" ({row.note})" if row.note else ""
        typer.echo(f"| {row.name} | {row.ratio:.2f} | {bound} {row.goal:g}{mark} | {row.ours}{note} | {row.theirs} |")


def _told(row: Row) -> Row:
    _tell(f"{row.name}: {row.ratio:.2f}")
    return row


def _tell(what: str) -> None:
    typer.echo(what, file=sys.stderr)


if __name__ == "__main__":
    main()
