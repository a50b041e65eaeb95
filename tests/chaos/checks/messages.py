"""What was to be said was said once, or there is a reason that it was not."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from tests.chaos.record import MOMENT, Record

AT_NIGHT = "outside their working hours"


def nothing_is_said_twice(record: Record) -> Iterator[str]:
    for token, count in Counter(post.token for post in record.posts).items():
        row = next((each for each in record.tables["outbox"] if each["token"] == token), None)
        if token is None:
            yield f"{count} messages of the bot's carry no token"
        elif row is None:
            yield f"a message whose row is gone stands in Slack: {token}"
        elif count > 1:
            yield f"{row['key']} stands {count} times in {row['channel']}"


def what_is_recorded_as_sent_stands_in_slack(record: Record) -> Iterator[str]:
    standing = {post.token: post for post in record.posts}
    for row in record.tables["outbox"]:
        if row["coalesce"] is not None:
            continue
        post = standing.get(row["token"])
        if row["state"] == "sent" and (post is None or post.ts != row["message_ts"]):
            yield f"{row['key']} is recorded as sent, and is not there"
        elif row["state"] != "sent" and post is not None:
            yield f"{row['key']} stands in Slack, and is recorded as {row['state']} ({row['reason']})"


def nothing_waits_for_ever(record: Record) -> Iterator[str]:
    for row in record.tables["outbox"]:
        if row["state"] in {"pending", "sending"} and row["created_at"] < record.at_rest - MOMENT:
            if row["not_before"] < record.at_rest and row["reason"] != AT_NIGHT:
                yield f"{row['key']} is still {row['state']}"
        elif row["state"] in {"sent", "dropped", "parked"} and (row["owner"] or row["lease_until"]):
            yield f"{row['key']} is {row['state']} and still leased"
        if row["state"] in {"dropped", "parked"} and not row["reason"]:
            yield f"{row['key']} is {row['state']} without a reason"


def every_decision_is_told(record: Record) -> Iterator[str]:
    """A row for each event that somebody is to hear of, whatever became of the row."""
    for kind, name in TOLD.items():
        wanted = Counter(
            _subject(event, name) for event in record.events if event["kind"] == kind and not told_by_its_card(event)
        )
        rows = Counter(row["ids"].get(name) for row in record.tables["outbox"] if row["kind"] == ROWS.get(kind, kind))
        for subject in wanted:
            if rows[subject] != wanted[subject]:
                yield f"{kind} of {subject} happened {wanted[subject]} times and is told {rows[subject]} times"
    parked = [row for row in record.tables["outbox"] if row["state"] == "parked" and row["kind"] != "relay.parked"]
    if parked and not any(row["kind"] == "relay.parked" for row in record.tables["outbox"]):
        yield f"{parked[0]['key']} is parked, and nobody is told"


TOLD = {
    "release.created": "release_id",
    "signoff.requested": "card_id",
    "signoff.rejected": "slack_id",
    "signoff.voided": "signoff_id",
    "booking.granted": "booking_id",
    "release.moved": "release_id",
    "release.held": "release_id",
    "release.resumed": "release_id",
    "waiver.asked": "waiver_id",
}
"""The events that somebody hears of by a message of their own, and what in the row's ids names their subject."""
ROWS = {"signoff.requested": "signoff.card", "signoff.voided": "signoff.void", "waiver.asked": "waiver.card"}


def told_by_its_card(event: dict[str, Any]) -> bool:
    """A release that begins because its sign-offs are asked for."""
    return event["kind"] == "release.moved" and "card" in event["facts"]


def _subject(event: dict[str, Any], name: str) -> Any:
    if name == "release_id":
        return event["release_id"]
    if name == "slack_id":
        return event["who"]["actor"]
    return event["facts"][name.removesuffix("_id")]


CHECKS: tuple[Callable[[Record], Iterator[str]], ...] = (
    nothing_is_said_twice,
    what_is_recorded_as_sent_stands_in_slack,
    nothing_waits_for_ever,
    every_decision_is_told,
)
