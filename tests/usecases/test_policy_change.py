"""Changing a live release's policy on a real store: who decides, what is carried out, and what a race leaves."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from interlock.config.template import policy_version
from interlock.domain.authority import Refused
from interlock.domain.policy import CriterionRule, GonogoRule, MilestoneRule, Role, Template
from interlock.domain.policy_change import Outcome, PolicyState
from interlock.domain.release import Stage
from interlock.domain.signing import Signature
from interlock.domain.signoff import Decision, Progress
from interlock.domain.stage import unmet
from interlock.domain.waiver import WaiverState
from interlock.store import gonogo as roll_calls
from interlock.store import release as releases
from interlock.store import signoff as signoffs
from interlock.store import signoff_record
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.signoff import SignoffRow
from interlock.usecases import (
    card,
    criterion,
    gonogo,
    policy_change,
    policy_change_end,
    policy_change_word,
    readiness,
    revalidation,
    scope,
    signoff,
    stage,
    waiver,
)
from interlock.usecases.policy_change import Proposed
from interlock.usecases.policy_change_end import Withdrawn
from interlock.usecases.policy_change_word import Decided
from interlock.usecases.release import Invalid
from tests.builders import CHANNEL, GOVERNANCE, NOW, POLICY, TEMPLATE, actor, ticket
from tests.policy_changes import LESS, NEW, OLD, agreed, begun, drawn, loaded, propose, proposed, say, standing, under
from tests.signoffs import at_once, fresh, kinds, messages, why

RITA, ANA = actor("RITA"), actor("ANA")
FREE = replace(TEMPLATE, requirements=())


def facts(store: Store, kind: str) -> dict[str, Any]:
    with store.read() as session:
        found = session.exec(select(AuditRow.body).where(AuditRow.kind == kind)).one()
    told: dict[str, Any] = json.loads(found)["facts"]
    return told


def asked(store: Store) -> str:
    """The sign-off card's revision."""
    signoff.request(store, POLICY, RITA, 1, NOW)
    return shown(store)


def shown(store: Store) -> str:
    picture = card.draw(store, 1, NOW)
    assert picture is not None
    assert picture.revision_id is not None
    return picture.revision_id


def sign(store: Store, who: str, seen: str, decision: Decision = Decision.APPROVED) -> Any:
    reason = "It leaks" if decision is Decision.REJECTED else None
    done = signoff.decide(store, POLICY, actor(who), seen, decision, reason, NOW)
    return done.verdict if isinstance(done, signoff.Decided) else done


def progress(store: Store) -> dict[str, Progress]:
    with store.read() as session:
        found = signoffs.requirements(session, releases.load(session, 1), now=NOW)
    return {each.key: each.progress for each in found}


def test_the_last_approval_that_the_old_policy_asks_for_changes_it(store: Store) -> None:
    begun(store)
    change = proposed(store)
    assert change.difference == ("“QA” sign-off: approvals: 1 instead of 2",)
    seen = drawn(store)
    for who, requirement in (("TOM", "qa"), ("MARIA", "governance")):
        done = say(store, who, seen=seen)
        assert isinstance(done, Decided), done
        assert (done.requirement.key, done.outcome) == (requirement, None)
        assert standing(store).policy == OLD
    assert say(store, "INES", seen=seen).outcome is Outcome.APPLIED
    after = standing(store)
    assert (after.policy, after.policy_version) == (NEW, policy_version(NEW))
    told = facts(store, "policy_change.applied")
    assert (told["from"], told["to"], told["policy_version"]) == ("v1", after.policy_version, "v1")
    assert told["before"]["requirements"][0]["quorum"] == 2
    assert "quorum" not in told["after"]["requirements"][0]
    assert messages(store, "policy_change.told") == ["@U0RITA"]


def test_nothing_is_left_to_say_once_it_is_carried_out(sqlite_store: Store) -> None:
    begun(sqlite_store)
    proposed(sqlite_store)
    seen = drawn(sqlite_store)
    agreed(sqlite_store)
    assert say(sqlite_store, "INES", seen=seen).again
    assert why(say(sqlite_store, "NOOR", seen=seen)) == "ended_already"
    assert kinds(sqlite_store).count("policy_change.applied") == 1


