"""The stage of the practice Jira: projects with their versions, components, epics and sprints, before any work."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from sandbox.jira.model import Component, Project, Sprint, Version
from sandbox.world import catalogue, people, vocabulary
from sandbox.world.calendar import Releases, business_day, releases
from sandbox.world.story import MODELS, PAYMENTS, PLATFORM

PLATFORM_PROJECTS = ("DATA", "ML", "INFRA", "PAY", "MER")
OPS = "OPS"
"""A project that no team claims."""
LAST_NUMBERS = {"PAY": 145, "DATA": 245, "ML": 105, "INFRA": 70, "MER": 34, OPS: 10}


@dataclass(slots=True)
class Scene:
    """`versions` maps (release, project key) to the fix version; `past` holds released ones, the newest first."""

    today: date
    releases: Releases
    projects: dict[str, Project]
    versions: dict[tuple[str, str], Version] = field(default_factory=dict)
    past: dict[str, list[Version]] = field(default_factory=dict)
    sprints: dict[str, list[Sprint]] = field(default_factory=dict)  # closed, active, future


def build(today: date) -> Scene:
    scene = Scene(today, releases(today), _projects())
    numbers = iter(range(10_100, 20_000))

    def version(key: str, name: str, day: date, *, released: bool, about: str) -> Version:
        project = scene.projects[key]
        made = Version(str(next(numbers)), name, project, about, released=released, released_on=day.isoformat())
        project.versions.append(made)
        if released:
            scene.past.setdefault(key, []).insert(0, made)
        return made

    platform, payments, models = scene.releases.platform, scene.releases.payments, scene.releases.models
    for key in PLATFORM_PROJECTS:
        for quarter in (2, 1):
            day = platform.target - timedelta(days=91 * quarter)
            version(key, f"{day:%Y.%m}", day, released=True, about="Quarterly data platform release")
        made = version(key, platform.name, platform.target, released=False, about="Quarterly data platform release")
        scene.versions[PLATFORM, key] = made
    for week in range(6, 0, -1):
        day = payments.target - timedelta(days=7 * week)
        version("PAY", f"pay-{day:%V}", day, released=True, about="Weekly payments release")
    scene.versions[PAYMENTS, "PAY"] = version(
        "PAY", payments.name, payments.target, released=False, about="Weekly payments release"
    )
    day = payments.target + timedelta(days=7)
    version("PAY", f"pay-{day:%V}", day, released=False, about="Weekly payments release")
    day = models.target - timedelta(days=120)
    version("ML", f"models-{day:%Y.%m}", day, released=True, about="Models")
    scene.versions[MODELS, "ML"] = version("ML", models.name, models.target, released=False, about="Models")
    _sprints(scene)
    return scene


def _projects() -> dict[str, Project]:
    leads = {"PAY": "grace", "DATA": "ana", "ML": "noor", "INFRA": "yuki", "MER": "vera", OPS: "sam"}
    names = {team.key: team.name for team in people.TEAMS} | {OPS: "Office and Operations"}
    projects = {}
    for place, (key, lead) in enumerate(leads.items()):
        project = Project(str(10000 + place), key, names[key], catalogue.ACCOUNTS[lead])
        project.components = [
            Component(str(10200 + 10 * place + i), name, project) for i, name in enumerate(vocabulary.COMPONENTS[key])
        ]
        projects[key] = project
    return projects


def _sprints(scene: Scene) -> None:
    """Two-week sprints: one that ended last week, one under way, one to come."""
    for board, key in enumerate(("PAY", "DATA", "ML", "INFRA"), 1):
        sprints = []
        for place, (state, begins) in enumerate((("closed", -15), ("active", -5), ("future", 5))):
            start, end = business_day(scene.today, begins), business_day(scene.today, begins + 9)
            sprints.append(
                Sprint(
                    id=board * 100 + place,
                    name=f"{key} sprint {11 + place}",
                    state=state,
                    board=board,
                    start=None if state == "future" else f"{start}T09:00:00.000Z",
                    end=None if state == "future" else f"{end}T17:00:00.000Z",
                    completed=f"{end}T17:04:11.000Z" if state == "closed" else None,
                )
            )
        scene.sprints[key] = sprints
