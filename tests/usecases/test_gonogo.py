"""Roll-calls on a real store: opened, voted in, confirmed; what is recorded and told, and what a race leaves."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from interlock.domain.authority import Refused
from interlock.domain.gonogo import Board, Choice, Outcome
from interlock.domain.permission import Permission
from interlock.domain.policy import CriterionRule, GonogoRule, Role
from interlock.domain.release import Stage
from interlock.domain.stage import Ahead, Moved
from interlock.store import gonogo as roll_calls
from interlock.store import release as releases
from interlock.store.audit import AuditRow
from interlock.store.directory import fresh
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import GroupMemberRow, PersonRow
from interlock.usecases import (
    gonogo,
    gonogo_card,
    gonogo_chase,
    gonogo_end,
    gonogo_void,
    revalidation,
    scope,
    stage_stop,
)
from interlock.usecases.gonogo import Opened, Stale, Voted
from interlock.usecases.gonogo_end import Ended
from interlock.usecases.release import Invalid
from tests.builders import CHANNEL, NOW, TEMPLATE, actor, people, release, ticket
from tests.builders import POLICY as BASE

RULE = GonogoRule(roles=("qa", "data", "ml"), answer_within_hours=8)
DONE = CriterionRule(kind="scope_complete", name="Everything is done")
PLAIN = replace(TEMPLATE, requirements=(), criteria=(DONE,), gonogo=RULE)
POLICY = replace(
    BASE,
    roles=BASE.roles
    | {
        "qa": Role(groups=("qa-approvers",)),
        "data": Role(people=("maria@practice.example", "ana@practice.example")),
        "ml": Role(people=("ravi@practice.example",)),
    },
)
RITA = actor("RITA")
CLOSES = NOW + timedelta(hours=8)
SECOND = timedelta(seconds=1)


def made(store: Store, rule: GonogoRule = RULE, at: Stage = Stage.READY, category: str = "done") -> int:
    """A release at that stage with one ticket, which is done unless told otherwise."""
    with store.write() as session:
        people(session)
        ticket(session, "DATA-1", category=category)
        return release(session, template=replace(PLAIN, gonogo=rule), stage=at.value)


def begun(store: Store, rule: GonogoRule = RULE, category: str = "done") -> int:
    """The id of an open roll-call of a release that is ready."""
    done = gonogo.open_(store, POLICY, RITA, made(store, rule, category=category), NOW)
    assert isinstance(done, Opened), done
    return done.roll_call.id


def revision(store: Store, number: int = 1, now: datetime = NOW) -> str:
    with store.read() as session:
        roll_call = roll_calls.load(session, number)
    assert roll_call
    found = gonogo_card.draw(store, POLICY, roll_call.card_id, now)
    assert found
    return found.revision_id or ""


def later(store: Store, now: datetime) -> None:
    """The mirrors are as fresh then as they are now."""
    with store.write() as session:
        for name in ("groups", "people", "tickets"):
            fresh(session, name, now)


def say(
    store: Store, who: str, choice: Choice = Choice.GO, why: str = "", now: datetime = NOW, seen: str | None = None
) -> Any:
    return gonogo.vote(store, POLICY, actor(who), revision(store) if seen is None else seen, choice, why, now)


def all_vote(store: Store, *choices: Choice) -> None:
    for who, choice in zip(("TOM", "MARIA", "RAVI"), choices or (Choice.GO,) * 3, strict=True):
        done = say(store, who, choice, "it leaks" if choice is Choice.NO_GO else "")
        assert isinstance(done, Voted), done


def confirm(store: Store, outcome: Outcome = Outcome.GO, now: datetime = NOW, who: str = "RITA") -> Any:
    return gonogo_end.confirm(store, POLICY, actor(who), 1, outcome, now)


def standing(store: Store, number: int = 1) -> Stage:
    with store.read() as session:
        return releases.load(session, number).stage


def facts(store: Store, kind: str) -> list[dict[str, Any]]:
    with store.read() as session:
        bodies = session.exec(select(AuditRow.body).where(AuditRow.kind == kind).order_by(AuditRow.seq)).all()  # type: ignore[arg-type]  # a column
        return [json.loads(each)["facts"] for each in bodies]


def posts(store: Store, kind: str) -> list[str]:
    with store.read() as session:
        return sorted(session.exec(select(OutboxRow.channel).where(OutboxRow.kind == kind)).all())


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each came to, done by threads that begin together."""
    barrier, done = threading.Barrier(len(acts)), dict[int, Any]()

    def run(number: int, act: Callable[[], Any]) -> None:
        barrier.wait()
        done[number] = act()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return [done[number] for number in range(len(acts))]


