"""Writing a decision about a release into the audit chain."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import Session

from interlock.domain.actor import Actor, Person
from interlock.domain.audit import AuditEvent
from interlock.domain.release import Release
from interlock.store import audit


def record(
    session: Session,
    kind: str,
    actor: Actor,
    who: Person,
    one: Release,
    facts: dict[str, Any],
    now: datetime,
    *,
    role: str = "actor",
) -> None:
    """`who` is kept apart from the chain, under `role`; `facts` must name people by nothing but ids."""
    event = AuditEvent(
        kind=kind,
        actor=actor,
        facts={"release": one.name} | facts,
        people={role: asdict(who)},
        release_id=one.id,
    )
    audit.append(session, event, now)
