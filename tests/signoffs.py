"""A release whose sign-offs were asked for, under whatever policy a test gives it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

from sqlmodel import col, select

from interlock.domain.authority import Refused
from interlock.domain.policy import CriterionRule, RequirementRule
from interlock.domain.signing import Verdict
from interlock.domain.signoff import Decision, Requirement
from interlock.store import release as release_store
from interlock.store import signoff
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.mirror import MirrorRow
from interlock.store.outbox import OutboxRow
from interlock.store.upsert import upsert
from interlock.usecases import card
from interlock.usecases.signoff import NOTHING, Decided, Requested, With, decide, request
from tests.builders import NOW, POLICY, QA, TEMPLATE, actor, people, release


def asked(
    store: Store, *rules: RequirementRule, one_each: bool = True, criteria: tuple[CriterionRule, ...] = (), **more: Any
) -> str:
    """The revision that the card carries; Rita planned the release and asked."""
    with store.write() as session:
        people(session)
        template = replace(
            TEMPLATE, requirements=rules or (QA,), one_person_one_requirement=one_each, criteria=criteria
        )
        release_id = release(session, tickets=("DATA-1", "ML-3"), template=template, **more)
    assert isinstance(request(store, POLICY, actor("RITA"), release_id, NOW), Requested)
    return drawn(store)


def drawn(store: Store, now: datetime = NOW) -> str:
    picture = card.draw(store, 1, now)
    assert picture is not None
    assert picture.revision_id is not None
    return picture.revision_id


def say(
    store: Store,
    who: str,
    revision: str,
    decision: Decision = Decision.APPROVED,
    more: With = NOTHING,
    now: datetime = NOW,
) -> Verdict:
    """What somebody's word comes to."""
    reason = "Untested" if decision is Decision.REJECTED else None
    done = decide(store, POLICY, actor(who), revision, decision, reason, now, more)
    return done.verdict if isinstance(done, Decided) else done


def why(said: object) -> str | None:
    return said.reason if isinstance(said, Refused) else None


def requirement(store: Store, number: int = 0, now: datetime | None = NOW) -> Requirement:
    with store.read() as session:
        return signoff.requirements(session, release_store.load(session, 1), now=now)[number]


def fresh(store: Store, now: datetime) -> datetime:
    """The mirrors, read just then."""
    with store.write() as session:
        upsert(session, MirrorRow, [{"name": name, "as_of": now} for name in ("groups", "people", "tickets")], ["name"])
    return now


def later(store: Store, **span: float) -> datetime:
    return fresh(store, NOW + timedelta(**span))


def kinds(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.exec(select(AuditRow.kind).order_by(col(AuditRow.seq))))


def messages(store: Store, kind: str) -> list[str]:
    """To whom, in order."""
    with store.read() as session:
        found = select(OutboxRow.channel).where(OutboxRow.kind == kind).order_by(col(OutboxRow.id))
        return list(session.exec(found))


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Each on a thread of its own, from the same moment on; what each gave, in their order."""
    gate, found = Barrier(len(acts)), dict[int, object]()

    def run(number: int, act: Callable[[], object]) -> None:
        gate.wait(30)
        found[number] = act()

    threads = [Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [found[number] for number in range(len(acts))]
