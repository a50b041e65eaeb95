"""A seed's evidence in memory: what Slack and Jira recorded, who did what, and every table of the database."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.chaos.tables import Row, Tables

MOMENT = timedelta(seconds=120)
"""Four seconds of a seed's real time: what a busy machine may take for a transaction that was dated when it began, or
for a send once it was found to be in time."""

TABLES = {
    "audit_event": "seq",
    "audit_head": "id",
    "audit_person": "seq, role",
    "blocker": "id",
    "booking": "id",
    "break_glass": "id",
    "card": "id",
    "card_revision": "card_id, number",
    "environment": "id",
    "escalation": "blocker_id, step",
    "gonogo": "id",
    "gonogo_vote": "id",
    "mirror": "name",
    "outage": "id",
    "outbox": "id",
    "pacing": "bucket",
    "raid_entry": "id",
    "release": "id",
    "requirement": "id",
    "scope": "id",
    "scope_snapshot": "fingerprint",
    "seen": "key",
    "signoff": "id",
    "slot": "job, due_at",
    "ticket": "id",
    "ticket_version": "ticket_id, version_id",
    "version": "id",
    "waiver": "id",
}


@dataclass(frozen=True)
class Post:
    """A message of the bot's that stands in Slack for everybody there."""

    channel: str
    ts: str
    text: str
    body: str
    token: str | None

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(float(self.ts), UTC)


@dataclass(frozen=True)
class Record:
    slack: dict[str, Any]
    jira: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    timeline: dict[str, Any]
    log: str
    tables: dict[str, list[Row]]

    @classmethod
    def read(cls, folder: Path) -> "Record":
        def load(name: str) -> Any:
            return json.loads((folder / name).read_text())

        timeline = load("timeline.json")
        database = Tables(timeline["database"])
        return cls(
            slack=load("slack.json"),
            jira=load("jira.json"),
            requests=load("requests.json"),
            timeline=timeline,
            # A killed one's last line has no end.
            log="\n".join(each.read_text(errors="replace") for each in sorted(folder.glob("bot-*.log"))),
            tables={name: database.every(name, order) for name, order in TABLES.items()},
        )

    @cached_property
    def posts(self) -> list[Post]:
        return [
            Post(
                channel=channel,
                ts=each["ts"],
                text=each["text"],
                body=json.dumps(each.get("blocks", ()), ensure_ascii=False),
                token=((each.get("metadata") or {}).get("event_payload") or {}).get("token"),
            )
            for channel, messages in self.slack["messages"].items()
            for each in messages
            if each.get("user") == "U0INTERLOCK" and not each.get("ephemeral_to")
        ]

    @cached_property
    def standing(self) -> dict[str | None, Post]:
        """By the token of their rows."""
        return {post.token: post for post in self.posts}

    @cached_property
    def at_rest(self) -> datetime:
        return datetime.fromtimestamp(self.timeline["at_rest"], UTC)

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The audit chain's events with their facts, and who is named in each by role."""
        people: dict[int, dict[str, str]] = {}
        for row in self.tables["audit_person"]:
            people.setdefault(row["seq"], {})[row["role"]] = row["data"]["slack_id"]
        return [json.loads(row["body"]) | {"who": people.get(row["seq"], {})} for row in self.tables["audit_event"]]
