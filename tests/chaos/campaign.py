"""Seeds after seeds, on a few warmed processes: each has a PostgreSQL of its own and forks what it needs."""

import json
import os
import select
import shutil
import socket
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sandbox.world.people_at_work import GaveUpError
from tests.chaos import databases, mortal, nursery
from tests.chaos import plan as plans
from tests.chaos.checker import judge
from tests.chaos.databases import Database, Postgres, Server, Sqlite
from tests.chaos.nursery import Nurse
from tests.chaos.scene import Scene

TOO_BUSY = 75
"""The exit code of a seed that did not come as far as the storm: the machine was too slow. It is played again."""


@dataclass(frozen=True, slots=True)
class Order:
    """One seed on one database."""

    seed: int
    database: str
    plant: str = ""

    @property
    def name(self) -> str:
        return f"{self.database}-{self.seed}{f'-{self.plant}' if self.plant else ''}"


@dataclass(slots=True)
class Tally:
    """What all seeds came to."""

    seeds: int = 0
    violations: list[tuple[str, str]] = field(default_factory=list)
    """The order's name, and the sentence."""
    caught: dict[str, str] = field(default_factory=dict)
    """For each planted bug that showed: where, and how."""
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, told: dict[str, Any]) -> None:
        self.seeds += 1
        self.counts.update(told["counts"])
        self.violations += [(told["name"], each) for each in told["violations"]]
        # A bot that does not even start shows nothing of what the bug would do.
        shown = [each for each in told["violations"] if "did not become ready" not in each]
        if told["plant"] and shown:
            self.caught.setdefault(told["plant"], f"seed {told['seed']}: {shown[0]}")


def run(orders: list[Order], folder: Path, workers: int, *, keep: bool = False) -> Tally:
    """A planted bug that was caught is not looked for any more. The evidence of seeds that went well is thrown away
    unless it is to be `keep`t.
    """
    folder.mkdir(parents=True, exist_ok=True)
    template = databases.sqlite_template(folder / "template.db")
    tally, todo, links = Tally(), list(reversed(orders)), {}
    for number in range(min(workers, len(orders))):
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            nursery.run(partial(_work, number, theirs, folder, template))
        theirs.close()
        links[ours] = pid
    files = {link: link.makefile("rb") for link in links}
    while links:
        for link in select.select(list(links), [], [])[0]:
            line = files[link].readline()
            if not line:
                os.waitpid(links.pop(link), 0)
                continue
            told = json.loads(line)
            if told:
                if told["again"]:
                    todo.append(Order(told["seed"], told["database"], told["plant"]))
                else:
                    tally.add(told)
                    _say(told)
                if not told["violations"] and not keep:
                    shutil.rmtree(told["folder"], ignore_errors=True)
            while todo and todo[-1].plant in tally.caught:
                todo.pop()
            order = todo.pop() if todo else None
            link.sendall(json.dumps([order.seed, order.database, order.plant] if order else None).encode() + b"\n")
    return tally


def _work(number: int, link: socket.socket, folder: Path, template: Path) -> None:
    """A worker: one order after the other, until there is none."""
    server: Server | None = None
    answers = link.makefile("rb")
    told: dict[str, Any] = {}
    while True:
        link.sendall(json.dumps(told).encode() + b"\n")
        asked = json.loads(answers.readline())
        if asked is None:
            break
        order = Order(*asked)
        place = folder / order.name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if order.database == "postgres" and server is None:
            home = folder / f"server-{number}"
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            server = Server(home)
        host = f"127.0.0.{number + 2}"
        code = nursery.attend(partial(_play, order, place, template, server, host), mortal.live)
        told = _result(place, order, code)
    if server is not None:
        server.stop()


def _play(order: Order, place: Path, template: Path, server: Server | None, host: str, nurse: Nurse) -> None:
    """In a process of its own."""
    began = time.monotonic()
    if order.database == "postgres":
        assert server is not None
        database: Database = Postgres(server, f"seed_{order.seed}")
    else:
        database = Sqlite(template, place)
    try:
        scene = Scene(
            nurse, plans.plan(order.seed, order.database, database.troubles), database, place, host, order.plant
        )
        try:
            scene.run()
        except GaveUpError:
            sys.exit(TOO_BUSY)
        violations = judge(place)
        result = {"violations": violations, "counts": counts(place), "seconds": round(time.monotonic() - began, 1)}
        (place / "result.json").write_text(json.dumps(result, indent=1))
    finally:
        database.remove()


def counts(place: Path) -> dict[str, int]:
    """For the table at the end."""
    timeline = json.loads((place / "timeline.json").read_text())
    slack = json.loads((place / "slack.json").read_text())
    found = Counter(
        {f"fault: {name}": count for name, count in timeline["struck"].items() if name not in {"kill", "term"}}
    )
    found.update({f"lives {name}": count for name, count in timeline["ends"].items()})
    found["acts"] = len(timeline["acts"])
    found["acts answered"] = sum(1 for each in timeline["acts"] if each["answers"])
    found["ticket changes"] = sum(1 for each in timeline["happened"] if each["what"] == "change")
    found["messages"] = sum(
        1
        for each in slack["messages"].values()
        for one in each
        if one.get("user") == "U0INTERLOCK" and not one.get("ephemeral_to")
    )
    return found


def _result(place: Path, order: Order, code: int | None) -> dict[str, Any]:
    file = place / "result.json"
    if code == 0 and file.exists():
        result: dict[str, Any] = json.loads(file.read_text())
    else:
        why = "it hung" if code is None else f"the scene itself broke, with {code}"
        result = {"violations": [why], "counts": {}, "seconds": 0}
    again = code == TOO_BUSY
    if again:
        result = {"violations": []}
    return result | asdict(order) | {"name": order.name, "folder": str(place), "again": again}


def _say(told: dict[str, Any]) -> None:
    for each in told["violations"]:
        sys.stdout.write(f"{told['name']}: {each} [{told['folder']}]\n")
    if not told["violations"]:
        sys.stdout.write(f"{told['name']}: well, {told['seconds']} s\n")
    sys.stdout.flush()
