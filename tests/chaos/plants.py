"""Bugs to plant: the campaign is worth something if each makes it fail. `python -m tests.chaos --plants` sees to it."""

import inspect
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_
from sqlmodel import Session, col

from bot.once import Once
from interlock.domain import break_glass_rules, delivery
from interlock.domain import gonogo as roll_calls
from interlock.domain.actor import Standing
from interlock.domain.audit import AuditEvent
from interlock.domain.break_glass import BreakGlass
from interlock.domain.gonogo import RollCall
from interlock.domain.outbox import DeliveryError, Message
from interlock.domain.pacing import Step
from interlock.domain.slot import Slot
from interlock.jobs.delivery import Courier
from interlock.store import audit, break_glass, outbox_relay, person, seen, slot
from interlock.store.engine import Store
from interlock.store.outbox import OPEN, OutboxRow
from interlock.usecases import ask, authority, card, gonogo, gonogo_void, revalidation, signoff, sync
from interlock.usecases.sync import Kept

SOON = 1.0
"""Seconds by which what should be done at once is late."""


@dataclass(frozen=True, slots=True)
class Plant:
    """`about` is what somebody might get wrong, `plant` does it in the bot's process; `database` where it shows."""

    about: str
    plant: Callable[[], None]
    database: Literal["sqlite", "postgres"] = "sqlite"


def _set(module: object, name: str, value: Callable[..., Any]) -> None:
    """In place of what is there, which has to be called in the same way: a plant that breaks the bot proves nothing."""
    assert hasattr(module, name), f"{module} has no {name} any more"
    given = inspect.signature(getattr(module, name)).parameters.values()
    by_name = {each.name: None for each in given if each.kind is each.KEYWORD_ONLY}
    inspect.signature(value).bind(*(None for each in given if each.kind is each.POSITIONAL_OR_KEYWORD), **by_name)
    setattr(module, name, value)


def _drop_the_lease() -> None:
    plain = outbox_relay.take

    def take(session: Session, lanes: Any, owner: str, now: datetime, *, lease: timedelta, rates: Any) -> Any:
        return plain(session, lanes, owner, now, lease=timedelta(), rates=rates)

    def begin(session: Session, message: Message, _owner: str, now: datetime, _lease: timedelta) -> Message:
        attempts = message.attempts + 1
        ours = and_(col(OutboxRow.id) == message.id, OPEN)
        outbox_relay._change(session, ours, state="sending", attempts=attempts, attempted_at=now)
        time.sleep(0.05)  # what it does before it sends
        return replace(message, attempts=attempts, attempted_at=now)

    _set(outbox_relay, "take", take)
    _set(outbox_relay, "begin", begin)


def _send_before_it_is_recorded() -> None:
    _set(Courier, "_begin", lambda courier, message: replace(message, attempted_at=courier._clock()))


def _skip_the_lookup() -> None:
    plain = delivery.after_failed_send

    def after(message: Message, error: DeliveryError, *more: Any) -> Any:
        error.unknown_outcome = False
        return plain(message, error, *more)

    _set(delivery, "after_failed_send", after)
    _set(outbox_relay, "_step", lambda _state, coalesce: Step.POST if coalesce is None else Step.UPDATE)


def _forget_what_was_delivered() -> None:
    plain = seen.first_time

    def first_time(session: Session, key: str, now: datetime) -> bool:
        plain(session, key, now)
        return True

    _set(seen, "first_time", first_time)
    _set(Once, "run", lambda _once, _key, handle: handle())


def _skip_authority() -> None:
    def anybody(session: Session, _policy: object, _permission: object, actor: Any, *_now: datetime) -> Standing:
        found = person.standing(session, actor.slack_id)
        assert found is not None
        return found

    _set(authority, "to_decide", anybody)
    _set(authority, "to_view", anybody)


def _ignore_the_fingerprint() -> None:
    _set(ask, "material_changes", lambda *_scopes: ())


def _lose_the_cursor() -> None:
    """Where there are no webhooks, which would tell of most that the sync then misses."""
    plain, keep = sync._move_cursor, sync.keep

    def but_hints(*args: Any, hint: bool = False) -> Any:
        return Kept() if hint else keep(*args)

    _set(sync, "keep", but_hints)
    _set(
        sync,
        "_move_cursor",
        lambda session, to: plain(session, replace(to, reached=to.reached + timedelta(hours=1))),
    )


def _answer_before_the_commit() -> None:
    plain = signoff.decide

    def decide(
        store: Store, policy: Any, actor: Any, revision: str, decision: Any, reason: Any, now: datetime, more: Any
    ) -> Any:
        told = signoff.foresee(store, policy, actor, revision, decision, now)

        def later() -> None:
            time.sleep(SOON)
            plain(store, policy, actor, revision, decision, reason, now, more)

        threading.Thread(target=later, daemon=True).start()
        return told

    _set(signoff, "decide", decide)


