"""Writing decisions, and what was refused, into the audit chain."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from interlock.domain.actor import Actor, Person
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.release import Release
from interlock.store import audit, person

ONCE_IN: Final = timedelta(days=1)


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
    also: Mapping[str, Person] | None = None,
) -> None:
    """`who` is kept apart from the chain, under `role`, and so is whoever else it concerns, by theirs; `facts` must
    name people by nothing but ids. The rule that it was decided under and the stage that the release was in before are
    recorded with each.
    """
    event = AuditEvent(
        kind=kind,
        actor=actor,
        facts={"release": one.name, "policy_version": one.policy_version, "stage": one.stage.value} | facts,
        people={role: asdict(who)} | {each: asdict(other) for each, other in (also or {}).items()},
        release_id=one.id,
    )
    audit.append(session, event, now)


def record_refusal(
    session: Session,
    kind: str,
    actor: Actor,
    one: Release | None,
    facts: dict[str, Any],
    refused: Refused,
    now: datetime,
) -> Refused:
    """That somebody was refused and why, and gives the refusal back; `one` is None where no release was named yet."""
    standing = person.standing(session, actor.slack_id)
    who = standing.person if standing else Person(slack_id=actor.slack_id, name="")
    told = facts | {"why": refused.reason}
    if one is not None:
        record(session, kind, actor, who, one, told, now)
    else:
        audit.append(session, AuditEvent(kind=kind, actor=actor, facts=told, people={"actor": asdict(who)}), now)
    return refused


def record_refusal_once(
    session: Session,
    kind: str,
    actor: Actor,
    one: Release | None,
    facts: dict[str, Any],
    refused: Refused,
    now: datetime,
) -> Refused:
    """As `record_refusal`, where a program comes again every minute: the same facts are told once a day, as the record
    itself says.
    """
    told = facts | {"why": refused.reason}
    if not audit.told_since(session, kind, one.id if one else None, told, now - ONCE_IN):
        record_refusal(session, kind, actor, one, facts, refused, now)
    return refused
