"""Asking for permission, at the start of every use case."""

from datetime import datetime

from sqlmodel import Session

from interlock.domain import authority
from interlock.domain.actor import Actor, Standing
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.store import person


def to_view(session: Session, policy: Policy, permission: Permission, actor: Actor) -> Standing | Refused:
    """The actor's standing if they may look, else why not."""
    return authority.may(policy, permission, person.standing(session, actor.slack_id))


def to_decide(
    session: Session, policy: Policy, permission: Permission, actor: Actor, now: datetime
) -> Standing | Refused:
    """As `to_view`, for what changes something: refused also while user groups are older than policy allows."""
    return authority.may_decide(policy, permission, person.standing(session, actor.slack_id), now)