@pytest.mark.parametrize(
    ("who", "reason"),
    [("RITA", "own_proposal"), ("ANA", "not_eligible"), ("GUEST", "guest"), ("NOMAIL", "account_not_verified")],
)
def test_who_may_not_sign_may_not_decide_on_it(sqlite_store: Store, who: str, reason: str) -> None:
    begun(sqlite_store)
    proposed(sqlite_store)
    assert why(say(sqlite_store, who)) == reason
    assert standing(sqlite_store).policy == OLD


def test_whoever_proposed_it_never_decides_even_where_requesters_may_sign(store: Store) -> None:
    old = replace(
        TEMPLATE, requirements=(replace(GOVERNANCE, people=("rita@practice.example",), exclude_requester=False),)
    )
    begun(store, old)
    proposed(store, FREE)
    assert why(say(store, "RITA")) == "own_proposal"
    assert why(say(store, "RITA", Decision.REJECTED)) == "own_proposal"
    with pytest.raises(DBAPIError, match="four_eyes"), store.write() as session:
        session.execute(
            text("UPDATE policy_change SET outcome='applied', ended_by='U0RITA', ended_at='2026-11-23 09:00'")
        )


def test_whoever_worked_on_the_scope_decides_as_little_as_they_sign(sqlite_store: Store) -> None:
    begun(sqlite_store)
    proposed(sqlite_store)
    with sqlite_store.write() as session:
        ticket(session, "DATA-2", assignee_id="acc-tom")
        scope.refresh(session, None, NOW)
    assert why(say(sqlite_store, "TOM")) == "assigned"


def test_a_proposal_is_decided_on_a_mirror_that_is_fresh(sqlite_store: Store) -> None:
    begun(sqlite_store)
    proposed(sqlite_store)
    later = NOW + timedelta(hours=2)
    assert why(say(sqlite_store, "TOM", now=later)) == "groups_unavailable"


def test_where_the_old_policy_asks_for_no_sign_offs_another_agrees(sqlite_store: Store) -> None:
    begun(sqlite_store, FREE)
    proposed(sqlite_store, NEW)
    both = replace(
        POLICY, roles={"release_manager": Role(groups=("release-managers",), people=("ana@practice.example",))}
    )
    assert why(say(sqlite_store, "RITA")) == "own_proposal"
    assert why(say(sqlite_store, "TOM")) == "not_permitted"
    assert say(sqlite_store, "ANA", policy=both).outcome is Outcome.APPLIED
    assert standing(sqlite_store).policy == NEW
    assert progress(sqlite_store) == {"qa": Progress.OPEN, "governance": Progress.OPEN}


def test_a_rejection_ends_it_and_says_why(sqlite_store: Store) -> None:
    begun(sqlite_store)
    proposed(sqlite_store)
    seen = drawn(sqlite_store)
    say(sqlite_store, "TOM", seen=seen)
    assert say(sqlite_store, "TOM", Decision.REJECTED, seen=seen).outcome is Outcome.REJECTED
    assert say(sqlite_store, "TOM", Decision.REJECTED, seen=seen).again
    assert why(say(sqlite_store, "INES", seen=seen)) == "ended_already"
    assert standing(sqlite_store).policy == OLD
    ended = loaded(sqlite_store)
    assert ended.end_reason == "Two pairs of eyes are the rule"
    assert messages(sqlite_store, "policy_change.told") == ["@U0RITA"]
    assert isinstance(propose(sqlite_store), Proposed), "another may be proposed"


def test_a_rejection_needs_a_reason(sqlite_store: Store) -> None:
    begun(sqlite_store)
    proposed(sqlite_store)
    done = policy_change_word.decide(
        sqlite_store, POLICY, actor("TOM"), drawn(sqlite_store), Decision.REJECTED, " ", NOW
    )
    assert isinstance(done, Invalid)


def test_time_is_an_outcome_of_its_own(store: Store) -> None:
    begun(store)
    change = proposed(store)
    seen = drawn(store)
    assert policy_change_end.expire(store, change.closes_at - timedelta(seconds=1)) == 0
    over = fresh(store, change.closes_at)
    assert why(say(store, "TOM", seen=seen, now=over)) == "timed_out"
    assert policy_change_end.expire(store, over) == 1
    assert policy_change_end.expire(store, over) == 0
    ended = loaded(store)
    assert (ended.outcome, ended.ended_by) == (Outcome.TIMED_OUT, None)
    assert messages(store, "policy_change.told") == ["@U0RITA"]


