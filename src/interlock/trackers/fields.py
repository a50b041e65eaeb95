"""Which of a Jira site's fields hold what Interlock reads. Custom fields have other ids on every site."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from interlock.domain.policy import Tickets
from interlock.trackers import plain

# The custom types that Jira Software itself gives its fields: they survive renaming and translation.
_EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"
_STORY_POINTS = "com.pyxis.greenhopper.jira:jsw-story-points"

_ALWAYS = (
    "summary",
    "status",
    "issuetype",
    "project",
    "priority",
    "assignee",
    "reporter",
    "created",
    "updated",
    "duedate",
    "resolutiondate",
    "security",
    "labels",
    "components",
    "fixVersions",
    "issuelinks",
    "parent",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldIds:
    """Ids of the fields of each meaning. Several may share a name (Jira allows that): the first that is filled counts.

    `missing` names the fields that policy speaks of and this site does not have.
    """

    flagged: tuple[str, ...] = ()
    story_points: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    epic_link: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def wanted(self) -> list[str]:
        """All that a search asks for, and no more: descriptions and comments are never fetched."""
        return [*_ALWAYS, *dict.fromkeys(self.flagged + self.story_points + self.team + self.epic_link)]


def find(listed: Iterable[dict[str, Any]], settings: Tickets) -> FieldIds:
    """Reads Jira's field list (GET /rest/api/2/field)."""
    site = list(listed)
    flagged = _named(site, settings.flagged_field)
    team = _named(site, settings.team_field) if settings.team_field else ()
    return FieldIds(
        flagged=flagged,
        # Cloud keeps one field for projects that a company manages and another, of this type, for those of a team.
        story_points=(*_named(site, settings.story_points_field), *_of_type(site, _STORY_POINTS)),
        team=team,
        epic_link=_of_type(site, _EPIC_LINK) or _named(site, "Epic Link"),
        missing=tuple(
            name
            for name, found in ((settings.flagged_field, flagged), (settings.team_field, team))
            if name and not found
        ),
    )


def _named(site: list[dict[str, Any]], name: str) -> tuple[str, ...]:
    """By the name as shown, by the name before translation (Cloud), or by the id itself."""
    wanted = name.strip().casefold()
    return tuple(
        each["id"]
        for each in site
        if isinstance(each.get("id"), str)
        and wanted in {plain.text(each.get(key)).strip().casefold() for key in ("name", "untranslatedName", "id")}
    )


def _of_type(site: list[dict[str, Any]], custom: str) -> tuple[str, ...]:
    return tuple(
        each["id"]
        for each in site
        if isinstance(each.get("id"), str) and plain.record(each.get("schema")).get("custom") == custom
    )
