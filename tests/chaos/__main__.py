"""`python -m tests.chaos`: see docs/chaos.md."""

import argparse
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import campaign
from tests.chaos.campaign import Order, Tally
from tests.chaos.plants import PLANTS


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description="Breaks everything, and looks what became of it."
    )
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--workers", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--folder", type=Path, help="where the evidence goes; a temporary one if absent")
    parser.add_argument("--plant", default="", choices=("", *PLANTS), help="a bug to plant")
    parser.add_argument("--plants", action="store_true", help="plant each of the known bugs: each must be caught")
    parser.add_argument("--keep", action="store_true", help="keep the evidence of seeds that went well too")
    asked = parser.parse_args()
    engines = ("sqlite", "postgres") if asked.database == "both" else (asked.database,)
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    orders = [Order(seed, engine, asked.plant) for seed in seeds for engine in engines]
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="interlock-chaos-"))
    if asked.plants:  # one seed of each, then another of those that did not show, and so on
        orders = [Order(seed, plant.database, name) for seed in seeds for name, plant in PLANTS.items()]
    gc.freeze()  # what is imported stays shared with every process that is forked
    began = time.monotonic()
    tally = campaign.run(orders, folder, asked.workers, keep=asked.keep)
    _report(tally, time.monotonic() - began)
    if asked.plants:
        for name, plant in PLANTS.items():
            sys.stdout.write(f"{name} ({plant.about})\n    {tally.caught.get(name, 'NOT CAUGHT')}\n")
        return 0 if len(tally.caught) == len(PLANTS) else 1
    return 1 if tally.violations else 0


def _report(tally: Tally, seconds: float) -> None:
    sys.stdout.write(f"\n{tally.seeds} seeds in {seconds:.0f} s, {len(tally.violations)} violations\n")
    for name, count in sorted(tally.counts.items()):
        sys.stdout.write(f"  {name:<28}{count:>8}\n")


if __name__ == "__main__":
    sys.exit(main())
