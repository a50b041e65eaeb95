"""One REST call: who calls, what was sent, and how a refusal looks."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sandbox.jira.model import Account, Flavour, Ticket
from sandbox.jira.pieces import encode
from sandbox.jira.render import Renderer
from sandbox.jira.search import Finder
from sandbox.jira.state import NoSuchError
from sandbox.jira.store import Store

Thing = TypeVar("Thing")
JSON = "application/json;charset=UTF-8"
FAILED = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
ANONYMOUS_CLOUD = "Client must be authenticated to access this resource."
ANONYMOUS_DATA_CENTER = "You are not authenticated. Authentication required to perform this operation."
NO_ISSUE = {
    "cloud": "Issue does not exist or you do not have permission to see it.",
    "datacenter": "Issue Does Not Exist",
}
DATA_CENTER_401 = """<html><head><title>Unauthorized (401)</title></head><body>
<div class="aui-message aui-message-warning warning">
    <p>Encountered a <code>&quot;401 - Unauthorized&quot;</code> error while loading this page.</p>
    <p>Basic Authentication Failure - Reason : AUTHENTICATED_FAILED</p>
</div></body></html>"""


class RefusedError(Exception):
    """An answer other than success, in Jira's shape: a list of sentences and a sentence per field."""

    def __init__(self, status: int, *messages: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(status, *messages)
        self.status, self.messages, self.errors = status, list(messages), dict(errors or {})

    def response(self) -> Response:
        return answer({"errorMessages": self.messages, "errors": self.errors}, self.status)


class UnauthorisedError(Exception):
    """No credentials, or (`failed`) wrong ones."""

    def __init__(self, *, failed: bool) -> None:
        super().__init__(failed)
        self.failed = failed

    def response(self, flavour: Flavour) -> Response:
        headers = dict(FAILED) if self.failed else {}
        if flavour == "datacenter":
            headers["WWW-Authenticate"] = 'OAuth realm="practice"'
            if self.failed:
                return HTMLResponse(DATA_CENTER_401, 401, headers)
        text = ANONYMOUS_CLOUD if flavour == "cloud" else ANONYMOUS_DATA_CENTER
        return answer({"errorMessages": [text], "errors": {}}, 401, headers)


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` as JSON; bytes are JSON already, None is an empty body."""
    body = value if isinstance(value, bytes) else b"" if value is None else encode(value)
    return Response(body, status, dict(headers or {}), JSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`email` is the bot's, for Cloud's Basic authentication."""

    flavour: Flavour
    email: str
    token: str
    base_url: str | None = None


@dataclass(slots=True, kw_only=True)
class Desk:
    """What every call is answered from."""

    store: Store
    finder: Finder
    settings: Settings
    _renderers: dict[tuple[str, str], tuple[int, Renderer]] = field(default_factory=dict)
    last_base: str = "http://127.0.0.1"

    def renderer(self, api: str, base: str | None = None) -> Renderer:
        """The renderer of a REST version, for the address under which the caller knows us."""
        base = self.settings.base_url or base or self.last_base
        self.last_base = base
        renames, renderer = self._renderers.get((api, base), (-1, None))
        if renderer is None or renames != self.store.renames:
            renderer = Renderer(self.settings.flavour, api, base, self.store.site.fields, self.store.accounts)
            self._renderers[api, base] = (self.store.renames, renderer)
        return renderer

    def authenticate(self, header: str | None) -> Account:
        """Cloud: Basic e-mail:token. Data Center: Bearer token, or Basic name:token. Raises UnauthorisedError.

        The practice token works with everybody's e-mail address or name, so that tests can act as anybody.
        """
        scheme, _, rest = (header or "").partition(" ")
        if not rest:
            raise UnauthorisedError(failed=False)
        cloud, token = self.settings.flavour == "cloud", self.settings.token
        if scheme.lower() == "bearer" and not cloud and rest == token:
            return self.store.site.bot
        if scheme.lower() != "basic":
            raise UnauthorisedError(failed=True)
        try:
            who, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise UnauthorisedError(failed=True) from error
        if password != token:
            raise UnauthorisedError(failed=True)
        if cloud and who == self.settings.email:
            return self.store.site.bot
        known = [a for a in self.store.accounts.values() if a.active and who == (a.email if cloud else a.name)]
        if not known:
            raise UnauthorisedError(failed=True)
        return known[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An authenticated REST call. `body` is its parsed JSON, {} without one."""

    desk: Desk
    request: Request
    caller: Account
    api: str
    body: Any

    @property
    def store(self) -> Store:
        return self.desk.store

    @property
    def cloud(self) -> bool:
        return self.desk.settings.flavour == "cloud"

    @property
    def base(self) -> str:
        url, mounted_at = self.request.url, self.request.scope.get("root_path", "")
        return self.desk.settings.base_url or f"{url.scheme}://{url.netloc}{mounted_at}"

    @property
    def draw(self) -> Renderer:
        return self.desk.renderer(self.api, self.base)

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def ticket(self) -> Ticket:
        """The ticket that the path names. Raises RefusedError."""
        ticket = self.store.find(self.part("issue"))
        if ticket is None:
            raise RefusedError(404, NO_ISSUE[self.desk.settings.flavour])
        return ticket

    def parameter(self, name: str, default: str | None = None) -> str | None:
        """From the JSON body of a POST, else from the query."""
        if isinstance(self.body, dict) and self.body.get(name) is not None:
            return str(self.body[name])
        return self.request.query_params.get(name, default)

    def number(self, name: str, default: int) -> int:
        value = self.parameter(name)
        try:
            return default if value is None else int(value)
        except ValueError as error:
            raise RefusedError(400, f"The value '{value}' of '{name}' is not a whole number.") from error

    def names(self, name: str) -> list[str]:
        """A list parameter: repeated, comma-separated or a JSON list."""
        if isinstance(self.body, dict) and self.body.get(name) is not None:
            given = self.body[name]
            values = [str(item) for item in given] if isinstance(given, list) else [str(given)]
        else:
            values = self.request.query_params.getlist(name)
        return [part.strip() for value in values for part in value.split(",") if part.strip()]

    def page(self, values: list[Any], *, most: int = 50, cap: int = 1000) -> dict[str, Any]:
        """Jira's PageBean of some values, by startAt and maxResults."""
        start, size = max(0, self.number("startAt", 0)), min(cap, self.number("maxResults", most))
        told = values[start : start + size]
        here = f"{self.base}{self.request.url.path.removeprefix(self.request.scope.get('root_path', ''))}"
        page = {
            "self": f"{here}?startAt={start}&maxResults={size}",
            "maxResults": size,
            "startAt": start,
            "total": len(values),
            "isLast": start + len(told) >= len(values),
            "values": told,
        }
        if not page["isLast"]:
            page["nextPage"] = f"{here}?startAt={start + size}&maxResults={size}"
        return page


def found(look: Callable[[], Thing], sentence: str, status: int = 404) -> Thing:
    """`look()`, or a refusal with `sentence` when there is no such thing."""
    try:
        return look()
    except NoSuchError as error:
        raise RefusedError(status, sentence) from error
