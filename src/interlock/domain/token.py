"""Tokens: what one looks like, and who bears a personal one, for the command line."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from interlock.domain import secret
from interlock.domain.actor import Actor, Person

PREFIX: Final = "interlock_"
"""By which people, and programs that look for lost secrets, know one when they see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Somebody who showed a token that counts. `key` tells bearers apart, and is no secret."""

    actor: Actor
    person: Person
    expires_at: datetime
    key: str = field(repr=False)


def hash_of(text: str) -> str | None:
    """What is stored in place of a token; None for a text that none can be."""
    return secret.hash_of(text, PREFIX)
