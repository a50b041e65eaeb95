"""Proposals to change a release's policy, as time passes: what nobody decided in time is over, and what was said too
long ago counts on no card.
"""

from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.usecases import policy_change_card, policy_change_end


def job(store: Store) -> Job:
    def run(context: JobContext) -> JobReport:
        if context.dry_run:
            return JobReport(detail=f"{count(policy_change_end.late(store, context.now), 'proposal')} over")
        ended = policy_change_end.expire(store, context.now)
        drawn = policy_change_card.refresh_aged(store, context.now)
        aged = f" {count(drawn, 'card')} drawn anew: an approval has become too old." if drawn else ""
        return JobReport(detail=f"{count(ended, 'proposal')} over.{aged}")

    return Job(name="policy-changes", run=run)
