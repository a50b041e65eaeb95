"""What runs, watched: a late step is told to whom it concerns."""

from interlock.domain.outbox import Outgoing
from interlock.domain.policy import Policy
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import runbook_watch as usecase


def runbook_watch(store: Store, policy: Policy) -> Job:
    """A run a transaction: nobody who ticks waits for all of them."""

    def run(context: JobContext) -> JobReport:
        if context.dry_run:
            return _report(usecase.plan(store, policy, context.now))
        posts: tuple[Outgoing, ...] = ()
        for run_id in usecase.runs(store):
            posts += usecase.watch(store, policy, run_id, context.now)
            context.progress("")  # quick, and every minute: how it ended is line enough
        return _report(posts)

    return Job(name="runbook-watch", run=run)


def _report(posts: tuple[Outgoing, ...]) -> JobReport:
    return JobReport(detail=count(len(posts), "ping"), posts=posts)
