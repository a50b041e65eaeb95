"""Sign-offs, as time passes: which are too old, who is reminded, and what was not answered in time."""

from interlock.domain.outbox import Outgoing
from interlock.domain.policy import Policy
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import break_glass_end, revalidation, signoff_reminder


def signoff_reminders(store: Store, policy: Policy) -> Job:
    """A release a transaction: nobody who signs waits for all of them."""

    def run(context: JobContext) -> JobReport:
        if context.dry_run:
            return _report(signoff_reminder.plan(store, policy, context.now), 0)
        break_glass_end.revalidate(store, context.now)
        expired = revalidation.expire(store, context.now)
        posts: tuple[Outgoing, ...] = ()
        for release_id in signoff_reminder.releases(store):
            posts += signoff_reminder.run(store, policy, release_id, context.now)
            context.progress("")  # quick, and every few minutes: how it ended is line enough
        return _report(posts, expired)

    return Job(name="signoff-reminders", run=run)


def _report(posts: tuple[Outgoing, ...], expired: int) -> JobReport:
    old = f", {count(expired, 'approval')} too old" if expired else ""
    return JobReport(detail=f"{count(len(posts), 'message')}{old}", posts=posts)
