"""Freeze exceptions: who asks, who decides, what holds, and what of it is kept."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select, text

from interlock.domain.authority import Refused
from interlock.domain.freeze import Window
from interlock.domain.freeze_exception import Decision, Reasons
from interlock.domain.obstacle import Obstacle
from interlock.domain.policy import Governance, Policy
from interlock.domain.whatif_target import TargetWhatIf
from interlock.store import audit
from interlock.store import release as releases
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.freeze_exception import FreezeExceptionRow
from interlock.store.mirror import MirrorRow
from interlock.store.outbox import OutboxRow
from interlock.store.release import ReleaseRow
from interlock.usecases import obstacle, status, whatif
from interlock.usecases.freeze_exception import (
    Asked,
    Judged,
    Offered,
    ask,
    ask_typed,
    decide,
    foresee,
    offered,
    offered_of,
)
from interlock.usecases.obstacle import go_obstacles
from interlock.usecases.release import Invalid
from tests.builders import CHANNEL, NOW, actor
from tests.calendars import GOVERNANCE, NOW_FREEZE, POLICY, REASONS, WEEKEND, YEAR_END, world

APPROVE, REFUSE = Decision.APPROVED, Decision.REFUSED
DURING = NOW.replace(month=12, day=16)


def asked(store: Store, who: str = "RITA", policy: Policy = POLICY, **changes: Any) -> Asked:
    done = ask(store, policy, actor(who), 1, changes.get("typed", ""), changes.get("reasons", REASONS), NOW)
    assert isinstance(done, Asked), done
    return done


def in_the_way(store: Store, policy: Policy = POLICY, now: Any = NOW) -> tuple[Obstacle, ...]:
    with store.read() as session:
        return go_obstacles(session, policy, releases.load(session, 1), now)


def kinds(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.exec(select(AuditRow.kind).order_by(AuditRow.seq)).all())  # type: ignore[arg-type]  # a column


def refused(done: object) -> str:
    assert isinstance(done, Refused), done
    return done.reason


def test_go_waits_for_an_exception_that_somebody_else_approves(store: Store) -> None:
    world(store)
    (obstacle,) = in_the_way(store)
    assert obstacle == Obstacle(
        kind="freeze",
        about="Year-end",
        sentence="Year-end covers its target day (Mon 14 Dec 00:00 to Sat 2 Jan 24:00, Europe/London). "
        "Wait, or ask for an exception: /release exception 2026.12",
    )
    made = asked(store)
    (obstacle,) = in_the_way(store)
    assert obstacle.sentence.endswith("An exception was asked for by Rita Sandoval-Kerr and waits for a decision.")
    done = decide(store, POLICY, actor("INES"), made.exception.id, APPROVE, None, NOW)
    assert isinstance(done, Judged)
    assert in_the_way(store) == ()
    assert in_the_way(store, now=DURING) == ()
    assert kinds(store) == ["exception.asked", "exception.approved"]
    with store.read() as session:
        assert audit.verify(session) == (2, None)
        posts = [(row.kind, row.channel) for row in session.exec(select(OutboxRow)).all()]
    assert posts == [("exception.card", GOVERNANCE), ("exception.told", "@U0RITA"), ("exception.refresh", GOVERNANCE)]


def test_the_light_says_so_and_no_longer_once_it_is_excepted(store: Store) -> None:
    world(store)

    def shown() -> tuple[str, tuple[str, ...]]:
        with store.read() as session:
            told = status.read(session, POLICY, releases.load(session, 1), NOW)
        return told.light, told.reasons

    assert shown() == ("red", ("the target falls into Year-end",))
    made = asked(store)
    assert shown()[0] == "red"
    decide(store, POLICY, actor("INES"), made.exception.id, APPROVE, None, NOW)
    assert shown() == ("green", ())


def test_what_if_and_the_announcement_know_of_the_exception(store: Store) -> None:
    world(store)

    def met() -> tuple[Window | None, Window | None]:
        with store.read() as session:
            one = releases.load(session, 1)
            announced = obstacle.freeze_of_target(session, POLICY, one, NOW)
        found = whatif.of_target(store, POLICY, actor("RITA"), 1, one.target + timedelta(days=1), NOW)
        assert isinstance(found, TargetWhatIf)
        return announced, found.before.freeze

    assert None not in met()
    made = asked(store)
    decide(store, POLICY, actor("INES"), made.exception.id, APPROVE, None, NOW)
    assert met() == (None, None)


def test_a_freeze_of_today_is_none_of_the_target(sqlite_store: Store) -> None:
    world(sqlite_store)
    policy = replace(POLICY, freezes=(NOW_FREEZE,))
    with sqlite_store.read() as session:
        one = releases.load(session, 1)
        assert obstacle.met(session, policy, one, NOW)
        assert obstacle.freeze_of_target(session, policy, one, NOW) is None


def test_whoever_asked_never_decides_whatever_role_they_have(store: Store) -> None:
    world(store)
    made = asked(store)
    for decision in (APPROVE, REFUSE):
        done = decide(store, POLICY, actor("RITA"), made.exception.id, decision, "because", NOW)
        assert refused(done) == "own_exception"
    assert kinds(store)[1:] == ["exception.denied", "exception.denied"]
    assert len(in_the_way(store)) == 1


def test_the_database_keeps_four_eyes_and_what_was_decided(store: Store) -> None:
    world(store)
    asked(store)

    def attempt(statement: str) -> None:
        with pytest.raises(DBAPIError), store.write() as session:
            session.connection().execute(text(statement))

    decided = "UPDATE freeze_exception SET decision = 'approved', decided_by = '%s'"
    attempt(decided % "U0RITA")
    attempt("UPDATE freeze_exception SET why = 'another'")
    attempt("UPDATE freeze_exception SET ends = asked_at")
    attempt("DELETE FROM freeze_exception")
    with store.write() as session:
        session.connection().execute(text(decided % "U0INES"))
    attempt("UPDATE freeze_exception SET decision = NULL, decided_by = NULL")
    attempt("UPDATE freeze_exception SET decision = 'refused'")
    attempt("DELETE FROM freeze_exception")


def test_it_ends_with_its_freeze_and_is_of_that_time_only(store: Store) -> None:
    world(store)
    policy = replace(POLICY, freezes=(WEEKEND,))
    with store.write() as session:
        session.get_one(ReleaseRow, 1).target = date(2026, 12, 5)
    friday, saturday = NOW.replace(month=12, day=4, hour=17), NOW.replace(month=12, day=5)
    made = ask(store, policy, actor("RITA"), 1, "Weekend", REASONS, NOW)
    assert isinstance(made, Asked)
    decide(store, policy, actor("INES"), made.exception.id, APPROVE, None, NOW)
    assert in_the_way(store, policy, friday) == in_the_way(store, policy, saturday) == ()
    assert [each.about for each in in_the_way(store, policy, saturday + timedelta(days=7))] == ["Weekend"]
    longer = replace(policy, freezes=(replace(WEEKEND, hours=70),))
    assert [each.about for each in in_the_way(store, longer, saturday)] == ["Weekend"]


def test_a_freeze_that_was_changed_meanwhile_is_not_approved(store: Store) -> None:
    world(store)
    made = asked(store)
    changed = replace(POLICY, freezes=(replace(YEAR_END, end=date(2027, 1, 9)),))
    for policy in (replace(POLICY, freezes=()), changed):
        done = decide(store, policy, actor("INES"), made.exception.id, APPROVE, None, NOW)
        assert refused(done) == "freeze_changed"
    assert isinstance(decide(store, changed, actor("INES"), made.exception.id, REFUSE, "ask anew", NOW), Judged)
    again = ask(store, changed, actor("RITA"), 1, "", REASONS, NOW)
    assert isinstance(again, Asked)


def test_an_expired_one_is_not_decided_on(store: Store) -> None:
    world(store)
    made = asked(store)
    after = NOW.replace(year=2027, month=1, day=4)
    with store.write() as session:
        for row in session.exec(select(MirrorRow)).all():
            row.as_of = after
    assert refused(decide(store, POLICY, actor("INES"), made.exception.id, APPROVE, None, after)) == "freeze_over"


def test_the_same_asking_and_the_same_click_are_one(store: Store) -> None:
    world(store)
    first, second = asked(store), asked(store)
    assert (second.exception, second.again) == (first.exception, True)
    number = first.exception.id
    assert isinstance(decide(store, POLICY, actor("INES"), number, APPROVE, None, NOW), Judged)
    repeat = decide(store, POLICY, actor("INES"), number, APPROVE, None, NOW)
    assert isinstance(repeat, Judged)
    assert repeat.again
    assert refused(decide(store, POLICY, actor("INES"), number, REFUSE, "no", NOW)) == "decided_already"
    late = decide(store, POLICY, actor("TOM"), number, APPROVE, None, NOW)
    assert isinstance(late, Refused)
    assert late.sentence == "Ines Calder approved it already: it stays so."
    assert kinds(store) == ["exception.asked", "exception.approved", "exception.denied", "exception.denied"]


def test_one_that_was_refused_can_be_asked_for_anew(store: Store) -> None:
    world(store)
    made = asked(store)
    done = ask(store, POLICY, actor("MARIA"), 1, "", replace(REASONS, why="Another"), NOW)
    assert isinstance(done, Refused)
    assert done.sentence == (
        "Rita Sandoval-Kerr asked for an exception from Year-end for 2026.12 already: it waits for a decision."
    )
    decide(store, POLICY, actor("INES"), made.exception.id, REFUSE, "Not in December", NOW)
    assert asked(store, "MARIA").exception.id != made.exception.id


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"why": " \u200b "}, "why", "Say why it cannot wait."),
        ({"risk_in": ""}, "risk_in", "Say what may go wrong if it goes out in the freeze."),
        ({"risk_out": "\u2800"}, "risk_out", "Say what may go wrong if it waits until the freeze is over."),
        ({"why": "x" * 501}, "why", "That has 501 characters; at most 500 are kept. Make it shorter."),
    ],
)
def test_each_reason_is_needed(sqlite_store: Store, change: dict[str, str], field: str, says: str) -> None:
    world(sqlite_store)
    reasons = replace(REASONS, **change)
    done = ask(sqlite_store, POLICY, actor("RITA"), 1, "", reasons, NOW)
    assert isinstance(done, Invalid)
    assert done.problems == {field: says}


def test_four_hundred_characters_are_kept_whole(sqlite_store: Store) -> None:
    world(sqlite_store)
    long = Reasons(why="w" * 400, risk_in="i" * 400, risk_out="o" * 400)
    assert asked(sqlite_store, reasons=long).exception.reasons == long


def test_who_may_ask_and_of_what(sqlite_store: Store) -> None:
    world(sqlite_store)
    store = sqlite_store
    assert refused(ask(store, POLICY, actor("RAVI"), 1, "", REASONS, NOW)) == "not_permitted"
    assert refused(decide(store, POLICY, actor("MARIA"), 1, APPROVE, None, NOW)) == "not_permitted"
    assert refused(ask(store, POLICY, actor("RITA"), 1, "Easter", REASONS, NOW)) == "unknown_freeze"
    free = replace(POLICY, freezes=())
    assert refused(ask(store, free, actor("RITA"), 1, "", REASONS, NOW)) == "no_freeze"
    assert refused(offered_of(store, free, actor("RITA"), 1, NOW)) == "no_freeze"
    both = replace(POLICY, freezes=(NOW_FREEZE, YEAR_END))
    assert refused(ask(store, both, actor("RITA"), 1, "", REASONS, NOW)) == "unclear"
    assert asked(store, policy=both, typed="clo").exception.freeze == "Close"
    assert refused(offered_of(store, replace(POLICY, freezes=(NOW_FREEZE,)), actor("RITA"), 1, NOW)) == "asked_already"


def test_the_card_goes_where_policy_says(sqlite_store: Store) -> None:
    world(sqlite_store)
    store = sqlite_store
    lost = replace(POLICY, governance=Governance(channel="nowhere"))
    assert refused(ask(store, lost, actor("RITA"), 1, "", REASONS, NOW)) == "no_governance_channel"
    assert asked(store, policy=replace(POLICY, governance=Governance())).channel_id == CHANNEL


def test_an_ended_release_needs_none(sqlite_store: Store) -> None:
    world(sqlite_store)
    made = asked(sqlite_store)
    with sqlite_store.write() as session:
        session.get_one(ReleaseRow, 1).stage = "closed"
    assert refused(ask(sqlite_store, POLICY, actor("RITA"), 1, "", REASONS, NOW)) == "release_ended"
    done = decide(sqlite_store, POLICY, actor("INES"), made.exception.id, APPROVE, None, NOW)
    assert refused(done) == "release_ended"
    assert in_the_way(sqlite_store) == ()


def test_what_is_typed_begins_with_the_release(sqlite_store: Store) -> None:
    world(sqlite_store)
    found = offered(sqlite_store, POLICY, actor("RITA"), "2026.12 year end", CHANNEL, NOW)
    assert isinstance(found, Offered)
    assert (found.release.name, [each.name for each in found.windows]) == ("2026.12", ["Year-end"])
    made = ask_typed(sqlite_store, POLICY, actor("RITA"), "2026.12 year-end", CHANNEL, REASONS, NOW)
    assert isinstance(made, Asked)
    assert (made.release.name, made.exception.freeze, made.again) == ("2026.12", "Year-end", False)
    again = ask_typed(sqlite_store, POLICY, actor("RITA"), "2026.12 year-end", CHANNEL, REASONS, NOW)
    assert isinstance(again, Asked)
    assert (again.exception.id, again.again) == (made.exception.id, True)
    assert isinstance(foresee(sqlite_store, POLICY, actor("INES"), made.exception.id, REFUSE, NOW), Judged)
    assert refused(foresee(sqlite_store, POLICY, actor("INES"), 99, REFUSE, NOW)) == "unknown_exception"


def at_once(*acts: Callable[[], object]) -> list[object]:
    done: list[object] = []
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        barrier.wait()
        done.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return done


def test_of_two_who_ask_at_once_one_does(store: Store) -> None:
    world(store)
    done = at_once(
        lambda: ask(store, POLICY, actor("RITA"), 1, "", REASONS, NOW),
        lambda: ask(store, POLICY, actor("MARIA"), 1, "", REASONS, NOW),
    )
    assert sorted(type(each).__name__ for each in done) == ["Asked", "Refused"]
    with store.read() as session:
        assert len(session.exec(select(FreezeExceptionRow)).all()) == 1


def test_of_two_who_decide_at_once_one_does(store: Store) -> None:
    world(store)
    number = asked(store).exception.id
    done = at_once(
        lambda: decide(store, POLICY, actor("INES"), number, APPROVE, None, NOW),
        lambda: decide(store, POLICY, actor("TOM"), number, REFUSE, "No", NOW),
    )
    assert sorted(type(each).__name__ for each in done) == ["Judged", "Refused"]
    assert sorted(kinds(store)[1:])[:1] in (["exception.approved"], ["exception.denied"])
    with store.read() as session:
        assert audit.verify(session)[1] is None
        (row,) = session.exec(select(FreezeExceptionRow)).all()
    assert row.decided_by in {"U0INES", "U0TOM"}


WHO = st.sampled_from(["RITA", "MARIA", "INES", "TOM", "RAVI"])
ACTS = st.lists(st.tuples(WHO, st.sampled_from(["ask", "approve", "refuse"])), max_size=8)


def test_no_sequence_of_acts_lets_one_person_except_a_release(sqlite_store: Store) -> None:
    world(sqlite_store)
    everybody = replace(POLICY, permissions=dict.fromkeys(POLICY.permissions, ("everyone",)))

    @settings(max_examples=15)
    @given(ACTS)
    def hold(acts: list[tuple[str, str]]) -> None:
        for who, act in acts:
            newest = _newest(sqlite_store)
            if act == "ask":
                ask(sqlite_store, everybody, actor(who), 1, "", REASONS, NOW)
            else:
                verdict = APPROVE if act == "approve" else REFUSE
                decide(sqlite_store, everybody, actor(who), newest, verdict, "because", NOW)
        with sqlite_store.read() as session:
            rows = session.exec(select(FreezeExceptionRow)).all()
        assert all(row.decided_by != row.asked_by for row in rows)
        assert sum(1 for row in rows if row.decision != "refused") <= 1

    hold()


def _newest(store: Store) -> int:
    def read(session: Session) -> int:
        rows = session.exec(select(FreezeExceptionRow)).all()
        return max((row.id or 0 for row in rows), default=0)

    with store.read() as session:
        return read(session)
