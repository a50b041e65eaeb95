"""What a query means, one row a rule. The world is made by hand here, so that the answers can be read off."""

from datetime import UTC, datetime

import pytest

from sandbox.jira.fields import Scope
from sandbox.jira.jql import JqlError, parse
from sandbox.jira.model import (
    DONE,
    NEW,
    Account,
    Component,
    IssueType,
    Named,
    Project,
    Site,
    Status,
    Ticket,
    Version,
    pack,
)
from sandbox.jira.query import Compiler
from sandbox.jira.search import Finder
from sandbox.jira.store import Store

NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
MINUTE, DAY = 60_000, 86_400_000
ANA = Account("ana", "Ana", "ana@practice.example")
BOT = Account("bot", "Bot", time_zone="America/New_York")  # five hours behind UTC in November


def _store() -> Store:
    one, two = Project("1", "ONE", "First"), Project("2", "TWO", "Second project")
    for project in (one, two):
        project.versions.append(Version(project.id * 3, "1.0", project))
    one.components.append(Component("7", "Streaming", one))
    to_do, done = Status("10", "To Do", NEW), Status("11", "Done", DONE)
    task, epic = IssueType("20", "Task"), IssueType("21", "Epic", level=1)
    high = Named("2", "High")
    secret = Named("30", "Risk committee")
    tickets = [
        Ticket(1, "ONE-1", one, epic, to_do, NOW_MS - 30 * DAY, NOW_MS - 9 * DAY, summary="The epic"),
        Ticket(2, "ONE-2", one, task, to_do, NOW_MS - 20 * DAY, NOW_MS - 5 * MINUTE, summary="Upgrade the registry"),
        Ticket(3, "ONE-10", one, task, done, NOW_MS - 10 * DAY, NOW_MS - 3 * DAY, summary="Old work"),
        Ticket(4, "TWO-1", two, task, to_do, NOW_MS - 9 * DAY, NOW_MS - 2 * 60 * MINUTE, summary=None),
    ]
    epic_ticket, second, third, fourth = tickets
    second.fix_versions, second.components, second.labels = tuple(one.versions), tuple(one.components), ("audit", "x y")
    second.assignee, second.priority, second.epic, second.flagged = ANA, high, epic_ticket, True
    second.due = "2026-11-25"
    third.resolution, third.resolved = Named("40", "Done"), NOW_MS - 3 * DAY
    fourth.fix_versions, fourth.security, fourth.points = tuple(two.versions), secret, 5
    fourth.log = pack([])
    site = Site(
        title="By hand",
        bot=BOT,
        accounts=[ANA],
        projects=[one, two],
        tickets=tickets,
        statuses=[to_do, done],
        types=[task, epic],
        priorities=[high],
        resolutions=[],
        link_types=[],
        levels=[secret],
    )
    return Store(site, clock=NOW.timestamp)


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = ONE", "ONE-10 ONE-2 ONE-1"),
        ("project = one AND status = 'to do'", "ONE-2 ONE-1"),
        ("project in (ONE, TWO) ORDER BY key", "ONE-1 ONE-2 ONE-10 TWO-1"),
        ("project in (ONE, TWO) ORDER BY key DESC", "TWO-1 ONE-10 ONE-2 ONE-1"),
        ('project = "Second project"', "TWO-1"),
        ("project != ONE", "TWO-1"),
        ("fixVersion = 1.0", "TWO-1 ONE-2"),
        ("fixVersion = 111", "ONE-2"),
        ("fixVersion = '1.0' AND project = TWO", "TWO-1"),
        ("fixVersion IS EMPTY", "ONE-10 ONE-1"),
        ("fixVersion is not EMPTY", "TWO-1 ONE-2"),
        ("key = ONE-10", "ONE-10"),
        ("issueKey in (ONE-10, ONE-2) order by key", "ONE-2 ONE-10"),
        ("id in (2, 4)", "TWO-1 ONE-2"),
        ("labels = audit", "ONE-2"),
        ('labels in ("x y", other)', "ONE-2"),
        ("labels != audit", ""),
        ("NOT labels = audit", ""),
        ("labels is EMPTY", "TWO-1 ONE-10 ONE-1"),
        ('"Epic Link" = ONE-1', "ONE-2"),
        ("parent = ONE-1", "ONE-2"),
        ("cf[10014] = ONE-1", "ONE-2"),
        ("statusCategory = Done", "ONE-10"),
        ("statusCategory != Done", "TWO-1 ONE-2 ONE-1"),
        ("statusCategory in (new, 3)", "TWO-1 ONE-10 ONE-2 ONE-1"),
        ("assignee = ana", "ONE-2"),
        ("assignee = acc-ana", "ONE-2"),
        ('assignee = "ana@practice.example"', "ONE-2"),
        ("assignee = currentUser()", ""),
        ("assignee is EMPTY", "TWO-1 ONE-10 ONE-1"),
        ("assignee in (ana, EMPTY)", "TWO-1 ONE-10 ONE-2 ONE-1"),
        ("component = Streaming", "ONE-2"),
        ("priority = High", "ONE-2"),
        ("issuetype = Epic", "ONE-1"),
        ("type in (Task)", "TWO-1 ONE-10 ONE-2"),
        ("level = 'Risk committee'", "TWO-1"),
        ("level is EMPTY and project = TWO", ""),
        ("resolution = Unresolved", "TWO-1 ONE-2 ONE-1"),
        ("Flagged = Impediment", "ONE-2"),
        ("cf[10021] is not EMPTY", "ONE-2"),
        ('"Story Points" >= 5', "TWO-1"),
        ("summary ~ 'registry'", "ONE-2"),
        ("due <= 2d", "ONE-2"),
        ("due < 2026-11-25", ""),
        ("updated >= -10m", "ONE-2"),
        ("updated >= '-3h' order by updated", "TWO-1 ONE-2"),
        ("updated < -1w", "ONE-1"),
        ("updated > startOfDay()", "TWO-1 ONE-2"),
        ("updated > startOfDay(-4d)", "TWO-1 ONE-10 ONE-2"),
        (f"updated >= {NOW_MS - 5 * MINUTE}", "ONE-2"),
        (f"updated > {NOW_MS - 5 * MINUTE}", ""),
        (f"updated >= {NOW_MS - 5 * MINUTE + 999}", "ONE-2"),  # the index knows seconds only
        (f"updated >= {NOW_MS - 5 * MINUTE + 1000}", ""),
        ("created >= -15d AND created <= -9d", "TWO-1 ONE-10"),
        ("project = ONE AND (status = Done OR labels = audit)", "ONE-10 ONE-2"),
        ("project = ONE AND NOT (status = Done OR labels = audit)", ""),
        ("project = ONE AND NOT (status = Done AND labels = audit)", "ONE-2 ONE-1"),
        ("project = ONE OR project = TWO AND status = Done", "ONE-10 ONE-2 ONE-1"),
        ("ORDER BY updated ASC", "ONE-1 ONE-10 TWO-1 ONE-2"),
        ("status = Done ORDER BY status, key DESC", "ONE-10"),
        ("", "TWO-1 ONE-10 ONE-2 ONE-1"),
    ],
)
def test_a_query_finds(jql: str, keys: str) -> None:
    store = _store()
    assert " ".join(store.tickets[i].key for i in Finder(store).find(jql, BOT)) == keys


