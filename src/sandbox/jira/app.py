"""The practice Jira as an ASGI application: one table of routes for each flavour."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.jira import browse, rest_comments, rest_projects, rest_search, rest_site, rest_write
from sandbox.jira.calls import Call, Desk, RefusedError, Settings, UnauthorisedError, answer
from sandbox.jira.model import Flavour
from sandbox.jira.search import Finder
from sandbox.jira.state import NoSuchError
from sandbox.jira.store import Store

Answer = Callable[[Call], Response]

COMMON: tuple[tuple[str, str, Answer], ...] = (
    ("GET", "myself", rest_site.myself),
    ("GET", "field", rest_site.fields),
    ("GET", "project", rest_projects.projects),
    ("GET", "project/{project}", rest_projects.project),
    ("GET", "project/{project}/versions", rest_projects.versions),
    ("GET", "project/{project}/version", rest_projects.version_page),
    ("GET", "project/{project}/components", rest_projects.components),
    ("GET", "project/{project}/statuses", rest_projects.project_statuses),
    ("GET", "project/{project}/securitylevel", rest_projects.security_levels),
    ("POST", "version", rest_projects.add_version),
    ("GET", "version/{id}", rest_projects.version),
    ("PUT", "version/{id}", rest_projects.change_version),
    ("POST", "issue", rest_write.create),
    ("GET", "issue/{issue}", rest_search.issue),
    ("PUT", "issue/{issue}", rest_write.edit),
    ("DELETE", "issue/{issue}", rest_write.delete),
    ("PUT", "issue/{issue}/assignee", rest_write.assign),
    ("GET", "issue/{issue}/comment", rest_comments.comments),
    ("POST", "issue/{issue}/comment", rest_comments.add_comment),
    ("GET", "issue/{issue}/comment/{id}", rest_comments.comment),
    ("GET", "issue/{issue}/transitions", rest_write.transitions),
    ("POST", "issue/{issue}/transitions", rest_write.transition),
    ("POST", "issueLink", rest_write.add_link),
    ("GET", "issueLink/{id:int}", rest_write.link),
    ("DELETE", "issueLink/{id:int}", rest_write.remove_link),
    ("GET", "issueLinkType", rest_site.link_types),
    ("GET", "issuesecurityschemes", rest_site.security_schemes),
    ("GET", "issuetype", rest_site.issue_types),
    ("GET", "priority", rest_site.priorities),
    ("GET", "resolution", rest_site.resolutions),
    ("GET", "status", rest_site.statuses),
    ("GET", "statuscategory", rest_site.categories),
    ("GET", "user", rest_site.user),
    ("GET", "user/search", rest_site.user_search),
    ("GET", "mypermissions", rest_site.my_permissions),
)
CLOUD: tuple[tuple[str, str, Answer], ...] = (
    ("GET", "project/search", rest_projects.project_search),
    ("GET", "search/jql", rest_search.search_jql),
    ("POST", "search/jql", rest_search.search_jql),
    ("POST", "search/approximate-count", rest_search.approximate_count),
    ("GET", "search", rest_search.search_removed),
    ("POST", "search", rest_search.search_removed),
    ("GET", "issue/{issue}/changelog", rest_comments.changelog),
    ("POST", "issue/bulkfetch", rest_search.bulk_fetch),
    ("POST", "changelog/bulkfetch", rest_comments.bulk_changelog),
)
DATA_CENTER: tuple[tuple[str, str, Answer], ...] = (
    ("GET", "search", rest_search.search),
    ("POST", "search", rest_search.search),
)


def build(
    store: Store,
    *,
    flavour: Flavour,
    email: str = "interlock@practice.example",
    token: str = "practice-jira-token",  # noqa: S107 - the README publishes it
    base_url: str | None = None,
) -> Starlette:
    """The application, to be served at its own address or mounted below a path such as /jira.

    `base_url` is the address that its links carry; without it they carry the one that the caller used.
    """
    desk = Desk(
        store=store,
        finder=Finder(store),
        settings=Settings(flavour=flavour, email=email, token=token, base_url=base_url),
    )
    routes = [
        Route(f"/rest/api/{api}/serverInfo", _open(desk, api, rest_site.server_info)) for api in _versions(flavour)
    ]
    # What only one flavour has comes first: "project/search" would be taken for a project of that name.
    for method, path, reply in (*(CLOUD if flavour == "cloud" else DATA_CENTER), *COMMON):
        routes += [
            Route(f"/rest/api/{api}/{path}", _authenticated(desk, api, reply), methods=[method])
            for api in _versions(flavour)
        ]
    return Starlette(routes=[*routes, *browse.routes(desk)], exception_handlers={HTTPException: _unknown})


def _versions(flavour: Flavour) -> tuple[str, ...]:
    return ("3", "2", "latest") if flavour == "cloud" else ("2", "latest")


def _call(desk: Desk, api: str, request: Request, body: Any, *, anonymous: bool = False) -> Call:
    header = request.headers.get("Authorization")
    caller = desk.store.site.bot if anonymous and header is None else desk.authenticate(header)
    version = "2" if api == "latest" else api
    return Call(desk=desk, request=request, caller=caller, api=version, body=body)


def _open(desk: Desk, api: str, reply: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return reply(_call(desk, api, request, {}, anonymous=True))
        except UnauthorisedError as error:
            return error.response(desk.settings.flavour)

    return endpoint


def _authenticated(desk: Desk, api: str, reply: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        try:
            call = _call(desk, api, request, _json(raw))
            response = reply(call)
        except UnauthorisedError as error:
            return error.response(desk.settings.flavour)
        except RefusedError as error:
            return error.response()
        except NoSuchError as error:
            return RefusedError(404, str(error)).response()
        if not call.cloud:
            response.headers["X-AUSERNAME"] = call.caller.name
        return response

    return endpoint


def _json(raw: bytes) -> Any:
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise RefusedError(400, "There was an error parsing JSON. Check that your request body is valid.") from error
    if not isinstance(body, dict):
        raise RefusedError(400, "Invalid request payload. Refer to the REST API documentation and try again.")
    return body


async def _unknown(request: Request, error: Exception) -> Response:
    """What we do not have answers as Jira does for an address that it does not have."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return answer({"message": "HTTP 405 Method Not Allowed", "status-code": 405}, 405)
    return answer({"message": f"null for uri: {request.url}", "status-code": error.status_code}, error.status_code)
