"""Escaping, cutting and Slack's limits, tried with what people and tickets may say."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.payload import Payload, Unreadable, decode, encode
from bot.views import blocks, forms
from bot.views.blocks import Block, Message
from bot.views.text import cut_safe, safe

HOSTILE = [
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<!subteam^S0QA|@qa-approvers>",
    "<@U0ANA>",
    "<#C0GENERAL|x>",
    "<https://evil.example|DATA-214>",
    "<javascript:alert(1)|x>",
    "&lt;!channel&gt;",
    "a & b < c > d",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_pings_nobody_and_links_nowhere(text: str) -> None:
    for made in (blocks.escape(text), blocks.line(text), blocks.link("https://jira.example/x", text)):
        inner = re.sub(r"^<https://jira\.example/x\|(.*)>$", r"\1", made)
        assert not re.search(r"[<>]", inner)
        assert not re.search(r"&(?!(?:amp|lt|gt);)", inner)


@pytest.mark.parametrize(
    "text", ["<!channel>", "<!here|here>", "<!everyone>", "<!subteam^S0QA>", "<javascript:x|y>", "<mailto:a@b.example>"]
)
def test_what_was_not_escaped_by_mistake_still_pings_nobody(text: str) -> None:
    block = blocks.section(f"*Broken* {text}")
    assert block["text"]["text"] == f"*Broken* {text.replace('<', '&lt;').replace('>', '&gt;')}"


@pytest.mark.parametrize(
    "made",
    [
        blocks.mention("U0ANA"),
        blocks.channel("C0GENERAL"),
        blocks.moment(datetime(2026, 12, 17, 14, 0, tzinfo=UTC)),
        blocks.ticket_link("DATA-214", "R&D <x> | y", "https://jira.example/browse/DATA-214"),
        blocks.link("https://jira.example/?a=1&b=2", "x"),
    ],
)
def test_what_is_built_here_stays_as_it_is(made: str) -> None:
    assert safe(f"a {made} b & c") == f"a {made} b &amp; c"


def test_a_moment_has_its_weekday_in_the_fallback() -> None:
    assert blocks.moment(datetime(2026, 12, 17, 14, 0, tzinfo=UTC)).endswith("|Thu 17 Dec 14:00 UTC>")
    assert blocks.day(date(2026, 12, 4)) == "Fri 4 Dec"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://x.example/>", "https://x.example/ y", "", "//x.example"]
)
def test_an_address_that_is_none_of_the_webs_is_left_out(url: str) -> None:
    assert blocks.link(url, "DATA-214") == "DATA-214"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x07c", "abc"),
        ("two\n\n lines\t and  more", "two lines and more"),
        ("\u202eevil\u202c", "evil"),
        ("DATA\u200b-2\u206014\ufeff", "DATA-214"),
        ("a\u200e\u200f\u061cb\U000e0041\u3164", "ab"),
        ("👩\u200d💻 ✔\ufe0f", "👩\u200d💻 ✔\ufe0f"),
        ("שלום עולם", "\u2068שלום עולם\u2069"),
        ("🚂" * 70, "🚂" * 59 + "…"),
        ("x" * 10_000, "x" * 59 + "…"),
        ("torn \ud800", "torn"),
    ],
)
def test_a_title_is_one_clean_line_of_sixty(text: str, shown: str) -> None:
    assert blocks.line(text).strip() == shown


TEXTS = st.one_of(st.text(max_size=400), st.sampled_from(HOSTILE), st.text("<>&|!@#;amplt ", max_size=60))


@given(st.lists(TEXTS, max_size=8))
def test_whatever_is_joined_only_our_own_forms_stand(parts: list[str]) -> None:
    made = safe("".join(parts) + blocks.mention("U0ANA"))
    for found in re.findall(r"<([^>]*)>", made):
        assert re.match(r"@[UWB]|#[CGD]|!date\^|https?://", found)
    assert "<!channel" not in made
    assert "<!here" not in made


@given(TEXTS, st.integers(2, 120))
def test_a_cut_tears_no_entity_and_no_link_apart(text: str, limit: int) -> None:
    made = cut_safe(safe(text + blocks.link("https://jira.example/browse/DATA-1", "DATA-1") + text), limit)
    assert len(made) <= limit
    assert made.count("<") == made.count(">")
    assert not re.search(r"&(?!(?:amp|lt|gt);)", made)


LONG = "x" * 20_000


def check(block: Block) -> None:
    """Slack's limits for what we build. Source: https://docs.slack.dev/reference/block-kit/blocks"""
    match block:
        case {"type": "header", "text": {"text": text}}:
            assert 1 <= len(text) <= 150
        case {"type": "section"}:
            assert 1 <= len(block.get("text", {"text": "x"})["text"]) <= 3000
            assert len(block.get("fields", [])) <= 10
            assert all(1 <= len(each["text"]) <= 2000 for each in block.get("fields", []))
        case {"type": "context", "elements": elements}:
            assert 1 <= len(elements) <= 10
        case {"type": "actions", "elements": elements}:
            assert 1 <= len(elements) <= 25
            for each in elements:
                assert len(each.get("text", {"text": ""})["text"]) <= 75


