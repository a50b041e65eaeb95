"""Roll-calls, as time passes: whose vote is missing is pinged, and a result is told."""

from interlock.domain.policy import Policy
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import gonogo_chase


def job(store: Store, policy: Policy) -> Job:
    def run(context: JobContext) -> JobReport:
        work = gonogo_chase.plan if context.dry_run else gonogo_chase.run
        posts = work(store, policy, context.now)
        return JobReport(detail=count(len(posts), "message"), posts=posts)

    return Job(name="gonogo", run=run)
