"""Runs jobs in their slots: plans, claims, runs, records. Any number of runners may share one database."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Event

import structlog
from sqlmodel import Session

from interlock import trace
from interlock.domain.errors import InterlockError
from interlock.domain.policy import JobRule, Policy
from interlock.domain.slot import (
    LONGEST_LEASE,
    MANUAL,
    Firing,
    Outcome,
    Plan,
    Slot,
    next_slot,
    pause_after_failure,
    plan,
)
from interlock.jobs.clock import Trusts, any_clock
from interlock.jobs.heartbeat import heartbeat
from interlock.jobs.job import Job, JobContext, JobReport, JobStoppedError, Run
from interlock.jobs.vendor import VendorWatch
from interlock.store import slot as slots
from interlock.store.engine import Store

log = structlog.get_logger(__name__)


class UnknownJobError(InterlockError):
    """No job, or no subject of the job, has that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """A job as `interlock job list` shows it; `job` names the subject too. `next_at` None: only when asked."""

    job: str
    rule: JobRule | None
    last: Firing | None
    next_at: datetime | None
    halted: str | None = None
    """Why it is not run for now, though it may be due."""


Observe = Callable[[str, str, float], None]
"""Hears of each run that ended: its job without the subject, its outcome in a word, its seconds."""


def unobserved(_job: str, _outcome: str, _seconds: float) -> None:
    """For a process that serves no metrics."""


