"""Breaking glass on a real store: two people, one scope, a time, and what is seen to afterwards."""

import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import delete, select

from bot.evidence import pack
from interlock.config.template import policy_version
from interlock.domain.actor import Authentication
from interlock.domain.break_glass import Confirmed, Outcome, Stale
from interlock.domain.evidence import Evidence
from interlock.domain.policy import BreakGlassRule, CriterionRule, Governance
from interlock.domain.release import Stage
from interlock.domain.signoff import Decision, Progress
from interlock.domain.stage import Ahead, Moved
from interlock.store import audit
from interlock.store import release as releases
from interlock.store.audit import AuditRow
from interlock.store.break_glass import BreakGlassRow
from interlock.store.card import CardRevisionRow
from interlock.store.engine import Store
from interlock.store.mirror import MirrorRow
from interlock.store.person import PersonRow
from interlock.store.release import ReleaseRow, ScopeRow
from interlock.store.ticket import TicketRow
from interlock.store.upsert import upsert
from interlock.usecases import (
    break_glass_end,
    criterion,
    digest,
    evidence,
    policy_change,
    readiness,
    revalidation,
    scope,
    signoff_revoke,
    stage,
    status,
)
from interlock.usecases import release as release_usecases
from interlock.usecases.break_glass import Asked, Judged
from interlock.usecases.break_glass_end import Ended, Reviewed
from interlock.usecases.policy_change import Proposed
from interlock.usecases.release import Closed, Invalid
from interlock.usecases.signoff import With
from tests import evidences, policy_changes
from tests.builders import CHANNEL, NOW, QA, actor, ticket
from tests.glasses import (
    GLASS,
    GOVERNANCE_CHANNEL,
    HOTFIX,
    ONE,
    ask,
    asked,
    broken,
    confirm,
    newest,
    ready,
    sent,
    shown,
    stage_of,
)
from tests.signoffs import at_once, drawn, fresh, kinds, later, requirement, say, why

VERIFY = Path(__file__).parents[2] / "docs/verify.py"
LATE = NOW + timedelta(hours=25)


def go(store: Store, now: datetime = NOW) -> Any:
    return stage.move(store, GLASS, actor("RITA"), 1, Stage.GO, "", now)


def leave(store: Store, who: str) -> None:
    with store.write() as session:
        session.get_one(PersonRow, f"U0{who}").active = False


def people_are_read(store: Store, now: datetime) -> None:
    """And tickets are not."""
    with store.write() as session:
        upsert(session, MirrorRow, [{"name": name, "as_of": now} for name in ("groups", "people")], ["name"])


def grow(store: Store, now: datetime = NOW, key: str = "DATA-9") -> None:
    """A ticket joins the scope, and nobody has looked yet at what that overtakes."""
    with store.write() as session:
        ticket(session, key)
        scope.refresh(session, None, now)


def take_back(store: Store, who: str, now: datetime = NOW, reason: str = "") -> Any:
    return break_glass_end.take_back(store, GLASS, actor(who), newest(store).id, reason, now)


def review(
    store: Store, who: str = "NOOR", words: str = "The fix was looked at on Tuesday", now: datetime = NOW
) -> Any:
    return break_glass_end.review(store, GLASS, actor(who), newest(store).id, words, now)


