"""Anchors: the record's newest link, noted where whoever can rewrite the database cannot rewrite it.

One line each, so that it can be copied from a message, a log or a file and found again there.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from interlock.domain.audit import Broken

LINE: Final = re.compile(
    r"interlock-anchor v1 seq=(\d{1,15}) hash=([0-9a-f]{64}) at=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The chain ended at event `seq` with `hash` at that moment, which is whole seconds in UTC."""

    seq: int
    hash: str
    at: datetime

    @property
    def line(self) -> str:
        at = f"{self.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
        return f"interlock-anchor v1 seq={self.seq} hash={self.hash} at={at}"


def read(text: str) -> list[Anchor]:
    """Every anchor in a text, whatever stands around them; none where a date is none."""
    found = []
    for seq, digest, at in LINE.findall(text):
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            continue
        found.append(Anchor(seq=int(seq), hash=digest, at=moment))
    return found


def first_contradicted(anchors: Iterable[Anchor], hashes: Mapping[int, str]) -> Broken | None:
    """The earliest anchor that the chain does not bear out; `hashes` are the chain's, by number."""
    for anchor in sorted(anchors, key=lambda each: each.seq):
        when = f"{anchor.at:%Y-%m-%d %H:%M} UTC"
        if anchor.seq not in hashes:
            return Broken(seq=anchor.seq, why=f"it was anchored on {when} and is missing")
        if hashes[anchor.seq] != anchor.hash:
            return Broken(seq=anchor.seq, why=f"it is not what was anchored on {when}")
    return None
