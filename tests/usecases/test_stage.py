"""Moving releases on a real store: what is recorded and told, what is refused, and what a race leaves."""

import json
import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import CriterionRule, Freeze, GonogoRule, Template
from interlock.domain.release import Stage
from interlock.domain.secret import Issued
from interlock.domain.signoff import Decision
from interlock.domain.stage import Ahead, Moved
from interlock.store import release as releases
from interlock.store.audit import AuditRow
from interlock.store.directory import fresh
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.ticket import TicketRow
from interlock.store.waiver import WaiverRow
from interlock.usecases import card, criterion, report, revalidation, scope, signoff, signoff_revoke, stage, stage_stop
from interlock.usecases import release as releases_usecase
from interlock.usecases.release import Invalid
from tests.builders import CHANNEL, GOVERNANCE, NOW, POLICY, TEMPLATE, actor, people, release, ticket

DONE = CriterionRule(kind="scope_complete", name="Everything is done")
FREE = CriterionRule(kind="no_open_blocker", name="Nothing is blocked", before="frozen")
PLAIN = replace(TEMPLATE, requirements=(GOVERNANCE,), criteria=(DONE, FREE))
RITA, MARIA = actor("RITA"), actor("MARIA")


def made(store: Store, at: Stage = Stage.PLANNED, template: Template = PLAIN, **tickets: Any) -> int:
    """A release at that stage whose one ticket is done, unless `tickets` says otherwise."""
    with store.write() as session:
        people(session)
        ticket(session, "DATA-1", **{"category": "done"} | tickets)
        return release(session, template=template, stage=at.value)


def move(store: Store, number: int, after: Stage, why: str = "", who: str = "RITA") -> Any:
    return stage.move(store, POLICY, actor(who), number, after, why, NOW)


def standing(store: Store, number: int) -> Stage:
    with store.read() as session:
        return releases.load(session, number).stage


def facts(store: Store, kind: str) -> list[dict[str, Any]]:
    with store.read() as session:
        bodies = session.exec(select(AuditRow.body).where(AuditRow.kind == kind).order_by(AuditRow.seq)).all()  # type: ignore[arg-type]  # a column
        return [json.loads(each)["facts"] for each in bodies]


def approved(store: Store, number: int) -> None:
    asked = signoff.request(store, POLICY, RITA, number, NOW)
    assert isinstance(asked, signoff.Requested)
    picture = card.draw(store, asked.card.id, NOW)
    assert picture is not None
    done = signoff.decide(store, POLICY, MARIA, picture.revision_id or "", Decision.APPROVED, None, NOW)
    assert isinstance(done, signoff.Decided), done


def at_go(store: Store, template: Template = PLAIN) -> int:
    number = made(store, Stage.READY, template)
    approved(store, number)
    assert isinstance(move(store, number, Stage.GO), Moved)
    return number


def test_a_move_is_recorded_with_its_conditions_and_told(store: Store) -> None:
    number = made(store)
    done = move(store, number, Stage.IN_PROGRESS)
    assert isinstance(done, Moved)
    assert (done.before, done.after, standing(store, number)) == (Stage.PLANNED, Stage.IN_PROGRESS, Stage.IN_PROGRESS)
    told = facts(store, "release.moved")[0]
    assert (told["from"], told["to"], told["policy_version"]) == ("planned", "in_progress", "v1")
    assert told["conditions"] == [["Something is in scope", "1 ticket in scope"]]
    assert len(told["fingerprint"]) == 64
    with store.read() as session:
        assert session.exec(select(OutboxRow.channel).where(OutboxRow.kind == "release.moved")).all() == [CHANNEL]


def test_each_stage_asks_for_what_is_needed_before_it_and_before_those_that_came(store: Store) -> None:
    number = made(store, Stage.IN_PROGRESS, flagged=True, category="new")
    refused = move(store, number, Stage.FROZEN)
    assert isinstance(refused, Ahead)
    assert refused.refused
    assert [(each.name, each.why) for each in refused.missing] == [("Nothing is blocked", "1 ticket can't move")]
    assert standing(store, number) is Stage.IN_PROGRESS
    assert facts(store, "release.move_refused")[0]["missing"] == ["Nothing is blocked"]


