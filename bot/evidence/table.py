"""Rows of the facts as tables to read."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from interlock.domain.actor import Authentication
from interlock.domain.evidence import Evidence
from interlock.domain.fingerprint import POLICY_CHANGED

HOW: Final = {
    Authentication.SLACK.value: "Slack",
    Authentication.TOKEN.value: "command-line token",
    Authentication.SYSTEM.value: "Interlock itself",
}
SHORT: Final = 12
"""Digits of a hash, where the whole stands elsewhere."""
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?\+00:00", re.ASCII)
HASH: Final = re.compile(r"[0-9a-f]{64}")

Columns = Mapping[str, str]
"""By heading: the names in a row that say it, apart by blanks, as `asked_by asked_at`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    title: str
    about: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Words:
    """What the facts say to a reader: names for Slack ids, from what stands beside the chain and was not erased, keys
    for tickets' ids, and times.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._data = {(each["seq"], each["role"]): each.get("data") for each in evidence.people}
        self._names = {
            str(data["slack_id"]): str(data.get("name") or data["slack_id"])
            for data in self._data.values()
            if data and data.get("slack_id")
        }
        self._keys = evidence.facts["tickets"]

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

    def value(self, value: Any, name: str = "") -> str:
        """Any of JSON, that stands under this name."""
        if value is None or isinstance(value, bool):
            return {None: "", True: "yes", False: "no"}[value]
        if name == "void_change":
            return self._cause(value)
        if name == "end_change":
            return ", ".join(f"{about} {spaced(what)}" for what, _, about in value)
        if isinstance(value, dict):
            told = ((spaced(each), self.value(inner, each)) for each, inner in value.items())
            return "; ".join(f"{each}: {inner}" for each, inner in told if inner)
        if isinstance(value, list):
            return ", ".join(filter(None, (self._inner(each) for each in value)))
        if not isinstance(value, str):
            return json.dumps(value)
        if name in {"ticket", "ticket_id"}:
            return str(self._keys.get(value, value))
        if name == "auth" or name.endswith("_auth"):
            return HOW.get(value, value)
        if MOMENT.fullmatch(value):
            return moment(value)
        return value[:SHORT] if HASH.fullmatch(value) else self.name(value) if value in self._names else value

    def _inner(self, value: Any) -> str:
        """A list within a list is apart by blanks."""
        return " ".join(filter(None, map(self.value, value))) if isinstance(value, list) else self.value(value)

    def _cause(self, change: dict[str, Any]) -> str:
        """Why a sign-off or a vote counts no more."""
        if change.get("giver_left"):
            return "its giver left"
        if change.get("expired"):
            return "it grew too old"
        if change.get("changes"):
            return ", ".join(map(_change, change["changes"]))
        return self.value(change)

    def cell(self, row: Mapping[str, Any], names: str) -> str:
        """`Rita (U0RITA), 2026-11-23 09:00:00, Slack`"""
        return ", ".join(filter(None, (self.value(row.get(each), each) for each in names.split())))


def of_rows(title: str, rows: Iterable[Mapping[str, Any]], columns: Columns, words: Words) -> Table:
    """The columns that hold anything in any row."""
    cells = {head: [words.cell(row, names) for row in rows] for head, names in columns.items()}
    kept = {head: each for head, each in cells.items() if any(each)}
    return Table(title=title, about="", head=tuple(kept), rows=tuple(zip(*kept.values(), strict=True)))


def _change(told: Sequence[str]) -> str:
    """`DATA-3 added`, `policy changed (QA: approvals: 2 instead of 1)`"""
    what, _, about = told
    return f"{what} ({about})" if what == POLICY_CHANGED else f"{about} {spaced(what)}"


def spaced(name: str) -> str:
    return name.replace("_", " ").replace("signoff", "sign-off")


def moment(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"
