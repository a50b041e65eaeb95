import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "../shared/data/specs/slack"
SCOPES_OF_EVENTS = {  # https://docs.slack.dev/reference/events
    "app_home_opened": set[str](),
    "app_mention": {"app_mentions:read"},
    "app_uninstalled": set[str](),
    "channel_archive": {"channels:read"},
    "channel_left": {"channels:read"},
    "channel_rename": {"channels:read"},
    "channel_shared": {"channels:read", "groups:read"},
    "channel_unarchive": {"channels:read"},
    "channel_unshared": {"channels:read", "groups:read"},
    "group_archive": {"groups:read"},
    "group_left": {"groups:read"},
    "group_rename": {"groups:read"},
    "group_unarchive": {"groups:read"},
    "member_joined_channel": {"channels:read", "groups:read"},
    "member_left_channel": {"channels:read", "groups:read"},
    "message.im": {"im:history"},
    "subteam_created": {"usergroups:read"},
    "subteam_members_changed": {"usergroups:read"},
    "subteam_updated": {"usergroups:read"},
    "team_join": {"users:read"},
    "tokens_revoked": set[str](),
    "user_change": {"users:read"},
}


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load((ROOT / "config" / "slack-manifest.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "validator"),
    [
        ("manifest.schema.1.0.0.json", jsonschema.Draft7Validator),
        ("schemastore-slack-app-manifest.json", jsonschema.Draft4Validator),
    ],
)
def test_it_fits_slacks_schema(manifest: Any, name: str, validator: Any) -> None:
    file = SPECS / name
    if not file.exists():
        pytest.skip("Slack's manifest schemas are not on this machine")
    schema = json.loads(file.read_text(encoding="utf-8"))

    jsonschema.validate(manifest, schema, cls=validator)
    broken = manifest | {"settings": manifest["settings"] | {"socket_mode_enabled": "yes"}}
    with pytest.raises(jsonschema.ValidationError):  # or the schema would hold nothing
        jsonschema.validate(broken, schema, cls=validator)


def test_it_asks_for_exactly_the_scopes_that_the_bot_needs(manifest: Any) -> None:
    assert manifest["oauth_config"]["scopes"] == {
        "bot": [
            "app_mentions:read",
            "channels:history",
            "channels:read",
            "chat:write",
            "commands",
            "files:write",
            "groups:history",
            "groups:read",
            "im:history",
            "im:read",
            "im:write",
            "pins:write",
            "usergroups:read",
            "users:read",
            "users:read.email",
        ]
    }


def test_each_event_comes_with_a_scope_that_it_needs(manifest: Any) -> None:
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    events = manifest["settings"]["event_subscriptions"]["bot_events"]

    assert set(events) == set(SCOPES_OF_EVENTS)
    assert all(SCOPES_OF_EVENTS[event] <= scopes for event in events)


def test_the_commands_are_the_five_and_escape_names(manifest: Any) -> None:
    commands = manifest["features"]["slash_commands"]

    assert [command["command"] for command in commands] == ["/release", "/blockers", "/env", "/raid", "/link"]
    assert all(command["should_escape"] for command in commands)
    assert all(command["usage_hint"] for command in commands)


def test_it_reaches_slack_without_an_inbound_port(manifest: Any) -> None:
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True
    assert "url" not in json.dumps(manifest)
