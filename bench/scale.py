"""`python -m bench.scale`: what grows with the number of tickets, from ten thousand to a million of them.

A mirrored practice bank is multiplied: other projects and teams, each as large as the first, with one release asked
about. So what depends on the release alone should stay as it is, and what grows is what gives first. The least of a
few runs is told, since what else the machine does only adds.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import typer
from sqlalchemy import select, text
from sqlmodel import Session, col

from bench import databases
from bench.measure import timed
from bench.mirroring import KIB_PER_MIB, peak_kib
from bench.practice import serving
from bench.world import CHANNEL, READER, Planned, mirror, plan, policy
from bot import logs
from bot.wiring import now
from interlock.domain.actor import Actor, Authentication
from interlock.store import ticket_write
from interlock.store.engine import Store
from interlock.store.ticket import TicketRow
from interlock.trackers.page import Page
from interlock.usecases import blocker, digest, escalation, status, sweep, sync

BASE: Final = 10_000
TIMES: Final = (1, 10, 100)
RUNS: Final = 7
PAGE: Final = 250
CHANGED: Final = 6
"""Pages that are kept anew: each is a page's work that a sync has with a million tickets about."""

MARKED: Final = {"id", "key", "project_id", "project_key", "team_key", "epic_key", "ticket_id", "other_id", "other_key"}
"""The columns by which a copy is told from what it is a copy of, with its versions'."""
COPIED: Final = (
    "ticket",
    "ticket_version",
    "ticket_label",
    "ticket_component",
    "ticket_link",
    "ticket_change",
)


