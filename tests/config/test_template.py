import json
from dataclasses import replace
from typing import Any

import pytest

from interlock.config.template import policy_version
from interlock.domain.audit import canonical
from interlock.domain.policy import CriterionRule, MilestoneRule, RequirementRule, Template
from interlock.domain.template import essence
from interlock.store.engine import StoreError
from interlock.store.release import template as stored

WEEKLY = Template(
    name="Weekly – “Zürich”",
    version=3,
    calendar="london",
    milestones=(MilestoneRule(name="Code freeze", business_days_before=2),),
    requirements=(
        RequirementRule(key="qa", name="QA", groups=("qa-approvers",), quorum=2),
        RequirementRule(key="data", name="Data", people=("maria@practice.example",), exclude_assignees=False),
    ),
    criteria=(CriterionRule(kind="scope_complete", name="Done", at_least=90),),
    readiness_business_days_before=(2, 0),
    ladder="urgent",
    one_person_one_requirement=False,
)


@pytest.mark.parametrize("template", [WEEKLY, Template(name="Bare")])
def test_a_template_survives_the_way_through_a_release_s_copy(template: Template) -> None:
    assert stored(json.loads(canonical(essence(template)))) == template


def test_a_copy_from_before_a_key_existed_has_its_default() -> None:
    assert stored({"name": "Bare", "milestones": [], "requirements": [], "criteria": []}) == Template(name="Bare")


@pytest.mark.parametrize(
    "more",
    [
        {"two_rooms": True},
        {"requirements": [{"key": "qa", "name": "QA", "veto": True}]},
        {"criteria": [{"kind": "scope_complete", "name": "Done", "coins": 2}]},
    ],
)
def test_what_this_version_does_not_understand_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match="newer Interlock"):
        stored(essence(Template(name="Bare")) | more)


def test_the_version_is_of_the_content() -> None:
    version = policy_version(WEEKLY)

    assert len(version) == 12
    assert int(version, 16) >= 0
    assert policy_version(stored(essence(WEEKLY))) == version
    assert policy_version(replace(WEEKLY, ladder=None)) != version
    assert policy_version(Template(name="Bare")) == "110d16b1c252"  # the same on every machine
