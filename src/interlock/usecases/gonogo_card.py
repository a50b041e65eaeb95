"""A roll-call's card: what it is drawn from, having it drawn again, and what is told when its votes are complete."""

from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain import gonogo as rules
from interlock.domain.actor import SYSTEM, Person
from interlock.domain.card import Card, CardRevision
from interlock.domain.fingerprint import fingerprint
from interlock.domain.gonogo import Board, Choice, Outcome, RollCall, Tally
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.store import card, gonogo, mirror, outbox, person, release, signoff
from interlock.store.engine import Store
from interlock.usecases.card import enqueue
from interlock.usecases.record import record

TOLD_FOR = timedelta(days=7)
INTERLOCK = Person(slack_id="", name="Interlock")


def draw(store: Store, policy: Policy, card_id: int, now: datetime) -> Board | None:
    """The card as it is now, with the revision that its buttons shall carry; None for a card that is none."""
    with store.write() as session:
        asked, roll_call = card.load(session, card_id), gonogo.of_card(session, card_id)
        if asked is None or roll_call is None:
            return None
        one = release.load(session, roll_call.release_id, lock=True)
        return board(session, policy, one, roll_call, now, revise(session, one, asked, roll_call, now))


def shown(store: Store, policy: Policy, gonogo_id: int, now: datetime) -> Board | None:
    """As `draw`, for what has no buttons that vote: the result and the record."""
    with store.read() as session:
        roll_call = gonogo.load(session, gonogo_id)
        if roll_call is None:
            return None
        return board(session, policy, release.load(session, roll_call.release_id), roll_call, now)


def revise(session: Session, one: Release, asked: Card, roll_call: RollCall, now: datetime) -> CardRevision:
    """The card's revision for what is so now, for somebody who holds the release's lock."""
    seen, _ = signoff.seen_scope(session, one.id)
    drawn = {
        "stage": one.stage.value,
        "closes_at": roll_call.closes_at.isoformat(),
        "votes": [[vote.role, vote.id] for vote in roll_call.votes],
        "outcome": (roll_call.outcome or judged(roll_call, now).outcome).value,
    }
    return card.draw(session, asked, seen, roll_call.policy_version, drawn, now)


def revise_elsewhere(session: Session, one: Release, asked: Card, roll_call: RollCall, now: datetime) -> CardRevision:
    """As `revise`, for a drawing that is not the card in Slack, which is drawn anew where it shows another scope."""
    in_slack = card.drawn_fingerprint(session, asked)
    revision = revise(session, one, asked, roll_call, now)
    if in_slack not in {None, revision.fingerprint}:
        refresh(session, asked, now)
    return revision


def board(
    session: Session,
    policy: Policy,
    one: Release,
    roll_call: RollCall,
    now: datetime,
    revision: CardRevision | None = None,
) -> Board:
    seen, restricted = signoff.seen_scope(session, one.id)
    if roll_call.end_revision_id and (last := card.revision(session, roll_call.end_revision_id)):
        seen = last.seen
        restricted = len(signoff.restricted(session, [ticket.id for ticket in seen]))
    ids = [each for each in (roll_call.opened_by, roll_call.ended_by) if each]
    over = roll_call.ended or one.ended or now >= roll_call.closes_at
    return Board(
        release=one,
        roll_call=roll_call,
        tally=judged(roll_call, now),
        tickets=len(seen),
        done=sum(1 for ticket in seen if ticket.done),
        restricted=restricted,
        mirror_as_of=mirror.as_of(session, "tickets"),
        fingerprint=fingerprint(seen),
        people=gonogo.voters(session, policy, roll_call.rule.roles),
        names={each.slack_id: each.name for each in person.people(session, ids).values()},
        revision_id=revision.id if revision and not over else None,
    )


def judged(roll_call: RollCall, now: datetime) -> Tally:
    """By the rule with which it was opened; what has ended is judged as of its end."""
    return rules.tally(roll_call, roll_call.rule, roll_call.ended_at or now)


def refresh(session: Session, asked: Card, now: datetime, urgency: Urgency = Urgency.URGENT) -> None:
    enqueue(session, asked, "gonogo.refresh", f"refresh:{asked.post_key}", now, urgency, coalesce=asked.post_key)


def tell_result(session: Session, one: Release, roll_call: RollCall, now: datetime) -> Outgoing | None:
    """Once the votes come to something, whoever opened it hears, once for each thing that they come to; what was told
    now, if anything was.
    """
    found = judged(roll_call, now)
    if found.outcome is Outcome.OPEN:
        return None
    message = result_message(session, one, roll_call, found, now)
    if not outbox.enqueue(session, message, now):
        return None
    record(session, "gonogo.result", SYSTEM, INTERLOCK, one, facts(session, one, roll_call, found), now, role="system")
    if asked := card.load(session, roll_call.card_id):
        refresh(session, asked, now)
    return message


def result_message(session: Session, one: Release, roll_call: RollCall, found: Tally, now: datetime) -> Outgoing:
    newest = max((vote.id for vote in roll_call.votes), default=0)
    opener = person.people(session, [roll_call.opened_by]).get(roll_call.opened_by)
    return Outgoing(
        key=f"gonogo.result:{roll_call.id}:{found.outcome.value}:{newest}:{len(found.absent)}",
        kind="gonogo.result",
        ids={"gonogo_id": roll_call.id, "outcome": found.outcome.value},
        channel=f"@{opener.slack_id}" if opener and opener.is_member else one.channel_id,
        urgency=Urgency.PROMPT,
        not_after=now + TOLD_FOR,
    )


def facts(session: Session, one: Release, roll_call: RollCall, found: Tally) -> dict[str, object]:
    """Of the record: by which rule and scope, who voted what, and what that came to."""
    seen, _ = signoff.seen_scope(session, one.id)
    return {
        "gonogo": roll_call.id,
        "outcome": found.outcome.value,
        "rule": {
            "roles": list(roll_call.rule.roles),
            "at_least": roll_call.rule.at_least,
            "absent": roll_call.rule.absent,
            "exclude_opener": roll_call.rule.exclude_opener,
        },
        "policy_version": roll_call.policy_version,
        "fingerprint": fingerprint(seen),
        "votes": [
            {
                "role": vote.role,
                "choice": vote.choice.value,
                "by": vote.person.slack_id,
                "at": vote.at.isoformat(),
                "reason": vote.reason,
                "fingerprint": vote.fingerprint,
            }
            for vote in found.counted
        ],
        "absent": list(found.absent),
        "dissent": [vote.role for vote in found.dissent],
        "abstained": found.number(Choice.ABSTAIN),
    }
