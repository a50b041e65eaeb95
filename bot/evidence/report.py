"""What the readable halves of the evidence say, once for both: the page and the printed sheet."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from interlock.domain.actor import Authentication
from interlock.domain.evidence import Evidence, Link
from interlock.domain.visibility import RESTRICTED

HOW: Final = {
    Authentication.SLACK.value: "Slack",
    Authentication.TOKEN.value: "command-line token",
    Authentication.SYSTEM.value: "Interlock itself",
}
SKIPPED: Final = "runbook.step_skipped"
SHORT: Final = 12
"""Digits of a hash, where the whole stands elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    title: str
    about: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    none: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`facts` are pairs of a name and what it is."""

    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]


def of(evidence: Evidence) -> Report:
    facts, who = evidence.facts, _People(evidence)
    release, policy = facts["release"], facts["policy"]
    lines = [
        ("Release", f"{evidence.name} (number {evidence.release_id}), template {release['template']}"),
        (
            "Stage",
            release["stage"].replace("_", " ") + (f": {release['close_reason']}" if release["close_reason"] else ""),
        ),
        ("Target", release["target"]),
        ("Planned", f"{_time(release['created_at'])} by {who.name(release['created_by'])}"),
        ("Policy", f"{policy['copy'].get('name', '')}, version {policy['version']}, SHA-256 {policy['sha256']}"),
        ("Record", f"events {evidence.links[0].seq} to {evidence.links[-1].seq}, head {evidence.links[-1].hash}"),
    ]
    if release["closed_at"]:
        lines.insert(3, ("Ended", f"{_time(release['closed_at'])} by {who.name(release['closed_by'])}"))
    return Report(
        title=f"Evidence of {evidence.name}",
        lead=f"Exported by Interlock on {evidence.exported_at:%a %d %b %Y %H:%M} UTC. All times are UTC. This is "
        "for reading; what verify.py proves are the JSON files beside it.",
        facts=tuple(lines),
        tables=(
            _signoffs(facts, who),
            _scopes(facts),
            _milestones(facts),
            _skipped(evidence, who),
            _events(evidence, who),
        ),
    )


class _People:
    """Names by Slack id and by event, from what stands beside the chain and was not erased."""

    def __init__(self, evidence: Evidence) -> None:
        self._data = {(each["seq"], each["role"]): each.get("data") for each in evidence.people}
        self._names = {
            str(data.get("slack_id")): str(data.get("name") or data.get("slack_id"))
            for data in self._data.values()
            if data
        }

    def name(self, slack_id: str | None) -> str:
        """A name with the id that a second person of that name has not."""
        if not slack_id:
            return "Interlock"
        known = self._names.get(slack_id)
        return f"{known} ({slack_id})" if known and known != slack_id else slack_id

    def of_event(self, seq: int, roles: Iterable[str]) -> str:
        told = []
        for role in sorted(roles):
            data = self._data.get((seq, role))
            name = "an erased person" if data is None else self.name(str(data.get("slack_id") or ""))
            email = f" <{data['email']}>" if data and data.get("email") else ""
            told.append(f"{name}{email}" if role == "actor" else f"{role}: {name}{email}")
        return "; ".join(told)


def _signoffs(facts: dict[str, Any], who: _People) -> Table:
    names = {each["key"]: each["name"] for each in facts["policy"]["copy"].get("requirements", ())}
    rows = tuple(
        (
            names.get(each["requirement"], each["requirement"]),
            each["decision"],
            who.name(each["slack_id"]),
            _time(each["at"]),
            HOW.get(each["auth"], each["auth"]),
            each["fingerprint"][:SHORT],
            each["reason"] or "",
            _standing(each),
        )
        for each in facts["signoffs"]
    )
    return Table(
        title="Sign-offs",
        about="Each that was ever given, and what became of it.",
        head=("For", "Decision", "By", "At", "By way of", "Scope", "Reason", "Now"),
        rows=rows,
        none="Nobody has signed.",
    )


def _standing(row: Mapping[str, Any]) -> str:
    if row["revoked_at"]:
        return f"revoked {_time(row['revoked_at'])}"
    if not row["void_at"]:
        return "stands"
    change = row["void_change"] or {}
    causes = ", ".join(f"{each[2]} {each[0]}" for each in change.get("changes", ()))
    why = causes or ("its giver left" if change.get("giver_left") else _text(change))
    return f"void since {_time(row['void_at'])}: {why}"


def _scopes(facts: dict[str, Any]) -> Table:
    """Each scope that somebody signed, or that a card showed to a signer."""
    rows = []
    for mark, tickets in sorted(facts["snapshots"].items()):
        hidden = sum(1 for each in tickets if each[1] == RESTRICTED)
        listed = ", ".join(f"{each[1]}{' (done)' if each[2] else ''}" for each in tickets if each[1] != RESTRICTED)
        if hidden:
            listed = ", ".join(filter(None, [listed, RESTRICTED if hidden == 1 else f"{hidden} restricted tickets"]))
        rows.append((mark[:SHORT], str(len(tickets)), listed))
    return Table(
        title="Scopes that were signed",
        about="By fingerprint: the tickets that the card showed.",
        head=("Scope", "Tickets", "Which"),
        rows=tuple(rows),
        none="None.",
    )


def _milestones(facts: dict[str, Any]) -> Table:
    rows = tuple(
        (each["name"], each["due"], _time(each["reached_at"]) if each["reached_at"] else "")
        for each in facts["milestones"]
    )
    return Table(title="Milestones", about="", head=("Milestone", "Due", "Reached"), rows=rows, none="None.")


def _skipped(evidence: Evidence, who: _People) -> Table:
    rows = tuple(
        (
            str(body["facts"]["run"]),
            body["facts"]["step"],
            who.of_event(link.seq, body["people"]),
            _time(body["at"]),
            HOW.get(body["authentication"], body["authentication"]),
            body["facts"]["note"],
        )
        for link, body in _own(evidence)
        if body["kind"] == SKIPPED
    )
    return Table(
        title="Skipped steps",
        about="Steps of the runbook that a release manager passed over, and why.",
        head=("Run", "Step", "By", "At", "By way of", "Why"),
        rows=rows,
        none="None among the events below.",
    )


def _own(evidence: Evidence) -> Iterator[tuple[Link, dict[str, Any]]]:
    """The release's own events, and what each says."""
    for link in evidence.links:
        if link.seq in evidence.own and link.body is not None:
            yield link, json.loads(link.body)


def _events(evidence: Evidence, who: _People) -> Table:
    rows = []
    for link, body in _own(evidence):
        told = ", ".join(f"{name}: {_text(value)}" for name, value in body["facts"].items() if name != "release")
        by = who.of_event(link.seq, body["people"]) or "Interlock"
        how = HOW.get(body["authentication"], body["authentication"])
        rows.append((str(link.seq), _time(body["at"]), body["kind"], by, how, told, link.hash[:SHORT]))
    return Table(
        title="Record of decisions",
        about="Every event of this release, refusals too.",
        head=("Event", "At", "What", "By", "By way of", "Facts", "Hash"),
        rows=tuple(rows),
        none="None.",
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"
