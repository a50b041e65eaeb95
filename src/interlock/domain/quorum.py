"""Whether the sign-offs that policy asks for can be given at all, by those who are there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from interlock.domain.actor import Person, Standing
from interlock.domain.authority import roles_of
from interlock.domain.checkup import Finding, fail, ok, unknown, warn
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy, RequirementRule, Template
from interlock.domain.words import count, join


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Slack's user groups as they are: `members` by handle, of those in use; `disabled` handles; `people` by id.

    `linked`: it is known whose tracker account is whose. Before Interlock has read people and tickets once it is not.
    """

    members: Mapping[str, frozenset[str]]
    people: Mapping[str, Person]
    disabled: frozenset[str] = frozenset()
    linked: bool = True

    def named(self, groups: Iterable[str], emails: Iterable[str]) -> list[Person]:
        """Those of the groups and addresses who count: active full members."""
        wanted = {email.casefold() for email in emails}
        ids = frozenset().union(*(self.members.get(handle, frozenset()) for handle in groups))
        found = (
            each
            for each in self.people.values()
            if each.is_member and (each.slack_id in ids or (each.email or "").casefold() in wanted)
        )
        return sorted(found, key=lambda each: each.name)

    def standing(self, person: Person) -> Standing:
        groups = frozenset(handle for handle, members in self.members.items() if person.slack_id in members)
        return Standing(person=person, groups=groups, groups_as_of=None, people_as_of=None)


def seats(rule: RequirementRule) -> int:
    """How many people it takes at least: of everybody, one."""
    return 1 if rule.quorum == "all" else rule.quorum


def groups_named(policy: Policy) -> dict[str, list[str]]:
    """Each user group of the policy, with where it stands."""
    found: dict[str, list[str]] = {}
    for key, role in policy.roles.items():
        for handle in role.groups:
            found.setdefault(handle, []).append(f"roles.{key}")
    for key, template in policy.templates.items():
        for requirement in template.requirements:
            for handle in requirement.groups:
                found.setdefault(handle, []).append(f"templates.{key}")
    for key, environment in policy.environments.items():
        if environment.owner_group:
            found.setdefault(environment.owner_group, []).append(f"environments.{key}")
    return {handle: list(dict.fromkeys(places)) for handle, places in sorted(found.items())}


def judge_groups(policy: Policy, roster: Roster) -> list[Finding]:
    """One line for each user group that is not there, disabled or empty; or one for all."""
    named, wrong = groups_named(policy), list[Finding]()
    for handle, places in named.items():
        what, where = f"user group @{handle}", join(places)
        if handle in roster.disabled:
            wrong.append(
                fail(what, f"it is disabled, and {where} counts on it.", "Enable it in Slack, or name another.")
            )
        elif handle not in roster.members:
            wrong.append(
                fail(what, f"Slack has none of that handle; {where} names it.", "Make it, or correct the policy.")
            )
        elif not roster.named([handle], ()):
            wrong.append(
                warn(what, f"it has no active full member, and {where} counts on it.", "Put somebody into it in Slack.")
            )
    return wrong or [ok("user groups", f"all {count(len(named), 'group')} that the policy names are there.")]


def judge_quorums(policy: Policy, roster: Roster) -> list[Finding]:
    """One line for each template whose sign-offs cannot all be given, or only just."""
    wrong = [found for key, each in policy.templates.items() for found in _template(policy, key, each, roster)]
    if not wrong and not roster.linked:
        told = "people enough; whose tracker account is whose, which some sign-offs need, is not known yet."
        return [unknown("sign-offs", told, "Run Interlock once, then ask again.")]
    return wrong or [ok("sign-offs", f"every requirement of {count(len(policy.templates), 'template')} can be met.")]


def _template(policy: Policy, key: str, template: Template, roster: Roster) -> list[Finding]:
    able = {rule.key: roster.named(rule.groups, rule.people) for rule in template.requirements}
    wrong = [found for rule in template.requirements if (found := _requirement(key, rule, able[rule.key], roster))]
    wrong += _asked_twice(key, template, able)
    if wrong:
        return wrong
    if not template.one_person_one_requirement or _all_met(template.requirements, able, without=None):
        return _without_asker(policy, key, template, able, roster)
    return [
        fail(
            f"sign-offs of {key}",
            "each requirement has people enough, but not all of them together: nobody fills two.",
            "Put more people into their user groups, or set one_person_one_requirement to false.",
        )
    ]


