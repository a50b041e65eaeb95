"""Who acts: a person of the mirrored workspace, and how we know that it is they."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal


class Authentication(StrEnum):
    """How an actor was authenticated; recorded with each decision."""

    SLACK = "slack"
    """Slack told it in a signed request or over the app's own socket."""
    TOKEN = "token"  # noqa: S105 a kind of authentication, not a secret
    """A personal, expiring command-line token that the bot sent by DM."""
    SYSTEM = "system"
    """Interlock itself, on a schedule. It decides nothing that policy leaves to people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    slack_id: str
    authentication: Authentication


SYSTEM = Actor(slack_id="", authentication=Authentication.SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the mirrored workspace. `account_id` is their tracker account; `linked_by` how it was verified,
    None if it was not, and then it counts for nothing.
    """

    slack_id: str
    name: str
    handle: str = ""
    email: str | None = None
    time_zone: str | None = None
    kind: Literal["member", "guest", "external", "bot"] = "member"
    active: bool = True
    account_id: str | None = None
    linked_by: str | None = None

    @property
    def verified_account(self) -> str | None:
        return self.account_id if self.linked_by else None

    @property
    def is_member(self) -> bool:
        """An active full member of the workspace: nobody else decides, is written to, or counts in a quorum."""
        return self.active and self.kind == "member"


SOMEBODY: Final = "somebody who left"
"""The name of whom the mirror does not know, or has forgotten."""


def departed(slack_id: str) -> Person:
    """Whoever that was: the mirror knows them no more."""
    return Person(slack_id=slack_id, name=SOMEBODY, active=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whoever a ticket is assigned to, by the tracker's name; `person` is who that verifiably is in Slack."""

    account_id: str
    name: str
    person: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A person and their user groups' handles, as of when the mirrors of groups and of people were last whole."""

    person: Person
    groups: frozenset[str]
    groups_as_of: datetime | None
    people_as_of: datetime | None
