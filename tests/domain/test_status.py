"""Where a release stands, worked out from its state."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from interlock.domain.actor import Person
from interlock.domain.blocker import BlockerList, Node, Root, RootLine
from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import Freeze, Policy, RequirementRule, Team, Template, Tickets
from interlock.domain.release import Milestone, Release, ScopeRule, Stage
from interlock.domain.signoff import Decision, Requirement, Signoff
from interlock.domain.status import (
    Change,
    Move,
    ScopeCount,
    State,
    Stay,
    Waiting,
    days,
    last_business_day,
    shown_to,
    summarise,
)
from interlock.domain.ticket import Category
from interlock.domain.visibility import NOBODY, Audience

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TARGET = date(2026, 12, 16)
YESTERDAY = datetime(2026, 11, 22, tzinfo=UTC)
POLICY = Policy(
    time_zone="Europe/London",
    calendar="london",
    calendars={"london": WorkCalendar(time_zone="Europe/London"), "tokyo": WorkCalendar(time_zone="Asia/Tokyo")},
    tickets=Tickets(projects=("DATA", "ML")),
    teams={"data": Team(name="Data Engineering"), "ml": Team(name="ML Platform")},
)
RELEASE = Release(
    id=1,
    name="2026.12",
    template="platform",
    policy=Template(name="Data Platform"),
    policy_version="v",
    stage=Stage.IN_PROGRESS,
    target=TARGET,
    channel_id="C0REL",
    scope_rule=ScopeRule(version_ids=("v1",)),
    milestones=(Milestone(name="Code freeze", due=date(2026, 12, 4)),),
    created_by="U0RITA",
    created_at=datetime(2026, 11, 1, tzinfo=UTC),
    scope_opened_at=datetime(2026, 11, 1, tzinfo=UTC),
)
DONE = ScopeCount(team="data", status_id="5", category=Category.DONE, tickets=41)
OPEN = ScopeCount(team="ml", status_id="1", category=Category.NEW, tickets=17)
MARIA = Person(slack_id="U0MARIA", name="Maria Voss")
YUKI, OMAR, LENA = (Person(slack_id=f"U0{name.upper()}", name=name) for name in ("Yuki", "Omar", "Lena"))


def requirement(
    name: str, *eligible: Person, quorum: int = 1, by: Person | None = None, no: bool = False
) -> Requirement:
    decision = Decision.REJECTED if no else Decision.APPROVED
    signoff = by and Signoff(id=1, requirement_id=1, person=by, decision=decision, reason=None, fingerprint="f", at=NOW)
    return Requirement(
        id=1,
        key=name.casefold(),
        name=name,
        rule=RequirementRule(key=name.casefold(), name=name, quorum=quorum),
        signoffs=(signoff,) if signoff else (),
        eligible=eligible,
    )


def root(key: str, *, frees: int = 0, since: datetime | None = None, **facts: Any) -> RootLine:
    node = Node(id=key, key=key, summary="Schema registry upgrade", project_key="DATA", team="data", **facts)
    held = frozenset(f"t{number}" for number in range(frees))
    return RootLine(root=Root(node=node, frees=held, holds=held), owner=None, teams=1, since=since)


def blockers(*roots: RootLine) -> BlockerList:
    return BlockerList(release=None, team=None, blocked=0, roots=roots, mirror_as_of=None)


STATE = State(
    release=RELEASE,
    since=YESTERDAY,
    counts=(DONE, OPEN),
    moves=(),
    stays=(),
    requirements=(),
    blockers=blockers(),
    mirror_as_of=NOW - timedelta(minutes=2),
)


def test_the_numbers_add_up() -> None:
    nobodys = ScopeCount(team=None, status_id="1", category=Category.IN_PROGRESS, tickets=3, restricted=2)
    status = summarise(replace(STATE, counts=(DONE, OPEN, nobodys)), POLICY, NOW)
    assert (status.done, status.tickets, status.without_team, status.restricted) == (41, 61, 3, 2)
    assert status.days_to_go == 17
    assert status.next_milestone is not None
    assert status.next_milestone.name == "Code freeze"


def soon(days_to_go: int) -> Release:
    return replace(RELEASE, target=POLICY.calendars["london"].add_business_days(NOW.date(), days_to_go))


YEAR_END = replace(POLICY, freezes=(Freeze(name="Year-end", start=TARGET, end=TARGET),))
MLS_OWN = replace(POLICY, freezes=(Freeze(name="Model audit", start=TARGET, end=TARGET, teams=("ml",)),))
VENDORS = replace(POLICY, freezes=(Freeze(name="Vendor's", start=TARGET, end=TARGET, teams=("meridian",)),))


@pytest.mark.parametrize(
    ("change", "policy", "light", "reasons"),
    [
        pytest.param({}, POLICY, "green", (), id="nothing is in the way"),
        pytest.param({"mirror_as_of": None}, POLICY, "unknown", ("Jira was not read yet",), id="never read"),
        pytest.param(
            {"mirror_as_of": NOW - timedelta(minutes=31)},
            YEAR_END,
            "unknown",
            ("Jira was last read 31 min ago",),
            id="a stale mirror outweighs what it says",
        ),
        pytest.param({"mirror_as_of": NOW - timedelta(minutes=30)}, POLICY, "green", (), id="as old as policy allows"),
        pytest.param({"counts": ()}, POLICY, "amber", ("no ticket is in scope",), id="an empty scope"),
        pytest.param({"blockers": blockers(root("DATA-214"))}, POLICY, "amber", ("1 blocker",), id="a blocker"),
        pytest.param(
            {"blockers": blockers(root("DATA-214")), "release": soon(2), "counts": (DONE,)},
            POLICY,
            "red",
            ("1 blocker with 2 business days to go",),
            id="a blocker in the last days",
        ),
        pytest.param(
            {"blockers": blockers(root("DATA-214"), root("DATA-215")), "release": soon(0), "counts": (DONE,)},
            POLICY,
            "red",
            ("2 blockers on the day of the target",),
            id="blockers on the last day",
        ),
        pytest.param(
            {"blockers": blockers(root("DATA-214")), "release": soon(-3), "counts": (DONE,)},
            POLICY,
            "red",
            ("1 blocker though the target has passed",),
            id="a blocker past the target",
        ),
        pytest.param(
            {"release": soon(6), "requirements": (requirement("QA"),)}, POLICY, "green", (), id="time is left"
        ),
        pytest.param(
            {"release": soon(5), "requirements": (requirement("QA"),)},
            POLICY,
            "amber",
            ("17 tickets open with 5 business days to go", "1 sign-off missing with 5 business days to go"),
            id="the run-in",
        ),
        pytest.param(
            {"release": soon(-1)}, POLICY, "red", ("the target has passed with 17 tickets open",), id="past the target"
        ),
        pytest.param({"release": soon(-1), "counts": (DONE,)}, POLICY, "green", (), id="past the target, all done"),
        pytest.param(
            {"requirements": (requirement("QA", by=MARIA, no=True),)}, POLICY, "red", ("QA rejected it",), id="rejected"
        ),
        pytest.param({}, YEAR_END, "red", ("the target falls into Year-end",), id="a freeze"),
        pytest.param({}, MLS_OWN, "red", ("the target falls into Model audit",), id="a team's freeze, in scope"),
        pytest.param({}, VENDORS, "green", (), id="a team's freeze, not in scope"),
    ],
)
def test_the_light_and_its_reasons(
    change: dict[str, Any], policy: Policy, light: str, reasons: tuple[str, ...]
) -> None:
    status = summarise(replace(STATE, **change), policy, NOW)
    assert (status.light, status.reasons) == (light, reasons)


@pytest.mark.parametrize(
    ("asked", "who"),
    [
        (requirement("Data Governance", MARIA), "Maria Voss"),
        (requirement("Infrastructure", YUKI, OMAR, LENA), "any of 3"),
        (requirement("Infrastructure", YUKI, OMAR, LENA, quorum=2, by=YUKI), "any of 2"),
        (requirement("Infrastructure", YUKI, OMAR, LENA, quorum=2), "2 of 3"),
        (requirement("Infrastructure", YUKI, OMAR, quorum=2), "Yuki and Omar"),
        (requirement("QA"), "nobody at present"),
        (requirement("QA", YUKI, by=MARIA, no=True), "rejected by Maria Voss"),
    ],
)
def test_whom_a_sign_off_waits_for(asked: Requirement, who: str) -> None:
    status = summarise(replace(STATE, requirements=(asked, requirement("Met", MARIA, by=MARIA))), POLICY, NOW)
    assert status.waiting == (Waiting(requirement=asked.name, who=who),)
    assert (status.signoffs_given, status.signoffs) == (1, 2)


NEW, DONE_ = Category.NEW, Category.DONE
BEFORE, AFTER = YESTERDAY - timedelta(days=1), YESTERDAY + timedelta(hours=5)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, Change(done=0, unknown=0, added=0, removed=0), id="nothing"),
        pytest.param(
            {"moves": (Move(before=NEW, after=DONE_), Move(before=NEW, after=DONE_), Move(before=DONE_, after=NEW))},
            Change(done=1, unknown=0, added=0, removed=0),
            id="two done, one reopened",
        ),
        pytest.param(
            {"moves": (Move(before=DONE_, after=DONE_), Move(before=NEW, after=Category.IN_PROGRESS))},
            Change(done=0, unknown=0, added=0, removed=0),
            id="moved, but not over the line",
        ),
        pytest.param(
            {"moves": (Move(before=Category.UNKNOWN, after=DONE_),)},
            Change(done=0, unknown=1, added=0, removed=0),
            id="from a status that nobody knows",
        ),
        pytest.param(
            {"counts": (replace(DONE, born_done=2), replace(OPEN, unknown=4))},
            Change(done=2, unknown=4, added=0, removed=0),
            id="created since; no history",
        ),
        pytest.param(
            {
                "stays": (
                    Stay(ticket_id="came", added_at=AFTER, removed_at=None),
                    Stay(ticket_id="went", added_at=BEFORE, removed_at=AFTER),
                    Stay(ticket_id="went and came", added_at=BEFORE, removed_at=AFTER),
                    Stay(ticket_id="went and came", added_at=AFTER, removed_at=None),
                    Stay(ticket_id="came and went", added_at=AFTER, removed_at=AFTER),
                )
            },
            Change(done=0, unknown=0, added=1, removed=1),
            id="came and went",
        ),
        pytest.param(
            {
                "release": replace(RELEASE, scope_opened_at=AFTER),
                "stays": (
                    Stay(ticket_id="first", added_at=AFTER, removed_at=None),
                    Stay(ticket_id="later", added_at=AFTER + timedelta(hours=1), removed_at=None),
                ),
            },
            Change(done=0, unknown=0, added=1, removed=0),
            id="what the scope opened with was not added to it",
        ),
    ],
)
def test_what_changed_since_yesterday(change: dict[str, Any], expected: Change) -> None:
    assert summarise(replace(STATE, **change), POLICY, NOW).change == expected


@pytest.mark.parametrize(
    ("calendar", "now", "begins", "words"),
    [
        (None, datetime(2026, 11, 24, 9, 0, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC), "yesterday"),
        pytest.param(None, NOW, datetime(2026, 11, 20, tzinfo=UTC), "Fri", id="a Monday"),
        ("tokyo", NOW, datetime(2026, 11, 19, 15, 0, tzinfo=UTC), "Fri"),
        pytest.param(
            "tokyo",
            datetime(2026, 11, 23, 16, 0, tzinfo=UTC),
            datetime(2026, 11, 22, 15, 0, tzinfo=UTC),
            "yesterday",
            id="Tuesday already in Tokyo",
        ),
        pytest.param(
            None,
            datetime(2026, 3, 31, 9, 0, tzinfo=UTC),
            datetime(2026, 3, 29, 23, 0, tzinfo=UTC),
            "yesterday",
            id="in summer time",
        ),
        pytest.param(
            "closed", NOW, datetime(2026, 11, 9, tzinfo=UTC), "Mon 9 Nov", id="after a long holiday, with its date"
        ),
    ],
)
def test_changes_are_counted_since_the_last_business_day_where_the_release_is(
    calendar: str | None, now: datetime, begins: datetime, words: str
) -> None:
    shut = frozenset(date(2026, 11, day) for day in range(10, 23))
    policy = replace(
        POLICY, calendars=POLICY.calendars | {"closed": WorkCalendar(time_zone="Europe/London", holidays=shut)}
    )
    release = replace(RELEASE, policy=replace(RELEASE.policy, calendar=calendar))
    since = last_business_day(policy, release, now)
    assert since == begins
    assert summarise(replace(STATE, release=release, since=since), policy, now).since == words


def test_blockers_are_counted_dated_and_the_first_is_named() -> None:
    first = root("DATA-214", frees=7, since=NOW - timedelta(days=6))
    second = root("DATA-9", since=NOW - timedelta(days=8))
    status = summarise(replace(STATE, blockers=blockers(first, second, root("DATA-10"))), POLICY, NOW)
    assert (status.blockers, status.undated, status.oldest_blocker) == (3, 1, NOW - timedelta(days=8))
    assert status.root == first
    assert status.root_team == "Data Engineering"
    assert status.root_shown


@pytest.mark.parametrize(
    ("line", "audience", "shown"),
    [
        (root("DATA-1"), Audience(), True),
        (root("DATA-1"), Audience(projects=frozenset({"DATA"})), True),
        (root("DATA-1"), Audience(projects=frozenset({"ML"})), False),
        (root("DATA-1"), NOBODY, False),
        (root("DATA-1", restricted=True), Audience(), False),
        (root("DATA-1", mirrored=False), Audience(), False),
        (root("DATA-1"), Audience(company="meridian"), False),
    ],
)
def test_a_root_is_named_only_to_those_who_may_see_it(line: RootLine, audience: Audience, shown: bool) -> None:  # noqa: FBT001 a column of the table
    status = summarise(replace(STATE, blockers=blockers(line)), POLICY, NOW)
    assert shown_to(audience, status).root_shown is shown


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (17, "17 business days to go (Wed 16 Dec)"),
        (1, "1 business day to go (Wed 16 Dec)"),
        (0, "due Wed 16 Dec"),
        (-3, "3 business days past Wed 16 Dec"),
    ],
)
def test_business_days_in_words(number: int, words: str) -> None:
    assert days(number, TARGET) == words
