"""A policy with freezes and a world with releases that meet them and one another."""

from dataclasses import replace
from datetime import date, time
from typing import Any

from sqlmodel import Session

from interlock.domain.freeze_exception import Reasons
from interlock.domain.permission import Permission
from interlock.domain.policy import ChannelRule, CriterionRule, EnvironmentRule, Freeze, Governance, Policy, Role
from interlock.store.engine import Store
from interlock.store.environment import EnvironmentRow
from interlock.store.person import ChannelRow, GroupMemberRow, GroupRow
from interlock.store.ticket import TicketComponentRow
from tests.builders import POLICY as PLAIN
from tests.builders import TEMPLATE, people, release, ticket

GOVERNANCE = "C0GOVERNANCE"
TARGET = date(2026, 12, 17)
YEAR_END = Freeze(name="Year-end", start=date(2026, 12, 14), end=date(2027, 1, 2))
NOW_FREEZE = Freeze(name="Close", start=date(2026, 11, 23), end=date(2026, 11, 24))
WEEKEND = Freeze(
    name="Weekend", start=date(2026, 11, 27), start_time=time(16), hours=62, rrule="FREQ=WEEKLY;BYDAY=FR;UNTIL=20271231"
)
DECIDERS = {Permission.EXCEPTION_DECIDE: ("change-board",)}
POLICY: Policy = replace(
    PLAIN,
    freezes=(YEAR_END,),
    governance=Governance(channel="governance"),
    channels=PLAIN.channels | {"governance": ChannelRule(projects=())},
    roles=PLAIN.roles | {"change-board": Role(groups=("change-board",))},
    permissions=PLAIN.permissions
    | {Permission.EXCEPTION_ASK: ("release_manager",), Permission.COLLISION_ACKNOWLEDGE: ("release_manager",)}
    | DECIDERS,
    environments={
        "staging": EnvironmentRule(name="Staging", tier="staging"),
        "prod": EnvironmentRule(name="Production", tier="production"),
    },
)
ON_STAGING = replace(
    TEMPLATE, criteria=(CriterionRule(kind="environment_booked", name="Staging is booked", environment="staging"),)
)
REASONS = Reasons(
    why="The regulator's date is 1 January", risk_in="A failed batch with few people in", risk_out="A fine, and a week"
)


def world(store: Store) -> int:
    """2026.12, whose target is in the freeze. Ines and Rita are the board; Rita and Maria manage releases."""
    with store.write() as session:
        people(session)
        session.add(ChannelRow(id=GOVERNANCE, name="governance", member=True))
        session.add(GroupRow(id="S0BOARD", handle="change-board", name="Change board"))
        session.flush()
        session.add_all(
            GroupMemberRow(group_id=group, slack_id=f"U0{who}")
            for group, who in (
                ("S0BOARD", "INES"),
                ("S0BOARD", "TOM"),
                ("S0BOARD", "RITA"),
                ("S0release-managers", "MARIA"),
            )
        )
        session.add_all(
            EnvironmentRow(id=number, key=key, name=key, tier=tier, capacity=1, lifecycle="ready")
            for number, key, tier in ((1, "staging", "staging"), (2, "prod", "production"))
        )
        return release(session, tickets=("DATA-1",))


def component(session: Session, key: str, *names: str, **more: Any) -> None:
    """A ticket of fix version v1, or another, with these components."""
    ticket_id = ticket(session, key, **more)
    session.add_all(TicketComponentRow(ticket_id=ticket_id, component=name) for name in names)
    session.flush()