def test_go_takes_every_gate_and_every_signoff(store: Store) -> None:
    number = made(store, Stage.READY, category="new")
    refused = move(store, number, Stage.GO)
    assert isinstance(refused, Ahead)
    assert [each.name for each in refused.missing] == ["Everything is done", "Data Governance"]


def test_go_is_refused_while_jira_is_too_old(store: Store) -> None:
    number = made(store, Stage.READY)
    approved(store, number)
    late = NOW + timedelta(minutes=31)
    with store.write() as session:
        fresh(session, "groups", late)
        fresh(session, "people", late)
    refused = stage.move(store, POLICY, RITA, number, Stage.GO, "", late)
    assert isinstance(refused, Ahead)
    assert ("Jira is read", "Jira was last read 31 min ago") in [(each.name, each.why) for each in refused.missing]


def test_go_is_refused_for_a_target_in_a_freeze(store: Store) -> None:
    number = made(store, Stage.READY)
    approved(store, number)
    freeze = Freeze(name="Year-end freeze", start=date(2026, 12, 14), end=date(2027, 1, 2))
    refused = stage.move(store, replace(POLICY, freezes=(freeze,)), RITA, number, Stage.GO, "", NOW)
    assert isinstance(refused, Ahead)
    assert "Year-end freeze" in refused.missing[-1].why


def test_where_the_template_has_a_roll_call_there_is_no_way_round_it(store: Store) -> None:
    called = replace(PLAIN, gonogo=GonogoRule(roles=("release_manager",)))
    number = made(store, Stage.READY, called)
    approved(store, number)
    refused = move(store, number, Stage.GO)
    assert isinstance(refused, Ahead)
    assert [each.name for each in refused.missing] == ["Go/no-go"]
    assert standing(store, number) is Stage.READY


