"""The rule that a release was decided under, in words: what its copy of the policy says, what is usual included."""

from typing import Final

from bot.evidence.table import Table, spaced
from interlock.domain.policy import CriterionRule, GonogoRule, RequirementRule, Template
from interlock.domain.words import count, join

PASSES: Final = {
    "scope_complete": "{rule.at_least} % of the {rule.measure}{of_team} in scope are done",
    "no_open_blocker": "no blocker{grave} is open",
    "dependencies_delivered": "nothing waits for a ticket outside its scope",
    "no_high_risk": "no open risk is high",
    "signoffs_given": "every sign-off is given",
    "milestone_reached": "{rule.milestone} is over",
    "environment_booked": "{rule.environment} is booked for the target day",
    "environment_ready": "{rule.environment} is booked for the target day, and ready",
    "checklist": "it is ticked{link}",
    "report": "the figure {rule.report} is {figure}, and at most {age} old",
}
"""By a gate's kind."""
CHANGES: Final[dict[str, str]] = {
    "added": "a ticket is added",
    "removed": "a ticket is removed",
    "reopened": "a ticket is reopened",
    "priority_raised": "a ticket's priority is raised",
    "criterion_turned_red": "a gate turns red",
    "evidence_changed": "a gate's evidence changes",
}
"""By what policy calls material."""


def requirements(policy: Template) -> Table:
    one_each = policy.one_person_one_requirement
    rows = (
        (each.name, _takes(each), _barred(each), _before(each), _void(each), _also(each))
        for each in policy.requirements
    )
    return Table(
        title="Sign-offs that the policy asks for",
        about="Nobody fills two of them." if one_each else "One person may fill several of them.",
        head=("For", "Takes", "May not sign", "Needed before", "Void once", "Also"),
        rows=tuple(rows),
    )


def gates(policy: Template) -> Table:
    return Table(
        title="Gates that the policy sets",
        about="What cannot be checked does not pass.",
        head=("Gate", "Passes when", "Needed before"),
        rows=tuple((each.name, _passes(each), spaced(each.before)) for each in policy.criteria),
    )


def runbook(policy: Template) -> Table:
    rows = (
        (each.name, each.owner, str(each.expected_minutes), each.parallel or "", each.check) for each in policy.runbook
    )
    return Table(
        title="The runbook",
        about="",
        head=("Step", "Owner", "Expected, min", "Together", "Check"),
        rows=tuple(rows),
    )


def stages(policy: Template) -> str:
    return ", ".join(map(spaced, ("planned", *policy.stages, "closed")))


def roll_call(rule: GonogoRule) -> str:
    absent = (
        "a role without a vote counts as no-go" if rule.absent == "no_go" else "a role without a vote keeps it from go"
    )
    opener = "; whoever opens it may not vote" if rule.exclude_opener else ""
    return (
        f"one vote each for {join(list(rule.roles))}; go takes {rule.at_least} % of go and no-go; {absent}; open for "
        f"{count(rule.answer_within_hours, 'hour')}{opener}"
    )


def _takes(rule: RequirementRule) -> str:
    of = join([*(f"@{each}" for each in rule.groups), *rule.people], "or")
    group = f", one of them of @{rule.mandatory_group}" if rule.mandatory_group else ""
    many = "everybody" if rule.quorum == "all" else count(rule.quorum, "person", "people")
    return f"{many} of {of}{group}"


def _barred(rule: RequirementRule) -> str:
    barred = (
        (rule.exclude_requester, "whoever asked for it"),
        (rule.exclude_release_manager, "whoever planned the release"),
        (rule.exclude_assignees, "whoever was ever assigned to a ticket in scope"),
    )
    return join([who for holds, who in barred if holds], "or") or "nobody else"


def _before(rule: RequirementRule) -> str:
    return spaced(rule.before_stage) + (f", by {rule.needed_by}" if rule.needed_by else "")


def _void(rule: RequirementRule) -> str:
    teams = f", of {join(list(rule.teams), 'or')}" if rule.teams else ""
    return (join([CHANGES[each] for each in rule.material], "or") or "nothing changes it") + teams


def _also(rule: RequirementRule) -> str:
    days = rule.answer_within_business_days
    told = (
        (rule.valid_days, f"an approval holds for {count(rule.valid_days or 0, 'day')}"),
        (days, f"an answer is due within {count(days or 0, 'business day')}"),
        (rule.delegation, "somebody may sign in another's place"),
        (rule.step_up, "whoever approves types what it means"),
    )
    return "; ".join(text for holds, text in told if holds)


def _passes(rule: CriterionRule) -> str:
    return PASSES[rule.kind].format(
        rule=rule,
        of_team=f" of {rule.team}" if rule.team else "",
        grave=f" of priority {rule.priority} or above" if rule.priority else "",
        link=", with a link to what shows it" if rule.link_needed else "",
        figure=join(_bounds(rule)),
        age=count(rule.stale_after_hours, "hour"),
    )


def _bounds(rule: CriterionRule) -> list[str]:
    bounds = (("at least", rule.minimum), ("at most", rule.maximum))
    return [f"{how} {value:g}" for how, value in bounds if value is not None]