@pytest.mark.parametrize(
    "block",
    [
        blocks.header(LONG),
        blocks.header(""),
        blocks.section(LONG),
        blocks.section(""),
        blocks.section("<" * 20_000),
        blocks.fields(*[LONG] * 12),
        blocks.context(*[LONG] * 12),
        blocks.actions(*[blocks.button(LONG, "x", ("signoff", 1)) for _ in range(30)]),
    ],
    ids=lambda block: block["type"],
)
def test_long_texts_are_cut_to_slacks_limits(block: Block) -> None:
    check(block)


def test_a_message_of_too_many_blocks_says_that_there_is_more() -> None:
    drawn = blocks.message("x", *[blocks.section(str(number)) for number in range(60)])
    assert len(drawn.blocks) == 50
    assert drawn.blocks[-1]["type"] == "context"
    assert len(blocks.message("x", *[blocks.divider()] * 50).blocks) == 50


def test_a_message_of_too_many_letters_is_cut_too() -> None:
    drawn = blocks.message(LONG, *[blocks.section("y" * 2900) for _ in range(20)])
    assert sum(len(str(block)) for block in drawn.blocks) < 14_000
    assert len(drawn.text) <= 3900


def test_no_select_and_no_row_is_ever_empty() -> None:
    assert blocks.static_select("x", "Choose", []) is None
    assert blocks.overflow("x", []) is None
    assert blocks.actions(None, None) is None
    assert blocks.message("x", None, blocks.divider()).blocks == (blocks.divider(),)


def test_a_select_keeps_a_hundred_options() -> None:
    many = [blocks.option(f"uat-{number}", str(number)) for number in range(150)]
    select = blocks.static_select("x", "Choose", many, initial="7")
    assert select is not None
    assert len(select["options"]) == 100
    assert select["initial_option"]["value"] == "7"


def test_the_plain_rendering_keeps_every_word() -> None:
    drawn = blocks.message(
        "Digest",
        blocks.header("R&D"),
        blocks.section("*Why* DATA-214"),
        blocks.fields("a", "b"),
        blocks.context("Jira as of 2 min ago"),
        blocks.image("https://x.example/a.png", "Ready on 14 Dec"),
        blocks.actions(blocks.button("Open", "open")),
    )
    text = "*R&amp;D*\n*Why* DATA-214\na\nb\nJira as of 2 min ago\nReady on 14 Dec"
    assert blocks.plain(drawn) == Message(text=text)
    assert blocks.plain(Message(text="Alone")) == Message(text="Alone")


@given(
    st.sampled_from(["signoff", "revision", "ticket"]),
    st.one_of(st.integers(0), st.from_regex(r"\A[A-Z]{2,9}-[0-9]{1,6}\Z")),
)
def test_a_payload_comes_back_as_it_was(kind: str, ident: int | str) -> None:
    assert decode(encode(kind, ident)) == Payload(kind=kind, id=str(ident))


@given(st.text(max_size=300))
def test_whatever_else_is_unreadable(text: str) -> None:
    found = decode(text)
    assert isinstance(found, Unreadable) or encode(found.kind, found.id) == text


@pytest.mark.parametrize("ident", ["", "a b", "x" * 101, "ä", "1:2", "\n"])
def test_what_could_not_be_read_back_is_not_written(ident: str) -> None:
    with pytest.raises(ValueError, match="no button can carry"):
        encode("signoff", ident)


def test_an_old_version_is_told_from_nonsense() -> None:
    assert decode("0:signoff:7") == Unreadable(reason="old")
    assert decode("signoff") == Unreadable(reason="malformed")


def test_a_modal_keeps_slacks_limits() -> None:
    view = forms.modal("x", LONG, [blocks.divider()] * 120, submit=LONG, private={"card": 7})
    assert (len(view["title"]["text"]), len(view["submit"]["text"]), len(view["blocks"])) == (24, 24, 100)
    assert view["private_metadata"] == '{"card":7}'
    with pytest.raises(ValueError, match="private metadata"):
        forms.modal("x", "x", [], private={"x": LONG})


@pytest.mark.parametrize(
    "block",
    [
        forms.input_text("a", "A", initial="x", placeholder="y", hint="z", multiline=True),
        forms.input_date("a", "A", initial="2026-12-17"),
        forms.input_time("a", "A"),
        forms.input_moment("a", "A", initial=1_797_000_000),
        forms.input_select("a", "A", [blocks.option("x", "1")], initial="1", dispatch=True),
        forms.input_selects("a", "A", [blocks.option("x", "1")], initial=["1"]),
        forms.input_external("a", "A", several=True),
        forms.input_channel("a", "A", initial="C0GENERAL"),
        forms.input_radio("a", "A", [blocks.option("x", "1")], initial="1"),
    ],
    ids=lambda block: block["element"]["type"],
)
def test_an_inputs_value_comes_back_by_its_block(block: dict[str, Any]) -> None:
    assert (block["type"], block["block_id"], block["element"]["action_id"]) == ("input", "a", "a")
    assert None not in block["element"].values()


def test_an_action_stands_once_in_a_row() -> None:
    """Slack refuses a message in which it stands twice."""
    buttons = [blocks.button(f"Approve for {number}", "signoff.approve", ("revision", number)) for number in range(3)]
    told = blocks.message("x", blocks.actions(buttons[0], blocks.button("More", "more"), *buttons[1:]))
    rows = [[each["text"]["text"] for each in block["elements"]] for block in told.blocks]
    assert rows == [["Approve for 0", "More"], ["Approve for 1"], ["Approve for 2"]]
