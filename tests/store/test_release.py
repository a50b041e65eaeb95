"""Releases as they are stored and read."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from interlock.domain.policy import CriterionRule, MilestoneRule, RequirementRule, Template
from interlock.domain.release import NEW, Milestone, Release, ScopeRule, Stage
from interlock.store import release
from interlock.store.engine import Store, StoreError
from interlock.store.release import ReleaseRow
from tests.builders import CHANNEL, NOW, actor

TEMPLATE = Template(
    name="Quarterly",
    milestones=(MilestoneRule(name="Code freeze", business_days_before=9),),
    requirements=(RequirementRule(key="qa", name="QA", groups=("qa-approvers",), quorum=2),),
    criteria=(CriterionRule(kind="scope_complete", name="All done", at_least=95),),
    readiness_business_days_before=(5, 1),
    ladder="standard",
)
RELEASE = Release(
    id=NEW,
    name="2026.12 Straße",
    template="quarterly",
    policy=TEMPLATE,
    policy_version="abc",
    stage=Stage.PLANNED,
    target=date(2026, 12, 17),
    channel_id=CHANNEL,
    scope_rule=ScopeRule(version_ids=("v1",), labels=("ship",), epics=("DATA-1",)),
    milestones=(Milestone(name="Code freeze", due=date(2026, 12, 4)), Milestone(name="Deploy", due=date(2026, 12, 17))),
    created_by="U0RITA",
    created_at=NOW,
    scope_opened_at=NOW,
)


def added(store: Store, **change: Any) -> Release:
    with store.write() as session:
        return release.add(session, replace(RELEASE, **change))


def test_a_release_is_read_as_it_was_stored(store: Store) -> None:
    stored = added(store)
    assert stored == replace(RELEASE, id=stored.id)
    with store.read() as session:
        assert release.load(session, stored.id) == stored
        assert release.by_name(session, " 2026.12 STRASSE") == stored
        assert release.by_name(session, "2026.1") is None


def test_names_differ_by_more_than_letter_case(store: Store) -> None:
    added(store)
    with pytest.raises(IntegrityError):
        added(store, name="2026.12 STRASSE")


def test_active_ones_come_with_the_next_target_first_and_names_with_the_newest(store: Store) -> None:
    later = added(store, name="later", target=date(2027, 3, 1))
    sooner = added(store, name="sooner")
    over = added(store, name="over", target=date(2026, 9, 1))
    with store.write() as session:
        release.end(session, over.id, Stage.CLOSED, actor("RITA"), "shipped", NOW)
    with store.read() as session:
        assert [each.name for each in release.active(session)] == ["sooner", "later"]
        assert [(each.name, each.ended) for each in release.all_names(session)] == [
            ("later", False),
            ("sooner", False),
            ("over", True),
        ]
        assert set(release.scope_rules(session)) == {later.id, sooner.id}
        closed = release.load(session, over.id)
        assert (closed.stage, closed.closed_at, closed.closed_by, closed.close_reason) == (
            Stage.CLOSED,
            NOW,
            "U0RITA",
            "shipped",
        )


def test_an_unknown_number_is_told_as_a_sentence(store: Store) -> None:
    with store.write() as session, pytest.raises(StoreError, match=r"no release number 99\. See /release list"):
        release.load(session, 99, lock=True)


@pytest.mark.parametrize("change", [{"a_gate_of_tomorrow": True}, {"criteria": [{"kind": "x", "new": 1}]}])
def test_a_template_that_this_program_cannot_read_whole_is_refused(store: Store, change: dict[str, Any]) -> None:
    stored = added(store)
    with store.write() as session:
        row = session.get_one(ReleaseRow, stored.id)
        row.policy = {**row.policy, **change}
        session.add(row)
    with store.read() as session, pytest.raises(StoreError, match="a newer Interlock"):
        release.load(session, stored.id)