def test_another_is_proposed_though_nobody_has_ended_the_late_one_yet(sqlite_store: Store) -> None:
    begun(sqlite_store)
    change = proposed(sqlite_store)
    over = fresh(sqlite_store, change.closes_at)
    assert isinstance(propose(sqlite_store, now=over), Proposed)
    assert loaded(sqlite_store).outcome is Outcome.TIMED_OUT


def test_only_its_proposer_withdraws_it(sqlite_store: Store) -> None:
    begun(sqlite_store)
    proposed(sqlite_store)
    seen = drawn(sqlite_store)
    everyone = replace(
        POLICY, roles={"release_manager": Role(people=("rita@practice.example", "ana@practice.example"))}
    )
    assert why(policy_change_end.withdraw(sqlite_store, everyone, ANA, 1, "", NOW)) == "not_yours"
    assert isinstance(policy_change_end.withdraw(sqlite_store, POLICY, RITA, 1, "", NOW), Withdrawn)
    again = policy_change_end.withdraw(sqlite_store, POLICY, RITA, 1, "", NOW)
    assert isinstance(again, Withdrawn)
    assert again.again
    assert why(say(sqlite_store, "TOM", seen=seen)) == "ended_already"
    assert messages(sqlite_store, "policy_change.told") == []


@pytest.mark.parametrize(
    ("at", "new", "reason"),
    [
        (Stage.IN_PROGRESS, OLD, "no_change"),
        (Stage.DEPLOYING, NEW, "too_late"),
        (Stage.RELEASED, NEW, "too_late"),
        (Stage.CLOSED, NEW, "too_late"),
        (Stage.CANCELLED, NEW, "too_late"),
        (Stage.FROZEN, replace(NEW, stages=("in_progress", "go")), "stage_unknown"),
    ],
)
def test_when_there_is_nothing_to_propose(sqlite_store: Store, at: Stage, new: Template, reason: str) -> None:
    begun(sqlite_store, stage=at)
    assert why(propose(sqlite_store, new)) == reason
    assert kinds(sqlite_store) == ["policy_change.refused"]


def test_one_proposal_at_a_time_by_whom_policy_lets(sqlite_store: Store) -> None:
    begun(sqlite_store)
    assert why(propose(sqlite_store, who="TOM")) == "not_permitted"
    assert isinstance(propose(sqlite_store, reason=""), Invalid)
    proposed(sqlite_store)
    assert why(propose(sqlite_store)) == "open_already"
    gone = policy_change.propose(sqlite_store, replace(POLICY, templates={}), RITA, 1, "so", NOW)
    assert why(gone) == "no_template"


def test_a_template_that_is_edited_again_leaves_the_proposal_as_it_was_shown(sqlite_store: Store) -> None:
    begun(sqlite_store)
    proposed(sqlite_store)
    seen = drawn(sqlite_store)
    for who in ("TOM", "INES", "MARIA"):
        say(sqlite_store, who, seen=seen, policy=under(FREE))
    assert standing(sqlite_store).policy == NEW


def test_a_release_that_went_on_is_not_changed(sqlite_store: Store) -> None:
    begun(sqlite_store)
    proposed(sqlite_store)
    seen = drawn(sqlite_store)
    say(sqlite_store, "TOM", seen=seen)
    with sqlite_store.write() as session:
        releases.set_stage(session, 1, Stage.DEPLOYING)
    assert why(say(sqlite_store, "INES", seen=seen)) == "too_late"


def test_what_was_signed_for_a_requirement_that_is_untouched_stays(store: Store) -> None:
    begun(store)
    revision = asked(store)
    for who in ("TOM", "INES", "MARIA"):
        sign(store, who, revision)
    assert set(progress(store).values()) == {Progress.MET}
    proposed(store)
    agreed(store)
    assert progress(store) == {"qa": Progress.OPEN, "governance": Progress.MET}
    with store.read() as session:
        void = [row for row in session.exec(select(SignoffRow)) if row.void_at]
        assert {row.slack_id for row in void} == {"U0TOM", "U0INES"}
        assert void[0].void_change == {"changes": [["policy changed", "", "QA: approvals: 1 instead of 2"]]}
        assert signoff_record.first_difference(session) is None
    assert facts(store, "policy_change.applied")["void"] == [1, 2]
    assert messages(store, "signoff.void") == ["@U0TOM", "@U0INES"]
    note = revalidation.voided(store, 1, NOW)
    assert note is not None
    assert [each.what for each in note.changes] == ["policy changed"]
    assert sign(store, "TOM", note.revision_id).requirement.key == "qa"
    assert set(progress(store).values()) == {Progress.MET}


