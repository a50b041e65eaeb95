"""`/release status` and `/release list` on a real store, and their numbers counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from interlock.domain.authority import Refused
from interlock.domain.release import ScopeRule, Stage, Unclear
from interlock.domain.status import Change, ReleaseStatus
from interlock.store.engine import Store
from interlock.store.release import ReleaseRow, ScopeRow, end, load
from interlock.store.ticket import AccountRow, TicketChangeRow, TicketLinkRow, TicketRow, TicketVersionRow
from interlock.usecases import scope
from interlock.usecases.announcement import shared
from interlock.usecases.status import LISTED, Listing, listing, read, status, status_of
from tests.builders import CHANNEL, NOW, POLICY, actor, people, release, ticket

YESTERDAY = datetime(2026, 11, 20, tzinfo=UTC)
"""The last business day before NOW, a Monday."""
SINCE = YESTERDAY + timedelta(hours=3)
ANA = actor("ANA")


def stands(store: Store, release_id: int) -> ReleaseStatus:
    found = status_of(store, POLICY, ANA, release_id, NOW)
    assert isinstance(found, ReleaseStatus)
    return found


def change(ticket_id: str, before: str | None, at: datetime, number: int = 1) -> TicketChangeRow:
    return TicketChangeRow(ticket_id=ticket_id, id=str(number), at=at, field="status", before=before, after="9")


def test_the_numbers_of_a_scope(store: Store) -> None:
    with store.write() as session:
        people(session)
        for key in ("DATA-1", "DATA-2", "ML-3"):
            ticket(session, key, category="done", status_id="5", updated=YESTERDAY - timedelta(days=9))
        ticket(session, "DATA-4", team_key=None)
        ticket(session, "DATA-5", security_level="Board")
        ticket(session, "DATA-6", versions=["other"])
        ticket(session, "DATA-7", deleted_at=NOW)
        release_id = release(session)
    one = stands(store, release_id)
    assert (one.done, one.tickets, one.without_team, one.restricted) == (3, 5, 1, 1)
    assert (one.days_to_go, one.light, one.reasons) == (18, "green", ())
    assert (one.signoffs, one.signoffs_given) == (2, 0)
    assert [(each.requirement, each.who) for each in one.waiting] == [
        ("QA", "2 of 3"),
        ("Data Governance", "Maria Voss"),
    ]
    assert one.change == Change(done=0, unknown=0, added=0, removed=0)


def test_what_moved_since_yesterday_is_told_by_the_history(store: Store) -> None:
    with store.write() as session:
        people(session)
        moved: dict[str, Any] = {"updated": SINCE, "changes_complete": True}
        finished = ticket(session, "DATA-1", category="done", status_id="5", **moved)
        reopened = ticket(session, "DATA-2", **moved)
        there_and_back = ticket(session, "DATA-3", category="done", status_id="5", **moved)
        earlier = ticket(session, "DATA-4", category="done", status_id="5", **moved)
        ticket(session, "DATA-5", category="done", status_id="5", created=SINCE, updated=SINCE)
        session.add_all(
            [
                change(finished, "1", SINCE),
                change(reopened, "5", SINCE),
                change(there_and_back, "5", SINCE),
                change(there_and_back, "1", SINCE + timedelta(hours=1), 2),
                change(earlier, "1", YESTERDAY - timedelta(hours=1)),
            ]
        )
        release_id = release(session)
    # One finished, one reopened, one born done.
    assert stands(store, release_id).change == Change(done=1, unknown=0, added=0, removed=0)


def test_what_no_history_tells_is_unknown(store: Store) -> None:
    with store.write() as session:
        people(session)
        ticket(session, "DATA-1", category="done", status_id="5", updated=SINCE)
        ticket(session, "DATA-2", category="done", status_id="5", updated=YESTERDAY - timedelta(days=9))
        from_nowhere = ticket(session, "DATA-3", updated=SINCE, changes_complete=True)
        session.add(change(from_nowhere, "a status that no ticket has", SINCE))
        release_id = release(session)
        for row in session.exec(select(ScopeRow)).all():
            row.added_at = SINCE
    assert stands(store, release_id).change == Change(done=0, unknown=2, added=3, removed=0)


def test_a_ticket_that_was_in_scope_by_then_was_watched_since(store: Store) -> None:
    with store.write() as session:
        people(session)
        ticket(session, "DATA-1", category="done", status_id="5", updated=SINCE)
        release_id = release(session)
    assert stands(store, release_id).change.unknown == 0


def test_a_status_that_only_tickets_elsewhere_have_is_looked_up(store: Store) -> None:
    with store.write() as session:
        people(session)
        moved = ticket(session, "DATA-1", category="done", status_id="5", updated=SINCE, changes_complete=True)
        ticket(session, "PAY-9", versions=["other"], status_id="7", category="indeterminate")
        session.add(change(moved, "7", SINCE))
        release_id = release(session)
    assert stands(store, release_id).change == Change(done=1, unknown=0, added=0, removed=0)


def test_what_came_and_went_is_counted(store: Store) -> None:
    with store.write() as session:
        people(session)
        release_id = release(session, tickets=["DATA-1", "DATA-2"])
        new = ticket(session, "DATA-3")
        link = session.get_one(TicketVersionRow, ("id-DATA-1", "v1"))
        session.delete(link)
        scope.refresh(session, [new, "id-DATA-1"], SINCE)
    one = stands(store, release_id)
    assert (one.change.added, one.change.removed, one.tickets) == (1, 1, 2)


def test_blockers_are_told_with_the_root_that_frees_most(store: Store) -> None:
    with store.write() as session:
        people(session)
        session.add(AccountRow(id="acc-ravi", name="Ravi Menon-Hale"))
        ticket(session, "DATA-214", assignee_id="acc-ravi", summary="Schema registry upgrade", versions=["other"])
        for key in ("DATA-1", "ML-2"):
            waiting = ticket(session, key)
            session.add(
                TicketLinkRow(
                    ticket_id=waiting,
                    other_id="id-DATA-214",
                    phrase="is blocked by",
                    relation="blocked_by",
                    other_key="DATA-214",
                    other_category="new",
                )
            )
        ticket(session, "ML-3", flagged=True)
        release_id = release(session)
    one = stands(store, release_id)
    assert (one.blockers, one.light, one.reasons) == (2, "amber", ("2 blockers",))
    assert (one.undated, one.oldest_blocker) == (2, None)
    assert one.root is not None
    assert one.root.owner is not None
    assert (one.root.root.node.key, len(one.root.root.frees), one.root.owner.name) == ("DATA-214", 2, "Ravi Menon-Hale")
    assert (one.root_team, one.root_shown) == ("Data Engineering", True)


def test_what_holds_other_tickets_only_is_no_blocker_of_the_release(store: Store) -> None:
    """DATA-7 waits for DATA-8 and DATA-9, but only DATA-8 holds a ticket in scope too."""
    with store.write() as session:
        people(session)
        ticket(session, "DATA-1")
        for key in ("DATA-7", "DATA-8", "DATA-9"):
            ticket(session, key, versions=["other"])
        for waiting, blocker in (("DATA-1", "DATA-8"), ("DATA-7", "DATA-8"), ("DATA-7", "DATA-9")):
            session.add(
                TicketLinkRow(
                    ticket_id=f"id-{waiting}",
                    other_id=f"id-{blocker}",
                    phrase="is blocked by",
                    relation="blocked_by",
                    other_key=blocker,
                    other_category="new",
                )
            )
        release_id = release(session)
    one = stands(store, release_id)
    assert one.blockers == 1
    assert one.root is not None
    assert (one.root.root.node.key, one.root.root.frees, len(one.root.root.holds)) == (
        "DATA-8",
        frozenset({"id-DATA-1"}),
        2,
    )


@pytest.mark.parametrize(("projects", "shown"), [("rel-data-platform", True), ("somewhere", False)])
def test_a_shared_status_names_only_what_the_channel_may_see(store: Store, projects: str, shown: bool) -> None:  # noqa: FBT001 a column of the table
    with store.write() as session:
        people(session)
        ticket(session, "DATA-1", flagged=True)
        release_id = release(session)
        from interlock.store.person import ChannelRow  # noqa: PLC0415 this test alone needs it

        session.get_one(ChannelRow, CHANNEL).name = projects
    picture, by = shared_status(store, release_id)
    assert (picture.root_shown, by) == (shown, "Ana Whitlock")


def shared_status(store: Store, release_id: int) -> tuple[ReleaseStatus, str]:
    return shared(store, POLICY, release_id, CHANNEL, "U0ANA", NOW)


def test_a_mirror_that_was_never_filled_makes_it_unknown(store: Store) -> None:
    with store.write() as session:
        people(session, mirror_as_of=None)
        release_id = release(session, tickets=["DATA-1"])
    one = stands(store, release_id)
    assert (one.light, one.stale, one.reasons) == ("unknown", True, ("Jira was not read yet",))


def test_without_a_name_the_channels_release_is_meant(store: Store) -> None:
    with store.write() as session:
        people(session)
        release(session, tickets=["DATA-1"])
        release(session, name="pay-48", rule=ScopeRule(labels=("pay",)), channel_id="C0RELPAYMENTS")
    here = status(store, POLICY, ANA, "", "C0RELPAYMENTS", NOW)
    assert isinstance(here, ReleaseStatus)
    assert here.release.name == "pay-48"
    elsewhere = status(store, POLICY, ANA, "", "C0GENERAL", NOW)
    assert isinstance(elsewhere, Unclear)
    assert [each.name for each in elsewhere.choices] == ["2026.12", "pay-48"]
    begun = status(store, POLICY, ANA, "PAY", "C0GENERAL", NOW)
    assert isinstance(begun, ReleaseStatus)


@pytest.mark.parametrize("who", ["GUEST", "VENDOR", "LEFT", "NOBODY"])
def test_strangers_are_refused(store: Store, who: str) -> None:
    with store.write() as session:
        people(session)
        release_id = release(session)
    assert isinstance(status(store, POLICY, actor(who), "", CHANNEL, NOW), Refused)
    assert isinstance(status_of(store, POLICY, actor(who), release_id, NOW), Refused)
    assert isinstance(listing(store, POLICY, actor(who), NOW), Refused)


@pytest.mark.parametrize("stage", [Stage.CLOSED, Stage.CANCELLED])
def test_a_release_that_ended_says_by_whom(store: Store, stage: Stage) -> None:
    with store.write() as session:
        people(session)
        number = release(session, tickets=["DATA-1"])
        assert read(session, POLICY, load(session, number), NOW).ended_by == ""
        end(session, number, stage, actor("RITA"), "the vendor's cable broke", NOW)
    found = stands(store, number)
    assert (found.ended_by, found.release.close_reason) == ("Rita Sandoval-Kerr", "the vendor's cable broke")
    with store.write() as session:
        session.get_one(ReleaseRow, number).closed_by = "U0FORGOTTEN"
    assert stands(store, number).ended_by == "somebody who left"


def test_the_list_has_what_is_under_way_with_the_next_target_first(store: Store) -> None:
    with store.write() as session:
        people(session)
        for number in range(LISTED + 2):
            later = NOW.date() + timedelta(days=30 - number)
            release(session, name=f"r{number}", rule=ScopeRule(labels=("x",)), target=later)
        release(session, name="over", stage=Stage.CLOSED.value)
    found = listing(store, POLICY, ANA, NOW)
    assert isinstance(found, Listing)
    assert [each.release.name for each in found.releases][:2] == [f"r{LISTED + 1}", f"r{LISTED}"]
    assert (len(found.releases), found.more) == (LISTED, 2)


def test_it_answers_from_one_snapshot_with_few_statements(store: Store) -> None:
    with store.write() as session:
        people(session)
        release_id = release(session, tickets=[f"DATA-{number}" for number in range(40)])
        session.get_one(TicketRow, "id-DATA-1").flagged = True
        session.get_one(ReleaseRow, release_id).number = 7
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(store._reader, "before_cursor_execute", count)
    stands(store, release_id)
    assert len([each for each in statements if each.startswith("SELECT")]) <= 27, statements
