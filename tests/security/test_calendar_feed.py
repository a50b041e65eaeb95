"""The feed's address over a real socket: what opens it, what does not, and that the two cannot be told apart."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from icalendar import Calendar

from bot.http.feed import PER_MINUTE, WRONG_PER_MINUTE, Feeds
from bot.services import Services
from interlock.domain.permission import Permission
from interlock.domain.policy import EVERYONE, Policy
from interlock.domain.secret import Issued
from interlock.usecases import feed
from tests.builders import NOW, actor, people, release, ticket
from tests.security.conftest import House, head, status


@pytest.fixture
def policy() -> Policy:
    from tests.builders import POLICY  # noqa: PLC0415 the name is the fixture's here

    return replace(POLICY, permissions=dict.fromkeys(Permission, (EVERYONE,)))


@pytest.fixture
def secret(services: Services) -> str:
    with services.store.write() as session:
        people(session)
        ticket(session, "DATA-1", summary="Falcon")
        release(session, target=date(2026, 12, 17))
    feed.ask(services.store, services.policy, actor("RAVI"), "r1", NOW)
    made = feed.issue(services.store, services.policy, "U0RAVI", "r1", NOW)
    assert isinstance(made, Issued)
    return made.text


def body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def test_a_link_opens_a_calendar_that_nobody_keeps(house: House, secret: str) -> None:
    answer = house.send(head("GET", f"/calendar/{secret}.ics"))
    assert status(answer) == 200
    lowered = answer.lower()
    for line in (b"content-type: text/calendar; charset=utf-8", b"cache-control: private, no-store", b"no-referrer"):
        assert line in lowered
    names = [str(each["SUMMARY"]) for each in Calendar.from_ical(body(answer)).walk("VEVENT")]
    assert names == ["2026.12: target"]


def test_what_opens_nothing_is_answered_alike(house: House, services: Services, secret: str) -> None:
    feed.ask(services.store, services.policy, actor("TOM"), "r2", NOW)
    revoked = feed.issue(services.store, services.policy, "U0TOM", "r2", NOW)
    assert isinstance(revoked, Issued)
    feed.revoke(services.store, services.policy, actor("TOM"), NOW)
    paths = [f"/calendar/{each}" for each in ("a" * 43 + ".ics", f"{revoked.text}.ics", secret, "x", f"{secret}.ICS")]
    paths += [f"/calendar/{secret}.ics.ics", f"/calendar/%00{secret[1:]}.ics", f"/calendar/{secret[:-1]}.ics"]
    answers = {path: house.send(head("GET", path)) for path in paths}
    assert {status(each) for each in answers.values()} == {404}
    assert len({body(each) for each in answers.values()}) == 1


def test_a_link_in_use_is_slowed_and_guesses_shut_out_nobody(services: Services, secret: str) -> None:
    feeds = Feeds(services.store, services.policy, services.clock)
    guesses = [feeds.serve("a" * 43 + ".ics", "10.0.0.1").status_code for _ in range(WRONG_PER_MINUTE + 5)]
    assert set(guesses) == {404}
    answers = [feeds.serve(f"{secret}.ics", "10.0.0.1") for _ in range(PER_MINUTE + 1)]
    assert [each.status_code for each in answers] == [200] * PER_MINUTE + [429]
    assert answers[-1].headers["retry-after"] == "60"
    later = Feeds(services.store, services.policy, lambda: NOW + timedelta(days=90))
    assert later.serve(f"{secret}.ics", "10.0.0.1").status_code == 404


def test_neither_log_nor_answer_shows_the_link(house: House, secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    answer = house.send(head("GET", f"/calendar/{secret}.ics"))
    house.send(head("GET", f"/calendar/{secret}"))
    told = capsys.readouterr()
    assert secret.encode() not in answer
    assert secret not in told.out + told.err
