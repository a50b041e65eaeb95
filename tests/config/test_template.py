from dataclasses import replace
from datetime import date, time

import pytest

from interlock.config.errors import StoredTemplateError
from interlock.config.template import policy_json, policy_version, read_template
from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import CriterionRule, JobRule, MilestoneRule, RequirementRule, Template

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
def test_a_template_survives_the_way_through_text(template: Template) -> None:
    assert read_template(policy_json(template)) == template


def test_the_text_is_canonical() -> None:
    text = policy_json(WEEKLY)

    assert text.startswith('{"break_glass":null,"calendar":"london","criteria":[{"at_least":90,')
    assert "Zürich" in text
    assert policy_json(read_template(text)) == text


def test_other_values_have_a_text_too() -> None:
    assert '"at":"02:10:00"' in policy_json(JobRule(at=time(2, 10)))
    calendar = WorkCalendar(time_zone="UTC", holidays=frozenset({date(2026, 12, 26), date(2026, 12, 25)}))
    assert '"holidays":["2026-12-25","2026-12-26"]' in policy_json(calendar)


def test_a_copy_from_before_a_key_existed_has_its_default() -> None:
    assert read_template('{"name":"Bare"}') == Template(name="Bare")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"name":1}',
        '{"name":"Bare","two_rooms":true}',
        '{"name":"Bare","requirements":[{"key":"qa","name":"QA","veto":true}]}',
        '{"name":"Bare","criteria":[{"kind":"coin_tossed","name":"Heads"}]}',
    ],
)
def test_what_this_version_does_not_understand_is_refused(text: str) -> None:
    with pytest.raises(StoredTemplateError, match="newer Interlock"):
        read_template(text)


def test_the_version_is_of_the_content() -> None:
    version = policy_version(WEEKLY)

    assert len(version) == 12
    assert int(version, 16) >= 0
    assert policy_version(read_template(policy_json(WEEKLY))) == version
    assert policy_version(replace(WEEKLY, ladder=None)) != version
    assert policy_version(Template(name="Bare")) == "110d16b1c252"  # the same on every machine
