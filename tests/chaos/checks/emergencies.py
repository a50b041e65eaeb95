"""Broken glass took two who may, for the scope that both saw, and is told; and what is in the RAID log was entered."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from tests.chaos.checks.decisions import compare, differences, material, scope, seen, unseen
from tests.chaos.checks.governance import email_of, groups_of
from tests.chaos.record import Record
from tests.chaos.tables import Row

MAY_ASK, MAY_CONFIRM, MAY_REVIEW = {"release-managers"}, {"release-managers", "environment-owners"}, {"auditors"}
EDITORS = {
    *("release-managers", "qa-approvers", "data-governance", "infrastructure-approvers", "ml-approvers"),
    "payments-approvers",
}
ALSO_EDIT = {"ana@practice.example", "sam@practice.example"}
GOVERNANCE = "C0GOVERNANCE"
ASKED = re.compile(r"\bAsked\. \d+ (?:person|people) may confirm it")
CONFIRMED = re.compile(r"Recorded: you confirmed break glass (\d+)\. (\S+) passes without")
TAKEN_BACK = re.compile(r"Recorded: you (withdrew|took back) break glass (\d+) for")
REVIEWED = re.compile(r"Recorded: you reviewed break glass (\d+) for")
ENTERED = re.compile(r"R-(\d+) is in the RAID log of (\S+?)[,.](?:\s|$)")
ENDED = {
    "withdrawn": "it was withdrawn by ",
    "unanswered": "nobody confirmed it in time",
    "revoked": "it was taken back by ",
    "lapsed": "its time is over",
    "overtaken": "what it was for changed, so it counts no more",
    "left": "one of the two who answered for it is not here any more",
}


def every_broken_glass_is_there_as_it_was_answered(record: Record) -> Iterator[str]:
    channels = {row["channel_id"]: row["id"] for row in record.tables["release"]}
    told, asked, there = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    kinds = {"break glass", "confirm glass", "take glass back", "review glass"}
    for act in record.timeline["acts"]:
        answers, person = " ".join(act["answers"]), act["person"]
        if act["kind"] in kinds and act["trigger"] and (act["error"] != "dispatch_failed" or act["again"]):
            asked[person, channels[act["about"]], act["kind"]] += 1
        if act["kind"] == "break glass" and ASKED.search(answers):
            told[person, channels[act["about"]], act["kind"]] += 1
    for row in record.tables["break_glass"]:
        there[row["asked_by"], row["release_id"], "break glass"] += 1
        if row["confirmed_by"]:
            there[row["confirmed_by"], row["release_id"], "confirm glass"] += 1
        if row["ended_by"]:
            there[row["ended_by"], row["release_id"], "take glass back"] += 1
        if row["reviewed_by"]:
            there[row["reviewed_by"], row["release_id"], "review glass"] += 1
    yield from compare(told, there, asked)
    yield from _by_their_numbers(record)


def _by_their_numbers(record: Record) -> Iterator[str]:
    """What an answer names by its number is that person's."""
    glasses = {row["id"]: row for row in record.tables["break_glass"]}
    names = {row["id"]: row["name"] for row in record.tables["release"]}
    for act in record.timeline["acts"]:
        answers, person = " ".join(act["answers"]), act["person"]
        for number, name in CONFIRMED.findall(answers):
            row = glasses.get(int(number), {})
            if row.get("confirmed_by") != person or names[row["release_id"]] != name:
                yield f"{person} was told that they confirmed break glass {number}, and it is {row.get('confirmed_by')}"
        for word, number in TAKEN_BACK.findall(answers):
            row = glasses.get(int(number), {})
            outcome = "withdrawn" if word == "withdrew" else "revoked"
            if (row.get("ended_by"), row.get("outcome")) != (person, outcome):
                yield f"{person} was told that they {word} break glass {number}, and it is {row.get('outcome')}"
        for number in REVIEWED.findall(answers):
            if glasses.get(int(number), {}).get("reviewed_by") != person:
                yield f"{person} was told that they reviewed break glass {number}, and they have not"


def each_broken_glass_has_its_events(record: Record) -> Iterator[str]:
    there, recorded = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for row in record.tables["break_glass"]:
        there[row["id"], "break_glass.asked", row["asked_by"]] += 1
        if row["confirmed_by"]:
            there[row["id"], "break_glass.confirmed", row["confirmed_by"]] += 1
        if row["outcome"]:
            there[row["id"], f"break_glass.{row['outcome']}", row["ended_by"] or ""] += 1
        if row["reviewed_by"]:
            there[row["id"], "break_glass.reviewed", row["reviewed_by"]] += 1
    for event in record.events:
        kind, who = event["kind"], event["who"]
        if kind.startswith("break_glass.") and kind != "break_glass.refused":
            recorded[event["facts"]["break_glass"], kind, who["actor"] if "actor" in who else who["system"]] += 1
    yield from differences(there, recorded, "in the record")