def test_what_is_no_longer_asked_for_counts_no_more_and_nobody_is_told_to_sign_it(sqlite_store: Store) -> None:
    begun(sqlite_store)
    revision = asked(sqlite_store)
    sign(sqlite_store, "TOM", revision, Decision.REJECTED)
    proposed(sqlite_store, replace(TEMPLATE, requirements=(GOVERNANCE,)))
    agreed(sqlite_store)
    assert progress(sqlite_store) == {"governance": Progress.OPEN}
    assert revalidation.voided(sqlite_store, 1, NOW) is None
    with sqlite_store.read() as session:
        assert signoff_record.first_difference(session) is None


def test_what_is_asked_for_again_is_signed_anew(sqlite_store: Store) -> None:
    begun(sqlite_store)
    revision = asked(sqlite_store)
    for who in ("TOM", "INES"):
        sign(sqlite_store, who, revision)
    proposed(sqlite_store, replace(TEMPLATE, requirements=(GOVERNANCE,)))
    agreed(sqlite_store)
    proposed(sqlite_store, OLD)
    assert say(sqlite_store, "MARIA", seen=drawn(sqlite_store, 2)).outcome is Outcome.APPLIED
    assert progress(sqlite_store) == {"qa": Progress.OPEN, "governance": Progress.OPEN}


def test_a_card_of_the_policy_of_before_approves_nothing(sqlite_store: Store) -> None:
    begun(sqlite_store)
    before = asked(sqlite_store)
    proposed(sqlite_store)
    agreed(sqlite_store)
    assert why(sign(sqlite_store, "MARIA", before)) == "policy_changed"
    assert sign(sqlite_store, "MARIA", shown(sqlite_store)).requirement.key == "governance"


def test_the_old_policy_s_signature_is_asked_for(sqlite_store: Store) -> None:
    begun(sqlite_store, replace(TEMPLATE, requirements=(replace(LESS, step_up=True),)))
    proposed(sqlite_store, FREE)
    assert say(sqlite_store, "TOM").wanted
    assert (
        why(say(sqlite_store, "TOM", signature=Signature(release="2026.13", meaning="Read"))) == "wrong_release_typed"
    )
    done = policy_change_word.decide_typed(
        sqlite_store, POLICY, actor("TOM"), 1, Decision.APPROVED, "2026.12 approved after review", NOW
    )
    assert isinstance(done, Decided)
    assert done.outcome is Outcome.APPLIED
    assert facts(sqlite_store, "policy_change.approved")["meaning"] == "approved after review"


def test_go_falls_back_where_the_new_policy_asks_for_more(sqlite_store: Store) -> None:
    begun(sqlite_store, FREE, Stage.GO)
    proposed(sqlite_store, NEW)
    both = replace(
        POLICY, roles={"release_manager": Role(groups=("release-managers",), people=("ana@practice.example",))}
    )
    done = say(sqlite_store, "ANA", policy=both)
    assert done.release.stage is Stage.READY
    told = facts(sqlite_store, "release.moved")
    assert told["why"] == "the policy was changed: QA and Data Governance"
    assert told["policy_version"] == policy_version(NEW)


def test_ready_falls_back_too_and_a_release_whose_conditions_hold_stays(sqlite_store: Store) -> None:
    before_ready = CriterionRule(kind="checklist", name="Model card is written", before="ready")
    both = replace(
        POLICY, roles={"release_manager": Role(groups=("release-managers",), people=("ana@practice.example",))}
    )
    begun(sqlite_store, FREE, Stage.GO)
    proposed(sqlite_store, replace(FREE, ladder="usual"))
    assert say(sqlite_store, "ANA", policy=both).release.stage is Stage.GO
    proposed(sqlite_store, replace(FREE, criteria=(before_ready,)))
    assert say(sqlite_store, "ANA", policy=both, seen=drawn(sqlite_store, 2)).release.stage is Stage.FROZEN


