"""Who would have been allowed what, as far as a record tells: no history of user groups is kept.

Each answer is True, False or None, which is that the record does not tell.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from interlock.domain.actor import Person
from interlock.domain.permission import Permission
from interlock.domain.policy import EVERYONE, Policy, RequirementRule, Role

NOBODY = RequirementRule(key="", name="")


def named(person: Person, entries: Collection[str]) -> bool:
    """Whether a list of addresses and ids names them."""
    mine = {person.slack_id.casefold(), (person.email or person.slack_id).casefold()}
    return not mine.isdisjoint(each.casefold() for each in entries)


def entitled(person: Person | None, was: RequirementRule, would: RequirementRule) -> bool | None:
    """Whether the new rule names somebody who was among those of the old one."""
    if (set(was.groups), set(was.people)) == (set(would.groups), set(would.people)):
        return True
    if person is None:
        return None
    if named(person, would.people):
        return True
    if not would.groups:
        return False
    by_group = not named(person, was.people)
    return True if by_group and set(was.groups) <= set(would.groups) else None


def entitled_anew(person: Person, was: RequirementRule | None, would: RequirementRule) -> bool | None:
    """Whether the new rule names somebody who was none of the old one's; `was` None where not even that is known."""
    if named(person, would.people):
        return True
    if not would.groups or (was is not None and set(would.groups) <= set(was.groups)):
        return False
    return None


def same_roles(was: Policy, would: Policy, permission: Permission) -> bool:
    """Whether both policies give a permission to the same."""
    return _holders(was, permission) == _holders(would, permission)


def permitted(person: Person | None, was: Policy, would: Policy, permission: Permission, *, had: bool) -> bool | None:
    """Whether the new policy gives the permission to somebody who `had` it, or had it not, under the old one."""
    if same_roles(was, would, permission):
        return had
    if person is None:
        return None
    if EVERYONE in would.permissions.get(permission, ()):
        return person.is_member
    old, new = _of_roles(was, permission), _of_roles(would, permission)
    if not had:
        return entitled_anew(person, old, new)
    if EVERYONE in was.permissions.get(permission, ()):
        return entitled_anew(person, None, new)
    return entitled(person, old, new)


def _of_roles(policy: Policy, permission: Permission) -> RequirementRule:
    """All groups and people of the roles that have a permission, as if it were a sign-off's."""
    roles = _holders(policy, permission).values()
    return replace(
        NOBODY,
        groups=tuple(each for role in roles for each in role.groups),
        people=tuple(each for role in roles for each in role.people),
    )


def _holders(policy: Policy, permission: Permission) -> Mapping[str, Role]:
    wanted = policy.permissions.get(permission, ())
    return {key: policy.roles.get(key, Role()) for key in wanted}
