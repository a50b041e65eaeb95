"""What was to happen at a time: slots, hours, the mirror; and what must be in no log."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.chaos.record import MOMENT, Record

LONDON = ZoneInfo("Europe/London")
HOURS = {
    "payments": (LONDON, time(9), time(17, 30)),
    "data": (LONDON, time(9), time(17, 30)),
    "ml": (ZoneInfo("Europe/Dublin"), time(9), time(17, 30)),
    "infra": (ZoneInfo("Asia/Tokyo"), time(9, 30), time(18)),
    "meridian": (ZoneInfo("Europe/Stockholm"), time(8, 30), time(17)),
    None: (LONDON, time(9), time(17, 30)),
}
"""When somebody of the team may be pinged: config/interlock.yaml."""
MIRRORED = ("PAY-", "DATA-", "ML-", "INFRA-", "MER-")
EVERY = {"sync": 1, "groups": 2, "blocker-escalation": 1, "booking-reminders": 1, "gonogo": 1}
SECRETS = (
    "practice-bot",
    "xapp-practice-app",
    "practice-jira-token",
    "practice-webhook-secret",
    "cHJhY3RpY2UtZXZpZGVuY2Uta2V5LW5vdC1zZWNyZXQ",
    "practice-signing-secret",
    "canary-",
)


def no_slot_is_left_open(record: Record) -> Iterator[str]:
    for row in record.tables["slot"]:
        stopped = row["detail"] == "Stopped half-way."
        if (
            row["outcome"] is None
            and not stopped
            and row["due_at"] <= record.at_rest
            and row["started_at"] < record.at_rest - MOMENT
        ):
            yield f"{row['job']} of {row['due_at']} has no outcome"


def no_slot_is_missed(record: Record) -> Iterator[str]:
    for job, minutes in EVERY.items():
        begins = datetime.fromtimestamp(record.timeline["begins"], UTC)
        rows = [row for row in record.tables["slot"] if row["job"] == job and row["due_at"] >= begins]
        for one, other in pairwise(rows):
            gap = (other["due_at"] - one["due_at"]) // timedelta(minutes=minutes)
            if gap > 1 and other["outcome"] != "skipped":
                yield f"{job} knows nothing of {gap - 1} slots before {other['due_at']}"


def no_slot_is_run_twice_at_once(record: Record) -> Iterator[str]:
    """By the bots' own word: each attempt at a slot begins once."""
    begun = Counter[tuple[Any, ...]]()
    for line in record.log.splitlines():
        if line.startswith("{") and '"job.begun"' in line and line.endswith("}"):  # a killed one's last may be half
            told = json.loads(line)
            begun[told["job"], told["due_at"], told["attempt"]] += 1
    stopped = {(row["job"], str(row["due_at"])) for row in record.tables["slot"]}
    for key, count in begun.items():
        if count > 1 and key[:2] in stopped and not _given_back(record, key):
            yield f"{key} began {count} times"


def _given_back(record: Record, key: tuple[Any, ...]) -> bool:
    """An attempt that was stopped in good order counts as none, and its number is given again."""
    return any('"job.stopped"' in line and key[0] in line and str(key[1]) in line for line in record.log.splitlines())


def each_digest_is_posted_once_a_day(record: Record) -> Iterator[str]:
    at = time.fromisoformat(record.timeline["plan"]["day"]["digest"])
    begins, ends = datetime.fromtimestamp(record.timeline["begins"], UTC), record.at_rest - MOMENT
    days = {moment.astimezone(LONDON).date() for moment in (begins, ends)}
    expected = {due for day in days if begins + MOMENT <= (due := _instant(day, at)) <= ends}
    for release in record.tables["release"]:
        job = f"daily-digest:{release['channel_id']}"
        slots = {
            row["due_at"]: row for row in record.tables["slot"] if row["job"] == job and row["outcome"] != "skipped"
        }
        # A job that was never seen before begins with its next slot, and says so; twice where a clock is put back.
        began = [
            row for row in record.tables["slot"] if row["job"] == job and (row["detail"] or "").startswith("Begins")
        ]
        known = max((row["due_at"] for row in began), default=ends)
        for due in {each for each in expected if each > known} - set(slots):
            yield f"{job} did not run at {due}"
        for due in set(slots) - {_instant(due.astimezone(LONDON).date(), at) for due in slots}:
            yield f"{job} ran at {due}, which is not its time"
        digests = Counter(
            row["ids"]["slot"]
            for row in record.tables["outbox"]
            if row["kind"] == "digest" and row["ids"]["release_id"] == release["id"]
        )
        for due, row in slots.items():
            posts = sum(count for slot, count in digests.items() if slot == f"{job}@{due:%Y-%m-%dT%H:%M:%S.%fZ}")
            late = row["started_at"] is None or release["created_at"] > row["started_at"] - MOMENT
            if row["outcome"] == "done" and not late and posts != 1 and release["channel_id"] != "C0RELPAYMENTS":
                yield f"{job} of {due} made {posts} posts about {release['name']}"


