"""`/release forecast` and `/release whatif`, from what somebody typed or pressed to what they are shown."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.app import TABLES
from bot.listeners import forecast, whatif
from bot.payload import Payload
from bot.requests import Click, Command, UnreadableButtonError
from bot.services import Services
from bot.views import forecast as forecast_view
from bot.views import whatif as whatif_view
from bot.views.blocks import Message, plain
from interlock.domain.forecast import NoForecast
from interlock.domain.policy import Policy
from interlock.domain.release import ScopeRule
from interlock.store.engine import Store
from interlock.store.release import MilestoneRow
from interlock.store.ticket import StatusRow, TicketChangeRow, TicketLinkRow
from interlock.usecases import forecast as use_case
from tests.builders import CHANNEL, NOW, POLICY, actor, people, release, ticket


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def world(sqlite_store: Store) -> int:
    """2026.12: DATA-1 holds DATA-2 and a restricted one; data gets two done a day."""
    with sqlite_store.write() as session:
        people(session)
        for number, key in enumerate(("DATA-1", "DATA-2", "DATA-3")):
            ticket(session, key, due=date(2026, 12, 1 + number), security_level="Board" if number == 2 else None)
        for waiting, on in (("DATA-2", "DATA-1"), ("DATA-3", "DATA-2")):
            session.add(
                TicketLinkRow(
                    ticket_id=f"id-{waiting}",
                    other_id=f"id-{on}",
                    phrase="is blocked by",
                    relation="blocked_by",
                    other_key=on,
                    other_category="new",
                )
            )
        session.add(StatusRow(id="5", name="Done", category="done"))
        for number in range(80):
            at = datetime(2026, 11, 20, 12, tzinfo=UTC) - timedelta(days=number // 2 * 2)
            done = ticket(session, f"DATA-{1000 + number}", versions=[], category="done", status_id="5")
            session.add(TicketChangeRow(ticket_id=done, id="1", at=at, field="status", before="1", after="5"))
        made = release(session)
        session.add(MilestoneRow(release_id=made, position=0, name="Code freeze", due=date(2026, 12, 4)))
        return made


def command(text: str) -> Command:
    return Command(
        actor=actor("ANA"),
        name="/release",
        verb="",
        args=text,
        channel_id=CHANNEL,
        channel_name="",
        trigger_id="t1",
        now=NOW,
    )


def click(kind: str, ident: str) -> Click:
    payload = Payload(kind=kind, id=ident)
    return Click(actor=actor("ANA"), action_id="x", now=NOW, trigger_id="t1", payload=payload, channel_id=CHANNEL)


def lines(message: Message) -> list[str]:
    return plain(message).text.splitlines()


def pressed(message: Message, label: str, services: Services) -> Message:
    """What a click on the message's button of that label answers."""
    (button,) = [
        each
        for block in message.blocks
        for each in block.get("elements", ())
        if each["type"] == "button" and each["text"]["text"] == label
    ]
    kind, ident = button["value"].split(":")[1:]
    said = TABLES.clicks[button["action_id"]](click(kind, ident), services)
    assert isinstance(said, Message)
    return said


def test_the_forecast_in_seven_lines(services: Services, world: int) -> None:
    said = forecast.ask(command(""), services)
    told = lines(said)
    assert len(told) <= 7
    assert told[0].startswith("*2026.12 Quarterly platform* · 🟢 Green · Ready on ")
    assert re.fullmatch(r"\*Target\* Thu 17 Dec · met in \d+ % of 10,000 runs", told[1])
    assert told[2] == "*Last* Data Engineering: 3 open, 6.7 done a week"
    assert told[3].startswith(
        "From 12 weeks of Data Engineering's own pace, as if all of it went into this release; "
        "scope growth of the last 4 weeks goes on (3 tickets); holidays counted. Seed "
    )
    assert told[4] == "_Jira as of just now_"
    assert said.text.endswith("target Thu 17 Dec.")
    assert forecast.show(click("release", str(world)), services) == said