@pytest.mark.parametrize(
    ("literal", "found"),
    [
        # ONE-2 was updated at 11:55:30 UTC, which is 06:55:30 for the bot in New York.
        ("'2026-11-23 06:55'", True),
        ("'2026/11/23 06:56'", False),
        ("'2026-11-23 11:55'", False),
        ("'2026-11-23'", True),
        ("2026-11-24", False),
    ],
)
def test_a_date_is_read_in_the_callers_time_zone_to_the_minute(literal: str, found: bool) -> None:  # noqa: FBT001
    store = _store()
    assert (2 in Finder(store).find(f"updated >= {literal} AND key = ONE-2", BOT)) is found


@pytest.mark.parametrize(
    ("jql", "sentence"),
    [
        ("project query", "Error in the JQL Query: Expecting operator but got 'query'. The valid operators are"),
        ("project", "Error in the JQL Query: Expecting operator before the end of the query."),
        (
            "project =",
            "Error in the JQL Query: Expecting either a value, list or function before the end of the query.",
        ),
        ("project = ONE status = Done", "Error in the JQL Query: Expecting either 'OR' or 'AND' but got 'status'."),
        ("project in ONE", "Error in the JQL Query: Expecting '(' but got 'ONE'. (line 1, character 12)"),
        ("project in (ONE", "Error in the JQL Query: Expecting ')' before the end of the query."),
        ("(project = ONE", "Error in the JQL Query: Expecting ')' before the end of the query."),
        (
            "project = 'ONE",
            "Error in the JQL Query: The quoted string 'ONE' has not been completed. (line 1, character 11)",
        ),
        ("assignee = a@b.c", "Error in the JQL Query: The character '@' is a reserved JQL character."),
        (
            "project =\n= ONE",
            "Error in the JQL Query: Expecting either a value, list or function but got '='. (line 2, character 1)",
        ),
        ("nonsense = 1", "Field 'nonsense' does not exist or you do not have permission to view it."),
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("fixVersion = 9", "The value '9' does not exist for the field 'fixVersion'."),
        ("status = Nope", "The value 'Nope' does not exist for the field 'status'."),
        ("key = ONE-99", "An issue with key 'ONE-99' does not exist for field 'key'."),
        ("id = 99", "A value with ID '99' does not exist for the field 'id'."),
        ("assignee = nobody", "The value 'nobody' does not exist for the field 'assignee'."),
        ("project ~ ONE", "The operator '~' is not supported by the 'project' field."),
        ("project > ONE", "The operator '>' is not supported by the 'project' field."),
        ("updated > soon", "Date value 'soon' for field 'updated' is invalid."),
        ("updated > soon()", "Unable to find JQL function 'soon()'."),
        ("project = ONE order by nonsense", "Field 'nonsense' does not exist"),
        ("project = ONE order by labels", "Field 'labels' is not sortable."),
    ],
)
def test_a_wrong_query_is_refused_with_jiras_sentence(jql: str, sentence: str) -> None:
    with pytest.raises(JqlError) as refused:
        Finder(_store()).find(jql, BOT)
    assert str(refused.value).startswith(sentence)


def test_without_strictness_what_does_not_exist_is_passed_over() -> None:
    store = _store()
    assert Finder(store).find("project in (NOPE, TWO)", BOT, strict=False) == [4]


def test_named_tickets_are_looked_up_not_scanned_for() -> None:
    store = _store()
    plan = Compiler(Scope(store, BOT, NOW_MS)).compile(parse("project = ONE AND key in (ONE-1, TWO-1)"))
    assert plan.ids == frozenset({1, 4})
    assert plan.timely is False


def test_a_ticket_is_found_by_the_key_it_had_before_it_moved() -> None:
    store = _store()
    moved = store.move("ONE-2", "TWO", "ana")
    assert moved.key == "TWO-2"
    assert Finder(store).find("key = ONE-2", BOT) == [2]
    assert Finder(store).find("project = ONE", BOT) == [3, 1]
