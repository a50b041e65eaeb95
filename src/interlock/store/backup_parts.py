"""What the two engines' backups share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a manifest says of a database, read in the snapshot that is backed up."""

    schema: str
    audit_seq: int
    audit_hash: str
    counts: dict[str, int]


@contextmanager
def private(path: Path) -> Iterator[IO[bytes]]:
    """A new file that its owner alone may read: a backup holds everything, and people's data with it."""
    path.unlink(missing_ok=True)  # what a killed one left
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as file:
        yield file


def settle_on_disk(path: Path) -> None:
    """Survives a power loss once this returns. A folder is settled after a file in it was renamed."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
