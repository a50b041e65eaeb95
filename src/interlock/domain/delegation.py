"""Being away: until when, and who signs meanwhile. Nobody hands on what they stand in for, so no chain and no loop."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from interlock.domain.actor import Person
from interlock.domain.authority import Refused
from interlock.domain.signoff import Absence

LONGEST: Final = timedelta(days=92)
"""A longer absence is a change of who approves, which is the user group's to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """`slack_id` is away from `starts` until `until`; `stand_in` signs for them, nobody where it is None."""

    slack_id: str
    stand_in: str | None
    starts: datetime
    until: datetime

    def meets(self, other: "Delegation") -> bool:
        return self.starts < other.until and other.starts < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """`absence` is what holds now; `requirements` say, by release and requirement, where the stand-in may sign."""

    absence: Absence
    requirements: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """`was`: until when they had been away, None where they were not."""

    was: datetime | None


def refuse(
    wanted: Delegation, stand_in: Person | None, *, permitted: bool, others: Iterable[Delegation], now: datetime
) -> Refused | None:
    """Why it may not be. `permitted`: the stand-in may sign releases at all; `others` are of or to either of them."""
    if wanted.until <= now or wanted.until <= wanted.starts:
        return Refused(reason="over", sentence="That is over already: name a day to come.")
    if wanted.until - now > LONGEST:
        return Refused(
            reason="too_long",
            sentence=f"That is longer than {LONGEST.days} days. For so long, let your user group say who approves.",
        )
    if wanted.stand_in is None:
        return None
    if wanted.stand_in == wanted.slack_id:
        return Refused(reason="oneself", sentence="You can't stand in for yourself. Name somebody else.")
    if stand_in is None or not stand_in.is_member:
        return Refused(
            reason="no_member",
            sentence="Only an active full member of this workspace can stand in for you. Name somebody else.",
        )
    if not permitted:
        return Refused(
            reason="not_permitted_to_sign",
            sentence=f"{stand_in.name} may not sign releases, so not in your place either. Name somebody who may.",
        )
    return _chained(wanted, stand_in, [each for each in others if each.meets(wanted)])


def _chained(wanted: Delegation, stand_in: Person, others: list[Delegation]) -> Refused | None:
    if any(each.slack_id == wanted.stand_in for each in others):
        return Refused(
            reason="chain",
            sentence=f"{stand_in.name} is away too in that time, and what is left to them can't be handed on. "
            "Name somebody who is there.",
        )
    if any(each.stand_in == wanted.slack_id for each in others):
        return Refused(
            reason="chain",
            sentence="You stand in for somebody in that time, and that can't be handed on. "
            "Let them name somebody else first, or leave without naming anybody.",
        )
    return None
