"""What goes with time, and what stays because something still needs it."""

import re
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

from sqlalchemy import func, text
from sqlmodel import Session, SQLModel, select

from interlock.domain.outbox import Outgoing
from interlock.domain.policy import JobRule, Retention
from interlock.domain.retention import BATCH, KEPT, MIRRORED, PRUNED
from interlock.domain.slot import Slot
from interlock.jobs import retention
from interlock.jobs.job import Job, JobContext, JobReport
from interlock.jobs.slots import JobRunner
from interlock.store import card, outbox, schema, seen
from interlock.store.blocker import BlockerRow, EscalationRow
from interlock.store.digest import DigestRow
from interlock.store.engine import Store
from interlock.store.link import LinkRequestRow
from interlock.store.outbox import OutboxRow
from interlock.store.pacing import PacingRow
from interlock.store.seen import SeenRow
from interlock.store.slot import SlotRow
from interlock.store.token import AccessTokenRow
from tests import builders
from tests.builders import NOW

ROOT = Path(__file__).parents[2]
LEAST = Retention(messages_days=30, runs_days=14, requests_days=7, digests_days=30)
POLICY = replace(builders.POLICY, retention=LEAST)
DAY = timedelta(days=1)
OLD = NOW - 60 * DAY


def run(store: Store, *, dry_run: bool = False, now: datetime = NOW) -> str:
    context = JobContext(now=now, slot=Slot(job="retention", due_at=now), progress=lambda _: None, dry_run=dry_run)
    return retention.job(store, POLICY).run(context).detail


def count(store: Store, table: type[SQLModel]) -> int:
    with store.read() as session:
        return int(session.execute(select(func.count()).select_from(table)).scalar_one())


def message(session: Session, key: str, state: str, *, at: datetime = OLD, over: datetime | None = None) -> None:
    kind = Outgoing(key=key, kind="digest", ids={}, channel="C0", not_after=over or at + DAY)
    outbox.enqueue(session, kind, at)
    row = session.exec(select(OutboxRow).where(OutboxRow.key == key)).one()
    row.state, row.sent_at = state, at if state == "sent" else None


def keys(store: Store) -> set[str]:
    with store.read() as session:
        return set(session.exec(select(OutboxRow.key)))


def test_every_table_is_said_to_be_kept_pruned_or_mirrored() -> None:
    assert schema.TABLES
    tables = set(SQLModel.metadata.tables)
    assert len(KEPT) + len(MIRRORED) + len(PRUNED) == len(tables)
    assert KEPT | MIRRORED | PRUNED.keys() == tables


def test_operations_says_of_every_table_how_long_it_is_kept() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    table = page.partition("| table | is kept |")[2].partition("\n\n")[0]
    told = {
        name: row.split(" | ")[1] for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split(" | ")[0])
    }
    assert told.keys() == set(SQLModel.metadata.tables)
    assert all("for ever" in told[name] for name in KEPT)
    assert not any("for ever" in told[name] for name in (*MIRRORED, *PRUNED))
    for name, rule in PRUNED.items():
        assert set(re.findall(r"`(\w+)`", rule)) == set(re.findall(r"`(\w+_days)`", told[name]))


def test_messages_go_once_they_are_over_but_for_what_is_still_needed(store: Store) -> None:
    with store.write() as session:
        builders.people(session)
        release_id = builders.release(session)
        closed = builders.release(session, name="closed", closed_at=OLD, stage="closed")
        mine = card.create(session, release_id, "signoff", "C0", "U0RITA", OLD)
        over = card.create(session, closed, "signoff", "C0", "U0RITA", OLD)
        session.add(BlockerRow(id=1, ticket_id="a", seen_at=OLD))
        session.add(BlockerRow(id=2, ticket_id="b", seen_at=OLD, cleared_at=OLD))
        session.flush()
        session.add_all(EscalationRow(blocker_id=each, step=0, told_at=OLD) for each in (1, 2))
        message(session, "sent", "sent")
        message(session, "dropped", "dropped")
        message(session, "parked", "parked")
        message(session, "waits", "pending")
        message(session, "under way", "sending")
        message(session, "lately", "sent", at=NOW - 29 * DAY)
        message(session, "not over", "sent", over=NOW + DAY)
        message(session, mine.post_key, "sent")
        message(session, over.post_key, "sent")
        message(session, "escalation:1:0", "sent")
        message(session, "escalation:2:0", "sent")
        message(session, "the newest", "sent")
    stay = {"parked", "waits", "under way", "lately", "not over", mine.post_key, "escalation:1:0", "the newest"}
    assert run(store, dry_run=True) == "Would delete: outbox 4."
    assert len(keys(store)) == 12
    assert run(store) == "Deleted: outbox 4."
    assert keys(store) == stay


