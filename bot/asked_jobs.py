"""Jobs that somebody asked for, on threads of their own: whoever asked is answered before a long one has ended."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from typing import Final

import structlog

from interlock.domain.errors import InterlockError
from interlock.jobs.job import Run
from interlock.jobs.slots import JobRunner

WAIT_SECONDS: Final = 5.0
"""How long an answer is worth waiting for: far less than the command line, or a proxy before us, waits for ours."""
AT_ONCE: Final = 2
"""The next ones wait their turn, so that no number of requests takes the machine."""

log = structlog.get_logger(__name__)


class AskedJobs:
    def __init__(self, runner: JobRunner, clock: Callable[[], datetime], wait_seconds: float = WAIT_SECONDS) -> None:
        self._runner = runner
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="asked job")

    def find(self, job: str, subject: str) -> None:
        """Raises UnknownJobError where there is none of that name, or it has no such subject now."""
        self._runner.slots_of(job, self._clock(), subject or None)

    def run(self, job: str, subject: str) -> tuple[Run, ...] | None:
        """What came of it, if that is known soon; None where it goes on. Raises what kept it from beginning."""
        context = copy_context()  # the log's and the traces' id of the request
        running = self._threads.submit(context.run, self._run, job, subject)
        try:
            return running.result(self._wait_seconds)
        except TimeoutError:
            if running.done():
                raise  # its own
            return None

    def stop(self) -> None:
        """Begins none that still waits, and waits for those under way: ask the runner to stop first."""
        self._threads.shutdown(cancel_futures=True)

    def _run(self, job: str, subject: str) -> tuple[Run, ...]:
        try:
            return self._runner.run_now(job, self._clock(), subject=subject or None)
        except InterlockError as error:
            log.warning("job.not_begun", job=job, reason=str(error))
            raise
        except Exception:
            # The database is away, say; by now there may be nobody left to tell.
            log.exception("job.not_begun", job=job)
            raise
