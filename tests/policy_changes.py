"""A release under way whose template was edited, for tests of changing its policy."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from interlock.domain.policy import Policy, Template
from interlock.domain.policy_change import PolicyChange
from interlock.domain.release import Release, Stage
from interlock.domain.signoff import Decision
from interlock.store import policy_change as changes
from interlock.store import release as releases
from interlock.store.engine import Store
from interlock.usecases import policy_change, policy_change_card, policy_change_word
from interlock.usecases.policy_change import Proposed
from tests.builders import GOVERNANCE, NOW, POLICY, QA, TEMPLATE, actor, people, release

LESS = replace(QA, quorum=1)
OLD = TEMPLATE
NEW = replace(TEMPLATE, requirements=(LESS, GOVERNANCE))
"""Signed off by one of QA instead of two; Data Governance (Maria) is untouched."""


def under(template: Template) -> Policy:
    """The policy with the template as it is configured now."""
    return replace(POLICY, templates={"quarterly": template})


def begun(store: Store, old: Template = OLD, stage: Stage = Stage.IN_PROGRESS, **more: Any) -> int:
    """A release whose tickets are done."""
    with store.write() as session:
        people(session)
        return release(session, template=old, tickets=("DATA-1",), stage=stage.value, **more)


def proposed(store: Store, new: Template = NEW, who: str = "RITA", now: datetime = NOW) -> PolicyChange:
    done = propose(store, new, who, now)
    assert isinstance(done, Proposed), done
    return done.change


def propose(
    store: Store, new: Template = NEW, who: str = "RITA", now: datetime = NOW, reason: str = "QA has lost two people"
) -> Any:
    return policy_change.propose(store, under(new), actor(who), 1, reason, now)


def drawn(store: Store, number: int = 1, now: datetime = NOW) -> str:
    picture = policy_change_card.draw(store, number, now)
    assert picture is not None
    return picture.revision_id or ""


def say(
    store: Store,
    who: str,
    decision: Decision = Decision.APPROVED,
    *,
    now: datetime = NOW,
    seen: str | None = None,
    policy: Policy = POLICY,
    **more: Any,
) -> Any:
    reason = "Two pairs of eyes are the rule" if decision is Decision.REJECTED else None
    revision = drawn(store, now=now) if seen is None else seen
    return policy_change_word.decide(store, policy, actor(who), revision, decision, reason, now, **more)


def agreed(store: Store) -> None:
    """Two of QA and Data Governance approve the first proposal."""
    seen = drawn(store)
    for who in ("TOM", "INES", "MARIA"):
        say(store, who, seen=seen)


def standing(store: Store) -> Release:
    with store.read() as session:
        return releases.load(session, 1)


def loaded(store: Store, number: int = 1) -> PolicyChange:
    with store.read() as session:
        found = changes.load(session, number)
    assert found is not None
    return found