def nobody_breaks_glass_alone(record: Record) -> Iterator[str]:
    for row in record.tables["break_glass"]:
        two = {row["asked_by"], row["confirmed_by"]}
        if not groups_of(record, row["asked_by"]) & MAY_ASK:
            yield f"{row['asked_by']} asked for break glass {row['id']}, and may not"
        by = row["confirmed_by"]
        if by and (by == row["asked_by"] or not groups_of(record, by) & MAY_CONFIRM):
            yield f"{by} confirmed break glass {row['id']}, which {row['asked_by']} asked for, and may not"
        if row["ended_by"] and row["ended_by"] not in two:
            yield f"{row['ended_by']} took back break glass {row['id']}, which is not theirs"
        by = row["reviewed_by"]
        if by and (by in two or not groups_of(record, by) & MAY_REVIEW):
            yield f"{by} reviewed break glass {row['id']}, and may not"
        if row["covers"] and not set(row["covers"]) <= set(row["requirements"]):
            yield f"break glass {row['id']} lets pass {row['covers']}, and was asked for {row['requirements']}"
    open_ones = Counter(row["release_id"] for row in record.tables["break_glass"] if not row["outcome"])
    yield from (
        f"{count} broken glasses of release {id_} stand at once" for id_, count in open_ones.items() if count > 1
    )


def no_broken_glass_outlives_its_scope(record: Record) -> Iterator[str]:
    revisions = {row["id"]: row for row in record.tables["card_revision"]}
    for row in record.tables["break_glass"]:
        asked_for = seen(record, row["fingerprint"])
        if not row["outcome"] and (changed := material(asked_for, scope(record, row["release_id"]))):
            yield f"break glass {row['id']} stands, though {changed} changed"
        if not row["confirmed_by"]:
            continue
        shown = revisions[row["confirmed_revision_id"]]
        if shown["card_id"] != row["card_id"] or material(asked_for, seen(record, shown["fingerprint"])):
            yield f"{row['confirmed_by']} confirmed break glass {row['id']} for another scope than was asked for"
        if unknown := unseen(record, row["release_id"], row["fingerprint"], row["confirmed_at"]):
            yield f"break glass {row['id']}, confirmed {row['confirmed_at']}, knew nothing of {unknown}"


def each_card_of_broken_glass_shows_what_is_so(record: Record) -> Iterator[str]:
    """Where all see it, and in person for each who may confirm it."""
    names = {row["id"]: row["name"] for row in record.tables["release"]}
    outbox: dict[str, list[Row]] = {}
    for row in record.tables["outbox"]:
        outbox.setdefault(row["key"], []).append(row)
    for glass in record.tables["break_glass"]:
        places = {f"card:{glass['card_id']}": GOVERNANCE}
        places |= {f"card:{glass['card_id']}:{each}": f"@{each}" for each in glass["sent_to"]}
        expected = f"Break glass for {names[glass['release_id']]}: {_state(glass)}"
        for key, where in places.items():
            rows = outbox.get(key, [])
            post = record.standing.get(rows[0]["token"]) if rows else None
            if len(rows) != 1 or rows[0]["state"] != "sent" or rows[0]["channel"] != where or post is None:
                yield f"{key} for {where} is {[(row['state'], row['channel']) for row in rows]}"
            elif not post.text.startswith(expected):
                yield f"{key} says “{post.text[:90]}”, and it is “{expected}”"
            elif bool(glass["outcome"] and glass["confirmed_by"]) != ("had confirmed it" in post.text):
                yield f"{key} says “{post.text}”, and it was confirmed by {glass['confirmed_by']}"


