"""Whoever owns a risk, an assumption, an issue or a decision is asked to look at it again."""

from interlock.domain.policy import Policy
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import raid_reminder


def raid_reviews(store: Store, policy: Policy) -> Job:
    def run(context: JobContext) -> JobReport:
        ask = raid_reminder.plan if context.dry_run else raid_reminder.run
        posts = ask(store, policy, context.now)
        return JobReport(detail=count(len(posts), "reminder"), posts=posts)

    return Job(name="raid-reviews", run=run)
