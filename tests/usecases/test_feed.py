"""Calendar feeds: who gets a link, what opens, what stands in it, and as which text."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from sqlmodel import select

from bot.views import ics
from interlock.domain.authority import Refused
from interlock.domain.feed import Entry, Feed, uid
from interlock.domain.names import tidy
from interlock.domain.permission import Permission
from interlock.domain.policy import Freeze, Limits, MilestoneRule
from interlock.domain.secret import Issued, hash_of
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.feed import FeedLinkRow
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.release import MilestoneRow, ReleaseRow
from interlock.usecases import leaver
from interlock.usecases.feed import ask, issue, read, revoke
from tests.builders import NOW, TEMPLATE, actor, people, release, ticket
from tests.builders import POLICY as PLAIN

POLICY = replace(
    PLAIN,
    freezes=(
        Freeze(name="Year-end", start=date(2026, 12, 19), end=date(2027, 1, 2), yearly=True),
        Freeze(name="Night", start=date(2026, 12, 4), start_time=time(18), hours=12),
        Freeze(name="Long ago", start=date(2025, 1, 1), end=date(2025, 1, 2)),
    ),
)
NAMED = replace(TEMPLATE, milestones=(MilestoneRule(name="Code freeze", business_days_before=9),))


def world(store: Store, **more: Any) -> None:
    with store.write() as session:
        people(session)
        ticket(session, "DATA-1", security_level="10000", summary="Falcon")
        number = release(session, template=NAMED, **more)
        session.add(MilestoneRow(release_id=number, position=0, name="Code freeze", due=date(2026, 12, 4)))


def link(store: Store, who: str = "RAVI", request: str = "r1") -> str:
    assert ask(store, POLICY, actor(who), request, NOW) == timedelta(days=90)
    made = issue(store, POLICY, f"U0{who}", request, NOW)
    assert isinstance(made, Issued)
    return made.text


def events(store: Store, text: str, now: datetime = NOW) -> dict[str, Any]:
    found = read(store, POLICY, text, now)
    assert found is not None
    parsed = Calendar.from_ical(ics.calendar(found))
    return {str(each["SUMMARY"]): each for each in parsed.walk("VEVENT")}


def test_a_feed_tells_targets_milestones_and_freezes_and_no_ticket(store: Store) -> None:
    world(store)
    found = events(store, link(store))
    assert list(found) == ["2026.12: Code freeze", "2026.12: target", "Freeze: Night", "Freeze: Year-end"]
    target = found["2026.12: target"]
    assert (target["DTSTART"].dt, target["DTEND"].dt) == (date(2026, 12, 17), date(2026, 12, 18))
    assert target["DTSTAMP"].dt == NOW
    year_end = found["Freeze: Year-end"]
    assert (year_end["DTSTART"].dt, year_end["DTEND"].dt) == (date(2026, 12, 19), date(2027, 1, 3))
    night = found["Freeze: Night"]
    assert night["DTSTART"].dt == datetime(2026, 12, 4, 18, tzinfo=UTC)
    assert night["DTEND"].dt == datetime(2026, 12, 5, 6, tzinfo=UTC)
    feed = read(store, POLICY, link(store, request="r2"), NOW)
    assert feed is not None
    assert "Falcon" not in ics.calendar(feed).decode()
    assert "DATA-1" not in ics.calendar(feed).decode()


def test_an_event_keeps_its_id_and_counts_its_changes(store: Store) -> None:
    world(store)
    text = link(store)
    before = events(store, text)["2026.12: target"]
    with store.write() as session:
        row = session.get_one(ReleaseRow, 1)
        row.name, row.target, row.number = "2026.12b", date(2026, 12, 18), row.number + 1
    after = events(store, text)["2026.12b: target"]
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1
    assert after["DTSTART"].dt == date(2026, 12, 18)
    assert len({str(each["UID"]) for each in events(store, text).values()}) == len(events(store, text))


def test_only_the_newest_link_works_and_only_its_hash_is_stored(store: Store) -> None:
    world(store)
    first = link(store)
    second = link(store, request="r2")
    assert read(store, POLICY, first, NOW) is None
    assert read(store, POLICY, second, NOW) is not None
    assert issue(store, POLICY, "U0RAVI", "r1", NOW) is None  # an older asking, drawn late
    with store.read() as session:
        (row,) = session.exec(select(FeedLinkRow)).all()
        bodies = " ".join(session.exec(select(AuditRow.body)).all())
        posts = " ".join(str(each.ids) for each in session.exec(select(OutboxRow)).all())
    assert row.hash == hash_of(second)
    assert second not in f"{row!r} {bodies} {posts}"
    assert second not in repr(Issued(text=second, expires_at=NOW))


def test_a_link_ends_when_it_is_revoked_and_by_itself(store: Store) -> None:
    world(store)
    text = link(store)
    assert read(store, POLICY, text, NOW + timedelta(days=89, hours=23)) is not None
    assert read(store, POLICY, text, NOW + timedelta(days=90)) is None
    assert revoke(store, POLICY, actor("RAVI"), NOW) is True
    assert read(store, POLICY, text, NOW) is None
    assert revoke(store, POLICY, actor("RAVI"), NOW) is False
    assert issue(store, POLICY, "U0RAVI", "r1", NOW) is None
    short = replace(POLICY, limits=Limits(feed_days=1))
    assert ask(store, short, actor("RAVI"), "r9", NOW) == timedelta(days=1)


@pytest.mark.parametrize("change", [{"active": False}, {"kind": "guest"}, {"kind": "external"}])
def test_a_leavers_link_dies_with_their_account(store: Store, change: dict[str, Any]) -> None:
    world(store)
    text, other = link(store), link(store, "TOM")
    with store.write() as session:
        session.get_one(PersonRow, "U0RAVI").sqlmodel_update(change)
    assert read(store, POLICY, text, NOW) is None
    assert leaver.settle(store, POLICY, NOW) == 1
    with store.write() as session:
        session.get_one(PersonRow, "U0RAVI").sqlmodel_update({"active": True, "kind": "member"})
    assert read(store, POLICY, text, NOW) is None  # coming back does not bring it back
    assert read(store, POLICY, other, NOW) is not None


@pytest.mark.parametrize("taken", [Permission.FEED_SELF, Permission.RELEASE_VIEW])
def test_a_link_opens_nothing_for_whoever_may_not_look_any_more(sqlite_store: Store, taken: Permission) -> None:
    world(sqlite_store)
    text = link(sqlite_store)
    less = replace(POLICY, permissions=POLICY.permissions | {taken: ()})
    assert read(sqlite_store, less, text, NOW) is None
    if taken is Permission.FEED_SELF:
        assert isinstance(ask(sqlite_store, less, actor("RAVI"), "r2", NOW), Refused)


@pytest.mark.parametrize("text", ["", "x", "a" * 43, "ä" * 43, "a" * 44, "../../etc/passwd", "\0" * 43])
def test_no_guess_opens_one(sqlite_store: Store, text: str) -> None:
    world(sqlite_store)
    link(sqlite_store)
    assert read(sqlite_store, POLICY, text, NOW) is None


HOSTILE = "Tom, Dick; Harry\\\nBEGIN:VEVENT\r\nATTENDEE:mailto:evil@example.com"


def test_names_with_commas_breaks_and_lines_of_their_own_stay_one_text(sqlite_store: Store) -> None:
    world(sqlite_store, name=HOSTILE[:17])
    with sqlite_store.write() as session:
        session.get_one(ReleaseRow, 1).name = HOSTILE
    text = link(sqlite_store)
    found = read(sqlite_store, POLICY, text, NOW)
    assert found is not None
    told = ics.calendar(found)
    assert all(len(each) <= 75 for each in told.split(b"\r\n"))
    parsed = Calendar.from_ical(told)
    names = [str(each["SUMMARY"]) for each in parsed.walk("VEVENT")]
    assert "Tom, Dick; Harry\\ BEGIN:VEVENT ATTENDEE:mailto:evil@example.com: target" in names
    assert len(names) == 4
    assert not any("ATTENDEE" in each for each in parsed.walk("VEVENT"))


@settings(max_examples=60)
@given(st.text(max_size=90), st.text(max_size=200))
def test_whatever_is_written_is_one_event_that_reads_back(summary: str, description: str) -> None:
    entry = Entry(uid=uid("x"), summary=summary, description=description, first=NOW.date(), last=NOW.date())
    told = ics.calendar(Feed(slack_id="U0RAVI", entries=(entry,), now=NOW))
    parsed = Calendar.from_ical(told)
    (event,) = parsed.walk("VEVENT")
    ours = {"UID", "DTSTAMP", "SEQUENCE", "SUMMARY", "DESCRIPTION", "DTSTART", "DTEND", "CLASS", "TRANSP"}
    assert set(event) <= ours
    assert str(event["SUMMARY"]) == tidy(summary)