def test_who_may_move_on_may_not_therefore_say_go(store: Store) -> None:
    number = made(store, Stage.READY)
    policy = replace(POLICY, permissions=POLICY.permissions | {Permission.RELEASE_GO: ("nobody",)})
    refused = stage.move(store, policy, RITA, number, Stage.GO, "", NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "not_permitted"


@pytest.mark.parametrize(
    ("at", "after"),
    [
        (Stage.PLANNED, Stage.FROZEN),
        (Stage.PLANNED, Stage.CLOSED),
        (Stage.READY, Stage.PLANNED),
        (Stage.RELEASED, Stage.DEPLOYING),
        (Stage.CANCELLED, Stage.PLANNED),
        (Stage.CLOSED, Stage.RELEASED),
    ],
)
def test_no_stage_is_skipped_and_what_is_released_stays(sqlite_store: Store, at: Stage, after: Stage) -> None:
    number = made(sqlite_store, at)
    assert isinstance(move(sqlite_store, number, after, "because"), Refused)
    assert standing(sqlite_store, number) is at


@pytest.mark.parametrize(
    ("at", "after"),
    [
        (Stage.IN_PROGRESS, Stage.PLANNED),
        (Stage.FROZEN, Stage.IN_PROGRESS),
        (Stage.READY, Stage.FROZEN),
        (Stage.GO, Stage.READY),
        (Stage.DEPLOYING, Stage.READY),
    ],
)
def test_it_goes_back_where_that_is_safe_with_a_reason(sqlite_store: Store, at: Stage, after: Stage) -> None:
    number = made(sqlite_store, at)
    assert isinstance(move(sqlite_store, number, after), Invalid)
    assert isinstance(move(sqlite_store, number, after, "the vendor slipped"), Moved)
    assert facts(sqlite_store, "release.moved")[-1]["why"] == "the vendor slipped"


def test_a_template_without_a_stage_passes_it_by(sqlite_store: Store) -> None:
    hotfix = replace(PLAIN, criteria=(), stages=("go", "deploying", "released"), requirements=())
    number = made(sqlite_store, template=hotfix)
    assert [type(move(sqlite_store, number, each)) for each in (Stage.GO, Stage.DEPLOYING, Stage.RELEASED)] == [
        Moved
    ] * 3
    assert isinstance(move(sqlite_store, number, Stage.DEPLOYING, "x"), Refused)


def test_a_second_click_changes_nothing(store: Store) -> None:
    number = made(store)
    move(store, number, Stage.IN_PROGRESS)
    again = move(store, number, Stage.IN_PROGRESS)
    assert isinstance(again, Moved)
    assert again.again
    assert len(facts(store, "release.moved")) == 1


def test_of_two_who_move_it_at_once_one_does(store: Store) -> None:
    number = made(store)
    barrier, done = threading.Barrier(2), list[Any]()

    def go() -> None:
        barrier.wait()
        done.append(move(store, number, Stage.IN_PROGRESS))

    threads = [threading.Thread(target=go) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each.again for each in done) == [False, True]
    assert standing(store, number) is Stage.IN_PROGRESS
    assert len(facts(store, "release.moved")) == 1


def test_a_held_release_moves_only_back(store: Store) -> None:
    number = made(store, Stage.IN_PROGRESS)
    held = stage_stop.hold(store, POLICY, RITA, "2026.12 the bank is closed", CHANNEL, NOW, on=True)
    assert isinstance(held, stage_stop.HoldSet)
    refused = move(store, number, Stage.FROZEN)
    assert isinstance(refused, Refused)
    assert "the bank is closed" in refused.sentence
    assert isinstance(move(store, number, Stage.PLANNED, "start over"), Moved)
    assert isinstance(stage_stop.hold(store, POLICY, RITA, "2026.12", CHANNEL, NOW, on=False), stage_stop.HoldSet)
    assert isinstance(move(store, number, Stage.IN_PROGRESS), Moved)
    assert [facts(store, kind)[0]["why"] for kind in ("release.held", "release.resumed")] == ["the bank is closed", ""]


def hold(store: Store, text: str, who: str = "RITA", *, on: bool = True) -> Any:
    return stage_stop.hold(store, POLICY, actor(who), text, CHANNEL, NOW, on=on)


def test_holding_again_in_the_same_words_succeeds_quietly_and_in_others_is_refused(store: Store) -> None:
    made(store, Stage.IN_PROGRESS)
    assert not hold(store, "2026.12 the bank is closed").again
    assert hold(store, "2026.12 the bank is closed").again
    assert facts(store, "release.held_refused") == []
    refused = hold(store, "2026.12 payments fail")
    assert isinstance(refused, Refused)
    assert (refused.reason, "the bank is closed" in refused.sentence) == ("no_change", True)
    assert [each["why"] for each in facts(store, "release.held_refused")] == ["no_change"]
    assert [each["why"] for each in facts(store, "release.held")] == ["the bank is closed"]


def test_what_is_not_on_hold_goes_on_quietly(store: Store) -> None:
    made(store, Stage.IN_PROGRESS)
    hold(store, "2026.12 the bank is closed")
    assert [hold(store, "2026.12", on=False).again for _ in range(2)] == [False, True]
    assert len(facts(store, "release.resumed")) == 1
    assert facts(store, "release.resumed_refused") == []


def test_what_is_refused_of_a_release_that_is_over_is_on_record(store: Store) -> None:
    number = made(store, Stage.CLOSED)
    done = [
        hold(store, "2026.12 too late"),
        hold(store, "2026.12", on=False),
        stage_stop.cancel(store, POLICY, RITA, number, "too late", NOW),
        releases_usecase.close(store, POLICY, RITA, number, "too late", NOW),
    ]
    assert [each.reason for each in done] == ["release_ended"] * 4
    for kind in ("held", "resumed", "cancel", "close"):
        assert [each["why"] for each in facts(store, f"release.{kind}_refused")] == ["release_ended"]


def test_holding_takes_a_reason(sqlite_store: Store) -> None:
    made(sqlite_store)
    assert isinstance(stage_stop.hold(sqlite_store, POLICY, RITA, "2026.12", CHANNEL, NOW, on=True), Invalid)


def test_a_cancelled_release_is_over(store: Store) -> None:
    number = made(store, Stage.FROZEN)
    assert isinstance(stage_stop.cancel(store, POLICY, RITA, number, "", NOW), Invalid)
    done = stage_stop.cancel(store, POLICY, RITA, number, "no budget", NOW)
    assert isinstance(done, Moved)
    assert done.release.ended
    assert isinstance(move(store, number, Stage.READY), Refused)
    again = stage_stop.cancel(store, POLICY, RITA, number, "no budget", NOW)
    assert isinstance(again, Moved)
    assert again.again


@pytest.mark.parametrize("at", [Stage.DEPLOYING, Stage.RELEASED])
def test_what_is_deployed_is_not_cancelled(sqlite_store: Store, at: Stage) -> None:
    refused = stage_stop.cancel(sqlite_store, POLICY, RITA, made(sqlite_store, at), "x", NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "too_late"


def test_a_go_falls_back_when_the_scope_changes_under_it(store: Store) -> None:
    number = at_go(store)
    with store.write() as session:
        scope.refresh(session, [ticket(session, "DATA-2")], NOW)
    assert revalidation.revalidate(store, NOW) == 1
    assert standing(store, number) is Stage.READY
    assert "Data Governance" in facts(store, "release.moved")[-1]["why"]


def test_a_go_falls_back_when_somebody_rejects_it(store: Store) -> None:
    two = replace(PLAIN, requirements=(replace(GOVERNANCE, groups=("qa-approvers",)),))
    number = at_go(store, two)
    picture = card.draw(store, 1, NOW)
    assert picture is not None
    signoff.decide(store, POLICY, actor("TOM"), picture.revision_id or "", Decision.REJECTED, "it leaks", NOW)
    assert standing(store, number) is Stage.READY


def test_a_go_falls_back_when_its_approver_leaves(store: Store) -> None:
    number = at_go(store)
    with store.write() as session:
        session.get_one(PersonRow, "U0MARIA").active = False
    assert stage.recheck(store, NOW) == 1
    assert standing(store, number) is Stage.READY
    assert stage.recheck(store, NOW) == 0


def test_a_revocation_takes_the_go_back(store: Store) -> None:
    number = at_go(store)
    picture = card.draw(store, 1, NOW)
    assert picture is not None
    done = signoff_revoke.revoke(store, POLICY, MARIA, picture.revision_id or "", NOW)
    assert isinstance(done, signoff_revoke.Revoked)
    assert standing(store, number) is Stage.READY
    assert facts(store, "release.moved")[-1]["why"] == "a sign-off was revoked: Data Governance"


def test_what_is_rejected_while_it_is_deployed_is_not_released(store: Store) -> None:
    two = replace(PLAIN, requirements=(replace(GOVERNANCE, groups=("qa-approvers",)),))
    number = at_go(store, two)
    assert isinstance(move(store, number, Stage.DEPLOYING), Moved)
    picture = card.draw(store, 1, NOW)
    assert picture is not None
    signoff.decide(store, POLICY, actor("TOM"), picture.revision_id or "", Decision.REJECTED, "it leaks", NOW)
    refused = move(store, number, Stage.RELEASED)
    assert isinstance(refused, Ahead)
    assert [each.why for each in refused.missing] == ["rejected by Tom Arkwright"]


def test_what_is_being_deployed_is_not_closed(sqlite_store: Store) -> None:
    number = made(sqlite_store, Stage.DEPLOYING)
    refused = releases_usecase.close(sqlite_store, POLICY, RITA, number, "done", NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "deploying"


BOX = CriterionRule(kind="checklist", name="Model card")
FIGURE = CriterionRule(kind="report", name="Coverage", report="coverage", minimum=80)


def untick(store: Store, *, ticked: bool = False) -> None:
    done = criterion.tick(store, POLICY, RITA, "2026.12 model card", CHANNEL, NOW, ticked=ticked)
    assert isinstance(done, criterion.Ticked)


def push(store: Store, value: float) -> None:
    report.ask(store, POLICY, RITA, "ci", str(value), NOW)
    token = report.issue(store, POLICY, "ci", "U0RITA", str(value), NOW)
    assert isinstance(token, Issued)
    assert isinstance(report.push(store, POLICY, token.text, "2026.12", "coverage", value, "", NOW), report.Pushed)


def at_go_by(store: Store, gate: CriterionRule) -> int:
    number = made(store, Stage.READY, replace(PLAIN, criteria=(gate,)))
    approved(store, number)
    untick(store, ticked=True) if gate.kind == "checklist" else push(store, 80)
    assert isinstance(move(store, number, Stage.GO), Moved)
    return number


def test_a_box_that_is_emptied_takes_the_go_back(store: Store) -> None:
    number = at_go_by(store, BOX)
    untick(store)
    assert standing(store, number) is Stage.READY
    assert facts(store, "release.moved")[-1]["why"] == "an item is no longer ticked: Model card"


@pytest.mark.parametrize(
    ("at", "typed", "why"),
    [
        (Stage.CLOSED, "model card", "release_ended"),
        (Stage.READY, "zebra", "unknown_item"),
        (Stage.READY, "model card", "link_missing"),
        (Stage.READY, "model card ftp://wiki.example/card", "no_link"),
    ],
)
def test_a_tick_that_is_refused_is_recorded(store: Store, at: Stage, typed: str, why: str) -> None:
    made(store, at, replace(PLAIN, criteria=(replace(BOX, link_needed=True),)))
    refused = criterion.tick(store, POLICY, RITA, f"2026.12 {typed}", CHANNEL, NOW, ticked=True)
    assert isinstance(refused, Refused)
    assert [each["why"] for each in facts(store, "criterion.refused")] == [refused.reason] == [why]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            "2026.12 zebra",
            "2026.12 has no item “zebra”. After the release, type an item of its checklist: “Model card”.",
        ),
        ("2026.12", "Which item is meant? After the release, type an item of its checklist: “Model card”."),
    ],
)
def test_which_items_there_are_is_said(sqlite_store: Store, typed: str, sentence: str) -> None:
    made(sqlite_store, Stage.READY, replace(PLAIN, criteria=(BOX,)))
    refused = criterion.tick(sqlite_store, POLICY, RITA, typed, CHANNEL, NOW, ticked=True)
    assert isinstance(refused, Refused)
    assert refused.sentence == sentence


