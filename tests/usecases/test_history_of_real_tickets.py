"""Releases of real tickets that have a history: blockers with their ages, a digest's and a summary's numbers, each
counted again from the file.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interlock.domain.blocker import BlockerList
from interlock.domain.digest import Past
from interlock.domain.draft import Draft
from interlock.domain.policy import CriterionRule, Policy, Team, TeamMatch, Tickets
from interlock.domain.release import ScopeRule
from interlock.store import release as release_store
from interlock.store.digest import record
from interlock.store.engine import Store
from interlock.store.mirror import MirrorRow
from interlock.trackers import page
from interlock.trackers.fields import FieldIds
from interlock.trackers.mapping import Mapper
from interlock.usecases import blocker, digest, readiness, sync
from interlock.usecases.draft import versions
from interlock.usecases.release import Created, create
from tests.builders import CHANNEL, NOW, POLICY, TEMPLATE, actor, people

FILE = Path(__file__).parents[2] / "../shared/data/jira/duraspace.jsonl.gz"
PROJECTS = ("FCREPO", "ISLANDORA", "DURACLOUD", "DS")
CRITERIA = (
    CriterionRule(kind="scope_complete", name="Scope", at_least=50),
    CriterionRule(kind="no_open_blocker", name="Blockers"),
)
REAL: Policy = replace(
    POLICY,
    tickets=Tickets(projects=PROJECTS),
    teams={key.lower(): Team(name=key, match=TeamMatch(projects=(key,))) for key in PROJECTS},
    templates={"quarterly": replace(TEMPLATE, criteria=CRITERIA)},
)
Issue = dict[str, Any]


@pytest.fixture(scope="module")
def issues() -> list[Issue]:
    if not FILE.exists():
        pytest.skip("the real tickets are not on this machine")
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def mirror(issues: list[Issue], sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("history") / "interlock.db"
    path.write_bytes(sqlite_template.read_bytes())
    store = Store(f"sqlite:///{path}")
    mapper = Mapper(REAL.tickets, FieldIds(), cloud=False)
    with store.write() as session:
        people(session)
        for start in range(0, len(issues), 1000):
            some = page.of([mapper.read(issue) for issue in issues[start : start + 1000]])
            sync.keep(session, REAL, some, NOW, NOW)
    yield store
    store.close()


def planned(store: Store, name: str) -> int:
    """The number of a release whose scope is that fix version in every project that has it."""
    offered = next(each for each in versions(store, REAL, actor("RITA"), name) if each.name == name)
    draft = Draft(
        name=name,
        template="quarterly",
        target=date(2026, 12, 17),
        channel_id=CHANNEL,
        rule=ScopeRule(),
        namesakes_of=offered.version_ids[:1],
    )
    created = create(store, REAL, actor("RITA"), draft, name, NOW)
    assert isinstance(created, Created), created
    return created.release.id


@pytest.mark.parametrize("name", ["3.x", "Fedora 4.0"])
def test_blockers_and_their_ages_are_those_of_the_file(mirror: Store, issues: list[Issue], name: str) -> None:
    number = planned(mirror, name)
    listed = blocker.of_release(mirror, REAL, actor("ANA"), number)
    assert isinstance(listed, BlockerList)
    waits, by_id = waiting(issues), {issue["id"]: issue for issue in issues}
    scope = {issue["id"] for issue in carrying(issues, name) if is_open(issue)}
    stuck = {each for each in scope if open_blockers(each, waits, by_id)}
    assert stuck, "this version was chosen because something in it waits"
    assert listed.blocked == len(stuck)
    expected: dict[str, tuple[int, datetime | None]] = {}
    for root in {end for each in stuck for end in ends(each, waits, by_id)}:
        holds = held(root, waits, by_id)
        since = [start for each in holds if (start := waiting_since(each, waits, by_id))]
        expected[by_id[root]["key"]] = (len(holds), min(since, default=None))
    told = {line.root.node.key: (len(line.root.holds), line.since) for line in listed.roots}
    assert told == expected
    assert any(since for _, since in expected.values()), "some history tells since when"


def test_a_digest_and_a_summary_count_as_the_file_does(mirror: Store, issues: list[Issue]) -> None:
    name = "Fedora 3.7"
    number = planned(mirror, name)
    now = max(moment(issue["fields"]["updated"]) for issue in issues) + timedelta(hours=1)
    since = now - timedelta(days=6)
    with mirror.write() as session:
        session.get_one(MirrorRow, "tickets").as_of = now
        record(session, number, CHANNEL, "before", Past(light="green", at=since))
        one = release_store.load(session, number)
        told = digest.read(session, REAL, one, CHANNEL, "now", now)
        gates = {each.name: each for each in readiness.read(session, REAL, one, now).criteria}
    scope = carrying(issues, name)
    done = [issue for issue in scope if not is_open(issue)]
    finished = [issue for issue in done if was_open(issue, since, issues)]
    assert len(finished) == 2, "two were closed in the file's last week"
    assert (told.finished, told.reopened) == (len(finished), 0)
    assert (told.status.done, told.status.tickets) == (len(done), len(scope))
    waits, by_id = waiting(issues), {issue["id"]: issue for issue in issues}
    stuck = [each for each in scope if is_open(each) and open_blockers(each["id"], waits, by_id)]
    assert gates["Scope"].state == ("pass" if 2 * len(done) >= len(scope) else "pending")
    assert gates["Scope"].why == f"{len(done)} of {len(scope)} done"
    assert gates["Blockers"].state == ("fail" if stuck else "pass")


def carrying(issues: list[Issue], name: str) -> list[Issue]:
    return [issue for issue in issues if name in {each["name"] for each in issue["fields"].get("fixVersions") or ()}]


def is_open(issue: Issue) -> bool:
    return bool(issue["fields"]["status"]["statusCategory"]["key"] != "done")


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def history(issue: Issue, field: str) -> list[tuple[datetime, Issue]]:
    """The field's changes, oldest first."""
    entries = [(moment(each["created"]), item) for each in issue["changelog"]["histories"] for item in each["items"]]
    return sorted(((at, item) for at, item in entries if item["field"] == field), key=lambda change: change[0])


