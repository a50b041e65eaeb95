"""APScheduler says when: it looks, every few seconds, whether a job is due. What is due, and who runs it, is decided by
policy, the injected clock and the slots in the database.

Why a tick and not a trigger per job: APScheduler fires 02:30 twice when the clocks go back, forgets what was missed
while the program was down, cannot share its jobs among processes, and knows only the machine's own clock. All four are
the slots' business, and then the trigger that is left to choose is the plainest. A tick costs two indexed reads a job.

Each job ticks by itself on a thread of its own, so a sync that takes an hour delays no digest.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from interlock.jobs.slots import JobRunner

log = structlog.get_logger(__name__)

TICK = timedelta(seconds=15)


class Schedule:
    """Ticks until it is stopped, and then for good. `tick` is real time; what is due is read from `clock`."""

    def __init__(self, runner: JobRunner, clock: Callable[[], datetime], tick: timedelta = TICK) -> None:
        self._runner = runner
        self._clock = clock
        # A job that outlasts its tick is no news, and what fails is logged below.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # A thread for each job's tick and one for its first: a full pool would hold back the others.
            executors={"default": ThreadPoolExecutor(2 * len(runner.jobs) + 1)},
            # A late tick is as good as one in time, several late ones are one, and a long job ticks on when it ends.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._scheduler.add_listener(_failed, EVENT_JOB_ERROR)
        every = IntervalTrigger(seconds=tick.total_seconds(), timezone=UTC)
        for name in runner.jobs:
            self._scheduler.add_job(self._tick, args=(name,), name=name)  # at once: what was missed is not news in 15 s
            self._scheduler.add_job(self._tick, every, args=(name,), name=name)

    @property
    def is_alive(self) -> bool:
        return bool(self._scheduler.running)

    def start(self) -> None:
        self._scheduler.start()

    def wind_down(self) -> None:
        """Nothing begins any more; what runs ends at its next unit of work. Returns at once."""
        self._runner.stop()

    def stop(self, timeout: timedelta = timedelta(seconds=20)) -> bool:
        """Ask running jobs to end at their next unit of work; False if that took longer than `timeout`."""
        self._runner.stop()
        if not self._scheduler.running:
            return True
        ending = Thread(target=self._scheduler.shutdown, name="schedule shutdown", daemon=True)
        ending.start()
        ending.join(timeout.total_seconds())
        return not ending.is_alive()

    def _tick(self, name: str) -> None:
        self._runner.run_due(self._clock(), only=name)


def _failed(event: JobExecutionEvent) -> None:
    """A tick itself failed (a job's own fault is recorded in its slot): the database was away, say."""
    log.error("schedule.tick_failed", exc_info=event.exception)
