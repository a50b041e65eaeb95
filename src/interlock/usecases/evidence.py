"""Evidence of a release: asking for it, which is recorded, and gathering it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from interlock.domain import anchor as anchors
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.evidence import Evidence, Expected
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import ReleaseName, Unclear, choose
from interlock.store import anchor_folder, audit, evidence, outbox, release
from interlock.store.engine import Store, StoreError
from interlock.usecases import authority
from interlock.usecases.record import record, record_refusal

GOOD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`event` records that it was asked for, and by whom."""

    release: ReleaseName
    event: int


def ask(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, now: datetime, *, post: bool = False
) -> Asked | Unclear | Refused:
    """Record who takes evidence of which release; with `post` it is sent to them as a direct message, too. A release
    that ended has its evidence for ever.
    """
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.RELEASE_EVIDENCE, actor, now)
        if isinstance(allowed, Refused):
            record_refusal(session, "evidence.refused", actor, None, {}, allowed, now)
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        one = release.load(session, meant.id)
        others, hidden = _sight(session, policy, actor)
        facts = {"others": others, "restricted_shown": not hidden, "by": "message" if post else "download"}
        record(session, "evidence.exported", actor, allowed.person, one, facts, now)
        event, _ = audit.head(session)
        if post:
            outbox.enqueue(session, _message(actor, one.id, event, now), now)
        return Asked(release=meant, event=event)


def gather(
    store: Store, policy: Policy, actor: Actor, release_id: int, event: int, now: datetime
) -> Evidence | Refused:
    """All of it, as of one moment, as far as this person may see it then."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_EVIDENCE, actor)
        if isinstance(allowed, Refused):
            return allowed
        one = release.load(session, release_id)
        others, hides = _sight(session, policy, actor)
        hidden = evidence.restricted_keys(session) if hides else frozenset[str]()
        previous, links, own = evidence.segment(session, one.id, hidden, others=others)
        first = links[0].seq
        return Evidence(
            release_id=one.id,
            name=one.name,
            event=event,
            exported_at=now,
            facts=evidence.facts(session, one.id, hidden),
            people=tuple(evidence.people(session, own)),
            previous=previous,
            links=tuple(links),
            own=own,
            expected=(*evidence.posted_anchors(session, first), *_in_folder(policy, first)),
        )


def _sight(session: Session, policy: Policy, actor: Actor) -> tuple[bool, bool]:
    """Whether they may see what was decided elsewhere, and whether restricted tickets are hidden from them."""
    elsewhere = authority.to_view(session, policy, Permission.AUDIT_VIEW, actor)
    restricted = authority.to_view(session, policy, Permission.TICKET_RESTRICTED, actor)
    return not isinstance(elsewhere, Refused), isinstance(restricted, Refused)


def _in_folder(policy: Policy, first: int) -> list[Expected]:
    """Whoever holds the folder may not let this machine read it: then nothing is expected there."""
    if policy.anchors.folder is None:
        return []
    try:
        text = anchor_folder.text(Path(policy.anchors.folder))
    except StoreError:
        return []
    return [Expected(anchor=each, where="the anchors' folder") for each in anchors.read(text) if each.seq >= first]


def _message(actor: Actor, release_id: int, event: int, now: datetime) -> Outgoing:
    return Outgoing(
        key=f"evidence:{event}",
        kind="evidence",
        ids={"release_id": release_id, "slack_id": actor.slack_id, "event": event},
        channel=f"@{actor.slack_id}",
        urgency=Urgency.PROMPT,
        not_after=now + GOOD_FOR,
    )
