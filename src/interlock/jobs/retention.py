"""Once a day: what nobody needs any more goes, a little at a time."""

from interlock.domain.policy import Policy
from interlock.domain.retention import PRUNED
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import retention


def job(store: Store, policy: Policy) -> Job:
    def run(context: JobContext) -> JobReport:
        gone = {table: _prune(store, policy, table, context) for table in PRUNED}
        told = ", ".join(f"{table} {count}" for table, count in gone.items() if count)
        verb = "Would delete" if context.dry_run else "Deleted"
        return JobReport(detail=f"{verb}: {told}." if told else "Nothing was old enough.")

    return Job(name="retention", run=run)


def _prune(store: Store, policy: Policy, table: str, context: JobContext) -> int:
    gone, after = 0, None
    while True:
        done = retention.prune(store, policy, table, after, context.now, dry_run=context.dry_run)
        gone += done.count
        if done.last is None:
            return gone
        after = done.last
        context.progress("")  # a database of years has many, and a process that is told to stop does so here
