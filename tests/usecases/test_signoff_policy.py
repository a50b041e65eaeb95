"""Policies of a requirement on a real store, and the races that they stand or fall with."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from sqlmodel import col, delete, select

from interlock.domain.fingerprint import MaterialChange
from interlock.domain.policy import CriterionRule, Template
from interlock.domain.release import Stage
from interlock.domain.secret import Issued
from interlock.domain.signing import Accepted, AlreadySigned, Signature, SignatureWanted, Stale
from interlock.domain.signoff import Decision, Progress
from interlock.store import audit, signoff_record
from interlock.store import criterion as criterion_store
from interlock.store import release as release_store
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.person import GroupMemberRow, PersonRow
from interlock.store.release import ReleaseRow
from interlock.store.signoff import SignoffRow
from interlock.store.ticket import TicketChangeRow
from interlock.usecases import ask, card, criterion, directory, report, revalidation, scope, signoff_reminder
from interlock.usecases.signoff import Decided, With, decide
from interlock.usecases.signoff_revoke import revoke
from tests.builders import CHANNEL, GOVERNANCE, NOW, POLICY, QA, TEMPLATE, actor, ticket
from tests.signoffs import asked, at_once, drawn, fresh, kinds, later, messages, requirement, say, why

ALL = replace(QA, quorum="all")
INFRA = replace(QA, key="infra", name="Infrastructure", quorum=1)
ONE = replace(QA, quorum=1)


def leave(store: Store, who: str, group: str = "qa-approvers") -> None:
    with store.write() as session:
        mine = (col(GroupMemberRow.slack_id) == f"U0{who}", col(GroupMemberRow.group_id) == f"S0{group}")
        session.execute(delete(GroupMemberRow).where(*mine))


def join(store: Store, who: str, group: str = "qa-approvers") -> None:
    with store.write() as session:
        session.add(GroupMemberRow(group_id=f"S0{group}", slack_id=f"U0{who}"))


def grow(store: Store, key: str = "DATA-9") -> None:
    with store.write() as session:
        ticket(session, key)
        scope.refresh(session, None, NOW)


def test_everybody_means_whoever_may_at_the_time(store: Store) -> None:
    revision = asked(store, ALL)
    leave(store, "NOMAIL")
    for who in ("TOM", "INES", "NOOR"):
        assert requirement(store).progress is Progress.OPEN
        assert isinstance(say(store, who, revision), Accepted)
    assert requirement(store).progress is Progress.MET
    join(store, "RAVI")
    assert requirement(store).progress is Progress.OPEN, "whoever joins has to sign too"
    leave(store, "RAVI")
    leave(store, "INES")
    assert requirement(store).progress is Progress.MET, "whoever leaves counts no more"
    for who in ("TOM", "NOOR"):
        leave(store, who)
    assert requirement(store).progress is Progress.OPEN, "nobody is never everybody"


def test_somebody_whose_account_nobody_knows_is_one_of_everybody(store: Store) -> None:
    revision = asked(store, ALL)
    for who in ("TOM", "INES", "NOOR"):
        say(store, who, revision)
    assert [each.name for each in requirement(store).unverified] == ["Nia Brook"]
    assert requirement(store).progress is Progress.OPEN


def test_whoever_asked_is_not_one_of_everybody(store: Store) -> None:
    revision = asked(store, ALL)
    leave(store, "NOMAIL")
    join(store, "RITA")
    for who in ("TOM", "INES", "NOOR"):
        say(store, who, revision)
    assert requirement(store).progress is Progress.MET


def test_a_mandatory_group_has_to_be_among_them(store: Store) -> None:
    rule = replace(QA, groups=("qa-approvers", "release-managers"), mandatory_group="release-managers")
    revision = asked(store, rule)
    join(store, "RAVI", "release-managers")
    say(store, "TOM", revision)
    say(store, "INES", revision)
    assert (requirement(store).lacking, requirement(store).progress) == (0, Progress.OPEN)
    assert isinstance(say(store, "RAVI", revision), Accepted)
    assert requirement(store).progress is Progress.MET


def test_a_policy_that_lets_the_requester_sign_says_so_in_the_record(store: Store) -> None:
    rule = replace(QA, groups=("release-managers",), quorum=1, exclude_requester=False)
    revision = asked(store, rule)
    assert isinstance(say(store, "RITA", revision), Accepted)
    with store.read() as session:
        body = session.exec(select(AuditRow.body).where(AuditRow.kind == "signoff.approved")).one()
    assert '"own_request":true' in body


def test_whoever_planned_it_is_excluded_where_policy_says(store: Store) -> None:
    rule = replace(QA, exclude_release_manager=True)
    revision = asked(store, rule, created_by="U0TOM")
    assert why(say(store, "TOM", revision)) == "own_release"
    assert "U0TOM" not in {each.slack_id for each in requirement(store).eligible}


def test_an_old_approval_is_void_by_age_and_not_by_change(store: Store) -> None:
    revision = asked(store, replace(ONE, valid_days=30))
    say(store, "TOM", revision)
    now = later(store, days=30)
    assert requirement(store, now=now - timedelta(seconds=1)).progress is Progress.MET
    assert requirement(store, now=now).progress is Progress.OPEN, "whether or not a job ran"
    assert revalidation.expire(store, now - timedelta(seconds=1)) == 0
    assert at_once(lambda: revalidation.expire(store, now), lambda: revalidation.expire(store, now)) in ([0, 1], [1, 0])
    assert kinds(store)[-1] == "signoff.expired"
    assert messages(store, "signoff.void") == ["@U0TOM"]
    told = revalidation.voided(store, 1, now)
    assert told
    assert (told.valid_days, told.changes) == (30, ())
    assert isinstance(say(store, "TOM", told.revision_id, now=now), Accepted)
    with store.read() as session:
        assert signoff_record.first_difference(session) is None


def test_only_the_changes_that_touch_it_void_it(store: Store) -> None:
    theirs = replace(INFRA, teams=("ml",))
    revision = asked(store, ONE, theirs, replace(GOVERNANCE, material=("removed",)))
    say(store, "TOM", revision)
    say(store, "INES", revision)
    say(store, "MARIA", revision)
    grow(store, "DATA-9")
    assert revalidation.revalidate(store, NOW) == 1
    assert [requirement(store, number).progress.value for number in range(3)] == ["open", "met", "met"]
    assert isinstance(say(store, "NOOR", f"{revision}.1"), Stale)
    grow(store, "ML-9")
    assert revalidation.revalidate(store, NOW) == 1
    assert [requirement(store, number).progress.value for number in range(3)] == ["open", "open", "met"]
    told = revalidation.voided(store, 2, NOW)
    assert told
    assert [each.subject for each in told.changes] == ["ML-9"], "and the signer is told of those alone"


COVERAGE = CriterionRule(kind="report", name="Coverage", report="coverage", minimum=80)
MODEL_CARD = CriterionRule(kind="checklist", name="Model card")


def test_what_no_scope_shows_voids_what_was_approved_before(store: Store) -> None:
    red, other = replace(ONE, material=("criterion_turned_red",)), replace(INFRA, material=("evidence_changed",))
    revision = asked(store, red, other, replace(GOVERNANCE, material=()), criteria=(COVERAGE, MODEL_CARD))
    report.ask(store, POLICY, actor("RITA"), "ci", "r1", NOW)
    token = report.issue(store, POLICY, "ci", "U0RITA", "r1", NOW)
    assert isinstance(token, Issued)

    def push(value: float, minutes: int) -> list[str]:
        report.push(store, POLICY, token.text, "2026.12", "coverage", value, "", NOW + timedelta(minutes=minutes))
        return [requirement(store, number).progress.value for number in range(3)]

    assert push(70, -1) == ["open", "open", "open"]
    for who in ("TOM", "INES", "MARIA"):
        say(store, who, revision)
    assert push(70, 1) == ["met", "met", "met"], "they saw it, and it says the same"
    assert push(91, 2) == ["met", "open", "met"]
    told = revalidation.voided(store, 2, NOW)
    assert told
    assert told.changes == (MaterialChange(what="evidence changed", about="Coverage"),)
    assert isinstance(say(store, "NOOR", revision, now=NOW + timedelta(minutes=3)), Accepted)
    criterion.tick(store, POLICY, actor("RITA"), "Model card", CHANNEL, NOW + timedelta(minutes=4), ticked=True)
    assert [requirement(store, number).progress.value for number in range(3)] == ["met", "open", "met"]
    assert push(79, 5) == ["met", "open", "met"], "it was red when they approved, and is again"


def test_a_criterion_that_turns_red_is_seen_by_a_later_run_where_its_own_died(store: Store) -> None:
    revision = asked(store, replace(ONE, material=("criterion_turned_red",)), criteria=(MODEL_CARD,))
    criterion.tick(store, POLICY, actor("RITA"), "Model card", CHANNEL, NOW, ticked=True)
    say(store, "TOM", revision)
    with store.write() as session:
        at = NOW + timedelta(minutes=1)
        criterion_store.tick(session, 1, "Model card", "U0RITA", at, ticked=False, link=None)
    assert revalidation.revalidate(store, at) == 1
    told = revalidation.voided(store, 1, at)
    assert told
    assert told.changes == (MaterialChange(what="criterion turned red", about="Model card"),)


def test_one_person_fills_two_with_a_click_each_where_policy_lets_them(store: Store) -> None:
    revision = asked(store, ONE, INFRA, one_each=False)
    first = decide(store, POLICY, actor("TOM"), revision, Decision.APPROVED, None, NOW)
    assert isinstance(first, Decided)
    assert [each.key for each in first.further] == ["infra"]
    assert isinstance(say(store, "TOM", revision), AlreadySigned)
    assert requirement(store, 1).progress is Progress.OPEN
    assert isinstance(say(store, "TOM", ask.shown_for(revision, first.further[0].id)), Accepted)
    assert [requirement(store, number).progress for number in range(2)] == [Progress.MET, Progress.MET]


@pytest.mark.parametrize("shown", ["{}.99", "{}.", "{}.x", "{}.1.1", "{}.²"])
def test_a_button_for_a_requirement_that_is_none_decides_nothing(sqlite_store: Store, shown: str) -> None:
    revision = asked(sqlite_store, ONE)
    assert why(say(sqlite_store, "TOM", shown.format(revision))) == "not_eligible"
    assert requirement(sqlite_store).signoffs == ()


def test_a_signature_means_what_was_typed(store: Store) -> None:
    revision = asked(store, replace(ONE, step_up=True))
    assert isinstance(say(store, "TOM", revision), SignatureWanted)
    assert kinds(store) == ["signoff.requested", "release.moved"], "nothing was decided"
    wrong = With(signature=Signature(release="2026.11", meaning="Approved"))
    assert why(say(store, "TOM", revision, more=wrong)) == "wrong_release_typed"
    right = With(signature=Signature(release="2026.12", meaning="Approved after review"))
    assert isinstance(say(store, "TOM", revision, more=right), Accepted)
    assert requirement(store).approvals[0].meaning == "Approved after review"
    with store.read() as session:
        body = session.exec(select(AuditRow.body).where(AuditRow.kind == "signoff.approved")).one()
    assert '"meaning":"Approved after review"' in body


def test_a_release_of_before_keeps_the_rules_that_it_had(store: Store) -> None:
    """Its copy of the policy knows nothing of the newer keys."""
    newer = {
        *("mandatory_group", "exclude_requester", "exclude_release_manager", "valid_days", "before_stage", "needed_by"),
        *("answer_within_business_days", "material", "teams", "delegation", "step_up"),
    }
    revision = asked(store, QA)
    with store.write() as session:
        row = session.get_one(ReleaseRow, 1)
        stored = asdict(TEMPLATE)
        stored.pop("priorities")
        stored["requirements"] = [
            {key: value for key, value in each.items() if key not in newer} for each in stored["requirements"]
        ]
        row.policy = stored
    with store.read() as session:
        kept: Template = release_store.load(session, 1).policy
    assert kept == TEMPLATE
    assert why(say(store, "RITA", revision)) == "not_eligible"
    say(store, "TOM", revision)
    say(store, "INES", revision)
    assert requirement(store).progress is Progress.MET
    grow(store)
    assert revalidation.revalidate(store, NOW) == 2


# --- races ------------------------------------------------------------------------------------------------------------


def test_two_approvers_in_the_same_instant_both_count(store: Store) -> None:
    revision = asked(store, QA)
    said = at_once(*(lambda who=who: say(store, who, revision) for who in ("TOM", "INES")))
    assert [type(each) for each in said] == [Accepted, Accepted]
    assert (requirement(store).count, requirement(store).progress) == (2, Progress.MET)
    with store.read() as session:
        assert audit.verify(session)[1] is None


def test_an_approval_that_crosses_a_sync_is_stale_or_void_and_never_live(store: Store) -> None:
    revision = asked(store, ONE)

    def sync() -> int:
        grow(store)
        return revalidation.revalidate(store, NOW)

    at_once(lambda: say(store, "TOM", revision), sync)
    revalidation.revalidate(store, NOW)  # what was approved after the look, by what was shown before it
    assert requirement(store).progress is Progress.OPEN
    with store.read() as session:
        assert signoff_record.first_difference(session) is None


def test_approving_and_revoking_that_cross_leave_one_state_and_both_in_the_record(store: Store) -> None:
    revision = asked(store, ONE)
    say(store, "TOM", revision)
    at_once(
        lambda: revoke(store, POLICY, actor("TOM"), revision, NOW + timedelta(seconds=1)),
        lambda: say(store, "TOM", revision, now=NOW + timedelta(seconds=2)),
    )
    with store.read() as session:
        live = session.exec(select(SignoffRow).where(col(SignoffRow.revoked_at).is_(None))).all()
        assert len(live) <= 1
        assert signoff_record.first_difference(session) is None
        assert audit.verify(session)[1] is None


def test_the_last_of_a_group_who_leaves_while_they_sign_signs_or_does_not(store: Store) -> None:
    revision = asked(store, ONE)
    for who in ("INES", "NOOR"):
        leave(store, who)
    verdict = at_once(
        lambda: say(store, "TOM", revision), lambda: directory.change_members(store, "S0qa-approvers", [], ["U0TOM"])
    )[0]
    assert isinstance(verdict, Accepted) or why(verdict) == "not_eligible"
    assert requirement(store).progress is (Progress.MET if isinstance(verdict, Accepted) else Progress.OPEN)
    assert why(say(store, "TOM", drawn(store), Decision.REJECTED)) in {"not_eligible", "decided_otherwise"}


def test_an_approver_who_is_deactivated_leaves_the_quorum(store: Store) -> None:
    revision = asked(store, QA)
    say(store, "TOM", revision)
    say(store, "INES", revision)
    with store.write() as session:
        session.get_one(PersonRow, "U0TOM").active = False
    assert requirement(store).progress is Progress.OPEN
    assert why(say(store, "TOM", revision)) == "deactivated"


def test_a_card_clicked_a_year_later_is_read_by_todays_rules(store: Store) -> None:
    revision = asked(store, replace(ONE, valid_days=90))
    say(store, "TOM", revision)
    now = later(store, days=365)
    revalidation.expire(store, now)
    grow(store)
    assert isinstance(say(store, "TOM", revision, now=now), Stale)
    with store.write() as session:
        session.get_one(ReleaseRow, 1).stage = "closed"
    assert why(say(store, "TOM", revision, now=now)) == "release_ended"
    assert card.draw(store, 1, fresh(store, now)) is not None


def test_what_is_released_keeps_its_sign_offs(store: Store) -> None:
    revision = asked(store, replace(ONE, valid_days=30), INFRA)
    say(store, "TOM", revision)
    with store.write() as session:
        session.get_one(ReleaseRow, 1).stage = Stage.RELEASED
    grow(store)
    assert revalidation.revalidate(store, NOW) == revalidation.revalidate_one(store, 1, NOW) == 0
    assert revalidation.expire(store, later(store, days=30)) == 0
    refused = [say(store, "INES", revision, decision) for decision in Decision]
    assert [why(each) for each in (*refused, revoke(store, POLICY, actor("TOM"), revision, NOW))] == [
        "release_ended",
        "release_ended",
        "release_ended",
    ]
    assert signoff_reminder.releases(store) == []
    assert requirement(store, now=None).progress is Progress.MET
    picture = card.draw(store, 1, NOW)
    assert picture
    assert picture.revision_id is None, "nothing is left to click"


def test_the_card_is_drawn_anew_once_somebody_may_not_sign_any_more(store: Store) -> None:
    asked(store)
    signoff_reminder.run(store, POLICY, 1, NOW)
    assert messages(store, "signoff.refresh") == []
    with store.write() as session:
        session.add(TicketChangeRow(ticket_id="id-DATA-1", id="1", field="assignee", before="acc-tom", at=NOW))
    signoff_reminder.run(store, POLICY, 1, NOW)
    assert len(messages(store, "signoff.refresh")) == 1


def test_an_approval_on_conditions_under_a_go_takes_it_back_and_says_why(store: Store) -> None:
    revision = asked(store, ONE)
    say(store, "TOM", revision)
    with store.write() as session:
        session.get_one(ReleaseRow, 1).stage = Stage.GO
    assert isinstance(say(store, "INES", revision, more=With(conditions=("Rollback tested",))), Accepted)
    with store.read() as session:
        assert release_store.load(session, 1).stage is Stage.READY
        moves = session.exec(select(AuditRow.body).where(AuditRow.kind == "release.moved").order_by(col(AuditRow.seq)))
        body = moves.all()[-1]
    assert '"why":"an approval hangs on conditions: QA"' in body
