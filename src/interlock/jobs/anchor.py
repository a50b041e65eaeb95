"""The daily anchor of the record of decisions."""

import structlog

from interlock.domain.policy import Policy
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import anchor

log = structlog.get_logger(__name__)


def audit_anchor(store: Store, policy: Policy) -> Job:
    def run(context: JobContext) -> JobReport:
        work = anchor.plan if context.dry_run else anchor.run
        done = work(store, policy, context.now)
        if done is None:
            return JobReport(detail="Nothing was decided yet.")
        if not context.dry_run:
            log.info("audit.anchor", anchor=done.anchor.line)  # logs are kept elsewhere: so this is an anchor too
        return JobReport(detail=f"Event {done.anchor.seq} anchored.", posts=done.posts)

    return Job(name="audit-anchor", run=run)
