import re
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.config.errors import PolicyError
from interlock.config.policy import check, load_policy, summary
from interlock.domain.permission import Permission
from interlock.domain.policy import (
    JOBS,
    ChannelRule,
    Digest,
    EnvironmentRule,
    Freeze,
    JobRule,
    Ladder,
    LadderStep,
    Limits,
    PersonRule,
    RequirementRule,
    Role,
    Team,
    TeamMatch,
)

TODAY = date(2026, 11, 23)


def test_a_small_policy_is_read_into_frozen_values(path: Path) -> None:
    policy = load_policy(path, TODAY)

    assert policy.time_zone == "Europe/London"
    assert policy.tickets.projects == ("PAY", "DATA")
    assert policy.teams == {
        "payments": Team(name="Payments App", match=TeamMatch(projects=("PAY",))),
        "meridian": Team(name="Meridian", kind="vendor"),
    }
    assert policy.roles == {"approver": Role(groups=("qa-approvers",))}
    assert policy.permissions == {Permission.SIGNOFF_DECIDE: ("approver",)}
    assert policy.channels == {"rel-payments": ChannelRule(projects=("PAY",), digest=Digest(at=time(9)))}
    assert policy.environments == {"uat-1": EnvironmentRule(name="Acceptance 1")}
    assert policy.ladders == {
        "standard": Ladder(name="Standard", steps=(LadderStep(after_business_hours=2, to="owner"),))
    }
    assert policy.templates["weekly"].requirements == (RequirementRule(key="qa", name="QA", groups=("qa-approvers",)),)
    assert policy.limits == Limits()


def test_what_a_policy_leaves_out_has_its_default(tmp_path: Path) -> None:
    file = tmp_path / "interlock.yaml"
    file.write_text("time_zone: UTC\ncalendar: all\ncalendars: {all: {time_zone: UTC}}\ntickets: {projects: [DATA]}\n")

    policy = load_policy(file, TODAY)

    assert policy.jobs == JOBS
    assert policy.permissions == {}
    assert policy.calendars["all"].holidays == frozenset()


def test_a_calendar_knows_its_countrys_holidays(path: Path) -> None:
    calendars = load_policy(path, TODAY).calendars

    assert not calendars["london"].is_business_day(date(2026, 12, 25))
    assert not calendars["london"].is_business_day(date(2026, 8, 31))  # the summer bank holiday, in England only
    assert calendars["london"].is_business_day(date(2026, 11, 23))
    assert not calendars["tokyo"].is_business_day(date(2026, 11, 23))  # Labour Thanksgiving Day
    assert calendars["tokyo"].is_business_day(date(2026, 12, 25))
    assert (calendars["tokyo"].opens, calendars["tokyo"].closes) == (time(9, 30), time(18))


def test_holidays_are_known_from_last_year_to_two_years_on(path: Path) -> None:
    years = {day.year for day in load_policy(path, TODAY).calendars["london"].holidays}

    assert {2025, 2026, 2027, 2028} <= years


def test_a_calendars_own_days_and_hours(path: Path) -> None:
    _replace(
        path,
        "  london: {time_zone: Europe/London, country: GB, subdivision: ENG}",
        "  london: {time_zone: Europe/London, weekdays: [sun, mon], opens: 8:05, closes: '16:00',\n"
        "    extra_holidays: [2026-11-23]}",
    )

    london = load_policy(path, TODAY).calendars["london"]

    assert london.weekdays == {0, 6}
    assert london.holidays == {date(2026, 11, 23)}
    assert (london.opens, london.closes) == (time(8, 5), time(16))


def test_texts_mean_what_their_key_says(path: Path) -> None:
    with path.open("a") as file:
        file.write(
            "freezes: [{name: 2026.10, start: 2026-12-19, end: '2027-01-02', yearly: yes}]\n"
            "people:\n  Yuki@Practice.example: {time_zone: Asia/Tokyo, tracker_account: 007}\n"
            "jobs: {sweep: {at: 17:30, days: [sat]}}\n"
        )

    policy = load_policy(path, TODAY)

    assert policy.freezes == (Freeze(name="2026.10", start=date(2026, 12, 19), end=date(2027, 1, 2), yearly=True),)
    assert policy.people == {"yuki@practice.example": PersonRule(time_zone="Asia/Tokyo", tracker_account="007")}
    assert policy.jobs["sweep"] == JobRule(at=time(17, 30), days=("sat",))
    assert policy.jobs["sync"] == JOBS["sync"]


