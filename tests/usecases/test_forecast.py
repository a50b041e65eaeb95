"""`/release forecast` on a real store: what it is drawn from."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import Session, select

from interlock.domain.authority import Refused
from interlock.domain.forecast import Forecast, NoForecast
from interlock.domain.release import Unclear
from interlock.store import forecast as store_of
from interlock.store import release as releases
from interlock.store.engine import Store
from interlock.store.mirror import MirrorRow
from interlock.store.release import ScopeRow
from interlock.store.ticket import StatusRow, TicketChangeRow, TicketRow
from interlock.usecases import forecast, scope
from tests.builders import CHANNEL, NOW, POLICY, actor, people, release, ticket

ANA = actor("ANA")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""On the last business day before NOW, a Monday."""


def statuses(session: Session) -> None:
    session.add(StatusRow(id="5", name="Done", category="done"))
    session.add(StatusRow(id="6", name="Closed", category="done"))
    session.add(StatusRow(id="1", name="To Do", category="new"))
    session.flush()


def moved(session: Session, ticket_id: str, at: datetime, before: str = "1", after: str = "5", number: int = 1) -> None:
    session.add(
        TicketChangeRow(ticket_id=ticket_id, id=f"c{number}", at=at, field="status", before=before, after=after)
    )


def finish(session: Session, key: str, at: datetime, **more: Any) -> str:
    """A ticket of no release that got done then."""
    values: dict[str, Any] = {"status_id": "5", "status": "Done", "category": "done", "updated": max(at, NOON)}
    id_ = ticket(session, key, versions=[], **(values | more))
    moved(session, id_, at)
    return id_


def pace(session: Session, project: str, days: int) -> None:
    """One done on each of the last days, weekends too, in no release."""
    done = {"status_id": "5", "status": "Done", "category": "done", "type": "Story", "updated": NOON, "seen_at": NOW}
    of = {"project_id": f"p-{project}", "project_key": project, "team_key": project.lower(), "summary": "Old"}
    ids = [f"id-{project}-{1000 + back}" for back in range(days)]
    tickets = [{"id": id_, "key": id_[3:], "created": NOW - timedelta(days=200)} | done | of for id_ in ids]
    session.execute(insert(TicketRow), tickets)
    move = {"id": "c1", "field": "status", "before": "1", "after": "5"}
    moves = [move | {"ticket_id": id_, "at": NOON - timedelta(days=back)} for back, id_ in enumerate(ids)]
    session.execute(insert(TicketChangeRow), moves)


@pytest.fixture
def world(store: Store) -> int:
    """2026.12 with three open tickets of data's, one restricted, and one of ml's; data gets one done a day."""
    with store.write() as session:
        people(session)
        statuses(session)
        pace(session, "DATA", 70)
        pace(session, "ML", 70)
        ticket(session, "DATA-3", security_level="Board")
        return release(session, tickets=["DATA-1", "DATA-2", "ML-1"])


def ask(store: Store, typed: str = "", now: datetime = NOW) -> Forecast | NoForecast | Unclear | Refused:
    return forecast.ask(store, POLICY, ANA, typed, CHANNEL, now)


def test_the_release_is_ready_with_its_last_team(store: Store, world: int) -> None:
    found = ask(store)
    assert isinstance(found, Forecast)
    by_name = {each.team: each for each in found.teams}
    assert (by_name["Data Engineering"].open, by_name["ML Platform"].open) == (3, 1)
    # 70 days less those of the window's beginning; each Friday stands for its weekend too.
    assert (by_name["Data Engineering"].done, by_name["Data Engineering"].weeks) == (70, 10)
    assert date(2026, 11, 24) <= (found.likely or date.min) <= date(2026, 11, 26)
    assert found.seed
    assert found == ask(store)
    again = forecast.ask_of(store, POLICY, ANA, world, NOW)
    assert again == found
    with store.read() as session:
        assert forecast.read(session, POLICY, releases.load(session, world), NOW) == found


