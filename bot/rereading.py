"""Reads Slack's people, groups and channels again soon after an event told that they changed."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from interlock.domain.errors import InterlockError
from interlock.jobs.groups import GROUPS
from interlock.jobs.slots import JobRunner
from interlock.jobs.wakeup import Wakeup

GATHER_SECONDS: Final = 1.0
"""Events come in bursts: one reading is enough for all that came meanwhile."""
FOR_EVER: Final = 3600.0

log = structlog.get_logger(__name__)


class Rereading:
    def __init__(self, runner: JobRunner, clock: Callable[[], datetime]) -> None:
        self._runner = runner
        self._clock = clock
        self._bell = Wakeup()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rereading", daemon=True)

    def ask(self) -> None:
        """Soon; on another thread."""
        self._bell.ring()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._bell.ring()
        if self._thread.ident is not None:
            self._runner.stop()  # a reading ends at its next page
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._bell.wait(FOR_EVER)
            if self._stopping.wait(GATHER_SECONDS):
                return
            try:
                self._runner.run_now(GROUPS, self._clock())
            except Exception as error:
                # The job itself is recorded and logged; this is the database being away. The job comes again anyway.
                if isinstance(error, InterlockError):
                    log.warning("rereading.failed", reason=str(error))
                else:
                    log.exception("rereading.failed")