def test_empty_mappings_and_lists_are_empty(path: Path) -> None:
    with path.open("a") as file:
        file.write("freezes:\npeople:\nlimits:\n")

    policy = load_policy(path, TODAY)

    assert (policy.freezes, policy.people, policy.limits) == ((), {}, Limits())


def test_no_projects_is_not_all_projects(path: Path) -> None:
    with path.open("a") as file:
        file.write("  \n")
    _replace(
        path,
        "  rel-payments: {projects: [PAY], digest: {at: 09:00}}",
        "  a: {projects: []}\n  b: {projects: null}\n  c:",
    )

    channels = load_policy(path, TODAY).channels

    assert (channels["a"].projects, channels["b"].projects, channels["c"].projects) == ((), None, None)


def _mistakes() -> Iterator[object]:
    """The cases of mistakes.txt."""
    table = Path(__file__).with_name("mistakes.txt").read_text(encoding="utf-8")
    for name, good, bad, says in re.findall(r"^# (.+)\n- (.+)\n\+ ?(.*)\n! (.+)$", table, re.MULTILINE):
        yield pytest.param(good.replace(r"\n", "\n"), bad.replace(r"\n", "\n"), says, id=name)


@pytest.mark.parametrize(("good", "bad", "says"), list(_mistakes()))
def test_a_mistake_is_named_with_its_line_key_and_value(path: Path, good: str, bad: str, says: str) -> None:
    _replace(path, good, bad)

    assert [str(problem) for problem in check(path, TODAY)] == [f"{path}:{says}"]


def test_every_mistake_is_named_at_once(path: Path) -> None:
    _replace(path, "time_zone: Europe/London\n", "time_zone: nowhere/at/all\n")
    _replace(path, "kind: vendor", "knid: vendor, lead: nobody")
    _replace(path, "[approver]", "[approver, stranger]")
    _replace(path, "groups: [qa-approvers]}]", "quorum: 0, people: x}]\n    version: zero")
    _replace(path, "before: 2", "before: soon")
    (path.parent / "environments.yaml").write_text("uat-1: {name: Again}\nuat-2: {nam: Two}\n")
    (path.parent / "escalation.yaml").write_text("calm: {name: Calm, steps: [{after_business_hours: x, to: owner}]}\n")

    problems = check(path, TODAY)

    assert [(problem.file.name, problem.line, problem.key) for problem in problems] == [
        ("interlock.yaml", 1, "time_zone"),
        ("interlock.yaml", 10, "teams.meridian.knid"),
        ("interlock.yaml", 10, "teams.meridian.lead"),
        ("interlock.yaml", 14, "permissions.signoff.decide.1"),
        ("interlock.yaml", 26, "templates.weekly.milestones.0.business_days_before"),
        ("interlock.yaml", 27, "templates.weekly.requirements.0.quorum"),
        ("interlock.yaml", 27, "templates.weekly.requirements.0.people"),
        ("interlock.yaml", 28, "templates.weekly.version"),
        ("environments.yaml", 1, "uat-1"),
        ("environments.yaml", 2, "uat-2.nam"),
        ("escalation.yaml", 1, "calm.steps.0.after_business_hours"),
    ]
    assert all(len(str(problem).splitlines()) == 1 for problem in problems)


def test_a_mistake_in_a_definition_makes_no_mistake_of_its_mentions(path: Path) -> None:
    _replace(path, "tokyo: {time_zone: Asia/Tokyo,", "tokyo: {time_zone: Asia/Toky,")
    _replace(path, "{name: Payments App,", "{name: Payments App, calendar: tokyo,")

    assert [problem.key for problem in check(path, TODAY)] == ["calendars.tokyo.time_zone"]


def test_the_error_says_all_of_it(path: Path) -> None:
    _replace(path, "kind: vendor", "kind: vendr")
    _replace(path, "at: 09:00", "at: 9")

    with pytest.raises(PolicyError) as raised:
        load_policy(path, TODAY)

    assert str(raised.value).splitlines() == [str(problem) for problem in raised.value.problems]
    assert len(raised.value.problems) == 2


