"""A tracker whose every byte the test chooses: raw issues served over `responses`, as each flavour pages them."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from interlock.domain.policy import Policy, Team, TeamMatch, Tickets
from interlock.trackers.jira import JiraTracker

URL = "https://jira.practice.example"
API = f"{URL}/rest/api/2"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Answer = tuple[int, dict[str, str], str]


class RawJira:
    """`issues` by id. `faults` gives, by the number of the search (from 1), what it answers instead;
    `unlisted` are holes in the search index."""

    def __init__(self, *, cloud: bool) -> None:
        self.cloud = cloud
        self.issues: dict[str, dict[str, Any]] = {}
        self.projects = {"DATA": "10", "ML": "11"}
        self.fields = [{"id": "customfield_10021", "name": "Flagged"}]
        self.faults: dict[int, Answer | Exception] = {}
        self.before_search: Callable[[int], None] = lambda _: None
        self.searches: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.unlisted: set[str] = set()
        self.issue_fault: Exception | None = None

    def add(self, key: str, *, minutes: int = 0, **fields: Any) -> dict[str, Any]:
        """An issue last changed so many minutes before NOW (after, when negative)."""
        project = key.split("-", maxsplit=1)[0]
        issue: dict[str, Any] = {
            "id": str(20_000 + len(self.issues)),
            "key": key,
            "fields": {
                "summary": f"Summary of {key}",
                "created": stamp(NOW - timedelta(days=30)),
                "updated": stamp(NOW - timedelta(minutes=minutes)),
                "project": {"id": self.projects[project], "key": project, "name": project},
                "status": {"id": "1", "name": "To Do", "statusCategory": {"key": "new"}},
                **fields,
            },
            "changelog": {"histories": [], "total": 0},
        }
        self.issues[issue["id"]] = issue
        return issue

    def find(self, key: str) -> dict[str, Any]:
        return next(issue for issue in self.issues.values() if issue["key"] == key)

    def touch(self, key: str, *, minutes: int = 0, **fields: Any) -> None:
        self.find(key)["fields"].update(updated=stamp(NOW - timedelta(minutes=minutes)), **fields)

    def serve(self, mocked: responses.RequestsMock) -> None:
        for path, answer in {
            r"/serverInfo": self._server,
            r"/myself": lambda _: ok({"name": "interlock", "key": "interlock", "displayName": "Interlock"}),
            r"/field": lambda _: ok(self.fields),
            r"/project/[^/]+": self._project,
            r"/project/[^/]+/versions": lambda _: ok([]),
            r"/issue/[^/]+": self._issue,
        }.items():
            mocked.add_callback("GET", re.compile(re.escape(API) + path + r"(\?.*)?$"), answer)
        mocked.add_callback("POST", f"{API}/search/jql" if self.cloud else f"{API}/search", self._search)

    def _server(self, _: requests.PreparedRequest) -> Answer:
        return ok({"deploymentType": "Cloud" if self.cloud else "Server", "serverTime": stamp(NOW)})

    def _project(self, request: requests.PreparedRequest) -> Answer:
        key = str(request.path_url).rsplit("/", maxsplit=1)[-1]
        if key not in self.projects:
            return 404, {}, json.dumps({"errorMessages": [f"No project could be found with key '{key}'."]})
        return ok({"id": self.projects[key], "key": key, "name": key})

    def _issue(self, request: requests.PreparedRequest) -> Answer:
        name = urlsplit(str(request.path_url)).path.rsplit("/", maxsplit=1)[-1]
        assert "changelog" in parse_qs(urlsplit(str(request.url)).query)["expand"]
        if self.issue_fault is not None:
            raise self.issue_fault
        self.asked.append(name)
        found = self.issues.get(name)
        return ok(found) if found else (404, {}, json.dumps({"errorMessages": ["Issue does not exist"]}))

    def _search(self, request: requests.PreparedRequest) -> Answer:
        query = json.loads(request.body or "{}")
        self.searches.append(query)
        self.before_search(len(self.searches))
        fault = self.faults.get(len(self.searches))
        if isinstance(fault, Exception):
            raise fault
        if fault is not None:
            return fault
        clock = "created" if "ORDER BY created" in query["jql"] else "updated"
        found = self._matching(query["jql"], clock)
        size = query["maxResults"]
        if not self.cloud:
            start = query["startAt"]
            return ok({"startAt": start, "total": len(found), "issues": found[start : start + size]})
        start = int(query.get("nextPageToken", "0"))
        answer: dict[str, Any] = {"issues": found[start : start + size], "isLast": start + size >= len(found)}
        return ok(answer if answer["isLast"] else answer | {"nextPageToken": str(start + size)})

    def _matching(self, jql: str, clock: str) -> list[dict[str, Any]]:
        named = re.search(r"project in \(([^)]*)\)", jql)
        assert named
        keys = {each.strip(' "') for each in named[1].split(",")}
        bound = re.search(rf"{clock} >= (\d+)", jql)
        floor = int(bound[1]) // 1000 if bound else 0
        found = [
            (int(datetime.fromisoformat(issue["fields"].get(clock, stamp(NOW))).timestamp()), number, issue)
            for number, issue in self.issues.items()
            if issue["key"].split("-", maxsplit=1)[0] in keys and number not in self.unlisted
        ]
        return [issue for second, _, issue in sorted(found, key=lambda each: each[:2]) if second >= floor]


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def ok(body: Any) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(body)


@pytest.fixture(params=["cloud", "data center"])
def jira(request: pytest.FixtureRequest) -> Iterator[RawJira]:
    """Each test runs against both flavours."""
    served = RawJira(cloud=request.param == "cloud")
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        served.serve(mocked)
        yield served


@pytest.fixture
def policy() -> Policy:
    return Policy(
        time_zone="UTC",
        calendar="uk",
        calendars={},
        tickets=Tickets(projects=("DATA", "ML")),
        teams={"data": Team(name="Data Engineering", match=TeamMatch(projects=("DATA",)))},
    )


@pytest.fixture
def tracker(jira: RawJira, policy: Policy) -> Iterator[JiraTracker]:
    email = "interlock@practice.example" if jira.cloud else None
    client = JiraTracker(URL, email, "practice-jira-token", policy.tickets, sleep=lambda _: None)
    yield client
    client.close()