def was_open(issue: Issue, then: datetime, issues: list[Issue]) -> bool:
    """Whether a ticket that is done now was open, going by the first change of its status since."""
    later = [item for at, item in history(issue, "status") if at >= then]
    closed = {each["fields"]["status"]["name"] for each in issues if not is_open(each)}
    return bool(later) and later[0]["fromString"] not in closed


def waiting(issues: list[Issue]) -> dict[str, set[str]]:
    """Who waits for whom, by the two phrases that this Jira has for it."""
    waits: defaultdict[str, set[str]] = defaultdict(set)
    for issue in issues:
        for link in issue["fields"].get("issuelinks") or ():
            side = "inward" if "inwardIssue" in link else "outward"
            other, phrase = link[f"{side}Issue"]["id"], link["type"][side]
            if phrase == "depends on":
                waits[issue["id"]].add(other)
            elif phrase == "required by":
                waits[other].add(issue["id"])
    return waits


def open_blockers(ticket_id: str, waits: dict[str, set[str]], by_id: dict[str, Issue]) -> set[str]:
    return {each for each in waits.get(ticket_id, ()) if each in by_id and is_open(by_id[each])}


def ends(ticket_id: str, waits: dict[str, set[str]], by_id: dict[str, Issue]) -> set[str]:
    """The open tickets at the ends of the chains behind it."""
    blockers = open_blockers(ticket_id, waits, by_id)
    return {end for each in blockers for end in ends(each, waits, by_id)} if blockers else {ticket_id}


def held(root: str, waits: dict[str, set[str]], by_id: dict[str, Issue]) -> set[str]:
    """All open tickets that wait for the root, directly or not."""
    found: set[str] = set()
    while True:
        more = {
            each
            for each, issue in by_id.items()
            if is_open(issue) and each not in found and open_blockers(each, waits, by_id) & (found | {root})
        }
        if not more:
            return found
        found |= more


def waiting_since(ticket_id: str, waits: dict[str, set[str]], by_id: dict[str, Issue]) -> datetime | None:
    """When the first link to one of its open blockers was made, where the ticket's own history tells."""
    keys = {by_id[each]["key"] for each in open_blockers(ticket_id, waits, by_id)}
    made = [at for at, item in history(by_id[ticket_id], "Link") if item.get("to") in keys]
    return min(made, default=None)
