"""Each vote of a roll-call is there once, of somebody who may, on the scope as it is; its result is what they say."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from tests.chaos.checks.decisions import carries_what_is_in_scope, compare, differences, material, scope, seen, unseen
from tests.chaos.checks.governance import email_of, groups_of, moved_by_a_roll_call
from tests.chaos.record import Record
from tests.chaos.tables import Row

ROLES = {
    "quality": {"qa-approvers"},
    "data-governance": {"data-governance"},
    "infrastructure": {"infrastructure-approvers"},
    "ml-platform": {"ml-approvers"},
    "payments": {"payments-approvers"},
}
ALSO = {("payments", "tom@practice.example")}
MANAGERS = "release-managers"
VOTED = re.compile(r"Recorded: (go|no-go|that you abstain) on (\S+) for (\S+)\. Until it closes")
OPENED = re.compile(r"The roll-call for (\S+) is on its way to")
WITHDRAWN = re.compile(r"The roll-call for (\S+) is withdrawn\.")
CONFIRMED = re.compile(r"(Go|No-go|Not enough votes) is confirmed: (\S+) is ")
CHOICES = {"go": "go", "no-go": "no_go", "that you abstain": "abstain"}
OUTCOMES = {"Go": "go", "No-go": "no_go", "Not enough votes": "not_enough"}
SAID = {"go": "go", "no_go": "no-go", "not_enough": "not enough votes", "withdrawn": "withdrawn"}
EVENTS = {"gonogo.opened", "gonogo.voted", "gonogo.vote_voided", "gonogo.withdrawn", "gonogo.confirmed"}
MESSAGES = {"gonogo.void", "gonogo.card", "gonogo.record", "gonogo.pin", "gonogo.result"}
ASKS = {
    "vote go": ("go",),
    "vote go late": ("go",),
    "vote no-go": ("no_go",),
    "vote abstain": ("abstain",),
    "vote in words": ("go", "no_go", "abstain"),
    "call the roll": ("opened",),
    "withdraw the roll-call": ("withdrawn",),
    "confirm the roll-call": ("confirmed",),
}
"""What each act may leave behind, once."""


def every_vote_is_there_as_it_was_answered(record: Record) -> Iterator[str]:
    """And every opening, confirmation and withdrawal; and nothing that nobody asked for."""
    names = {row["id"]: row["name"] for row in record.tables["release"]}
    channels = {row["channel_id"]: row["name"] for row in record.tables["release"]}
    told, asked, there = Counter[tuple[str, ...]](), Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for act in record.timeline["acts"]:
        wanted, person = ASKS.get(act["kind"], ()), act["person"]
        if wanted and act["trigger"] and (act["error"] != "dispatch_failed" or act["again"]):
            asked.update((person, channels[act["about"]], each) for each in wanted)
        answers = " ".join(act["answers"])  # a repeated delivery may be answered again
        told.update({(person, name, CHOICES[word]) for word, name, _ in VOTED.findall(answers)})
        told.update({(person, name, "opened") for name in OPENED.findall(answers)})
        told.update({(person, name, "withdrawn") for name in WITHDRAWN.findall(answers)})
        told.update({(person, name, "confirmed") for _, name in CONFIRMED.findall(answers)})
    for row in record.tables["gonogo"]:
        there[row["opened_by"], names[row["release_id"]], "opened"] += 1
        if row["outcome"]:
            what = "withdrawn" if row["outcome"] == "withdrawn" else "confirmed"
            there[row["ended_by"], names[row["release_id"]], what] += 1
    for row in record.tables["gonogo_vote"]:
        there[row["slack_id"], names[row["release_id"]], row["choice"]] += 1
    yield from compare(told, there, asked)


def each_answer_names_what_was_recorded(record: Record) -> Iterator[str]:
    """The role that a vote was for, and the result that was confirmed."""
    names = {row["id"]: row["name"] for row in record.tables["release"]}
    votes = {
        (row["slack_id"], names[row["release_id"]], row["choice"], row["role"]) for row in record.tables["gonogo_vote"]
    }
    ends = {(row["ended_by"], names[row["release_id"]], row["outcome"]) for row in record.tables["gonogo"]}
    for act in record.timeline["acts"]:
        answers = " ".join(act["answers"])
        for word, name, role in VOTED.findall(answers):
            if (act["person"], name, CHOICES[word], role) not in votes:
                yield f"{act['person']} was told of {word} on {name} for {role}, and there is none"
        for word, name in CONFIRMED.findall(answers):
            if (act["person"], name, OUTCOMES[word]) not in ends:
                yield f"{act['person']} was told that they confirmed {word} on {name}, and they have not"


def each_vote_has_its_event(record: Record) -> Iterator[str]:
    there, recorded = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for row in record.tables["gonogo"]:
        there[row["id"], "gonogo.opened", row["opened_by"], None] += 1
        if row["outcome"] == "withdrawn":
            there[row["id"], "gonogo.withdrawn", row["ended_by"], "withdrawn"] += 1
        elif row["outcome"]:
            there[row["id"], "gonogo.confirmed", row["ended_by"], row["outcome"]] += 1
    for row in record.tables["gonogo_vote"]:
        there[row["gonogo_id"], "gonogo.voted", row["slack_id"], (row["role"], row["choice"])] += 1
        if row["void_at"]:
            there[row["gonogo_id"], "gonogo.vote_voided", row["slack_id"], (row["role"], row["choice"])] += 1
    for event in record.events:
        if event["kind"] in EVENTS:
            facts, who = event["facts"], event["who"]
            what = (facts["role"], facts["choice"]) if "role" in facts else facts.get("outcome")
            recorded[facts["gonogo"], event["kind"], who.get("actor") or who.get("voter"), what] += 1
    yield from differences(there, recorded, "in the record")


def nobody_votes_who_may_not(record: Record) -> Iterator[str]:
    calls = {row["id"]: row for row in record.tables["gonogo"]}
    for row in record.tables["gonogo_vote"]:
        call, who = calls[row["gonogo_id"]], row["slack_id"]
        if row["role"] not in call["rule"]["roles"] or not _is_of(record, who, row["role"]):
            yield f"{who} voted for {row['role']}, and is not of it"
        if row["at"] >= call["closes_at"] or (_in_order(record) and _before_or_after(row, call)):
            yield f"{who}'s vote {row['id']} was given while its roll-call was not open"
    for call in calls.values():
        for who in filter(None, (call["opened_by"], call["ended_by"])):
            if MANAGERS not in groups_of(record, who):
                yield f"{who} opened or ended roll-call {call['id']}, and may not"
        live = _live(record, call)
        for what in ("role", "slack_id"):
            for each, count in Counter(row[what] for row in live).items():
                if count > 1:
                    yield f"{each} has {count} votes that count in roll-call {call['id']}"


def a_vote_gives_way_to_its_givers_next(record: Record) -> Iterator[str]:
    rows = record.tables["gonogo_vote"]
    for row in rows:
        if row["superseded_at"] and not any(
            (each["gonogo_id"], each["slack_id"], each["role"], each["at"])
            == (row["gonogo_id"], row["slack_id"], row["role"], row["superseded_at"])
            for each in rows
        ):
            yield f"{row['slack_id']}'s vote {row['id']} was superseded by no vote of theirs"


def no_vote_outlives_its_scope(record: Record) -> Iterator[str]:
    """Of a roll-call that is open it is what is in scope now, of one that was confirmed what was in scope then."""
    for call in record.tables["gonogo"]:
        if call["outcome"] == "withdrawn":
            continue
        now = _scope_at_its_end(record, call) if call["outcome"] else scope(record, call["release_id"])
        for row in _live(record, call):
            changed = material(seen(record, row["fingerprint"]), now)
            if row["choice"] != "no_go" and changed:
                yield f"{row['slack_id']}'s {row['choice']} {row['id']} counts, though {changed} changed"


def no_vote_was_given_for_an_old_scope(record: Record) -> Iterator[str]:
    revisions = {row["id"]: row for row in record.tables["card_revision"]}
    calls = {row["id"]: row for row in record.tables["gonogo"]}
    for row in record.tables["gonogo_vote"]:
        shown = revisions[row["revision_id"]]
        if (shown["card_id"], shown["fingerprint"]) != (calls[row["gonogo_id"]]["card_id"], row["fingerprint"]):
            yield f"{row['slack_id']}'s vote {row['id']} was given on another card than its roll-call's"
        unknown = unseen(record, row["release_id"], row["fingerprint"], row["at"])
        if row["choice"] != "no_go" and unknown:
            yield f"{row['slack_id']}'s {row['choice']} {row['id']} of {row['at']} knew nothing of {unknown}"


def what_was_confirmed_is_what_was_voted(record: Record) -> Iterator[str]:
    moves = moved_by_a_roll_call(record)
    for call in (each for each in record.tables["gonogo"] if each["outcome"] not in {None, "withdrawn"}):
        found = _result(record, call, call["ended_at"])
        if call["outcome"] != found:
            yield f"roll-call {call['id']} was confirmed as {call['outcome']}, and it was {found}"
    for event in (each for each in record.events if each["kind"] == "gonogo.confirmed"):
        moved = event["seq"] - 1 in moves
        if moved != (event["facts"]["moved_to"] is not None):
            yield f"event {event['seq']} says moved to {event['facts']['moved_to']}; moved with it: {moved}"
        if event["facts"]["outcome"] == "go" and event["facts"]["moved_to"] != "go":
            yield f"event {event['seq']} confirmed go, and nothing went"


def each_roll_call_shows_what_is_so(record: Record) -> Iterator[str]:
    names = {row["id"]: row["name"] for row in record.tables["release"]}
    cards = {row["id"]: row for row in record.tables["card"]}
    for call in record.tables["gonogo"]:
        rows = [each for each in record.tables["outbox"] if each["key"] == f"card:{call['card_id']}"]
        post = record.standing.get(rows[0]["token"]) if rows else None
        if len(rows) != 1 or rows[0]["state"] != "sent" or post is None:
            yield f"the card of roll-call {call['id']} is {[row['state'] for row in rows]}"
            continue
        expected = f"Go/no-go for {names[call['release_id']]}: {_state(record, call)}."
        if post.text != expected:
            yield f"roll-call {call['id']} says “{post.text[:90]}”, and it is “{expected}”"
        if not call["outcome"]:
            yield from carries_what_is_in_scope(record, cards[call["card_id"]], post)
        elif any(row["id"] in post.body for row in record.tables["card_revision"] if row["card_id"] == call["card_id"]):
            yield f"roll-call {call['id']} has ended, and its card can be clicked"


def each_result_and_each_void_vote_is_told(record: Record) -> Iterator[str]:
    """By one message each; what became of it is for all messages alike."""
    wanted, rows = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for row in record.tables["gonogo_vote"]:
        if row["void_at"]:
            wanted["gonogo.void", row["id"], f"@{row['slack_id']}"] += 1
    for call in record.tables["gonogo"]:
        where = next(row["channel_id"] for row in record.tables["release"] if row["id"] == call["release_id"])
        wanted["gonogo.card", call["card_id"], where] += 1
        if call["outcome"] not in {None, "withdrawn"}:
            wanted["gonogo.record", call["id"], where] += 1
            wanted["gonogo.pin", call["id"], where] += 1
    openers = {row["id"]: row["opened_by"] for row in record.tables["gonogo"]}
    for event in record.events:
        if event["kind"] == "gonogo.result":
            wanted["gonogo.result", event["facts"]["gonogo"], f"@{openers[event['facts']['gonogo']]}"] += 1
    for row in record.tables["outbox"]:
        if row["kind"] in MESSAGES:
            ids = row["ids"]
            subject = next(ids[each] for each in ("vote_id", "card_id", "gonogo_id") if each in ids)
            rows[row["kind"], subject, row["channel"]] += 1
    yield from differences(wanted, rows, "told")


def _in_order(record: Record) -> bool:
    """The bots had the right time."""
    return "step" not in record.timeline["struck"]


def _before_or_after(row: Row, call: Row) -> bool:
    return bool(row["at"] < call["opened_at"] or (call["ended_at"] and row["at"] > call["ended_at"]))


def _is_of(record: Record, slack_id: str, role: str) -> bool:
    member = next(each["member"] for each in record.slack["people"] if each["id"] == slack_id)
    named = (role, email_of(record, slack_id)) in ALSO
    return bool(member and (ROLES[role] & groups_of(record, slack_id) or named))


def _live(record: Record, call: Row) -> list[Row]:
    return [
        row
        for row in record.tables["gonogo_vote"]
        if row["gonogo_id"] == call["id"] and not row["superseded_at"] and not row["void_at"]
    ]


def _scope_at_its_end(record: Record, call: Row) -> dict[str, tuple[bool, str | None]]:
    last = next(row for row in record.tables["card_revision"] if row["id"] == call["end_revision_id"])
    return seen(record, last["fingerprint"])


def _result(record: Record, call: Row, at: datetime) -> str | None:
    """Under a rule that wants all to go, and counts the absent as against it. None while it is open."""
    choices = Counter(row["choice"] for row in _live(record, call))
    absent = len(call["rule"]["roles"]) - sum(choices.values())
    if absent and at < call["closes_at"]:
        return None
    if choices["no_go"]:
        return "no_go"
    return "not_enough" if absent or not choices["go"] else "go"


def _state(record: Record, call: Row) -> str:
    if call["outcome"]:
        return SAID[call["outcome"]]
    found = _result(record, call, record.at_rest)
    if found:
        return f"{SAID[found]}, to be confirmed"
    roles = len(call["rule"]["roles"])
    return f"{len(_live(record, call))} of {roles} {'role' if roles == 1 else 'roles'} voted"


CHECKS: tuple[Callable[[Record], Iterator[str]], ...] = (
    every_vote_is_there_as_it_was_answered,
    each_answer_names_what_was_recorded,
    each_vote_has_its_event,
    nobody_votes_who_may_not,
    a_vote_gives_way_to_its_givers_next,
    no_vote_outlives_its_scope,
    no_vote_was_given_for_an_old_scope,
    what_was_confirmed_is_what_was_voted,
    each_roll_call_shows_what_is_so,
    each_result_and_each_void_vote_is_told,
)
