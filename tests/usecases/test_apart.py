"""What happened to one release, was granted, excepted or let pass there, is nothing of another's."""

from typing import Any

from interlock.domain.release import ScopeRule
from interlock.store import (
    break_glass,
    criterion,
    evidence,
    freeze_exception,
    gonogo,
    policy_change,
    raid,
    runbook,
    signoff,
    waiver,
)
from interlock.store import release as releases
from interlock.store.engine import Store
from interlock.usecases import readiness, stage, status
from interlock.usecases.obstacle import go_obstacles
from tests import eventful
from tests.builders import NOW, release, ticket

POLICY = eventful.POLICY


def known(store: Store, number: int) -> dict[str, Any]:
    """All that is known of the release."""
    with store.read() as session:
        one = releases.load(session, number)
        return {
            "status": status.read(session, POLICY, one, NOW),
            "readiness": readiness.read(session, POLICY, one, NOW),
            "ahead": stage.ahead(session, POLICY, one, NOW),
            "obstacles": go_obstacles(session, POLICY, one, NOW),
            "exceptions": freeze_exception.of_release(session, number),
            "waivers": waiver.of_release(session, number),
            "ticked": criterion.newest(session, number),
            "requirements": signoff.requirements(session, one, now=NOW),
            "conditions": signoff.open_conditions(session, number),
            "glass": (break_glass.live(session, number), break_glass.confirmed(session, [number])),
            "roll-call": gonogo.open_one(session, number),
            "change": policy_change.open_one(session, number),
            "risks": raid.of_release(session, number),
            "runbook": runbook.progress(session, number),
            "evidence": evidence.facts(session, number, ()),
        }


def test_what_was_decided_of_one_release_counts_for_no_other(store: Store) -> None:
    """Of the same template, the same day and in the same freezes."""
    first = eventful.beginning(store)
    with store.write() as session:
        ticket(session, "PAY-8", versions=("v8",))
        rule = ScopeRule(version_ids=("v8",))
        other = release(session, name="2027.01", template=eventful.BEFORE, rule=rule, stage="ready")
    before, of_first = known(store, other), known(store, first)
    eventful.happen(store, first)
    after, changed = known(store, other), known(store, first)
    for what, told in before.items():
        assert after[what] == told, what
    assert {what for what, told in of_first.items() if told == changed[what]} <= {"roll-call", "change", "conditions"}