def test_two_people_let_the_missing_sign_offs_pass(store: Store) -> None:
    ready(store)
    assert isinstance(go(store), Ahead)
    made = asked(store)
    assert (made.requirements, made.answer_by) == (("qa", "governance"), NOW + timedelta(minutes=60))
    assert isinstance(go(store), Ahead), "asking alone lets nothing pass"
    done = confirm(store, "TOM", shown(store))
    assert isinstance(done, Judged)
    assert done.verdict == Confirmed(covers=("qa", "governance"))
    assert done.picture.glass.until == NOW + timedelta(hours=24)
    assert [requirement(store, each).progress for each in (0, 1)] == [Progress.EMERGENCY] * 2
    assert isinstance(go(store), Moved)
    with store.read() as session:
        moved = session.exec(select(AuditRow.body).where(AuditRow.kind == "release.moved")).one()
        assert audit.verify(session)[1] is None
    assert "0 of 1 signed; break glass 1 until Tue 24 Nov 09:00 UTC" in moved
    assert "Arkwright" not in moved, "what is recorded outlives whom it names"
    assert [each for each in kinds(store) if each.startswith("break")] == ["break_glass.asked", "break_glass.confirmed"]
    assert sent(store) == [
        ("card", GOVERNANCE_CHANNEL),
        ("card", "@U0ANA"),
        ("card", "@U0INES"),
        ("card", "@U0TOM"),
        ("confirmed", GOVERNANCE_CHANNEL),
        ("confirmed", CHANNEL),
        ("confirmed", "@U0RITA"),
    ]


def test_whoever_asked_never_confirms_and_nobody_without_the_permission(store: Store) -> None:
    ready(store)
    asked(store, "ANA")
    assert why(confirm(store, "ANA", shown(store))) == "own_request"
    assert why(confirm(store, "RITA", shown(store))) == "not_permitted"
    assert why(ask(store, "TOM")) == "not_permitted"
    assert newest(store).confirmed_by is None
    assert kinds(store)[-3:] == ["break_glass.refused"] * 3


def test_what_can_be_asked_for(store: Store) -> None:
    never = replace(QA, key="risk", name="Risk", break_glass=False)
    ready(store, ONE, never)
    assert asked(store).requirements == ("qa",), "what policy forbids is left for whoever signs it"
    assert take_back(store, "RITA").picture.glass.outcome is Outcome.WITHDRAWN
    assert why(ask(store, text="2026.12 risk because it burns")) == "forbidden"
    assert why(ask(store, text="2026.12 qa, risk because it burns")) == "forbidden"
    assert why(ask(store, text="2026.12 Legal because it burns")) == "unknown_requirement"
    assert isinstance(ask(store, text="2026.12 because"), Invalid)
    assert isinstance(ask(store, text="2026.12 because \u200b"), Invalid)
    assert isinstance(ask(store, text=f"2026.12 because {'x' * 501}"), Invalid)
    say(store, "TOM", drawn(store))
    assert why(ask(store, text="2026.12 qa because it burns")) == "nothing_open"


def test_a_template_without_it_has_none(sqlite_store: Store) -> None:
    ready(sqlite_store, template=replace(HOTFIX, break_glass=None))
    assert why(ask(sqlite_store)) == "no_break_glass"


def test_nobody_breaks_glass_over_a_rejection(store: Store) -> None:
    ready(store)
    say(store, "TOM", drawn(store), Decision.REJECTED)
    assert why(ask(store)) == "rejected"
    made = asked(store, text="2026.12 governance because it burns")
    assert isinstance(confirm(store, "TOM", shown(store)), Judged)
    assert isinstance(go(store), Ahead), "what was rejected is rejected still"
    say(store, "MARIA", drawn(store), Decision.REJECTED)
    assert requirement(store, 1).progress is Progress.REJECTED
    assert newest(store).id == made.id


def test_a_rejection_after_it_takes_the_go_back(store: Store) -> None:
    ready(store)
    broken(store)
    assert isinstance(go(store), Moved)
    say(store, "INES", drawn(store), Decision.REJECTED)
    assert stage_of(store) == "ready"


def test_a_rejection_between_stops_the_confirmation(store: Store) -> None:
    ready(store)
    asked(store)
    revision = shown(store)
    say(store, "INES", drawn(store), Decision.REJECTED)
    assert why(confirm(store, "TOM", revision)) == "rejected"


