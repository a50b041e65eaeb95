"""What is wrong with a planned release, and what it would come to."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from interlock.domain.calendar import WorkCalendar
from interlock.domain.channel import Channel
from interlock.domain.draft import Draft, Findings, examine
from interlock.domain.policy import ChannelRule, Freeze, MilestoneRule, Policy, Template, Tickets
from interlock.domain.release import NOTHING, ScopeRule

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = Policy(
    time_zone="Europe/London",
    calendar="london",
    calendars={"london": WorkCalendar(time_zone="Europe/London", holidays=frozenset({date(2026, 12, 25)}))},
    tickets=Tickets(projects=("DATA",)),
    templates={
        "platform": Template(
            name="Data Platform",
            milestones=(
                MilestoneRule(name="Code freeze", business_days_before=9),
                MilestoneRule(name="Kick-off", business_days_before=20),
            ),
        ),
        "hotfix": Template(name="Hotfix"),
    },
    channels={"rel-data-platform": ChannelRule()},
    freezes=(
        Freeze(name="Year-end", start=date(2026, 12, 21), end=date(2027, 1, 4)),
        Freeze(name="Payday", start=date(2026, 12, 17), end=date(2026, 12, 17), teams=("payments",)),
    ),
)
CHANNEL = Channel(id="C0REL", name="rel-data-platform", member=True)
DRAFT = Draft(
    name="2026.12",
    template="platform",
    target=date(2026, 12, 17),
    channel_id="C0REL",
    rule=ScopeRule(version_ids=("v1",)),
)
FINDINGS = Findings(taken_by=None, channel=CHANNEL, missing=(), tickets=58, teams=frozenset({"data"}))


def test_a_good_draft_has_no_problem_and_its_milestones_dated() -> None:
    preview = examine(DRAFT, FINDINGS, POLICY, NOW)
    assert preview.problems == {}
    assert preview.tickets == 58
    assert [(each.name, each.due) for each in preview.milestones] == [
        ("Kick-off", date(2026, 11, 19)),
        ("Code freeze", date(2026, 12, 4)),
    ]
    assert preview.warnings == ("Already past: Kick-off (Thu 19 Nov).",)


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"name": ""}, "name", "Give it a name, such as 2026.12."),
        ({"name": "x" * 41}, "name", "That is 41 characters; a name has at most 40."),
        ({"template": "gone"}, "template", "Choose a template: Data Platform or Hotfix."),
        ({"target": None}, "target", "Choose the target date."),
        ({"target": date(2026, 11, 20)}, "target", "Fri 20 Nov is past. Choose a day from Mon 23 Nov on."),
        ({"target": date(2020, 1, 1)}, "target", "Wed 1 Jan 2020 is past. Choose a day from Mon 23 Nov on."),
        (
            {"target": date(2027, 12, 25)},
            "target",
            "Sat 25 Dec 2027 is no business day. The next is Mon 27 Dec 2027.",
        ),
        ({"channel_id": None}, "channel", "Name the channel that sign-offs and news go to."),
        ({"target": date(2026, 12, 25)}, "target", "Fri 25 Dec is no business day. The next is Mon 28 Dec."),
        ({"target": date(2026, 12, 19)}, "target", "Sat 19 Dec is no business day. The next is Mon 21 Dec."),
        ({"target": date(9999, 12, 31)}, "target", "That is more than two years away. Choose an earlier day."),
        ({"rule": NOTHING}, "scope", "Name at least one fix version, label or epic."),
        (
            {"rule": ScopeRule(labels=tuple(f"label-{number}" for number in range(101)))},
            "scope",
            "At most 100 fix versions, labels and epics each. Leave some out.",
        ),
    ],
)
def test_what_was_entered_wrong_is_told_by_field(change: dict[str, object], field: str, sentence: str) -> None:
    draft = replace(DRAFT, **change)  # type: ignore[arg-type]  # each row names a field of Draft
    assert examine(draft, FINDINGS, POLICY, NOW).problems == {field: sentence}


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"taken_by": "2026.12"}, "name", "There is a release 2026.12 already."),
        ({"channel": None}, "channel", "Interlock does not see that channel."),
        ({"channel": replace(CHANNEL, archived=True)}, "channel", "#rel-data-platform is archived."),
        ({"channel": replace(CHANNEL, member=False)}, "channel", "Interlock is not in #rel-data-platform."),
        ({"channel": replace(CHANNEL, shared=True)}, "channel", "shared with another company"),
        ({"channel": replace(CHANNEL, name="random")}, "channel", "Configuration does not say what #random may be"),
    ],
)
def test_what_does_not_fit_the_world_is_told_by_field(change: dict[str, object], field: str, says: str) -> None:
    findings = replace(FINDINGS, **change)  # type: ignore[arg-type]  # each row names a field of Findings
    problems = examine(DRAFT, findings, POLICY, NOW).problems
    assert list(problems) == [field]
    assert says in problems[field]


@pytest.mark.parametrize(
    ("target", "teams", "warning"),
    [
        (
            date(2026, 12, 21),
            {"data"},
            "The target falls into Year-end (Mon 21 Dec to Mon 4 Jan): no release deploys then.",
        ),
        (
            date(2026, 12, 17),
            {"data", "payments"},
            "The target falls into Payday (Thu 17 Dec to Thu 17 Dec): no release deploys then.",
        ),
    ],
)
def test_a_target_in_a_freeze_is_warned_of_at_once(target: date, teams: set[str], warning: str) -> None:
    preview = examine(replace(DRAFT, target=target), replace(FINDINGS, teams=frozenset(teams)), POLICY, NOW)
    assert warning in preview.warnings
    assert preview.problems == {}


@pytest.mark.parametrize(
    ("rule", "field"),
    [(ScopeRule(version_ids=("v9",)), "scope"), (ScopeRule(labels=("x",), epics=("DATA-999",)), "epics")],
)
def test_what_the_mirror_does_not_know_is_told_where_it_was_entered(rule: ScopeRule, field: str) -> None:
    missing = (*rule.version_ids, *rule.epics)
    preview = examine(replace(DRAFT, rule=rule), replace(FINDINGS, tickets=0, missing=missing), POLICY, NOW)
    assert preview.problems == {
        field: f"The mirror of Jira knows no {missing[0]}. Check the spelling, or wait for the next sync."
    }
    assert not any("No ticket is in scope yet" in warning for warning in preview.warnings)


def test_an_empty_scope_is_allowed_and_warned_of() -> None:
    preview = examine(DRAFT, replace(FINDINGS, tickets=0), POLICY, NOW)
    assert preview.problems == {}
    assert any(warning.startswith("No ticket is in scope yet.") for warning in preview.warnings)


def test_an_empty_form_is_told_everything_at_once() -> None:
    findings = Findings(taken_by=None, channel=None, missing=(), tickets=0, teams=frozenset())
    preview = examine(Draft(), findings, POLICY, NOW)
    assert list(preview.problems) == ["name", "template", "target", "channel", "scope"]
    assert preview.milestones == ()


def test_no_templates_at_all_is_a_matter_of_configuration() -> None:
    problems = examine(DRAFT, FINDINGS, replace(POLICY, templates={}), NOW).problems
    assert problems == {"template": "Configuration has no templates yet: add one in templates/."}
