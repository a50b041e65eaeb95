"""The jobs of this program, each made with what it needs. What runs when is policy's business."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from interlock.domain.policy import Policy
from interlock.domain.words import count
from interlock.jobs import booking_reminders, digest, escalation, groups, sweep, sync
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
        _relay(tools.relay),
        sweep.job(store, policy, tracker, clock),
        digest.daily(store, policy),
        digest.readiness_summary(store, policy),
        escalation.blocker_escalation(store, policy),
        booking_reminders.booking_reminders(store, policy),
    ]


def _relay(relay: Relay) -> Job:
    """A running bot's relay needs no schedule: this is for the command line, and a second pair of hands."""

    def work(context: JobContext) -> JobReport:
        if context.dry_run:
            return JobReport(detail="A dry run sends nothing.")
        carried = 0
        while done := relay.run_once():
            carried += done
            context.progress(count(carried, "message"))
        return JobReport(detail=f"{count(carried, 'message')} carried.")

    return Job(name="relay", run=work)


def _then_linking(job: Job, tools: Tools) -> Job:
    """Whoever is new in the tracker is known by their e-mail address at once, and so may sign off."""

    def work(context: JobContext) -> JobReport:
        report = job.run(context)
        if not context.dry_run:
            directory.link_accounts(tools.store, tools.policy, tools.clock())
        return report

    return replace(job, run=work)
