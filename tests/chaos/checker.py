"""Judges a seed by its evidence alone: `python -m tests.chaos.checker FOLDER`. It knows nothing of the program."""

import json
import sys
from pathlib import Path

from tests.chaos.checks import chain, clockwork, decisions, emergencies, governance, messages, rollcalls
from tests.chaos.record import Record

CHECKS = (
    *(*chain.CHECKS, *messages.CHECKS, *decisions.CHECKS, *governance.CHECKS),
    *(*rollcalls.CHECKS, *emergencies.CHECKS, *clockwork.CHECKS),
)


def judge(folder: Path) -> list[str]:
    """A sentence for each thing that must not be."""
    record = Record.read(folder)
    told = record.timeline
    found = [f"it did not come to rest: {each}" for each in told["restless"]]
    found += told["falls"]
    for check in CHECKS:
        found += [f"{check.__name__.replace('_', ' ')}: {each}" for each in check(record)]
    if found:  # so that it can be read when the database is gone
        (folder / "tables.json").write_text(json.dumps(record.tables, indent=1, default=str))
    return found


if __name__ == "__main__":
    verdict = judge(Path(sys.argv[1]))
    sys.stdout.write(json.dumps(verdict, indent=1) + "\n")
    sys.exit(1 if verdict else 0)
