"""Bookings, as time passes: whose is over, who gets what they waited for, and who is reminded."""

from interlock.domain.outbox import Outgoing
from interlock.domain.policy import Policy
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import booking_reminder


def booking_reminders(store: Store, policy: Policy) -> Job:
    """An environment a transaction: nobody who books waits for all of them."""

    def run(context: JobContext) -> JobReport:
        if context.dry_run:
            return _report(booking_reminder.plan(store, policy, context.now))
        posts: tuple[Outgoing, ...] = ()
        for environment_id in booking_reminder.environments(store):
            posts += booking_reminder.run(store, policy, environment_id, context.now)
            context.progress("")  # quick, and every few minutes: how it ended is line enough
        return _report(posts)

    return Job(name="booking-reminders", run=run)


def _report(posts: tuple[Outgoing, ...]) -> JobReport:
    return JobReport(detail=count(len(posts), "reminder"), posts=posts)
