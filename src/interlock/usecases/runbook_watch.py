"""Watching what runs: whoever has to see to a late step hears of it once, whatever the hour."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain import runbook_rules as rules
from interlock.domain.actor import Person
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.runbook import NEXT_AFTER, Deed, LateStep, Line, StepState
from interlock.store import outbox, release, runbook
from interlock.store.engine import Store
from interlock.usecases.runbook import on_duty, owners, redraw

KIND = "runbook.late"
GOOD_FOR = timedelta(hours=2)
REDRAWN_EVERY = 5
"""Minutes after which the card of what runs is drawn anew all the same: it says how far behind it is."""


def runs(store: Store) -> list[int]:
    """Those that are under way."""
    with store.read() as session:
        return runbook.ongoing(session)


def plan(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    """The pings that a look would add. Changes nothing."""
    with store.read() as session:
        due = [each for run_id in runbook.ongoing(session) for each in _due(session, policy, run_id, now)]
        told = outbox.known(session, [each.key for each in due])
        return tuple(each for each in due if each.key not in told)


def watch(store: Store, policy: Policy, run_id: int, now: datetime) -> tuple[Outgoing, ...]:
    """Ping whoever has a late step; gives the pings that are new."""
    with store.write() as session:
        if run_id not in runbook.ongoing(session):
            return ()  # it ended since it was found
        new = tuple(each for each in _due(session, policy, run_id, now) if outbox.enqueue(session, each, now))
        if new or now.minute % REDRAWN_EVERY == 0:
            redraw(session, runbook.load(session, run_id), now)
        return new


def late(store: Store, policy: Policy, step_id: int, state: str, slack_id: str, now: datetime) -> LateStep | None:
    """What the ping about the step says; None once it moved on, or the reader has nothing to do with it."""
    with store.read() as session:
        place = runbook.place_of_step(session, step_id)
        if place is None or place[0] not in runbook.ongoing(session):
            return None
        run, one = runbook.load(session, place[0]), release.load(session, place[1])
        line = next(line for line in rules.board(run, now).lines if line.step.id == step_id)
        if line.late is None or line.state.value != state:
            return None
        mine = slack_id in {each.slack_id for each in _concerned(session, policy, line)}
        duty = on_duty(session, policy, run)
        if not mine and slack_id not in {each.slack_id for each in duty}:
            return None
        after = [each.name for each in duty if each.slack_id != slack_id]
        to_come = mine and after and line.late < NEXT_AFTER
        return LateStep(
            release=one,
            run=run,
            line=line,
            manager=not mine,
            next=(after[0], now - line.late + NEXT_AFTER) if to_come else None,
        )


def _due(session: Session, policy: Policy, run_id: int, now: datetime) -> Iterator[Outgoing]:
    run = runbook.load(session, run_id)
    for line in rules.board(run, now).late:
        assert line.late is not None
        concerned = _concerned(session, policy, line)
        told = {each.slack_id for each in concerned}
        if line.late >= NEXT_AFTER or not concerned:
            told |= {each.slack_id for each in on_duty(session, policy, run)}
        for slack_id in sorted(told):
            yield Outgoing(
                key=f"{KIND}:{line.step.id}:{line.state.value}:{slack_id}",
                kind=KIND,
                ids={"step_id": line.step.id, "state": line.state.value, "slack_id": slack_id},
                channel=f"@{slack_id}",
                urgency=Urgency.URGENT,
                not_after=now + GOOD_FOR,
            )


def _concerned(session: Session, policy: Policy, line: Line) -> list[Person]:
    """Whoever started it; of what nobody started, and of what somebody left, everybody whose it is."""
    begun = line.step.mark(Deed.STARTED)
    if line.state is StepState.RUNNING and begun and begun.person.is_member:
        return [begun.person]
    return owners(session, policy, line.step.rule.owner)
