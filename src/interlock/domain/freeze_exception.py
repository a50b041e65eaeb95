"""Exceptions from a freeze: asked for by one person with the risks of going and of staying, decided on by another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from interlock.domain import names
from interlock.domain.actor import Person
from interlock.domain.authority import Refused
from interlock.domain.freeze import Window, span, until
from interlock.domain.names import Found, Several
from interlock.domain.release import Release
from interlock.domain.words import join

LONGEST: Final = 500
"""How many characters of each reason are kept."""

ASKS: Final = {
    "why": "Say why it cannot wait.",
    "risk_in": "Say what may go wrong if it goes out in the freeze.",
    "risk_out": "Say what may go wrong if it waits until the freeze is over.",
}


class Decision(StrEnum):
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """What an exception is asked for with."""

    why: str
    risk_in: str
    risk_out: str

    def tidied(self) -> "Reasons":
        return Reasons(why=names.tidy(self.why), risk_in=names.tidy(self.risk_in), risk_out=names.tidy(self.risk_out))


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeException:
    """One asked for. It is of the very occurrence that `freeze`, `starts` and `ends` name, and ends with it. The
    decision's fields are None until there is one.
    """

    id: int
    release_id: int
    freeze: str
    starts: datetime
    ends: datetime
    reasons: Reasons
    asked_by: Person
    asked_at: datetime
    decision: Decision | None = None
    decided_by: Person | None = None
    decided_at: datetime | None = None
    decision_reason: str | None = None

    def excepts(self, window: Window, now: datetime) -> bool:
        return self.decision is Decision.APPROVED and now < self.ends and self.is_of(window)

    def is_of(self, window: Window) -> bool:
        return window.is_of(self.freeze, self.starts, self.ends)

    @property
    def live(self) -> bool:
        """Asked for, or approved: no other can be asked for of the same occurrence."""
        return self.decision is not Decision.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionCard:
    """What is shown of an exception, on the freeze's clock; `over`: its time is past."""

    release: Release
    exception: FreezeException
    time_zone: str
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """`again`: it was decided so before, by the same person."""

    again: bool = False


def problems(reasons: Reasons) -> dict[str, str]:
    """What is wrong with tidied reasons, as a sentence by field."""
    found = {}
    for field, ask in ASKS.items():
        if problem := names.unsaid(getattr(reasons, field), ask, LONGEST):
            found[field] = problem
    return found


def choose(typed: str, met: Sequence[Window], release: str) -> Window | Refused:
    """The freeze that somebody means, of those that the release meets; of several of one name, the first."""
    if not met:
        return Refused(
            reason="no_freeze",
            sentence=f"{release} meets no freeze, now or on its target day: it needs no exception.",
        )
    by_name = {window.name: window for window in reversed(met)}
    if not typed and len(by_name) == 1:
        return met[0]
    listed = join(list(by_name), "or")
    if not typed:
        return Refused(reason="unclear", sentence=f"{release} meets more than one freeze. From which: {listed}?")
    found = names.find(typed, list(by_name))
    if isinstance(found, Found):
        return by_name[found.name]
    said = names.tidy(typed)[: names.LONGEST]
    if isinstance(found, Several):
        return Refused(
            reason="unclear", sentence=f"More than one freeze begins with “{said}”: {join(list(found.names))}."
        )
    return Refused(reason="unknown_freeze", sentence=f"{release} meets no freeze “{said}”. It meets {listed}.")


def decide(
    one: FreezeException, window: Window | None, decider: Person, decision: Decision, now: datetime
) -> Decided | Refused:
    """`window` is what policy has at that time under that name now; None where it has nothing there any more."""
    if decider.slack_id == one.asked_by.slack_id:
        sentence = f"You asked for this exception, so you can't decide on it. Somebody else who {MAY} can."
        return Refused(reason="own_exception", sentence=sentence)
    if one.decision is not None:
        if one.decided_by and one.decided_by.slack_id == decider.slack_id and one.decision is decision:
            return Decided(again=True)
        by = one.decided_by.name if one.decided_by else "somebody"
        return Refused(reason="decided_already", sentence=f"{by} {one.decision.value} it already: it stays so.")
    if now >= one.ends:
        return Refused(reason="freeze_over", sentence=f"{one.freeze} is over, so there is nothing to decide.")
    if decision is Decision.APPROVED and (window is None or not one.is_of(window)):
        return Refused(
            reason="freeze_changed",
            sentence=f"{one.freeze} was changed in policy since this was asked for. Refuse it, and have it asked anew.",
        )
    return Decided()


MAY: Final = "may decide on freeze exceptions"


def obstacle(release: str, window: Window, asked: FreezeException | None, now: datetime) -> str:
    """Why the release can't go, as a sentence that says what would make it work."""
    when = f"holds until {until(window)}" if window.holds(now) else f"covers its target day ({span(window)})"
    head = f"{window.name} {when}."
    if asked is not None and asked.decision is None:
        return f"{head} An exception was asked for by {asked.asked_by.name} and waits for a decision."
    return f"{head} Wait, or ask for an exception: /release exception {release}"
