"""Releases stand where their record left them, and no gate was waived at the wish of one."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from tests.chaos.checks.decisions import compare, signed
from tests.chaos.checks.messages import told_by_its_card
from tests.chaos.record import Record

STAGES = ("planned", "in_progress", "go")
STARTS = STAGES[0]
MAY_ASK, MAY_GRANT = (
    {"release-managers"},
    {
        "qa-approvers",
        "data-governance",
        "infrastructure-approvers",
        "ml-approvers",
        "payments-approvers",
    },
)
ALSO = {"ana@practice.example", "sam@practice.example"}
"""Who may grant waivers and is in none of those groups."""
ANSWERS = {
    "advance": re.compile(r"(\S+) is now (?:in progress|planned)\."),
    "hold": re.compile(r"(\S+) is on hold: nothing moves it"),
    "resume": re.compile(r"(\S+) goes on\."),
    "waive": re.compile(r"A waiver of (?:Everything|Nearly).* is asked for in <#(\w+)>"),
    "grant": re.compile(r"The waiver of (?:Everything|Nearly).*? \((\S+)\) is granted\."),
    "refuse": re.compile(r"The waiver of (?:Everything|Nearly).*? \((\S+)\) is refused\."),
}
EVENTS = {
    "advance": "release.moved",
    "hold": "release.held",
    "resume": "release.resumed",
    "waive": "waiver.asked",
    "grant": "waiver.granted",
    "refuse": "waiver.refused",
}


def releases_are_governed_by_what_was_answered(record: Record) -> Iterator[str]:
    """Whoever was told that it is done, finds it in the record; and nothing is there that nobody asked for."""
    names = {row["id"]: row["name"] for row in record.tables["release"]}
    channels = {row["channel_id"]: row["name"] for row in record.tables["release"]}
    told, asked, there = Counter[tuple[str, ...]](), Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    by_roll_call = moved_by_a_roll_call(record)
    for act in record.timeline["acts"]:
        if act["kind"] not in ANSWERS:
            continue
        if act["trigger"] and (act["error"] != "dispatch_failed" or act["again"]):
            asked[act["person"], channels.get(act["about"], ""), act["kind"]] += 1
        found = set(ANSWERS[act["kind"]].findall(" ".join(act["answers"])))
        told.update({(act["person"], channels.get(name, name), act["kind"]) for name in found})
    for event in record.events:
        kind = next((kind for kind, name in EVENTS.items() if name == event["kind"]), None)
        if kind and not (told_by_its_card(event) or _fell_back(event) or event["seq"] in by_roll_call):
            there[event["who"]["actor"], names[event["release_id"]], kind] += 1
    yield from compare(told, there, asked)


def releases_stand_where_their_record_left_them(record: Record) -> Iterator[str]:
    for row in record.tables["release"]:
        stage, held = STARTS, False
        for event in (each for each in record.events if each["release_id"] == row["id"]):
            if event["kind"] == "release.moved":
                facts = event["facts"]
                if facts["from"] != stage or (held and STAGES.index(facts["to"]) > STAGES.index(stage)):
                    yield f"{row['name']} was moved from {facts['from']} to {facts['to']} while {stage}, held: {held}"
                stage = facts["to"]
            elif event["kind"] in {"release.held", "release.resumed"}:
                if held is (event["kind"] == "release.held"):
                    yield f"{row['name']}: {event['kind']} twice in a row"
                held = not held
        if (row["stage"], row["held_by"] is not None) != (stage, held):
            yield f"{row['name']} is {row['stage']}, held by {row['held_by']}; its record says {stage}, held: {held}"


def what_goes_was_voted_on_and_is_signed(record: Record) -> Iterator[str]:
    """By nothing but a roll-call; and it stands there only while each sign-off is given, or let pass by two."""
    names = {row["id"]: row["name"] for row in record.tables["release"]}
    voted = moved_by_a_roll_call(record)
    for event in record.events:
        if event["kind"] == "release.moved" and event["facts"]["to"] == "go" and event["seq"] not in voted:
            yield f"{names[event['release_id']]} went by event {event['seq']}, which no roll-call led to"
    for row in record.tables["release"]:
        rules = row["policy"]["requirements"]
        met, passed, rejected = signed(record, row["id"])
        if row["stage"] == "go" and (rejected or met + passed < len(rules)):
            yield f"{row['name']} is go with {met} signed, {passed} let pass, {rejected} rejected of {len(rules)}"


def moved_by_a_roll_call(record: Record) -> set[int]:
    """The numbers of the moves that come right before the confirmation that says so, of the same person."""
    return {
        move["seq"]
        for move, told in pairwise(record.events)
        if (move["kind"], told["kind"]) == ("release.moved", "gonogo.confirmed")
        and (move["release_id"], move["who"]["actor"]) == (told["release_id"], told["who"]["actor"])
        and move["facts"]["to"] == told["facts"]["moved_to"]
    }


def _fell_back(event: dict[str, Any]) -> bool:
    """From go, by itself."""
    return (event["kind"], event["who"].get("actor")) == ("release.moved", "") and event["facts"]["from"] == "go"


def nobody_waives_at_their_own_wish(record: Record) -> Iterator[str]:
    for row in record.tables["waiver"]:
        if not groups_of(record, row["asked_by"]) & MAY_ASK:
            yield f"waiver {row['id']} was asked for by {row['asked_by']}, who may not"
        if row["state"] in {"granted", "refused"}:
            by = row["decided_by"]
            if by == row["asked_by"] or not (groups_of(record, by) & MAY_GRANT or email_of(record, by) in ALSO):
                yield f"waiver {row['id']} was {row['state']} by {by}, who may not; {row['asked_by']} asked"


def each_waiver_has_its_events(record: Record) -> Iterator[str]:
    there, recorded = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for row in record.tables["waiver"]:
        there[row["id"], "waiver.asked", row["asked_by"]] += 1
        if row["state"] != "asked":
            there[row["id"], f"waiver.{row['state']}", row["decided_by"]] += 1
    for event in record.events:
        if event["kind"] in {"waiver.asked", "waiver.granted", "waiver.refused"}:
            recorded[event["facts"]["waiver"], event["kind"], event["who"]["actor"]] += 1
    for key in there | recorded:
        if there[key] != recorded[key]:
            yield f"{key} is there {there[key]} times and in the record {recorded[key]} times"


def groups_of(record: Record, slack_id: str) -> set[str]:
    return {handle for handle, members in record.slack["groups"].items() if slack_id in members}


def email_of(record: Record, slack_id: str) -> str | None:
    return next((each["email"] for each in record.slack["people"] if each["id"] == slack_id), None)


CHECKS: tuple[Callable[[Record], Iterator[str]], ...] = (
    releases_are_governed_by_what_was_answered,
    releases_stand_where_their_record_left_them,
    what_goes_was_voted_on_and_is_signed,
    nobody_waives_at_their_own_wish,
    each_waiver_has_its_events,
)
