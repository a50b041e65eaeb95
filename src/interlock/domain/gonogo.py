"""A roll-call on go or no-go: one vote a role until it closes, and what the votes come to."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from interlock.domain import names
from interlock.domain.actor import Person
from interlock.domain.authority import Refused
from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import GonogoRule
from interlock.domain.release import Release, Stage
from interlock.domain.stage import following, preceding
from interlock.domain.words import join

SHORTEST: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(days=7)
STEPS: Final = ((1, 2), (7, 8))
"""After which parts of its time the roles without a vote are chased."""

FOR: Final = re.compile(r"^(?:(.*)\s)?for\s+(\d.*)$", re.IGNORECASE | re.ASCII)
LASTING: Final = re.compile(r"(\d{1,4})\s*(m|min|minutes?|h|hours?|d|days?)", re.IGNORECASE | re.ASCII)
UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Choice(StrEnum):
    GO = "go"
    NO_GO = "no_go"
    ABSTAIN = "abstain"


class Outcome(StrEnum):
    """What a roll-call comes to. NOT_ENOUGH: too few voted for either; that is no denial."""

    OPEN = "open"
    GO = "go"
    NO_GO = "no_go"
    NOT_ENOUGH = "not_enough"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A live vote: neither superseded nor void. `fingerprint` is of the scope that its giver saw."""

    id: int
    role: str
    person: Person
    choice: Choice
    reason: str | None
    fingerprint: str
    at: datetime

    @property
    def counts(self) -> bool:
        """As with sign-offs: a go falls with its giver's account, a no-go outlasts it."""
        return self.choice is Choice.NO_GO or self.person.is_member