def test_a_go_that_a_roll_call_gave_rests_on_its_rule(sqlite_store: Store) -> None:
    rule = GonogoRule(roles=("release_manager",))
    both = replace(
        POLICY, roles={"release_manager": Role(groups=("release-managers",), people=("ana@practice.example",))}
    )
    begun(sqlite_store, replace(FREE, gonogo=rule), Stage.GO)
    proposed(sqlite_store, replace(FREE, gonogo=rule, ladder="usual"))
    assert say(sqlite_store, "ANA", policy=both).release.stage is Stage.GO
    proposed(sqlite_store, replace(FREE, gonogo=replace(rule, at_least=50)))
    assert say(sqlite_store, "ANA", policy=both, seen=drawn(sqlite_store, 2)).release.stage is Stage.READY


def test_an_open_roll_call_of_another_rule_comes_to_nothing(sqlite_store: Store) -> None:
    rule = GonogoRule(roles=("release_manager",))
    both = replace(
        POLICY, roles={"release_manager": Role(groups=("release-managers",), people=("ana@practice.example",))}
    )
    begun(sqlite_store, replace(FREE, gonogo=rule), Stage.READY)
    assert isinstance(gonogo.open_(sqlite_store, POLICY, RITA, 1, NOW), gonogo.Opened)
    proposed(sqlite_store, FREE)
    say(sqlite_store, "ANA", policy=both)
    with sqlite_store.read() as session:
        ended = roll_calls.load(session, 1)
    assert ended is not None
    assert (ended.outcome, ended.end_reason) == ("withdrawn", "the release's policy was changed")


def test_what_let_a_gate_pass_lets_it_not_once_it_is_another(sqlite_store: Store) -> None:
    tick = CriterionRule(kind="checklist", name="Bias is reviewed")
    gate = CriterionRule(kind="checklist", name="Model card is written")
    both = replace(
        POLICY, roles={"release_manager": Role(groups=("release-managers",), people=("ana@practice.example",))}
    )
    old = replace(FREE, criteria=(tick, gate))
    begun(sqlite_store, old)
    criterion.tick(sqlite_store, POLICY, RITA, "2026.12 bias", CHANNEL, NOW, ticked=True)
    waiver.ask(sqlite_store, POLICY, RITA, "2026.12 model card until 2026-11-24 it follows", CHANNEL, NOW)
    waiver.decide(sqlite_store, POLICY, ANA, 1, WaiverState.GRANTED, NOW)

    def states() -> list[str]:
        with sqlite_store.read() as session:
            found = readiness.read(session, POLICY, releases.load(session, 1), NOW + timedelta(minutes=1)).criteria
        return [each.state for each in found]

    assert states() == ["pass", "waived"]
    proposed(sqlite_store, replace(old, ladder="usual"))
    say(sqlite_store, "ANA", policy=both)
    assert states() == ["pass", "waived"]
    proposed(sqlite_store, replace(FREE, criteria=tuple(replace(each, link_needed=True) for each in old.criteria)))
    say(sqlite_store, "ANA", policy=both, seen=drawn(sqlite_store, 2), now=NOW + timedelta(minutes=1))
    assert "pass" not in states()
    assert "waived" not in states()


def test_milestones_that_are_not_moved_keep_their_dates(sqlite_store: Store) -> None:
    freeze = MilestoneRule(name="Code freeze", business_days_before=5)
    cut = MilestoneRule(name="Branch cut", business_days_before=1)
    both = replace(
        POLICY, roles={"release_manager": Role(groups=("release-managers",), people=("ana@practice.example",))}
    )
    begun(sqlite_store, replace(FREE, milestones=(freeze,)))
    proposed(sqlite_store, replace(FREE, milestones=(cut,)))
    say(sqlite_store, "ANA", policy=both)
    assert [(each.name, each.due) for each in standing(sqlite_store).milestones] == [("Branch cut", date(2026, 12, 16))]


