"""The daily anchor of the record of decisions."""

from interlock.domain.policy import Policy
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import anchor


def audit_anchor(store: Store, policy: Policy) -> Job:
    def run(context: JobContext) -> JobReport:
        work = anchor.plan if context.dry_run else anchor.run
        done = work(store, policy, context.now)
        if done is None:
            return JobReport(detail="Nothing was decided yet.")
        return JobReport(detail=f"Event {done.anchor.seq} anchored.", posts=done.posts)

    return Job(name="audit-anchor", run=run)
