"""What Slack refuses in Block Kit: one limit a row, just above it; and that what is just below it passes."""

from typing import Any

import pytest

from sandbox.slack.blocks import InvalidBlocksError, message_blocks, view_body


def plain(text: str = "x") -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "x") -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def section(**more: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(), **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(), "action_id": "go", **more}


def options(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"text": plain(str(number)), "value": str(number), **more} for number in range(count)]


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "pick", "options": options(2), **more}


def field(element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain(), "element": element, **more}


def table(rows: int, columns: int, text: str = "x") -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * columns] * rows}


def data_table(rows: int) -> dict[str, Any]:
    return {"type": "data_table", "caption": "Tickets", "rows": [[{"type": "raw_text", "text": "x"}]] * rows}


def chart(**more: Any) -> dict[str, Any]:
    """A bar chart with one series over one category."""
    body = {
        "type": "bar",
        "series": [{"name": "done", "data": [{"label": "w1", "value": 3}]}],
        "axis_config": {"categories": ["w1"]},
    }
    return {"type": "data_visualization", "title": "Burn-up", "chart": {**body, **more}}


def pie(segments: int, label: str = "x") -> dict[str, Any]:
    chart = {"type": "pie", "segments": [{"label": label, "value": 1}] * segments}
    return {"type": "data_visualization", "title": "Scope", "chart": chart}


def confirm(**more: Any) -> dict[str, Any]:
    return {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain(), **more}


REFUSED: list[tuple[str, Any, Any]] = [
    # what, just below the limit, just above it
    ("section text", section(text=mrkdwn("x" * 3000)), section(text=mrkdwn("x" * 3001))),
    ("section without text", section(), {"type": "section"}),
    ("empty text", section(), section(text=mrkdwn(""))),
    ("fields", section(fields=[mrkdwn()] * 10), section(fields=[mrkdwn()] * 11)),
    ("field text", section(fields=[mrkdwn("x" * 2000)]), section(fields=[mrkdwn("x" * 2001)])),
    ("header", {"type": "header", "text": plain("x" * 150)}, {"type": "header", "text": plain("x" * 151)}),
    ("header kind", {"type": "header", "text": plain()}, {"type": "header", "text": mrkdwn()}),
    ("block_id", section(block_id="x" * 255), section(block_id="x" * 256)),
    ("context", {"type": "context", "elements": [mrkdwn()] * 10}, {"type": "context", "elements": [mrkdwn()] * 11}),
    ("actions", actions(*({**button(), "action_id": str(n)} for n in range(25))), actions(*([button()] * 26))),
    ("action ids", actions(button(), button(action_id="b")), actions(button(), button())),
    ("button text", actions(button(text=plain("x" * 75))), actions(button(text=plain("x" * 76)))),
    ("button value", actions(button(value="x" * 2000)), actions(button(value="x" * 2001))),
    ("button value kind", actions(button(value="1")), actions(button(value=1))),
    ("button style", actions(button(style="danger")), actions(button(style="green"))),
    ("action_id", actions(button(action_id="x" * 255)), actions(button(action_id="x" * 256))),
    ("confirm", actions(button(confirm=confirm())), actions(button(confirm={"title": plain()}))),
    (
        "confirm text",
        actions(button(confirm=confirm(text=mrkdwn("x" * 300)))),
        actions(button(confirm=confirm(text=mrkdwn("x" * 301)))),
    ),
    ("options", actions(select(options=options(100))), actions(select(options=options(101)))),
    ("no options", actions(select()), actions(select(options=[]))),
    (
        "option text",
        actions(select(options=options(1, text=plain("x" * 75)))),
        actions(select(options=options(1, text=plain("x" * 76)))),
    ),
    (
        "option value",
        actions(select(options=options(1, value="x" * 150))),
        actions(select(options=options(1, value="x" * 151))),
    ),
    (
        "initial option",
        actions(select(initial_option=options(2)[1])),
        actions(select(initial_option=options(3)[2])),
    ),
    ("placeholder", actions(select(placeholder=plain("x" * 150))), actions(select(placeholder=plain("x" * 151)))),
    (
        "overflow",
        actions({"type": "overflow", "action_id": "more", "options": options(5)}),
        actions({"type": "overflow", "action_id": "more", "options": options(6)}),
    ),
    (
        "date",
        actions({"type": "datepicker", "action_id": "day", "initial_date": "2026-12-17"}),
        actions({"type": "datepicker", "action_id": "day", "initial_date": "17.12.2026"}),
    ),
    (
        "image",
        {"type": "image", "image_url": "https://practice.example/a.png", "alt_text": "a"},
        {"type": "image", "image_url": "https://practice.example/a.png"},
    ),
    ("table rows", table(100, 1), table(101, 1)),
    ("table columns", table(1, 20), table(1, 21)),
    ("table cells", table(1, 1), table(1, 1, "")),
    ("table characters", table(100, 1, "x" * 100), table(100, 1, "x" * 101)),
    ("data table rows", data_table(101), data_table(102)),
    ("data table header", data_table(2), data_table(1)),
    ("chart kind", chart(type="line"), chart(type="scatter")),
    ("chart title", chart(), chart() | {"title": "x" * 51}),
    ("chart categories", chart(), chart(axis_config={"categories": ["w1", "w2"]})),
    ("chart numbers", chart(), chart(series=[{"name": "done", "data": [{"label": "w1", "value": "3"}]}])),
    ("pie segments", pie(12), pie(13)),
    ("pie labels", pie(1, "x" * 20), pie(1, "x" * 21)),
    ("markdown", {"type": "markdown", "text": "x" * 12_000}, {"type": "markdown", "text": "x" * 12_001}),
    ("kind", {"type": "divider"}, {"type": "fireworks"}),
    ("element kind", actions(button()), actions({"type": "plain_text_input", "action_id": "a"})),
    ("accessory kind", section(accessory=button()), section(accessory=field(button()))),
    ("label", field(select(), label=plain("x" * 2000)), field(select(), label=plain("x" * 2001))),
]


