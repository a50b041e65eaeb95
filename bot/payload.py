"""A button's value: a version, a kind and one id, such as `1:signoff:42`. Parents are derived from the id, and
authority is checked again at click time, so there is nothing else to carry.
"""

import re
from dataclasses import dataclass
from typing import Final

VERSION: Final = 1
SHAPE: Final = re.compile(r"(?P<version>\d{1,3}):(?P<kind>[a-z][a-z_]{0,31}):(?P<id>[A-Za-z0-9._-]{1,100})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """`reason`: "old" for a version that this program no longer reads, "malformed" for what it never wrote."""

    reason: str


def encode(kind: str, ident: int | str) -> str:
    """`kind` is a noun of DESIGN.md in lower case; `ident` a row's number or a tracker's key. Raises ValueError for one
    that `decode` would not read back: a mistake of ours."""
    text = f"{VERSION}:{kind}:{ident}"
    if not SHAPE.fullmatch(text):
        raise ValueError(f"no button can carry {text!r}")
    return text


def decode(text: str) -> Payload | Unreadable:
    """What `encode` wrote. Whatever else it is given, and however long, comes back as Unreadable."""
    found = SHAPE.fullmatch(text)
    if not found:
        return Unreadable(reason="malformed")
    if int(found["version"]) != VERSION:
        return Unreadable(reason="old")
    return Payload(kind=found["kind"], id=found["id"])