def test_whatever_else_ages_goes_too(store: Store) -> None:
    with store.write() as session:
        builders.people(session)
        live, closed = builders.release(session), builders.release(session, name="closed", closed_at=OLD)
        session.add_all(
            DigestRow(release_id=each, channel_id="C0", slot="s", at=OLD, light="green") for each in (live, closed)
        )
        seen.first_time(session, "old", NOW - 8 * DAY)
        seen.first_time(session, "new", NOW - 6 * DAY)
        for name, until in (("A", OLD), ("B", NOW - DAY)):
            session.add(LinkRequestRow(slack_id=name, named="x", code="y", opened_at=OLD, expires_at=until))
            session.add(AccessTokenRow(slack_id=name, request="r", asked_at=until, expires_at=until))
            session.add(PacingRow(bucket=name, next_at=until + timedelta(hours=1)))
    assert run(store) == "Deleted: seen 1, digest 1, link_request 1, access_token 1, pacing 1."
    assert run(store) == "Nothing was old enough."
    with store.read() as session:
        assert session.exec(select(SeenRow.key)).all() == ["new"]
        assert session.exec(select(DigestRow.release_id)).all() == [live]
        assert session.exec(select(AccessTokenRow.slack_id)).all() == ["B"]
        assert session.exec(select(LinkRequestRow.slack_id)).all() == ["B"]


def slot(job: str, due_at: datetime, outcome: str | None = "done") -> SlotRow:
    return SlotRow(job=job, due_at=due_at, attempt=1, outcome=outcome, done_at=due_at if outcome else None)


def test_runs_go_but_for_the_newest_and_the_unfinished(store: Store) -> None:
    with store.write() as session:
        session.add_all([slot("weekly", OLD), slot("weekly", OLD - DAY), slot("weekly", OLD - 2 * DAY, None)])
        session.add_all([slot("daily", OLD), slot("daily", NOW - DAY)])
    assert run(store) == "Deleted: slot 2."
    with store.read() as session:
        left = {(row.job, row.due_at) for row in session.exec(select(SlotRow))}
    assert left == {("weekly", OLD), ("weekly", OLD - 2 * DAY), ("daily", NOW - DAY)}


def digests(store: Store, posted: list[str], within_minutes: int = 180) -> JobRunner:
    """A job that posts once a slot."""

    def post(context: JobContext) -> JobReport:
        made = Outgoing(key=context.slot.key, kind="digest", ids={}, channel="C0", not_after=context.now + DAY)
        with store.write() as session:
            if outbox.enqueue(session, made, context.now):
                posted.append(context.slot.key)
        return JobReport()

    rule = JobRule(at=time(9), days=("mon",), time_zone="UTC", within_minutes=within_minutes)
    job = Job(name="daily-digest", run=post, subjects=lambda _: [("C0", rule)])
    return JobRunner(store, POLICY, [job], lambda: NOW, "r")


def test_a_slot_whose_post_went_with_time_is_not_run_again(store: Store) -> None:
    """Its row is gone, and the job's memory with it but for the newest."""
    posted: list[str] = []
    monday = NOW - 70 * DAY  # and NOW is a Monday, 09:00
    for week in range(3):
        digests(store, posted).run_due(monday + week * 7 * DAY)
    assert len(posted) == 3
    with store.write() as session:
        session.execute(text("UPDATE outbox SET state = 'sent'"))
        session.execute(text("UPDATE slot SET done_at = due_at"))
        message(session, "the newest", "sent")
    assert run(store) == "Deleted: outbox 3, slot 2."
    digests(store, posted).run_due(NOW)
    assert len(posted) == 4, "this week's, and none of the old ones"


def test_the_longest_patience_is_shorter_than_the_least_retention(store: Store) -> None:
    """A slot whose process died is tried again for a week at most; until then its post's row says that it was made."""
    posted: list[str] = []
    due = NOW - timedelta(days=7) + timedelta(hours=1)
    runner = digests(store, posted, within_minutes=10_000)
    with store.write() as session:
        session.add(SlotRow(job="daily-digest:C0", due_at=due, attempt=1, lease_until=due, owner="died"))
        message(session, f"daily-digest:C0@{due:%Y-%m-%dT%H:%M:%S.%fZ}", "sent", at=due)
        message(session, "the newest", "sent")
    assert run(store, now=NOW - timedelta(hours=2)) == "Nothing was old enough."
    runner.run_due(NOW - timedelta(hours=2))
    assert posted == []
    with store.read() as session:
        assert session.exec(select(SlotRow.outcome)).one() == "done", "it was run again"


def test_it_goes_in_batches_between_which_others_write(store: Store) -> None:
    with store.write() as session:
        session.add_all(SeenRow(key=f"old {number:04}", at=OLD) for number in range(2 * BATCH + 10))
    left: list[int] = []

    def progress(_: str) -> None:
        left.append(count(store, SeenRow))
        with store.write() as session:
            seen.first_time(session, f"new {len(left)}", NOW)

    context = JobContext(now=NOW, slot=Slot(job="retention", due_at=NOW), progress=progress)
    assert retention.job(store, POLICY).run(context).detail == f"Deleted: seen {2 * BATCH + 10}."
    assert left == [BATCH + 10, 11]
    assert count(store, SeenRow) == 2


def test_what_changed_between_finding_and_deleting_stays(store: Store) -> None:
    from interlock.store import retention as rows  # noqa: PLC0415 the store's half, by its own name

    with store.write() as session:
        session.add(SeenRow(key="a", at=OLD))
    aged = rows.old("seen", LEAST, NOW)
    with store.read() as session:
        found = rows.find(session, aged, None, 10)
    with store.write() as session:
        session.get_one(SeenRow, "a").at = NOW
        session.flush()
        assert rows.drop(session, aged, found.keys) == 0
