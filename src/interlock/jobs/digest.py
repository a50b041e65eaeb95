"""The daily digest, a job a channel, and the readiness summary."""

from collections.abc import Iterable
from datetime import datetime

from interlock.domain.policy import JobRule, Policy
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import digest, readiness


def daily(store: Store, policy: Policy) -> Job:
    """A slot per channel, at the channel's own time: what goes wrong in one does not stop the others."""

    def subjects(_now: datetime) -> Iterable[tuple[str, JobRule]]:
        return digest.subjects(store, policy)

    def run(context: JobContext) -> JobReport:
        channel_id = context.slot.subject or ""
        if not digest.wanted_today(store, policy, channel_id, context.now):
            return JobReport(detail="No business day, so no digest.")
        work = digest.plan if context.dry_run else digest.run
        posts = work(store, policy, channel_id, context.slot.key, context.now)
        return JobReport(detail=f"{count(len(posts), 'digest')} for <#{channel_id}>", posts=posts)

    return Job(name="daily-digest", run=run, subjects=subjects)


def readiness_summary(store: Store, policy: Policy) -> Job:
    def run(context: JobContext) -> JobReport:
        work = readiness.plan if context.dry_run else readiness.run
        posts = work(store, policy, context.now)
        return JobReport(detail=f"{count(len(posts), 'summary', 'summaries')}", posts=posts)

    return Job(name="readiness-summary", run=run)
