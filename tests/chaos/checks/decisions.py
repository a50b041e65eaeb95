"""What people decided is there, once; what they were refused is not; and nobody decided who may not."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import combinations
from typing import Any

from tests.chaos.record import MOMENT, Post, Record
from tests.chaos.tables import Row

SIGNED = re.compile(r"Recorded: you (approved|rejected) (\S+) for")
REVOKED = re.compile(r"Revoked: your word on (\S+) for")
DECISIONS = {"approve": "approved", "approve twice": "approved", "approve late": "approved", "reject": "rejected"}
RANKS = ("blocker", "highest", "critical", "high", "major", "medium", "minor", "low", "lowest", "trivial")


def every_answer_is_true(record: Record) -> Iterator[str]:
    """Whoever was told that it is recorded, finds it recorded; and nothing is there that nobody asked for."""
    names = {row["id"]: row["name"] for row in record.tables["release"]}
    channels = {row["channel_id"]: row["name"] for row in record.tables["release"]}
    told, asked, there = Counter[tuple[str, ...]](), Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for act in record.timeline["acts"]:
        # What found nobody to deliver it to was not asked for, unless it came again.
        delivered = act["trigger"] and (act["error"] != "dispatch_failed" or act["again"])
        if delivered and act["kind"] in {*DECISIONS, "revoke"}:
            asked[act["person"], channels.get(act["about"], ""), DECISIONS.get(act["kind"], "revoked")] += 1
        answers = " ".join(act["answers"])  # a repeated delivery may be answered again
        told.update({(act["person"], name, decision) for decision, name in SIGNED.findall(answers)})
        told.update({(act["person"], name, "revoked") for name in REVOKED.findall(answers)})
    for row in record.tables["signoff"]:
        there[row["slack_id"], names[row["release_id"]], row["decision"]] += 1
        if row["revoked_at"]:
            there[row["slack_id"], names[row["release_id"]], "revoked"] += 1
    yield from compare(told, there, asked)


def every_decision_has_its_event(record: Record) -> Iterator[str]:
    there = Counter[tuple[Any, ...]]()
    for row in record.tables["signoff"]:
        there[row["release_id"], row["slack_id"], f"signoff.{row['decision']}"] += 1
        if row["revoked_at"]:
            there[row["release_id"], row["slack_id"], "signoff.revoked"] += 1
        if row["void_at"]:
            there[row["release_id"], row["slack_id"], "signoff.voided"] += 1
    kinds = {"signoff.approved", "signoff.rejected", "signoff.revoked", "signoff.voided"}
    recorded = Counter(
        (event["release_id"], event["who"].get("actor") or event["who"].get("signer"), event["kind"])
        for event in record.events
        if event["kind"] in kinds
    )
    for key in there | recorded:
        if there[key] != recorded[key]:
            yield f"{key} is there {there[key]} times and in the record {recorded[key]} times"


def nobody_signs_who_may_not(record: Record) -> Iterator[str]:
    people = {each["id"]: each for each in record.slack["people"]}
    releases = {row["id"]: row for row in record.tables["release"]}
    keys = {row["id"]: row["key"] for row in record.tables["requirement"]}
    askers = {row["release_id"]: row["requested_by"] for row in record.tables["card"] if row["kind"] == "signoff"}
    for row in record.tables["signoff"]:
        signer, one = people[row["slack_id"]], releases[row["release_id"]]
        # What is usual is left out of a stored rule.
        rule = next(each for each in one["policy"]["requirements"] if each["key"] == keys[row["requirement_id"]])
        groups = {handle for handle, members in record.slack["groups"].items() if signer["id"] in members}
        if not signer["member"]:
            yield f"{signer['id']} is no member, and signed"
        if not groups.intersection(rule.get("groups", ())) and signer["email"] not in rule.get("people", ()):
            yield f"{signer['id']} is in no group of {rule['key']}, and signed for it"
        if askers.get(row["release_id"]) == signer["id"]:
            yield f"{signer['id']} asked for the sign-offs of {one['name']}, and signed"
        if rule.get("exclude_assignees", True) and _works_on(record, signer["email"], one["name"]):
            yield f"{signer['id']} works on {one['name']}, and judged it for {rule['key']}"


def no_approval_outlives_its_scope(record: Record) -> Iterator[str]:
    """What stands was given for what is in scope now, but for what does not matter."""
    for row in record.tables["signoff"]:
        if row["decision"] != "approved" or row["revoked_at"] or row["void_at"]:
            continue
        changed = material(seen(record, row["fingerprint"]), scope(record, row["release_id"]))
        if changed:
            yield f"{row['slack_id']}'s approval {row['id']} stands, though {changed} changed"


def no_approval_was_given_for_an_old_scope(record: Record) -> Iterator[str]:
    """What came into scope, or left it, a good while before a click was part of what its clicker saw."""
    for row in record.tables["signoff"]:
        if row["decision"] != "approved":
            continue
        unknown = unseen(record, row["release_id"], row["fingerprint"], row["at"])
        if unknown:
            yield f"{row['slack_id']}'s approval {row['id']} of {row['at']} knew nothing of {unknown}"


def cards_show_what_is_so(record: Record) -> Iterator[str]:
    for card in (each for each in record.tables["card"] if each["kind"] == "signoff"):
        row = next(each for each in record.tables["outbox"] if each["key"] == f"card:{card['id']}")
        post = record.standing.get(row["token"])
        if row["state"] != "sent" or post is None:
            yield f"card {card['id']} is {row['state']}"
            continue
        given = _given(record, card["release_id"])
        if given not in post.text:
            yield f"card {card['id']} says “{post.text[:90]}”, and it is “{given}”"
        yield from carries_what_is_in_scope(record, card, post)


def carries_what_is_in_scope(record: Record, card: Row, post: Post) -> Iterator[str]:
    """By its buttons."""
    revisions = {each["id"]: each for each in record.tables["card_revision"] if each["card_id"] == card["id"]}
    shown = next((each for id_, each in revisions.items() if id_ in post.body), None)
    if shown is None:
        yield f"card {card['id']} carries no revision of its own"
    elif shown["fingerprint"] != _fingerprint(scope(record, card["release_id"])):
        yield f"card {card['id']} shows a scope that has changed since"


Scope = dict[str, tuple[bool, str | None]]
"""By ticket: whether it is done, and its priority."""


def seen(record: Record, fingerprint: str) -> Scope:
    """What somebody was shown."""
    tickets = next(row["tickets"] for row in record.tables["scope_snapshot"] if row["fingerprint"] == fingerprint)
    return {id_: (done, priority) for id_, _, done, priority in tickets}


def material(before: Scope, after: Scope) -> list[str]:
    """The tickets whose change between the two matters."""
    changed = set(before) ^ set(after)
    both = set(before) & set(after)
    changed |= {id_ for id_ in both if before[id_][0] and not after[id_][0]}
    return sorted(changed) or sorted(
        id_ for id_ in both if not after[id_][0] and _rank(after[id_][1]) < _rank(before[id_][1])
    )


def unseen(record: Record, release_id: int, fingerprint: str, at: datetime) -> list[str]:
    """Tickets that came into scope, or left it, a good while before that moment, and were shown otherwise then. Nothing
    where the bots had the wrong time.
    """
    if "step" in record.timeline["struck"]:
        return []
    before, shown = at - MOMENT, set(seen(record, fingerprint))
    ours = [each for each in record.tables["scope"] if each["release_id"] == release_id]
    inside = {each["ticket_id"] for each in ours if each["added_at"] < before and not each["removed_at"]}
    ever = {each["ticket_id"] for each in ours if not each["removed_at"] or each["removed_at"] > before}
    return sorted((inside - shown) | (shown - ever))


def scope(record: Record, release_id: int) -> Scope:
    """What is in it now."""
    tickets = {row["id"]: row for row in record.tables["ticket"]}
    inside = [row for row in record.tables["scope"] if row["release_id"] == release_id and row["removed_at"] is None]
    return {
        row["ticket_id"]: (tickets[row["ticket_id"]]["category"] == "done", tickets[row["ticket_id"]]["priority"])
        for row in inside
    }


def _given(record: Record, release_id: int) -> str:
    """`2 of 5 given, 1 let pass by break glass, 1 rejected`"""
    rules = next(row for row in record.tables["release"] if row["id"] == release_id)["policy"]["requirements"]
    met, passed, rejected = signed(record, release_id)
    told = f"{met} of {len(rules)} given" + (f", {passed} let pass by break glass" if passed else "")
    return told + (f", {rejected} rejected" if rejected else "")


def signed(record: Record, release_id: int) -> tuple[int, int, int]:
    """How many requirements are met, let pass by broken glass, rejected."""
    rules = next(row for row in record.tables["release"] if row["id"] == release_id)["policy"]["requirements"]
    ids = {row["key"]: row["id"] for row in record.tables["requirement"] if row["release_id"] == release_id}
    live = [row for row in record.tables["signoff"] if not row["revoked_at"] and not row["void_at"]]
    passes = {
        key
        for row in record.tables["break_glass"]
        if row["release_id"] == release_id and row["confirmed_by"] and not row["outcome"]
        for key in row["covers"]
    }
    met = passed = rejected = 0
    for rule in rules:
        given = Counter(row["decision"] for row in live if row["requirement_id"] == ids[rule["key"]])
        enough = given["approved"] >= rule.get("quorum", 1)
        rejected += bool(given["rejected"])
        met += not given["rejected"] and enough
        passed += not given["rejected"] and not enough and rule["key"] in passes
    return met, passed, rejected


def _fingerprint(inside: Scope) -> str:
    facts = sorted([id_, done, priority or ""] for id_, (done, priority) in inside.items())
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _rank(priority: str | None) -> int:
    name = (priority or "").casefold()
    return RANKS.index(name) if name in RANKS else len(RANKS)


def _works_on(record: Record, email: str | None, version: str) -> bool:
    account = f"acc-{(email or '').partition('@')[0]}"
    return any(each["assignee"] == account and version in each["versions"] for each in record.jira)


def compare(told: Counter[Any], there: Counter[Any], asked: Counter[Any]) -> Iterator[str]:
    """What was told is there, and what is there was asked for: how often, by who, where and what."""
    for key in told | there:
        if told[key] > there[key]:
            yield f"{key} was told to be recorded {told[key]} times, and is there {there[key]} times"
        if there[key] > asked[key]:
            yield f"{key} is there {there[key]} times, and was asked for {asked[key]} times"


def differences(there: Counter[Any], other: Counter[Any], where: str) -> Iterator[str]:
    """What is there is in the other place too, as often, and the other way round."""
    for key in there | other:
        if there[key] != other[key]:
            yield f"{key} is there {there[key]} times and {where} {other[key]} times"


def blockers_are_in_the_hands_of_who_took_them(record: Record) -> Iterator[str]:
    taken = [event for event in record.events if event["kind"] == "blocker.taken"]
    last = {event["facts"]["ticket"]: event for event in taken}
    for ticket, event in last.items():
        if not any(
            row["ticket_id"] == ticket and row["taken_by"] == event["who"]["actor"] for row in record.tables["blocker"]
        ):
            yield f"{event['who']['actor']} took {ticket}, and has it not"
    told = Counter(act["person"] for act in _acts(record, "take", "take ping") if _said(act, "in hand until"))
    there = Counter(event["who"]["actor"] for event in taken)
    yield from compare(
        told, there, Counter(act["person"] for act in _acts(record, "take", "take ping") if act["trigger"])
    )
    yield from _outsiders(record, there)


def bookings_are_what_was_recorded(record: Record) -> Iterator[str]:
    ends = {
        "booking.made": "active",
        "booking.waits": "waiting",
        "booking.granted": "active",
        "booking.extended": "active",
    }
    state: dict[int, str] = {}
    made = Counter[str]()
    for event in record.events:
        if event["kind"].startswith("booking.") and not event["kind"].endswith("refused"):
            state[event["facts"]["booking"]] = ends.get(event["kind"], event["kind"].removeprefix("booking."))
            made[event["who"].get("actor", "")] += event["kind"] in {"booking.made", "booking.waits"}
    for row in record.tables["booking"]:
        if state.get(row["id"]) != row["state"]:
            yield f"booking {row['id']} is {row['state']}, recorded as {state.get(row['id'])}"
    books = _acts(record, "book")
    told = Counter(act["person"] for act in books if _said(act, "is yours") or _said(act, "you wait for it"))
    yield from compare(told, +made, Counter(act["person"] for act in books if act["trigger"]))
    yield from _outsiders(record, +made)
    yield from _overlaps(record.tables["booking"])


def _overlaps(bookings: list[Row]) -> Iterator[str]:
    active = [row for row in bookings if row["state"] == "active"]
    for one, other in combinations(active, 2):
        same_time = one["starts"] < other["ends"] and other["starts"] < one["ends"]
        same_seat = one["seat_from"] < other["seat_to"] and other["seat_from"] < one["seat_to"]
        if one["environment_id"] == other["environment_id"] and same_time and same_seat:
            yield f"bookings {one['id']} and {other['id']} have the same seat at the same time"


def _outsiders(record: Record, actors: Counter[str]) -> Iterator[str]:
    members = {each["id"] for each in record.slack["people"] if each["member"]}
    yield from (f"{actor} is no member of the workspace, and did it" for actor in actors if actor not in members)


def _acts(record: Record, *kinds: str) -> list[dict[str, Any]]:
    return [act for act in record.timeline["acts"] if act["kind"] in kinds]


def _said(act: dict[str, Any], words: str) -> bool:
    return any(words in answer for answer in act["answers"])


CHECKS: tuple[Callable[[Record], Iterator[str]], ...] = (
    every_answer_is_true,
    every_decision_has_its_event,
    nobody_signs_who_may_not,
    no_approval_outlives_its_scope,
    no_approval_was_given_for_an_old_scope,
    cards_show_what_is_so,
    blockers_are_in_the_hands_of_who_took_them,
    bookings_are_what_was_recorded,
)
