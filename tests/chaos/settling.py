"""When a seed has come to rest: nothing is due in the outbox, no slot runs, and Jira was read since it last changed."""

import sqlite3
import time
from datetime import datetime, timedelta

import psycopg

from tests.chaos.clock import Clock
from tests.chaos.tables import Tables

AWAY = (sqlite3.Error, psycopg.Error)
"""The database is not back yet."""
READ_SECONDS = 20.0
AT_NIGHT = "outside their working hours"
"""Why a message may wait for the morning."""


def wait_for_first_sync(tables: Tables) -> bool:
    """Until the bots have a mirror of Jira, without which nothing can be planned."""
    deadline = time.monotonic() + READ_SECONDS
    while time.monotonic() < deadline:
        if tables.rows("SELECT as_of FROM mirror WHERE name = 'tickets' AND as_of IS NOT NULL"):
            return True
        time.sleep(0.05)
    return False


def wait(tables: Tables, clock: Clock, seconds: float) -> list[str]:
    """What is in the way still when the time is up; empty once all is at rest."""
    began, deadline = clock.true_time(), time.monotonic() + seconds
    while True:
        restless = _restless(tables, clock, began)
        if not restless or time.monotonic() > deadline:
            return restless
        time.sleep(0.1)


def _restless(tables: Tables, clock: Clock, began: datetime) -> list[str]:
    try:
        now = clock.true_time()
        outbox = tables.rows(
            "SELECT id, key, state, not_before, reason FROM outbox WHERE state IN ('pending', 'sending')"
        )
        slots = tables.rows("SELECT job, due_at, attempt, started_at, lease_until FROM slot WHERE outcome IS NULL")
        jobs = tables.rows("SELECT job, max(started_at) AS started_at FROM slot WHERE outcome = 'done' GROUP BY job")
    except AWAY as error:
        return [f"the database is away: {error}"]
    found = [
        f"{row['key']} is {row['state']} ({row['reason']})"
        for row in outbox
        if row["not_before"] < now + timedelta(hours=2) and row["reason"] != AT_NIGHT
    ]
    found += [
        f"{row['job']} of {row['due_at']} has not ended, attempt {row['attempt']}"
        for row in slots
        # One that runs now is in order, and so is one of a clock that was ahead, until its time comes.
        if (row["started_at"] < began or row["lease_until"] < now) and row["due_at"] <= now
    ]
    done = {row["job"]: row["started_at"] for row in jobs}
    for job in ("sync", "groups"):
        if done.get(job) is None or done[job] < began:
            found.append(f"{job} has not run since")
    return found
