"""A ticket's comments, as proofs of whose an account is."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import responses
from responses import matchers

from interlock.domain.policy import Tickets
from interlock.trackers.errors import TrackerError
from interlock.trackers.jira import JiraTracker

URL = "https://jira.practice.example"
COMMENTS = f"{URL}/rest/api/2/issue/DATA-214/comment"


@pytest.fixture
def tracker(settings: Tickets) -> Iterator[JiraTracker]:
    asked = JiraTracker(URL, None, "practice-jira-token", settings, sleep=lambda _: None)
    yield asked
    asked.close()


def serve(start: int, body: Any) -> None:
    query = {"startAt": start, "maxResults": 100, "orderBy": "-created"}
    responses.get(COMMENTS, json=body, match=[matchers.query_param_matcher(query)])


@responses.activate
def test_recorded_comments_of_cloud(tracker: JiraTracker, recorded: Path) -> None:
    body = json.loads((recorded / "rest_exact/go-atlassian/jira__v3__get-issue-comments-v2.json").read_text())
    serve(0, body)
    found = tracker.comments("DATA-214")
    assert len(found) == len(body["comments"])
    assert found[0].author.id == found[0].edited_by == "0c929ad88a944a8859270a57"
    assert found[0].names == {"0c929ad88a944a8859270a57", "Person 0c929a", "c26c5f96d9@example.org"}
    assert (found[0].text, found[0].created) == ("adasd", datetime(2021, 2, 27, 20, 33, 21, 51_000, tzinfo=UTC))


@responses.activate
def test_recorded_comments_of_a_server(tracker: JiraTracker, recorded: Path) -> None:
    serve(0, json.loads((recorded / "rest_exact/jira-ruby/issue__10002__comment.json").read_text()))
    first = tracker.comments("DATA-214")[0]
    assert (first.author.id, first.edited_by) == ("u6d45f9df", "u6d45f9df")
    assert first.created == datetime(2012, 1, 10, 21, 2, 14, 430_000, tzinfo=UTC)


@responses.activate
def test_pages_are_read_to_the_last_and_what_nobody_wrote_is_left_out(tracker: JiraTracker) -> None:
    one = {"author": {"key": "JIRAUSER7", "name": "nia"}, "created": "2026-11-23T09:00:00.000+0000", "body": "x"}
    serve(0, {"total": 102, "comments": [one] * 100})
    serve(100, {"total": 102, "comments": [one, {"body": "nobody's"}]})
    found = tracker.comments("DATA-214")
    assert len(found) == 101
    assert (found[0].author.id, found[0].edited_by) == ("JIRAUSER7", None)
    assert found[0].names == {"JIRAUSER7", "nia"}


@responses.activate
def test_a_tracker_that_forgets_to_end_is_left(tracker: JiraTracker) -> None:
    one = {"author": {"name": "nia"}, "created": "2026-11-23T09:00:00.000+0000", "body": "x"}
    responses.get(COMMENTS, json={"comments": [one] * 100})
    assert len(tracker.comments("DATA-214")) == 1000


@pytest.mark.parametrize("name", ["", "../myself", "DATA-1/..", "DATA"])
def test_no_other_path_is_reached_through_a_key(tracker: JiraTracker, name: str) -> None:
    with pytest.raises(TrackerError, match="no ticket's key"):
        tracker.comments(name)
