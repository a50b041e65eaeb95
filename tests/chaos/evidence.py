"""What a seed leaves behind, for whoever judges it: the vendors' records, the timeline and where the database is."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

if TYPE_CHECKING:  # a scene writes its own evidence
    from tests.chaos.scene import Scene


def write(scene: "Scene", restless: list[str], at_rest: float) -> None:
    """`restless`: what had not come to rest, `at_rest`: when that was judged."""
    server, folder = scene.server, scene.folder
    channels = [each.id for each in server.workspace.channels()]
    slack = {
        "messages": {id_: get(server.url, f"/control/messages?channel={id_}")["messages"] for id_ in channels},
        "groups": {each.handle: list(each.users) for each in server.workspace.groups()},
        "people": [
            {"id": each.id, "email": each.email, "member": not (each.is_restricted or each.is_stranger or each.deleted)}
            for each in server.workspace.people()
        ],
        "channels": {each.id: each.name for each in server.workspace.channels()},
    }
    with server.tickets.lock:
        jira = [
            {
                "id": str(each.id),
                "key": each.key,
                "summary": each.summary,
                "status": each.status.name,
                "versions": sorted(one.name for one in each.fix_versions),
                "assignee": each.assignee.account_id if each.assignee else None,
            }
            for each in server.tickets.tickets.values()
        ]
    timeline = {
        "seed": scene.plan.seed,
        "engine": scene.plan.database,
        "day": scene.plan.day.name,
        "begins": scene.plan.day.begins.timestamp(),
        "at_rest": at_rest,
        "restless": restless,
        "falls": scene.bots.falls,
        "ends": dict(scene.bots.ends),
        "struck": dict(scene.struck),
        "database": scene.database.url,
        "acts": [asdict(each) for each in scene.crowd.acts],
        "happened": scene.happened,
        "plan": scene.plan.told(),
    }
    _keep(folder / "slack.json", slack)
    _keep(folder / "jira.json", jira)
    _keep(folder / "requests.json", get(server.url, "/control/requests")["requests"])
    _keep(folder / "timeline.json", timeline)


def get(url: str, path: str) -> Any:
    with urlopen(f"{url}{path}", timeout=10) as answer:  # noqa: S310 our own practice server
        return json.load(answer)


def post(url: str, path: str, body: dict[str, Any]) -> Any:
    request = Request(f"{url}{path}", json.dumps(body).encode(), method="POST")  # noqa: S310 as above
    with urlopen(request, timeout=10) as answer:  # noqa: S310 as above
        return json.load(answer)


def _keep(file: Any, what: Any) -> None:
    file.write_text(json.dumps(what, indent=1, default=str, sort_keys=True))
