"""An app's manifest, as far as the practice Slack minds it: what the app may do and what it hears of.

Format: https://docs.slack.dev/reference/app-manifest.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.slack.values import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The slash commands, the bot token's scopes and the events that the app subscribes to."""

    commands: tuple[Command, ...]
    scopes: frozenset[str]
    events: frozenset[str]


def read(path: Path) -> Manifest:
    """Reads a manifest in YAML or JSON. What it leaves out, the app does not have."""
    body: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    features, settings = body.get("features", {}), body.get("settings", {})
    return Manifest(
        commands=tuple(_command(one) for one in features.get("slash_commands", ())),
        scopes=frozenset(body.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
    )


def _command(declared: dict[str, Any]) -> Command:
    return Command(
        command=declared["command"],
        description=declared["description"],
        usage_hint=declared.get("usage_hint", ""),
        should_escape=declared.get("should_escape", False),
    )