def test_nobody_breaks_glass_over_open_conditions(store: Store) -> None:
    ready(store, replace(QA, quorum=2))
    made = asked(store)
    revision = shown(store)
    say(store, "TOM", drawn(store), more=With(conditions=("Rollback tested",)))
    assert why(confirm(store, "TOM", revision)) == "conditions_open"
    assert newest(store) == made
    take_back(store, "RITA")
    assert why(ask(store)) == "conditions_open"


def test_conditions_that_come_after_it_hold_the_release_up(store: Store) -> None:
    ready(store, replace(QA, quorum=2))
    broken(store)
    assert isinstance(go(store), Moved)
    say(store, "TOM", drawn(store), more=With(conditions=("Rollback tested",)))
    assert requirement(store).progress is Progress.CONDITIONAL
    assert stage_of(store) == "ready"


def test_what_was_signed_meanwhile_is_not_let_pass(store: Store) -> None:
    ready(store)
    asked(store)
    revision = shown(store)
    say(store, "INES", drawn(store))
    done = confirm(store, "TOM", revision)
    assert done.verdict == Confirmed(covers=("governance",))
    signoff_revoke.revoke(store, GLASS, actor("INES"), drawn(store), NOW)
    assert requirement(store, 0).progress is Progress.OPEN


def test_a_gate_a_freeze_and_a_stale_mirror_stand_in_the_way_still(store: Store) -> None:
    gate = CriterionRule(kind="checklist", name="The incident is named")
    ready(store, template=replace(HOTFIX, criteria=(gate,)))
    broken(store)
    found = go(store)
    assert isinstance(found, Ahead)
    assert [each.name for each in found.missing] == ["The incident is named"]
    late = NOW + timedelta(minutes=50)
    people_are_read(store, late)
    found = go(store, late)
    assert isinstance(found, Ahead)
    assert "Jira is read" in {each.name for each in found.missing}


def test_neither_is_asked_nor_confirmed_on_a_stale_mirror(sqlite_store: Store) -> None:
    store = sqlite_store
    ready(store)
    asked(store)
    revision = shown(store)
    late = NOW + timedelta(minutes=40)
    people_are_read(store, late)
    assert why(confirm(store, "TOM", revision, late)) == "mirror_stale"
    take_back(store, "RITA", late)
    assert why(ask(store, now=late)) == "mirror_stale"


def test_a_changed_scope_is_not_confirmed_and_has_to_be_asked_anew(store: Store) -> None:
    ready(store)
    asked(store)
    revision = shown(store)
    grow(store)
    done = confirm(store, "TOM", revision)
    assert isinstance(done.verdict, Stale)
    assert [each.what for each in done.verdict.changes] == ["added"]
    assert newest(store).outcome is Outcome.OVERTAKEN
    assert kinds(store)[-2:] == ["break_glass.refused", "break_glass.overtaken"]
    assert isinstance(confirm(store, "TOM", shown(store) or revision), object)
    asked(store)
    assert isinstance(confirm(store, "TOM", shown(store)), Judged)


def test_what_changed_since_it_was_shown_is_not_confirmed_though_it_is_as_it_was_asked(sqlite_store: Store) -> None:
    store = sqlite_store

    def rank(priority: str) -> None:
        with store.write() as session:
            session.get_one(TicketRow, "id-DATA-1").priority = priority

    ready(store)
    rank("High")
    asked(store)
    rank("Low")
    revision = shown(store)
    rank("High")
    done = confirm(store, "TOM", revision)
    assert isinstance(done.verdict, Stale)
    assert (newest(store).confirmed_by, newest(store).outcome) == (None, None)
    assert isinstance(confirm(store, "TOM", shown(store)).verdict, Confirmed), "looked at again"


def test_an_older_card_confirms_nothing_else(store: Store) -> None:
    ready(store)
    asked(store)
    first = shown(store)
    take_back(store, "RITA")
    asked(store, text="2026.12 qa because something else")
    assert why(confirm(store, "TOM", first)) == "ended_withdrawn"
    assert why(confirm(store, "TOM", "nothing")) == "unknown_break_glass"


