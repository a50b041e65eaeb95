"""`interlock --help`, over importing the library that draws it; and `interlock run`, over the imports it needs."""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.measure import Row, Timing, alternate, compare
from bench.practice import Practice
from bench.running import running
from interlock.store.engine import Store

GOAL: Final = 3.0
TIMES: Final = 10
READY_TIMES: Final = 5


def measure() -> Row:
    script = str(Path(sys.executable).with_name("interlock"))

    def run(*command: str) -> None:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 our own program

    ours, theirs = alternate(
        [lambda: run(script, "--help"), lambda: run(sys.executable, "-c", "import typer")], TIMES, warm_up=1
    )
    return compare("interlock --help over import typer", GOAL, ours, theirs)


def ready(name: str, store: Store, practice: Practice) -> Row:
    """From the command to a /readyz that is content, over a mirror that stands."""
    begun: list[float] = []

    def run() -> None:
        with ExitStack() as stops:
            began = time.perf_counter()
            stops.enter_context(running(store, practice))
            begun.append(time.perf_counter() - began)

    def imports() -> None:
        subprocess.run([sys.executable, "-c", "import bot.wiring"], check=True)

    _, theirs = alternate([run, imports], READY_TIMES, warm_up=1)
    ours = Timing(samples=tuple(begun[1:]))  # without the stopping
    return compare(f"interlock run until it is ready, over import bot.wiring, {name}", GOAL, ours, theirs)