def test_a_roll_call_from_its_opening_to_the_go(store: Store) -> None:
    number = begun(store)
    assert facts(store, "gonogo.opened")[0]["roles"] == ["qa", "data", "ml"]
    assert posts(store, "gonogo.card") == [CHANNEL]
    assert isinstance(confirm(store), Refused)
    all_vote(store)
    told = facts(store, "gonogo.voted")[0]
    assert (told["role"], told["choice"], told["policy_version"], len(told["fingerprint"])) == ("qa", "go", "v1", 64)
    assert posts(store, "gonogo.result") == ["@U0RITA"]
    done = confirm(store)
    assert isinstance(done, Ended), done
    assert (done.release.stage, standing(store)) == (Stage.GO, Stage.GO)
    result = facts(store, "gonogo.confirmed")[0]
    assert (result["outcome"], result["moved_to"], result["absent"], result["dissent"]) == ("go", "go", [], [])
    assert [(each["role"], each["by"]) for each in result["votes"]] == [
        ("qa", "U0TOM"),
        ("data", "U0MARIA"),
        ("ml", "U0RAVI"),
    ]
    assert facts(store, "release.moved")[0]["why"] == "go by roll-call: 3 go, 0 no-go; go takes 100 %"
    assert facts(store, "release.moved")[0]["conditions"]
    assert (posts(store, "gonogo.record"), posts(store, "gonogo.pin")) == ([CHANNEL], [CHANNEL])
    found = gonogo_card.shown(store, POLICY, number, NOW)
    assert found
    assert (found.roll_call.outcome, found.fingerprint) == (Outcome.GO, result["fingerprint"])


def test_a_no_go_takes_it_back_with_the_reasons(store: Store) -> None:
    begun(store)
    all_vote(store, Choice.GO, Choice.NO_GO, Choice.ABSTAIN)
    done = confirm(store, Outcome.NO_GO)
    assert isinstance(done, Ended), done
    assert standing(store) is Stage.FROZEN
    assert "data: it leaks" in facts(store, "release.moved")[0]["why"]
    assert facts(store, "gonogo.confirmed")[0]["dissent"] == ["qa"]


