"""Choosing fix versions: one name often stands for a version in each of several projects."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from interlock.domain.ticket import Project, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionChoice:
    """Versions of one name, in the projects with these keys, and how many tickets carry any of them."""

    name: str
    version_ids: tuple[str, ...]
    projects: tuple[str, ...]
    tickets: int


def choices(
    typed: str,
    versions: Iterable[Version],
    projects: Mapping[str, Project],
    tickets: Mapping[str, int],
) -> tuple[VersionChoice, ...]:
    """What to offer somebody who typed this: each name in all of its projects at once, then, where it has several, in
    each alone. Unreleased ones come first, then those with the most tickets. `tickets` are counts by version id: they
    add up, since a ticket carries versions of its own project only.
    """
    wanted = typed.strip().casefold()
    by_name: defaultdict[str, list[Version]] = defaultdict(list)
    for version in versions:
        if wanted in version.name.casefold():
            by_name[version.name].append(version)

    def choice(name: str, these: Iterable[Version]) -> VersionChoice:
        listed = sorted(these, key=lambda version: _key(projects, version))
        return VersionChoice(
            name=name,
            version_ids=tuple(version.id for version in listed),
            projects=tuple(_key(projects, version) for version in listed),
            tickets=sum(tickets.get(version.id, 0) for version in listed),
        )

    ordered = sorted(
        by_name.items(),
        key=lambda entry: (
            all(version.released or version.archived for version in entry[1]),
            -sum(tickets.get(version.id, 0) for version in entry[1]),
            entry[0],
        ),
    )
    found: list[VersionChoice] = []
    for name, these in ordered:
        found.append(choice(name, these))
        if len(these) > 1:
            found += sorted((choice(name, [version]) for version in these), key=lambda each: each.projects)
    return tuple(found)


def _key(projects: Mapping[str, Project], version: Version) -> str:
    project = projects.get(version.project_id)
    return project.key if project else version.project_id
