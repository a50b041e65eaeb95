"""Proposals to change a release's policy, as time passes: what nobody decided in time is over."""

from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import policy_change_end


def job(store: Store) -> Job:
    def run(context: JobContext) -> JobReport:
        work = policy_change_end.late if context.dry_run else policy_change_end.expire
        return JobReport(detail=f"{count(work(store, context.now), 'proposal')} over")

    return Job(name="policy-changes", run=run)
