"""One call of a Web API method: its arguments, and how it is refused."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.slack.blocks import InvalidBlocksError
from sandbox.slack.context import Context
from sandbox.slack.values import Channel, Json

Answer = dict[str, Any]
T = TypeVar("T")


class RefusalError(Exception):
    """A call that Slack answers with {"ok": false, "error": code, …}."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


class RateLimitedError(RefusalError):
    def __init__(self, seconds: float) -> None:
        super().__init__("ratelimited")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Method:
    """`scope` is what the token needs, where that does not depend on the arguments; `tier` its rate limit."""

    run: Callable[["Call"], Answer]
    tier: int | None = 4
    scope: str | None = None
    app_token: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments may have come as a query, a form or JSON, so a number or a block list may be text or not."""

    context: Context
    args: dict[str, Any]

    def text(self, name: str, default: str = "") -> str:
        value = self.args.get(name)
        return default if value is None else str(value)

    def need(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise invalid_arguments(f"missing required field: {name}")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.args.get(name)
        return default if value is None else str(value).lower() in {"1", "true"}

    def number(self, name: str, default: int, most: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise RefusalError("invalid_limit") if name == "limit" else invalid_arguments(f"invalid {name}")
        return int(value)

    def json(self, name: str) -> Any:
        """An argument that is a list or an object, however it came; None when it is absent."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            codes = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}
            raise RefusalError(codes.get(name, "invalid_arguments")) from None

    def needs_scope(self, scope: str) -> None:
        granted = self.context.settings.scopes
        if scope not in granted:
            raise RefusalError("missing_scope", needed=scope, provided=",".join(sorted(granted)))

    def channel(self, name: str = "channel") -> Channel:
        """The conversation of that id, where the app may know of it."""
        found = next((c for c in self.context.workspace.channels() if c.id == self.need(name)), None)
        hidden = found is not None and found.kind != "channel" and not self.is_member(found)
        if found is None or hidden:
            raise RefusalError("channel_not_found")
        return found

    def is_member(self, channel: Channel) -> bool:
        return self.context.workspace.app_user in channel.members

    def page(self, items: Sequence[T], *, default: int, most: int) -> tuple[list[T], Answer]:
        """One page of `items`, and the `response_metadata` that leads to the next."""
        start = decode_cursor(self.text("cursor"), "offset")
        limit = self.number("limit", default, most)
        offset = int(start) if start else 0
        more = offset + limit < len(items)
        cursor = encode_cursor("offset", str(offset + limit)) if more else ""
        return list(items[offset : offset + limit]), {"response_metadata": {"next_cursor": cursor}}


def invalid_arguments(*sentences: str) -> RefusalError:
    return RefusalError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {one}" for one in sentences]})


def refused_blocks(error: InvalidBlocksError) -> RefusalError:
    """Slack gives the sentences twice, bare and marked."""
    messages = [f"[ERROR] {one}" for one in error.problems]
    return RefusalError(error.code, errors=error.problems, response_metadata={"messages": messages})


def encode_cursor(kind: str, value: str) -> str:
    return base64.b64encode(f"{kind}:{value}".encode()).decode()


def decode_cursor(cursor: str, kind: str) -> str:
    """What a cursor of this kind stands for, "" for none."""
    if not cursor:
        return ""
    try:
        found, _, value = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise RefusalError("invalid_cursor") from None
    if found != kind:
        raise RefusalError("invalid_cursor")
    return value


def ok(**fields: Any) -> Answer:
    return {"ok": True, **fields}


def json_list(value: Any) -> list[Json]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise invalid_arguments("must be an array of objects")
    return value
