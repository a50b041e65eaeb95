"""What the two engines' backups share."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from interlock.domain.backup import BackupError

CHUNK: Final = 1 << 20
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


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


@contextmanager
def writing_into(folder: Path, nothing: str) -> Iterator[None]:
    """Says which folder cannot be written, and why; `nothing` says how little was done."""
    try:
        yield
    except OSError as error:
        mend = "Make room there, and try again." if error.errno in NO_ROOM else "Mend that, and try again."
        reason = error.strerror or error
        raise BackupError(f"{folder.absolute()} cannot be written ({reason}): {nothing}. {mend}") from error


def settle_on_disk(path: Path) -> None:
    """Survives a power loss once this returns. A folder is settled after a file in it was renamed."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
