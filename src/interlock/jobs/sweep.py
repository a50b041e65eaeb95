"""The periodic comparison of all ticket ids with the tracker's: search tells nothing of what was deleted, hidden or
moved away, and a delivery may have been lost."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from interlock.domain.policy import Policy
from interlock.domain.vendor import Vendor
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.jobs.sync import FULL, Clock
from interlock.store.engine import Store
from interlock.trackers.errors import TrackerError
from interlock.trackers.jira import JiraTracker
from interlock.usecases import sweep, sync
from interlock.usecases.revalidation import revalidate
from interlock.usecases.sweep import Comparison

SWEEP = "sweep"
"""The name of its row among the mirrors."""

ALL_THE_SAME = "sweep-all-the-same"

MOST_ASKED = 500
"""More unknown tickets than this are not asked for one by one: a full sync reads them faster."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """`gone` tickets are no longer shown here either; `read` were missing or moved and were read again. `refused` says
    why nothing was marked as gone, and what to do; `left_out` counts unknown tickets that a full sync must read."""

    listed: int
    gone: int = 0
    read: int = 0
    left_out: int = 0
    refused: str | None = None


def run(
    store: Store,
    policy: Policy,
    tracker: JiraTracker,
    clock: Clock,
    *,
    allow_many: bool = False,
    on_progress: Callable[[str], None] = lambda _: None,
) -> Swept:
    """Raises TrackerError after it noted the problem. `allow_many`: somebody looked and says that so many are gone."""
    began = clock()
    sync.begin(store, began, mirror_name=SWEEP)
    try:
        tracker.projects(policy.tickets.projects)  # one that is hidden now would look emptied
        listed: dict[str, str] = {}
        for batch in tracker.all_ids(policy.tickets.projects):
            listed.update(batch)
            on_progress(f"{len(listed)} tickets listed")
        found = sweep.compare(store, policy, listed, began)
        refused = None if allow_many else _refusal(found, len(listed))
        work = _Work(store, policy, tracker, clock, on_progress)
        if refused is None:
            work.settle(found)
        work.ask_for(found.unknown)
    except TrackerError as error:
        sync.fail(store, str(error), mirror_name=SWEEP)
        log.warning("sweep.stopped", why=str(error))
        raise
    if refused is not None:
        sync.fail(store, refused, mirror_name=SWEEP)
        log.error("sweep.refused", vanished=len(found.vanished), shown=found.shown, listed=len(listed))
    else:
        sync.finish(store, began, mirror_name=SWEEP)
    if work.touched:
        revalidate(store, clock(), due_only=True)
    log.info("sweep.done", listed=len(listed), gone=work.gone, read=work.read, left_out=work.left_out)
    return Swept(listed=len(listed), gone=work.gone, read=work.read, left_out=work.left_out, refused=refused)


def job(store: Store, policy: Policy, tracker: JiraTracker, clock: Clock, *, allow_many: bool = False) -> Job:
    """`allow_many`: the job that runs when somebody looked and says that so many are gone."""

    def work(context: JobContext) -> JobReport:
        if context.dry_run:
            return JobReport(detail="A dry run reads nothing from Jira.")
        done = run(store, policy, tracker, clock, allow_many=allow_many, on_progress=context.progress)
        if done.refused:
            return JobReport(detail=done.refused)
        left = (
            f" {count(done.left_out, 'ticket')} unknown here: run `interlock job run {FULL}`." if done.left_out else ""
        )
        return JobReport(detail=f"{count(done.listed, 'ticket')} compared, {done.gone} gone, {done.read} read.{left}")

    return Job(name=ALL_THE_SAME if allow_many else SWEEP, run=work, needs=frozenset({Vendor.JIRA}))


def _refusal(found: Comparison, listed: int) -> str | None:
    if found.safe and (listed or not found.vanished):
        return None
    return (
        f"Jira no longer lists {count(len(found.vanished), 'ticket')} of the {found.shown} that are mirrored. So many "
        "are not likely to be deleted at once, so none was marked as gone. Check what the bot's account may see; "
        f"if they are gone, run `interlock job run {ALL_THE_SAME}`."
    )


class _Work:
    def __init__(
        self, store: Store, policy: Policy, tracker: JiraTracker, clock: Clock, on_progress: Callable[[str], None]
    ) -> None:
        self.gone = 0
        self.read = 0
        self.left_out = 0
        self.touched = False
        self._store = store
        self._policy = policy
        self._tracker = tracker
        self._clock = clock
        self._on_progress = on_progress

    def settle(self, found: Comparison) -> None:
        """Mark what is gone. Each that vanished is asked for by its id first: a search index may lag or have a hole,
        and a ticket that moved to a project that is not mirrored tells its new key."""
        self._mark(found.dropped)
        self._mark([each for each in found.vanished if not self._still_ours(each)])

    def ask_for(self, unknown: tuple[str, ...]) -> None:
        """Read what the mirror lacks, or has under an old key."""
        if len(unknown) > MOST_ASKED:
            self.left_out = len(unknown)
            return
        for ticket_id in unknown:
            self._still_ours(ticket_id)

    def _still_ours(self, ticket_id: str) -> bool:
        read_at = self._clock()
        page = self._tracker.issue(ticket_id)
        self._on_progress(f"ticket {ticket_id} asked for")
        if page is None:
            return False
        kept = sync.keep_page(self._store, self._policy, page, read_at, self._clock())
        self.read += kept.tickets
        self.touched = self.touched or bool(kept.releases)
        return all(ticket.project_key in self._policy.tickets.projects for ticket in page.tickets)

    def _mark(self, ticket_ids: list[str] | tuple[str, ...]) -> None:
        if ticket_ids:
            kept = sync.mark_gone(self._store, ticket_ids, self._clock())
            self.gone += kept.tickets
            self.touched = self.touched or bool(kept.releases)
