"""What a form asks for can be typed at once, in Slack and, where no form opens, on the command line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.answers import Answers
from bot.door import Answered, Door
from bot.metrics import Metrics
from bot.services import Services
from interlock.domain.actor import Authentication, Person
from interlock.domain.release import ScopeRule
from interlock.domain.token import Bearer
from interlock.store.audit import AuditRow
from interlock.store.blocker import BlockerRow
from interlock.store.booking import BookingRow
from interlock.store.release import ReleaseRow
from interlock.store.ticket import ProjectRow, VersionRow
from interlock.usecases.environment import reconcile
from tests import bookings
from tests.builders import NOW, actor, people, release, ticket


class Terminal:
    """One person's command line."""

    def __init__(self, services: Services, who: str = "RITA") -> None:
        self.door = Door(services, Answers(services.settings.slack_api_url), Metrics())
        self.bearer = Bearer(
            actor=replace(actor(who), authentication=Authentication.TOKEN),
            person=Person(slack_id=f"U0{who}", name=who),
            expires_at=NOW + timedelta(hours=1),
            key=who,
        )
        self.requests = 0

    def type(self, command: str, words: str, request: str | None = None) -> Answered:
        self.requests += 1
        return self.door.command(self.bearer, command, words, request or str(self.requests))


@pytest.fixture
def world(services: Services) -> Services:
    with services.store.write() as session:
        people(session)
        session.add(ProjectRow(id="p-DATA", key="DATA", name="Data"))
        session.flush()
        session.add(VersionRow(id="v1", name="2026.12", project_id="p-DATA", released=False, archived=False))
        release(session, name="2026.11", tickets=["DATA-1", "DATA-2"])
        ticket(session, "DATA-9", security_level="Secret")
    reconcile(services.store, bookings.POLICY, NOW)
    return replace(services, policy=bookings.POLICY)


@pytest.fixture
def rita(world: Services) -> Terminal:
    return Terminal(world)


def rows(world: Services, table: Any) -> list[Any]:
    with world.store.read() as session:
        found = list(session.exec(select(table)).all())
        session.expunge_all()
        return found


def test_a_blocker_is_taken_until_the_evening_of_a_day(world: Services, rita: Terminal) -> None:
    told = rita.type("blockers", "take data-1 fri")
    assert (told.refused, told.text) == (
        False,
        "You have DATA-1 in hand until Fri 27 Nov. Nobody is pinged about it before.",
    )
    (episode,) = rows(world, BlockerRow)
    assert (episode.taken_by, episode.taken_until) == ("U0RITA", datetime(2026, 11, 27, 23, 59, tzinfo=UTC))


def test_a_blocker_is_snoozed_with_a_reason(world: Services, rita: Terminal) -> None:
    assert (
        rita.type("blockers", "snooze DATA-1 tomorrow waits for the vendor").text
        == "DATA-1 is silent until Tue 24 Nov."
    )
    (episode,) = rows(world, BlockerRow)
    assert episode.snooze_reason == "waits for the vendor"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("take DATA-1 someday", "By which day?"),
        ("take DATA-77 fri", "No open ticket DATA-77 is known here."),
        ("take DATA-9 fri", "No open ticket DATA-9 is known here."),
        ("take", "No open ticket that key is known here."),
        ("take DATA-1", "That opens a form, which the command line has not."),
        ("take DATA-1 2026-11-01", "Give a date from today on"),
        ("snooze DATA-1 fri", "Say why it may wait"),
        ("snooze DATA-1 fri \u200b", "Say why it may wait"),
        ("snooze DATA-1 fri " + "x" * 301, "That has 301 characters"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_done(world: Services, rita: Terminal, typed: str, told: str) -> None:
    answered = rita.type("blockers", typed)
    assert answered.refused
    assert answered.text.startswith(told)
    assert rows(world, BlockerRow) == []


def test_an_environment_is_booked_at_once(world: Services, rita: Terminal) -> None:
    told = rita.type("env", "book uat-2 tomorrow 13:00-17:00 smoke test")
    assert not told.refused
    (made,) = rows(world, BookingRow)
    assert (made.slack_id, made.starts, made.ends, made.purpose, made.exclusive) == (
        "U0RITA",
        datetime(2026, 11, 24, 13, tzinfo=UTC),
        datetime(2026, 11, 24, 17, tzinfo=UTC),
        "smoke test",
        True,
    )


def test_the_same_request_books_once(world: Services, rita: Terminal) -> None:
    first = rita.type("env", "book uat-2 tomorrow 13:00-17:00 smoke test", request="r")
    assert rita.type("env", "book uat-2 tomorrow 13:00-17:00 smoke test", request="r").text == first.text
    assert len(rows(world, BookingRow)) == 1


def test_what_is_taken_can_be_waited_for(world: Services, rita: Terminal) -> None:
    rita.type("env", "book uat-2 tomorrow 13:00-17:00 smoke test")
    ana = Terminal(world, "ANA")
    assert "uat-2" in ana.type("env", "book uat-2 tomorrow 14:00-15:00 mine").text
    assert len(rows(world, BookingRow)) == 1
    assert not ana.type("env", "book uat-2 tomorrow 14:00-15:00 wait mine").refused
    assert [(one.slack_id, one.state, one.purpose) for one in rows(world, BookingRow)] == [
        ("U0RITA", "active", "smoke test"),
        ("U0ANA", "waiting", "mine"),
    ]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("book uat-2 sometime why", "From when until when?"),
        ("book nowhere now 4h why", "There is no environment “nowhere”."),
        ("book uat-2 now 4h", "Say what for in a few words"),
        ("book uat-2 now 100h why", "A booking here lasts at most 24 hours"),
        ("book dr-1 now 4h why", "dr-1 can't be booked"),
    ],
)
def test_a_booking_that_cannot_be_made_says_why(world: Services, rita: Terminal, typed: str, told: str) -> None:
    answered = rita.type("env", typed)
    assert answered.refused
    assert answered.text.startswith(told)
    assert rows(world, BookingRow) == []


