"""Asking for permission, at the start of every use case."""

from datetime import datetime

from sqlmodel import Session

from interlock.domain import authority
from interlock.domain.actor import Actor, Person, Standing
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


def holders(session: Session, policy: Policy, permission: Permission) -> tuple[Person, ...]:
    """The active members whom policy gives it, as mirrored, by name; the built-in `everyone` names nobody."""
    roles = [policy.roles[each] for each in policy.permissions.get(permission, ()) if each in policy.roles]
    grouped = person.members(session, {group for role in roles for group in role.groups}).values()
    named = person.by_email(session, {entry for role in roles for entry in role.people}).values()
    found = {each.slack_id: each for each in (*(one for members in grouped for one in members), *named)}
    return tuple(sorted(found.values(), key=lambda each: (each.name, each.slack_id)))
