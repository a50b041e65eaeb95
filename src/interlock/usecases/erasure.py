"""Erasing a person. It administers the machine: whoever runs it has the database, and decides nothing for others."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from interlock.domain.actor import SYSTEM
from interlock.domain.audit import AuditEvent
from interlock.domain.erasure import Erased, Prospect
from interlock.store import audit, directory, erasing, erasure
from interlock.store.engine import Store


def prospect(store: Store, slack_id: str, accounts: Collection[str] = ()) -> Prospect | None:
    """What it would do; None for somebody whom Interlock does not know. `accounts`: what else is theirs in the tracker,
    by the word of whoever asks."""
    with store.read() as session:
        who = erasing.identity(session, slack_id, accounts)
        if who is None or erasure.tombstones(session).has(slack_id):
            return None
        return Prospect(
            slack_id=slack_id,
            name=who.name,
            email=who.email,
            active=who.active,
            accounts=who.accounts,
            records=len(audit.people_of(session, slack_id)),
            stays={noun: number for noun, number in erasing.named_in(session, slack_id).items() if number},
            loses=erasing.losing(session, slack_id) if who.active else (),
            namesakes=erasing.namesakes(session, who),
            refused=tuple(sorted(set(accounts) - set(who.accounts))),
        )


def erase(
    store: Store,
    slack_id: str,
    administrator: dict[str, Any],
    now: datetime,
    *,
    reason: str | None = None,
    accounts: Collection[str] = (),
) -> Erased | None:
    """`reason` is why somebody is erased who is still active. None: somebody else erased them meanwhile, or nobody
    knows them. The event names the person by nothing but a salted mark.
    """
    with store.write() as session:
        directory.one_at_a_time(session)
        who = erasing.identity(session, slack_id, accounts)
        if who is None or erasure.tombstones(session).has(slack_id):
            return None
        records = audit.people_of(session, slack_id)
        mark = erasure.bury(session, (slack_id, *who.accounts), now)
        event = AuditEvent(
            kind=audit.ERASED,
            actor=SYSTEM,
            facts={"mark": mark, "records": len(records), "still_here": reason},
            people={"administrator": administrator},
        )
        number = audit.append(session, event, now)
        audit.erase(session, records, number)
        return Erased(event=number, records=len(records), messages=erasing.forget(session, who, now))
