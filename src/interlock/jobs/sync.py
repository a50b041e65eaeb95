"""Reading the tracker: everything at first, then what changed. A run that breaks off is continued by the next."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from interlock.domain.policy import Policy
from interlock.domain.vendor import Vendor
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.store.engine import Store
from interlock.trackers.errors import TrackerError
from interlock.trackers.jira import JiraTracker
from interlock.usecases import sync
from interlock.usecases.directory import link_accounts
from interlock.usecases.revalidation import revalidate
from interlock.usecases.sync import Cursor, Kept

Clock = Callable[[], datetime]

SYNC = "sync"
FULL = "sync-full"
GROUP = "reading the tickets"
"""Beside one that begins anew the other would find no cursor, and read everything too."""

OVERLAP = timedelta(minutes=10)
"""How much is read again: search shows a write only after a while, by then behind the cursor. Twice does no harm."""

SAY_EVERY = 20
"""Pages between two lines of progress in the log."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Tickets read so far, of `total` where the tracker says how many there are (Data Center)."""

    read: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """A run that reached its end. `since` None: everything was read. `missing`: fields of the policy that the tracker
    does not have."""

    read: int
    kept: int
    since: datetime | None
    voided: int
    missing: tuple[str, ...]


def run(
    store: Store,
    policy: Policy,
    tracker: JiraTracker,
    clock: Clock,
    *,
    full: bool = False,
    page_size: int = 250,
    on_progress: Callable[[Progress], None] | None = None,
) -> Synced:
    """Bring the mirror up to date; `full` reads every ticket anew.

    Raises TrackerError after it noted the problem with the mirror; what was kept stays, and the next run goes on there,
    as it does after `on_progress` raised something.
    """
    started = clock()
    sync.begin(store, started, anew=full)
    log.info("sync.began", full=full)
    work = _Work(store, policy, tracker, clock, page_size, on_progress)
    listing = full or sync.names_due(store, started)
    try:
        greeting = tracker.greet() if listing else None
        missing = greeting.missing if greeting else tracker.recognise()
        since = work.read(started, (greeting and greeting.server_time) or started, listing=listing)
    except TrackerError as error:
        sync.fail(store, str(error))
        log.warning("sync.stopped", read=work.progress.read, kept=work.kept, why=str(error))
        work.revalidate(every=listing)
        raise
    sync.finish(store, started)
    if since is None:
        # Accounts were told that nobody had seen before: whose they are need not wait for the groups' next run.
        link_accounts(store, policy, clock())
    voided = work.revalidate(every=listing)
    log.info("sync.done", read=work.progress.read, kept=work.kept, voided=voided)
    return Synced(read=work.progress.read, kept=work.kept, since=since, voided=voided, missing=missing)


def job(store: Store, policy: Policy, tracker: JiraTracker, clock: Clock, *, full: bool = False) -> Job:
    """`full`: the job that reads everything anew, which runs when somebody asks."""

    def work(context: JobContext) -> JobReport:
        if context.dry_run:
            return JobReport(detail="A dry run reads nothing from Jira.")
        done = run(store, policy, tracker, clock, full=full, on_progress=lambda at: context.progress(_said(at)))
        since = f"changed since {done.since:%Y-%m-%d %H:%M} UTC" if done.since else "all of them"
        voided = f" {count(done.voided, 'approval')} voided." if done.voided else ""
        missing = f" Jira has no field named {', '.join(done.missing)}." if done.missing else ""
        return JobReport(detail=f"{count(done.read, 'ticket')} read, {since}.{voided}{missing}")

    return Job(name=FULL if full else SYNC, run=work, group=GROUP, needs=frozenset({Vendor.JIRA}))


def _said(progress: Progress) -> str:
    return f"{progress.read} of {progress.total} tickets" if progress.total else f"{progress.read} tickets"


class _Work:
    """One run: how far it came, and what it touched."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        tracker: JiraTracker,
        clock: Clock,
        page_size: int,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.progress = Progress(read=0, total=None)
        self.kept = 0
        self._store = store
        self._policy = policy
        self._tracker = tracker
        self._clock = clock
        self._page_size = page_size
        self._on_progress = on_progress

    def read(self, started: datetime, latest: datetime, *, listing: bool) -> datetime | None:
        """Read to the end, the lists of projects and versions too where it is time for that; returns since when, None
        for everything.

        A ticket dated after `latest` (an import, a clock gone wrong) must not carry the cursor past all others.
        """
        keys = self._policy.tickets.projects
        basis = sync.basis(self._policy, self._tracker.mapper().fields.wanted)
        last = sync.cursor(self._store)
        since = last.reached - OVERLAP if last is not None and last.basis == basis else None
        if listing or since is None:
            projects = self._tracker.projects(keys)
            versions = [each for key in keys for each in self._tracker.versions(key)]
            sync.keep_names(self._store, projects, versions, started)
        reached = last.reached if since is not None and last is not None else None
        pages = self._tracker.pages(keys, since=since, page_size=self._page_size)
        # The next page is asked for while one is kept: no later than when the one before it was.
        read_at = asked_at = self._clock()
        for number, page in enumerate(pages, start=1):
            if page.reached is not None:
                capped = min(page.reached, latest)
                reached = capped if reached is None else max(reached, capped)
                kept = sync.keep_page(
                    self._store, self._policy, page, read_at, self._clock(), cursor=Cursor(reached=reached, basis=basis)
                )
                self._count(kept)
            self._tell(Progress(read=page.read, total=page.total), number)
            read_at, asked_at = asked_at, self._clock()
        return since

    def revalidate(self, *, every: bool) -> int:
        """Approvals that what was kept has overtaken, by an earlier run too, which may have died before this. `every`:
        hourly all releases are looked at, whatever was marked."""
        return revalidate(self._store, self._clock(), due_only=not every)

    def _count(self, kept: Kept) -> None:
        self.kept += kept.tickets

    def _tell(self, progress: Progress, page: int) -> None:
        self.progress = progress
        if self._on_progress is not None:
            self._on_progress(progress)
        if page % SAY_EVERY == 0:
            log.info("sync.progress", read=progress.read, total=progress.total)
