"""`interlock --help`, over importing the library that draws it."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.measure import Row, alternate, compare

GOAL: Final = 3.0
TIMES: Final = 10


def measure() -> Row:
    script = str(Path(sys.executable).with_name("interlock"))

    def run(*command: str) -> None:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 our own program

    ours, theirs = alternate(
        [lambda: run(script, "--help"), lambda: run(sys.executable, "-c", "import typer")], TIMES, warm_up=1
    )
    return compare("interlock --help over import typer", GOAL, ours, theirs)
