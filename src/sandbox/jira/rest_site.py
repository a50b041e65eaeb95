"""What Jira tells of itself: server, users, fields, types, statuses and the like."""

from typing import Any

from starlette.responses import Response

from sandbox.jira.calls import Call, RefusedError, answer, found
from sandbox.jira.model import CATEGORIES, Named, stamp

SYSTEM_FIELDS = (
    # id, name, clause names, type, items
    ("summary", "Summary", ("summary",), "string", None),
    ("status", "Status", ("status",), "status", None),
    ("issuetype", "Issue Type", ("issuetype", "type"), "issuetype", None),
    ("project", "Project", ("project",), "project", None),
    ("priority", "Priority", ("priority",), "priority", None),
    ("resolution", "Resolution", ("resolution",), "resolution", None),
    ("resolutiondate", "Resolved", ("resolutiondate", "resolved"), "datetime", None),
    ("created", "Created", ("created", "createdDate"), "datetime", None),
    ("updated", "Updated", ("updated", "updatedDate"), "datetime", None),
    ("assignee", "Assignee", ("assignee",), "user", None),
    ("reporter", "Reporter", ("reporter",), "user", None),
    ("creator", "Creator", ("creator",), "user", None),
    ("labels", "Labels", ("labels",), "array", "string"),
    ("components", "Components", ("component",), "array", "component"),
    ("fixVersions", "Fix versions", ("fixVersion",), "array", "version"),
    ("versions", "Affects versions", ("affectedVersion",), "array", "version"),
    ("issuelinks", "Linked Issues", ("issueLink",), "array", "issuelinks"),
    ("subtasks", "Sub-tasks", ("subtasks",), "array", "issuelinks"),
    ("duedate", "Due date", ("due", "duedate"), "date", None),
    ("description", "Description", ("description",), "string", None),
    ("environment", "Environment", ("environment",), "string", None),
    ("security", "Security Level", ("level",), "securitylevel", None),
    ("workratio", "Work Ratio", ("workratio",), "number", None),
    ("comment", "Comment", ("comment",), "comments-page", None),
)
GREENHOPPER, PLUGIN = "com.pyxis.greenhopper.jira", "com.atlassian.jira.plugin.system.customfieldtypes"


def server_info(call: Call) -> Response:
    """Anybody may ask this, with or without credentials."""
    now = stamp(call.store.now())
    common = {"baseUrl": call.base, "serverTime": now, "serverTitle": call.store.site.title}
    if call.cloud:
        numbers, build = [1001, 0, 0], {"version": "1001.0.0-SNAPSHOT", "buildNumber": 100293}
        more: dict[str, Any] = {"deploymentType": "Cloud", "serverTimeZone": "Etc/UTC"}
    else:
        numbers, build = [10, 3, 2], {"version": "10.3.2", "buildNumber": 10030002}
        more = {"deploymentType": "Server"}  # so says Data Center too
    more |= {"buildDate": "2026-01-12T00:00:00.000+0000", "scmInfo": "0" * 40, "defaultLocale": {"locale": "en_GB"}}
    return answer(common | build | {"versionNumbers": numbers} | more)


def myself(call: Call) -> Response:
    me = call.draw.account_json(call.caller)
    me |= {"locale": "en_GB", "groups": {"size": 1, "items": []}, "applicationRoles": {"size": 1, "items": []}}
    return answer(me | {"expand": "groups,applicationRoles"})


def fields(call: Call) -> Response:
    told: list[dict[str, Any]] = []
    for field_id, name, clauses, kind, items in SYSTEM_FIELDS:
        schema = {"type": kind, **({"items": items} if items else {}), "system": field_id}
        told.append(_field(call, field_id, name, list(clauses), schema, navigable=field_id != "comment"))
    told.append(_field(call, "parent", "Parent", ["parent"], None))
    told.append(_field(call, "issuekey", "Key", ["id", "issue", "issuekey", "key"], None))
    ids = call.store.site.fields
    sprint_items = {"items": "json"} if call.cloud else {"items": "string"}
    custom = [
        (ids.flagged, "Flagged", {"type": "array", "items": "option", "custom": f"{PLUGIN}:multicheckboxes"}),
        (ids.sprint, "Sprint", {"type": "array", **sprint_items, "custom": f"{GREENHOPPER}:gh-sprint"}),
        (ids.epic_link, "Epic Link", {"type": "any", "custom": f"{GREENHOPPER}:gh-epic-link"}),
        (ids.points, "Story Points", {"type": "number", "custom": f"{PLUGIN}:float"}),
        (ids.team, "Team", {"type": "option", "custom": f"{PLUGIN}:select"}),
        *((name, name, {"type": "any", "custom": f"{PLUGIN}:unknown"}) for name in call.store.site.foreign_fields),
    ]
    for field_id, name, schema in custom:
        number = field_id.removeprefix("customfield_")
        told.append(_field(call, field_id, name, [f"cf[{number}]", name], {**schema, "customId": _whole(number)}))
    return answer(told)


