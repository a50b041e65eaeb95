"""The ladder, run: whoever has to hear of a blocker now."""

from interlock.domain.policy import Policy
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import escalation


def blocker_escalation(store: Store, policy: Policy) -> Job:
    def run(context: JobContext) -> JobReport:
        work = escalation.plan if context.dry_run else escalation.run
        done = work(store, policy, context.now)
        detail = f"{len(done.begun)} begun, {len(done.cleared)} cleared, {count(len(done.steps), 'ping')}"
        return JobReport(detail=detail, posts=done.steps)

    return Job(name="blocker-escalation", run=run)
