"""A vendor stops knowing us, or knows us again: what needs it stops and goes on by itself. No actor decides here."""

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.vendor import Refusal, Vendor
from interlock.store import outbox, vendor
from interlock.store.engine import Store
from interlock.usecases import parked

KIND: Final = "vendor.refused"
GOOD_FOR: Final = timedelta(days=1)


def refuse(store: Store, policy: Policy, who: Vendor, told: str, now: datetime) -> bool:
    """`who` does not accept our token; True where it did until now. Of Jira the release managers are told: Slack they
    would notice, and could not be told of."""
    with store.write() as session:
        new = vendor.refuse(session, who, told, now)
        if new and who is Vendor.JIRA:
            _tell(session, policy, who, now)
        return new


def accept(store: Store, who: Vendor) -> bool:
    """`who` accepts us; True where it did not until now."""
    with store.write() as session:
        return vendor.accept(session, who)


def renewed(store: Store, who: Vendor, now: datetime) -> None:
    """Another token was given: what waits for `who` need not wait for its next probe."""
    with store.write() as session:
        vendor.probe_soon(session, who, now)


def refusals(store: Store) -> tuple[Refusal, ...]:
    with store.read() as session:
        return vendor.refusals(session)


def standing(store: Store, name: str) -> Refusal | None:
    """What is told of a refusal when the message goes; None once it is over."""
    return next((each for each in refusals(store) if each.vendor == name), None)


def _tell(session: Session, policy: Policy, who: Vendor, now: datetime) -> None:
    for manager in parked.managers(session, policy):
        note = Outgoing(
            key=f"{KIND}:{who}:{now.isoformat()}:{manager.slack_id}",
            kind=KIND,
            ids={"vendor": who.value},
            channel=f"@{manager.slack_id}",
            urgency=Urgency.PROMPT,
            not_after=now + GOOD_FOR,
        )
        outbox.enqueue(session, note, now)
