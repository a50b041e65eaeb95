"""Block Kit as HTML: each block and element stands where a person, a screen reader and a test find it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sandbox.page.charts import Chart, chart
from sandbox.page.controls import control
from sandbox.page.reader import Reader
from sandbox.page.render import Drawing, draw

Json = dict[str, Any]
HOSTILE = "<img src=x onerror=alert(1)> & \"'"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt; &amp; &#34;&#39;"
READER = Reader(
    person="U0ANA",
    now=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    zone=ZoneInfo("Asia/Tokyo"),
    users={"U0ANA": "Ana Whitlock", "U0TOM": "Tom Arkwright"},
    channels={"C0GENERAL": "general"},
    groups={"S0QA": "qa-approvers"},
)


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str, text: str = "") -> Json:
    return {"value": value, "text": plain(text or value)}


def drawn(*blocks: Json, **more: Any) -> str:
    html = str(draw(blocks, Drawing(reader=READER, surface="m-1", **more)))
    return " ".join(html.split())


def actions(*elements: Json) -> Json:
    return {"type": "actions", "block_id": "b", "elements": list(elements)}


def field(element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": "b", "label": plain("Reason"), "element": element, **more}


@pytest.mark.parametrize(
    ("block", "parts"),
    [
        ({"type": "header", "text": plain("Sign-off :lock:")}, ['role="heading"', "Sign-off", "mark-lock"]),
        ({"type": "section", "text": {"type": "mrkdwn", "text": "*x*"}}, ["<strong>x</strong>"]),
        ({"type": "section", "text": plain("*x*")}, ["*x*"]),
        ({"type": "section", "fields": [plain("one"), plain("two")]}, ["b-fields", "one", "two"]),
        ({"type": "context", "elements": [{"type": "mrkdwn", "text": "_old_"}]}, ["b-context", "<em>old</em>"]),
        ({"type": "divider"}, ["<hr"]),
        (
            {"type": "image", "image_url": "https://elsewhere.example/a.png", "alt_text": "A plan"},
            ["A plan", "other hosts"],
        ),
        (
            {"type": "image", "image_url": "http://127.0.0.1:1/files/F00000001/plan.png", "alt_text": "A plan"},
            ['<img src="/files/F00000001/plan.png" alt="A plan">'],
        ),
        ({"type": "image", "slack_file": {"id": "F1"}, "alt_text": "A plan"}, ['src="/files/F1/picture"']),
        ({"type": "markdown", "text": "**b** and `c`"}, ["<strong>b</strong>", "<code>c</code>"]),
        ({"type": "brand_new", "x": 1}, ["does not draw", "brand_new"]),
    ],
)
def test_layout_blocks(block: Json, parts: list[str]) -> None:
    html = drawn(block)
    assert [part for part in parts if part not in html] == []


@pytest.mark.parametrize(
    ("element", "html"),
    [
        ({"type": "text", "text": "*as it is* :tada:"}, "*as it is* :tada:"),
        ({"type": "text", "text": "x", "style": {"bold": True, "italic": True}}, "<strong><em>x</em></strong>"),
        ({"type": "text", "text": "x", "style": {"code": True}}, "<code>x</code>"),
        ({"type": "user", "user_id": "U0TOM"}, '<span class="mention" data-user="U0TOM">@Tom Arkwright</span>'),
        ({"type": "usergroup", "usergroup_id": "S0QA"}, '<span class="mention">@qa-approvers</span>'),
        (
            {"type": "channel", "channel_id": "C0GENERAL"},
            '<a class="mention" href="/client/U0ANA/C0GENERAL">#general</a>',
        ),
        ({"type": "broadcast", "range": "here"}, '<span class="mention mention-me">@here</span>'),
        ({"type": "emoji", "name": "lock"}, '<span class="mark mark-lock">🔒</span>'),
        ({"type": "emoji", "name": "own_emoji"}, ":own_emoji:"),
        ({"type": "link", "url": "javascript:alert(1)", "text": "x"}, '<div class="rich-section">x</div>'),
        ({"type": "date", "timestamp": 1795500000, "format": "{time}"}, ">15:00</time>"),
    ],
)
def test_rich_text_elements(element: Json, html: str) -> None:
    section = {"type": "rich_text_section", "elements": [element]}
    assert html in drawn({"type": "rich_text", "elements": [section]})


def test_rich_text_parts() -> None:
    words = {"type": "rich_text_section", "elements": [{"type": "text", "text": "item"}]}
    html = drawn(
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_list", "style": "ordered", "offset": 2, "indent": 1, "elements": [words]},
                {"type": "rich_text_list", "style": "bullet", "elements": [words]},
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said"}]},
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a < b"}]},
            ],
        }
    )
    assert '<ol class="rich-list indent-1" start="3"><li>item</li></ol>' in html
    assert '<ul class="rich-list indent-0"><li>item</li></ul>' in html
    assert "<blockquote>said</blockquote>" in html
    assert "<code>a &lt; b</code>" in html


def test_a_table_has_a_header_row_and_right_aligned_numbers() -> None:
    rows = [
        [{"type": "raw_text", "text": "Team"}, {"type": "raw_text", "text": "Open"}],
        [{"type": "raw_text", "text": HOSTILE}, {"type": "raw_number", "value": 1234}],
    ]
    html = drawn({"type": "table", "rows": rows, "column_settings": [None, {"align": "center"}]})
    assert '<th scope="col" class="align-left">Team</th>' in html
    assert f'<td class="align-left">{ESCAPED}</td>' in html
    assert '<td class="align-center">1,234</td>' in html
    data = drawn({"type": "data_table", "caption": "Blockers", "rows": rows})
    assert "<caption>Blockers</caption>" in data
    assert '<td class="align-right">1,234</td>' in data


@pytest.mark.parametrize(
    ("element", "parts"),
    [
        ({"type": "button", "text": plain("Go"), "style": "danger"}, ['class="button danger"', ">Go</button>"]),
        ({"type": "button", "text": plain("Go"), "accessibility_label": "Go on"}, ['aria-label="Go on"']),
        (
            {
                "type": "static_select",
                "options": [option("a", "A"), option("b", "B")],
                "initial_option": option("b", "B"),
            },
            ["<select", '<option value="a" >A</option>', '<option value="b" selected>B</option>'],
        ),
        (
            {"type": "static_select", "option_groups": [{"label": plain("Teams"), "options": [option("a")]}]},
            ['<optgroup label="Teams">'],
        ),
        ({"type": "users_select", "initial_user": "U0TOM"}, ['<option value="U0TOM" selected>Tom Arkwright</option>']),
        ({"type": "channels_select"}, ['<option value="C0GENERAL" >#general</option>', "Select a channel"]),
        ({"type": "conversations_select"}, ["Select a conversation"]),
        (
            {"type": "multi_users_select", "initial_users": ["U0ANA"]},
            ['value="U0ANA" checked', '<span class="chip">Ana Whitlock</span>'],
        ),
        (
            {"type": "external_select", "placeholder": plain("Find")},
            ['role="combobox"', 'placeholder="Find"', 'data-least="3"'],
        ),
        ({"type": "external_select", "min_query_length": 0}, ['data-least="0"']),
        (
            {"type": "overflow", "options": [option("a", "Show scope")]},
            ['aria-label="More actions"', 'role="menuitem" data-value="a"'],
        ),
        ({"type": "datepicker", "initial_date": "2026-12-17"}, ['type="date"', 'value="2026-12-17"']),
        ({"type": "timepicker", "initial_time": "09:30"}, ['type="time"', 'value="09:30"']),
        (
            {"type": "datetimepicker", "initial_date_time": 1795500000},
            ['type="datetime-local"', 'value="2026-11-24T15:00"'],
        ),
        ({"type": "radio_buttons", "options": [option("a")]}, ['role="radiogroup"', 'type="radio"']),
        (
            {"type": "checkboxes", "options": [option("a")], "initial_options": [option("a")]},
            ['type="checkbox"', "checked"],
        ),
        ({"type": "file_input"}, ["does not draw an element of type <code>file_input</code>"]),
    ],
)
def test_interactive_elements(element: Json, parts: list[str]) -> None:
    html = drawn(actions({"action_id": "a", **element}))
    assert [part for part in parts if part not in html] == []
    if element["type"] != "file_input":
        assert 'data-action-id="a" data-block-id="b"' in html


@pytest.mark.parametrize(
    ("element", "parts"),
    [
        (
            {"type": "plain_text_input", "initial_value": "as before", "max_length": 20},
            ['value="as before"', 'maxlength="20"'],
        ),
        ({"type": "plain_text_input", "multiline": True, "initial_value": "a\nb"}, ["<textarea", "> a b</textarea>"]),
        (
            {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"},
            ['type="number"', 'step="1"', 'min="1"', 'max="9"'],
        ),
        ({"type": "email_text_input"}, ['type="email"']),
        ({"type": "url_text_input"}, ['type="url"']),
        ({"type": "checkboxes", "options": [option("a")]}, ['role="group"']),
    ],
)
def test_input_elements_carry_their_label(element: Json, parts: list[str]) -> None:
    html = drawn(field({"action_id": "a", **element}))
    assert [part for part in [*parts, 'aria-label="Reason"'] if part not in html] == []


def test_an_input_says_its_hint_its_fault_and_whether_it_may_stay_empty() -> None:
    text = {"type": "plain_text_input", "action_id": "a"}
    html = drawn(field(text, hint=plain("In a sentence"), optional=True), errors={"b": HOSTILE})
    assert "(optional)" in html
    assert "In a sentence" in html
    assert f'role="alert" data-keep="">{ESCAPED}</div>' in html
    assert 'aria-invalid="true"' in html
    assert "aria-required" not in html
    assert "aria-required" in drawn(field(text))


@pytest.mark.parametrize(
    ("block", "dispatches"),
    [
        (actions({"type": "datepicker", "action_id": "a"}), True),
        (field({"type": "datepicker", "action_id": "a"}), False),
        (field({"type": "datepicker", "action_id": "a"}, dispatch_action=True), True),
    ],
)
def test_what_tells_the_app_at_once(block: Json, dispatches: bool) -> None:  # noqa: FBT001 - a table's column
    assert ("data-dispatches" in drawn(block)) is dispatches


def test_what_was_entered_stands_above_what_the_app_suggested() -> None:
    element = {"type": "plain_text_input", "action_id": "a", "initial_value": "old"}
    state = {"b": {"a": {"type": "plain_text_input", "value": "new"}}}
    assert 'value="new"' in drawn(field(element), state=state)
    of_another_kind = {"b": {"a": {"type": "number_input", "value": "7"}}}
    assert 'value="old"' in drawn(field(element), state=of_another_kind)


def test_a_list_of_people_leaves_out_who_left_unless_chosen_before() -> None:
    reader = replace(READER, gone=frozenset({"U0TOM"}))
    for element, offered in (({}, False), ({"initial_user": "U0TOM"}, True)):
        block = actions({"type": "users_select", "action_id": "a", **element})
        assert ("Tom Arkwright" in draw([block], Drawing(reader=reader, surface="m-1"))) is offered


def test_a_confirmation_is_drawn_beside_its_element() -> None:
    confirm = {
        "title": plain(HOSTILE),
        "text": plain("Sure?"),
        "confirm": plain("Yes"),
        "deny": plain("No"),
        "style": "danger",
    }
    html = drawn(actions({"type": "button", "text": plain("Go"), "action_id": "a", "confirm": confirm}))
    assert f'aria-label="{ESCAPED}"' in html
    assert "data-deny>No</button>" in html
    assert 'class="button danger" data-agree>Yes</button>' in html


@pytest.mark.parametrize(
    "block",
    [
        {"type": "header", "text": plain(HOSTILE)},
        {"type": "section", "text": {"type": "mrkdwn", "text": HOSTILE}},
        {"type": "markdown", "text": HOSTILE},
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": HOSTILE}]}],
        },
        actions({"type": "button", "text": plain(HOSTILE), "action_id": HOSTILE}),
        actions(
            {"type": "static_select", "options": [option(HOSTILE)], "placeholder": plain(HOSTILE), "action_id": HOSTILE}
        ),
        actions(
            {
                "type": "multi_static_select",
                "options": [option(HOSTILE)],
                "initial_options": [option(HOSTILE)],
                "action_id": "a",
            }
        ),
        actions({"type": "external_select", "initial_option": option(HOSTILE), "action_id": "a"}),
        actions({"type": "radio_buttons", "options": [option(HOSTILE)], "action_id": "a"}),
        field(
            {"type": "plain_text_input", "initial_value": HOSTILE, "action_id": "a", "multiline": True},
            hint=plain(HOSTILE),
        ),
        {"type": "image", "image_url": HOSTILE, "alt_text": HOSTILE, "title": plain(HOSTILE)},
        {"type": HOSTILE, "block_id": HOSTILE},
        {
            "type": "data_visualization",
            "title": HOSTILE,
            "chart": {"type": "pie", "segments": [{"label": HOSTILE, "value": 1}]},
        },
    ],
)
def test_hostile_texts_stay_texts(block: Json) -> None:
    html = drawn(block)
    assert "<img src=x" not in html
    assert "&lt;img src=x" in html


def test_one_element_keeps_its_id_and_two_never_share_one() -> None:
    block = actions({"type": "datepicker", "action_id": "a b"})
    first = control(block["elements"][0], block, "m-1", READER)
    again = control(block["elements"][0], block, "m-1", READER)
    elsewhere = control(block["elements"][0], block, "m-2", READER)
    assert first is not None
    assert again is not None
    assert elsewhere is not None
    assert first.uid == again.uid != elsewhere.uid
    assert " " not in first.uid


def plotted(kind: str, *values: float) -> Chart:
    names = [f"w{place}" for place in range(len(values))]
    data = [{"label": name, "value": value} for name, value in zip(names, values, strict=True)]
    body = {"type": kind, "series": [{"name": "done", "data": data}], "axis_config": {"categories": names}}
    found = chart({"type": "data_visualization", "title": "Burn-up", "chart": body})
    assert found is not None
    return found


def test_bars_stand_on_zero_in_proportion() -> None:
    one, two = plotted("bar", 10, 20).bars
    assert two.height == pytest.approx(2 * one.height)
    assert one.y + one.height == pytest.approx(two.y + two.height)


def test_a_negative_bar_hangs_below_zero() -> None:
    found = plotted("bar", -5, 5)
    below, above = found.bars
    assert below.y == pytest.approx(found.zero)
    assert above.y + above.height == pytest.approx(found.zero)


@pytest.mark.parametrize("kind", ["line", "area"])
def test_lines_have_a_dot_for_each_number(kind: str) -> None:
    (path,) = plotted(kind, 1, 4, 9).paths
    assert [title for _, _, title in path.dots] == ["done, w0: 1", "done, w1: 4", "done, w2: 9"]
    assert path.d.endswith("Z") is (kind == "area")


def test_a_pie_says_its_shares() -> None:
    body = {"type": "pie", "segments": [{"label": "Done", "value": 3}, {"label": "Open", "value": 1}]}
    found = chart({"type": "data_visualization", "title": "Scope", "chart": body})
    assert found is not None
    assert found.legend == ("Done 75%", "Open 25%")
    assert found.numbers == (("", "Value"), ("Done", "3"), ("Open", "1"))


@pytest.mark.parametrize("values", [(), (0,), (0, 0), (float("nan"), float("inf"))])
def test_empty_and_odd_numbers_still_make_a_chart(values: tuple[float, ...]) -> None:
    assert plotted("bar", *values).ticks[0][1] == "0"
