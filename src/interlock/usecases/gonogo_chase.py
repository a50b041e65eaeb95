"""Roll-calls, as time passes: whoever has not voted is pinged, and a result is told when the time is over."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from interlock.domain import gonogo as rules
from interlock.domain.actor import Person
from interlock.domain.gonogo import STEPS, Board, Outcome, RollCall
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.domain.time_zone import hours_of
from interlock.store import card, gonogo, outbox, release
from interlock.store.engine import Store
from interlock.usecases.gonogo_card import board, judged, result_message, revise_elsewhere, tell_result


@dataclass(frozen=True, slots=True, kw_only=True)
class Chased:
    """What somebody is told who could vote: for which roles, and whether they will be told once more."""

    board: Board
    roles: tuple[str, ...]
    last: bool


def plan(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    """What a run would post. Changes nothing."""
    with store.read() as session:
        posts = [
            message
            for roll_call in gonogo.all_open(session)
            for message in _due(session, policy, release.load(session, roll_call.release_id), roll_call, now)
        ]
        told = outbox.known(session, [each.key for each in posts])
        return tuple(each for each in posts if each.key not in told)


def run(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    """Each roll-call in a transaction of its own: nobody who votes waits for all of them."""
    with store.read() as session:
        under_way = gonogo.all_open(session)
    posts: tuple[Outgoing, ...] = ()
    for each in under_way:
        with store.write() as session:
            one = release.load(session, each.release_id, lock=True)
            roll_call = gonogo.load(session, each.id)
            if roll_call is None or roll_call.ended:
                continue
            if not one.ended and judged(roll_call, now).outcome is not Outcome.OPEN:
                told = tell_result(session, one, roll_call, now)
                posts += (told,) if told else ()
                continue
            due = _due(session, policy, one, roll_call, now)
            posts += tuple(message for message in due if outbox.enqueue(session, message, now))
    return posts


def chased(store: Store, policy: Policy, gonogo_id: int, slack_id: str, step: int, now: datetime) -> Chased | None:
    """What the ping says when it is sent; None once there is nothing to chase: they, or others for them, have voted,
    or the roll-call is over.
    """
    with store.write() as session:
        known = gonogo.load(session, gonogo_id)
        if known is None:
            return None
        one = release.load(session, known.release_id, lock=True)
        roll_call = gonogo.load(session, gonogo_id)
        if roll_call is None or one.ended or roll_call.ended or now >= roll_call.closes_at:
            return None
        roles = _waited_for(session, policy, roll_call, now).get(slack_id)
        asked = card.load(session, roll_call.card_id)
        if not roles or asked is None:
            return None
        revision = revise_elsewhere(session, one, asked, roll_call, now)
        found = board(session, policy, one, roll_call, now, revision)
        return Chased(board=found, roles=tuple(roles[1]), last=step == len(STEPS) - 1)


def _due(session: Session, policy: Policy, one: Release, roll_call: RollCall, now: datetime) -> Iterator[Outgoing]:
    if one.ended:
        return
    found = judged(roll_call, now)
    if found.outcome is not Outcome.OPEN:
        yield result_message(session, one, roll_call, found, now)
        return
    for slack_id, (who, _) in _waited_for(session, policy, roll_call, now).items():
        step = rules.due_step(roll_call.opened_at, roll_call.closes_at, hours_of(policy, who), now)
        if step is not None:
            yield Outgoing(
                key=f"gonogo.chase:{roll_call.id}:{step}:{slack_id}",
                kind="gonogo.chase",
                ids={"gonogo_id": roll_call.id, "slack_id": slack_id, "step": step},
                channel=f"@{slack_id}",
                urgency=Urgency.PROMPT,
                not_after=roll_call.closes_at,
            )


def _waited_for(
    session: Session, policy: Policy, roll_call: RollCall, now: datetime
) -> dict[str, tuple[Person, list[str]]]:
    """Who could give a vote that is missing, and for which roles: nobody who voted for another."""
    found = judged(roll_call, now)
    voted = {vote.person.slack_id for vote in found.counted}
    excluded = {roll_call.opened_by} if roll_call.rule.exclude_opener else set[str]()
    waited: dict[str, tuple[Person, list[str]]] = {}
    for role, people in gonogo.voters(session, policy, found.absent).items():
        for who in people:
            if who.slack_id not in voted | excluded:
                waited.setdefault(who.slack_id, (who, []))[1].append(role)
    return waited
