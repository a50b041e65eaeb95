"""Slots as a machine: workers look, die, hang and come back, the clock steps to and fro over DST, and each time at
which a job is due is run to its end once, or given up, or recorded as missed.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import structlog
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import col, select

from interlock.domain.outbox import Outgoing
from interlock.domain.policy import JobRule
from interlock.domain.slot import LONGEST_LEASE, MOST_ATTEMPTS
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.jobs.slots import JobRunner
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, enqueue
from interlock.store.slot import SlotRow
from tests.models.conftest import Databases, Run
from tests.models.policies import with_jobs

LONDON = ZoneInfo("Europe/London")
STARTS = (
    datetime(2026, 3, 27, 0, 0, tzinfo=UTC),  # two days before the clocks skip 01:30
    datetime(2026, 10, 23, 0, 0, tzinfo=UTC),  # two days before they show it twice
    datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
)
QUARTER = timedelta(minutes=15)
RULES = {
    "daily": JobRule(
        at=time(1, 30),
        time_zone="Europe/London",
        days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        within_minutes=120,
    ),
    "often": JobRule(every_minutes=15),
}
WORKERS = 3


class KilledError(BaseException):
    """kill -9."""


class Slots(RuleBasedStateMachine):
    databases: ClassVar[Databases]

    @initialize(start=st.sampled_from(STARTS))
    def begin(self, start: datetime) -> None:
        self.store: Store = self.databases.fresh()
        self.start = self.now = self.latest = start
        self.names = 0
        self.fate = "live"
        self.depth = 0
        self.far_back = False
        self.ended: dict[tuple[str, datetime], tuple[str, str | None, int]] = {}
        self.finished: list[tuple[str, datetime]] = []
        self.workers = [self.hire() for _ in range(WORKERS)]

    def hire(self) -> JobRunner:
        self.names += 1
        jobs = [Job(name=name, run=self.work) for name in RULES]
        return JobRunner(self.store, with_jobs(RULES), jobs, lambda: self.now, f"worker{self.names}")

    def work(self, context: JobContext) -> JobReport:
        """One post, keyed by the slot. A fate is for one run; what happens meanwhile runs inside it."""
        slot, fate, self.fate = context.slot, self.fate, "live"
        post = Outgoing(
            key=slot.key, kind="digest", ids={}, channel="C0GENERAL", not_after=slot.due_at + timedelta(days=1)
        )
        if fate == "dies at once":
            raise KilledError
        if fate == "others look" or fate.startswith("hangs"):
            self.now += timedelta(seconds=0 if fate == "others look" else 91 if fate == "hangs" else 4000)
            self.latest = max(self.latest, self.now)
            self.look(WORKERS - 1)
        with self.store.write() as session:
            enqueue(session, post, self.now)
        if fate == "dies after it":
            raise KilledError
        if fate == "fails":
            raise RuntimeError("Jira is down.")
        return JobReport(detail="1 post")

    # --- what happens -------------------------------------------------------------------------------------------------

    @rule(fate=st.sampled_from(["dies at once", "dies after it", "fails", "others look", "hangs", "hangs long"]))
    def fate_of_the_next_run(self, fate: str) -> None:
        self.fate = fate

    @rule(seconds=st.sampled_from([15, 60, 91, 310, 900, 3600, 7300, 40_000, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.latest = max(self.latest, self.now)

    @rule(seconds=st.sampled_from([30, 900, 3600]))
    def clock_steps_back(self, seconds: int) -> None:
        before, self.now = self.now, max(self.now - timedelta(seconds=seconds), self.start)
        self.far_back |= before - self.now > LONGEST_LEASE

    @rule(which=st.integers(0, WORKERS - 1))
    def look(self, which: int) -> None:
        """A run within a run is another process's: its death is not that of the one around it."""
        self.depth += 1
        try:
            for run in self.workers[which].run_due(self.now):
                if run.outcome == "done":
                    self.finished.append((run.slot.job, run.slot.due_at))
        except KilledError:
            self.workers[which] = self.hire()
        finally:
            self.depth -= 1

    # --- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def what_ended_stays_ended(self) -> None:
        found = {(row.job, row.due_at): (row.outcome, row.detail, row.attempt) for row in self.rows() if row.outcome}
        for which, before in self.ended.items():
            assert found.get(which) == before, which
        self.ended = {which: (str(outcome), *rest) for which, (outcome, *rest) in found.items()}  # type: ignore[misc]  # three

    @invariant()
    def each_is_at_a_time_of_its_rule(self) -> None:
        for row in self.rows():
            assert row.due_at in self.times(row.job), row
            assert row.due_at <= self.latest
            assert row.attempt <= MOST_ATTEMPTS + 1

    @invariant()
    def one_at_a_time(self) -> None:
        for job in RULES:
            held = [row for row in self.rows() if row.job == job and self.is_held(row)]
            assert len(held) <= 1, held

    def is_held(self, row: SlotRow) -> bool:
        """A lease from the far side of a clock that was put back is none."""
        return row.lease_until is not None and self.now < row.lease_until <= self.now + LONGEST_LEASE

    @invariant()
    def each_run_that_ended_well_has_said_its_word_once(self) -> None:
        with self.store.read() as session:
            keys = session.exec(select(OutboxRow.key)).all()
        assert len(keys) == len(set(keys))
        done = [row for row in self.rows() if row.outcome == "done"]
        assert {f"{row.job}@{row.due_at:%Y-%m-%dT%H:%M:%S.%fZ}" for row in done} <= set(keys)

    def teardown(self) -> None:
        """In the end everything is settled, and nothing that was due lies between what is recorded unaccounted for."""
        if not hasattr(self, "store"):
            return
        self.now, self.fate = self.latest, "live"
        for _ in range(40):
            self.now += timedelta(minutes=6)
            self.latest = self.now
            for which in range(WORKERS):
                self.look(which)
        self.what_ended_stays_ended()
        for job in RULES:
            rows = [row for row in self.rows() if row.job == job]
            open_ = [row for row in rows if not row.outcome]
            assert not open_, open_
            if rows and not self.far_back:  # or times lie between those that were fired before it and after it
                self._is_whole(job, rows)

    def _is_whole(self, job: str, rows: list[SlotRow]) -> None:
        due = [each for each in self.times(job) if rows[0].due_at <= each <= rows[-1].due_at]
        covered: set[datetime] = set()
        for before, row in zip([None, *rows], rows, strict=False):
            covered.add(row.due_at)
            if row.outcome == "skipped" and row.detail and "before since" in row.detail:
                number = int(row.detail.split("as the ")[1].split()[0])
                between = [each for each in due if each < row.due_at and (before is None or each > before.due_at)]
                assert number == len(between), row.detail
                covered.update(between)
        assert covered == set(due)

    def rows(self) -> list[SlotRow]:
        with self.store.read() as session:
            return list(session.exec(select(SlotRow).order_by(col(SlotRow.job), col(SlotRow.due_at))))

    def times(self, job: str) -> list[datetime]:
        """When it is due, reckoned by hand: every quarter of an hour, or at half past one by the clock on the wall, and
        on the day that has none at the first instant after.
        """
        end = self.latest
        if job == "often":
            first = self.start - timedelta(days=8)
            return [
                first + timedelta(minutes=15) * number for number in range((end - first) // timedelta(minutes=15) + 1)
            ]
        found = []
        for number in range(-9, (end - self.start).days + 2):
            local = (self.start + timedelta(days=number)).date()
            at = datetime.combine(local, time(1, 30), LONDON)
            skipped = local == date(2026, 3, 29)
            found.append(datetime(2026, 3, 29, 1, 0, tzinfo=UTC) if skipped else at.astimezone(UTC))
        return [each for each in found if each <= end]


def test_the_slots(run: Run) -> None:
    with structlog.testing.capture_logs():
        run(Slots, 8, 30)
