"""The RAID log of a release: its risks, assumptions, issues and decisions, each with an owner and a day of review."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from interlock.domain.actor import SOMEBODY, Person
from interlock.domain.authority import Refused
from interlock.domain.names import unsaid
from interlock.domain.policy import RaidRules
from interlock.domain.release import ReleaseName
from interlock.domain.words import count, full_stop

SCALE: Final = range(1, 6)
"""Of probability and of impact."""
LONGEST_TITLE: Final = 150
LONGEST_TEXT: Final = 500
"""Characters of details, of a note and of an outcome."""
MOST_PEOPLE: Final = 20
"""Contributors of a decision, and people informed of it."""
AHEAD: Final = timedelta(days=366)
"""How far ahead a review may lie."""
KEY: Final = re.compile(r"([RAID])-?(\d{1,9})", re.IGNORECASE | re.ASCII)
SHOWN: Final = 5


class Kind(StrEnum):
    RISK = "risk"
    ASSUMPTION = "assumption"
    ISSUE = "issue"
    DECISION = "decision"

    @property
    def letter(self) -> str:
        return self.value[0].upper()


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Deed(StrEnum):
    """What was done to an entry."""

    CREATED = "created"
    CHANGED = "changed"
    REVIEWED = "reviewed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mitigation:
    """The ticket that an entry hangs on. `shown`: its key and title may stand where this is read; else it is only "a
    restricted ticket". `gone`: the tracker no longer shows it.
    """

    id: str
    key: str
    title: str
    done: bool
    shown: bool = True
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`owner` is a decision's driver. `probability` and `impact` are a risk's, 1 to 5. `review_on` is the day by which
    somebody looks at it again; by which a decision is wanted. `details` say what is done about it, or a decision's
    options. `outcome` is what came of it, None while it is open. `version` grows with each change.
    """

    id: int
    kind: Kind
    release: ReleaseName
    title: str
    owner: Person
    review_on: date
    state: State
    version: int
    created_by: str
    created_at: datetime
    probability: int | None = None
    impact: int | None = None
    details: str = ""
    ticket: Mitigation | None = None
    approver: Person | None = None
    contributors: tuple[Person, ...] = ()
    informed: tuple[Person, ...] = ()
    outcome: str | None = None
    closed_by: Person | None = None
    closed_at: datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.kind.letter}-{self.id}"

    @property
    def open(self) -> bool:
        return self.state is State.OPEN

    @property
    def score(self) -> int | None:
        """Probability times impact, 1 to 25; None for what is no risk."""
        if self.probability is None or self.impact is None:
            return None
        return self.probability * self.impact

    @property
    def live(self) -> bool:
        """Open, in a release that is under way: somebody has to look at it again."""
        return self.open and not self.release.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of an entry's history. `before` and `after` hold what changed, by `facts`' names."""

    deed: Deed
    at: datetime
    by: Person
    note: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry with its history, the oldest first, as `/raid show` tells it."""

    entry: Entry
    history: tuple[Change, ...]
    people: dict[str, str]
    """Names by Slack id, of those whom the history names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A release's entries in the order in which they matter. `today` is the reader's date."""

    release: ReleaseName
    entries: tuple[Entry, ...]
    rules: RaidRules
    today: date

    @property
    def open(self) -> tuple[Entry, ...]:
        return tuple(each for each in self.entries if each.open)

    @property
    def risks(self) -> tuple[Entry, ...]:
        """The open ones, which a heat map shows."""
        return tuple(each for each in self.open if each.score is not None)

    @property
    def high(self) -> tuple[Entry, ...]:
        return high_risks(self.entries, self.rules.high_score)

    @property
    def overdue(self) -> tuple[Entry, ...]:
        return tuple(each for each in self.entries if is_overdue(each, self.today))


def high_risks(entries: Iterable[Entry], high_score: int) -> tuple[Entry, ...]:
    """The open risks whose score reaches the policy's threshold, the highest first."""
    found = [each for each in entries if each.open and each.score is not None and each.score >= high_score]
    return tuple(sorted(found, key=lambda each: (-(each.score or 0), each.id)))


def is_overdue(entry: Entry, today: date) -> bool:
    return entry.live and entry.review_on < today


