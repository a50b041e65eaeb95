"""Ways round the words that a change of a live release's policy takes: none of them leads anywhere."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from interlock.domain.delegation import Away
from interlock.domain.permission import Permission
from interlock.domain.policy_change import Outcome
from interlock.domain.signoff import Decision, Progress
from interlock.store import card as cards
from interlock.store import policy_change as changes
from interlock.store import release as releases
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.policy_change import WordRow
from interlock.usecases import delegation, policy_change_card, policy_change_end, policy_change_word
from tests import glasses
from tests.builders import GOVERNANCE, NOW, POLICY, QA, TEMPLATE, actor
from tests.policy_changes import LESS, begun, drawn, loaded, proposed, say, standing
from tests.signoffs import at_once, fresh, why

FREE = replace(TEMPLATE, requirements=())
FEW = replace(POLICY, permissions=POLICY.permissions | {Permission.SIGNOFF_DECIDE: ("release_manager",)})


def away(store: Store, who: str, to: str) -> None:
    done = delegation.away(store, POLICY, actor(who), NOW + timedelta(days=1), f"U0{to}", NOW)
    assert isinstance(done, Away), done


def test_nobody_says_a_word_in_the_proposer_s_place(store: Store) -> None:
    """Even where policy lets requesters sign."""
    own = replace(GOVERNANCE, people=("rita@practice.example",), exclude_requester=False, delegation=True)
    begun(store, replace(TEMPLATE, requirements=(own,)))
    away(store, "RITA", "TOM")
    proposed(store, FREE)
    assert why(say(store, "TOM")) == "not_eligible"
    assert loaded(store).outcome is None


def test_whom_somebody_stood_in_for_rejects_it_still(store: Store) -> None:
    begun(store, replace(TEMPLATE, requirements=(replace(QA, delegation=True),)))
    away(store, "INES", "ANA")
    proposed(store, FREE)
    seen = drawn(store)
    assert say(store, "ANA", seen=seen).outcome is None
    assert say(store, "INES", Decision.REJECTED, seen=seen).outcome is Outcome.REJECTED


def test_what_two_let_pass_in_an_emergency_is_no_word_on_the_policy(store: Store) -> None:
    glasses.ready(store)
    glasses.broken(store)
    old = standing(store).policy
    proposed(store, FREE)
    assert say(store, "MARIA").outcome is None, "of QA nobody said anything"
    assert standing(store).policy == old


def test_an_approval_that_is_too_old_by_then_does_not_carry_it_out(store: Store) -> None:
    begun(store, replace(TEMPLATE, requirements=(replace(QA, valid_days=1),)))
    proposed(store, FREE)
    say(store, "TOM")
    later = fresh(store, NOW + timedelta(days=1))
    assert say(store, "INES", now=later).outcome is None
    assert say(store, "NOOR", now=later).outcome is Outcome.APPLIED


def test_an_approval_that_is_too_old_is_given_again_and_counts(store: Store) -> None:
    begun(store, replace(TEMPLATE, requirements=(replace(QA, valid_days=1),)))
    proposed(store, FREE)
    say(store, "TOM")
    later = fresh(store, NOW + timedelta(days=1))
    seen = drawn(store, now=later)
    assert not say(store, "TOM", now=later, seen=seen).again
    assert say(store, "TOM", now=later, seen=seen).again, "what counts is not given again"
    assert say(store, "INES", now=later, seen=seen).outcome is Outcome.APPLIED
    assert [(one["slack_id"], one["renewal"]) for one in said(store)] == [("U0TOM", 0), ("U0TOM", 1), ("U0INES", 0)]
    assert [told.get("renewal") for told in approvals(store)] == [None, 1, None]


def test_one_s_own_approval_follows_the_one_that_was_given_for_them(store: Store) -> None:
    begun(store, replace(TEMPLATE, requirements=(replace(QA, valid_days=1, delegation=True),)))
    away(store, "TOM", "MARIA")
    proposed(store, FREE)
    assert say(store, "MARIA").decision is Decision.APPROVED
    later = fresh(store, NOW + timedelta(days=1))
    assert say(store, "TOM", now=later).outcome is None
    assert [(one["slack_id"], one["principal"], one["renewal"]) for one in said(store)] == [
        ("U0MARIA", "U0TOM", 0),
        ("U0TOM", "U0TOM", 1),
    ]


def test_two_clicks_at_once_renew_an_approval_once(store: Store) -> None:
    begun(store, replace(TEMPLATE, requirements=(replace(QA, valid_days=1),)))
    proposed(store, FREE)
    say(store, "TOM")
    later = fresh(store, NOW + timedelta(days=1))
    seen = drawn(store, now=later)
    done: list[Any] = at_once(*[lambda: say(store, "TOM", now=later, seen=seen)] * 2)
    assert sorted(each.again for each in done) == [False, True]
    assert [one["renewal"] for one in said(store)] == [0, 1]


def test_the_database_takes_one_renewal_of_two_that_did_not_wait_for_each_other(store: Store) -> None:
    begun(store, replace(TEMPLATE, requirements=(replace(QA, valid_days=1),)))
    proposed(store, FREE)
    say(store, "TOM")
    later = fresh(store, NOW + timedelta(days=1))
    seen = drawn(store, now=later)
    say(store, "TOM", now=later, seen=seen)
    change = loaded(store)
    with store.read() as session:
        [wanted] = policy_change_card.requirements(session, releases.load(session, 1), change, later)
        revision = cards.revision(session, seen)
    assert revision is not None
    # As by a click that was decided on before the other's was there.
    with pytest.raises(IntegrityError), store.write() as session:
        changes.say(session, change, wanted, revision, actor("TOM"), Decision.APPROVED, None, later)


def test_how_it_ended_stays_so_however_old_the_approvals_grow(store: Store) -> None:
    begun(store, replace(TEMPLATE, requirements=(replace(LESS, valid_days=1),)))
    proposed(store, FREE)
    seen = drawn(store)
    assert say(store, "TOM", seen=seen).outcome is Outcome.APPLIED
    later = fresh(store, NOW + timedelta(days=2))
    picture = policy_change_card.draw(store, 1, later)
    assert picture is not None
    assert [each.progress for each in picture.requirements] == [Progress.MET]
    assert say(store, "TOM", now=later, seen=seen).again


def said(store: Store) -> list[dict[str, Any]]:
    with store.read() as session:
        return [row.model_dump() for row in session.exec(select(WordRow).order_by(col(WordRow.id)))]


def approvals(store: Store) -> list[dict[str, Any]]:
    """What the record says of each."""
    with store.read() as session:
        kind = col(AuditRow.kind) == "policy_change.approved"
        found = session.exec(select(AuditRow.body).where(kind).order_by(col(AuditRow.seq))).all()
    return [json.loads(each)["facts"] for each in found]


@pytest.mark.parametrize("decision", list(Decision))
def test_each_refusal_is_recorded_of_the_release(sqlite_store: Store, decision: Decision) -> None:
    begun(sqlite_store, replace(TEMPLATE, requirements=(LESS,)))
    proposed(sqlite_store, FREE)
    told = say(sqlite_store, "ANA", decision, policy=FEW)
    assert told.reason == "not_permitted"
    assert told.sentence.startswith("Whoever may sign releases decides on this. You can't sign releases: policy gives")
    policy_change_word.decide_typed(sqlite_store, FEW, actor("ANA"), 1, decision, "No", NOW)
    policy_change_end.withdraw(sqlite_store, POLICY, actor("ANA"), 1, "", NOW)
    assert why(say(sqlite_store, "RITA", decision)) == "own_proposal"
    with sqlite_store.read() as session:
        rows = session.exec(select(AuditRow).where(col(AuditRow.kind).like("policy_change.%refused"))).all()
    assert [(row.kind, row.release_id) for row in rows] == [
        ("policy_change.refused", 1),
        ("policy_change.refused", 1),
        ("policy_change.withdraw_refused", 1),
        ("policy_change.refused", 1),
    ]
    assert all('"change":1' in row.body for row in rows)
