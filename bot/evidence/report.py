"""What the readable halves of the evidence say, once for both: the page and the printed sheet."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.evidence import rules
from bot.evidence.sections import SECTIONS
from bot.evidence.table import HOW, SHORT, Table, Words, moment, of_rows, spaced
from interlock.domain.evidence import Evidence, Link
from interlock.domain.visibility import RESTRICTED
from interlock.store.release import template

REFUSED: Final = ("refused", "denied")
REASONS: Final = frozenset({"why", "denied"})
"""So end the kinds of events that tell of a refusal, and so they call its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All plain text: whoever draws it escapes it."""

    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]


def of(evidence: Evidence) -> Report:
    words = Words(evidence)
    tables = tuple(_tables(evidence, words))
    none = "; ".join(each.title for each in tables if not each.rows)
    return Report(
        title=f"Evidence of {evidence.name}",
        lead=f"Exported by Interlock on {evidence.exported_at:%a %d %b %Y %H:%M} UTC. All times are UTC. This is "
        "for reading; what verify.py proves are the JSON files beside it.",
        facts=tuple(each for each in (*_head(evidence, words), ("None of", none)) if each[1]),
        tables=tuple(each for each in tables if each.rows),
    )


def _head(evidence: Evidence, words: Words) -> Iterator[tuple[str, str]]:
    release, policy = evidence.facts["release"], evidence.facts["policy"]
    rule = template(policy["copy"])
    yield "Release", f"{evidence.name} (number {evidence.release_id}), template {release['template']}"
    yield "Stage", spaced(release["stage"]) + (f": {release['close_reason']}" if release["close_reason"] else "")
    yield "Ended", words.cell(release, "closed_by closed_at") if release["closed_at"] else ""
    yield "On hold", words.cell(release, "held_by held_at held_reason")
    yield "Target", release["target"]
    yield "Planned", words.cell(release, "created_by created_at")
    yield "Policy", f"{rule.name}, version {policy['version']}, SHA-256 {policy['sha256']}"
    yield "Stages", rules.stages(rule)
    yield "Roll-call", rules.roll_call(rule.gonogo) if rule.gonogo else ""
    yield "Record", f"events {evidence.links[0].seq} to {evidence.links[-1].seq}, head {evidence.links[-1].hash}"


def _tables(evidence: Evidence, words: Words) -> Iterator[Table]:
    facts = evidence.facts
    rule = template(facts["policy"]["copy"])
    yield rules.requirements(rule)
    yield rules.gates(rule)
    yield rules.runbook(rule)
    yield _signoffs(facts, words)
    for each in SECTIONS:
        yield of_rows(each.title, each.rows(facts), each.columns, words)
    yield _scopes(facts)
    yield _stays(facts)
    events = list(_own(evidence))
    refused = [(link, body) for link, body in events if _is_refusal(body)]
    yield _events("Refusals", "What somebody tried and may not; the record of decisions has it, too.", refused, words)
    yield _events("Record of decisions", "Every event of this release, refusals too.", events, words)


def _signoffs(facts: Mapping[str, Any], words: Words) -> Table:
    names = {each["key"]: each["name"] for each in facts["policy"]["copy"]["requirements"]}
    rows = (
        (
            str(each["id"]),
            names.get(each["requirement"], each["requirement"]),
            each["decision"],
            _signer(each, words),
            moment(each["at"]),
            HOW.get(each["auth"], each["auth"]),
            each["fingerprint"][:SHORT],
            _said(each, facts["more"]["signoff_condition"]),
            _standing(each, words),
        )
        for each in facts["signoffs"]
    )
    return Table(
        title="Sign-offs",
        about="Each that was ever given, and what became of it.",
        head=("No.", "For", "Decision", "By", "At", "By way of", "Scope", "Said", "Now"),
        rows=tuple(rows),
    )


def _signer(row: Mapping[str, Any], words: Words) -> str:
    place = f" for {words.name(row['principal'])}" if row["principal"] not in {None, row["slack_id"]} else ""
    return f"{words.name(row['slack_id'])}{place}"


def _said(row: Mapping[str, Any], conditions: Iterable[Mapping[str, Any]]) -> str:
    """Why, what the signature means, and on what it hangs."""
    hanging = "; ".join(each["text"] for each in conditions if each["signoff_id"] == row["id"])
    meaning = f"“{row['meaning']}”" if row["meaning"] else ""
    return ". ".join(filter(None, (row["reason"], meaning, f"On condition of: {hanging}" if hanging else "")))


def _standing(row: Mapping[str, Any], words: Words) -> str:
    if row["revoked_at"]:
        return f"revoked {moment(row['revoked_at'])}"
    if row["void_at"]:
        return f"void since {moment(row['void_at'])}: {words.value(row['void_change'], 'void_change')}"
    return "stands" + (f" until {moment(row['valid_until'])}" if row["valid_until"] else "")


def _scopes(facts: Mapping[str, Any]) -> Table:
    """Each scope that somebody signed or voted on, or that a card showed them."""
    rows = []
    for mark, tickets in sorted(facts["snapshots"].items()):
        keys = [each[1] if each[1] == RESTRICTED or not each[2] else f"{each[1]} (done)" for each in tickets]
        rows.append((mark[:SHORT], str(len(tickets)), _listed(keys)))
    return Table(
        title="Scopes that were signed or voted on",
        about="By fingerprint: the tickets that the card showed.",
        head=("Scope", "Tickets", "Which"),
        rows=tuple(rows),
    )


def _listed(keys: list[str]) -> str:
    """Restricted ones by their number alone."""
    hidden = keys.count(RESTRICTED)
    more = [RESTRICTED if hidden == 1 else f"{hidden} restricted tickets"] if hidden else []
    return ", ".join([each for each in keys if each != RESTRICTED] + more)


def _stays(facts: Mapping[str, Any]) -> Table:
    stays: dict[tuple[str, str], list[str]] = {}
    for _, key, came, left in facts["scope"]:
        stays.setdefault((moment(came), moment(left) if left else ""), []).append(key)
    return Table(
        title="Scope over time",
        about="Which tickets came into the release's scope when, and left it.",
        head=("Came", "Left", "Which"),
        rows=tuple((*when, _listed(keys)) for when, keys in stays.items()),
    )


def _own(evidence: Evidence) -> Iterator[tuple[Link, dict[str, Any]]]:
    for link in evidence.links:
        if link.seq in evidence.own and link.body is not None:
            yield link, json.loads(link.body)


def _is_refusal(body: Mapping[str, Any]) -> bool:
    """Not that somebody decided not to grant what was asked for, which has no such reason."""
    return body["kind"].endswith(REFUSED) and not REASONS.isdisjoint(body["facts"])


def _events(title: str, about: str, events: Iterable[tuple[Link, dict[str, Any]]], words: Words) -> Table:
    rows = []
    for link, body in events:
        told = words.value({name: value for name, value in body["facts"].items() if name != "release"})
        by = words.of_event(link.seq, body["people"]) or "Interlock"
        how = HOW.get(body["authentication"], body["authentication"])
        rows.append((str(link.seq), moment(body["at"]), body["kind"], by, how, told, link.hash[:SHORT]))
    return Table(
        title=title, about=about, head=("Event", "At", "What", "By", "By way of", "Facts", "Hash"), rows=tuple(rows)
    )
