"""The jobs of this program, each made with what it needs. What runs when is policy's business."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from interlock.domain.policy import Policy
from interlock.jobs import (
    anchor,
    booking_reminders,
    decision_reminders,
    digest,
    escalation,
    gonogo,
    groups,
    link,
    policy_change,
    raid_reviews,
    relay,
    retention,
    runbook_watch,
    signoff_reminders,
    sweep,
    sync,
)
from interlock.jobs.groups import Directory
from interlock.jobs.job import Job
from interlock.jobs.relay import Relay
from interlock.store.engine import Store
from interlock.trackers.jira import JiraTracker


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
        sync.job(store, policy, tracker, clock),
        sync.job(store, policy, tracker, clock, full=True),
        relay.job(tools.relay),
        sweep.job(store, policy, tracker, clock),
        sweep.job(store, policy, tracker, clock, allow_many=True),
        digest.daily(store, policy),
        digest.readiness_summary(store, policy),
        escalation.blocker_escalation(store, policy),
        booking_reminders.booking_reminders(store, policy),
        runbook_watch.runbook_watch(store, policy),
        raid_reviews.raid_reviews(store, policy),
        signoff_reminders.signoff_reminders(store, policy),
        decision_reminders.job(store, policy),
        gonogo.job(store, policy),
        policy_change.job(store),
        link.job(store, policy, tracker, clock),
        anchor.audit_anchor(store, policy),
        retention.job(store, policy),
    ]