def test_a_figure_out_of_its_bounds_takes_the_go_back(store: Store) -> None:
    number = at_go_by(store, FIGURE)
    push(store, 99)
    assert standing(store, number) is Stage.GO
    push(store, 79.9)
    assert standing(store, number) is Stage.READY
    assert facts(store, "release.moved")[-1]["why"] == "a figure is out of its bounds: Coverage"


def test_a_gate_that_is_looked_at_after_go_takes_nothing_back(store: Store) -> None:
    number = at_go_by(store, replace(BOX, before="deploying"))
    untick(store)
    assert standing(store, number) is Stage.GO


@pytest.mark.parametrize(("days", "stands"), [(1, Stage.GO), (-1, Stage.READY)])
def test_a_gate_takes_nothing_back_while_it_is_waived(store: Store, days: int, stands: Stage) -> None:
    number = at_go_by(store, BOX)
    with store.write() as session:
        until, before = NOW + timedelta(days=days), NOW - timedelta(days=2)
        granted = WaiverRow(
            release_id=number,
            criterion=BOX.name,
            reason="x",
            until=until.date(),
            expires_at=until,
            asked_by="U0RITA",
            asked_at=before,
            state="granted",
            decided_by="U0MARIA",
            decided_at=before,
        )
        session.add(granted)
    untick(store)
    assert standing(store, number) is stands


