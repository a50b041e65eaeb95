"""Giving sign-offs on a real store: what is recorded, what is told, and what a race leaves."""

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.home import Home
from interlock.domain.policy import RequirementRule
from interlock.domain.release import Stage
from interlock.domain.signing import Accepted, AlreadySigned, Stale
from interlock.domain.signoff import Decision, Progress, Requirement
from interlock.store import audit, signoff
from interlock.store import card as card_store
from interlock.store import release as release_store
from interlock.store.audit import AuditPersonRow, AuditRow
from interlock.store.card import CardRevisionRow
from interlock.store.directory import fresh
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.release import ReleaseRow
from interlock.store.signoff import SignoffRow
from interlock.store.ticket import TicketChangeRow, TicketRow
from interlock.usecases import card, home, revalidation, scope
from interlock.usecases.redelivery import Act, RepeatedError
from interlock.usecases.signoff import Decided, Requested, decide, request
from interlock.usecases.signoff_revoke import Revoked, revoke
from interlock.usecases.signoff_view import overview_of
from tests.builders import NOW, POLICY, TEMPLATE, actor, people, release, ticket

TICKETS = ("DATA-1", "DATA-2", "ML-3")


def asked(store: Store) -> tuple[int, str]:
    """A release with three tickets whose sign-offs Rita asked for: the card's id and the revision that was drawn."""
    with store.write() as session:
        people(session)
        release_id = release(session, tickets=TICKETS)
    requested = request(store, POLICY, actor("RITA"), release_id, NOW)
    assert isinstance(requested, Requested)
    return requested.card.id, drawn(store, requested.card.id)


def drawn(store: Store, card_id: int) -> str:
    picture = card.draw(store, card_id, NOW)
    assert picture is not None
    assert picture.revision_id is not None
    return picture.revision_id


def approve(store: Store, who: Actor, revision_id: str) -> Decided | Refused:
    return decide(store, POLICY, who, revision_id, Decision.APPROVED, None, NOW)


def kinds(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.exec(select(AuditRow.kind).order_by(AuditRow.seq)).all())  # type: ignore[arg-type]  # a column


def test_asking_posts_one_card_and_moves_the_release_on(store: Store) -> None:
    card_id, _ = asked(store)
    again = request(store, POLICY, actor("RITA"), 1, NOW)
    assert isinstance(again, Requested)
    assert (again.new, again.card.id) == (False, card_id)
    with store.read() as session:
        posts = session.exec(select(OutboxRow.key, OutboxRow.channel).where(OutboxRow.kind == "signoff.card")).all()
        assert posts == [(f"card:{card_id}", "C0RELDATAPLATFORM")]
        assert session.exec(select(ReleaseRow.stage)).one() == Stage.IN_PROGRESS
    assert kinds(store)[-2:] == ["signoff.requested", "release.moved"]