@dataclass(frozen=True, slots=True, kw_only=True)
class RollCall:
    """`rule` is the template's as it was when the roll-call was opened. `opened_by` and `ended_by` are Slack ids;
    `outcome` is None until it was confirmed, or the roll-call withdrawn; `end_revision_id` is what was so then.
    """

    id: int
    release_id: int
    card_id: int
    number: int
    rule: GonogoRule
    policy_version: str
    opened_by: str
    opened_at: datetime
    closes_at: datetime
    votes: tuple[Vote, ...] = ()
    outcome: Outcome | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    end_revision_id: str | None = None

    @property
    def ended(self) -> bool:
        return self.ended_at is not None

    def of_role(self, role: str) -> Vote | None:
        return next((vote for vote in self.votes if vote.role == role), None)

    def of_person(self, slack_id: str) -> Vote | None:
        return next((vote for vote in self.votes if vote.person.slack_id == slack_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """`counted` are the votes that count, by role in policy's order; `dissent` those of them that say otherwise than
    the outcome; `absent` the roles without one. `why` is a sentence's rest: `3 go, 1 no-go (75 % go, 100 % wanted)`.
    """

    outcome: Outcome
    counted: tuple[Vote, ...]
    absent: tuple[str, ...]
    dissent: tuple[Vote, ...]
    why: str

    def number(self, choice: Choice) -> int:
        return sum(1 for vote in self.counted if vote.choice is choice)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A roll-call as its card, its answers and its record show it. `people` may vote for each role, as mirrored now;
    `names` are those of whoever opened and ended it; `revision_id` is None where nothing can be clicked.
    """

    release: Release
    roll_call: RollCall
    tally: Tally
    tickets: int
    done: int
    restricted: int
    mirror_as_of: datetime | None
    fingerprint: str
    people: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    revision_id: str | None = None


def tally(roll_call: RollCall, rule: GonogoRule, now: datetime) -> Tally:
    """What the votes come to. Abstentions stand on neither side; the share is of go and no-go. Before the close it is
    open until every role has voted; at the close, an absent role counts as no-go, or blocks, as the rule says. Where
    only absence stands between the votes and go, that is not enough votes and no denial.
    """
    counted = _counted(roll_call, rule)
    voted = {vote.role for vote in counted}
    absent = tuple(role for role in rule.roles if role not in voted)
    go = sum(1 for vote in counted if vote.choice is Choice.GO)
    against = sum(1 for vote in counted if vote.choice is Choice.NO_GO)
    outcome = _outcome(go, against, len(absent), rule, over=now >= roll_call.closes_at)
    opposite = {Outcome.GO: Choice.NO_GO, Outcome.NO_GO: Choice.GO}.get(outcome)
    return Tally(
        outcome=outcome,
        counted=counted,
        absent=absent,
        dissent=tuple(vote for vote in counted if vote.choice is opposite),
        why=_why(go, against, len(counted) - go - against, absent, rule),
    )


def _counted(roll_call: RollCall, rule: GonogoRule) -> tuple[Vote, ...]:
    """One a role, one a person, in time; the earlier of two keeps the place."""
    by_role: dict[str, Vote] = {}
    people = set[str]()
    for vote in sorted(roll_call.votes, key=lambda each: (each.at, each.id)):
        in_time = vote.at < roll_call.closes_at
        if in_time and vote.counts and vote.role not in by_role and vote.person.slack_id not in people:
            by_role[vote.role] = vote
            people.add(vote.person.slack_id)
    return tuple(by_role[role] for role in dict.fromkeys(rule.roles) if role in by_role)


def _outcome(go: int, against: int, absent: int, rule: GonogoRule, *, over: bool) -> Outcome:
    if absent and not over:
        return Outcome.OPEN
    if not go + against:
        return Outcome.NOT_ENOUGH
    whole = go + against + absent
    if 100 * (go + absent) < rule.at_least * whole:  # no absent role could have turned it
        return Outcome.NO_GO
    enough = 100 * go >= rule.at_least * whole
    return Outcome.GO if enough and go and not (absent and rule.absent == "blocks") else Outcome.NOT_ENOUGH


def _why(go: int, against: int, abstained: int, absent: tuple[str, ...], rule: GonogoRule) -> str:
    said = [f"{go} go", f"{against} no-go"]
    said += [f"{abstained} abstained"] if abstained else []
    said += [f"no vote from {join(list(absent))}"] if absent else []
    return f"{', '.join(said)}; go takes {rule.at_least} %"


def may_vote(roll_call: RollCall, mine: Iterable[str], slack_id: str, now: datetime) -> str | Refused:
    """The role for which this person, who holds the roles `mine`, votes: the one for which they voted already, else the
    first in policy's order that has no vote; or why they cannot.
    """
    held = [role for role in roll_call.rule.roles if role in set(mine)]
    if roll_call.ended:
        return Refused(reason="ended", sentence="That roll-call has ended, so nobody votes in it any more.")
    if now >= roll_call.closes_at:
        return Refused(
            reason="closed", sentence="That roll-call closed before your vote came. A release manager confirms it now."
        )
    if not held:
        return Refused(
            reason="not_in_role",
            sentence=f"You can't vote: it asks {join(list(roll_call.rule.roles), 'and')}, and you are none of them.",
        )
    if roll_call.rule.exclude_opener and slack_id == roll_call.opened_by:
        return Refused(
            reason="opener", sentence="You can't vote: you opened this roll-call, and its policy excludes that."
        )
    if (before := roll_call.of_person(slack_id)) and before.role in held:
        return before.role
    free = [role for role in held if (vote := roll_call.of_role(role)) is None or not vote.person.is_member]
    if free:
        return free[0]
    taken = [f"{vote.person.name} for {role}" for role in held if (vote := roll_call.of_role(role))]
    return Refused(
        reason="role_voted",
        sentence=f"A role has one vote, and {join(taken)} gave it already. Talk to them: they can change it.",
    )


def ready(found: Tally, shown: Outcome) -> Refused | None:
    """Why what somebody was shown as the result cannot be confirmed; None where it is the result."""
    if found.outcome is Outcome.OPEN:
        return Refused(
            reason="still_open",
            sentence=f"The roll-call is still open, and nobody of {join(list(found.absent))} has voted yet. "
            "It can be confirmed when all have, or at its close.",
        )
    if found.outcome is not shown:
        return Refused(
            reason="other_result",
            sentence=f"Not confirmed: it comes to {said(found.outcome)} by now ({found.why}). Look at it again.",
        )
    return None


def leads_to(one: Release, outcome: Outcome) -> Stage | None:
    """Where confirming this takes the release; None where it stays."""
    if outcome is Outcome.GO:
        return Stage.GO
    back = outcome is Outcome.NO_GO and following(one) is Stage.GO
    return preceding(one) if back else None


def said(outcome: Outcome) -> str:
    """`not enough votes`."""
    words = {Outcome.NO_GO: "no-go", Outcome.NOT_ENOUGH: "not enough votes"}
    return words.get(outcome, outcome.value)


def voice(choice: Choice) -> str:
    """`no-go`."""
    return {Choice.NO_GO: "no-go", Choice.ABSTAIN: "abstains"}.get(choice, choice.value)


def choice_of(word: str) -> Choice | None:
    """`no-go`, however somebody writes it."""
    letters = "".join(letter for letter in word.casefold() if letter.isalpha())
    known = {"go": Choice.GO, "nogo": Choice.NO_GO, "abstain": Choice.ABSTAIN, "abstains": Choice.ABSTAIN}
    return known.get(letters)


def lasting(text: str) -> tuple[str, timedelta | None, str | None]:
    """`2026.12 for 4h` taken apart: what stands before, how long, and what is wrong with it."""
    found = FOR.match(names.tidy(text))
    if found is None:
        return text.strip(), None, None
    before, length = (found[1] or "").strip(), LASTING.fullmatch(found[2])
    if length is None:
        return before, None, "Say how long, such as: for 4h, for 90m, for 2d."
    long = int(length[1]) * UNITS[length[2][0].casefold()]
    if not SHORTEST <= long <= LONGEST:
        return before, None, "A roll-call is open for 15 minutes at least and 7 days at most."
    return before, long, None


def due_step(opened_at: datetime, closes_at: datetime, hours: WorkCalendar, now: datetime) -> int | None:
    """The last chase that is due for somebody with these working hours: 0 at half of the time, 1 at seven eighths; None
    where none is. Outside their hours it waits for their next opening, unless the close comes first: then at once.
    """
    if now >= closes_at:
        return None
    due = None
    for number, (part, whole) in enumerate(STEPS):
        moment = opened_at + (closes_at - opened_at) * part / whole
        opening = hours.next_opening(moment)
        if now >= (opening if opening < closes_at else moment):
            due = number
    return due


def why_moved(found: Tally) -> str:
    """Why the release moves, for its record: the figures, and the reasons of the no-goes."""
    against = [f"{vote.role}: {vote.reason}" for vote in found.counted if vote.choice is Choice.NO_GO]
    return f"{said(found.outcome)} by roll-call: {'; '.join([found.why, *against])}"