class JobRunner:
    """`owner` names this process in leases: unique per process and start. While `trusts` says that its clock is not
    that of the others, nothing that is due is taken. What needs a vendor that refuses our token waits, by `vendors`.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy,
        jobs: Iterable[Job],
        clock: Callable[[], datetime],
        owner: str,
        trusts: Trusts = any_clock,
        observe: Observe = unobserved,
        vendors: VendorWatch | None = None,
    ) -> None:
        self.jobs = {job.name: job for job in jobs}
        self._store = store
        self._policy = policy
        self._clock = clock
        self._owner = owner
        self._trusts = trusts
        self._observe = observe
        self._vendors = vendors or VendorWatch(store, policy, clock)
        self._stopping = Event()

    def run_due(self, now: datetime, only: str | None = None) -> tuple[Run, ...]:
        """Run what is due (of the job `only`), one after the other; what another runner holds is left to it."""
        jobs = self.jobs.values() if only is None else (self._named(only),)
        with self._store.read() as session:
            abandoned = slots.abandoned(session, now)
        runs = (
            self._due(job, name, rule, now, abandoned=name in abandoned)
            for job in jobs
            for name, rule in self._subjects(job, now)
        )
        return tuple(run for run in runs if run is not None)

    def run_now(self, name: str, at: datetime, *, subject: str | None = None, dry_run: bool = False) -> tuple[Run, ...]:
        """Run a job (all its subjects, or one) because a person asked, in a slot of that very instant. As if it were
        `at`. A dry run is recorded nowhere.
        """
        job, names = self._named(name), self.slots_of(name, at, subject)
        runs = (self._asked(job, f"{MANUAL}{full}", at, dry_run=dry_run) for full in names)
        return tuple(run for run in runs if run is not None)

    def slots_of(self, name: str, at: datetime, subject: str | None = None) -> list[str]:
        """The job's own name, or one for each of its subjects. Raises UnknownJobError."""
        job = self._named(name)
        names = [full for full, _ in self._subjects(job, at)] if job.subjects is not None else [job.name]
        if subject is not None:
            names = [full for full in names if full == f"{job.name}:{subject}"]
            if not names:
                raise UnknownJobError(f"The job {name} has no subject {subject}. See: interlock job list")
        return names

    def overview(self, now: datetime) -> tuple[JobStatus, ...]:
        with self._store.read() as session:
            return tuple(
                self._status(session, job, name, rule, now)
                for job in self.jobs.values()
                for name, rule in (*self._subjects(job, now), *self._unscheduled(job))
            )

    def stop(self) -> None:
        """Ask running jobs to end at their next `progress`; nothing begins any more."""
        self._stopping.set()

    def _named(self, name: str) -> Job:
        job = self.jobs.get(name)
        if job is None:
            raise UnknownJobError(f"There is no job {name}. There are: {', '.join(sorted(self.jobs))}.")
        return job

    def _subjects(self, job: Job, now: datetime) -> list[tuple[str, JobRule]]:
        if job.subjects is not None:
            return [(f"{job.name}:{subject}", rule) for subject, rule in job.subjects(now)]
        rule = self._policy.jobs.get(job.name)
        return [] if rule is None else [(job.name, rule)]

    def _unscheduled(self, job: Job) -> list[tuple[str, None]]:
        return [(job.name, None)] if job.subjects is None and job.name not in self._policy.jobs else []

    def _kin(self, job: Job, but: str = "") -> list[str]:
        """The slots' names of the jobs beside which it must not run, itself among them, without `but`."""
        names = [each.name for each in self.jobs.values() if job.group is not None and each.group == job.group]
        return [each for name in names for each in (name, f"{MANUAL}{name}") if each != but]

    def _due(self, job: Job, name: str, rule: JobRule, now: datetime, *, abandoned: bool) -> Run | None:
        if self._stopping.is_set():
            return None
        with self._store.read() as session:
            # Most ticks find nothing to do, and need no writer's transaction to see it.
            last = slots.newest(session, name, now + LONGEST_LEASE)
            idle = self._plan(last, rule, now) == Plan() and not abandoned
            if idle or not self._trusts(session, now):
                return None
            if slots.any_held(session, self._kin(job, name), now):
                return None
            halts = self._vendors.halts(session, job.needs)
        if (halts and not job.probes) or not self._vendors.lets_through(halts):
            return None
        with self._store.write() as session:
            slots.one_at_a_time(session, job.group or name)
            if slots.any_held(session, self._kin(job, name), now):
                return None
            # What lies far ahead was fired by a clock that has been put back since, and must not silence the job till
            # then. A little ahead it was fired by one that was corrected: what is older is over.
            last = slots.newest(session, name, now + LONGEST_LEASE)
            todo = self._plan(last, rule, now)
            slots.give_up_overtaken(session, last, now)
            if todo.give_up is not None:
                if not slots.give_up(session, name, todo.give_up, now):
                    return None  # a heartbeat came in between: it would be left open for ever, and run beside the next
                log.warning("job.given_up", job=name, due_at=todo.give_up)
            if todo.missed is not None:
                slots.record_missed(session, name, todo.missed, now)
            if todo.missed is not None and todo.missed.count:
                log.warning("job.missed", job=name, count=todo.missed.count, last=todo.missed.last)
            slot = None if todo.run is None else slots.claim(session, name, todo.run, self._owner, now, job.lease)
        return None if slot is None else self._run(job, slot, rule, now)

    def _status(self, session: Session, job: Job, name: str, rule: JobRule | None, now: datetime) -> JobStatus:
        last = slots.newest(session, name if rule is not None else f"{MANUAL}{name}")
        next_at = None if rule is None else next_slot(rule, now, self._policy.time_zone)
        halts = self._vendors.halts(session, job.needs)
        halted = " ".join(each.told for each in halts) or None
        return JobStatus(job=name, rule=rule, last=last, next_at=next_at, halted=halted)

    def _plan(self, last: Firing | None, rule: JobRule, now: datetime) -> Plan:
        return plan(rule, last, now, self._policy.time_zone)

    def _asked(self, job: Job, name: str, at: datetime, *, dry_run: bool) -> Run | None:
        if dry_run:
            slot = Slot(job=name, due_at=at)
            report = job.run(JobContext(now=at, slot=slot, progress=self._progress(slot, Event()), dry_run=True))
            return Run(slot=slot, outcome=None, detail=report.detail, report=report)
        with self._store.write() as session:
            slots.one_at_a_time(session, job.group or name)
            if slots.any_held(session, self._kin(job), self._clock()):
                return None
            claimed = slots.claim(session, name, at, self._owner, self._clock(), job.lease)
        return None if claimed is None else self._run(job, claimed, None, at)

    def _run(self, job: Job, slot: Slot, rule: JobRule | None, now: datetime) -> Run:
        began, outcome = time.perf_counter(), "broken"  # its end could not be recorded
        with trace.begin(f"job {job.name}", slot=slot.key, attempt=slot.attempt) as note:
            try:
                run = self._carry_out(job, slot, rule, now)
                outcome = run.outcome or "unfinished"
            finally:
                note("outcome", outcome)
                self._observe(job.name, outcome, time.perf_counter() - began)
        return run

    def _carry_out(self, job: Job, slot: Slot, rule: JobRule | None, now: datetime) -> Run:
        bound = log.bind(job=slot.job, due_at=slot.due_at, attempt=slot.attempt)
        bound.info("job.begun")
        try:
            with heartbeat(self._store, slot, self._owner, clock=self._clock, lease=job.lease) as lost:
                report = job.run(JobContext(now=now, slot=slot, progress=self._progress(slot, lost)))
        except JobStoppedError:
            bound.info("job.stopped")
            with self._store.write() as session:
                slots.give_back(session, slot, self._owner, self._clock())
            return Run(slot=slot, outcome=None, detail="Stopped half-way.")
        except InterlockError as error:
            bound.error("job.failed", reason=str(error))  # known, and its sentence says all that a traceback could
            return self._failed(slot, rule, _sentence(error))
        except Exception as error:  # noqa: BLE001 one job's fault must not stop the others: it is recorded and logged
            bound.exception("job.failed")
            return self._failed(slot, rule, _sentence(error))
        return self._finish(slot, "done", report.detail, report)

    def _failed(self, slot: Slot, rule: JobRule | None, detail: str) -> Run:
        pause = None if rule is None else pause_after_failure(rule, slot.attempt)
        if pause is None:
            return self._finish(slot, "failed", detail, None)
        with self._store.write() as session:
            slots.put_off(session, slot, self._owner, self._clock() + pause, detail)
        return Run(slot=slot, outcome=None, detail=detail)

    def _finish(self, slot: Slot, outcome: Outcome, detail: str, report: JobReport | None) -> Run:
        with self._store.write() as session:
            kept = slots.finish(session, slot, self._owner, self._clock(), outcome, detail)
        # Of a failure the log has the traceback; its detail may quote what broke it.
        said = detail if outcome == "done" else None
        log.info("job.ended", job=slot.job, due_at=slot.due_at, outcome=outcome, detail=said, recorded=kept)
        return Run(slot=slot, outcome=outcome, detail=detail, report=report)

    def _progress(self, slot: Slot, lost: Event) -> Callable[[str], None]:
        def progress(text: str) -> None:
            if text:
                log.info("job.progress", job=slot.job, text=text)
            if lost.is_set():
                raise JobStoppedError(f"The job {slot.job} lost its slot to another process; it goes on there.")
            if self._stopping.is_set():
                raise JobStoppedError(f"The job {slot.job} was stopped; the next attempt goes on from here.")

        return progress


def _sentence(error: Exception) -> str:
    """For the record: the first line, since a database's error goes on with the values it was given."""
    text = (str(error).splitlines() or [""])[0][:300]
    return text if isinstance(error, InterlockError) else f"{type(error).__name__}: {text}"
