"""What Jira pushes, recorded and forged."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.policy import Tickets
from interlock.domain.ticket import Field
from interlock.trackers import webhook
from interlock.trackers.errors import TrackerError
from interlock.trackers.fields import FieldIds
from interlock.trackers.mapping import Mapper
from interlock.trackers.webhook import Kind

SECRET = "practice-webhook-secret"


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


class TestSignature:
    def test_the_right_one(self) -> None:
        assert webhook.verify(b"{}", signature(b"{}"), SECRET)
        assert webhook.verify(b"{}", signature(b"{}").upper(), SECRET)

    def test_atlassian_s_own_example(self) -> None:
        """Source: developer.atlassian.com, "Secure your webhooks"."""
        header = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
        assert webhook.verify(b"Hello World!", header, "It's a Secret to Everybody")

    @pytest.mark.parametrize(
        "header",
        [None, "", "sha256=", "sha256=00", "sha1=" + "0" * 40, signature(b"{ }"), "sha256=\u00e9\udcff", "sha256"],
    )
    def test_any_other(self, header: str | None) -> None:
        assert not webhook.verify(b"{}", header, SECRET)

    def test_without_a_secret_nothing_is_trusted(self) -> None:
        empty = "sha256=" + hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
        assert not webhook.verify(b"{}", empty, "")


RECORDED = {
    "version_released_putit": Kind.VERSION_CHANGED,
    "webhook-issue-deleted": Kind.TICKET_DELETED,
}


@pytest.fixture
def mapper(settings: Tickets) -> Mapper:
    """Of a site without custom fields: whole bodies then tell all that is wanted."""
    return Mapper(settings, FieldIds(), cloud=True)


def test_every_recorded_body_is_understood(recorded: Path, mapper: Mapper) -> None:
    files = sorted((recorded / "webhooks").glob("*.json"))
    assert len(files) == 32
    for file in files:
        told = json.loads(file.read_text(encoding="utf-8"))
        event = webhook.parse(file.read_bytes(), mapper)
        assert event.kind is RECORDED.get(file.stem, Kind.TICKET_CHANGED), file.name
        assert event.at is not None
        if "issue" in told:
            assert event.ticket_ids == (told["issue"]["id"],)
            missing = set(mapper.fields.wanted) - {"parent"} - set(told["issue"]["fields"])
            assert (event.reading is None) == (event.kind is Kind.TICKET_DELETED or bool(missing))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("webhook-issue-updated-resolved", [(Field.STATUS, "3", "10002")]),
        ("webhook-issue-updated-assigned", [(Field.ASSIGNEE, None, "uaea93e3b")]),
        (
            "webhook-issue-updated-multiple-values",
            [(Field.FIX_VERSION, "10000", "10001"), (Field.ASSIGNEE, None, "e33334160213868dcfa29779")],
        ),
        ("webhook-issue-updated-rank", []),
    ],
)
def test_an_event_brings_its_changes(recorded: Path, mapper: Mapper, name: str, changes: list[Any]) -> None:
    event = webhook.parse((recorded / "webhooks" / f"{name}.json").read_bytes(), mapper)
    assert event.reading is not None
    ticket = event.reading.ticket
    assert [(change.field, change.before, change.after) for change in ticket.changes] == changes
    assert not ticket.changes_complete


@pytest.mark.parametrize(
    "name",
    [
        "webhook-issue-assigned-empty-changelog",  # tells four fields
        "webhook-issue-updated-assigned-on-server",  # no security field: restricted or not is unknown
    ],
)
def test_a_body_that_leaves_something_out_is_not_taken_for_the_ticket(
    recorded: Path, mapper: Mapper, name: str
) -> None:
    event = webhook.parse((recorded / "webhooks" / f"{name}.json").read_bytes(), mapper)
    assert event.reading is None
    assert event.ticket_ids


def test_a_security_level_is_seen(recorded: Path, mapper: Mapper) -> None:
    body = (recorded / "webhooks/webhook-issue-created-with-security-level.json").read_bytes()
    event = webhook.parse(body, mapper)
    assert event.reading is not None
    assert event.reading.ticket.restricted


def test_a_version_is_read(recorded: Path, mapper: Mapper) -> None:
    event = webhook.parse((recorded / "webhooks/version_released_putit.json").read_bytes(), mapper)
    assert event.version is not None
    assert (event.version.id, event.version.project_id, event.version.released) == ("10000", "10002", True)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"webhookEvent": "comment_created", "comment": {"body": "secret"}, "issue": {"id": "1", "key": "A-1"}},
        {"webhookEvent": "jira:version_deleted", "version": {"id": "1", "projectId": 1}},
        {"webhookEvent": "jira:version_released", "version": {"name": "x"}},
        {"webhookEvent": "jira:issue_updated"},
        {"webhookEvent": "sprint_started"},
    ],
)
def test_what_changes_no_ticket_and_no_version_is_ignored(mapper: Mapper, told: dict[str, Any]) -> None:
    assert webhook.parse(json.dumps(told).encode(), mapper).kind is Kind.IGNORED


def test_a_link_is_told_of_both_its_ends(mapper: Mapper) -> None:
    """Source: developer.atlassian.com, Webhooks, "issuelink_created"."""
    link = {"id": 1, "sourceIssueId": 10101, "destinationIssueId": 10102, "issueLinkType": {"name": "Blocks"}}
    event = webhook.parse(json.dumps({"webhookEvent": "issuelink_created", "issueLink": link}).encode(), mapper)
    assert (event.kind, event.ticket_ids, event.reading) == (Kind.TICKET_CHANGED, ("10101", "10102"), None)


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(mapper: Mapper, body: bytes) -> None:
    with pytest.raises(TrackerError, match="webhook"):
        webhook.parse(body, mapper)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "key", "fields"]), inner),
    max_leaves=6,
)


@given(
    told=st.fixed_dictionaries(
        {
            "webhookEvent": st.sampled_from(
                ["issuelink_created", "jira:issue_updated", "jira:issue_deleted", "jira:version_created"]
            )
        },
        optional=dict.fromkeys(("issue", "issueLink", "version", "changelog", "timestamp", "user"), json_values),
    )
)
def test_odd_bodies_raise_nothing(told: dict[str, Any]) -> None:
    mapper = Mapper(Tickets(projects=("DATA",)), FieldIds(), cloud=True)
    webhook.parse(json.dumps(told).encode(), mapper)
