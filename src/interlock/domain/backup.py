"""What a backup says of itself, and what is said of messages that come back with one."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from interlock.domain.errors import InterlockError

FORMAT: Final = 1
RESTORED: Final = "Restored from a backup of "
"""How the reason of every message begins that a restore parked."""


class BackupError(InterlockError):
    """A backup cannot be made, read or restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`schema` is the database's revision, `interlock` the program's version, `at` the moment of the snapshot, `counts`
    the rows of each table; `sha256` and `size` are the contents' as they lie in the file.
    """

    engine: Literal["sqlite", "postgresql"]
    schema: str
    interlock: str
    at: datetime
    audit_seq: int
    audit_hash: str
    counts: dict[str, int]
    sha256: str
    size: int

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


def to_json(manifest: Manifest) -> str:
    told = {"what": "a backup of Interlock's database", "format": FORMAT} | asdict(manifest)
    return json.dumps(told | {"at": manifest.at.isoformat()}, indent=2) + "\n"


def from_json(text: str) -> Manifest:
    """Raises BackupError where it is no manifest, or one of a later format."""
    try:
        told: dict[str, Any] = json.loads(text)
        if told.pop("format") != FORMAT:
            raise BackupError("The backup was made by a newer Interlock. Restore it with that one.")
        del told["what"]
        return Manifest(**told | {"at": datetime.fromisoformat(told["at"])})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError("The file's manifest cannot be read: it is no backup of Interlock, or damaged.") from error


def reason(at: datetime) -> str:
    """Why a message waits that came back with the backup of then."""
    return f"{RESTORED}{at:%a %d %b %Y %H:%M} UTC: it may have been posted since."


def is_restored(why: str) -> bool:
    return why.startswith(RESTORED)