def is_due(entry: Entry, today: date) -> bool:
    return entry.live and entry.review_on <= today


def ranked(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Open before closed; then risks by score, then what is to be looked at soonest."""
    return tuple(sorted(entries, key=lambda each: (not each.open, -(each.score or 0), each.review_on, each.id)))


def read_key(typed: str) -> tuple[Kind, int] | None:
    """`R-12`, `r12` as a kind and a number."""
    found = KEY.fullmatch(typed.strip())
    if not found:
        return None
    return next(each for each in Kind if each.letter == found[1].upper()), int(found[2])


def facts(entry: Entry) -> dict[str, Any]:
    """What the record and the history keep of an entry. People and tickets stand in it by their ids alone."""
    return {
        "release": entry.release.id,
        "title": entry.title,
        "owner": entry.owner.slack_id,
        "probability": entry.probability,
        "impact": entry.impact,
        "review_on": entry.review_on.isoformat(),
        "details": entry.details,
        "ticket": entry.ticket.id if entry.ticket else None,
        "approver": entry.approver.slack_id if entry.approver else None,
        "contributors": [each.slack_id for each in entry.contributors],
        "informed": [each.slack_id for each in entry.informed],
        "state": entry.state.value,
        "outcome": entry.outcome,
    }


def difference(before: Entry, after: Entry) -> tuple[dict[str, Any], dict[str, Any]]:
    """What changed, as it was and as it is."""
    old, new = facts(before), facts(after)
    changed = [name for name in old if old[name] != new[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def not_open(entry: Entry) -> Refused | None:
    """Why nothing about the entry can be changed any more; None while it is open."""
    if entry.open:
        return None
    by = entry.closed_by.name if entry.closed_by else SOMEBODY
    return Refused(
        reason="closed",
        sentence=f"{entry.key} was closed by {by}: {full_stop(entry.outcome or '')} A closed entry stays as it is; "
        f"/raid {entry.kind.value} makes a new one.",
    )


def not_approver(entry: Entry, slack_id: str) -> Refused | None:
    """Why this person can't decide the decision; None where they can, and for what is no decision."""
    if entry.approver is None or entry.approver.slack_id == slack_id:
        return None
    if entry.approver.is_member:
        who = f"{entry.approver.name} approves {entry.key}, so nobody else can record what was decided."
    else:
        who = f"{entry.approver.name}, who approves {entry.key}, has left: /raid edit {entry.key} approver @person."
    return Refused(reason="not_approver", sentence=f"You can't close {entry.key}: {who}")


def ended(name: str) -> Refused:
    return Refused(
        reason="release_ended",
        sentence=f"{name} has ended, so nothing was changed. Entries of it can only be closed, or moved to a release "
        "that is under way: /raid edit KEY to RELEASE.",
    )


def outcome_problem(outcome: str, kind: Kind) -> str | None:
    what = "what was decided" if kind is Kind.DECISION else "what came of it"
    return unsaid(outcome, f"Say {what}, such as: {_EXAMPLES[kind]}", LONGEST_TEXT) or None


def finding(log: Log) -> str:
    """What the heat map shows, as one sentence: its alternative text."""
    risks = log.risks
    if not risks:
        return f"{log.release.name} has no open risk."
    high = log.high
    total = f"{len(high)} of {count(len(risks), 'open risk')} of {log.release.name}"
    verb = "is" if len(high) == 1 else "are"
    if not high:
        worst = max(risks, key=lambda each: (each.score or 0, -each.id))
        return f"No open risk of {log.release.name} is high; the worst of {len(risks)} is {_scored(worst)}."
    named = ", ".join(_scored(each) for each in high[:SHOWN])
    more = f" and {len(high) - SHOWN} more" if len(high) > SHOWN else ""
    return f"{total} {verb} high ({log.rules.high_score} or more): {named}{more}."


def _scored(entry: Entry) -> str:
    return f"{entry.key} with {entry.score}"


_EXAMPLES: Final = {
    Kind.RISK: "the upgrade shipped on time.",
    Kind.ASSUMPTION: "confirmed by the vendor.",
    Kind.ISSUE: "the quota was raised.",
    Kind.DECISION: "we move to registry 6 after the release.",
}
