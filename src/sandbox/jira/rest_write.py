"""REST writes: create, edit, move through the workflow, assign, delete and link tickets."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from sandbox.jira.calls import Call, RefusedError, answer, found
from sandbox.jira.model import Account, Project, Status, Ticket
from sandbox.jira.rest_comments import plain
from sandbox.jira.state import NoSuchError

MANY = {"labels", "fixVersions", "versions", "components"}


def person(call: Call, given: Any) -> Account | None:
    """A person as the flavour names them: by accountId on Cloud, by name on Data Center."""
    if given is None:
        return None
    who = given.get("accountId") or given.get("id") if call.cloud else given.get("name") or given.get("key")
    return None if who is None else call.store.account(str(who))


def _of(things: list[Any], given: Any, what: str) -> Any:
    """The thing of a list that is named by id or name."""
    if given is None:
        return None
    for thing in things:
        if given.get("id") == thing.id or given.get("name") == thing.name:
            return thing
    raise NoSuchError(f"{what} '{given.get('name') or given.get('id')}' is not valid")


def _text(value: Any) -> str | None:
    return None if value is None else plain(value)


def _ticket(call: Call, given: Any) -> Ticket | None:
    name = given if given is None or isinstance(given, str) else given.get("key") or given.get("id")
    return None if name is None else call.store.get(str(name))


def _setters(call: Call, project: Project) -> dict[str, tuple[str, Callable[[Any], Any]]]:
    """REST field -> the attribute of Ticket and how a value is read. Readers raise NoSuchError."""
    site, ids = call.store.site, call.store.site.fields

    def versions(given: list[Any]) -> tuple[Any, ...]:
        return tuple(_of(project.versions, one, "Version name") for one in given)

    return {
        "summary": ("summary", lambda v: v),
        "description": ("description", _text),
        "priority": ("priority", lambda v: _of(site.priorities, v, "The priority")),
        "security": ("security", lambda v: _of(site.levels, v, "The security level")),
        "assignee": ("assignee", lambda v: person(call, v)),
        "reporter": ("reporter", lambda v: person(call, v)),
        "labels": ("labels", tuple),
        "duedate": ("due", lambda v: v),
        "fixVersions": ("fix_versions", versions),
        "versions": ("affects", versions),
        "components": ("components", lambda v: tuple(_of(project.components, c, "Component name") for c in v)),
        "parent": ("epic", lambda v: _ticket(call, v)),
        ids.epic_link: ("epic", lambda v: _ticket(call, v)),
        ids.flagged: ("flagged", bool),
        ids.points: ("points", lambda v: v),
        ids.team: ("team", lambda v: v and v.get("value")),
    }


def _values(call: Call, project: Project, given: dict[str, Any]) -> dict[str, Any]:
    """Attributes of Ticket from a `fields` body. Raises RefusedError, naming every wrong field."""
    setters, values, errors = _setters(call, project), dict[str, Any](), dict[str, str]()
    for name, value in given.items():
        if name not in setters:
            errors[name] = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            continue
        attribute, read = setters[name]
        try:
            values[attribute] = read(value)
        except NoSuchError as error:
            errors[name] = str(error)
    if "summary" in values:
        errors |= _wrong_summary(values["summary"])
    if errors:
        raise RefusedError(400, errors=errors)
    return values


def _wrong_summary(summary: Any) -> dict[str, str]:
    if not isinstance(summary, str) or not summary.strip():
        return {"summary": "You must specify a summary of the issue."}
    if "\n" in summary:
        return {"summary": "The summary is invalid because it contains newline characters."}
    if len(summary) > 255:
        return {"summary": "Summary can't exceed 255 characters."}
    return {}


def create(call: Call) -> Response:
    fields = dict(call.body.get("fields") or {})
    where = fields.pop("project", None) or {}
    kind = fields.pop("issuetype", None) or {}
    unknown = RefusedError(400, errors={"project": "valid project is required"})
    with call.store.lock:
        try:
            project = call.store.project(str(where.get("key") or where.get("id")))
        except NoSuchError as error:
            raise unknown from error
        values = _values(call, project, {"summary": None, **fields})
        summary = values.pop("summary")
        name = str(kind.get("name") or kind.get("id"))
        ticket = found(
            lambda: call.store.create(project.key, summary, call.caller.name, kind=name, **values),
            "Specify a valid issue type",
            400,
        )
        told = {"id": str(ticket.id), "key": ticket.key, "self": f"{call.draw.root}/issue/{ticket.id}"}
    return answer(told, 201)


def edit(call: Call) -> Response:
    """PUT: `fields` sets, `update` sets, adds and removes."""
    with call.store.lock:
        ticket = call.ticket()
        fields = dict(call.body.get("fields") or {})
        for name, operations in (call.body.get("update") or {}).items():
            if name == "comment":
                for operation in operations:
                    call.store.comment(ticket.key, plain(operation["add"]["body"]), call.caller.name)
                continue
            if name in fields:
                raise RefusedError(400, errors={name: "Field cannot appear in both 'fields' and 'update'"})
            fields[name] = _updated(call, ticket, name, operations)
        values = _values(call, ticket.project, fields)
        call.store.edit(ticket.key, call.caller.name, **values)
    return answer(None, 204)


def _updated(call: Call, ticket: Ticket, name: str, operations: list[dict[str, Any]]) -> Any:
    """The value that a field has after some operations, in the form in which `fields` would set it."""
    setters = _setters(call, ticket.project)
    value: Any = None
    if name in MANY and name in setters:
        held = getattr(ticket, setters[name][0])
        value = list(held) if name == "labels" else [{"id": thing.id} for thing in held]
    for operation in operations:
        if "set" in operation:
            value = operation["set"]
        elif "add" in operation and isinstance(value, list):
            value = [*value, operation["add"]]
        elif "remove" in operation and isinstance(value, list):
            gone = setters[name][1]([operation["remove"]])[0]
            value = [one for one in value if setters[name][1]([one])[0] != gone]
        else:
            raise RefusedError(400, errors={name: "The operation is not supported for this field."})
    return value


def assign(call: Call) -> Response:
    with call.store.lock:
        ticket = call.ticket()
        try:
            to = person(call, call.body)
        except NoSuchError as error:
            raise RefusedError(400, errors={"assignee": str(error)}) from error
        call.store.assign(ticket.key, to.name if to else None, call.caller.name)
    return answer(None, 204)


def delete(call: Call) -> Response:
    with call.store.lock:
        ticket = call.ticket()
        if ticket.subtasks and call.parameter("deleteSubtasks") != "true":
            raise RefusedError(
                400, f"The issue '{ticket.key}' has subtasks. You must specify the 'deleteSubtasks' parameter."
            )
        call.store.delete(ticket.key, call.caller.name)
    return answer(None, 204)


# --- the workflow --------------------------------------------------------------------------------------------------


def _transitions(call: Call, ticket: Ticket) -> dict[str, Status]:
    """Transition id -> where it leads: from every status to every other."""
    statuses = call.store.site.statuses
    return {str(11 + 10 * i): status for i, status in enumerate(statuses) if status is not ticket.status}


def transitions(call: Call) -> Response:
    with call.store.lock:
        told = [
            {
                "id": number,
                "name": status.name,
                "to": call.draw.status_json(status),
                **(
                    {"hasScreen": False, "isGlobal": True, "isInitial": False, "isConditional": False}
                    if call.cloud
                    else {}
                ),
            }
            for number, status in _transitions(call, call.ticket()).items()
        ]
    return answer({"expand": "transitions", "transitions": told})


def transition(call: Call) -> Response:
    with call.store.lock:
        ticket = call.ticket()
        wanted = str((call.body.get("transition") or {}).get("id"))
        target = _transitions(call, ticket).get(wanted)
        if target is None:
            raise RefusedError(400, f"It seems that you have tried to perform an illegal workflow operation: {wanted}.")
        call.store.transition(ticket.key, target.id, call.caller.name)
    return answer(None, 204)


# --- links ---------------------------------------------------------------------------------------------------------


def add_link(call: Call) -> Response:
    """`inwardIssue` is the source: for "Blocks", it blocks `outwardIssue`."""
    ends = [call.body.get(side) or {} for side in ("inwardIssue", "outwardIssue")]
    names = [str(end.get("key") or end.get("id")) for end in ends]
    kind = str((call.body.get("type") or {}).get("name"))
    with call.store.lock:
        if any(call.store.find(name) is None for name in names):
            raise RefusedError(404, "Issue does not exist or you do not have permission to see it.")
        link = found(
            lambda: call.store.link(names[0], kind, names[1], call.caller.name),
            f"No issue link type with name '{kind}' found.",
        )
    return answer(None, 201) if not call.cloud else answer({"id": str(link.id)}, 201)


def link(call: Call) -> Response:
    number = call.part("id")
    with call.store.lock:
        kept = found(lambda: call.store.find_link(int(number)), f"No issue link with id '{number}' exists.")
        return answer(
            f'{{"id":"{kept.id}","self":"{call.draw.root}/issueLink/{kept.id}","type":'.encode()
            + call.draw.link_type(kept.type)
            + b',"inwardIssue":'
            + call.draw.stub(kept.source)
            + b',"outwardIssue":'
            + call.draw.stub(kept.target)
            + b"}"
        )


def remove_link(call: Call) -> Response:
    number = call.part("id")
    found(lambda: call.store.unlink(int(number), call.caller.name), f"No issue link with id '{number}' exists.")
    return answer(None, 204)
