"""Texts of tickets, people, channels, releases and policy stay texts, wherever they are shown: they ping nobody, link
nowhere and hide nothing. (What the practice page makes of them is its own tests': sandbox/page/test_mrkdwn.py.)
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from bot import terminal
from bot.drawing import Drawn, DrawnFile, DrawnHome
from bot.requests import Replacement, Shown
from bot.services import Services
from bot.views import blocks
from bot.views.blocks import Message
from interlock.domain.policy import EnvironmentRule, Ladder, Policy, Team, TeamMatch
from interlock.store.outbox import OutboxRow
from interlock.store.person import ChannelRow, PersonRow
from interlock.store.raid import RaidRow
from interlock.store.release import ReleaseRow
from interlock.store.ticket import AccountRow, TicketRow, VersionRow
from interlock.usecases.booking import book
from interlock.usecases.environment import reconcile
from tests.bookings import draft
from tests.bot.conftest import Slack
from tests.bot.test_restricted import LADDER, build, everything
from tests.builders import GOVERNANCE, NOW, PEOPLE, QA, TEMPLATE, actor
from tests.builders import POLICY as PLAIN

NASTY = "<!here><@U0EVIL><https://evil.io|x>\u202e\u2066\u200b&lt;!all&gt;*\n"
"""Short enough to be shown whole where titles are cut."""
JIRA = "https://jira.practice.example/browse/"

OURS = re.compile(
    rf"<@(?:{'|'.join(f'U0{name}' for name in PEOPLE)})>|<#C0[A-Z]+>|<!date\^\d+\^[^<>|^]+\|[^<>|&]+>"
    rf"|<{re.escape(JIRA)}[A-Z]+-\d+\|[A-Z]+-\d+>"
)
"""What may stand between `<` and `>`: people who are there, channels, moments, and tickets linked by their keys."""
INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2065\ufeff\u00ad\u061c\U000e0000-\U000e007f]")


MARKS = (
    "t-DATA-666",
    "t-PAY-13",
    "p-ravi",
    "p-rita",
    "p-tom",
    "release",
    "req1",
    "req2",
    "team1",
    "env",
    "template",
    "raid",
    "details",
)
"""What has to have been shown for this to mean anything."""


def nasty(mark: str) -> str:
    """It shows up as its mark, so that what was never shown is known."""
    return f"{mark}{NASTY}"


@pytest.fixture
def policy() -> Policy:
    rules = (replace(QA, name=nasty("req1")), replace(GOVERNANCE, name=nasty("req2")))
    data = Team(name=nasty("team1"), lead="ana@practice.example", match=TeamMatch(projects=("DATA",)))
    other = Team(name=nasty("team2"), match=TeamMatch(projects=("ML", "PAY")))
    uat = EnvironmentRule(name=nasty("env"), owners=("noor@practice.example",))
    return replace(
        PLAIN,
        ladders={"usual": Ladder(name=nasty("ladder"), steps=LADDER.steps)},
        teams={"data": data, "ml": other},
        environments={"uat-2": uat},
        templates={"quarterly": replace(TEMPLATE, name=nasty("template"), requirements=rules, ladder="usual")},
    )


@pytest.fixture
def world(services: Services) -> int:
    """That of the search for restricted tickets, with nothing restricted and each text nasty."""
    store, policy = services.store, services.policy
    number = build(store)
    reconcile(store, policy, NOW)
    with store.write() as session:
        for person in session.exec(select(PersonRow)):
            person.name = nasty(f"p-{person.handle}")
        for ticket in session.exec(select(TicketRow)):
            ticket.summary, ticket.status, ticket.security_level = nasty(f"t-{ticket.key}"), nasty("status"), None
        for account in session.exec(select(AccountRow)):
            account.name = nasty("account")
        for channel in session.exec(select(ChannelRow)):
            channel.name = nasty("channel")
        release = session.get_one(ReleaseRow, number)
        release.name, release.folded = nasty("release"), "2026.12"
        release.policy = asdict(policy.templates["quarterly"])
        for row in session.exec(select(RaidRow)):
            row.title, row.details = nasty("raid"), nasty("details")
        session.add(VersionRow(id="v1", project_id="p-DATA", name=nasty("version")))
    for place, who in enumerate(("RAVI", "RITA")):
        wish = replace(draft(0, 2, wait=place > 0), purpose=nasty(f"purpose{place}"))
        book(store, policy, actor(who), wish, f"booking {who}", NOW)
    return number


def strings(value: Any) -> Iterator[tuple[str, str]]:
    """Each text with what it is read as: "mrkdwn", or "plain"."""
    match value:
        case {"type": "mrkdwn", "text": text}:
            assert value.get("verbatim") is True, value
            yield "mrkdwn", text
        case dict():
            for key, each in value.items():
                if key == "text" and isinstance(each, str) and value.get("type") != "plain_text":
                    yield "mrkdwn", each  # a message's own text
                elif key != "private_metadata":
                    yield from strings(each)
        case list() | tuple():
            for each in value:
                yield from strings(each)
        case str():
            yield "plain", value


def shown(said: object) -> dict[str, Any]:
    match said:
        case Message():
            return asdict(said)
        case Drawn() | Replacement():
            return asdict(said.message)
        case DrawnFile():
            return {"type": "mrkdwn", "text": said.comment, "verbatim": True}
        case DrawnHome() | Shown():
            return dict(said.view)
    return {}


def harmless(name: str, kind: str, text: str) -> None:
    assert not INVISIBLE.search(text), (name, text)
    odd = [each for each in text if unicodedata.category(each) in {"Cc", "Cs"} and each != "\n"]
    assert odd == [], (name, text)
    if kind == "mrkdwn":
        rest = OURS.sub("", text)
        assert not re.search(r"[<>]", rest), (name, rest)
        assert not re.search(r"&(?!(?:amp|lt|gt);)", rest), (name, rest)


def test_no_text_pings_links_hides_anything_or_drives_a_terminal(services: Services, world: int, slack: Slack) -> None:
    said = list(everything(services, world))
    seen = [(name, shown(told)) for name, told in said]
    seen += [(f"{method} {number}", call) for number, (method, call) in enumerate(slack.calls)]
    everywhere = ""
    for name, content in seen:
        for kind, text in strings(content):
            harmless(name, kind, text)
            everywhere += text
    assert [mark for mark in MARKS if mark not in everywhere] == []
    for name, told in said:
        message = told.message if isinstance(told, Drawn | Replacement) else told
        if isinstance(message, Message):
            words = terminal.words(message, {"U0RAVI": "Ravi"})
            assert not [each for each in words if unicodedata.category(each) == "Cc" and each != "\n"], name
    with services.store.read() as session:
        for row in session.exec(select(OutboxRow)):  # texts are escaped where they are shown: a row carries ids
            assert "evil" not in json.dumps(row.ids), row.kind


LETTERS = st.sampled_from(
    [*"<>&|@#!*_~`^\n\r\t\0ab1/:.-", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "ש", "<!", "]("]
)
TEXTS = st.one_of(st.text(), st.lists(LETTERS, max_size=40).map("".join), st.just(NASTY))


@given(TEXTS, TEXTS)
def test_whatever_is_typed_a_link_is_labelled_by_us(key: str, title: str) -> None:
    made = blocks.section(blocks.ticket_link(key, title, f"{JIRA}DATA-1"))["text"]["text"]
    harmless("link", "mrkdwn", re.sub(rf"<{re.escape(JIRA)}DATA-1\|[^<>|]*>", "", made))


@given(TEXTS)
def test_whatever_is_typed_no_builder_lets_it_through(text: str) -> None:
    one = blocks.escape(text)
    made = [
        blocks.message(one, blocks.section(one), blocks.fields(one, blocks.line(text)), blocks.context(one)),
        blocks.refusal(blocks.line(text)),
        blocks.message("x", blocks.header(text), blocks.actions(blocks.button(text, "a"))),
        blocks.message("x", blocks.image("https://x.example", text, text)),
    ]
    for content in [*made, *map(blocks.plain, made)]:
        for kind, shown_text in strings(asdict(content)):
            harmless("builder", kind, shown_text.replace("\u2068", "").replace("\u2069", ""))