class Ids:
    def __init__(self) -> None:
        self.last = 0

    def __call__(self, prefix: str) -> str:
        self.last += 1
        return f"{prefix}{self.last}"


@pytest.mark.parametrize(("below", "above"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_limit_is_where_slack_has_it(below: Any, above: Any) -> None:
    assert len(message_blocks([below], Ids())) == 1
    with pytest.raises(InvalidBlocksError) as refused:
        message_blocks([above], Ids())
    assert refused.value.code == "invalid_blocks"
    assert all("[json-pointer:/blocks" in problem for problem in refused.value.problems)


def test_fifty_blocks_and_not_one_more() -> None:
    assert len(message_blocks([{"type": "divider"}] * 50, Ids())) == 50
    with pytest.raises(InvalidBlocksError, match="no more than 50 items"):
        message_blocks([{"type": "divider"}] * 51, Ids())


def test_the_whole_message_has_a_limit_of_its_own() -> None:
    block = section(text=mrkdwn("x" * 2700))
    assert len(message_blocks([block] * 4, Ids())) == 4
    with pytest.raises(InvalidBlocksError) as refused:
        message_blocks([block] * 5, Ids())
    assert refused.value.code == "msg_blocks_too_long"


@pytest.mark.parametrize(
    "blocks",
    [
        [table(1, 1), table(1, 1)],
        [section(block_id="a"), section(block_id="a")],
        [{"type": "markdown", "text": "x" * 6001}] * 2,
    ],
    ids=["two tables", "one block_id twice", "markdown in all"],
)
def test_what_blocks_may_not_be_together(blocks: list[Any]) -> None:
    assert message_blocks(blocks[:1], Ids())
    with pytest.raises(InvalidBlocksError):
        message_blocks(blocks, Ids())


def test_ids_are_added_where_there_are_none() -> None:
    first, second = message_blocks([section(block_id="mine"), actions(button(), {**button(), "action_id": "x"})], Ids())
    assert first["block_id"] == "mine"
    assert second["block_id"]
    (unnamed,) = message_blocks([actions({"type": "button", "text": plain()})], Ids())
    assert unnamed["elements"][0]["action_id"]


def test_what_was_sent_is_not_touched() -> None:
    sent = [actions({"type": "button", "text": plain()})]
    message_blocks(sent, Ids())
    assert "action_id" not in sent[0]["elements"][0]


MODAL: dict[str, Any] = {"type": "modal", "title": plain(), "blocks": [section()]}


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"title": plain("x" * 25)}, "/view/title/text"),
        ({"submit": plain("x" * 25)}, "/view/submit/text"),
        ({"close": plain("x" * 25)}, "/view/close/text"),
        ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
        ({"callback_id": "x" * 256}, "/view/callback_id"),
        ({"blocks": [section()] * 101}, "/view/blocks"),
        ({"type": "home"}, "/view/type"),
        ({"title": None}, "/view"),
        ({"blocks": [{"type": "table", "rows": []}]}, "/view/blocks/0/type"),
        ({"blocks": [field({"type": "plain_text_input", "action_id": "a"})]}, "/view"),  # no submit
    ],
)
def test_views_that_slack_refuses(more: dict[str, Any], pointer: str) -> None:
    view_body(MODAL, ("modal",), Ids())
    with pytest.raises(InvalidBlocksError) as refused:
        view_body(MODAL | more, ("modal",), Ids())
    assert refused.value.code == "invalid_arguments"
    assert refused.value.problems[0].endswith(f"[json-pointer:{pointer}]")