def test_a_material_change_ends_it_and_the_go_that_rests_on_it(store: Store) -> None:
    ready(store)
    broken(store)
    assert isinstance(go(store), Moved)
    grow(store)
    assert requirement(store).progress is Progress.OPEN, "at once, whenever that is noted"
    with store.read() as session:
        (flag,) = status.read(session, GLASS, releases.load(session, 1), NOW).break_glass
    assert flag.until is None, "no report says that it holds"
    revalidation.revalidate(store, NOW)
    assert (stage_of(store), newest(store).outcome) == ("ready", Outcome.OVERTAKEN)
    told = [each for each in sent(store) if each[0] == "overtaken"]
    assert told == [(("overtaken"), where) for where in (GOVERNANCE_CHANNEL, CHANNEL, "@U0RITA", "@U0TOM")]


@pytest.mark.parametrize(("heeds", "outcome"), [(True, Outcome.OVERTAKEN), (False, None)])
def test_what_voids_an_approval_ends_it_too(sqlite_store: Store, heeds: bool, outcome: Outcome | None) -> None:  # noqa: FBT001 a parameter of the test
    store = sqlite_store
    item = CriterionRule(kind="checklist", name="The incident is named")
    rule = replace(ONE, material=("evidence_changed",) if heeds else ("added",))
    ready(store, rule, template=replace(HOTFIX, criteria=(item,)))
    typed = "2026.12 The incident is named"
    criterion.tick(store, GLASS, actor("RITA"), typed, CHANNEL, NOW, ticked=True)
    broken(store, now=NOW + timedelta(minutes=1))
    assert newest(store).outcome is None, "it was ticked when the two looked"
    criterion.tick(store, GLASS, actor("RITA"), typed, CHANNEL, NOW + timedelta(minutes=2), ticked=False)
    assert newest(store).outcome is outcome


def test_a_ticket_that_gets_done_changes_nothing(store: Store) -> None:
    ready(store)
    broken(store)
    with store.write() as session:
        session.get_one(TicketRow, "id-DATA-1").category = "done"
    revalidation.revalidate(store, NOW)
    assert (requirement(store).progress, newest(store).outcome) == (Progress.EMERGENCY, None)


def test_it_ends_with_its_time_and_takes_the_go_with_it(store: Store) -> None:
    ready(store)
    broken(store)
    assert isinstance(go(store), Moved)
    assert requirement(store, now=LATE - timedelta(hours=1, seconds=1)).progress is Progress.EMERGENCY
    assert requirement(store, now=LATE - timedelta(hours=1)).progress is Progress.OPEN
    fresh(store, LATE)
    break_glass_end.revalidate(store, LATE)
    assert (stage_of(store), newest(store).outcome) == ("ready", Outcome.LAPSED)


def test_another_that_is_asked_for_shows_that_the_go_fell(sqlite_store: Store) -> None:
    store = sqlite_store
    ready(store)
    broken(store)
    assert isinstance(go(store), Moved)
    fresh(store, LATE)
    made = asked(store, now=LATE)
    with store.read() as session:
        shown_to = select(CardRevisionRow).where(CardRevisionRow.card_id == made.card_id)
        assert [row.shown["stage"] for row in session.exec(shown_to)] == ["ready"]


def test_it_holds_for_as_long_as_policy_says(sqlite_store: Store) -> None:
    ready(sqlite_store, template=replace(HOTFIX, break_glass=BreakGlassRule(holds_hours=2, confirm_within_minutes=5)))
    made = broken(sqlite_store)
    assert (made.until, made.answer_by) == (NOW + timedelta(hours=2), NOW + timedelta(minutes=5))