def _whole(number: str) -> int | None:
    return int(number) if number.isdecimal() else None


def _field(
    call: Call, field_id: str, name: str, clauses: list[str], schema: dict[str, Any] | None, *, navigable: bool = True
) -> dict[str, Any]:
    told: dict[str, Any] = {"id": field_id, "name": name}
    if call.cloud:
        told["key"] = field_id
    told |= {
        "custom": schema is not None and "custom" in schema,
        "orderable": True,
        "navigable": navigable,
        "searchable": True,
        "clauseNames": clauses,
    }
    return told | ({"schema": schema} if schema else {})


# --- lists ---------------------------------------------------------------------------------------------------------


def _listing(call: Call, what: str, things: list[Named]) -> list[dict[str, Any]]:
    return [call.draw.named_json(what, thing) for thing in things]


def priorities(call: Call) -> Response:
    return answer(_listing(call, "priority", call.store.site.priorities))


def resolutions(call: Call) -> Response:
    return answer(_listing(call, "resolution", call.store.site.resolutions))


def issue_types(call: Call) -> Response:
    return answer([call.draw.type_json(kind) for kind in call.store.site.types])


def statuses(call: Call) -> Response:
    return answer([call.draw.status_json(status) for status in call.store.site.statuses])


def categories(call: Call) -> Response:
    names = [{"id": c.id, "key": c.key, "colorName": c.colour, "name": c.name} for c in CATEGORIES]
    return answer([{"self": f"{call.draw.root}/statuscategory/{c['id']}"} | c for c in names])


def link_types(call: Call) -> Response:
    return answer({"issueLinkTypes": [call.draw.link_type_json(kind) for kind in call.store.site.link_types]})


def security_schemes(call: Call) -> Response:
    scheme = {
        "id": 10000,
        "name": "Practice security",
        "description": "Who may see what",
        "defaultSecurityLevelId": None,
    }
    return answer({"issueSecuritySchemes": [{"self": f"{call.draw.root}/issuesecurityschemes/10000"} | scheme]})


# --- people --------------------------------------------------------------------------------------------------------


def user_search(call: Call) -> Response:
    """Cloud searches `query` in names and addresses, Data Center `username` in names too."""
    wanted = (call.parameter("query" if call.cloud else "username") or "").lower()
    if not wanted:
        raise RefusedError(400, "The username query parameter was not provided")
    every = [
        account
        for account in call.store.accounts.values()
        if wanted in account.display.lower()
        or wanted in (account.email or "").lower()
        or (not call.cloud and (wanted in account.name or wanted == "."))
    ]
    start, size = call.number("startAt", 0), call.number("maxResults", 50)
    return answer([call.draw.account_json(account) for account in every[start : start + size]])


def user(call: Call) -> Response:
    wanted = call.parameter("accountId") if call.cloud else call.parameter("username") or call.parameter("key")
    for account in call.store.accounts.values():
        if wanted == (account.account_id if call.cloud else account.name):
            return answer(call.draw.account_json(account))
    what = "accountId" if call.cloud else "name"
    raise RefusedError(404, f"Specified user does not exist or you do not have required permissions: {what} '{wanted}'")


def my_permissions(call: Call) -> Response:
    project = call.parameter("projectKey")
    if project is not None:
        found(lambda: call.store.project(project), f"No project could be found with key '{project}'.")
    wanted = call.names("permissions") or ["BROWSE_PROJECTS", "ADD_COMMENTS", "EDIT_ISSUES", "TRANSITION_ISSUES"]
    told = {
        key: {
            "id": str(i),
            "key": key,
            "name": key.replace("_", " ").capitalize(),
            "type": "PROJECT",
            "havePermission": True,
        }
        for i, key in enumerate(wanted, 10)
    }
    return answer({"permissions": told})
