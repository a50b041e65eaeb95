"""Who may do what: permissions to roles to groups and people. What configuration does not give is denied."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from interlock.domain.actor import Standing
from interlock.domain.permission import DEEDS, Permission
from interlock.domain.policy import EVERYONE, Policy
from interlock.domain.words import ago, join


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An expected refusal: `reason` is a code for logs and audit, `sentence` says what, why and what would help."""

    reason: str
    sentence: str


def roles_of(policy: Policy, standing: Standing) -> frozenset[str]:
    """The roles that configuration gives this person; EVERYONE for each active full member."""
    person = standing.person
    if not person.active or person.kind != "member":
        return frozenset()
    email = (person.email or "").casefold()
    named = {
        key
        for key, role in policy.roles.items()
        if standing.groups.intersection(role.groups)
        or person.slack_id in role.people
        or (email and email in {entry.casefold() for entry in role.people})
    }
    return frozenset(named | {EVERYONE})


def too_old(policy: Policy, standing: Standing, now: datetime) -> Refused | None:
    """The refusal where a mirror is too old to decide by: of user groups, or of people."""
    if _older(standing.groups_as_of, policy.limits.groups_max_age_minutes, now):
        return _stale("groups_unavailable", "user groups", standing.groups_as_of, now)
    if _older(standing.people_as_of, policy.limits.people_max_age_minutes, now):
        return _stale("people_unavailable", "people", standing.people_as_of, now)
    return None


def _older(as_of: datetime | None, minutes: int, now: datetime) -> bool:
    return as_of is None or now - as_of > timedelta(minutes=minutes)


def may(policy: Policy, permission: Permission, standing: Standing | None) -> Standing | Refused:
    """The standing itself when the person may. For looking: the mirror of groups is taken as it is."""
    if standing is None:
        return Refused(
            reason="unknown_person",
            sentence="Interlock does not know you yet: it reads the workspace's people every few minutes. Try again.",
        )
    refused = _refuse_stranger(standing)
    if refused:
        return refused
    wanted = policy.permissions.get(permission, ())
    if roles_of(policy, standing).intersection(wanted):
        return standing
    who = join([_holders(policy, role) for role in wanted], "or") if wanted else "nobody"
    return Refused(reason="not_permitted", sentence=f"You can't {DEEDS[permission]}: policy gives that to {who}.")


def may_decide(policy: Policy, permission: Permission, standing: Standing | None, now: datetime) -> Standing | Refused:
    """As `may`, for what changes something: refused too while people or user groups are older than policy allows, since
    who holds a role, and who is still there, is not known then.
    """
    allowed = may(policy, permission, standing)
    return (too_old(policy, allowed, now) or allowed) if isinstance(allowed, Standing) else allowed


def _holders(policy: Policy, role: str) -> str:
    """A role with the user groups to ask in: `release-manager (@release-managers)`."""
    groups = policy.roles[role].groups if role in policy.roles else ()
    return f"{role} ({', '.join(f'@{group}' for group in groups)})" if groups else role


def _stale(reason: str, what: str, as_of: datetime | None, now: datetime) -> Refused:
    age = "were never read" if as_of is None else f"were last read {ago(as_of, now)}"
    return Refused(
        reason=reason,
        sentence=f"That can't be decided now: Slack's {what} {age}, so who may decide is not known. "
        "They are read every few minutes; try again then.",
    )


def _refuse_stranger(standing: Standing) -> Refused | None:
    person = standing.person
    if not person.active:
        return Refused(reason="deactivated", sentence="This Slack account is deactivated, so it can't be used here.")
    if person.kind == "member":
        return None
    what = {"guest": "guests", "external": "people of other companies", "bot": "bots"}[person.kind]
    return Refused(
        reason=person.kind,
        sentence=f"Interlock answers full members of this workspace only, not {what}. Ask a member of the team.",
    )
