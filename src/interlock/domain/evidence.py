"""Evidence: everything that is known of a release's decisions, for somebody who has no access to Interlock."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from interlock.domain.anchor import Anchor
from interlock.domain.visibility import RESTRICTED

KEY: Final = re.compile(r"[A-Z][A-Z0-9_]{0,30}-[0-9]{1,10}", re.ASCII)
"""What may be a ticket's key, wherever it stands in a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An event of the chain as evidence shows it; `body` is None where its reader may not see it."""

    seq: int
    hash: str
    body: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An anchor that the reader should find, and where."""

    anchor: Anchor
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`facts` is JSON-ready (see `interlock.store.evidence`). `people`: by event and role the salt and personal data
    beside the chain, or the event that records their erasure. `links` run without a gap from the release's first event
    to the newest of all; `previous` is the hash before them. `event` records the export itself.
    """

    release_id: int
    name: str
    event: int
    exported_at: datetime
    facts: dict[str, Any]
    people: tuple[dict[str, Any], ...]
    previous: str
    links: tuple[Link, ...]
    own: frozenset[int]
    expected: tuple[Expected, ...]


def names_any(text: str, hidden: Collection[str]) -> bool:
    """Whether a text holds one of these keys."""
    return bool(hidden) and any(found in hidden for found in KEY.findall(text))


def concealed(value: Any, hidden: Collection[str]) -> Any:
    """The JSON value with each of these keys replaced in its texts."""
    if not hidden:
        return value
    if isinstance(value, str):
        return KEY.sub(lambda found: RESTRICTED if found[0] in hidden else found[0], value)
    if isinstance(value, dict):
        return {name: concealed(each, hidden) for name, each in value.items()}
    return [concealed(each, hidden) for each in value] if isinstance(value, list) else value
