"""The jobs of this program, each made with what it needs. What runs when is policy's business."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from interlock.domain.policy import Policy
from interlock.jobs import booking_reminders, digest, escalation, groups, relay, sweep, sync
from interlock.jobs.groups import Directory
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.jobs.relay import Relay
from interlock.store.engine import Store
from interlock.trackers.jira import JiraTracker
from interlock.usecases import directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    store: Store
    policy: Policy
    tracker: JiraTracker
    directory: Directory
    relay: Relay
    clock: Callable[[], datetime]


def all_jobs(tools: Tools) -> list[Job]:
    store, policy, tracker, clock = tools.store, tools.policy, tools.tracker, tools.clock
    return [
        groups.job(store, policy, tools.directory, clock),
        _then_linking(sync.job(store, policy, tracker, clock), tools),
        relay.job(tools.relay),
        sweep.job(store, policy, tracker, clock),
        digest.daily(store, policy),
        digest.readiness_summary(store, policy),
        escalation.blocker_escalation(store, policy),
        booking_reminders.booking_reminders(store, policy),
    ]


def _then_linking(job: Job, tools: Tools) -> Job:
    """Whoever is new in the tracker is known by their e-mail address at once, and so may sign off."""

    def work(context: JobContext) -> JobReport:
        report = job.run(context)
        if not context.dry_run:
            directory.link_accounts(tools.store, tools.policy, tools.clock())
        return report

    return replace(job, run=work)
