"""Looking for the comments that prove whose a tracker account is."""

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus

from interlock.domain.link import Comment
from interlock.domain.policy import Policy
from interlock.domain.vendor import Vendor
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.trackers.errors import TrackerError
from interlock.trackers.jira import JiraTracker
from interlock.usecases import link

Clock = Callable[[], datetime]

LINKS = "links"


def run(
    store: Store, policy: Policy, tracker: JiraTracker, clock: Clock, progress: Callable[[str], None] = lambda _: None
) -> str:
    """Look into every claim that waits, and tell its person; returns a sentence. What the tracker could not be asked
    for waits on, and its error is raised at the end.
    """
    verified, looked = 0, 0
    failed: TrackerError | None = None
    for request in link.waiting(store, clock()):
        progress(f"looking at {request.ticket_key}")
        comments: Sequence[Comment] = ()
        if request.expires_at > clock():
            try:
                comments = _comments(tracker, request.ticket_key or "")
            except TrackerError as error:
                failed = error
                continue
        looked += 1
        verified += link.settle(store, policy, request, comments, clock()) == "verified"
    if failed is not None:
        raise failed
    return f"{count(looked, 'claim')} looked into, {verified} verified."


def job(store: Store, policy: Policy, tracker: JiraTracker, clock: Clock) -> Job:
    def work(context: JobContext) -> JobReport:
        if context.dry_run:
            return JobReport(detail="A dry run looks into nothing.")
        return JobReport(detail=run(store, policy, tracker, clock, context.progress))

    return Job(name=LINKS, run=work, needs=frozenset({Vendor.JIRA}), probes=False)


def _comments(tracker: JiraTracker, key: str) -> Sequence[Comment]:
    """None where the tracker shows no such ticket: which of them exist is not told to people who may not see them."""
    try:
        return tracker.comments(key)
    except TrackerError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return ()
        raise
