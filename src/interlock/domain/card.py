"""Cards, and the revision of one that somebody saw."""

from dataclasses import dataclass
from datetime import datetime

from interlock.domain.fingerprint import TicketSeen

SIGNOFF = "signoff"
"""The kind of the card that asks for a release's sign-offs."""

GONOGO = "gonogo"
"""The kind of a roll-call's card; the roll-call's number follows, since a release may have several over time."""


POLICY_CHANGE = "policy_change"
"""The kind of a proposal's card, to change the release's policy; the proposal's number follows."""


def break_glass(number: int) -> str:
    """The kind of the card of a release's broken glass, of which it may have several over time."""
    return f"break_glass:{number}"


def runbook(run: int) -> str:
    """The kind of the card that shows a run of a release's runbook; each run has its own."""
    return f"runbook-{run}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A message that shows live state, asked for by somebody."""

    id: int
    release_id: int
    kind: str
    channel_id: str
    requested_by: str
    requested_at: datetime

    @property
    def post_key(self) -> str:
        """The outbox key of the message itself, by which its refreshes find where it stands."""
        return f"card:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRevision:
    """One drawing: what was in scope when it was drawn. `id` is what its buttons carry. Of one that was looked up,
    `shown` is the hash of what it showed beside the scope, and `message` the conversation and the ts of the card.
    """

    id: str
    card: Card
    number: int
    fingerprint: str
    policy_version: str
    seen: tuple[TicketSeen, ...]
    shown: str | None = None
    message: tuple[str, str] | None = None
