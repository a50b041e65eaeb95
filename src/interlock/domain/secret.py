"""Secrets that are sent to whoever asked for one, and kept by their hash: tokens, and links to feeds."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

BYTES: Final = 32
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A secret in clear, on its way to its owner and nowhere else: no log, no error and no repr shows `text`."""

    text: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What the store has of a person's. `request` names the asking that may still issue one, each time in place of the
    last; `hash` and `expires_at` are None until it did.
    """

    slack_id: str
    request: str
    hash: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        return self.expires_at is not None and now < self.expires_at


def hash_of(text: str, prefix: str = "") -> str | None:
    """What is stored in place of a secret; None for a text that none can be. A plain hash is enough: a secret has 256
    random bits, so there is nothing to guess, and how long it takes to look the hash up tells nothing of it."""
    fits = text.startswith(prefix) and _SHAPE.fullmatch(text, len(prefix))
    return hashlib.sha256(text.encode()).hexdigest() if fits else None
