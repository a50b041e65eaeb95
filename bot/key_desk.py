"""Making the key that signs evidence."""

import os
from pathlib import Path

from bot.evidence.key import Key, made
from interlock.domain.errors import InterlockError


class KeyDeskError(InterlockError):
    """The key cannot be kept."""


def make(out: Path | None) -> str:
    """Makes a key, keeps it in a new file that its owner alone may read, and returns what to say of it. Without a file
    the key itself is said. Raises KeyDeskError.
    """
    text = made()
    told = f"Fingerprint, for your auditors:\n{Key(text).fingerprint}"
    if out is None:
        return f"INTERLOCK_EVIDENCE_KEY={text}\n{told}"
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise KeyDeskError(f"{out} can't be written ({error.strerror}). No key was kept.") from error
    return f"The key is in {out}: set INTERLOCK_EVIDENCE_KEY_FILE to it.\n{told}"