def test_neighbouring_files_are_read_with_it(path: Path) -> None:
    (path.parent / "environments.yaml").write_text("dev-1: {name: Development 1, capacity: 4}\n")
    (path.parent / "escalation.yaml").write_text("calm: {name: Calm, steps: [{after_business_hours: 8, to: owner}]}\n")
    (path.parent / "templates").mkdir()
    (path.parent / "templates" / "monthly.yaml").write_text("name: Monthly\nladder: calm\n")
    (path.parent / "slack-manifest.yaml").write_text("not: read\n")

    policy = load_policy(path, TODAY)

    assert set(policy.environments) == {"uat-1", "dev-1"}
    assert set(policy.ladders) == {"standard", "calm"}
    assert policy.templates["monthly"].ladder == "calm"
    assert set(policy.templates) == {"weekly", "monthly"}


def test_neighbouring_files_may_hold_what_the_policy_does_not(path: Path) -> None:
    _replace(path, "environments:\n  uat-1: {name: Acceptance 1}\n", "environments:\n")
    (path.parent / "environments.yaml").write_text("dev-1: {name: Development 1}\n")

    assert set(load_policy(path, TODAY).environments) == {"dev-1"}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("environments.yaml", "uat-1: {name: Again}\n", ":1 uat-1: is defined in {path}:18 already: keep one"),
        ("environments.yaml", "- dev-1\n", ":1: has to have keys, one to a line"),
        ("environments.yaml", "", ": is empty: fill it or delete it"),
        ("templates/weekly.yaml", "name: Again\n", ":1 weekly: is defined in {path}:24 already: keep one"),
        ("templates/monthly.yml", "name: Monthly\n", ": is not read: name it monthly.yaml"),
        ("templates/Monthly.yaml", "name: Monthly\n", ":1: is no key: write lower-case letters, digits, - and _"),
        ("templates/monthly.yaml", "nam: M\nname: M\n", ":1 nam: is no key here: did you mean calendar?"),
    ],
)
def test_a_mistake_in_a_neighbouring_file(path: Path, name: str, content: str, says: str) -> None:
    file = path.parent / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(content)

    assert [str(problem) for problem in check(path, TODAY)] == [f"{file}{says.format(path=path)}"]


def test_what_an_unreadable_file_would_define_is_not_missed_elsewhere(path: Path) -> None:
    (path.parent / "environments.yaml").write_text("uat-2: [\n")
    _replace(path, "kind: scope_complete", "kind: environment_booked, environment: uat-2")

    assert [problem.file.name for problem in check(path, TODAY)] == ["environments.yaml"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", ": is empty: fill it or delete it"),
        ("- one\n", ":1: has to have keys, one to a line"),
        ("just text\n", ':1: "just text" has to have keys, one to a line'),
        ("calendars:\n\tlondon: x\n", ':2: "london: x" is indented with a tab: use spaces'),
    ],
)
def test_a_policy_that_is_none(path: Path, content: str, says: str) -> None:
    path.write_text(content)

    assert [str(problem) for problem in check(path, TODAY)] == [f"{path}{says}"]


def test_a_missing_policy_is_named(tmp_path: Path) -> None:
    path = tmp_path / "interlock.yaml"

    assert [str(problem) for problem in check(path, TODAY)] == [f"{path}: cannot be read: No such file or directory"]


def test_a_good_policy_is_summed_up_in_a_line(path: Path) -> None:
    assert check(path, TODAY) == []
    assert summary(path, load_policy(path, TODAY)) == (
        f"{path} is fine: 2 teams, 1 template, 1 environment, 1 channel, 1 ladder, 0 freezes, 2 calendars, 1 role."
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example writes the file anew
@given(
    st.floats(0, 1),
    st.integers(0, 12),
    st.one_of(
        st.text("abAZ019:-?[]{},&*!|>'\"%@`#~ \t\n", max_size=12),
        st.sampled_from(["null", "[]", "{}", "[[1]]", "{a: 1}", "&a", "*a", "<<: *a", "''", "1e999", "0x10"]),
    ),
)
def test_no_policy_breaks_the_reading(path: Path, good: str, where: float, length: int, text: str) -> None:
    start = round(where * len(good))
    path.write_text(good[:start] + text + good[start + length :])

    problems = check(path, TODAY)

    assert all(problem.line is None or problem.line <= good.count("\n") + 13 for problem in problems)
    assert all(len(str(problem).splitlines()) == 1 for problem in problems)


def _replace(path: Path, good: str, bad: str) -> None:
    text = path.read_text()
    assert good in text
    path.write_text(text.replace(good, bad, 1))
