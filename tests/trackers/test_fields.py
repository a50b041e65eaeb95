"""Custom fields are found by name or type, whatever their ids."""

import json
from pathlib import Path
from typing import Any

import pytest

from interlock.domain.policy import Tickets
from interlock.trackers import fields

SETTINGS = Tickets(projects=("DATA",), team_field="Team")


def field(field_id: str, name: str, custom: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": field_id, "name": name, "schema": {"custom": custom} if custom else None, **more}


def test_by_name_on_any_site() -> None:
    found = fields.find([field("customfield_7", "Flagged"), field("customfield_8", " team ")], SETTINGS)
    assert (found.flagged, found.team, found.missing) == (("customfield_7",), ("customfield_8",), ())


def test_by_the_name_before_translation() -> None:
    found = fields.find([field("customfield_7", "Markiert", untranslatedName="Flagged")], SETTINGS)
    assert found.flagged == ("customfield_7",)


def test_by_type_where_the_name_is_another() -> None:
    site = [
        field("customfield_1", "Epic-Verknüpfung", "com.pyxis.greenhopper.jira:gh-epic-link"),
        field("customfield_2", "Story point estimate", "com.pyxis.greenhopper.jira:jsw-story-points"),
        field("customfield_3", "Story Points"),
    ]
    found = fields.find(site, SETTINGS)
    assert found.epic_link == ("customfield_1",)
    assert found.story_points == ("customfield_3", "customfield_2")


def test_what_policy_names_and_the_site_lacks_is_said() -> None:
    assert fields.find([], SETTINGS).missing == ("Flagged", "Team")
    assert fields.find([], Tickets(projects=("DATA",))).missing == ("Flagged",)


@pytest.mark.parametrize("odd", [{}, {"id": None, "name": "Flagged"}, {"id": "x", "schema": []}])
def test_odd_entries_are_passed_over(odd: dict[str, Any]) -> None:
    assert fields.find([odd], SETTINGS).flagged == ()


def test_only_what_is_needed_is_asked_for() -> None:
    wanted = fields.find([field("customfield_7", "Flagged"), field("customfield_9", "Secret notes")], SETTINGS).wanted
    assert "customfield_7" in wanted
    assert not {"description", "comment", "environment", "customfield_9"} & set(wanted)


def test_recorded_field_list(recorded: Path) -> None:
    listed = json.loads((recorded / "rest_exact/go-atlassian/jira__v3__get-fields.json").read_text(encoding="utf-8"))
    found = fields.find(listed, Tickets(projects=("DATA",)))
    assert found.flagged == tuple(each["id"] for each in listed if each["name"] == "Flagged")
    assert found.flagged
