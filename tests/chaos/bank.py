"""The practice bank of a seed: its policy in a hurry, the day on which it happens, its tickets and their canaries."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import yaml

from bot.practice import environment
from sandbox.jira.model import Site
from sandbox.jira.store import Store as Tickets
from sandbox.server import SandboxServer
from sandbox.slack import manifest as manifests
from sandbox.slack.settings import Settings
from sandbox.slack.workspace import Workspace
from sandbox.world import people, tickets
from tests.chaos.clock import SPEED, Clock

CONFIG = Path(__file__).parents[2] / "config"
PLATFORM, PAYMENTS, ENVIRONMENTS = "C0RELDATAPLATFORM", "C0RELPAYMENTS", "C0ENVIRONMENTS"
GENERAL, GOVERNANCE = "C0GENERAL", "C0GOVERNANCE"
ROLL_CALLS = {
    "quarterly-platform": ["quality", "data-governance", "infrastructure", "ml-platform", "payments"],
    "weekly-service": ["quality", "payments"],
}
"""The roles that vote, by template."""
CANARY = "canary-"
"""Begins every word that must be in no log."""
IN_TICKETS, IN_REASONS = f"{CANARY}of-a-ticket", f"{CANARY}of-a-person"


@dataclass(frozen=True, slots=True)
class Day:
    """When a seed begins, and when its digests are due, on the clocks of London."""

    name: str
    begins: datetime
    digest: str


DAYS = (
    Day("morning", datetime(2026, 11, 24, 8, 58, tzinfo=UTC), "09:01"),
    Day("closing time", datetime(2026, 11, 24, 17, 26, tzinfo=UTC), "17:28"),
    Day("midnight", datetime(2026, 11, 24, 23, 57, tzinfo=UTC), "23:59"),
    Day("clocks go back", datetime(2026, 10, 25, 0, 28, tzinfo=UTC), "01:30"),
    Day("clocks go forward", datetime(2027, 3, 28, 0, 58, tzinfo=UTC), "01:30"),
)


def day_of(seed: int) -> Day:
    return DAYS[0] if seed % 2 else Random(seed).choice(DAYS)  # noqa: S311 a seed wants a seeded generator


def write_policy(folder: Path, day: Day) -> Path:
    """The shipped policy with every job due every minute or two, and a ladder that is climbed in minutes."""
    shutil.copytree(CONFIG, folder / "config")
    file = folder / "config/interlock.yaml"
    policy: dict[str, Any] = yaml.safe_load(file.read_text())
    for calendar in policy["calendars"].values():
        for name in ("opens", "closes"):
            if isinstance(calendar.get(name), int):  # YAML 1.1 reads 17:30 as so many minutes
                calendar[name] = f"{calendar[name] // 60:02}:{calendar[name] % 60:02}"
    policy["calendars"]["always"] = {
        "time_zone": "Europe/London",
        "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    }
    for name in ("rel-data-platform", "rel-payments"):
        policy["channels"][name]["digest"] = {"at": day.digest, "calendar": "always"}
    daily = {"at": day.digest, "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
    policy["jobs"] |= {
        "sync": {"every_minutes": 1},
        "groups": {"every_minutes": 2},
        "links": {"every_minutes": 5},
        "sweep": daily,
        "daily-digest": {"every_minutes": 1, "within_minutes": 120},
        "readiness-summary": daily,
        "blocker-escalation": {"every_minutes": 1},
        "booking-reminders": {"every_minutes": 1},
        "gonogo": {"every_minutes": 1},
    }
    _let_more_people_try(policy)
    file.write_text(yaml.safe_dump(policy, sort_keys=False))
    for name, roles in ROLL_CALLS.items():
        _hurry_to_go(folder / f"config/templates/{name}.yaml", roles)
    ladder = [
        {"after_business_hours": 0, "to": "owner"},
        {"after_business_hours": 0, "to": "team_lead"},
        {"after_business_hours": 0, "to": "release_channel"},
        {"after_business_hours": 1, "to": "release_manager"},
    ]
    ladders = {name: {"name": name.capitalize(), "steps": ladder} for name in ("standard", "urgent")}
    (folder / "config/escalation.yaml").write_text(yaml.safe_dump(ladders, sort_keys=False))
    return file


def _let_more_people_try(policy: dict[str, Any]) -> None:
    """One person has two roles of the roll-calls, and whoever breaks glass may confirm other people's."""
    policy["roles"]["payments"]["people"] = ["tom@practice.example"]
    policy["permissions"]["break_glass.confirm"] = ["environment-owner", "release-manager"]


def _hurry_to_go(file: Path, roles: list[str]) -> None:
    """What is in progress stands before go, so that its roll-call can be opened; and its glass can be broken."""
    template: dict[str, Any] = yaml.safe_load(file.read_text())
    for criterion in template["criteria"]:
        if criterion["kind"] == "no_open_blocker":  # one always is, and nothing would ever go
            criterion["before"] = "deploying"
    template |= {
        "stages": ["in_progress", "go", "deploying", "released"],
        "gonogo": {"roles": roles, "answer_within_hours": 2, "at_least": 100},
        "break_glass": {"holds_hours": 24, "confirm_within_minutes": 360},
    }
    file.write_text(yaml.safe_dump(template, sort_keys=False))


def open_bank(seed: int, day: Day, clock: Clock, webhook: str) -> SandboxServer:
    """Serves the practice Slack and Jira; Slack's limits hold in the seed's own time."""
    app = manifests.read(CONFIG / "slack-manifest.yaml")
    workspace = Workspace(
        people=people.PEOPLE,
        channels=people.CHANNELS,
        groups=people.GROUPS,
        commands=app.commands,
        clock=clock.true,
    )
    settings = Settings(
        scopes=app.scopes,
        events=app.events,
        trigger_seconds=3 * SPEED,
        retry_delays=(0.0, 1.0, 3.0),
    )
    return SandboxServer(
        workspace,
        Tickets(_site(seed, day), clock=clock.true),
        settings=settings,
        webhook_urls=(webhook,),
    )


def _site(seed: int, day: Day) -> Site:
    site = tickets.generate(day.begins.date(), seed=seed, tickets=1)
    for ticket in site.tickets:
        ticket.summary = f"{ticket.summary} {IN_TICKETS}"
        ticket.description = f"{IN_TICKETS} {ticket.description or ''}"
    return site


def settings(server: SandboxServer, database: str, policy: Path, address: str) -> dict[str, str]:
    return environment(server, "cloud") | {
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": database,
        "INTERLOCK_HTTP": address,
        "INTERLOCK_CONFIG": str(policy),
    }
