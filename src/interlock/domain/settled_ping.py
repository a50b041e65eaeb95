"""What a ping says once its blocker has cleared, or somebody has it in hand."""

from dataclasses import dataclass
from datetime import datetime

from interlock.domain.actor import Person
from interlock.domain.ticket import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledPing:
    """`by` took it until `taken_until`, or asked for silence until `snoozed_until`; or it cleared."""

    ticket: Ticket
    team: str | None
    cleared_at: datetime | None
    by: Person | None
    taken_until: datetime | None
    snoozed_until: datetime | None