def test_nobody_confirms_in_time(store: Store) -> None:
    ready(store)
    asked(store)
    revision = shown(store)
    late = later(store, minutes=60)
    assert why(confirm(store, "TOM", revision, late)) == "ended_unanswered"
    assert break_glass_end.revalidate(store, late) == 1
    assert newest(store).outcome is Outcome.UNANSWERED
    assert sent(store)[-1] == ("unanswered", "@U0RITA")
    assert kinds(store)[-1] == "break_glass.unanswered"
    assert isinstance(ask(store, now=late), Asked)


def test_either_of_the_two_takes_it_back(store: Store) -> None:
    ready(store)
    for who in ("RITA", "TOM"):
        broken(store)
        assert isinstance(go(store), Moved)
        assert why(take_back(store, "ANA")) == "not_yours"
        assert kinds(store)[-1] == "break_glass.refused"
        done = take_back(store, who, reason="It was the network")
        assert isinstance(done, Ended)
        assert done.picture.glass.outcome is Outcome.REVOKED
        assert stage_of(store) == "ready"
        assert isinstance(take_back(store, who), Ended), "the same click again"


@pytest.mark.parametrize("who", ["RITA", "TOM"])
def test_it_takes_two_who_are_there(store: Store, who: str) -> None:
    ready(store)
    broken(store)
    assert isinstance(go(store), Moved)
    leave(store, who)
    assert requirement(store).progress is Progress.OPEN
    break_glass_end.revalidate(store, NOW)
    assert (stage_of(store), newest(store).outcome) == ("ready", Outcome.LEFT)


def test_whoever_asked_has_to_be_there_and_allowed_still(store: Store) -> None:
    ready(store)
    asked(store)
    revision = shown(store)
    roles = {key: role for key, role in GLASS.roles.items() if key != "ask"}
    assert why(confirm(store, "TOM", revision, policy=replace(GLASS, roles=roles))) == "asker_may_not"
    leave(store, "RITA")
    assert why(confirm(store, "TOM", revision)) == "ended_left"


def test_one_at_a_time_and_the_same_again_is_one(store: Store) -> None:
    ready(store)
    first = asked(store)
    again = ask(store)
    assert isinstance(again, Asked)
    assert (again.again, again.picture.glass.id) == (True, first.id)
    assert why(ask(store, text="2026.12 because of another thing")) == "asked_already"
    assert why(ask(store, "ANA")) == "asked_already"
    confirm(store, "TOM", shown(store))
    repeat = confirm(store, "TOM", _revision(store))
    assert repeat.verdict.again
    assert why(confirm(store, "INES", _revision(store))) == "confirmed_already"


def _revision(store: Store) -> str:
    with store.read() as session:
        return str(session.exec(select(BreakGlassRow.revision_id)).one())


def test_without_a_second_person_or_a_channel_it_is_not_asked(sqlite_store: Store) -> None:
    store = sqlite_store
    ready(store)
    alone = replace(
        GLASS, roles=GLASS.roles | {"confirm": replace(GLASS.roles["confirm"], people=("rita@practice.example",))}
    )
    assert why(ask(store, policy=alone)) == "nobody_confirms"
    lost = replace(GLASS, governance=Governance(channel="nowhere"))
    assert why(ask(store, policy=lost)) == "no_governance_channel"
    done = ask(store, policy=replace(GLASS, governance=Governance()))
    assert done.channel_id == CHANNEL


def test_a_release_that_is_out_needs_none(sqlite_store: Store) -> None:
    ready(sqlite_store)
    asked(sqlite_store)
    revision = shown(sqlite_store)
    with sqlite_store.write() as session:
        session.get_one(ReleaseRow, 1).stage = "released"
    assert why(confirm(sqlite_store, "TOM", revision)) == "release_over"
    assert why(ask(sqlite_store)) == "release_over"


def test_an_empty_scope_lets_nothing_pass(sqlite_store: Store) -> None:
    ready(sqlite_store)
    with sqlite_store.write() as session:
        session.execute(delete(ScopeRow))
    assert why(ask(sqlite_store)) == "no_scope"