def test_what_counts_as_done(store: Store, world: int) -> None:
    since = NOW - timedelta(weeks=12)
    with store.write() as session:
        finish(session, "PAY-1", NOON, team_key="pay")
        long_ago = finish(session, "PAY-2", since - timedelta(days=1), team_key="pay")
        moved(session, long_ago, NOON, before="5", after="6", number=2)  # from one done status into another
        again = finish(session, "PAY-3", NOON - timedelta(days=9), team_key="pay")
        moved(session, again, NOON - timedelta(days=8), before="5", after="1", number=2)
        moved(session, again, NOON - timedelta(days=1), number=3)
        reopened = finish(session, "PAY-4", NOON, team_key="pay", status_id="1", category="new")
        moved(session, reopened, NOON, before="5", after="1", number=2)
        finish(session, "PAY-5", NOON, team_key="pay", deleted_at=NOW)
        told: dict[str, Any] = {
            "versions": [],
            "team_key": "pay",
            "category": "done",
            "status_id": "5",
            "updated": NOON,
        }
        ticket(session, "PAY-6", resolved=NOON - timedelta(days=2), **told)
        ticket(session, "PAY-7", **told)  # nothing tells when
    with store.read() as session:
        found = store_of.finished(session, ["pay"], since)
    assert sorted(each.at for each in found) == [NOON - timedelta(days=2), NOON - timedelta(days=1), NOON]
    assert {each.team for each in found} == {"pay"}


def test_what_counts_as_growth(store: Store, world: int) -> None:
    since = NOW - timedelta(weeks=4)
    opened = NOW - timedelta(days=10)
    with store.write() as session:
        for row in session.exec(select(ScopeRow)):
            row.added_at = opened  # what the release began with
        new = ticket(session, "DATA-50")
        gone = ticket(session, "DATA-51")
        ticket(session, "DATA-52", category="done", status_id="5", resolved=NOW - timedelta(days=9))
        ticket(session, "DATA-53", category="done", status_id="5", resolved=NOW - timedelta(days=1))
        scope.refresh(session, None, NOW - timedelta(days=3))
        there = session.exec(select(ScopeRow).where(ScopeRow.ticket_id == gone)).one()
        there.removed_at = NOW - timedelta(days=2)
        assert new
    with store.read() as session:
        found = store_of.joined(session, world, since, opened)
    # One that stayed open, one that was done since it came; not what left, nor what was done when it came.
    assert [(each.team, each.at) for each in found] == [("data", NOW - timedelta(days=3))] * 2


def test_no_forecast_names_the_team_whose_history_is_too_thin(store: Store) -> None:
    with store.write() as session:
        people(session)
        statuses(session)
        pace(session, "DATA", 70)
        pace(session, "ML", 8)
        release(session, tickets=["DATA-1", "ML-1"])
    found = ask(store)
    assert isinstance(found, NoForecast)
    assert found.reason == "thin"
    assert "ML Platform (8 done in 1 week)" in found.sentence
    assert "Data Engineering" not in found.sentence


def test_none_from_a_stale_mirror(store: Store, world: int) -> None:
    with store.write() as session:
        session.get_one(MirrorRow, "tickets").as_of = NOW - timedelta(hours=5)
    found = ask(store)
    assert isinstance(found, NoForecast)
    assert (found.reason, found.sentence) == (
        "stale",
        "Jira was last read 5 hours ago, which is too old to count from. Ask again once it is fresh.",
    )


def test_a_release_that_is_not_known_or_over(store: Store, world: int) -> None:
    assert isinstance(ask(store, "zebra"), Unclear)
    with store.write() as session:
        release(session, name="2026.09", stage="closed", rule=releases.scope_rule({"labels": ["x"]}))
    found = ask(store, "2026.09")
    assert isinstance(found, NoForecast)
    assert found.reason == "ended"
