"""Away, and who signs meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from interlock.domain.authority import Refused
from interlock.domain.delegation import Away, Here
from interlock.domain.signing import Accepted, AlreadySigned
from interlock.domain.signoff import Decision, Progress
from interlock.store import audit, signoff_record
from interlock.store.audit import AuditPersonRow
from interlock.store.engine import Store
from interlock.store.person import PersonRow
from interlock.store.signoff import SignoffRow
from interlock.usecases import card, delegation
from interlock.usecases.signoff_note import in_your_place
from interlock.usecases.signoff_revoke import Revoked, revoke
from tests.builders import NOW, POLICY, QA, actor
from tests.signoffs import asked, at_once, drawn, fresh, kinds, messages, requirement, say, why

DELEGABLE = replace(QA, delegation=True)
FRIDAY = NOW + timedelta(days=4)


def away(store: Store, who: str, to: str | None, *, until: datetime = FRIDAY, now: datetime = NOW) -> Away | Refused:
    return delegation.away(store, POLICY, actor(who), until, to, now)


def test_a_stand_in_signs_once_and_for_one(store: Store) -> None:
    revision = asked(store, DELEGABLE)
    assert isinstance(away(store, "INES", "@maria"), Away)
    assert isinstance(away(store, "NOOR", "maria@practice.example"), Away)
    verdict = say(store, "MARIA", revision)
    assert isinstance(verdict, Accepted)
    assert verdict.principal
    assert verdict.principal.slack_id == "U0INES"
    assert isinstance(say(store, "MARIA", revision), AlreadySigned), "not for Noor too"
    assert why(say(store, "INES", revision)) == "signed_for_you"
    assert requirement(store).progress is Progress.OPEN
    assert isinstance(say(store, "TOM", revision), Accepted)
    assert requirement(store).progress is Progress.MET
    with store.read() as session:
        row = session.exec(select(SignoffRow)).first()
        assert row
        assert (row.slack_id, row.principal) == ("U0MARIA", "U0INES")
        roles = session.exec(select(AuditPersonRow.role).where(AuditPersonRow.seq == 5)).all()
        assert sorted(roles) == ["actor", "principal"]
        assert audit.verify(session)[1] is None
        assert signoff_record.first_difference(session) is None
    assert messages(store, "delegation.told") == ["@U0MARIA", "@U0MARIA"]
    assert messages(store, "signoff.for_you") == ["@U0INES"]
    told = in_your_place(store, 1, 1, "U0MARIA")
    assert told
    assert told.signoff.speaks_for.slack_id == "U0INES"


def test_whoever_was_away_takes_back_what_was_signed_for_them(store: Store) -> None:
    revision = asked(store, DELEGABLE)
    away(store, "INES", "@maria")
    say(store, "MARIA", revision)
    assert isinstance(delegation.back(store, POLICY, actor("INES"), NOW), Here)
    revoked = revoke(store, POLICY, actor("INES"), revision, NOW)
    assert isinstance(revoked, Revoked)
    assert [each.key for each in revoked.requirements] == ["qa"]
    assert isinstance(say(store, "INES", revision), Accepted)
    assert why(say(store, "MARIA", revision)) == "not_eligible"
    with store.read() as session:
        assert signoff_record.first_difference(session) is None
    assert kinds(store)[-4:] == ["delegation.ended", "signoff.revoked", "signoff.approved", "signoff.refused"]


def test_whoever_stood_in_is_told_that_they_do_not_any_more(store: Store) -> None:
    asked(store, DELEGABLE)
    away(store, "INES", "@maria")
    away(store, "INES", "@maria", until=FRIDAY + timedelta(days=1))
    assert messages(store, "delegation.over") == [], "they still do"
    away(store, "INES", "@ravi")
    assert messages(store, "delegation.over") == ["@U0MARIA"]
    told = delegation.over(store, 2, NOW)
    assert told
    assert told.name == "Ines Calder"
    away(store, "INES", "@maria")
    assert delegation.over(store, 2, NOW) is None, "she does again"
    delegation.back(store, POLICY, actor("INES"), NOW)
    delegation.back(store, POLICY, actor("INES"), NOW)
    assert messages(store, "delegation.over") == ["@U0MARIA", "@U0RAVI", "@U0MARIA"]


def test_nobody_is_told_that_what_was_over_is_over(store: Store) -> None:
    asked(store, DELEGABLE)
    away(store, "INES", "@maria")
    delegation.back(store, POLICY, actor("INES"), fresh(store, FRIDAY))
    assert messages(store, "delegation.over") == []


def test_nobody_is_promised_what_a_stand_in_cannot_do(store: Store) -> None:
    revision = asked(store, DELEGABLE)

    def promised(who: str, to: str) -> tuple[tuple[str, str], ...]:
        done = away(store, who, to)
        assert isinstance(done, Away)
        return done.requirements

    assert promised("INES", "@noor") == ()  # who is asked herself, and has one word
    assert promised("INES", "@maria") == (("2026.12", "QA"),)
    say(store, "TOM", revision)
    assert promised("TOM", "@maria") == ()  # he has spoken


def test_it_ends_by_its_date(store: Store) -> None:
    revision = asked(store, DELEGABLE)
    away(store, "INES", "@maria")
    now = fresh(store, FRIDAY)
    assert why(say(store, "MARIA", revision, now=now)) == "not_eligible"
    assert isinstance(say(store, "INES", revision, now=now), Accepted)
    assert delegation.state(store, POLICY, actor("INES"), now) == Here(was=None)
    assert isinstance(away(store, "INES", None, until=now + timedelta(days=1), now=now), Away), "and then once more"


def test_it_ends_with_either_of_them(store: Store) -> None:
    revision = asked(store, DELEGABLE)
    away(store, "INES", "@maria")
    with store.write() as session:
        session.get_one(PersonRow, "U0INES").active = False
    assert why(say(store, "MARIA", revision)) == "not_eligible"


@pytest.mark.parametrize(
    ("who", "to", "reason"),
    [
        ("INES", "@ines", "oneself"),
        ("INES", "@nobody", "unknown_person"),
        ("INES", "@gil", "unknown_person"),
        ("INES", "U0GUEST", "no_member"),
        ("INES", "U0LEFT", "no_member"),
        ("GUEST", "@maria", "guest"),
        ("INES", "@noor", "chain"),
        ("MARIA", "@tom", "chain"),
    ],
)
def test_what_is_refused_and_recorded(store: Store, who: str, to: str, reason: str) -> None:
    asked(store, DELEGABLE)
    away(store, "NOOR", "@maria")
    assert why(away(store, who, to)) == reason
    recorded = reason != "unknown_person"
    assert (kinds(store)[-1] == "delegation.refused") is recorded


def test_two_who_name_each_other_at_once_make_no_loop(store: Store) -> None:
    asked(store, DELEGABLE)
    said = at_once(lambda: away(store, "INES", "@noor"), lambda: away(store, "NOOR", "@ines"))
    assert sorted(type(each).__name__ for each in said) == ["Away", "Refused"]


def test_a_hand_and_its_principal_at_once_give_one_word(store: Store) -> None:
    revision = asked(store, DELEGABLE)
    away(store, "INES", "@maria")
    said = at_once(lambda: say(store, "INES", revision), lambda: say(store, "MARIA", revision))
    assert sorted(type(each).__name__ for each in said) == ["Accepted", "Refused"]
    assert requirement(store).count == 1


def test_the_card_says_who_is_away(store: Store) -> None:
    asked(store, DELEGABLE)
    away(store, "INES", "@maria")
    picture = card.draw(store, 1, NOW)
    assert picture
    assert [(each.person.name, each.stand_in and each.stand_in.name) for each in picture.absences] == [
        ("Ines Calder", "Maria Voss")
    ]


def test_a_no_may_be_said_in_somebodys_place_too(store: Store) -> None:
    revision = asked(store, DELEGABLE)
    away(store, "INES", "@maria")
    assert isinstance(say(store, "MARIA", revision, Decision.REJECTED), Accepted)
    assert requirement(store).progress is Progress.REJECTED
    assert drawn(store)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE delegation SET stand_in = 'U0TOM'", "UPDATE delegation SET ended_at = NULL", "DELETE FROM delegation"],
)
def test_the_database_keeps_who_stood_in(store: Store, statement: str) -> None:
    asked(store, DELEGABLE)
    away(store, "INES", "@maria")
    delegation.back(store, POLICY, actor("INES"), NOW)
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))