def _asked_twice(key: str, template: Template, able: Mapping[str, Sequence[Person]]) -> list[Finding]:
    """Whoever is one of everybody in two requirements could sign but one of them."""
    if not template.one_person_one_requirement:
        return []
    everybody = [rule for rule in template.requirements if rule.quorum == "all"]
    pairs = [(one, other) for number, one in enumerate(everybody) for other in everybody[number + 1 :]]
    return [
        fail(
            f"sign-offs of {key}",
            f"{one.name} and {other.name} ask everybody, {join([each.name for each in both])} is in both, and nobody "
            "fills two.",
            "Take them out of one, or set one_person_one_requirement to false.",
        )
        for one, other in pairs
        if (both := [each for each in able[one.key] if each in able[other.key]])
    ]


def _requirement(key: str, rule: RequirementRule, able: Sequence[Person], roster: Roster) -> Finding | None:
    what = f"sign-off {key}/{rule.key}"
    who = join([*(f"@{handle}" for handle in rule.groups), *rule.people], "or")
    wanted = seats(rule)
    if len(able) < wanted:
        told = f"it takes {count(wanted, 'person', 'people')}, and {who} has {len(able)} active full members."
        return fail(what, told, "Put more people into the group, or lower the quorum.")
    if rule.mandatory_group is not None and not roster.named([rule.mandatory_group], ()):
        told = f"it takes one of @{rule.mandatory_group}, which has no active full member."
        return fail(what, told, "Put somebody into the group, or make another one mandatory.")
    if not rule.exclude_assignees or not roster.linked:
        return None
    unlinked = [each for each in able if each.verified_account is None]
    if (unlinked and rule.quorum == "all") or len(able) - len(unlinked) < wanted:
        names = join([each.name for each in unlinked])
        return fail(
            what,
            f"assignees may not sign, so who signs needs a known tracker account, and {names} have none.",
            "Let them type /link, or set their tracker_account under people in the policy.",
        )
    return None


def _without_asker(
    policy: Policy, key: str, template: Template, able: Mapping[str, Sequence[Person]], roster: Roster
) -> list[Finding]:
    """Whoever asks for the sign-offs may not sign: all has to be met without them as well."""
    askers = set(policy.permissions.get(Permission.SIGNOFF_REQUEST, ()))
    signers = {each.slack_id: each for people in able.values() for each in people}
    stuck = [
        each.name
        for each in signers.values()
        if askers & roles_of(policy, roster.standing(each)) and not _met_without(template, able, each.slack_id)
    ]
    if not stuck:
        return []
    return [
        warn(
            f"sign-offs of {key}",
            f"they cannot be met where {join(sorted(stuck), 'or')} asks for them: nobody signs at their own request.",
            "Let somebody else ask, or name more people.",
        )
    ]


def _met_without(template: Template, able: Mapping[str, Sequence[Person]], without: str) -> bool:
    if template.one_person_one_requirement:
        return _all_met(template.requirements, able, without=without)
    return all(
        sum(each.slack_id != without or not rule.exclude_requester for each in able[rule.key]) >= seats(rule)
        for rule in template.requirements
    )


def _all_met(rules: Sequence[RequirementRule], able: Mapping[str, Sequence[Person]], *, without: str | None) -> bool:
    """Whether different people can be found for all of them: a matching, grown along augmenting paths."""
    wanted = [rule for rule in rules for _ in range(seats(rule))]
    sits: dict[str, int] = {}

    def seat(number: int, asked: set[str]) -> bool:
        for person in able[wanted[number].key]:
            who = person.slack_id
            if (who == without and wanted[number].exclude_requester) or who in asked:
                continue
            asked.add(who)
            if who not in sits or seat(sits[who], asked):
                sits[who] = number
                return True
        return False

    return all(seat(number, set()) for number in range(len(wanted)))
