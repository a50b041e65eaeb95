"""One process of the bot: `interlock run` as it is, but for its clock, how it is to die, and the bug planted in it."""

import os
import random
import sys
from pathlib import Path
from typing import Any

from bot import logs, wiring
from interlock.domain.errors import InterlockError
from tests.chaos import plants, points
from tests.chaos.clock import Clock
from tests.chaos.tempo import set_tempo


def live(told: dict[str, Any]) -> None:
    """`told`: env (all of its environment), log, clock, point and times ("" for none), plant ("" for none)."""
    log = os.open(told["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(told["env"])
    random.seed(os.getpid())
    set_tempo(Clock(Path(told["clock"])))
    if told["plant"]:
        plants.PLANTS[told["plant"]].plant()
    if told["point"]:
        points.arm(told["point"], told["times"])
    logs.configure()
    try:
        wiring.run(wiring.settings_from(os.environ), "socket")
    except InterlockError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
