"""Answers as text, so that the replica that meets a request again can give the same one."""

import json
from dataclasses import asdict
from typing import Any, Final, TypeVar

from bot.requests import Cleared, Closed, Errors, Replacement, Shown
from bot.views.blocks import Message

Said = TypeVar("Said")

KINDS: Final = {kind.__name__: kind for kind in (Message, Replacement, Errors, Shown, Closed, Cleared)}


def to_text(said: object) -> str:
    """Of any of KINDS, or of None: a form was the answer."""
    if said is None:
        return json.dumps(None)
    assert isinstance(said, Message | Replacement | Errors | Shown | Closed | Cleared), said
    return json.dumps({"kind": type(said).__name__, **asdict(said)})


def from_text(text: str) -> Any:
    """What `to_text` was given."""
    found = json.loads(text)
    return None if found is None else _made(found)


def _made(found: dict[str, Any]) -> Any:
    kind = KINDS[found.pop("kind", Message.__name__)]
    if kind is Replacement:
        return Replacement(message=_made(found["message"]))
    if kind is Message:
        found["blocks"] = tuple(found["blocks"])
    return kind(**found)
