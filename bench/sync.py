"""A full sync, over fetching the same pages and parsing them; and how `/release status` does meanwhile."""

import json
import math
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import requests
from sqlalchemy import func, select
from sqlmodel import col

from bench.databases import new_sqlite
from bench.measure import Row, Timing, alternate, compare, timed
from bench.mirroring import EMAIL, TOKEN
from bench.practice import Practice
from bench.world import Planned, bot, policy, tracker
from bot.wiring import now
from interlock.jobs import sync
from interlock.store.engine import Store
from interlock.store.ticket import TicketRow
from interlock.trackers import paging
from interlock.trackers.jira import JiraTracker

GOAL: Final = 2.0
ALL_FIELDS_GOAL: Final = 1.0
CHANGES: Final = 50
PAGE: Final = 100
"""Tickets that Cloud gives at a time where it tells their history."""
MEANWHILE_GOAL: Final = 5.0
TIMES: Final = 4
IDLE_TIMES: Final = 40
ENOUGH: Final = 300
"""Answers during a sync: of fewer, the 99th percentile says little."""
TURNS: Final = 4
TIMEOUT: Final = 60


class Pages:
    """The pages that a full sync reads, fetched as plainly as can be."""

    def __init__(self, practice: Practice, fields: Sequence[str] | None = None) -> None:
        self._url = f"{practice.jira}/rest/api/2/search/jql"
        rules = policy()
        self._listing = paging.Listing(
            projects=rules.tickets.projects,
            clock="updated",
            since=None,
            fields=fields or tracker(practice, rules).mapper().fields.wanted,
            page_size=250,
            history=True,
        )
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (EMAIL, TOKEN)

    def fetch(self) -> int:
        """How many tickets there are."""
        return sum(len(page.issues) for page in paging.cloud(self._ask, self._listing))

    def _ask(self, query: Mapping[str, Any]) -> Any:
        answer = self._session.post(self._url, json=dict(query), timeout=TIMEOUT)
        return json.loads(answer.content)


def measure(folder: Path, practice: Practice) -> list[Row]:
    """A first sync, into a new SQLite database each time."""
    empty = folder / "empty.db"
    new_sqlite(empty).close()
    pages, every_field, rules = Pages(practice), Pages(practice, ["*all"]), policy()
    tickets = pages.fetch()  # the practice Jira renders them once
    assert every_field.fetch() == tickets
    stores: list[Store] = []

    def anew() -> None:
        while stores:
            stores.pop().close()
        for old in folder.glob("sync.db*"):
            old.unlink()
        shutil.copyfile(empty, folder / "sync.db")
        stores.append(Store(f"sqlite:///{folder / 'sync.db'}"))

    def full() -> None:
        done = sync.run(stores[0], rules, tracker(practice, rules), now)
        assert done.kept == tickets, done

    anew()
    ours, theirs, all_fields = alternate([full, pages.fetch, every_field.fetch], TIMES, between=anew, warm_up=1)
    stores.pop().close()
    what = f"Full sync of {tickets:,} tickets over fetching them"
    return [
        compare(f"{what}, SQLite", GOAL, ours, theirs),
        compare(f"{what} with all fields, SQLite", ALL_FIELDS_GOAL, ours, all_fields),
    ]


def changes(store: Store, practice: Practice) -> Row:
    """What a sync asks of Jira after some tickets changed. It reads ten minutes' changes again, which count."""
    rules, asked = policy(), list[str]()
    tracker = JiraTracker(practice.jira, EMAIL, TOKEN, rules.tickets, observe=lambda call, *_: asked.append(call))
    with store.read() as session:
        tickets = session.execute(select(func.count()).select_from(TicketRow)).scalar_one()
        keys = session.scalars(select(col(TicketRow.key)).order_by(col(TicketRow.id)).limit(CHANGES)).all()
    for key in keys:
        tracker.comment(key, "Seen.")
    asked.clear()
    done = sync.run(store, rules, tracker, now)
    assert CHANGES <= done.read < tickets, done
    tracker.close()
    pages = math.ceil(done.read / PAGE)
    return Row(
        name=f"Calls to Jira of a sync after {CHANGES} changes among {tickets:,}, over its pages and 2",
        ratio=len(asked) / (pages + 2),
        goal=1.0,
        ours=f"{len(asked)} calls",
        theirs=f"{pages + 2}",
        note=f"{done.read} tickets read, {PAGE} a page",
    )


def meanwhile(name: str, store: Store, practice: Practice, planned: Planned) -> Row:
    """`/release status` while everything is read anew in the same process, as the bot does it."""
    rules = policy()
    answers: list[float] = []
    with bot(store, practice, planned.at) as asked:
        (idle,) = alternate([asked.status], IDLE_TIMES)
        for _ in range(TURNS):
            reader = threading.Thread(
                target=lambda: sync.run(store, rules, tracker(practice, rules), now, full=True), name="sync"
            )
            reader.start()
            while reader.is_alive():
                answers.append(timed(asked.status))
            reader.join()
            if len(answers) >= ENOUGH:
                break
    busy = Timing(samples=tuple(answers))
    return Row(
        name=f"/release status during a full sync, p99 over its idle median, {name}",
        ratio=busy.quantile(0.99) / idle.median,
        goal=MEANWHILE_GOAL,
        ours=f"{1000 * busy.quantile(0.99):.0f} ms",
        theirs=str(idle),
        note=f"{len(answers)} answers, their median {1000 * busy.median:.0f} ms",
    )
