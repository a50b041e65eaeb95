"""A first full sync in a process of its own, which says how much memory it took at most.

`python -m bench.mirroring FILE JIRA_URL` fills a migrated SQLite database and prints the peak in KiB. It imports no
more than a sync needs.
"""

import logging
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from interlock.config.policy import load_policy
from interlock.jobs import sync
from interlock.store.engine import Store
from interlock.trackers.jira import JiraTracker

CONFIG: Final = Path("config/interlock.yaml")
EMAIL: Final = "interlock@practice.example"
TOKEN: Final = "practice-jira-token"  # noqa: S105 the practice Jira's, which the README publishes
KIB_PER_MIB: Final = 1024
AS_DEPLOYED: Final = """
import runpy, sys
sys.modules["chardet"] = None  # a development tool brings it, requests loads it where it is, and a deployment has none
runpy.run_module("bench.mirroring", run_name="__main__", alter_sys=True)
"""


def peak(database: Path, jira: str) -> float:
    """Have a child do it; the child's peak in MiB."""
    command = [sys.executable, "-c", AS_DEPLOYED, str(database), jira]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 our own interpreter
    return int(told.stdout) / KIB_PER_MIB


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    policy = load_policy(CONFIG, _now().date())
    store = Store(f"sqlite:///{sys.argv[1]}")
    tracker = JiraTracker(sys.argv[2], EMAIL, TOKEN, policy.tickets)
    sync.run(store, policy, tracker, _now)
    print(peak_kib())  # noqa: T201 what the parent reads


def peak_kib() -> int:
    """Linux's own count where there is one: getrusage's begins with what the parent held when it started us."""
    status = Path("/proc/self/status")
    if status.is_file():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 bot/wiring's clock would bring the whole bot into this process


if __name__ == "__main__":
    main()
