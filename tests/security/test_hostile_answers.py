"""Answers that unpack to gigabytes, and JSON that no parser or no database takes."""

import copy
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.policy import Tickets
from interlock.store.engine import Store
from interlock.trackers import http, webhook
from interlock.trackers.errors import TrackerError
from interlock.trackers.fields import FieldIds
from interlock.trackers.http import JiraHttp
from interlock.trackers.mapping import Mapper
from interlock.usecases import webhook as usecase
from tests.builders import NOW, POLICY

URL = "https://jira.practice.example"


def bomb(size: int, layers: int = 1) -> bytes:
    """So many zeros, packed."""
    packed = b"\0" * size
    for _ in range(layers):
        packed = gzip.compress(packed)
    return packed


@pytest.mark.parametrize(("encoding", "layers"), [("gzip", 1), ("gzip, gzip", 2)])
def test_a_small_answer_that_unpacks_to_a_large_one_is_cut_off(
    encoding: str, layers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 1024 * 1024)
    jira = JiraHttp(URL, None, "practice-jira-token", sleep=lambda _: None)
    with responses.RequestsMock() as mocked:
        mocked.get(f"{URL}/x", body=bomb(50 * 1024 * 1024, layers), headers={"Content-Encoding": encoding})
        with pytest.raises(TrackerError, match="cut off after") as refused:
            jira.get("/x")
    jira.close()
    cut = re.search(r"cut off after (\d+) bytes", str(refused.value))
    assert cut
    assert int(cut[1]) < 3 * 1024 * 1024
    assert refused.value.permanent


@pytest.mark.parametrize("body", [b"\x1f\x8b\x08broken", zlib.compress(b"{}")[:4], b"plain"])
def test_an_answer_that_is_packed_wrongly_is_an_error(body: bytes) -> None:
    jira = JiraHttp(URL, None, "practice-jira-token", sleep=lambda _: None)
    with responses.RequestsMock() as mocked:
        mocked.get(f"{URL}/x", body=body, headers={"Content-Encoding": "gzip"})
        with pytest.raises(TrackerError):
            jira.get("/x")
    jira.close()


@pytest.mark.parametrize("body", [b"[" * 1_000_000, b'{"a":' * 200_000, b"9" * 100_000, b"\xff\xfe", b'{"a": 1'])
def test_an_answer_that_no_parser_takes_is_an_error(body: bytes) -> None:
    jira = JiraHttp(URL, None, "practice-jira-token", sleep=lambda _: None)
    with responses.RequestsMock() as mocked:
        mocked.get(f"{URL}/x", body=body)
        with pytest.raises(TrackerError, match="not JSON"):
            jira.get("/x")
    jira.close()


ISSUE: dict[str, Any] = {
    "id": "10001",
    "key": "DATA-1",
    "fields": {
        "summary": "Schema registry upgrade",
        "issuetype": {"id": "1", "name": "Story"},
        "project": {"id": "10000", "key": "DATA"},
        "status": {"id": "3", "name": "In Progress", "statusCategory": {"key": "indeterminate"}},
        "assignee": {"accountId": "acc-ravi", "displayName": "Ravi Menon-Hale"},
        "reporter": {"accountId": "acc-ana", "displayName": "Ana Whitlock"},
        "priority": {"id": "2", "name": "High"},
        "labels": ["schema"],
        "components": [{"id": "1", "name": "Streaming"}],
        "fixVersions": [{"id": "10100", "name": "2026.12"}],
        "created": "2026-11-01T09:00:00.000+0000",
        "updated": "2026-11-20T09:00:00.000+0000",
        "resolutiondate": None,
        "duedate": "2026-12-04",
        "security": None,
        "resolution": None,
        "subtasks": [],
        "issuelinks": [],
        "customfield_10016": 5,
    },
}
NASTY = (
    "NaN",
    "-Infinity",
    "1e400",
    "-1",
    "0.1",
    "9" * 4000,
    '"\\ud800"',
    '"\\u0000"',
    f'"{"x" * 100_000}"',
    "[" * 900 + "]" * 900,
    '{"a":' * 400 + "1" + "}" * 400,
    '"0001-01-01T00:00:00+1400"',
    '"9999-12-31T23:59:59-1400"',
    "[null, [], {}, 1]",
    "true",
)
"""JSON, or what Python takes for it."""


def paths(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from paths(each, (*path, key))


def planted(path: tuple[Any, ...], text: str, ident: int) -> bytes:
    """The body that tells of a ticket of this id, with the text in the path's place."""
    issue = ISSUE | {"id": str(ident), "key": f"DATA-{ident}"}
    told = copy.deepcopy({"webhookEvent": "jira:issue_updated", "timestamp": 1764000000000, "issue": issue})
    place: Any = told
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = "PLANTED"
    return json.dumps(told).replace('"PLANTED"', text).encode()


def test_whatever_stands_in_a_delivery_is_kept_or_refused(store: Store) -> None:
    """On each database: neither takes half a character, and PostgreSQL no NUL and no number beyond its columns."""
    ids = FieldIds(story_points=("customfield_10016",))
    mapper = Mapper(Tickets(projects=("DATA",)), ids, cloud=True)
    kept = 0
    places = list(paths({"timestamp": 1, "issue": ISSUE}))
    for number, path in enumerate(places):
        # Each place with three of them, each of them in many places.
        for step in (0, 5, 10):
            nasty = NASTY[(number + step) % len(NASTY)]
            try:
                event = webhook.parse(planted(path, nasty, 100 * number + step), mapper)
            except TrackerError:
                continue
            delivered = usecase.take(store, POLICY, event, f"{path} {nasty[:20]}", NOW)
            kept += delivered.outcome is usecase.Outcome.KEPT
    assert kept > 50


@given(
    st.recursive(
        st.floats() | st.integers() | st.text(st.characters(exclude_categories=())) | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(ISSUE["fields"])), inner),
        max_leaves=8,
    )
)
def test_no_fields_break_the_reading(fields: object) -> None:
    mapper = Mapper(Tickets(projects=("DATA",)), FieldIds(), cloud=True)
    body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": "1", "key": "DATA-1", "fields": fields}})
    webhook.parse(body.encode(), mapper)