def test_what_a_release_runs_under_is_told_to_whoever_asks(sqlite_store: Store) -> None:
    begun(sqlite_store)
    found = policy_change.ask(sqlite_store, under(NEW), ANA, "2026.12", CHANNEL, NOW)
    assert isinstance(found, PolicyState)
    assert (found.new_version, found.differs) == (policy_version(NEW), ("“QA” sign-off: approvals: 1 instead of 2",))
    assert (found.change, found.refused) == (None, None)
    proposed(sqlite_store)
    found = policy_change.ask(sqlite_store, under(NEW), ANA, "2026.12", CHANNEL, NOW)
    assert isinstance(found, PolicyState)
    assert found.change is not None
    assert found.change.revision_id
    assert why(found.refused) == "open_already"


def test_two_last_approvers_at_once_change_it_once(store: Store) -> None:
    begun(store)
    proposed(store)
    seen = drawn(store)
    for who in ("TOM", "MARIA"):
        say(store, who, seen=seen)
    done = at_once(lambda: say(store, "INES", seen=seen), lambda: say(store, "NOOR", seen=seen))
    assert sorted(str(isinstance(each, Decided)) for each in done) == ["False", "True"]
    assert kinds(store).count("policy_change.applied") == 1
    assert standing(store).policy == NEW


def test_one_person_s_two_clicks_at_once_are_one_word(store: Store) -> None:
    begun(store)
    proposed(store)
    seen = drawn(store)
    done: list[Any] = at_once(*[lambda: say(store, "TOM", seen=seen)] * 2)
    assert sorted(each.again for each in done) == [False, True]
    assert kinds(store).count("policy_change.approved") == 1


def test_withdrawing_and_the_last_approval_at_once_leave_one_of_them(store: Store) -> None:
    begun(store)
    proposed(store)
    seen = drawn(store)
    for who in ("TOM", "MARIA"):
        say(store, who, seen=seen)
    approval: Any
    taken: Any
    approval, taken = at_once(
        lambda: say(store, "INES", seen=seen), lambda: policy_change_end.withdraw(store, POLICY, RITA, 1, "", NOW)
    )
    assert isinstance(approval, Refused) is not isinstance(taken, Refused)
    assert (standing(store).policy == NEW) is isinstance(taken, Refused)
    assert loaded(store).outcome is (Outcome.APPLIED if isinstance(taken, Refused) else Outcome.WITHDRAWN)


def test_a_sign_off_while_the_policy_is_replaced_is_of_what_its_signer_saw(store: Store) -> None:
    begun(store)
    card_seen = asked(store)
    proposed(store)
    seen = drawn(store)
    for who in ("TOM", "MARIA"):
        say(store, who, seen=seen)
    done: Any
    done, signed = at_once(lambda: say(store, "INES", seen=seen), lambda: sign(store, "NOOR", card_seen))
    assert done.outcome is Outcome.APPLIED
    if isinstance(signed, Refused):
        assert signed.reason == "policy_changed"
    assert progress(store)["qa"] is Progress.OPEN, "it was void, or never given"


def test_approving_while_a_sync_voids_leaves_nothing_that_counts_wrongly(store: Store) -> None:
    begun(store, stage=Stage.READY)
    card_seen = asked(store)
    for who in ("TOM", "INES", "MARIA"):
        sign(store, who, card_seen)
    with store.write() as session:
        releases.set_stage(session, 1, Stage.GO)
    proposed(store)
    seen = drawn(store)
    for who in ("TOM", "MARIA"):
        say(store, who, seen=seen)
    with store.write() as session:
        ticket(session, "DATA-9")
        scope.refresh(session, None, NOW)
    done: Any
    done, _ = at_once(lambda: say(store, "INES", seen=seen), lambda: revalidation.revalidate(store, NOW))
    assert done.outcome is Outcome.APPLIED
    after = standing(store)
    assert after.stage is not Stage.GO
    with store.read() as session:
        assert unmet(signoffs.requirements(session, after, now=NOW), Stage.GO)
        assert signoff_record.first_difference(session) is None


def test_two_who_propose_at_once_open_one(store: Store) -> None:
    begun(store)
    both = replace(
        under(NEW), roles={"release_manager": Role(people=("rita@practice.example", "ana@practice.example"))}
    )
    done = at_once(*(lambda who=who: policy_change.propose(store, both, who, 1, "so", NOW) for who in (RITA, ANA)))
    assert sorted(isinstance(each, Proposed) for each in done) == [False, True]


