"""Projects, their versions and components."""

from typing import Any

from starlette.responses import Response

from sandbox.jira.calls import Call, RefusedError, answer, found
from sandbox.jira.model import Project, Version


def _project(call: Call, project: Project) -> dict[str, Any]:
    told = call.draw.project_json(project)
    if project.lead is not None:
        told["lead"] = call.draw.account_json(project.lead)
    return told | ({"style": "classic", "isPrivate": False} if call.cloud else {"archived": False})


def projects(call: Call) -> Response:
    return answer([_project(call, project) for project in call.store.projects.values()])


def project_search(call: Call) -> Response:
    keys, query = {key.upper() for key in call.names("keys")}, (call.parameter("query") or "").lower()
    every = [p for p in call.store.projects.values() if not keys or p.key in keys]
    every = [p for p in every if query in p.name.lower() or query in p.key.lower()]
    return answer(call.page([_project(call, project) for project in every], most=50, cap=100))


def _named_project(call: Call) -> Project:
    name = call.part("project")
    return found(lambda: call.store.project(name), f"No project could be found with key '{name}'.")


def project(call: Call) -> Response:
    one = _named_project(call)
    told = _project(call, one) | {"description": "", "assigneeType": "UNASSIGNED", "roles": {}}
    told |= {
        "components": [call.draw.component_json(component) for component in one.components],
        "issueTypes": [call.draw.type_json(kind) for kind in call.store.site.types],
        "versions": [call.draw.version_json(version) for version in one.versions],
    }
    return answer(told)


def versions(call: Call) -> Response:
    return answer([call.draw.version_json(version) for version in _named_project(call).versions])


def version_page(call: Call) -> Response:
    query = (call.parameter("query") or "").lower()
    every = [v for v in _named_project(call).versions if query in v.name.lower()]
    return answer(call.page([call.draw.version_json(version) for version in every]))


def components(call: Call) -> Response:
    return answer([call.draw.component_json(component) for component in _named_project(call).components])


def _version(call: Call) -> Version:
    for one in call.store.projects.values():
        for kept in one.versions:
            if kept.id == call.part("id"):
                return kept
    raise RefusedError(404, f"Could not find version for id '{call.part('id')}'")


def version(call: Call) -> Response:
    return answer(call.draw.version_json(_version(call)))


def add_version(call: Call) -> Response:
    given, name = call.body, str(call.body.get("name") or "")
    where = str(given.get("project") or given.get("projectId"))
    home = found(lambda: call.store.project(where), f"Project with key '{where}' either does not exist.", 404)
    if not name or any(name == v.name for v in home.versions):
        wrong = (
            "A version with this name already exists in this project." if name else "You must specify a version name."
        )
        raise RefusedError(400, errors={"name": wrong})
    made = call.store.create_version(home.key, name, call.caller.name, released_on=given.get("releaseDate"))
    return answer(call.draw.version_json(made), 201)


def change_version(call: Call) -> Response:
    kept = _version(call)
    names = {"name": "name", "description": "description", "released": "released", "archived": "archived"}
    names |= {"releaseDate": "released_on", "startDate": "start"}
    changes = {names[key]: value for key, value in call.body.items() if key in names}
    call.store.change_version(kept.project.key, kept.name, call.caller.name, **changes)
    return answer(call.draw.version_json(kept))


def project_statuses(call: Call) -> Response:
    _named_project(call)
    every = [call.draw.status_json(status) for status in call.store.site.statuses]
    kinds = [(kind, call.draw.type_json(kind)["self"]) for kind in call.store.site.types]
    return answer(
        [{"self": here, "id": k.id, "name": k.name, "subtask": k.subtask, "statuses": every} for k, here in kinds]
    )


def security_levels(call: Call) -> Response:
    _named_project(call)
    return answer({"levels": [call.draw.named_json("securitylevel", level) for level in call.store.site.levels]})
