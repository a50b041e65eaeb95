"""A page becomes part of the mirror: newest wins, nothing is forgotten, scopes follow. On both databases."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Thread
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from interlock.domain.policy import Policy, Team, TeamMatch, Tickets
from interlock.domain.release import ScopeRule, Stage
from interlock.domain.ticket import Account, Category, Change, Field, Link, Project, Relation, Ticket, Version
from interlock.store import release as release_store
from interlock.store import ticket_write
from interlock.store.engine import Store
from interlock.store.release import ReleaseRow, ScopeRow
from interlock.store.ticket import (
    AccountRow,
    TicketChangeRow,
    TicketComponentRow,
    TicketLabelRow,
    TicketLinkRow,
    TicketRow,
    TicketVersionRow,
    VersionRow,
)
from interlock.trackers.page import Page
from interlock.usecases import sync
from interlock.usecases.sync import Cursor, Kept

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
POLICY = Policy(
    time_zone="UTC",
    calendar="uk",
    calendars={},
    tickets=Tickets(projects=("DATA", "ML")),
    teams={
        "data": Team(name="Data Engineering", match=TeamMatch(projects=("DATA",))),
        "streaming": Team(name="Streaming", match=TeamMatch(components=("Streaming",))),
    },
)


def a_ticket(key: str = "DATA-1", **more: Any) -> Ticket:
    return Ticket(
        **{
            "id": f"id-{key}",
            "key": key,
            "project_id": "10",
            "project_key": key.split("-", maxsplit=1)[0],
            "summary": "Load the ledger",
            "type": "Story",
            "status_id": "1",
            "status": "To Do",
            "category": Category.NEW,
            "created": NOW - timedelta(days=9),
            "updated": NOW,
            **more,
        }
    )


def a_page(*tickets: Ticket, **more: Any) -> Page:
    given: dict[str, Any] = {"projects": (), "versions": (), "accounts": (), **more}
    return Page(tickets=tickets, reached=NOW, read=len(tickets), total=None, **given)


def keep(store: Store, *tickets: Ticket, read_at: datetime = NOW, **more: Any) -> Kept:
    return sync.keep_page(store, POLICY, a_page(*tickets, **more), read_at, read_at)


def one(store: Store, key: str = "DATA-1") -> TicketRow:
    with store.read() as session:
        return session.exec(select(TicketRow).where(TicketRow.id == f"id-{key}")).one()


def history(store: Store) -> list[TicketChangeRow]:
    with store.read() as session:
        return list(session.exec(select(TicketChangeRow).order_by(col(TicketChangeRow.at), col(TicketChangeRow.id))))


def a_change(number: int, field: Field = Field.STATUS, *, before: str = "1", after: str | None = "3") -> Change:
    return Change(id=f"{number}:{field}:0", at=NOW, field=field, before=before, after=after)


class TestATicket:
    def test_is_kept_whole(self, store: Store) -> None:
        link = Link(relation=Relation.BLOCKED_BY, phrase="is blocked by", other_id="7", other_key="ML-7")
        ticket = a_ticket(
            priority="High",
            assignee_id="acc-ravi",
            reporter_id="acc-ana",
            due=date(2026, 12, 1),
            resolved=NOW,
            flagged=True,
            security_level="Legal",
            story_points=2.5,
            epic_key="DATA-9",
            team_field="Streaming",
            labels=("a", "b"),
            components=("Streaming",),
            version_ids=("100", "101"),
            links=(link,),
            changes=(a_change(1),),
            changes_complete=True,
        )
        assert keep(store, ticket) == Kept(tickets=1)
        row = one(store)
        for name in (
            "id", "key", "project_id", "project_key", "summary", "type", "status_id", "status", "category", "created",
            "updated", "priority", "assignee_id", "reporter_id", "due", "resolved", "flagged", "security_level",
            "story_points", "epic_key", "team_field", "changes_complete",
        ):  # fmt: skip
            assert getattr(row, name) == getattr(ticket, name), name
        assert (row.team_key, row.seen_at, row.deleted_at) == ("streaming", NOW, None)
        with store.read() as session:
            assert set(session.exec(select(TicketLabelRow.label))) == {"a", "b"}
            assert set(session.exec(select(TicketComponentRow.component))) == {"Streaming"}
            assert set(session.exec(select(TicketVersionRow.version_id))) == {"100", "101"}
            assert session.exec(select(TicketLinkRow)).one().other_key == "ML-7"
        assert [(row.id, row.observed) for row in history(store)] == [("1:status:0", False)]

    def test_loses_what_it_no_longer_names(self, store: Store) -> None:
        keep(store, a_ticket(labels=("a",), version_ids=("100",), components=("x",)))
        keep(store, a_ticket(updated=LATER))
        with store.read() as session:
            for table in (TicketLabelRow, TicketVersionRow, TicketComponentRow):
                assert session.exec(select(table)).all() == []

    def test_keeps_its_id_when_it_moves(self, store: Store) -> None:
        keep(store, a_ticket("DATA-1"))
        keep(store, replace(a_ticket(), key="ML-12", project_key="ML", project_id="11", updated=LATER))
        row = one(store)
        assert (row.key, row.project_key, row.project_id, row.team_key) == ("ML-12", "ML", "11", None)

    @pytest.mark.parametrize("odd", ["", "x" * 100_000, "<!channel> '; -- % \u202e 🚂 \u0007", "\ufffd", "\n\n"])
    def test_keeps_any_text(self, store: Store, odd: str) -> None:
        keep(store, a_ticket(summary=odd, status=odd, labels=(odd or "-",)))
        assert one(store).summary == odd

    def test_with_hundreds_of_links(self, store: Store) -> None:
        links = tuple(
            Link(relation=Relation.RELATES, phrase="relates to", other_id=str(n), other_key=f"ML-{n}")
            for n in range(2500)
        )
        keep(store, a_ticket(links=links))
        with store.read() as session:
            assert len(session.exec(select(TicketLinkRow.other_id)).all()) == 2500


class TestNewestWins:
    def test_an_older_state_never_overwrites(self, store: Store) -> None:
        keep(store, a_ticket(summary="new", updated=LATER))
        assert keep(store, a_ticket(summary="old")) == Kept(stale=1)
        assert one(store).summary == "new"

    def test_but_its_history_is_taken(self, store: Store) -> None:
        keep(store, a_ticket(updated=LATER))
        keep(store, a_ticket(changes=(a_change(1),)))
        assert [row.id for row in history(store)] == ["1:status:0"]

    def test_one_as_new_is_taken_again(self, store: Store) -> None:
        keep(store, a_ticket(summary="before"))
        assert keep(store, a_ticket(summary="after")) == Kept(tickets=1)
        assert one(store).summary == "after"

    def test_unless_it_was_read_before_the_other(self, store: Store) -> None:
        keep(store, a_ticket(summary="read later"), read_at=LATER)
        assert keep(store, a_ticket(summary="read earlier"), read_at=NOW) == Kept(stale=1)
        assert one(store).summary == "read later"

    def test_times_are_compared_not_texts(self, store: Store) -> None:
        from_elsewhere = datetime.fromisoformat("2026-11-23T04:30:00-05:00")
        keep(store, a_ticket(summary="09:30 UTC", updated=from_elsewhere))
        keep(store, a_ticket(summary="09:00 UTC", updated=NOW))
        assert one(store).summary == "09:30 UTC"

    def test_two_writers_at_once(self, store: Store) -> None:
        """Whichever comes first, the newer state stays."""
        versions = [a_ticket(summary=str(n), updated=NOW + timedelta(seconds=n)) for n in range(12)]

        def write(those: Sequence[Ticket]) -> None:
            for each in those:
                keep(store, each)

        threads = [Thread(target=write, args=(versions[start::3],)) for start in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one(store).summary == "11"


class TestHistory:
    def test_told_again_it_is_the_same(self, store: Store) -> None:
        for _ in range(2):
            keep(store, a_ticket(changes=(a_change(1), a_change(2)), changes_complete=True))
        assert len(history(store)) == 2

    def test_where_none_is_told_what_is_seen_counts(self, store: Store) -> None:
        keep(store, a_ticket())
        keep(store, a_ticket(status_id="3", status="In Progress", assignee_id="acc-ravi", updated=LATER))
        assert [(row.field, row.before, row.after, row.at, row.observed) for row in history(store)] == [
            ("assignee", None, "acc-ravi", LATER, True),
            ("status", "1", "3", LATER, True),
        ]

    def test_a_ticket_seen_first_has_changed_nothing(self, store: Store) -> None:
        keep(store, a_ticket(status_id="3"))
        assert history(store) == []

    def test_the_tracker_s_own_replaces_what_was_seen(self, store: Store) -> None:
        keep(store, a_ticket())
        keep(store, a_ticket(status_id="3", updated=LATER))
        keep(store, a_ticket(status_id="3", updated=LATER, changes=(a_change(1),), changes_complete=True))
        assert [(row.id, row.observed) for row in history(store)] == [("1:status:0", False)]


class TestNames:
    def test_versions_are_renamed_by_id(self, store: Store) -> None:
        version = Version(id="100", project_id="10", name="2026.12")
        keep(store, a_ticket(version_ids=("100",)), versions=(version,))
        keep(store, versions=(replace(version, name="2026.12.1", released=True),))
        with store.read() as session:
            row = session.exec(select(VersionRow)).one()
        assert (row.name, row.released) == ("2026.12.1", True)

    @pytest.mark.parametrize(
        ("told", "kept"),
        [
            (Account(id="acc-ana", name="Ana", email="new@practice.example"), "new@practice.example"),
            (Account(id="acc-ana", name="Ana"), "ana@practice.example"),
            (Account(id="acc-ana", name="Ana", active=False), None),
        ],
    )
    def test_an_address_left_out_is_kept_until_the_account_ends(
        self, store: Store, told: Account, kept: str | None
    ) -> None:
        keep(store, accounts=(Account(id="acc-ana", name="Ana", email="ana@practice.example"),))
        keep(store, accounts=(told,))
        with store.read() as session:
            assert session.exec(select(AccountRow)).one().email == kept

    def test_those_without_tickets_too(self, store: Store) -> None:
        sync.keep_names(
            store, [Project(id="10", key="DATA", name="Data")], [Version(id="100", project_id="10", name="empty")], NOW
        )
        with store.read() as session:
            assert session.exec(select(VersionRow.name)).one() == "empty"


class TestGone:
    def test_the_last_state_stays(self, store: Store) -> None:
        keep(store, a_ticket(summary="last words"))
        assert sync.mark_gone(store, ["id-DATA-1", "id-NEVER-1"], LATER).tickets == 1
        row = one(store)
        assert (row.summary, row.deleted_at) == ("last words", LATER)

    def test_once(self, store: Store) -> None:
        keep(store, a_ticket())
        sync.mark_gone(store, ["id-DATA-1"], NOW)
        assert sync.mark_gone(store, ["id-DATA-1"], LATER).tickets == 0
        assert one(store).deleted_at == NOW

    def test_a_page_read_before_does_not_bring_it_back(self, store: Store) -> None:
        keep(store, a_ticket())
        sync.mark_gone(store, ["id-DATA-1"], LATER)
        assert keep(store, a_ticket(updated=LATER), read_at=NOW).stale == 1
        assert one(store).deleted_at == LATER

    def test_one_read_after_does(self, store: Store) -> None:
        keep(store, a_ticket())
        sync.mark_gone(store, ["id-DATA-1"], NOW)
        keep(store, a_ticket(), read_at=LATER)
        assert one(store).deleted_at is None


class TestCursor:
    def test_moves_with_the_page(self, store: Store) -> None:
        assert sync.cursor(store) is None
        to = Cursor(reached=NOW, basis="b")
        sync.keep_page(store, POLICY, a_page(a_ticket()), NOW, NOW, cursor=to)
        assert sync.cursor(store) == to

    def test_stays_where_it_was_when_the_page_cannot_be_kept(self, store: Store) -> None:
        broken = replace(a_ticket("DATA-2"), created=datetime(2026, 1, 1))  # noqa: DTZ001 naive on purpose
        with pytest.raises(Exception, match="naive"):
            sync.keep_page(store, POLICY, a_page(a_ticket(), broken), NOW, NOW, cursor=Cursor(reached=NOW, basis="b"))
        assert sync.cursor(store) is None
        with store.read() as session:
            assert session.exec(select(TicketRow)).all() == []

    def test_another_policy_or_tracker_is_another_basis(self) -> None:
        more = replace(POLICY, tickets=replace(POLICY.tickets, projects=("DATA", "ML", "PAY")))
        teams = replace(POLICY, teams={})
        found = {sync.basis(each, ["summary"]) for each in (POLICY, more, teams)}
        assert len(found | {sync.basis(POLICY, ["summary", "customfield_1"])}) == 4
        assert sync.basis(POLICY, ["summary"]) in found

    def test_a_failure_is_told_until_a_run_ends_well(self, store: Store) -> None:
        sync.begin(store, NOW)
        sync.fail(store, "Jira cannot be reached.")
        assert sync.as_of(store) is None
        sync.finish(store, NOW)
        assert sync.as_of(store) == NOW


class TestScope:
    def test_follows_the_tickets(self, store: Store) -> None:
        release_id = a_release(store, versions=("100",))
        assert keep(store, a_ticket(version_ids=("100",)), a_ticket("DATA-2")).releases == {release_id}
        assert in_scope(store) == {"id-DATA-1"}
        assert keep(store, a_ticket(version_ids=("100",), status_id="3", updated=LATER)).releases == {release_id}
        assert keep(store, a_ticket(updated=LATER + timedelta(hours=1))).releases == {release_id}
        assert in_scope(store) == set()

    def test_a_ticket_that_is_gone_leaves(self, store: Store) -> None:
        release_id = a_release(store, versions=("100",))
        keep(store, a_ticket(version_ids=("100",)))
        assert sync.mark_gone(store, ["id-DATA-1"], LATER).releases == {release_id}
        assert in_scope(store) == set()


def a_release(store: Store, *, versions: tuple[str, ...]) -> int:
    with store.write() as session:
        row = ReleaseRow(
            name="2026.12",
            folded="2026.12",
            template="plain",
            policy={"name": "Plain", "milestones": [], "requirements": [], "criteria": []},
            policy_version="v",
            stage=Stage.PLANNED,
            target=date(2026, 12, 17),
            channel_id="C0REL",
            scope_rule=release_store.stored_scope_rule(ScopeRule(version_ids=versions)),
            created_by="U0RITA",
            created_at=NOW,
            scope_opened_at=NOW,
        )
        session.add(row)
        session.flush()
        assert row.id is not None
        return row.id


def in_scope(store: Store) -> set[str]:
    with store.read() as session:
        return set(session.exec(select(ScopeRow.ticket_id).where(col(ScopeRow.removed_at).is_(None))))


def test_a_reader_is_answered_while_a_page_is_written(store: Store) -> None:
    keep(store, a_ticket(summary="before"))
    with store.write() as session:
        _write(session, a_ticket(summary="after", updated=LATER))
        assert one(store).summary == "before"
    assert one(store).summary == "after"


def test_names_that_are_listed_and_named_by_a_page_at_once_do_not_lock_each_other_out(store: Store) -> None:
    """A page may name versions in another order than the tracker lists them: each would hold what the other wants."""
    first, second = (Version(id=each, project_id="10", name=each) for each in ("v1", "v2"))
    with ThreadPoolExecutor(1) as pool, store.write() as session:
        sync.keep(session, POLICY, a_page(versions=(second,)), NOW, NOW)
        listing = pool.submit(sync.keep_names, store, (), (first, second), NOW)
        _await_a_waiting_writer(store)
        sync.keep(session, POLICY, a_page(versions=(first,)), NOW, NOW)
    assert listing.result(30) is None


def _await_a_waiting_writer(store: Store) -> None:
    """SQLite's second writer waits before it begins; PostgreSQL tells when one waits for a lock."""
    deadline = monotonic() + 20
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    while not store.is_sqlite:
        with store.read() as session:
            if session.execute(waiting).scalar_one():
                return
        assert monotonic() < deadline, "nobody waits"


def _write(session: Session, ticket: Ticket) -> None:
    sync.keep(session, POLICY, a_page(ticket), LATER, LATER)
    assert ticket_write.stored(session, [ticket.id])[ticket.id].ticket.summary == ticket.summary
