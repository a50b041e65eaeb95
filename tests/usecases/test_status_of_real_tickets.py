"""A release of real tickets, whose fix version several projects share; every number is counted again from the file."""

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from interlock.domain.draft import Draft
from interlock.domain.policy import Policy, Team, TeamMatch, Tickets
from interlock.domain.release import ScopeRule
from interlock.domain.status import ReleaseStatus
from interlock.store.engine import Store
from interlock.trackers import page
from interlock.trackers.fields import FieldIds
from interlock.trackers.mapping import Mapper
from interlock.usecases import sync
from interlock.usecases.draft import versions
from interlock.usecases.release import Created, create
from interlock.usecases.status import status
from tests.builders import CHANNEL, NOW, POLICY, actor, people

FILE = Path(__file__).parents[2] / "../shared/data/jira/tidev.jsonl.gz"
PROJECTS = ("TIMOB", "ALOY", "MOD", "DAEMON")
REAL: Policy = replace(
    POLICY,
    tickets=Tickets(projects=PROJECTS),
    teams={key.lower(): Team(name=key, match=TeamMatch(projects=(key,))) for key in PROJECTS[:2]},
)
PAGE = 1000


@pytest.fixture(scope="module")
def issues() -> list[dict[str, Any]]:
    if not FILE.exists():
        pytest.skip("the real tickets are not on this machine")
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def mirror(
    issues: list[dict[str, Any]], sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """All of the file's tickets, mirrored."""
    path = tmp_path_factory.mktemp("real") / "interlock.db"
    path.write_bytes(sqlite_template.read_bytes())
    store = Store(f"sqlite:///{path}")
    mapper = Mapper(REAL.tickets, FieldIds(), cloud=False)
    with store.write() as session:
        people(session)
        for start in range(0, len(issues), PAGE):
            some = page.of([mapper.read(issue) for issue in issues[start : start + PAGE]])
            sync.keep(session, REAL, some, NOW, NOW)
    yield store
    store.close()


@pytest.mark.parametrize(
    ("name", "shared_by", "blockers"),
    [
        ("Release 3.0.0", 2, 0),
        ("Alloy 2.0.0", 2, 0),
        ("Release 6.1.0", 3, 0),
        ("Release 10.2.0", 1, 2),  # no version that projects share has an open blocker
        ("Titanium appcd Plugin 2.0.0", 1, 5),
    ],
)
def test_a_release_of_a_real_version_counts_as_the_file_does(
    mirror: Store, issues: list[dict[str, Any]], name: str, shared_by: int, blockers: int
) -> None:
    carrying = [
        issue for issue in issues if name in {each["name"] for each in issue["fields"].get("fixVersions") or ()}
    ]
    open_ones = [issue for issue in carrying if is_open(issue)]
    projects = sorted({issue["fields"]["project"]["key"] for issue in carrying})
    assert len(projects) == shared_by

    offered = next(each for each in versions(mirror, REAL, actor("RITA"), name) if each.name == name)
    assert (list(offered.projects), offered.tickets) == (projects, len(carrying))

    draft = Draft(
        name=name,
        template="quarterly",
        target=date(2026, 12, 17),
        channel_id=CHANNEL,
        rule=ScopeRule(),
        namesakes_of=offered.version_ids[:1],
    )
    created = create(mirror, REAL, actor("RITA"), draft, name, NOW)
    assert isinstance(created, Created), created
    assert created.tickets == len(carrying)

    found = status(mirror, REAL, actor("ANA"), draft.name, "C0GENERAL", NOW)
    assert isinstance(found, ReleaseStatus)
    assert (found.tickets, found.done) == (len(carrying), len(carrying) - len(open_ones))
    assert found.without_team == sum(issue["fields"]["project"]["key"] in PROJECTS[2:] for issue in carrying)
    assert found.restricted == 0
    # The file's last change is years old: nothing moved, and that is known without any history.
    assert max(moment(issue) for issue in carrying) < datetime(2026, 11, 22, tzinfo=UTC)
    assert (found.change.done, found.change.unknown, found.change.added, found.change.removed) == (0, 0, 0, 0)
    assert found.blockers == blockers == len(roots(open_ones, {issue["id"]: issue for issue in issues}))
    assert (found.undated, found.oldest_blocker) == (blockers, None), "without history nothing tells since when"


def is_open(issue: dict[str, Any]) -> bool:
    return bool(issue["fields"]["status"]["statusCategory"]["key"] != "done")


def moment(issue: dict[str, Any]) -> datetime:
    return datetime.strptime(issue["fields"]["updated"], "%Y-%m-%dT%H:%M:%S.%f%z")


def roots(scope: list[dict[str, Any]], issues: dict[str, dict[str, Any]]) -> set[str]:
    """The open tickets at the ends of what these wait for, followed one ticket at a time. Of a ticket that the file
    does not hold, the links to it tell whether it is open.
    """
    waits = waiting(issues.values())
    known = linked(issues.values()) | issues

    def blockers(ticket_id: str) -> set[str]:
        return {each for each in waits.get(ticket_id, ()) if is_open(known[each])}

    found: set[str] = set()
    for issue in scope:
        seen, todo = set[str](), [issue["id"]]
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                todo += blockers(one)
        ends = {each for each in seen if not blockers(each)}
        assert ends, "no circle is among these"
        stuck = issue["fields"].get("flagged") or issue["fields"]["status"]["name"] in REAL.tickets.blocked_statuses
        found |= ends - ({issue["id"]} if not stuck else set())
    return found


def linked(issues: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What links tell of the tickets that they lead to, by id."""
    links = [link for issue in issues for link in issue["fields"].get("issuelinks") or ()]
    return {other["id"]: other for link in links for other in [link.get("inwardIssue") or link["outwardIssue"]]}


def waiting(issues: Iterable[dict[str, Any]]) -> dict[str, set[str]]:
    """The ids that each ticket waits for, read off the phrases of both ends."""
    waits: dict[str, set[str]] = {}
    for issue in issues:
        for link in issue["fields"].get("issuelinks") or ():
            side = "inward" if "inwardIssue" in link else "outward"
            other, phrase = link[f"{side}Issue"]["id"], link["type"][side].strip().casefold()
            if phrase in REAL.tickets.blocked_by_phrases:
                waits.setdefault(issue["id"], set()).add(other)
            elif phrase in REAL.tickets.blocks_phrases:
                waits.setdefault(other, set()).add(issue["id"])
    return waits
