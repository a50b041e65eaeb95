"""Risks, assumptions, issues and decisions for tests."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from interlock.domain.actor import Person
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy, RaidRules
from interlock.domain.raid import Entry, Kind, Log, State
from interlock.domain.raid_draft import RaidDraft
from interlock.domain.release import ReleaseName
from interlock.store import raid as rows
from interlock.store.engine import Store
from interlock.store.mirror import MirrorRow
from interlock.store.upsert import upsert
from interlock.usecases import raid
from interlock.usecases.raid import Invalid, Saved
from tests import builders
from tests.builders import CHANNEL, NOW, actor, people, release, ticket

RULES = RaidRules(high_score=12, review_after_days=14, remind_every_business_days=2)
MANAGED = {"release-manager": builders.POLICY.roles["release_manager"]}
POLICY = replace(
    builders.POLICY,
    raid=RULES,
    roles=builders.POLICY.roles | MANAGED,
    permissions=builders.POLICY.permissions | {Permission.RAID_EDIT: ("release-manager",)},
)
"""Rita alone enters and changes."""
MONDAY = NOW.date()
FRIDAY = date(2026, 12, 4)


def world(store: Store) -> int:
    """People, a release with two tickets, and a restricted one; returns the release's id."""
    with store.write() as session:
        people(session)
        release_id = release(session, tickets=("DATA-1", "DATA-2"))
        ticket(session, "DATA-9", security_level="Secret")
        return release_id


def a_risk(release_id: int, *, owner: str = "ANA", **more: Any) -> RaidDraft:
    values: dict[str, Any] = {"probability": 3, "impact": 4, "title": "The upgrade slips", "review_on": FRIDAY}
    return RaidDraft(kind=Kind.RISK, release_id=release_id, owner=f"U0{owner}", **(values | more))


def a_decision(release_id: int, *, driver: str = "ANA", approver: str = "MARIA", **more: Any) -> RaidDraft:
    values: dict[str, Any] = {"title": "Which registry?", "review_on": FRIDAY, "details": "Keep 5.4, or move to 6"}
    return RaidDraft(
        kind=Kind.DECISION, release_id=release_id, owner=f"U0{driver}", approver=f"U0{approver}", **(values | more)
    )


def add(
    store: Store,
    who: str,
    draft: RaidDraft,
    *,
    request_id: str | None = None,
    policy: Policy = POLICY,
    now: datetime = NOW,
) -> Saved | Invalid | Refused:
    return raid.add(store, policy, actor(who), draft, request_id or f"{who}{draft}", now)


def entered(store: Store, who: str, draft: RaidDraft, *, policy: Policy = POLICY, now: datetime = NOW) -> Entry:
    done = add(store, who, draft, policy=policy, now=now)
    assert isinstance(done, Saved), done
    return done.entry


def stands(store: Store, entry_id: int) -> Entry:
    with store.read() as session:
        found = rows.load(session, entry_id)
        assert found is not None
        return found


def fresh(store: Store, now: datetime) -> Policy:
    """The policy, once the mirrors of groups and people were read at `now`."""
    with store.write() as session:
        upsert(session, MirrorRow, [{"name": name, "as_of": now} for name in ("groups", "people")], ["name"])
    return POLICY


def an_entry(**more: Any) -> Entry:
    """One that is in no database."""
    values: dict[str, Any] = {
        "id": 12,
        "kind": Kind.RISK,
        "release": ReleaseName(id=1, name="2026.12", channel_id=CHANNEL, ended=False),
        "title": "The upgrade slips",
        "owner": Person(slack_id="U0ANA", name="Ana Whitlock"),
        "review_on": FRIDAY,
        "state": State.OPEN,
        "version": 1,
        "created_by": "U0RITA",
        "created_at": NOW,
        "probability": 3,
        "impact": 4,
    }
    return Entry(**(values | more))


def a_log(*entries: Entry, today: date = MONDAY) -> Log:
    return Log(release=an_entry().release, entries=entries, rules=RULES, today=today)