def nobody_is_pinged_outside_their_hours(record: Record) -> Iterator[str]:
    if "step" in record.timeline["struck"]:
        return  # the bots had the wrong time, and could not know
    teams = {row["id"]: row["team_key"] for row in record.tables["ticket"]}
    tickets = {row["id"]: row["ticket_id"] for row in record.tables["blocker"]}
    posts = {post.token: post for post in record.posts}
    for row in record.tables["outbox"]:
        post = posts.get(row["token"])
        if row["kind"] != "blocker.ping" or post is None:
            continue
        zone, opens, closes = HOURS[teams.get(tickets[row["ids"]["blocker_id"]])]
        local = post.at.astimezone(zone)
        # What was found to be in time may take a moment to be sent.
        is_open = local.weekday() < 5 and opens <= local.time() and (local - MOMENT).time() <= closes
        if not is_open:
            yield f"{row['key']} reached {row['channel']} at {local:%a %H:%M} their time"


def nothing_is_sent_after_its_time(record: Record) -> Iterator[str]:
    posts = {post.token: post for post in record.posts}
    for row in record.tables["outbox"]:
        post = posts.get(row["token"])
        at = post.at if post else row["sent_at"]
        if row["state"] == "sent" and at and "step" not in record.timeline["struck"] and at > row["not_after"] + MOMENT:
            yield f"{row['key']} was sent at {at}, and was of use until {row['not_after']}"


def slack_need_not_ask_to_slow_down(record: Record) -> Iterator[str]:
    """But where a fault on order does: its limits are known, and kept by all replicas together."""
    paced = {"chat.postMessage", "chat.update"}
    asked = sum(1 for call in record.requests if call["method"] in paced and call["outcome"] == "ratelimited")
    if asked > 2:
        yield f"{asked} times"


def the_mirror_is_what_jira_has(record: Record) -> Iterator[str]:
    mirrored = {row["id"]: row for row in record.tables["ticket"]}
    names = {row["id"]: row["name"] for row in record.tables["version"]}
    versions: dict[str, list[str]] = {}
    for row in record.tables["ticket_version"]:
        versions.setdefault(row["ticket_id"], []).append(names[row["version_id"]])
    for ticket in record.jira:
        if not ticket["key"].startswith(MIRRORED):
            continue
        row = mirrored.get(ticket["id"], {})
        title = row.get("summary", "") if ticket["summary"].startswith("Reworded") else ticket["summary"]
        ours = (row.get("key"), title, row.get("status"), row.get("assignee_id"))
        theirs = (ticket["key"], ticket["summary"], ticket["status"], ticket["assignee"])
        if ours != theirs or sorted(versions.get(ticket["id"], ())) != ticket["versions"]:
            found = versions.get(ticket["id"])
            yield f"{ticket['key']} is {theirs[2:]} {ticket['versions']}, mirrored as {ours[2:]} {found}"


def logs_tell_no_secrets(record: Record) -> Iterator[str]:
    for secret in SECRETS:
        line = next((each for each in record.log.splitlines() if secret in each), None)
        if line is not None:
            where = line.index(secret)
            yield f"{secret} in …{line[max(0, where - 100) : where + 40]}…"


def _instant(day: date, at: time) -> datetime:
    """The first moment of that day at which London's clocks show this time, or a later one where they skip it."""
    moment = datetime.combine(day, time(), LONDON).astimezone(UTC)
    while moment.astimezone(LONDON).time() < at:
        moment += timedelta(minutes=1)
    return moment


CHECKS: tuple[Callable[[Record], Iterator[str]], ...] = (
    no_slot_is_left_open,
    no_slot_is_missed,
    no_slot_is_run_twice_at_once,
    each_digest_is_posted_once_a_day,
    nobody_is_pinged_outside_their_hours,
    nothing_is_sent_after_its_time,
    slack_need_not_ask_to_slow_down,
    the_mirror_is_what_jira_has,
    logs_tell_no_secrets,
)
