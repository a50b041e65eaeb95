"""Decisions that wait, as time passes: who is told that they may make them."""

from interlock.domain.outbox import Outgoing
from interlock.domain.policy import Policy
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import decision_reminder


def job(store: Store, policy: Policy) -> Job:
    """Mostly nobody is to be told, which takes no writer. A release a transaction: nobody who decides waits for all."""

    def run(context: JobContext) -> JobReport:
        due = decision_reminder.plan(store, policy, context.now)
        if context.dry_run:
            return _report(due)
        posts: tuple[Outgoing, ...] = ()
        for release_id in sorted({each.ids["release_id"] for each in due}):
            posts += decision_reminder.run(store, policy, release_id, context.now)
            context.progress("")  # quick, and every few minutes: how it ended is line enough
        return _report(posts)

    return Job(name="decision-reminders", run=run)


def _report(posts: tuple[Outgoing, ...]) -> JobReport:
    return JobReport(detail=count(len(posts), "message"), posts=posts)