def test_a_shared_booking(world: Services, rita: Terminal) -> None:
    assert not rita.type("env", "book dev-1 now 4h shared why").refused
    (made,) = rows(world, BookingRow)
    assert (made.exclusive, made.purpose) == (False, "why")


NEW = "new quarterly 2026.12 2026-12-17 version:2026.12 label:hotfix channel:#rel-data-platform"


def test_a_release_is_planned_at_once(world: Services, rita: Terminal) -> None:
    told = rita.type("release", NEW)
    assert not told.refused, told.text
    assert told.text.startswith("*2026.12 Quarterly platform* is planned.")
    made = next(one for one in rows(world, ReleaseRow) if one.name == "2026.12")
    assert made.scope_rule == {"versions": ["v1"], "labels": ["hotfix"], "epics": []}
    assert made.channel_id == "C0RELDATAPLATFORM"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("new quarterly 2026.12", "That has 2 of the three words"),
        ("new quarterly 2026.12 2026-12-17 fix_version=nope", "“fix_version=nope” is not understood. Type a template"),
        ("new quarterly 2026.12 of ours 2026-12-17", "“ours” is not understood."),
        ('new quarterly "2026.12', "A quote is not closed."),
        (NEW.replace("quarterly", "nothing"), "Choose a template"),
        (NEW.replace("2026-12-17", "someday"), "“someday” is no date. Type it as 2026-12-17, or as tomorrow, fri"),
        (NEW.replace("2026-12-17", "2026-02-30"), "“2026-02-30” is no date. Type it as 2026-12-17"),
        (
            "new quarterly 2026.12 2026-12-17 channel:#rel-data-platform",
            "Name at least one fix version, label or epic: version:2026.12, label:hotfix or epic:DATA-100.",
        ),
        (
            NEW.replace(" channel:#rel-data-platform", ""),
            "Name the channel that sign-offs and news go to, such as channel:#rel-2026-12.",
        ),
        (NEW.replace("version:2026.12", "version:1999"), "The mirror of Jira knows no 1999."),
        (NEW.replace("#rel-data-platform", "#nowhere"), "Interlock does not see that channel."),
        (NEW.replace("new quarterly 2026.12", "new quarterly <!channel>*b*"), "A name can't hold * ~ ` < or >, which"),
        (NEW.replace("new quarterly 2026.12", "new quarterly 2026.11"), "There is a release 2026.11 already."),
    ],
)
def test_a_release_that_cannot_be_planned_says_why(world: Services, rita: Terminal, typed: str, told: str) -> None:
    answered = rita.type("release", typed)
    assert answered.refused
    assert answered.text.startswith(told)
    assert len(rows(world, ReleaseRow)) == 1


def test_a_name_of_formatting_that_is_there_already_goes_on_working(world: Services, rita: Terminal) -> None:
    with world.store.write() as session:
        session.add(VersionRow(id="v2", name="old", project_id="p-DATA", released=False, archived=False))
        release(session, name="<b>*old*", rule=ScopeRule(version_ids=("v2",)))
    assert not rita.type("release", "status <b>*old*").refused
    assert not rita.type("release", "close <b>*old* shipped --yes").refused


def test_whoever_may_not_plan_hears_that_first(world: Services) -> None:
    assert Terminal(world, "ANA").type("release", NEW).text.startswith("You can't plan releases")


def test_closing_asks_first_and_is_done_when_agreed_to(world: Services, rita: Terminal) -> None:
    asked = rita.type("release", "close 2026.11 shipped on Thursday")
    assert asked.refused
    assert "Close *2026.11* with 2 of 2 tickets open?" in asked.text
    assert "`--yes`" in asked.text
    assert rows(world, ReleaseRow)[0].closed_by is None
    assert not rita.type("release", "close 2026.11 shipped on Thursday --yes").refused
    (closed,) = rows(world, ReleaseRow)
    assert closed.closed_by == "U0RITA"
    assert [row.kind for row in rows(world, AuditRow)][-1] == "release.closed"


def test_closing_without_a_reason_is_refused(world: Services, rita: Terminal) -> None:
    assert rita.type("release", "close 2026.11 --yes").text.startswith("Say why it is closed")
    assert rows(world, ReleaseRow)[0].closed_by is None
