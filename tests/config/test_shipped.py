"""The policy that ships is the practice bank's, and shows what a policy can say."""

from datetime import date, time
from pathlib import Path

import pytest

from interlock.config.policy import check, load_policy
from interlock.domain.permission import Permission
from interlock.domain.policy import EVERYONE, JOBS, RELEASE_MANAGER, Policy

TODAY = date(2026, 11, 23)
SHIPPED = Path(__file__).parents[2] / "config" / "interlock.yaml"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(SHIPPED, TODAY)


def test_it_is_right() -> None:
    assert check(SHIPPED, TODAY) == []


def test_it_knows_the_practice_world(policy: Policy) -> None:
    assert {key: (team.name, team.match.projects, team.channel) for key, team in policy.teams.items()} == {
        "payments": ("Payments App", ("PAY",), "team-payments"),
        "data": ("Data Engineering", ("DATA",), "team-data"),
        "ml": ("ML Platform", ("ML",), "team-ml"),
        "infra": ("Infrastructure", ("INFRA",), "team-infra"),
        "meridian": ("Meridian (vendor)", ("MER",), "meridian-shared"),
    }
    assert list(policy.environments) == ["dev-1", "int-1", "uat-1", "uat-2", "perf-1", "staging", "ml-train", "dr-1"]
    assert set(policy.templates) == {"quarterly-platform", "weekly-service", "model-promotion", "hotfix"}
    assert policy.channels["meridian-shared"].company == "meridian"
    assert policy.channels["meridian-shared"].projects == ("MER",)
    digests = {name: rule.digest.at for name, rule in policy.channels.items() if rule.digest}
    assert digests == dict.fromkeys(("rel-data-platform", "rel-payments", "rel-models"), time(9))


def test_it_says_who_may_do_everything(policy: Policy) -> None:
    assert set(policy.permissions) == set(Permission)


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (Permission.RELEASE_VIEW, (EVERYONE,)),
        (Permission.BLOCKER_TAKE, (EVERYONE,)),
        (Permission.ENVIRONMENT_BOOK, (EVERYONE,)),
        (Permission.LINK_SELF, (EVERYONE,)),
        (Permission.RELEASE_CREATE, (RELEASE_MANAGER,)),
        (Permission.RELEASE_CLOSE, (RELEASE_MANAGER,)),
        (Permission.SIGNOFF_REQUEST, (RELEASE_MANAGER,)),
        (Permission.SIGNOFF_DECIDE, ("approver",)),
        (Permission.RUNBOOK_RUN, (RELEASE_MANAGER,)),
        (Permission.RUNBOOK_TICK, (EVERYONE,)),
        (Permission.ENVIRONMENT_MANAGE, ("environment-owner",)),
        (Permission.DIGEST_RUN, (RELEASE_MANAGER,)),
        (Permission.JOB_RUN, (RELEASE_MANAGER,)),
        (Permission.AUDIT_VIEW, ("auditor",)),
    ],
)
def test_who_may(policy: Policy, permission: Permission, roles: tuple[str, ...]) -> None:
    assert policy.permissions[permission] == roles


def test_every_job_has_its_time(policy: Policy) -> None:
    assert set(policy.jobs) == set(JOBS)
    assert policy.jobs["sync"].every_minutes == 2
    assert policy.jobs["readiness-summary"].at == time(9, 30)


def test_every_template_asks_for_sign_offs_and_ends_on_its_target(policy: Policy) -> None:
    for template in policy.templates.values():
        assert template.requirements
        assert template.milestones[-1].business_days_before == 0
        days = [milestone.business_days_before for milestone in template.milestones]
        assert days == sorted(days, reverse=True)
        assert template.ladder in policy.ladders
        assert any(criterion.kind == "signoffs_given" for criterion in template.criteria)


def test_every_template_has_a_runbook_whose_steps_are_somebodys(policy: Policy) -> None:
    acting = {group for role in policy.roles.values() for group in role.groups} | set(policy.roles)
    steps = {key: [step.key for step in template.runbook] for key, template in policy.templates.items()}
    assert {key: len(each) for key, each in steps.items()} == {
        "quarterly-platform": 12,
        "weekly-service": 4,
        "model-promotion": 6,
        "hotfix": 5,
    }
    for template in policy.templates.values():
        assert {step.owner for step in template.runbook} <= acting
        assert all(len(step.check) > 20 for step in template.runbook)
