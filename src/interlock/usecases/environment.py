"""Looking at environments, keeping them in line with configuration, and saying what state they are in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from interlock.domain import environment as rules
from interlock.domain.actor import SYSTEM, Actor
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.booking import EnvironmentList
from interlock.domain.environment import Environment, Lifecycle
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.words import join
from interlock.store import audit, booking, environment
from interlock.store.engine import Store
from interlock.usecases import authority, state_news
from interlock.usecases.booking import mine
from interlock.usecases.owner import owners, to_manage
from interlock.usecases.record import record_refusal
from interlock.usecases.retirement import WouldEnd, end_all
from interlock.usecases.settlement import record, settle

LONGEST_REASON = 200
STATES = join([each.value for each in Lifecycle], "or")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """Keys of environments."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleSet:
    """`told` is how many people with a booking hear of it; `ended` how many bookings ended with it."""

    environment: Environment
    told: int
    ended: int = 0


def reconcile(store: Store, policy: Policy, now: datetime) -> Reconciled:
    """Bring the environments in line with configuration, at the start of the program."""
    with store.write() as session:
        done = environment.reconcile(session, policy.environments)
        if any(done.values()):
            audit.append(session, AuditEvent(kind="environment.reconciled", actor=SYSTEM, facts=dict(done)), now)
        return Reconciled(added=tuple(done["added"]), changed=tuple(done["changed"]), retired=tuple(done["retired"]))


def listing(store: Store, policy: Policy, actor: Actor, typed: str, now: datetime) -> EnvironmentList | Refused:
    """`/env list [name]`: all of them, or one."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.ENVIRONMENT_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        known = environment.load_all(session)
        wanted = known
        if typed:
            found = rules.find(known, typed)
            if isinstance(found, Refused):
                return found
            wanted = [found]
        return EnvironmentList(
            held=tuple(booking.held(session, wanted)),
            mine=mine(session, actor.slack_id, now),
            one=bool(typed),
            owners=owners(session, policy, wanted[0].key) if typed else (),
        )


def key_of(store: Store, environment_id: int) -> str:
    """For a button that names an environment; "" for one that is gone."""
    with store.read() as session:
        found = environment.load(session, environment_id)
        return found.key if found else ""


def set_lifecycle(
    store: Store,
    policy: Policy,
    actor: Actor,
    typed: str,
    word: str,
    reason: str,
    now: datetime,
    *,
    agreed: int = 0,
) -> LifecycleSet | WouldEnd | Refused:
    """`/env set ENV STATE reason`: for its owners and for whoever manages environments. Whoever has a booking is told.

    Retired, it ends all bookings and all waiting, once that was `agreed` to: for the bookings up to this id. In every
    other state, which can be taken back, bookings stay.
    """
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.ENVIRONMENT_VIEW, actor, now)
        if isinstance(allowed, Refused):
            return record_refusal(session, "environment.set_refused", actor, None, {}, allowed, now)
        known = environment.load_all(session)
        found = rules.find(known, typed) if typed else _names_none(known)
        if isinstance(found, Refused):
            return found
        allowed = to_manage(session, policy, actor, found.key, now)
        if isinstance(allowed, Refused):
            named = {"environment": found.key}
            return record_refusal(session, "environment.set_refused", actor, None, named, allowed, now)
        refused = _refuse_state(found, word, reason)
        if refused:
            return refused
        lifecycle, reason = Lifecycle(word), reason[:LONGEST_REASON]
        was = environment.load(session, found.id, lock=True) or found
        held = booking.held(session, [was])[0]
        every = (*held.active, *held.waiting)
        retired = lifecycle is Lifecycle.RETIRED
        if retired and any(each.id > agreed for each in every):
            return WouldEnd(environment=was, reason=reason, bookings=every)
        environment.set_lifecycle(session, was.id, lifecycle, reason)
        facts = {"from": was.lifecycle.value, "to": word, "reason": reason}
        record(session, "environment.set", actor, allowed.person, was.key, facts, now)
        if retired:
            told = end_all(session, was, every, actor, allowed.person, reason, now)
            one = environment.load(session, was.id) or was
            return LifecycleSet(environment=one, told=told, ended=len(every))
        told = state_news.tell(session, was, held, actor, now)
        # Ready again, it may be what somebody waits for.
        return LifecycleSet(environment=settle(session, policy, was.id, now).environment, told=told)


def _refuse_state(found: Environment, word: str, reason: str) -> Refused | None:
    if word not in set(Lifecycle):
        return Refused(
            reason="unknown_lifecycle",
            sentence=f"An environment is {STATES}: /env set {found.key} degraded Slow disks.",
        )
    if word != Lifecycle.READY and not reason:
        return Refused(
            reason="no_reason",
            sentence=f"Say why {found.key} is {word}: /env set {found.key} {word} because of this or that.",
        )
    return None


def _names_none(known: Sequence[Environment]) -> Refused:
    example = next((each.key for each in known if each.lifecycle.bookable), "uat-2")
    return Refused(
        reason="nothing_named",
        sentence=f"Say which environment, its state and why: /env set {example} degraded Slow disks. "
        f"A state is {STATES}.",
    )