def test_no_forecast_says_why(services: Services, sqlite_store: Store, world: int) -> None:
    with sqlite_store.write() as session:
        ticket(session, "ML-7", versions=["v2"])
        release(session, name="weekly", channel_id="C0OTHER", rule=ScopeRule(version_ids=("v2",)))
    told = lines(forecast.ask(command("weekly"), services))
    assert told[0] == "*weekly Quarterly platform* · No forecast"
    assert told[1].startswith("Too little history of ML Platform (nothing done) to draw from")
    assert forecast.ask(command("zebra"), services).refused
    found = use_case.ask(sqlite_store, POLICY, actor("ANA"), "weekly", CHANNEL, NOW)
    assert isinstance(found, NoForecast)
    assert forecast_view.summary(found).startswith("No forecast. Too little history")


def test_what_a_later_ticket_breaks(services: Services, world: int) -> None:
    said = whatif.ask(command("DATA-1 +4d"), services)
    told = lines(said)
    assert len(told) <= 7
    assert told[0].endswith("DATA-1> Summary of DATA-1* · Tue 1 Dec → Mon 7 Dec (4 business days later)")
    assert told[1].startswith("*Moves* 2 tickets that wait for it, 2 past the due date, the last: ")
    assert told[2].startswith("*2026.12* passes Code freeze Fri 4 Dec: ")
    assert told[2].endswith(" and 2 more")
    assert told[-1] == "_Nothing was changed. Jira as of just now_"
    whole = "\n".join(lines(pressed(said, "Show all of it", services)))
    assert "• a restricted ticket Thu 3 Dec → Mon 7 Dec" in whole
    assert "DATA-3" not in whole + said.text
    assert "Show all of it" not in str(pressed(said, "Show all of it", services).blocks)


def test_a_ticket_beyond_the_target_leads_to_what_the_target_would_break(services: Services, world: int) -> None:
    said = whatif.ask(command("DATA-1 2026-12-19"), services)
    assert "passes the target Thu 17 Dec by 1 business day" in "\n".join(lines(said))
    assert any(line.startswith("*Forecast* 2026.12: ") and line.endswith("Sat 19 Dec at best") for line in lines(said))
    next_ = pressed(said, "What if 2026.12 moves to Mon 21 Dec", services)
    told = lines(next_)
    assert told[0] == "*2026.12 Quarterly platform* · target Thu 17 Dec → Mon 21 Dec (2 business days later)"
    assert re.match(r"\*Forecast\* target met in \d+ % of the runs, now \d+ % · Ready on ", told[-2])
    assert len(told) <= 7


def test_a_target_that_breaks_nothing_says_so(services: Services, world: int) -> None:
    said = whatif.ask(command("target +1d"), services)
    assert said.text == (
        "2026.12 Quarterly platform: target Thu 17 Dec → Fri 18 Dec (1 business day later). It breaks nothing. "
        "Nothing was changed."
    )


def test_what_is_turned_down_is_a_sentence(services: Services, world: int) -> None:
    for typed in ("", "DATA-99 +3d", "DATA-1 400d", "target 2026-12-19", "target", "<!channel> +3d"):
        said = whatif.ask(command(typed), services)
        assert said.refused
        assert "<!channel>" not in str(said.blocks)


def test_hostile_buttons_are_no_questions(services: Services, world: int) -> None:
    for kind, ident in (
        ("release_day", "x_2026-12-18"),
        ("release_day", "1_2026-13-18"),
        ("release_day", "1"),
        ("release_day", "9" * 30 + "_2026-12-18"),
        ("release", "1_2026-12-18"),
        ("ticket_day", "id-DATA-1"),
    ):
        with pytest.raises(UnreadableButtonError):
            whatif.show(click(kind, ident), services)
    assert whatif.show(click("ticket_day", "nobody_2026-12-18"), services).refused


def test_its_words_are_drawn_by_one_view() -> None:
    assert {whatif_view.WHATIF, whatif_view.ALL, forecast_view.FORECAST} <= set(TABLES.clicks)
