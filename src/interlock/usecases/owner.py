"""Whose an environment is: configuration names a group of people, and people, as its owners."""

from datetime import datetime

from sqlmodel import Session

from interlock.domain import environment as rules
from interlock.domain.actor import Actor, Person, Standing
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.words import join
from interlock.store import person
from interlock.usecases import authority

NAMED = 3


def to_manage(session: Session, policy: Policy, actor: Actor, key: str, now: datetime) -> Standing | Refused:
    """The actor's standing if they manage environments, or configuration names them an owner of this one."""
    allowed = authority.to_decide(session, policy, Permission.ENVIRONMENT_MANAGE, actor, now)
    if isinstance(allowed, Standing) or allowed.reason != "not_permitted":
        return allowed
    standing = person.standing(session, actor.slack_id)
    if standing and rules.owns(policy.environments.get(key), standing):
        return authority.to_decide(session, policy, Permission.ENVIRONMENT_BOOK, actor, now)
    who = join([each.name for each in owners(session, policy, key)][:NAMED], "or")
    return Refused(
        reason="not_owner",
        sentence=f"You can't do that: {key} is not yours to manage. {f'{who} can.' if who else 'Ask its owners.'}",
    )


def owners(session: Session, policy: Policy, key: str) -> tuple[Person, ...]:
    """Whom configuration names as the environment's owners, and who can act."""
    rule = policy.environments.get(key)
    if rule is None:
        return ()
    group = person.members(session, [rule.owner_group])[rule.owner_group] if rule.owner_group else []
    named = person.by_email(session, rule.owners).values()
    return tuple({each.slack_id: each for each in [*group, *named]}.values())
