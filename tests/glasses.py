"""A release of which two people may break the glass: Rita and Ana may ask, Tom, Ines and Ana confirm, Noor reviews."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from interlock.domain.authority import Refused
from interlock.domain.break_glass import BreakGlass, Confirmed
from interlock.domain.permission import Permission
from interlock.domain.policy import BreakGlassRule, Governance, Policy, RequirementRule, Role, Template
from interlock.store import break_glass as glasses
from interlock.store import release as releases
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import ChannelRow
from interlock.usecases import break_glass, signoff
from interlock.usecases.break_glass import Asked, Judged
from interlock.usecases.signoff import Requested
from tests.builders import CHANNEL, GOVERNANCE, NOW, POLICY, QA, TEMPLATE, actor, people, release

GOVERNANCE_CHANNEL = "C0GOVERNANCE"
WHY = "2026.12 because payments fail since 02:10"


def named(*names: str) -> Role:
    return Role(people=tuple(f"{name}@practice.example" for name in names))


GLASS = replace(
    POLICY,
    roles=POLICY.roles | {"ask": named("rita", "ana"), "confirm": named("tom", "ines", "ana"), "look": named("noor")},
    permissions=POLICY.permissions
    | {
        Permission.BREAK_GLASS_ASK: ("ask",),
        Permission.BREAK_GLASS_CONFIRM: ("confirm",),
        Permission.BREAK_GLASS_REVIEW: ("look",),
    },
    channels=POLICY.channels | {"governance": POLICY.channels["rel-data-platform"]},
    governance=Governance(channel="governance"),
)
ONE = replace(QA, quorum=1)
HOTFIX = replace(TEMPLATE, requirements=(ONE, GOVERNANCE), break_glass=BreakGlassRule())


def ready(store: Store, *rules: RequirementRule, stage: str = "ready", template: Template = HOTFIX) -> int:
    """Two tickets, two sign-offs that nobody gave and Rita asked for."""
    with store.write() as session:
        people(session)
        session.add(ChannelRow(id=GOVERNANCE_CHANNEL, name="governance", member=True))
        template = replace(template, requirements=rules or template.requirements)
        number = release(session, tickets=("DATA-1", "ML-3"), template=template, stage=stage)
    assert isinstance(signoff.request(store, GLASS, actor("RITA"), number, NOW), Requested)
    return number


def ask(store: Store, who: str = "RITA", text: str = WHY, now: datetime = NOW, policy: Policy = GLASS) -> Any:
    return break_glass.ask(store, policy, actor(who), text, CHANNEL, now)


def asked(store: Store, who: str = "RITA", text: str = WHY, now: datetime = NOW) -> BreakGlass:
    done = ask(store, who, text, now)
    assert isinstance(done, Asked), done
    return done.picture.glass


def shown(store: Store, now: datetime = NOW, who: str = "TOM") -> str:
    """The revision that somebody is shown who looks."""
    found = break_glass.look(store, GLASS, actor(who), "2026.12", CHANNEL, now)
    assert not isinstance(found, Refused), found
    return str(getattr(found, "revision_id", ""))


def confirm(store: Store, who: str, revision: str, now: datetime = NOW, policy: Policy = GLASS) -> Any:
    return break_glass.confirm(store, policy, actor(who), revision, now)


def broken(store: Store, text: str = WHY, now: datetime = NOW, who: str = "TOM") -> BreakGlass:
    asked(store, text=text, now=now)
    done = confirm(store, who, shown(store, now), now)
    assert isinstance(done, Judged), done
    assert isinstance(done.verdict, Confirmed), done
    return done.picture.glass


def stage_of(store: Store) -> str:
    with store.read() as session:
        return releases.load(session, 1).stage.value


def newest(store: Store) -> BreakGlass:
    with store.read() as session:
        found = glasses.newest(session, 1)
    assert found is not None
    return found


def sent(store: Store, kinds: Iterable[str] = ("break_glass.card", "break_glass.news")) -> list[tuple[str, str]]:
    with store.read() as session:
        rows = session.exec(select(OutboxRow).where(col(OutboxRow.kind).in_(list(kinds))).order_by(col(OutboxRow.id)))
        return [(row.ids.get("what", "card"), row.channel) for row in rows]