def grow(store: Store, begin: int, end: int) -> None:
    """Copies number `begin` up to `end` (without it) of all that was mirrored first."""
    with store.engine.begin() as connection:
        if not store.is_sqlite:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # it counts no foreign keys
        for number in range(begin, end):
            for name in COPIED:
                table = databases.TABLES.tables[name]
                first = table.c.id if name == "ticket" else table.c.ticket_id
                # A change's own id counts within its ticket.
                marked = {"ticket_id"} if name == "ticket_change" else MARKED | {"version_id"}
                columns = [
                    (column + f"~{number}" if column.name in marked else column).label(column.name)
                    for column in table.columns
                ]
                source = select(*columns).where(first.not_like("%~%"))
                connection.execute(table.insert().from_select([column.name for column in columns], source))
    if not store.is_sqlite:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured at a size: seconds by name, but for `memory` (of the sweep) and `size`, in MiB."""

    tickets: int
    figures: dict[str, float]


def measure(store: Store, planned: Planned) -> Measured:
    rules, at = policy(), planned.at
    reader = Actor(slack_id=READER, authentication=Authentication.SLACK)
    acts: dict[str, Callable[[], object]] = {
        "/release status": lambda: status.status_of(store, rules, reader, planned.release_id, at),
        "/blockers of the release": lambda: blocker.of_release(store, rules, reader, planned.release_id),
        "/blockers of a team": lambda: blocker.of_team(store, rules, reader, "data"),
        "drawing the digest": lambda: digest.drawn(store, rules, planned.release_id, CHANNEL, "slot", at),
        "planning the ladders": lambda: escalation.plan(store, rules, at),
    }
    figures = {}
    for name, act in acts.items():
        act()
        figures[name] = min(timed(act) for _ in range(RUNS))
    pages = iter(_pages(store, at))
    figures[f"keeping a page of {PAGE}"] = min(timed(lambda: _keep(store, next(pages), at)) for _ in range(CHANGED))
    figures |= _swept(store)
    figures["size"] = _size(store)
    with store.read() as session:
        tickets = session.connection().execute(text("SELECT count(*) FROM ticket")).scalar_one()
    return Measured(tickets=tickets, figures=figures)


def _pages(store: Store, at: datetime) -> Iterator[Page]:
    """Tickets from all over the mirror, each changed a moment ago."""
    with store.read() as session:
        ids = list(session.scalars(select(col(TicketRow.id)).where(col(TicketRow.id).like("%7%")).limit(50_000)))
    step = max(1, len(ids) // (PAGE * CHANGED))
    chosen = ids[::step]
    for number in range(CHANGED):
        with store.read() as session:
            known = ticket_write.stored(session, chosen[number * PAGE : (number + 1) * PAGE])
        tickets = tuple(replace(each.ticket, updated=at + timedelta(seconds=1)) for each in known.values())
        yield Page(tickets=tickets, projects=(), versions=(), accounts=(), reached=at, read=len(tickets), total=None)


def _keep(store: Store, page: Page, at: datetime) -> None:
    kept = sync.keep_page(store, policy(), page, at + timedelta(seconds=2), at + timedelta(seconds=2))
    assert kept.tickets == len(page.tickets) > 0, kept


def _swept(store: Store) -> dict[str, float]:
    """In a process of its own, whose memory is the comparison's."""
    url = store.url.render_as_string(hide_password=False)
    done = subprocess.run(  # noqa: S603 our own interpreter
        [sys.executable, "-m", "bench.scale", "--sweep", url], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _sweep(url: str) -> None:
    store = Store(url)
    with Session(store.engine) as session:
        columns = select(col(TicketRow.id), col(TicketRow.key)).execution_options(yield_per=5000)
        listed = {row[0]: row[1] for row in session.execute(columns)}
    before = peak_kib() / KIB_PER_MIB
    began = time.perf_counter()
    found = sweep.compare(store, policy(), listed, now())
    took = time.perf_counter() - began
    assert found.vanished == found.unknown == ()
    typer.echo(
        json.dumps(
            {"comparing for the sweep": took, "memory": peak_kib() / KIB_PER_MIB, "of which Jira's list": before}
        )
    )


def _size(store: Store) -> float:
    if store.is_sqlite:
        assert store.url.database is not None
        return Path(store.url.database).stat().st_size / 2**20
    with store.read() as session:
        size = session.connection().execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    return float(size) / 2**20


def _of_engine(engine: str, store: Store, planned: Planned) -> None:
    done: list[Measured] = []
    reached = 1
    for times in TIMES:
        took = timed(lambda begin=reached, end=times: grow(store, begin, end))  # type: ignore[misc]  # bound at once
        reached = times
        typer.echo(f"{engine}: {times * BASE:,} and more tickets, filled in {took:.0f} s", err=True)
        done.append(measure(store, planned))
    _show(engine, done)


def _show(engine: str, done: list[Measured]) -> None:
    typer.echo(f"\n| {engine} | " + " | ".join(f"{each.tickets:,}" for each in done) + " | × for each ten times |")
    typer.echo("| --- |" + " ---: |" * (len(done) + 1))
    for name in done[0].figures:
        values = [each.figures[name] for each in done]
        slope = (values[-1] / values[0]) ** (1 / (len(values) - 1))
        typer.echo(f"| {name} | " + " | ".join(_told(name, value) for value in values) + f" | {slope:.2f} |")


def _told(name: str, value: float) -> str:
    if name in {"memory", "of which Jira's list", "size"}:
        return f"{value:,.0f} MiB"
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.1f} ms"


def main(sweep: str = typer.Option("", hidden=True)) -> None:
    """Measures; `sweep` is for the process of its own."""
    if sweep:
        _sweep(sweep)
        return
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 a device, not a file
        logs.configure(nowhere)
        with tempfile.TemporaryDirectory(prefix="interlock-scale-") as name:
            folder = Path(name)
            with serving(BASE) as practice:
                store = databases.new_sqlite(folder / "scale.db")
                mirror(store, practice)
            planned = plan(store)
            with databases.postgres(folder) as server:
                copy = databases.new_postgres(server, "scale")
                databases.copy(store, copy)
                _of_engine("SQLite", store, planned)
                store.close()
                _of_engine("PostgreSQL", copy, planned)
                copy.close()
    typer.echo(f"\n{os.cpu_count()} cores, {platform.machine()}; load average now {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    typer.run(main)