def test_every_report_says_it_until_it_is_seen_to(store: Store) -> None:
    ready(store, stage="in_progress")
    broken(store)

    def told(now: datetime = NOW) -> Any:
        with store.read() as session:
            one = releases.load(session, 1)
            return status.read(session, GLASS, one, now), readiness.read(session, GLASS, one, now)

    stands, prepared = told()
    assert (stands.light, stands.reasons) == ("amber", ("QA and Data Governance passed by break glass alone",))
    assert (stands.signoffs_given, stands.signoffs_let_pass) == (0, 2)
    (flag,) = stands.break_glass
    assert (flag.requirements, flag.by, flag.until, flag.due) == (
        ("QA", "Data Governance"),
        ("Rita Sandoval-Kerr", "Tom Arkwright"),
        NOW + timedelta(hours=24),
        True,
    )
    assert prepared.status.break_glass == stands.break_glass
    for slot in ("first", "second"):
        digest.run(store, GLASS, CHANNEL, slot, NOW)
        assert not digest.drawn(store, GLASS, 1, CHANNEL, "third", NOW).unchanged, "each digest says it"
    assert isinstance(review(store), Reviewed)
    assert told()[0].break_glass[0].settled == "reviewed by Noor Salter"
    fresh(store, LATE)
    break_glass_end.revalidate(store, LATE)
    (flag,) = told(LATE)[0].break_glass
    assert (flag.until, flag.settled) == (None, "reviewed by Noor Salter")


def test_who_was_passed_over_may_sign_after_the_fact(store: Store) -> None:
    ready(store)
    broken(store, text="2026.12 qa because it burns")
    assert requirement(store).wants_more, "their word is wanted still"
    say(store, "INES", drawn(store))
    assert requirement(store).progress is Progress.MET
    with store.read() as session:
        (flag,) = status.read(session, GLASS, releases.load(session, 1), NOW).break_glass
    assert flag.settled == "signed since"


def test_one_of_two_who_sign_after_the_fact_settles_nothing(sqlite_store: Store) -> None:
    store = sqlite_store
    ready(store)
    broken(store)
    say(store, "INES", drawn(store))
    done = release_usecases.close(store, GLASS, actor("RITA"), 1, "Shipped", NOW)
    assert why(done) == "break_glass_due"


def test_who_reviews_it(store: Store) -> None:
    ready(store)
    asked(store, "ANA")
    assert why(review(store)) == "not_confirmed"
    confirm(store, "TOM", shown(store))
    everybody = replace(GLASS, roles=GLASS.roles | {"look": replace(GLASS.roles["look"], groups=("qa-approvers",))})
    done = break_glass_end.review(store, everybody, actor("TOM"), 1, "I was there", NOW)
    assert why(done) == "own_glass"
    assert why(review(store, "MARIA")) == "not_permitted"
    assert isinstance(review(store, words=" \u200b"), Invalid)
    assert isinstance(review(store), Reviewed)
    assert review(store).again
    assert why(review(store, words="Something else")) == "reviewed_already"
    assert kinds(store).count("break_glass.refused") == 4, "each of them is on record"
    assert [each for each in sent(store) if each[0] == "reviewed"] == [
        ("reviewed", where) for where in (GOVERNANCE_CHANNEL, CHANNEL, "@U0ANA", "@U0TOM")
    ]


def test_a_release_is_not_closed_over_it(store: Store) -> None:
    ready(store)
    broken(store)

    def close() -> Any:
        return release_usecases.close(store, GLASS, actor("RITA"), 1, "Shipped", NOW)

    assert why(close()) == "break_glass_due"
    review(store)
    assert isinstance(close(), Closed)


