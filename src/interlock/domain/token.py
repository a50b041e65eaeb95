"""Personal tokens for the command line: what one looks like, and what is known of it once it was given."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from interlock.domain.actor import Actor, Person

PREFIX: Final = "interlock_"
"""By which people, and programs that look for lost secrets, know one when they see it."""
BYTES: Final = 32

_SHAPE: Final = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token in clear, on its way to its owner and nowhere else: no log, no error and no repr shows `text`."""

    text: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What the store has of a person's token. `request` names the asking that may still issue one, each time in place
    of the last; `hash` and `expires_at` are None until it did.
    """

    slack_id: str
    request: str
    hash: str | None = None
    expires_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        return self.expires_at is not None and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Somebody who showed a token that counts. `key` tells bearers apart, and is no secret."""

    actor: Actor
    person: Person
    expires_at: datetime
    key: str = field(repr=False)


def hash_of(text: str) -> str | None:
    """What is stored in place of a token; None for a text that none can be. A plain hash is enough: a token has 256
    random bits, so there is nothing to guess, and how long it takes to look the hash up tells nothing of the token."""
    return hashlib.sha256(text.encode()).hexdigest() if _SHAPE.fullmatch(text) else None
