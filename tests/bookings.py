"""Two environments and those who want them, for tests of bookings."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from interlock.domain.authority import Refused
from interlock.domain.booking import Held
from interlock.domain.booking_draft import BookingDraft
from interlock.domain.outbox import Message
from interlock.domain.permission import Permission
from interlock.domain.policy import EnvironmentRule, Policy
from interlock.store import booking, environment
from interlock.store.engine import Store
from interlock.store.mirror import MirrorRow
from interlock.store.outbox import OutboxRow, message_of
from interlock.store.upsert import upsert
from interlock.usecases.booking import Booked, Conflict, Invalid, Queued, book
from interlock.usecases.environment import reconcile
from tests import builders
from tests.builders import NOW, actor, people

UAT = EnvironmentRule(name="Acceptance 2", owners=("noor@practice.example",), max_booking_hours=24)
DEV = EnvironmentRule(name="Development 1", tier="development", owner_group="qa-approvers", capacity=2)
DR = EnvironmentRule(name="Disaster recovery 1", tier="production", lifecycle="maintenance")
POLICY = replace(
    builders.POLICY,
    environments={"uat-2": UAT, "dev-1": DEV, "dr-1": DR},
    permissions=builders.POLICY.permissions | {Permission.ENVIRONMENT_MANAGE: ("release_manager",)},
)


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def world(store: Store) -> None:
    with store.write() as session:
        people(session)
    reconcile(store, POLICY, NOW)


def draft(starts: float, ends: float, key: str = "uat-2", *, shared: bool = False, wait: bool = False) -> BookingDraft:
    """Hours from NOW."""
    return BookingDraft(
        environment=key, starts=at(starts), ends=at(ends), exclusive=not shared, purpose="Smoke test", wait=wait
    )


def want(
    store: Store, who: str, wish: BookingDraft, *, request_id: str | None = None, now: datetime = NOW
) -> Booked | Queued | Conflict | Invalid | Refused:
    request_id = request_id or f"{who}:{wish.environment}:{wish.starts}:{now}"
    return book(store, fresh(store, now), actor(who), wish, request_id, now)


def booked(store: Store, who: str, wish: BookingDraft, *, now: datetime = NOW) -> int:
    result = want(store, who, wish, now=now)
    assert isinstance(result, Booked), result
    return result.booking.id


def queued(store: Store, who: str, wish: BookingDraft, *, now: datetime = NOW) -> int:
    result = want(store, who, replace(wish, wait=True), now=now)
    assert isinstance(result, Queued), result
    return result.booking.id


def fresh(store: Store, now: datetime) -> Policy:
    """The policy, once the mirrors of groups and people were read at `now`."""
    with store.write() as session:
        upsert(session, MirrorRow, [{"name": name, "as_of": now} for name in ("groups", "people")], ["name"])
    return POLICY


def stands(store: Store, key: str = "uat-2") -> Held:
    with store.read() as session:
        there = next(each for each in environment.load_all(session) if each.key == key)
        return booking.held(session, [there])[0]


def waiting_message(store: Store, kind: str) -> Message:
    """The only one of that kind that was not sent yet."""
    with store.read() as session:
        row = session.scalars(select(OutboxRow).where(col(OutboxRow.kind) == kind)).one()
        return message_of(row)


def told(store: Store) -> list[tuple[str, str]]:
    """Every message about bookings: what and to whom, the oldest first."""
    with store.read() as session:
        rows = session.execute(select(col(OutboxRow.kind), col(OutboxRow.channel)).order_by(col(OutboxRow.id)))
        return [(kind, channel) for kind, channel in rows if kind != "home"]