def test_the_database_keeps_two_people_and_what_was_decided(store: Store) -> None:
    ready(store)
    asked(store)

    def attempt(statement: str) -> None:
        with pytest.raises(DBAPIError), store.write() as session:
            session.connection().execute(text(statement))

    attempt(
        "UPDATE break_glass SET confirmed_by = 'U0RITA', confirmed_at = '2026-11-23 09:01:00.000000', "
        "until = '2026-11-24 09:00:00.000000', confirmed_revision_id = revision_id"
    )
    attempt("UPDATE break_glass SET confirmed_by = 'U0TOM'")
    attempt("UPDATE break_glass SET reviewed_by = 'U0NOOR', reviewed_at = asked_at, review = 'Fine'")
    attempt("UPDATE break_glass SET reason = 'another'")
    attempt("UPDATE break_glass SET requirements = '[]'")
    attempt("UPDATE break_glass SET asked_by = 'U0ANA'")
    attempt("DELETE FROM break_glass")
    confirm(store, "TOM", shown(store))
    attempt("UPDATE break_glass SET until = '2027-11-24 09:00:00.000000'")
    attempt("UPDATE break_glass SET covers = '[\"qa\"]'")
    attempt("UPDATE break_glass SET confirmed_by = 'U0INES'")
    attempt("UPDATE break_glass SET reviewed_by = 'U0TOM', reviewed_at = asked_at, review = 'Fine'")
    attempt("UPDATE break_glass SET reviewed_by = 'U0RITA', reviewed_at = asked_at, review = 'Fine'")
    review(store)
    attempt("UPDATE break_glass SET review = 'Better'")
    take_back(store, "TOM")
    attempt("UPDATE break_glass SET outcome = NULL, ended_at = NULL")
    attempt("UPDATE break_glass SET end_reason = 'another'")
    attempt("DELETE FROM break_glass")


def test_sqlite_refuses_to_replace_it(sqlite_store: Store) -> None:
    ready(sqlite_store)
    asked(sqlite_store)
    columns = [each for each in BreakGlassRow.model_fields if each != "id"]
    copied = ", ".join(f'"{each}"' for each in columns)
    changed = copied.replace('"reason"', "'another'")
    elsewhere = copied.replace('"card_id"', "1")
    for into, values in ((f"id, {copied}", f"id, {changed}"), (copied, changed), (copied, elsewhere)):
        statement = f"INSERT OR REPLACE INTO break_glass ({into}) SELECT {values} FROM break_glass"  # noqa: S608 a test's
        with pytest.raises(DBAPIError), sqlite_store.write() as session:
            session.connection().execute(text(statement))
    assert newest(sqlite_store).reason == "payments fail since 02:10"


def test_evidence_has_it_with_what_both_saw(store: Store) -> None:
    ready(store)
    broken(store)
    review(store)
    auditor = replace(actor("RITA"), authentication=Authentication.SLACK)
    told = evidence.ask(store, GLASS, auditor, "2026.12", CHANNEL, NOW)
    found = evidence.gather(store, GLASS, auditor, 1, told.event, NOW)  # type: ignore[union-attr]  # it was not refused
    facts = found.facts  # type: ignore[union-attr]  # nor this
    (row,) = facts["more"]["break_glass"]
    assert (row["asked_by"], row["confirmed_by"], row["reviewed_by"]) == ("U0RITA", "U0TOM", "U0NOOR")
    shown_to = {each["id"]: each for each in facts["revisions"]}
    assert {row["revision_id"], row["confirmed_revision_id"]} <= shown_to.keys()
    assert row["fingerprint"] in facts["snapshots"]
    assert [each["key"] for each in shown_to[row["confirmed_revision_id"]]["shown"]["requirements"]] == [
        "qa",
        "governance",
    ]


def test_of_two_who_confirm_at_once_one_does(store: Store) -> None:
    ready(store)
    asked(store)
    revision = shown(store)
    done = at_once(lambda: confirm(store, "TOM", revision), lambda: confirm(store, "INES", revision))
    assert sorted(type(each).__name__ for each in done) == ["Judged", "Refused"]
    assert kinds(store).count("break_glass.confirmed") == 1
    with store.read() as session:
        assert audit.verify(session)[1] is None


