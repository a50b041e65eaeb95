"""Deliveries from the tracker: signed, once, in any order."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sqlmodel import col, select

from interlock.domain.policy import Policy
from interlock.jobs import sync as sync_job
from interlock.jobs import webhook as job
from interlock.jobs.webhook import Receipt
from interlock.store.engine import Store
from interlock.store.ticket import TicketChangeRow, TicketLinkRow, TicketRow, VersionRow
from interlock.trackers.fields import FieldIds
from interlock.trackers.jira import JiraTracker

if TYPE_CHECKING:
    from tests.jobs.conftest import RawJira

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET = "practice-webhook-secret"
# Jira tells an empty field as null; a body that leaves one out is another matter.
EMPTY = dict.fromkeys(FieldIds(flagged=("customfield_10021",)).wanted)


class Door:
    """Where Jira knocks."""

    def __init__(self, store: Store, policy: Policy, tracker: JiraTracker) -> None:
        self._rest = (store, policy, tracker)
        self._count = 0

    def knock(self, told: object, *, identifier: str | None = "", at: datetime = NOW, secret: str = SECRET) -> Receipt:
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        self._count += 1
        return job.receive(
            *self._rest,
            lambda: at,
            body=body,
            signature="sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
            identifier=f"delivery-{self._count}" if identifier == "" else identifier,
            secrets=[SECRET],
        )


@pytest.fixture
def door(store: Store, policy: Policy, tracker: JiraTracker) -> Door:
    return Door(store, policy, tracker)


def updated(
    issue: dict[str, Any], *, minutes: int = 1, items: list[dict[str, Any]] | None = None, **fields: Any
) -> Any:
    """A whole body of an issue that changed so many minutes after NOW."""
    moment = NOW + timedelta(minutes=minutes)
    whole = EMPTY | issue["fields"] | {"updated": moment.isoformat(timespec="milliseconds")} | fields
    return {
        "timestamp": int(moment.timestamp() * 1000),
        "webhookEvent": "jira:issue_updated",
        "user": {"accountId": "acc-ana", "displayName": "Ana"},
        "issue": {"id": issue["id"], "key": issue["key"], "fields": whole},
        "changelog": {"id": str(7000 + minutes), "items": items or []},
    }


def deleted(issue: dict[str, Any]) -> Any:
    return updated(issue) | {"webhookEvent": "jira:issue_deleted"}


@pytest.fixture
def issue(store: Store, policy: Policy, tracker: JiraTracker, jira: "RawJira") -> dict[str, Any]:
    """One ticket, mirrored."""
    found = jira.add("DATA-1")
    sync_job.run(store, policy, tracker, lambda: NOW)
    jira.asked.clear()
    return found


def ticket(store: Store) -> TicketRow:
    with store.read() as session:
        return session.exec(select(TicketRow)).one()


def changes(store: Store) -> list[tuple[str, bool]]:
    with store.read() as session:
        return [(row.field, row.observed) for row in session.exec(select(TicketChangeRow))]


STARTED = {"id": "3", "name": "In Progress", "statusCategory": {"key": "indeterminate"}}
START = {"field": "status", "fieldId": "status", "from": "1", "to": "3"}


def test_a_change_is_taken_over_without_asking(
    door: Door, store: Store, jira: "RawJira", issue: dict[str, Any]
) -> None:
    assert door.knock(updated(issue, status=STARTED, items=[START])) is Receipt.TAKEN
    assert ticket(store).status == "In Progress"
    assert changes(store) == [("status", False)]
    assert ticket(store).changes_complete  # the delivery told all that differs
    assert jira.asked == []


def test_a_difference_that_no_delivery_told_is_noted_as_seen(door: Door, store: Store, issue: dict[str, Any]) -> None:
    door.knock(updated(issue, status=STARTED))
    assert changes(store) == [("status", True)]
    assert not ticket(store).changes_complete


def test_the_same_delivery_twice_is_one(door: Door, store: Store, issue: dict[str, Any]) -> None:
    door.knock(updated(issue, minutes=1, summary="first"), identifier="same")
    assert door.knock(updated(issue, minutes=2, summary="second"), identifier="same") is Receipt.TAKEN
    assert ticket(store).summary == "first"


def test_an_older_one_that_comes_later_overwrites_nothing(door: Door, store: Store, issue: dict[str, Any]) -> None:
    door.knock(updated(issue, minutes=5, summary="newer"))
    door.knock(updated(issue, minutes=1, summary="older", items=[START]))
    assert ticket(store).summary == "newer"
    assert changes(store) == [("status", False)]  # its history counts all the same


def test_a_deleted_ticket_is_gone_and_a_late_change_does_not_bring_it_back(
    door: Door, store: Store, issue: dict[str, Any]
) -> None:
    door.knock(deleted(issue), at=NOW + timedelta(minutes=3))
    door.knock(updated(issue, minutes=9), at=NOW + timedelta(minutes=10))
    assert ticket(store).deleted_at == NOW + timedelta(minutes=3)
    assert ticket(store).summary == "Summary of DATA-1"


def test_a_new_ticket_is_taken(door: Door, store: Store, jira: "RawJira") -> None:
    created = updated(jira.add("DATA-2")) | {"webhookEvent": "jira:issue_created"}
    assert door.knock(created) is Receipt.TAKEN
    assert ticket(store).key == "DATA-2"


def test_what_a_body_leaves_out_is_asked_for(door: Door, store: Store, jira: "RawJira", issue: dict[str, Any]) -> None:
    jira.touch("DATA-1", minutes=-1, security={"name": "Legal"})
    short = updated(issue, summary="short")
    del short["issue"]["fields"]["security"]
    assert door.knock(short) is Receipt.TAKEN
    assert jira.asked == [issue["id"]]
    assert (ticket(store).security_level, ticket(store).summary) == ("Legal", "Summary of DATA-1")


def test_a_tracker_that_cannot_be_asked_lets_jira_come_again(
    door: Door, store: Store, jira: "RawJira", issue: dict[str, Any]
) -> None:
    short = {"webhookEvent": "jira:issue_updated", "issue": {"id": issue["id"], "key": "DATA-1"}}
    jira.issue_fault = requests.exceptions.ReadTimeout()
    assert door.knock(short, identifier="again") is Receipt.LATER
    jira.issue_fault = None
    jira.touch("DATA-1", minutes=-1, summary="now")
    assert door.knock(short, identifier="again") is Receipt.TAKEN
    assert ticket(store).summary == "now"
    jira.asked.clear()
    assert door.knock(short, identifier="again") is Receipt.TAKEN
    assert jira.asked == []


def test_a_ticket_that_the_tracker_no_longer_shows_is_gone(
    door: Door, store: Store, jira: "RawJira", issue: dict[str, Any]
) -> None:
    del jira.issues[issue["id"]]
    door.knock({"webhookEvent": "jira:issue_updated", "issue": {"id": issue["id"], "key": "DATA-1"}})
    assert ticket(store).deleted_at == NOW


@pytest.mark.parametrize("whole", [True, False])
def test_other_projects_are_none_of_our_business(door: Door, store: Store, jira: "RawJira", *, whole: bool) -> None:
    jira.projects["SECRET"] = "99"
    body = updated(jira.add("SECRET-1"))
    if not whole:
        del body["issue"]["fields"]["security"]
    assert door.knock(body) is Receipt.TAKEN
    with store.read() as session:
        assert session.exec(select(TicketRow)).all() == []


def test_a_ticket_that_moved_away_is_gone(door: Door, store: Store, jira: "RawJira", issue: dict[str, Any]) -> None:
    moved = updated(issue, project={"id": "99", "key": "SECRET", "name": "Secret"})
    moved["issue"]["key"] = "SECRET-1"
    jira.projects["SECRET"] = "99"
    jira.issues[issue["id"]] = moved["issue"] | {"changelog": issue["changelog"]}
    door.knock(moved)
    assert ticket(store).deleted_at == NOW


def test_one_that_moved_away_and_back_is_not_gone_for_a_late_delivery(
    door: Door, store: Store, jira: "RawJira", issue: dict[str, Any]
) -> None:
    moved = updated(issue, project={"id": "99", "key": "SECRET", "name": "Secret"})
    moved["issue"]["key"] = "SECRET-1"
    door.knock(moved)
    assert ticket(store).deleted_at is None
    assert jira.asked == [issue["id"]]


def test_a_new_link_brings_both_its_ends(door: Door, store: Store, jira: "RawJira", issue: dict[str, Any]) -> None:
    kind = {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"}
    other = jira.add("ML-7", issuelinks=[{"type": kind, "outwardIssue": {"id": issue["id"], "key": "DATA-1"}}])
    jira.touch("DATA-1", issuelinks=[{"type": kind, "inwardIssue": {"id": other["id"], "key": "ML-7"}}])
    link = {"sourceIssueId": int(other["id"]), "destinationIssueId": int(issue["id"])}
    door.knock({"webhookEvent": "issuelink_created", "issueLink": link})
    with store.read() as session:
        rows = session.exec(select(TicketLinkRow).order_by(col(TicketLinkRow.relation)))
        assert [(row.relation, row.other_key) for row in rows] == [("blocked_by", "ML-7"), ("blocks", "DATA-1")]


def test_versions_of_our_projects_are_renamed(door: Door, store: Store, jira: "RawJira", issue: dict[str, Any]) -> None:
    for project, name in ((10, "2026.12"), (99, "not ours")):
        version = {"id": str(project), "projectId": project, "name": name, "released": True}
        assert door.knock({"webhookEvent": "jira:version_released", "version": version}) is Receipt.TAKEN
    with store.read() as session:
        assert [(row.name, row.released) for row in session.exec(select(VersionRow))] == [("2026.12", True)]


def test_a_forged_one_is_refused(door: Door, store: Store, issue: dict[str, Any]) -> None:
    assert door.knock(updated(issue, summary="forged"), secret="guessed") is Receipt.FORGED
    assert ticket(store).summary == "Summary of DATA-1"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null"])
def test_one_that_is_no_object_is_refused(door: Door, issue: dict[str, Any], body: bytes) -> None:
    assert door.knock(body) is Receipt.UNREADABLE


def test_comments_are_ignored(door: Door, store: Store, issue: dict[str, Any]) -> None:
    assert door.knock({"webhookEvent": "comment_created", "comment": {"body": "secret"}}) is Receipt.TAKEN


def test_without_an_identifier_the_body_stands_for_it(door: Door, store: Store, issue: dict[str, Any]) -> None:
    body = updated(issue, summary="once")
    assert door.knock(body, identifier=None) is Receipt.TAKEN
    assert door.knock(body, identifier=None) is Receipt.TAKEN
    assert ticket(store).summary == "once"


@pytest.mark.parametrize("restored", [False, True], ids=["gone", "restored"])
def test_a_late_delivery_of_a_ticket_that_was_deleted_before_it_was_known_asks_jira(
    door: Door, store: Store, jira: "RawJira", issue: dict[str, Any], *, restored: bool
) -> None:
    unknown = jira.add("DATA-2")
    if not restored:
        del jira.issues[unknown["id"]]
    assert door.knock(deleted(unknown)) is Receipt.TAKEN
    assert jira.asked == []
    assert door.knock(updated(unknown)) is Receipt.TAKEN
    with store.read() as session:
        keys = session.exec(select(TicketRow.key).where(col(TicketRow.deleted_at).is_(None))).all()
    assert sorted(keys) == ([issue["key"], "DATA-2"] if restored else [issue["key"]])
    assert jira.asked != []
