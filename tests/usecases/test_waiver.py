"""Waivers on a real store: four eyes, one decision, an end."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import select

from interlock.domain.authority import Refused
from interlock.domain.policy import CriterionRule
from interlock.domain.readiness import Readiness
from interlock.domain.waiver import WaiverState
from interlock.store import release as releases
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.release import ReleaseRow
from interlock.store.waiver import WaiverRow
from interlock.usecases import digest, readiness, stage, waiver
from interlock.usecases.release import Invalid
from interlock.usecases.waiver import Asked, Decided
from tests.builders import CHANNEL, NOW, POLICY, TEMPLATE, actor, people, release

CARD = CriterionRule(kind="checklist", name="Model card is written")
BIAS = CriterionRule(kind="checklist", name="Bias is reviewed")
MODEL = replace(TEMPLATE, requirements=(), criteria=(CARD, BIAS))
ASK = "2026.12 model card until 2026-11-24 the card follows on Tuesday"


def made(store: Store) -> int:
    with store.write() as session:
        people(session)
        return release(session, template=MODEL, tickets=["DATA-1"], stage="ready")


def ask(store: Store, typed: str = ASK, who: str = "RITA") -> Any:
    return waiver.ask(store, POLICY, actor(who), typed, CHANNEL, NOW)


def decide(store: Store, state: WaiverState, who: str = "MARIA", when: datetime = NOW) -> Any:
    return waiver.decide(store, POLICY, actor(who), 1, state, when)


def ready(store: Store, now: datetime = NOW) -> Readiness:
    found = readiness.ask(store, POLICY, actor("ANA"), "2026.12", CHANNEL, now)
    assert isinstance(found, Readiness)
    return found


def kinds(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.exec(select(AuditRow.kind).order_by(AuditRow.seq)).all())  # type: ignore[arg-type]  # a column


def test_a_waiver_is_asked_for_granted_and_passes_the_gate(store: Store) -> None:
    made(store)
    asked = ask(store)
    assert isinstance(asked, Asked), asked
    assert (asked.waiver.criterion, asked.waiver.until) == ("Model card is written", date(2026, 11, 24))
    assert asked.waiver.expires_at == datetime(2026, 11, 25, tzinfo=UTC)
    assert ready(store).passed == 0
    done = decide(store, WaiverState.GRANTED)
    assert isinstance(done, Decided)
    assert [each.state for each in ready(store).criteria] == ["waived", "pending"]
    assert kinds(store) == ["waiver.asked", "waiver.granted"]
    with store.read() as session:
        posts = session.exec(select(OutboxRow.kind).order_by(OutboxRow.id)).all()  # type: ignore[arg-type]  # a column
        assert posts == ["waiver.card", "waiver.refresh"]


def test_it_blocks_again_after_its_last_day(store: Store) -> None:
    made(store)
    ask(store)
    decide(store, WaiverState.GRANTED)
    last = datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)
    assert ready(store, last).criteria[0].state == "waived"
    assert ready(store, last + timedelta(seconds=1)).criteria[0].state == "pending"


@pytest.mark.parametrize("state", [WaiverState.GRANTED, WaiverState.REFUSED])
def test_nobody_decides_what_they_asked_for(store: Store, state: WaiverState) -> None:
    made(store)
    ask(store)
    refused = decide(store, state, who="RITA")
    assert isinstance(refused, Refused)
    assert refused.reason == "own_request"
    assert kinds(store)[-1] == "waiver.decision_refused"


def test_the_database_refuses_two_eyes_too(store: Store) -> None:
    made(store)
    ask(store)
    with pytest.raises(IntegrityError), store.write() as session:
        session.execute(text("UPDATE waiver SET state = 'granted', decided_by = asked_by, decided_at = asked_at"))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE waiver SET expires_at = '2099-01-01 00:00:00'",
        "UPDATE waiver SET state = 'refused'",
        "DELETE FROM waiver",
    ],
)
def test_what_was_decided_stays(store: Store, tampering: str) -> None:
    made(store)
    ask(store)
    decide(store, WaiverState.GRANTED)
    with pytest.raises(DBAPIError, match="append-only"), store.write() as session:
        session.execute(text(tampering))


def test_the_first_decision_stands(store: Store) -> None:
    made(store)
    ask(store)
    decide(store, WaiverState.GRANTED)
    again = decide(store, WaiverState.GRANTED)
    assert isinstance(again, Decided)
    assert again.again
    late = decide(store, WaiverState.REFUSED, who="TOM")
    assert isinstance(late, Refused)
    assert "granted by Maria Voss already" in late.sentence


def test_of_two_who_decide_at_once_one_does(store: Store) -> None:
    made(store)
    ask(store)
    barrier, done = threading.Barrier(2), list[Any]()

    def press(state: WaiverState, who: str) -> None:
        barrier.wait()
        done.append(decide(store, state, who=who))

    threads = [
        threading.Thread(target=press, args=each)
        for each in ((WaiverState.GRANTED, "MARIA"), (WaiverState.REFUSED, "TOM"))
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(type(each).__name__ for each in done) == ["Decided", "Refused"]
    assert len([each for each in kinds(store) if each in {"waiver.granted", "waiver.refused"}]) == 1


def test_only_the_asker_withdraws(store: Store) -> None:
    made(store)
    ask(store)
    others = decide(store, WaiverState.WITHDRAWN, who="TOM")
    assert isinstance(others, Refused)
    assert isinstance(decide(store, WaiverState.WITHDRAWN, who="RITA"), Decided)
    assert ready(store).criteria[0].state == "pending"


def test_the_same_is_asked_for_once(store: Store) -> None:
    made(store)
    ask(store)
    again = ask(store)
    assert isinstance(again, Asked)
    assert not again.new
    with store.read() as session:
        assert len(session.exec(select(WaiverRow)).all()) == 1


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("2026.12 model card until 2026-11-22 late", "is past"),
        ("2026.12 model card until 2027-11-22 long", "92 days at most"),
        ("2026.12 model card until 2026-11-24", "Say why it may pass"),
        ("2026.12 model card", "Say until which day"),
        (f"2026.12 model card until 2026-11-24 {'x' * 501}", "at most 500"),
    ],
)
def test_what_is_missing_is_said(sqlite_store: Store, typed: str, says: str) -> None:
    made(sqlite_store)
    wrong = ask(sqlite_store, typed)
    assert isinstance(wrong, Invalid | Refused), wrong
    assert says in (" ".join(wrong.problems.values()) if isinstance(wrong, Invalid) else wrong.sentence)


def test_a_gate_that_there_is_not_is_named(sqlite_store: Store) -> None:
    made(sqlite_store)
    refused = ask(sqlite_store, "2026.12 zebra until 2026-11-24 why")
    assert isinstance(refused, Refused)
    assert refused.sentence == (
        "2026.12 has no criterion “zebra”. Its criteria: Model card is written and Bias is reviewed."
    )


def test_a_waiver_stands_in_the_digest_as_debt(sqlite_store: Store) -> None:
    number = made(sqlite_store)
    ask(sqlite_store)
    decide(sqlite_store, WaiverState.GRANTED)
    told = digest.drawn(sqlite_store, POLICY, number, CHANNEL, "slot", NOW)
    assert [each.criterion for each in told.waived] == ["Model card is written"]


def test_go_passes_on_a_waiver_and_not_on_one_that_is_over(store: Store) -> None:
    number = made(store)
    for which in ("model card", "bias"):
        ask(store, f"2026.12 {which} until 2026-11-23 it follows")
    for each in (1, 2):
        waiver.decide(store, POLICY, actor("MARIA"), each, WaiverState.GRANTED, NOW)
    with store.read() as session:
        one = releases.load(session, number)
        assert stage.ahead(session, POLICY, one, NOW).missing == ()
        assert len(stage.ahead(session, POLICY, one, NOW + timedelta(days=1)).missing) == 3


def test_nobody_waives_a_sign_off_nor_what_passes(sqlite_store: Store) -> None:
    signed = CriterionRule(kind="signoffs_given", name="Everybody has signed")
    free = CriterionRule(kind="no_open_blocker", name="Nothing is blocked")
    with sqlite_store.write() as session:
        people(session)
        release(session, template=replace(TEMPLATE, criteria=(signed, free)), tickets=["DATA-1"])
    for typed, why in (("everybody", "signoffs"), ("nothing", "needless")):
        refused = ask(sqlite_store, f"2026.12 {typed} until 2026-11-24 because")
        assert isinstance(refused, Refused)
        assert refused.reason == why
    assert kinds(sqlite_store) == ["waiver.ask_refused"] * 2


def test_nothing_is_waived_of_what_has_ended(store: Store) -> None:
    made(store)
    with store.write() as session:
        session.get_one(ReleaseRow, 1).stage = "closed"
    refused = ask(store)
    assert isinstance(refused, Refused)
    assert refused.reason == "release_ended"
    assert kinds(store) == ["waiver.ask_refused"]


def test_who_asked_and_until_when_is_fixed_before_anybody_decides(store: Store) -> None:
    made(store)
    ask(store)
    for tampering in ("asked_by = 'U0TOM'", "expires_at = '2099-01-01 00:00:00'", "criterion = 'Bias is reviewed'"):
        with pytest.raises(DBAPIError, match="append-only"), store.write() as session:
            session.execute(text(f"UPDATE waiver SET {tampering}"))  # noqa: S608 of the three above


def test_one_that_waits_is_not_replaced(sqlite_store: Store) -> None:
    """By a client that leaves SQLite's recursive triggers off."""
    made(sqlite_store)
    ask(sqlite_store)
    other = (
        "INSERT OR REPLACE INTO waiver (id, release_id, criterion, reason, until, expires_at, asked_by, asked_at, "
        "state) SELECT 99, release_id, criterion, reason, until, expires_at, 'U0TOM', asked_at, state FROM waiver"
    )
    with sqlite_store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA recursive_triggers=OFF")
        with pytest.raises(DBAPIError, match="append-only"):
            connection.exec_driver_sql(other)