def test_asking_moves_nothing_that_is_on_hold(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        people(session)
        release_id = release(session, tickets=TICKETS)
        session.get_one(ReleaseRow, release_id).held_by = "U0RITA"
        session.get_one(ReleaseRow, release_id).held_at = NOW
        session.get_one(ReleaseRow, release_id).held_reason = "the vendor is late"
    assert isinstance(request(sqlite_store, POLICY, actor("RITA"), release_id, NOW), Requested)
    with sqlite_store.read() as session:
        assert session.exec(select(ReleaseRow.stage)).one() == Stage.PLANNED
    assert "release.moved" not in kinds(sqlite_store)


def test_only_those_whom_policy_lets_may_ask(store: Store) -> None:
    with store.write() as session:
        people(session)
        release_id = release(session, tickets=TICKETS)
    refused = request(store, POLICY, actor("TOM"), release_id, NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "not_permitted"


@pytest.mark.parametrize(
    ("stage", "requirements", "why"),
    [(Stage.RELEASED, TEMPLATE.requirements, "release_ended"), (Stage.PLANNED, (), "no_requirements")],
)
def test_nothing_is_asked_for_where_nothing_is_to_sign(
    store: Store, stage: Stage, requirements: tuple[RequirementRule, ...], why: str
) -> None:
    with store.write() as session:
        people(session)
        template = replace(TEMPLATE, requirements=requirements)
        release_id = release(session, tickets=TICKETS, template=template, stage=stage.value)
    refused = request(store, POLICY, actor("RITA"), release_id, NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == why
    assert kinds(store) == ["signoff.refused"]


def test_an_approval_its_audit_event_and_the_redraw_commit_together(store: Store) -> None:
    card_id, revision_id = asked(store)
    result = approve(store, actor("TOM"), revision_id)
    assert isinstance(result, Decided)
    assert isinstance(result.verdict, Accepted)
    with store.read() as session:
        row = session.exec(select(SignoffRow)).one()
        shown = session.get_one(CardRevisionRow, revision_id)
        assert (row.slack_id, row.decision, row.auth, row.fingerprint) == (
            "U0TOM",
            "approved",
            "slack",
            shown.fingerprint,
        )
        refreshes = session.exec(select(OutboxRow).where(OutboxRow.kind == "signoff.refresh")).all()
        assert [(one.coalesce, one.urgency) for one in refreshes] == [(f"card:{card_id}", 0)]
        who = session.exec(select(AuditPersonRow.data).where(AuditPersonRow.seq == 3)).one()
        assert who["name"] == "Tom Arkwright"
        assert audit.verify(session) == (3, None)
    assert kinds(store) == ["signoff.requested", "release.moved", "signoff.approved"]


def test_a_repeated_click_is_harmless(store: Store) -> None:
    _, revision_id = asked(store)
    approve(store, actor("TOM"), revision_id)
    again = approve(store, actor("TOM"), revision_id)
    assert isinstance(again, Decided)
    assert isinstance(again.verdict, AlreadySigned)
    with store.read() as session:
        assert len(session.exec(select(SignoffRow)).all()) == 1


def test_a_quorum_takes_two_people(store: Store) -> None:
    _, revision_id = asked(store)
    approve(store, actor("TOM"), revision_id)
    approve(store, actor("NOOR"), revision_id)
    picture = overview_of(store, POLICY, actor("ANA"), 1)
    assert not isinstance(picture, Refused)
    assert [one.progress for one in picture.requirements] == [Progress.MET, Progress.OPEN]
    assert (picture.met, picture.tickets, picture.done) == (1, 3, 0)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("RITA", "not_eligible"),
        ("GUEST", "guest"),
        ("VENDOR", "external"),
        ("LEFT", "deactivated"),
        ("NOBODY", "unknown_person"),
        ("NOMAIL", "account_not_verified"),
    ],
)
def test_who_is_refused_and_that_it_is_recorded(store: Store, who: str, reason: str) -> None:
    _, revision_id = asked(store)
    result = approve(store, actor(who), revision_id)
    refused = result.verdict if isinstance(result, Decided) else result
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    with store.read() as session:
        assert session.exec(select(SignoffRow)).all() == []
    assert kinds(store)[-1] == "signoff.refused"


def refusals(store: Store) -> list[tuple[str, str]]:
    """What was refused, and why."""
    with store.read() as session:
        bodies = session.exec(select(AuditRow.body).where(AuditRow.kind == "signoff.refused").order_by(AuditRow.seq))  # type: ignore[arg-type]  # a column
        facts = [json.loads(body)["facts"] for body in bodies]
    return [(each["decision"], each["why"]) for each in facts]


def test_refused_requests_and_revocations_are_recorded_as_well(store: Store) -> None:
    _, revision_id = asked(store)
    request(store, POLICY, actor("TOM"), 1, NOW)
    revoke(store, POLICY, actor("GUEST"), revision_id, NOW)
    with store.write() as session:
        session.get_one(ReleaseRow, 1).stage = Stage.CLOSED
    revoke(store, POLICY, actor("TOM"), revision_id, NOW)
    assert refusals(store) == [("requested", "not_permitted"), ("revoked", "guest"), ("revoked", "release_ended")]


def test_a_tampered_revision_meets_a_sentence(store: Store) -> None:
    asked(store)
    refused = approve(store, actor("TOM"), "no-such-revision")
    assert isinstance(refused, Refused)
    assert refused.reason == "unknown_card"


@pytest.mark.parametrize("how", ["assigned now", "assigned until yesterday"])
def test_whoever_worked_on_the_scope_may_not_sign_it(store: Store, how: str) -> None:
    _, revision_id = asked(store)
    with store.write() as session:
        if how == "assigned now":
            session.get_one(TicketRow, "id-DATA-2").assignee_id = "acc-tom"
        else:
            ended = NOW - timedelta(days=1)
            session.add(TicketChangeRow(ticket_id="id-DATA-2", id="1", field="assignee", before="acc-tom", at=ended))
    result = approve(store, actor("TOM"), revision_id)
    assert isinstance(result, Decided)
    assert isinstance(result.verdict, Refused)
    assert "assigned to DATA-2" in result.verdict.sentence


def test_an_assignment_that_ended_before_the_scope_opened_does_not_count(store: Store) -> None:
    _, revision_id = asked(store)
    with store.write() as session:
        ended = NOW - timedelta(days=11)
        session.add(TicketChangeRow(ticket_id="id-DATA-2", id="1", field="assignee", before="acc-tom", at=ended))
    result = approve(store, actor("TOM"), revision_id)
    assert isinstance(result, Decided)
    assert isinstance(result.verdict, Accepted)


def grow(store: Store) -> None:
    with store.write() as session:
        ticket(session, "DATA-9", security_level="Risk committee")
        scope.refresh(session, None, NOW)


def test_a_click_on_an_old_revision_says_what_changed_and_redraws(store: Store) -> None:
    card_id, revision_id = asked(store)
    grow(store)
    result = approve(store, actor("TOM"), revision_id)
    assert isinstance(result, Decided)
    assert isinstance(result.verdict, Stale)
    assert [(change.what, change.subject) for change in result.verdict.changes] == [("added", "DATA-9")]
    assert result.hidden == {"id-DATA-9"}
    assert drawn(store, card_id) != revision_id
    fresh = approve(store, actor("TOM"), drawn(store, card_id))
    assert isinstance(fresh, Decided)
    assert isinstance(fresh.verdict, Accepted)


def test_a_ticket_that_got_done_makes_no_card_old(store: Store) -> None:
    _, revision_id = asked(store)
    with store.write() as session:
        session.get_one(TicketRow, "id-DATA-1").category = "done"
    result = approve(store, actor("TOM"), revision_id)
    assert isinstance(result, Decided)
    assert isinstance(result.verdict, Accepted)


def test_a_changed_scope_voids_approvals_and_tells_the_signer(store: Store) -> None:
    card_id, revision_id = asked(store)
    approve(store, actor("TOM"), revision_id)
    decide(store, POLICY, actor("NOOR"), revision_id, Decision.REJECTED, "Lineage is missing", NOW)
    assert revalidation.revalidate(store, NOW) == 0
    grow(store)
    assert revalidation.revalidate(store, NOW) == 1
    assert revalidation.revalidate(store, NOW) == 0
    with store.read() as session:
        voided, rejected = session.exec(select(SignoffRow).order_by(SignoffRow.id)).all()  # type: ignore[arg-type]  # a column
        assert voided.void_change == {"changes": [["added", "id-DATA-9", "DATA-9"]]}
        assert rejected.void_at is None
        notes = session.exec(select(OutboxRow.channel).where(OutboxRow.kind == "signoff.void")).all()
        assert notes == ["@U0TOM"]
    again = approve(store, actor("TOM"), drawn(store, card_id))
    assert isinstance(again, Decided)
    assert isinstance(again.verdict, Accepted)


def test_a_home_tab_that_showed_the_changed_scope_first_leaves_no_card_behind(store: Store) -> None:
    def redraws() -> int:
        with store.write() as session:
            waiting = session.exec(select(OutboxRow).where(OutboxRow.kind == "signoff.refresh")).all()
            for row in waiting:
                session.delete(row)
            return len(waiting)

    _, revision_id = asked(store)
    approve(store, actor("TOM"), revision_id)
    assert redraws() == 1
    grow(store)
    assert isinstance(home.read(store, POLICY, actor("NOOR"), NOW), Home)
    assert redraws() == 1  # the card in Slack shows the scope of before
    assert revalidation.revalidate(store, NOW) == 1
    assert redraws() == 1  # and by now an approval that is void


def test_the_approval_of_somebody_who_left_is_voided_like_any_other(store: Store) -> None:
    """It counts for nothing while they are gone; should they come back, it must not count for what they never saw."""
    _, revision_id = asked(store)
    approve(store, actor("TOM"), revision_id)
    with store.write() as session:
        session.get_one(PersonRow, "U0TOM").active = False
    grow(store)
    assert revalidation.revalidate(store, NOW) == 1


def test_revoking_takes_back_ones_own_only(store: Store) -> None:
    _, revision_id = asked(store)
    approve(store, actor("TOM"), revision_id)
    approve(store, actor("NOOR"), revision_id)
    result = revoke(store, POLICY, actor("TOM"), revision_id, NOW)
    assert isinstance(result, Revoked)
    assert [one.key for one in result.requirements] == ["qa"]
    empty = revoke(store, POLICY, actor("TOM"), revision_id, NOW)
    assert isinstance(empty, Revoked)
    assert empty.requirements == ()
    picture = overview_of(store, POLICY, actor("ANA"), 1)
    assert not isinstance(picture, Refused)
    assert [one.person.name for one in picture.requirements[0].signoffs] == ["Noor Salter"]


def test_a_click_delivered_again_brings_back_nothing_that_was_revoked_since(store: Store) -> None:
    """As when Slack delivers an envelope to another replica, which has not seen it."""
    _, revision_id = asked(store)

    def approve_by(click: str) -> Decided | Refused:
        return decide(Act(store, click, NOW).store, POLICY, actor("TOM"), revision_id, Decision.APPROVED, None, NOW)

    def revoke_by(click: str) -> Revoked | Refused:
        return revoke(Act(store, click, NOW).store, POLICY, actor("TOM"), revision_id, NOW)

    assert isinstance(approve_by("click-1"), Decided)
    assert isinstance(revoke_by("click-2"), Revoked)
    with pytest.raises(RepeatedError):
        approve_by("click-1")
    meant = approve_by("click-3")
    assert isinstance(meant, Decided)
    assert isinstance(meant.verdict, Accepted)
    with pytest.raises(RepeatedError):
        revoke_by("click-2")
    with store.read() as session:
        live = session.exec(select(SignoffRow).where(SignoffRow.revoked_at == None)).all()  # noqa: E711 SQL's own
    assert len(live) == 1


def test_nothing_is_decided_on_a_closed_release(store: Store) -> None:
    _, revision_id = asked(store)
    approve(store, actor("TOM"), revision_id)
    with store.write() as session:
        session.get_one(ReleaseRow, 1).stage = Stage.CLOSED
    late = approve(store, actor("NOOR"), revision_id)
    assert isinstance(late, Decided)
    assert isinstance(late.verdict, Refused)
    refused = revoke(store, POLICY, actor("TOM"), revision_id, NOW)
    assert isinstance(refused, Refused)


def leave(store: Store, name: str) -> None:
    with store.write() as session:
        session.get_one(PersonRow, f"U0{name}").active = False


def test_a_leavers_rejection_falls_when_somebody_else_approves_anew_and_not_before(store: Store) -> None:
    _, revision_id = asked(store)
    approve(store, actor("INES"), revision_id)
    decide(store, POLICY, actor("TOM"), revision_id, Decision.REJECTED, "Untested", NOW)
    leave(store, "TOM")
    approve(store, actor("INES"), revision_id)  # her word of before is no new one
    assert qa(store).progress is Progress.REJECTED
    revoke(store, POLICY, actor("INES"), revision_id, NOW)
    approve(store, actor("INES"), revision_id)
    assert qa(store).rejections == ()
    with store.read() as session:
        row = session.exec(select(SignoffRow).where(SignoffRow.decision == "rejected")).one()
        assert row.void_change == {"giver_left": True, "approved_by": "U0INES"}
        assert audit.verify(session)[1] is None
    assert kinds(store)[-2:] == ["signoff.approved", "signoff.voided"]


def test_a_rejection_of_somebody_who_is_there_stands_whoever_approves(store: Store) -> None:
    _, revision_id = asked(store)
    decide(store, POLICY, actor("TOM"), revision_id, Decision.REJECTED, "Untested", NOW)
    approve(store, actor("INES"), revision_id)
    assert qa(store).progress is Progress.REJECTED


def qa(store: Store) -> Requirement:
    with store.read() as session:
        return signoff.requirements(session, release_store.load(session, 1))[0]


def test_deciding_is_refused_while_groups_are_too_old(store: Store) -> None:
    _, revision_id = asked(store)
    late = NOW + timedelta(minutes=16)
    refused = decide(store, POLICY, actor("TOM"), revision_id, Decision.APPROVED, None, late)
    assert isinstance(refused, Refused)
    assert refused.reason == "groups_unavailable"


def test_deciding_is_refused_while_nobody_knows_who_is_still_there(store: Store) -> None:
    _, revision_id = asked(store)
    late = NOW + timedelta(minutes=61)
    with store.write() as session:
        fresh(session, "groups", late)
        fresh(session, "tickets", late)
    refused = decide(store, POLICY, actor("TOM"), revision_id, Decision.APPROVED, None, late)
    assert isinstance(refused, Refused)
    assert refused.reason == "people_unavailable"
    with store.write() as session:
        fresh(session, "people", late)
    assert isinstance(decide(store, POLICY, actor("TOM"), revision_id, Decision.APPROVED, None, late), Decided)


def test_ten_clicks_of_one_person_at_once_make_one_signoff(store: Store) -> None:
    _, revision_id = asked(store)
    results: list[Decided | Refused] = []
    threads = [
        threading.Thread(target=lambda: results.append(approve(store, actor("TOM"), revision_id))) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    verdicts = [type(one.verdict) for one in results if isinstance(one, Decided)]
    assert sorted(kind.__name__ for kind in verdicts) == ["Accepted"] + ["AlreadySigned"] * 9
    with store.read() as session:
        assert len(session.exec(select(SignoffRow)).all()) == 1
        assert audit.verify(session)[1] is None


def give_twice(store: Store, revision_id: str) -> None:
    """What two clicks would do if nothing made one wait for the other."""

    for _ in range(2):
        with store.write() as session:
            revision = card_store.revision(session, revision_id)
            assert revision is not None

            qa = signoff.requirements(session, release_store.load(session, revision.card.release_id))[0]
            signoff.give(session, qa, revision, actor("TOM"), Decision.APPROVED, None, NOW)


def test_the_database_itself_refuses_a_second_live_signoff(store: Store) -> None:
    _, revision_id = asked(store)
    with pytest.raises(IntegrityError):
        give_twice(store, revision_id)


def test_and_without_its_constraint_it_would_not(store: Store) -> None:
    _, revision_id = asked(store)
    with store.write() as session:
        session.execute(text("DROP INDEX uq_signoff_live"))
        session.execute(text("DROP INDEX uq_signoff_principal"))
    give_twice(store, revision_id)
    with store.read() as session:
        assert len(session.exec(select(SignoffRow)).all()) == 2
