"""Offering fix versions: one name in several projects is offered as a whole first."""

from interlock.domain.ticket import Project, Version
from interlock.domain.version import choices

PROJECTS = {key: Project(id=key, key=key.upper(), name=key) for key in ("data", "ml", "pay")}
VERSIONS = [
    Version(id="1", project_id="ml", name="2026.12"),
    Version(id="2", project_id="data", name="2026.12"),
    Version(id="3", project_id="pay", name="pay-48"),
    Version(id="4", project_id="pay", name="2026.09", released=True),
    Version(id="5", project_id="gone", name="lost"),
]
TICKETS = {"1": 20, "2": 30, "3": 60, "4": 99}


def test_all_projects_of_a_name_come_before_each_alone() -> None:
    found = choices("2026.12", VERSIONS, PROJECTS, TICKETS)
    assert [(each.projects, each.version_ids, each.tickets) for each in found] == [
        (("DATA", "ML"), ("2", "1"), 50),
        (("DATA",), ("2",), 30),
        (("ML",), ("1",), 20),
    ]


def test_unreleased_come_first_then_those_with_most_tickets() -> None:
    names = [each.name for each in choices("", VERSIONS, PROJECTS, TICKETS)]
    assert names == ["pay-48", "2026.12", "2026.12", "2026.12", "lost", "2026.09"]


def test_any_part_of_the_name_in_any_case_is_enough() -> None:
    assert [each.name for each in choices(" Y-4", VERSIONS, PROJECTS, TICKETS)] == ["pay-48"]


def test_a_version_of_a_project_that_is_not_mirrored_is_told_by_its_id() -> None:
    assert choices("lost", VERSIONS, PROJECTS, TICKETS)[0].projects == ("gone",)