def each_step_of_broken_glass_is_told(record: Record) -> Iterator[str]:
    """To the two, but for whoever did it; and where all see it, if it had effect."""
    channels = {row["id"]: row["channel_id"] for row in record.tables["release"]}
    wanted, rows = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for glass in record.tables["break_glass"]:
        steps = [("confirmed", glass["confirmed_by"])] if glass["confirmed_by"] else []
        steps += [(glass["outcome"], glass["ended_by"])] if glass["outcome"] else []
        steps += [("reviewed", glass["reviewed_by"])] if glass["reviewed_by"] else []
        two = {glass["asked_by"], glass["confirmed_by"]} - {None}
        everybody = {GOVERNANCE, channels[glass["release_id"]]} if glass["confirmed_by"] else set[str]()
        for what, by in steps:
            wanted.update((glass["id"], what, where) for where in everybody | {f"@{each}" for each in two - {by}})
    for row in record.tables["outbox"]:
        if row["kind"] == "break_glass.news":
            rows[row["ids"]["break_glass_id"], row["ids"]["what"], row["channel"]] += 1
    yield from differences(wanted, rows, "told")


def only_whose_signoff_passes_is_told_so(record: Record) -> Iterator[str]:
    glasses = {row["id"]: row for row in record.tables["break_glass"]}
    policies = {row["id"]: row["policy"]["requirements"] for row in record.tables["release"]}
    passed = [row for row in record.tables["outbox"] if row["kind"] == "break_glass.passed_over"]
    for key, count in Counter((row["ids"]["break_glass_id"], row["channel"]) for row in passed).items():
        if count > 1:
            yield f"{key} is told {count} times that their sign-off passes"
    for row in passed:
        glass, who = glasses[row["ids"]["break_glass_id"]], row["ids"]["slack_id"]
        rules = [each for each in policies[glass["release_id"]] if each["key"] in (glass["covers"] or ())]
        could = any(
            groups_of(record, who) & set(rule.get("groups", ())) or email_of(record, who) in rule.get("people", ())
            for rule in rules
        )
        if not could or who in {glass["asked_by"], glass["confirmed_by"]} or row["channel"] != f"@{who}":
            yield f"{row['channel']} is told that break glass {glass['id']} passes over {who}"


def the_raid_log_is_what_was_entered(record: Record) -> Iterator[str]:
    names = {row["id"]: row["name"] for row in record.tables["release"]}
    channels = {row["channel_id"]: row["name"] for row in record.tables["release"]}
    told, asked, there = Counter[tuple[str, ...]](), Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    entries = {row["id"]: row for row in record.tables["raid_entry"]}
    for act in record.timeline["acts"]:
        if act["kind"] != "enter a risk":
            continue
        if act["trigger"] and (act["error"] != "dispatch_failed" or act["again"]):
            asked[act["person"], channels[act["about"]]] += 1
        for number, name in set(ENTERED.findall(" ".join(act["answers"]))):
            told[act["person"], name] += 1
            if entries.get(int(number), {}).get("created_by") != act["person"]:
                yield f"{act['person']} was told that R-{number} is entered, and it is not theirs"
    for row in entries.values():
        there[row["created_by"], names[row["release_id"]]] += 1
        if not groups_of(record, row["created_by"]) & EDITORS and email_of(record, row["created_by"]) not in ALSO_EDIT:
            yield f"{row['created_by']} entered R-{row['id']}, and may not"
    yield from compare(told, there, asked)


def each_risk_has_its_event_and_its_owner_knows(record: Record) -> Iterator[str]:
    there, recorded = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for row in record.tables["raid_entry"]:
        there[f"R-{row['id']}", "raid.created", row["created_by"]] += 1
        if row["owner"] != row["created_by"]:
            there[f"R-{row['id']}", "raid.named", f"@{row['owner']}"] += 1
    for event in record.events:
        if event["kind"] == "raid.created":
            recorded[event["facts"]["entry"], event["kind"], event["who"]["actor"]] += 1
    for row in record.tables["outbox"]:
        if row["kind"] == "raid.named":
            recorded[f"R-{row['ids']['entry_id']}", row["kind"], row["channel"]] += 1
    yield from differences(there, recorded, "in the record")


def _state(glass: Row) -> str:
    """How its card's first line goes on."""
    if glass["outcome"]:
        return ENDED[glass["outcome"]]
    return "confirmed by " if glass["confirmed_by"] else "waits to be confirmed until "


CHECKS: tuple[Callable[[Record], Iterator[str]], ...] = (
    every_broken_glass_is_there_as_it_was_answered,
    each_broken_glass_has_its_events,
    nobody_breaks_glass_alone,
    no_broken_glass_outlives_its_scope,
    each_card_of_broken_glass_shows_what_is_so,
    each_step_of_broken_glass_is_told,
    only_whose_signoff_passes_is_told_so,
    the_raid_log_is_what_was_entered,
    each_risk_has_its_event_and_its_owner_knows,
)
