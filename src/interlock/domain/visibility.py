"""What may be shown where. A ticket that may not appears as "a restricted ticket", and still counts."""

from dataclasses import dataclass
from typing import Protocol

from interlock.domain.policy import Policy

RESTRICTED = "a restricted ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who reads a message. `projects` are the tracker keys that may be named, None for all that are mirrored; `company`
    is the vendor team that shares the channel, and then only its own tickets may be named.
    """

    projects: frozenset[str] | None = None
    company: str | None = None


MEMBER = Audience()
"""One full member, in an answer that only they see. Tickets with a security level stay restricted even so: the tracker
says who may see them, and Interlock reads it with an account of its own."""

NOBODY = Audience(projects=frozenset())


def of_channel(policy: Policy, name: str, *, shared: bool) -> Audience:
    """The audience of a post in the channel. A channel that configuration does not list is shown no ticket; nor is one
    shared with another company, unless configuration says with which.
    """
    rule = policy.channels.get(name)
    if rule is None or (shared and rule.company is None):
        return NOBODY
    projects = frozenset(policy.tickets.projects if rule.projects is None else rule.projects)
    return Audience(projects=projects, company=rule.company)


class Sight(Protocol):
    """A ticket, or as much of one as blocking looks at."""

    @property
    def project_key(self) -> str: ...

    @property
    def restricted(self) -> bool: ...


def may_show(audience: Audience, ticket: Sight, team: str | None) -> bool:
    if ticket.restricted or (audience.company is not None and team != audience.company):
        return False
    return audience.projects is None or ticket.project_key in audience.projects