def test_what_was_proposed_and_said_is_fixed(store: Store) -> None:
    begun(store)
    proposed(store)
    agreed(store)
    tampering = (
        "UPDATE policy_change SET new_policy = old_policy",
        "UPDATE policy_change SET outcome = 'withdrawn', ended_by = 'U0RITA'",
        "UPDATE policy_change SET proposed_by = 'U0ANA'",
        "DELETE FROM policy_change",
        "UPDATE policy_change_word SET slack_id = 'U0ANA'",
        "UPDATE policy_change_word SET decision = 'rejected', reason = 'No'",
        "DELETE FROM policy_change_word",
    )
    for each in tampering:
        with pytest.raises(DBAPIError, match="append-only"), store.write() as session:
            session.execute(text(each))
    if not store.is_sqlite:
        for table in ("policy_change", "policy_change_word"):
            with pytest.raises(DBAPIError, match="append-only"), store.write() as session:
                session.execute(text(f"TRUNCATE {table} CASCADE"))


def test_a_proposal_that_waits_changes_in_nothing_but_how_it_ends(store: Store) -> None:
    begun(store)
    proposed(store)
    for each in ("new_policy = old_policy", "closes_at = '2099-01-01 00:00:00'", "reason = 'x'", "old_version = 'v2'"):
        with pytest.raises(DBAPIError, match="append-only"), store.write() as session:
            session.execute(text(f"UPDATE policy_change SET {each}"))  # noqa: S608 of the four above


@pytest.mark.parametrize("table", ["policy_change", "policy_change_word"])
def test_none_is_replaced(sqlite_store: Store, table: str) -> None:
    """By a client that leaves SQLite's recursive triggers off."""
    begun(sqlite_store)
    proposed(sqlite_store)
    say(sqlite_store, "TOM")
    with sqlite_store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA recursive_triggers=OFF")
        columns = [row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")]
        for own in ("1", "99"):  # by its id, and by what else is its own
            values = ", ".join(own if name == "id" else name for name in columns)
            with pytest.raises(DBAPIError, match="append-only"):
                connection.exec_driver_sql(f"INSERT OR REPLACE INTO {table} SELECT {values} FROM {table}")  # noqa: S608 of the two above


def test_nobody_s_word_stands_under_the_proposer_s_name_whatever_the_program_says(store: Store) -> None:
    begun(store)
    proposed(store)
    say(store, "TOM")
    copied = (
        "INSERT INTO policy_change_word (release_id, change_id, proposed_by, requirement, slack_id, principal, "
        "decision, revision_id, auth, at) SELECT release_id, change_id, {}, requirement, 'U0RITA', 'U0RITA', decision, "
        "revision_id, auth, at FROM policy_change_word"
    )
    for by in ("proposed_by", "'U0ANA'"):
        with pytest.raises(DBAPIError), store.write() as session:
            session.execute(text(copied.format(by)))


def test_the_stage_is_asked_as_everywhere(sqlite_store: Store) -> None:
    """What a release needs next is the new policy's."""
    begun(sqlite_store)
    proposed(sqlite_store, FREE)
    agreed(sqlite_store)
    with sqlite_store.read() as session:
        names = [each.name for each in stage.ahead(session, POLICY, releases.load(session, 1), NOW).conditions]
    assert "QA" not in names


@pytest.mark.parametrize(
    "typed",
    [
        "2026.12 change because QA has lost two",
        "change because QA has lost two",
        "2026.12 CHANGE because QA has lost two",
    ],
)
def test_it_is_proposed_in_words(sqlite_store: Store, typed: str) -> None:
    begun(sqlite_store)
    done = policy_change.ask(sqlite_store, under(NEW), RITA, typed, CHANNEL, NOW)
    assert isinstance(done, Proposed)
    assert done.change.reason == "QA has lost two"


def test_a_release_may_be_called_change(sqlite_store: Store) -> None:
    begun(sqlite_store, name="data change 1")
    done = policy_change.ask(sqlite_store, under(NEW), RITA, "data change 1", "C0ELSE", NOW)
    assert isinstance(done, PolicyState)
    bare = policy_change.ask(sqlite_store, under(NEW), RITA, "data change 1 change", "C0ELSE", NOW)
    assert isinstance(bare, Invalid)