def test_a_no_go_leaves_it_where_nothing_is_before(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        people(session)
        ticket(session, "DATA-1", category="done")
        release(session, template=replace(PLAIN, stages=("go", "deploying", "released")))
    assert isinstance(gonogo.open_(sqlite_store, POLICY, RITA, 1, NOW), Opened)
    all_vote(sqlite_store, Choice.NO_GO, Choice.NO_GO, Choice.NO_GO)
    assert isinstance(confirm(sqlite_store, Outcome.NO_GO), Ended)
    assert standing(sqlite_store) is Stage.PLANNED


def test_without_enough_votes_nothing_is_denied(store: Store) -> None:
    begun(store)
    say(store, "TOM")
    later(store, CLOSES)
    assert isinstance(confirm(store, Outcome.NO_GO, CLOSES), Refused)
    assert isinstance(confirm(store, Outcome.NOT_ENOUGH, CLOSES), Ended)
    assert standing(store) is Stage.READY
    assert facts(store, "gonogo.confirmed")[0]["absent"] == ["data", "ml"]
    assert isinstance(gonogo.open_(store, POLICY, RITA, 1, CLOSES), Opened)


def test_a_go_whose_conditions_do_not_hold_moves_nothing(store: Store) -> None:
    begun(store, category="new")
    all_vote(store)
    lacking = confirm(store)
    assert isinstance(lacking, Ahead)
    assert [each.name for each in lacking.missing] == ["Everything is done"]
    assert standing(store) is Stage.READY
    assert facts(store, "gonogo.confirmed") == []
    assert facts(store, "release.move_refused")[0]["missing"] == ["Everything is done"]
    with store.read() as session:
        assert roll_calls.open_one(session, 1)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (Stage.FROZEN, "too_early"),
        (Stage.PLANNED, "too_early"),
        (Stage.GO, "gone"),
        (Stage.RELEASED, "gone"),
        (Stage.CANCELLED, "release_ended"),
    ],
)
def test_when_none_is_opened(sqlite_store: Store, at: Stage, reason: str) -> None:
    refused = gonogo.open_(sqlite_store, POLICY, RITA, made(sqlite_store, at=at), NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert facts(sqlite_store, "gonogo.open_refused")[0]["why"] == reason


def test_a_template_without_one_has_none(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        people(session)
        release(session)
    refused = gonogo.ask(sqlite_store, POLICY, RITA, "2026.12 for 4h", CHANNEL, NOW)
    assert isinstance(refused, Refused)
    assert refused.sentence == "2026.12 has no roll-call: its template, Quarterly platform, names none."


def test_asking_opens_one_for_as_long_as_was_typed_and_then_shows_it(store: Store) -> None:
    made(store)
    assert isinstance(gonogo.ask(store, POLICY, RITA, "2026.12 for 5m", CHANNEL, NOW), Invalid)
    opened = gonogo.ask(store, POLICY, RITA, "2026.12 for 4h", CHANNEL, NOW)
    assert isinstance(opened, Opened)
    assert opened.roll_call.closes_at == NOW + timedelta(hours=4)
    shown = gonogo.ask(store, POLICY, actor("TOM"), "", CHANNEL, NOW)
    assert isinstance(shown, Board)
    assert shown.revision_id
    assert [each.name for each in shown.people["data"]] == ["Ana Whitlock", "Maria Voss"]


def test_a_vote_may_change_until_the_close_and_the_first_one_stays_in_the_record(store: Store) -> None:
    begun(store)
    assert isinstance(say(store, "TOM", Choice.NO_GO, "it leaks"), Voted)
    again = say(store, "TOM", Choice.NO_GO, "it leaks")
    assert isinstance(again, Voted)
    assert again.again
    assert isinstance(say(store, "TOM", Choice.GO), Voted)
    assert [(each["choice"], each.get("instead_of")) for each in facts(store, "gonogo.voted")] == [
        ("no_go", None),
        ("go", "no_go"),
    ]
    with store.write() as session:
        rows = session.exec(select(roll_calls.VoteRow.choice, roll_calls.VoteRow.superseded_at)).all()
    assert [(choice, at is None) for choice, at in rows] == [("no_go", False), ("go", True)]


@pytest.mark.parametrize(
    ("who", "choice", "why", "reason"),
    [
        ("INES", Choice.GO, "", "role_voted"),
        ("NOMAIL", Choice.NO_GO, "no", "role_voted"),
        ("NOOR", Choice.ABSTAIN, "", "role_voted"),
        ("RITA", Choice.GO, "", "not_in_role"),
        ("GUEST", Choice.GO, "", "guest"),
        ("LEFT", Choice.GO, "", "deactivated"),
    ],
)
def test_who_does_not_vote(sqlite_store: Store, who: str, choice: Choice, why: str, reason: str) -> None:
    begun(sqlite_store)
    say(sqlite_store, "TOM")
    refused = say(sqlite_store, who, choice, why)
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert facts(sqlite_store, "gonogo.vote_refused")[0]["why"] == reason


def test_who_is_of_a_role_is_read_at_the_click(store: Store) -> None:
    begun(store)
    with store.write() as session:
        session.delete(session.get_one(GroupMemberRow, ("S0qa-approvers", "U0TOM")))
    refused = say(store, "TOM")
    assert isinstance(refused, Refused)
    assert refused.reason == "not_in_role"


def test_nobody_votes_while_it_is_not_known_who_is_of_a_role(sqlite_store: Store) -> None:
    begun(sqlite_store)
    refused = say(sqlite_store, "TOM", now=NOW + timedelta(minutes=16), seen=revision(sqlite_store))
    assert isinstance(refused, Refused)
    assert refused.reason == "groups_unavailable"


def test_go_is_not_said_on_a_mirror_that_is_too_old_but_no_go_is(sqlite_store: Store) -> None:
    begun(sqlite_store)
    late = NOW + timedelta(minutes=31)
    with sqlite_store.write() as session:
        fresh(session, "groups", late)
        fresh(session, "people", late)
    refused = say(sqlite_store, "TOM", now=late)
    assert isinstance(refused, Refused)
    assert refused.reason == "mirror_stale"
    assert isinstance(say(sqlite_store, "TOM", Choice.NO_GO, "it leaks", late), Voted)


@pytest.mark.parametrize("why", ["", "  ", "\u200b", "x" * 501])
def test_a_no_go_takes_a_reason(sqlite_store: Store, why: str) -> None:
    begun(sqlite_store)
    assert isinstance(say(sqlite_store, "TOM", Choice.NO_GO, why), Invalid)
    assert facts(sqlite_store, "gonogo.voted") == []


def test_whoever_left_makes_room_and_their_go_counts_no_more(store: Store) -> None:
    begun(store)
    all_vote(store)
    with store.write() as session:
        session.get_one(PersonRow, "U0TOM").active = False
    refused = confirm(store)
    assert isinstance(refused, Refused)
    assert refused.reason == "still_open"
    assert isinstance(say(store, "INES"), Voted)
    assert isinstance(confirm(store), Ended)


def test_a_changed_scope_voids_what_was_voted_on_the_old_one_but_no_no_go(store: Store) -> None:
    begun(store)
    all_vote(store, Choice.GO, Choice.NO_GO, Choice.ABSTAIN)
    old = revision(store)
    with store.write() as session:
        scope.refresh(session, [ticket(session, "DATA-2", category="done")], NOW)
    revalidation.revalidate(store, NOW)
    assert [each["role"] for each in facts(store, "gonogo.vote_voided")] == ["qa", "ml"]
    assert posts(store, "gonogo.void") == ["@U0RAVI", "@U0TOM"]
    note = gonogo_void.voided(store, POLICY, 1, NOW)
    assert note
    assert (note.role, note.choice, note.changes) == ("qa", Choice.GO, {"added": 1})
    stale = say(store, "TOM", seen=old)
    assert isinstance(stale, Stale)
    assert stale.changes == {"added": 1}
    assert facts(store, "gonogo.vote_refused")[0]["why"] == "stale"
    assert isinstance(say(store, "TOM", seen=note.board.revision_id), Voted)
    assert gonogo_void.voided(store, POLICY, 1, NOW) is None
    assert gonogo_void.revalidate(store, NOW) == 0


def test_a_scope_that_changed_unseen_is_seen_at_the_confirmation(store: Store) -> None:
    begun(store)
    all_vote(store)
    with store.write() as session:
        scope.refresh(session, [ticket(session, "DATA-2", category="done")], NOW)
    refused = confirm(store)
    assert isinstance(refused, Refused)
    assert refused.reason == "still_open"
    assert standing(store) is Stage.READY
    assert len(facts(store, "gonogo.vote_voided")) == 3


def test_an_immaterial_change_voids_nothing(sqlite_store: Store) -> None:
    begun(sqlite_store, category="new")
    all_vote(sqlite_store)
    with sqlite_store.write() as session:
        session.connection().execute(text("UPDATE ticket SET category = 'done'"))
    assert gonogo_void.revalidate(sqlite_store, NOW) == 0
    assert isinstance(confirm(sqlite_store), Ended)


def test_a_release_that_stands_in_go_is_not_confirmed_again(sqlite_store: Store) -> None:
    begun(sqlite_store)
    all_vote(sqlite_store)
    with sqlite_store.write() as session:  # as one was moved whose template had no roll-call yet
        releases.set_stage(session, 1, Stage.GO)
    for outcome in (Outcome.GO, Outcome.NO_GO):
        refused = confirm(sqlite_store, outcome)
        assert isinstance(refused, Refused)
        assert refused.reason == "gone"
    assert isinstance(gonogo_end.withdraw(sqlite_store, POLICY, RITA, "2026.12 gone", CHANNEL, CLOSES), Refused)
    later(sqlite_store, CLOSES)
    done = gonogo_end.withdraw(sqlite_store, POLICY, RITA, "2026.12 it is gone", CHANNEL, CLOSES)
    assert isinstance(done, Ended)


def test_after_the_close_there_is_only_the_confirmation(store: Store) -> None:
    begun(store)
    seen = revision(store)
    later(store, CLOSES)
    refused = say(store, "TOM", now=CLOSES, seen=seen)
    assert isinstance(refused, Refused)
    assert refused.reason == "closed"
    withdrawn = gonogo_end.withdraw(store, POLICY, RITA, "2026.12 too early", CHANNEL, CLOSES)
    assert isinstance(withdrawn, Refused)
    assert withdrawn.reason == "closed"


def test_an_open_one_is_withdrawn_with_a_reason(store: Store) -> None:
    begun(store)
    seen = revision(store)
    say(store, "TOM")
    assert isinstance(gonogo_end.withdraw(store, POLICY, RITA, "2026.12", CHANNEL, NOW), Invalid)
    done = gonogo_end.withdraw(store, POLICY, RITA, "2026.12 the vendor slipped", CHANNEL, NOW)
    assert isinstance(done, Ended)
    assert facts(store, "gonogo.withdrawn")[0]["why"] == "the vendor slipped"
    refused = say(store, "MARIA", seen=seen)
    assert isinstance(refused, Refused)
    assert refused.reason == "ended"
    assert standing(store) is Stage.READY


def test_what_is_typed_is_a_vote(sqlite_store: Store) -> None:
    begun(sqlite_store)
    for typed, who in (("2026.12 go", "TOM"), ("no-go the rollback <!here>", "MARIA"), ("2026.12 abstain", "RAVI")):
        done = gonogo.vote_typed(sqlite_store, POLICY, actor(who), typed, CHANNEL, NOW)
        assert isinstance(done, Voted), done
    assert [each["reason"] for each in facts(sqlite_store, "gonogo.voted")] == ["", "the rollback <!here>", ""]
    assert isinstance(gonogo.vote_typed(sqlite_store, POLICY, RITA, "2026.12 maybe", CHANNEL, NOW), Invalid)


def test_of_two_people_of_one_role_at_once_one_votes(store: Store) -> None:
    begun(store)
    seen = revision(store)
    done = at_once(lambda: say(store, "TOM", seen=seen), lambda: say(store, "INES", Choice.NO_GO, "no", seen=seen))
    assert sorted(type(each).__name__ for each in done) == ["Refused", "Voted"]
    assert next(each for each in done if isinstance(each, Refused)).reason == "role_voted"
    assert len(facts(store, "gonogo.voted")) == 1


def test_a_vote_that_crosses_the_close_counts_or_is_refused(store: Store) -> None:
    """Given in time, while somebody confirms that it was too late: one of them finds the other done."""
    begun(store)
    seen = revision(store)
    say(store, "TOM", Choice.NO_GO, "it leaks")
    say(store, "MARIA", Choice.NO_GO, "it leaks")
    later(store, CLOSES)
    voted, ended = at_once(
        lambda: say(store, "RAVI", Choice.NO_GO, "it leaks", CLOSES - SECOND, seen),
        lambda: confirm(store, Outcome.NO_GO, CLOSES),
    )
    assert isinstance(ended, Ended)
    votes = facts(store, "gonogo.confirmed")[0]["votes"]
    assert len(votes) == (3 if isinstance(voted, Voted) else 2)
    assert isinstance(voted, Voted) or voted.reason == "ended"


def test_a_vote_that_crosses_the_confirmation_is_in_it_or_refused_or_refuses_it(store: Store) -> None:
    begun(store)
    seen = revision(store)
    all_vote(store)
    voted, ended = at_once(lambda: say(store, "TOM", Choice.NO_GO, "wait", seen=seen), lambda: confirm(store))
    if isinstance(voted, Voted):
        assert isinstance(ended, Refused)
        assert ended.reason == "other_result"
        assert standing(store) is Stage.READY
    else:
        assert voted.reason == "ended"
        assert isinstance(ended, Ended)
        assert standing(store) is Stage.GO


def test_of_two_confirmations_at_once_one_ends_it(store: Store) -> None:
    begun(store)
    all_vote(store)
    with store.write() as session:
        session.add(GroupMemberRow(group_id="S0release-managers", slack_id="U0ANA"))
    done = at_once(lambda: confirm(store), lambda: confirm(store, who="ANA"))
    assert sorted(type(each).__name__ for each in done) == ["Ended", "Refused"]
    assert len(facts(store, "gonogo.confirmed")) == len(facts(store, "release.moved")) == 1


def test_a_second_confirmation_by_the_same_person_is_quiet(store: Store) -> None:
    begun(store)
    all_vote(store)
    first, second = at_once(lambda: confirm(store), lambda: confirm(store))
    assert sorted([first.again, second.again]) == [False, True]
    assert len(facts(store, "gonogo.confirmed")) == 1


def test_of_two_openings_at_once_one_opens(store: Store) -> None:
    number = made(store)
    done = at_once(*[lambda: gonogo.open_(store, POLICY, RITA, number, NOW)] * 2)
    assert sorted(type(each).__name__ for each in done) == ["Opened", "Refused"]


def test_whoever_is_missing_is_reminded_until_they_vote(store: Store) -> None:
    begun(store)
    say(store, "TOM")
    half, late = NOW + timedelta(hours=4), NOW + timedelta(hours=7)
    assert gonogo_chase.run(store, POLICY, half - SECOND) == ()
    planned = {each.key for each in gonogo_chase.plan(store, POLICY, half)}
    told = gonogo_chase.run(store, POLICY, half)
    assert {each.key for each in told} == planned
    assert sorted(each.channel for each in told) == ["@U0ANA", "@U0MARIA", "@U0RAVI"]
    assert gonogo_chase.run(store, POLICY, half + SECOND) == ()
    ping = gonogo_chase.chased(store, POLICY, 1, "U0ANA", 0, half)
    assert ping
    assert (ping.roles, ping.last) == (("data",), False)
    say(store, "MARIA")
    assert gonogo_chase.chased(store, POLICY, 1, "U0ANA", 0, half) is None
    assert [each.channel for each in gonogo_chase.run(store, POLICY, late)] == ["@U0RAVI"]
    assert gonogo_chase.chased(store, POLICY, 1, "U0RAVI", 1, CLOSES) is None


def test_whoever_voted_for_one_role_is_not_reminded_for_another(sqlite_store: Store) -> None:
    begun(sqlite_store)
    say(sqlite_store, "MARIA")
    both = Role(people=("maria@practice.example", "ravi@practice.example"))
    policy = replace(POLICY, roles=POLICY.roles | {"ml": both})
    told = {each.channel for each in gonogo_chase.plan(sqlite_store, policy, NOW + timedelta(hours=4))}
    assert "@U0RAVI" in told
    assert "@U0MARIA" not in told


def test_each_is_reminded_in_their_own_hours(sqlite_store: Store) -> None:
    begun(sqlite_store, replace(RULE, answer_within_hours=48))
    with sqlite_store.write() as session:
        session.get_one(PersonRow, "U0MARIA").time_zone = "America/New_York"
        session.get_one(PersonRow, "U0ANA").time_zone = "Asia/Tokyo"
    nine = NOW + timedelta(hours=24)  # in Tokyo it is 18:00 then, in New York 4:00
    assert {each.channel for each in gonogo_chase.plan(sqlite_store, POLICY, nine)} == {
        "@U0RAVI",
        "@U0TOM",
        "@U0INES",
        "@U0NOOR",
        "@U0NOMAIL",
    }
    afternoon = {each.channel for each in gonogo_chase.plan(sqlite_store, POLICY, nine + timedelta(hours=5))}
    assert "@U0MARIA" in afternoon
    assert "@U0ANA" not in afternoon
    night = {each.channel for each in gonogo_chase.plan(sqlite_store, POLICY, nine + timedelta(hours=15))}
    assert "@U0ANA" in night


def test_at_the_close_the_result_is_told_once(store: Store) -> None:
    begun(store)
    say(store, "TOM")
    first = gonogo_chase.run(store, POLICY, CLOSES)
    assert [(each.kind, each.channel) for each in first] == [("gonogo.result", "@U0RITA")]
    assert gonogo_chase.run(store, POLICY, CLOSES + SECOND) == ()
    assert [each["outcome"] for each in facts(store, "gonogo.result")] == ["not_enough"]


def test_a_release_that_ended_is_chased_by_nobody(sqlite_store: Store) -> None:
    begun(sqlite_store)
    seen = revision(sqlite_store)
    assert isinstance(stage_stop.cancel(sqlite_store, POLICY, RITA, 1, "no budget", NOW), Moved)
    assert gonogo_chase.run(sqlite_store, POLICY, NOW + timedelta(hours=7)) == ()
    assert gonogo_chase.run(sqlite_store, POLICY, CLOSES) == ()
    refused = say(sqlite_store, "TOM", seen=seen)
    assert isinstance(refused, Refused)
    assert refused.reason == "release_ended"


def test_the_opener_may_be_excluded(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        people(session)
        session.add(GroupMemberRow(group_id="S0qa-approvers", slack_id="U0RITA"))
        ticket(session, "DATA-1", category="done")
        release(session, template=replace(PLAIN, gonogo=replace(RULE, exclude_opener=True)), stage="ready")
    assert isinstance(gonogo.open_(sqlite_store, POLICY, RITA, 1, NOW), Opened)
    refused = say(sqlite_store, "RITA")
    assert isinstance(refused, Refused)
    assert refused.reason == "opener"
    assert "@U0RITA" not in {each.channel for each in gonogo_chase.plan(sqlite_store, POLICY, NOW + timedelta(hours=4))}


def test_who_may_open_may_not_therefore_confirm(sqlite_store: Store) -> None:
    begun(sqlite_store)
    all_vote(sqlite_store)
    policy = replace(POLICY, permissions=POLICY.permissions | {Permission.RELEASE_GO: ("nobody",)})
    refused = gonogo_end.confirm(sqlite_store, policy, RITA, 1, Outcome.GO, NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "not_permitted"
    assert facts(sqlite_store, "gonogo.confirm_refused")[0]["why"] == "not_permitted"


def test_who_may_not_decide_is_refused_in_the_releases_own_record(sqlite_store: Store) -> None:
    begun(sqlite_store)
    say(sqlite_store, "GUEST")
    confirm(sqlite_store, who="TOM")
    gonogo.open_(sqlite_store, POLICY, actor("TOM"), 1, NOW)
    kinds = ("gonogo.vote_refused", "gonogo.confirm_refused", "gonogo.open_refused")
    with sqlite_store.read() as session:
        found = session.exec(select(AuditRow).where(col(AuditRow.kind).in_(kinds)).order_by(col(AuditRow.seq))).all()
        assert [(each.kind, each.release_id) for each in found] == [(kind, 1) for kind in kinds]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE gonogo_vote SET choice = 'go'",
        "UPDATE gonogo_vote SET role = 'ml'",
        "UPDATE gonogo_vote SET superseded_at = NULL WHERE superseded_at IS NOT NULL",
        "DELETE FROM gonogo_vote",
        "UPDATE gonogo SET closes_at = opened_at",
        "UPDATE gonogo SET outcome = 'go'",
        "DELETE FROM gonogo",
    ],
)
def test_what_was_decided_cannot_be_changed(store: Store, tampering: str) -> None:
    begun(store)
    say(store, "TOM", Choice.NO_GO, "it leaks")
    say(store, "TOM", Choice.NO_GO, "it leaks badly")
    gonogo_end.withdraw(store, POLICY, RITA, "2026.12 the vendor slipped", CHANNEL, NOW)
    with pytest.raises(DBAPIError, match="append-only"), store.write() as session:
        session.connection().execute(text(tampering))


def test_the_database_itself_takes_one_vote_a_role_and_a_person(store: Store) -> None:
    begun(store)
    say(store, "TOM")
    columns = "release_id, gonogo_id, choice, revision_id, fingerprint, auth, at, role, slack_id"
    copied = "SELECT release_id, gonogo_id, choice, revision_id, fingerprint, auth, at, :role, :who FROM gonogo_vote"
    for role, who in (("qa", "U0INES"), ("data", "U0TOM")):
        values = {"role": role, "who": who}
        with pytest.raises(DBAPIError, match=r"(?i)unique"), store.write() as session:
            session.connection().execute(text(f"INSERT INTO gonogo_vote ({columns}) {copied}"), values)
