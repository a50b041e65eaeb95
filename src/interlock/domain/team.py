"""Which team a ticket belongs to."""

from interlock.domain.policy import Policy
from interlock.domain.ticket import Ticket


def team_of(policy: Policy, ticket: Ticket) -> str | None:
    """The key of the ticket's team, or None when no team matches.

    What somebody said of this one ticket outweighs what is said of many: its team field first, then its components,
    then its project. Where two teams match equally, the one that stands first in the policy has it. Letter case and
    blanks around a name do not count.
    """
    wanted_field = {_plain(ticket.team_field)} if ticket.team_field else set()
    wanted_components = {_plain(component) for component in ticket.components}
    for key, team in policy.teams.items() if wanted_field else ():
        if wanted_field & {_plain(value) for value in team.match.field_values}:
            return key
    for key, team in policy.teams.items() if wanted_components else ():
        if wanted_components & {_plain(component) for component in team.match.components}:
            return key
    for key, team in policy.teams.items():
        if ticket.project_key in team.match.projects:
            return key
    return None


def _plain(name: str) -> str:
    return name.strip().casefold()