def _record_decisions_by_the_way() -> None:
    plain = audit.append

    def append(session: Session, event: AuditEvent, now: datetime) -> int:
        bound: Any = session.get_bind()
        url = bound.url.render_as_string(hide_password=False)

        def later() -> None:
            time.sleep(SOON)
            store = Store(url)
            with store.write() as own:
                plain(own, event, now)
            store.close()

        threading.Thread(target=later, daemon=True).start()
        return 0

    _set(audit, "append", append)


def _send_what_is_late() -> None:
    plain = Courier._begin
    _set(
        Courier,
        "_begin",
        lambda courier, message: plain(courier, replace(message, not_after=courier._clock() + timedelta(days=1))),
    )
    _set(outbox_relay, "drop_late", lambda _session, _now, _outage: 0)
    _set(outbox_relay, "_Head", lambda **head: _Head(**(head | {"is_late": False})))


_Head = outbox_relay._Head


def _share_a_slot() -> None:
    plain = slot.claim

    def claim(session: Session, job: str, due_at: datetime, owner: str, now: datetime, lease: timedelta) -> Slot:
        return plain(session, job, due_at, owner, now, lease) or Slot(job=job, due_at=due_at)

    plain_newest = slot.newest

    def newest(session: Session, job: str, until: datetime | None = None) -> Any:
        last = plain_newest(session, job, until)
        return last if last is None or last.outcome else replace(last, lease_until=None)

    _set(slot, "claim", claim)
    _set(slot, "newest", newest)
    _set(slot, "give_up", lambda _session, _job, _due_at, _now: True)


def _never_draw_anew() -> None:
    _set(card, "refresh", lambda *_args, **_named: None)
    _set(signoff, "refresh", lambda *_args, **_named: None)
    _set(revalidation, "refresh", lambda *_args, **_named: None)


def _vote_on_whatever_is_in_scope() -> None:
    _set(gonogo, "_changes", lambda _session, _one, _revision: ())
    _set(gonogo_void, "material_changes", lambda *_scopes: ())


def _take_the_roles_vote() -> None:
    plain = roll_calls.may_vote

    def may_vote(roll_call: RollCall, mine: Any, slack_id: str, now: datetime) -> Any:
        return plain(replace(roll_call, votes=()), mine, slack_id, now)

    _set(roll_calls, "may_vote", may_vote)


def _break_glass_alone() -> None:
    """Past the database's own word, too."""
    plain, plain_confirm = break_glass_rules.confirm, break_glass.confirm

    def judge(glass: BreakGlass, one: Any, requirements: Any, changes: Any, me: Any, now: datetime) -> Any:
        asker = replace(glass.asked_by, slack_id="somebody else")
        return plain(replace(glass, asked_by=asker), one, requirements, changes, me, now)

    def confirm(session: Session, glass: Any, covers: Any, revision: Any, actor: Any, now: datetime) -> bool:
        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        done = plain_confirm(session, glass, covers, revision, actor, now)
        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints=OFF")
        return done

    _set(break_glass_rules, "confirm", judge)
    _set(break_glass, "confirm", confirm)


PLANTS: dict[str, Plant] = {
    "drop the lease": Plant("a message is nobody's while it is sent", _drop_the_lease, "postgres"),
    "send before it is recorded": Plant("the attempt is not recorded before it is made", _send_before_it_is_recorded),
    "skip the lookup": Plant("after a lost answer it is sent again at once", _skip_the_lookup),
    "forget what was delivered": Plant("a repeated delivery is a new one", _forget_what_was_delivered),
    "skip authority": Plant("nobody looks who clicks", _skip_authority),
    "ignore the fingerprint": Plant("an approval counts for whatever is in scope", _ignore_the_fingerprint),
    "lose the cursor": Plant("the next sync begins where this one has not been", _lose_the_cursor),
    "answer before the commit": Plant("people are told what may not come to be", _answer_before_the_commit),
    "record by the way": Plant("a decision and its record are two transactions", _record_decisions_by_the_way),
    "send what is late": Plant("what is of no use any more is posted", _send_what_is_late),
    "share a slot": Plant("who asks for a slot gets it", _share_a_slot, "postgres"),
    "never draw anew": Plant("a card shows what was once so", _never_draw_anew),
    "vote on whatever": Plant("a vote counts for whatever is in scope", _vote_on_whatever_is_in_scope),
    "take the role's vote": Plant("who of a role comes later votes in another's place", _take_the_roles_vote),
    "break glass alone": Plant("who asks for broken glass confirms it", _break_glass_alone),
}