def test_confirming_and_withdrawing_at_once(store: Store) -> None:
    ready(store)
    asked(store)
    revision = shown(store)
    confirmed, withdrawn = at_once(lambda: confirm(store, "TOM", revision), lambda: take_back(store, "RITA"))
    assert isinstance(withdrawn, Ended)
    glass = newest(store)
    if isinstance(confirmed, Judged):
        assert glass.outcome is Outcome.REVOKED, "the asker took back what had been confirmed a moment before"
    else:
        assert (why(confirmed), glass.outcome) == ("ended_withdrawn", Outcome.WITHDRAWN)
    assert requirement(store).progress is Progress.OPEN


def test_confirming_while_a_sync_changes_the_scope(store: Store) -> None:
    ready(store)
    asked(store)
    revision = shown(store)

    def sync() -> None:
        grow(store)
        revalidation.revalidate(store, NOW)

    done, _ = at_once(lambda: confirm(store, "TOM", revision), sync)
    assert requirement(store).progress is Progress.OPEN, "whichever came first, it does not hold for this scope"
    assert newest(store).outcome is Outcome.OVERTAKEN
    assert isinstance(go(store), Ahead)
    assert isinstance(done, Judged) or why(done) == "ended_overtaken"


def test_an_auditor_proves_evidence_of_it(sqlite_store: Store, tmp_path: Path) -> None:
    store = sqlite_store
    ready(store)
    with store.write() as session:
        session.get_one(ReleaseRow, 1).policy_version = policy_version(HOTFIX)
    broken(store)
    review(store)
    take_back(store, "TOM", reason="It was the network")
    told = evidence.ask(store, GLASS, actor("RITA"), "2026.12", CHANNEL, NOW)
    found = evidence.gather(store, GLASS, actor("RITA"), 1, told.event, NOW)  # type: ignore[union-attr]  # as above
    assert isinstance(found, Evidence)
    file, anchors = tmp_path / "evidence.zip", tmp_path / "noted.log"
    anchors.write_text(evidences.anchored(store).line)

    def checked(**changes: object) -> int:
        facts = deepcopy(found.facts)
        facts["more"]["break_glass"][0] |= changes
        file.write_bytes(pack.zipped(replace(found, facts=facts), evidences.KEY))
        command = [
            sys.executable,
            str(VERIFY),
            str(file),
            "--key",
            evidences.KEY.fingerprint,
            "--anchors",
            str(anchors),
        ]
        return subprocess.run(command, capture_output=True, text=True, check=False).returncode

    assert checked() == 0
    for changes in (
        {"confirmed_by": "U0INES"},
        {"until": "2026-11-29T09:00:00.000000+00:00"},
        {"answer_by": "2026-11-29T09:00:00.000000+00:00"},
        {"review": "Fine"},
    ):
        assert checked(**changes) == 1, changes


def test_another_policy_ends_it_and_the_go_that_rests_on_it(store: Store) -> None:
    ready(store)
    broken(store)
    assert isinstance(go(store), Moved)
    new = replace(HOTFIX, requirements=(replace(ONE, quorum=2), *HOTFIX.requirements[1:]))
    policy = replace(GLASS, templates={"quarterly": new})
    assert isinstance(policy_change.propose(store, policy, actor("RITA"), 1, "Two pairs of eyes", NOW), Proposed)
    seen = policy_changes.drawn(store)
    for who in ("INES", "MARIA"):
        policy_changes.say(store, who, seen=seen, policy=policy)
    assert policy_changes.standing(store).policy == new
    assert newest(store).outcome is Outcome.OVERTAKEN
    assert [requirement(store, number).progress for number in (0, 1)] == [Progress.OPEN, Progress.OPEN]
    assert stage_of(store) == "ready"
