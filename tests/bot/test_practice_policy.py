"""The policy that fits tickets from a file."""

from datetime import date
from pathlib import Path

from bot import practice_policy
from interlock.config.policy import load_policy

SHIPPED = Path(__file__).parents[2] / "config" / "interlock.yaml"
TODAY = date(2026, 11, 23)


def test_each_project_of_the_file_is_a_team_and_nothing_else_is_mirrored(tmp_path: Path) -> None:
    written = practice_policy.write(SHIPPED, tmp_path / "config", ["TIMOB", "NO"])
    policy = load_policy(written, TODAY)
    assert policy.tickets.projects == ("TIMOB", "NO")
    matched = {team.name: team.match.projects for team in policy.teams.values() if team.match.projects}
    assert matched == {"TIMOB": ("TIMOB",), "NO": ("NO",)}
    assert policy.templates.keys() == load_policy(SHIPPED, TODAY).templates.keys()
    assert policy.channels["rel-data-platform"].projects == ("TIMOB", "NO")
    assert policy.channels["meridian-shared"].projects == ()


def test_a_second_demonstration_starts_from_what_is_shipped(tmp_path: Path) -> None:
    practice_policy.write(SHIPPED, tmp_path / "config", ["TIMOB"])
    policy = load_policy(practice_policy.write(SHIPPED, tmp_path / "config", ["AC"]), TODAY)
    assert policy.tickets.projects == ("AC",)
