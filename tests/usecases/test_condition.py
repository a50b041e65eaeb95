"""Approvals that hang on something."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from interlock.domain.authority import Refused
from interlock.domain.condition import Ticked
from interlock.domain.release import Stage
from interlock.domain.signing import Accepted, AlreadySigned
from interlock.domain.signoff import Condition, Progress
from interlock.store import audit, signoff, signoff_record
from interlock.store.engine import Store
from interlock.store.release import ReleaseRow
from interlock.store.ticket import TicketRow
from interlock.usecases import condition, revalidation, scope
from interlock.usecases.signoff import With
from interlock.usecases.signoff_revoke import revoke
from tests.builders import NOW, POLICY, QA, actor, ticket
from tests.signoffs import asked, drawn, kinds, requirement, say, why

ONE = replace(QA, quorum=1)
HANGING = With(conditions=("ml-3", "Rollback tested", " ", "Rollback  tested"))


def open_(store: Store) -> tuple[Condition, ...]:
    with store.read() as session:
        return signoff.open_conditions(session, 1)


def tick(store: Store, who: str, condition_id: int) -> Ticked | Refused:
    return condition.tick(store, POLICY, actor(who), condition_id, NOW)


def finish(store: Store, key: str, category: str = "done") -> None:
    with store.write() as session:
        session.get_one(TicketRow, f"id-{key}").category = category


def test_an_approval_with_conditions_is_met_once_they_are(store: Store) -> None:
    revision = asked(store, ONE)
    assert isinstance(say(store, "TOM", revision, more=HANGING), Accepted)
    assert [(each.text, each.ticket_id) for each in open_(store)] == [("ML-3", "id-ML-3"), ("Rollback tested", None)]
    assert requirement(store).progress is Progress.CONDITIONAL
    finish(store, "ML-3")
    assert [each.text for each in open_(store)] == ["Rollback tested"]
    ticked = tick(store, "INES", open_(store)[0].id)
    assert isinstance(ticked, Ticked)
    assert (ticked.new, ticked.left) == (True, 0)
    assert requirement(store).progress is Progress.MET
    assert kinds(store)[-2:] == ["signoff.approved", "signoff.condition_met"]
    finish(store, "ML-3", "new")
    assert requirement(store).progress is Progress.CONDITIONAL, "a ticket that was reopened is open"


@pytest.mark.parametrize(
    ("line", "reason"),
    [("DATA-999", "unknown_ticket"), ("x" * 201, "condition_too_long")],
)
def test_a_condition_that_cannot_be_kept_is_refused_whole(store: Store, line: str, reason: str) -> None:
    revision = asked(store, ONE)
    assert why(say(store, "TOM", revision, more=With(conditions=("Rollback tested", line)))) == reason
    assert requirement(store).progress is Progress.OPEN
    assert kinds(store)[-1] == "signoff.refused"


def test_a_condition_is_not_dropped_where_the_approval_stands_already(sqlite_store: Store) -> None:
    revision = asked(sqlite_store)
    say(sqlite_store, "TOM", revision, more=HANGING)
    assert isinstance(say(sqlite_store, "TOM", revision, more=HANGING), AlreadySigned)
    another = With(conditions=("Rollback tested", "The pager is staffed"))
    assert why(say(sqlite_store, "TOM", revision, more=another)) == "approved_already"
    assert len(open_(sqlite_store)) == 2


def test_eleven_conditions_are_a_no(sqlite_store: Store) -> None:
    revision = asked(sqlite_store, ONE)
    many = With(conditions=tuple(f"Step {number}" for number in range(11)))
    assert why(say(sqlite_store, "TOM", revision, more=many)) == "too_many_conditions"


def test_nothing_is_ticked_off_of_what_is_released(sqlite_store: Store) -> None:
    revision = asked(sqlite_store, ONE)
    say(sqlite_store, "TOM", revision, more=HANGING)
    with sqlite_store.write() as session:
        session.get_one(ReleaseRow, 1).stage = Stage.RELEASED
    assert why(tick(sqlite_store, "INES", open_(sqlite_store)[1].id)) == "release_ended"
    assert kinds(sqlite_store)[-1] == "signoff.refused"


def test_who_ticks_off(store: Store) -> None:
    revision = asked(store, ONE)
    say(store, "TOM", revision, more=HANGING)
    ticket_, item = open_(store)
    assert why(tick(store, "MARIA", item.id)) == "not_eligible"
    assert why(tick(store, "RITA", item.id)) == "not_eligible", "nor whoever asked for the sign-offs"
    assert why(tick(store, "GUEST", item.id)) == "guest"
    assert why(tick(store, "TOM", ticket_.id)) == "ticket_condition"
    assert why(tick(store, "TOM", 99)) == "unknown_condition"
    assert isinstance(tick(store, "TOM", item.id), Ticked)
    again = tick(store, "INES", item.id)
    assert isinstance(again, Ticked)
    assert not again.new
    assert kinds(store).count("signoff.refused") == 4


def test_what_is_affirmed_anew_hangs_on_what_it_hung_on(store: Store) -> None:
    revision = asked(store, ONE)
    say(store, "TOM", revision, more=HANGING)
    item = open_(store)[1]
    with store.write() as session:
        ticket(session, "DATA-9")
        scope.refresh(session, None, NOW)
    assert revalidation.revalidate(store, NOW) == 1
    assert open_(store) == ()
    assert why(tick(store, "TOM", item.id)) == "condition_lapsed"
    told = revalidation.voided(store, 1, NOW)
    assert told
    assert told.conditions == 2
    assert isinstance(say(store, "TOM", told.revision_id), Accepted)
    assert [each.text for each in open_(store)] == ["ML-3", "Rollback tested"]
    revoke(store, POLICY, actor("TOM"), told.revision_id, NOW)
    assert isinstance(say(store, "TOM", drawn(store)), Accepted)
    assert open_(store) == (), "whoever takes it back, and then approves, means it"
    with store.read() as session:
        assert audit.verify(session)[1] is None
        assert signoff_record.first_difference(session) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE signoff_condition SET text = 'nothing'",
        "UPDATE signoff_condition SET ticket_id = NULL WHERE id = 1",
        "UPDATE signoff_condition SET done_at = NULL WHERE id = 2",
        "DELETE FROM signoff_condition",
        "UPDATE signoff SET conditional = NULL",
        "UPDATE signoff SET principal = 'U0INES'",
        "UPDATE signoff SET valid_until = NULL",
        "UPDATE signoff SET meaning = 'none'",
    ],
)
def test_the_database_lets_nobody_take_one_off(store: Store, statement: str) -> None:
    revision = asked(store, ONE)
    say(store, "TOM", revision, more=HANGING)
    tick(store, "TOM", 2)
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))