def test_deploying_looks_again_at_all_that_go_asked(store: Store) -> None:
    number = at_go(store)
    with store.write() as session:
        session.get_one(TicketRow, "id-DATA-1").flagged = True
        session.get_one(TicketRow, "id-DATA-1").category = "new"
    refused = move(store, number, Stage.DEPLOYING)
    assert isinstance(refused, Ahead)
    assert {"Nothing is blocked", "Everything is done"} <= {each.name for each in refused.missing}


@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        ("2026.12 to in progress", Stage.IN_PROGRESS),
        ("to in_progress now", Stage.IN_PROGRESS),
        ("2026.12 to in because we can", Stage.IN_PROGRESS),
        ("2026.12", None),
        ("", None),
    ],
)
def test_what_is_typed(sqlite_store: Store, typed: str, outcome: Stage | None) -> None:
    made(sqlite_store)
    done = stage.ask(sqlite_store, POLICY, RITA, typed, CHANNEL, NOW)
    if outcome is None:
        assert isinstance(done, Ahead)
        assert (done.after, done.missing, done.refused) == (Stage.IN_PROGRESS, (), False)
    else:
        assert isinstance(done, Moved), done
        assert done.after is outcome


def test_a_stage_that_there_is_not_is_named(sqlite_store: Store) -> None:
    made(sqlite_store)
    refused = stage.ask(sqlite_store, POLICY, RITA, "2026.12 to heaven", CHANNEL, NOW)
    assert isinstance(refused, Refused)
    assert refused.sentence == (
        "2026.12 has no stage “heaven”. Its stages: planned, in progress, frozen, ready, go, deploying, released or "
        "closed."
    )
