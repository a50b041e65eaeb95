"""The pieces that Jira's JSON is put together from: accounts, statuses, versions and their like.

A page of 1000 tickets must cost little, so each piece is drawn once and its bytes are reused. Shapes: the recorded
responses and the OpenAPI documents that the tests read.
"""

from collections.abc import Callable, Iterable
from json import dumps
from json.encoder import encode_basestring_ascii
from urllib.parse import quote as url_quote

from sandbox.jira.model import (
    Account,
    Component,
    FieldIds,
    Flavour,
    IssueType,
    LinkType,
    Named,
    Project,
    Sprint,
    Status,
    Version,
)

NULL = b"null"
quote = encode_basestring_ascii
"""A text as JSON, quotes included."""


def encode(value: object) -> bytes:
    return dumps(value, separators=(",", ":")).encode()


def text(value: str | None) -> bytes:
    return NULL if value is None else quote(value).encode()


def joined(pieces: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(pieces) + b"]"


def document(value: str | None) -> object:
    """Plain text as an Atlassian document: a paragraph for each line."""
    if value is None:
        return None
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []}
        for line in value.splitlines() or [""]
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


class Pieces:
    """Draws for one flavour, REST version and base address, such as http://127.0.0.1:8080/jira."""

    def __init__(self, flavour: Flavour, api: str, base: str, fields: FieldIds) -> None:
        self.flavour, self.api, self.base, self.ids = flavour, api, base, fields
        self.cloud = flavour == "cloud"
        self.root = f"{base}/rest/api/{api}"
        self._drawn: dict[object, bytes] = {}

    def once(self, thing: object, draw: Callable[[], object]) -> bytes:
        piece = self._drawn.get(thing)
        if piece is None:
            piece = self._drawn[thing] = encode(draw())
        return piece

    def forget(self) -> None:
        """Draw every shared piece anew: something was renamed."""
        self._drawn.clear()

    def account(self, person: Account | None) -> bytes:
        return NULL if person is None else self.once(person, lambda: self.account_json(person))

    def account_json(self, person: Account) -> dict[str, object]:
        if self.cloud:
            who: dict[str, object] = {
                "self": f"{self.root}/user?accountId={url_quote(person.account_id)}",
                "accountId": person.account_id,
            }
        else:
            who = {
                "self": f"{self.root}/user?username={url_quote(person.name)}",
                "name": person.name,
                "key": person.name,
            }
        if person.email is not None:
            who["emailAddress"] = person.email
        sizes = ("48x48", "24x24", "16x16", "32x32")
        who |= {
            "avatarUrls": dict.fromkeys(sizes, f"{self.base}/avatar.png"),
            "displayName": person.display,
            "active": person.active,
            "timeZone": person.time_zone,
        }
        return who | ({"accountType": "atlassian"} if self.cloud else {})

    def status(self, status: Status) -> bytes:
        return self.once(status, lambda: self.status_json(status))

    def status_json(self, status: Status) -> dict[str, object]:
        drawn: dict[str, object] = {
            "self": f"{self.root}/status/{status.id}",
            "description": status.description,
            "iconUrl": f"{self.base}/images/icons/statuses/generic.png",
            "name": status.name,
            "id": status.id,
        }
        if (category := status.category) is not None:
            drawn["statusCategory"] = {
                "self": f"{self.root}/statuscategory/{category.id}",
                "id": category.id,
                "key": category.key,
                "colorName": category.colour,
                "name": category.name,
            }
        return drawn

    def type(self, kind: IssueType) -> bytes:
        return self.once(kind, lambda: self.type_json(kind))

    def type_json(self, kind: IssueType) -> dict[str, object]:
        drawn: dict[str, object] = {
            "self": f"{self.root}/issuetype/{kind.id}",
            "id": kind.id,
            "description": kind.description,
            "iconUrl": f"{self.base}/images/icons/issuetypes/generic.svg",
            "name": kind.name,
            "subtask": kind.subtask,
        }
        return drawn | ({"hierarchyLevel": -1 if kind.subtask else kind.level} if self.cloud else {})

    def named(self, what: str, thing: Named | None) -> bytes:
        return NULL if thing is None else self.once(thing, lambda: self.named_json(what, thing))

    def named_json(self, what: str, thing: Named) -> dict[str, object]:
        drawn: dict[str, object] = {"self": f"{self.root}/{what}/{thing.id}", "id": thing.id, "name": thing.name}
        if what == "priority":
            return drawn | {"iconUrl": f"{self.base}/images/icons/priorities/{url_quote(thing.name.lower())}.svg"}
        return drawn | {"description": thing.description}

    def project(self, project: Project) -> bytes:
        return self.once(project, lambda: self.project_json(project))

    def project_json(self, project: Project) -> dict[str, object]:
        sizes = {"48x48": "large", "24x24": "small", "16x16": "xsmall", "32x32": "medium"}
        avatar = f"{self.base}/secure/projectavatar"
        drawn: dict[str, object] = {
            "self": f"{self.root}/project/{project.id}",
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "avatarUrls": {size: f"{avatar}?size={name}&pid={project.id}" for size, name in sizes.items()},
        }
        return drawn | ({"simplified": False} if self.cloud else {})

    def version(self, version: Version) -> bytes:
        return self.once(version, lambda: self.version_json(version, inside=True))

    def version_json(self, version: Version, *, inside: bool = False) -> dict[str, object]:
        """`inside` a ticket a version tells less: not its project, nor its start."""
        drawn: dict[str, object] = {
            "self": f"{self.root}/version/{version.id}",
            "id": version.id,
            "description": version.description,
            "name": version.name,
            "archived": version.archived,
            "released": version.released,
        }
        if version.released_on is not None:
            drawn["releaseDate"] = version.released_on
        if not inside:
            drawn |= {"startDate": version.start} if version.start is not None else {}
            drawn["projectId"] = int(version.project.id)
        return drawn

    def component(self, component: Component) -> bytes:
        return self.once(component, lambda: self.component_json(component))

    def component_json(self, component: Component) -> dict[str, object]:
        return {
            "self": f"{self.root}/component/{component.id}",
            "id": component.id,
            "name": component.name,
            "description": component.description,
        }

    def sprint(self, sprint: Sprint) -> bytes:
        return self.once(sprint, lambda: self._sprint_json(sprint))

    def _sprint_json(self, sprint: Sprint) -> object:
        if self.cloud:
            drawn = {
                "id": sprint.id,
                "name": sprint.name,
                "state": sprint.state,
                "boardId": sprint.board,
                "goal": sprint.goal,
                "startDate": sprint.start,
                "endDate": sprint.end,
                "completeDate": sprint.completed,
            }
            return {key: value for key, value in drawn.items() if value is not None}
        # Data Center tells a Java object's toString.
        return (
            f"com.atlassian.greenhopper.service.sprint.Sprint@{sprint.id:x}[id={sprint.id},rapidViewId={sprint.board},"
            f"state={sprint.state.upper()},name={sprint.name},startDate={sprint.start or '<null>'},"
            f"endDate={sprint.end or '<null>'},completeDate={sprint.completed or '<null>'},sequence={sprint.id}]"
        )

    def link_type(self, kind: LinkType) -> bytes:
        return self.once(kind, lambda: self.link_type_json(kind))

    def link_type_json(self, kind: LinkType) -> dict[str, object]:
        names: dict[str, object] = {"id": kind.id, "name": kind.name, "inward": kind.inward, "outward": kind.outward}
        return names | {"self": f"{self.root}/issueLinkType/{kind.id}"}

    def body(self, value: str | None) -> bytes:
        """A long text: an Atlassian document in version 3, plain text before."""
        return encode(document(value)) if self.api == "3" else text(value)
