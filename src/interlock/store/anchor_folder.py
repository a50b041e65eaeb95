"""Anchors as files, on storage that keeps what was written once."""

import os
from pathlib import Path

from interlock.store.engine import StoreError


def text(folder: Path) -> str:
    """All anchors in the folder, a line each. Raises StoreError where it cannot be read."""
    try:
        return "\n".join(file.read_text(encoding="ascii", errors="replace") for file in sorted(folder.glob("*.anchor")))
    except OSError as error:
        raise StoreError(f"The anchors in {folder} can't be read ({error.strerror}).") from error


def keep(folder: Path, seq: int, line: str) -> None:
    """Writes the anchor of that event, unless it is there. Raises StoreError."""
    file = folder / f"{seq:015}.anchor"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if file.exists():
            return
        with file.open("x", encoding="ascii") as out:
            out.write(f"{line}\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise StoreError(f"The anchor can't be written into {folder} ({error.strerror}).") from error
