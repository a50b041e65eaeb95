"""mrkdwn as HTML: what Slack formats, what it leaves alone, and what hostile texts may not do."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.page import mrkdwn
from sandbox.page.reader import Reader

READER = Reader(
    person="U0ANA",
    now=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    zone=ZoneInfo("Asia/Tokyo"),
    users={"U0ANA": "Ana Whitlock", "U0TOM": "Tom <b>Arkwright</b>"},
    channels={"C0GENERAL": "general"},
    groups={"S0QA": "qa-approvers"},
    member_of=frozenset({"S0QA"}),
)
LINK = 'class="link" href="{}" target="_blank" rel="noopener noreferrer nofollow"'
ALLOWED_TAGS = {"strong", "em", "s", "code", "pre", "blockquote", "br", "span", "a", "time"}


def rendered(text: str) -> str:
    return str(mrkdwn.render(text, READER))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~gone~", "<strong>bold</strong> <em>it</em> <s>gone</s>"),
        ("*bold _and it_*", "<strong>bold <em>and it</em></strong>"),
        ("*crossed _over* it_", "<strong>crossed _over</strong> it_"),
        ("schema_registry_upgrade", "schema_registry_upgrade"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("a*b*c", "a*b*c"),
        ("**not slack**", "**not slack**"),
        ("*two\nlines*", "*two<br>lines*"),
        ("`*raw* &lt;b&gt;`", "<code>*raw* &lt;b&gt;</code>"),
        ("```\nx = *1*\n```\nafter", '<pre class="fence"><code>x = *1*</code></pre>after'),
        ("&gt; said\nmine", "<blockquote>said</blockquote>mine"),
        ("> said\n> twice", "<blockquote>said<br>twice</blockquote>"),
        ("&gt;&gt;&gt; all\nof it", "<blockquote>all<br>of it</blockquote>"),
        ("• one\n• two", '<span class="item">• one</span><span class="item">• two</span>'),
        ("one\ntwo", "one<br>two"),
        (":tada: :no_such_code:", '<span class="mark mark-tada">🎉</span> :no_such_code:'),
        ("🟢 Green", '<span class="mark mark-green">🟢</span> Green'),
        ("10:30:45", "10:30:45"),
    ],
)
def test_formatting(text: str, html: str) -> None:
    assert rendered(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<https://a.example|the page>", f"<a {LINK.format('https://a.example')}>the page</a>"),
        ("*<https://a.example|b>*", f"<strong><a {LINK.format('https://a.example')}>b</a></strong>"),
        (
            "<https://a.example/?x=1&amp;y=2>",
            f"<a {LINK.format('https://a.example/?x=1&amp;y=2')}>https://a.example/?x=1&amp;y=2</a>",
        ),
        (
            "see https://a.example/a_b_c.",
            f"see <a {LINK.format('https://a.example/a_b_c')}>https://a.example/a_b_c</a>.",
        ),
        ("<mailto:a@b.example|a@b.example>", f"<a {LINK.format('mailto:a@b.example')}>a@b.example</a>"),
        ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
        ("<data:text/html,x|click>", "&lt;data:text/html,x|click&gt;"),
        ("<@U0ANA>", '<span class="mention mention-me" data-user="U0ANA">@Ana Whitlock</span>'),
        (
            "<@U0TOM|t>",
            '<span class="mention" data-user="U0TOM">@Tom &lt;b&gt;Arkwright&lt;/b&gt;</span>',
        ),
        ("<@U0NOBODY|nobody>", '<span class="mention">@nobody</span>'),
        ("<#C0GENERAL|old-name>", '<a class="mention" href="/client/U0ANA/C0GENERAL">#general</a>'),
        ("<#C0HIDDEN|leads>", '<span class="mention">#leads</span>'),
        ("<!subteam^S0QA>", '<span class="mention mention-me">@qa-approvers</span>'),
        ("<!here>", '<span class="mention mention-me">@here</span>'),
        ("<!channel|channel>", '<span class="mention mention-me">@channel</span>'),
        ("<!unknown^x|its label>", "its label"),
    ],
)
def test_what_stands_in_angle_brackets(text: str, html: str) -> None:
    assert rendered(text) == html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("&amp;", "&amp;"),
        ("&amp;lt;", "&amp;lt;"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("&quot;", "&amp;quot;"),
        ('"><img src=x onerror=alert(1)>', "&#34;&gt;&lt;img src=x onerror=alert(1)&gt;"),
        ("nul\x00 bell\x07", "nul bell"),
    ],
)
def test_everything_is_escaped_exactly_once(text: str, shown: str) -> None:
    assert rendered(text) == shown


# 24 November 2026, 06:00 in UTC, is 15:00 in Tokyo.
@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("{date_num}", "2026-11-24"),
        ("{date_slash}", "24/11/2026"),
        ("{date}", "November 24"),
        ("{date_short}", "Nov 24, 2026"),
        ("{date_long}", "Tuesday, November 24th, 2026"),
        ("{date_long_full}", "November 24, 2026"),
        ("{date_short_pretty} at {time}", "tomorrow at 15:00"),
        ("{date_long_pretty}", "tomorrow"),
        ("{time_secs}", "15:00:00"),
        ("{ago}", "in 21 hours"),
        ("{no_such_token}", "the fallback"),
    ],
)
def test_dates_are_in_the_readers_zone(token: str, shown: str) -> None:
    drawn = rendered(f"due <!date^1795500000^{token}|the fallback>")
    assert shown in drawn.partition("due ")[2]
    assert ("<time" in drawn) is (shown != "the fallback")


def test_a_date_that_opens_its_line_has_a_capital() -> None:
    assert ">Tomorrow 15:00</time>" in rendered("<!date^1795500000^{date_short_pretty} {time}|x>")


@pytest.mark.parametrize("ts", ["99999999999999999", "nan", "inf", "-inf", "x", ""])
def test_a_date_that_cannot_be_drawn_is_its_fallback(ts: str) -> None:
    assert rendered(f"<!date^{ts}^{{time}}|later>") == "later"


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag not in ALLOWED_TAGS or names & {"style", "onerror", "onclick", "src"}:
            self.bad.append(f"{tag} {attrs}")
        for name, value in attrs:
            if name == "href" and not (value or "").startswith(("http://", "https://", "mailto:", "tel:", "/client/")):
                self.bad.append(f"{tag} {attrs}")
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.bad.append(f"/{tag}")


PIECES = st.sampled_from(
    [
        "*",
        "_",
        "~",
        "`",
        "```",
        "<",
        ">",
        "|",
        "&",
        "&lt;",
        "&gt;",
        "&amp;",
        "\n",
        " ",
        "<@U0ANA>",
        "<!date^1^{time}|x>",
        "<https://a.example|",
        "<javascript:alert(1)|x>",
        "<script>",
        '"',
        "'",
        "onerror=",
        ":tada:",
        "🟢",
        "\u202e",
        "\x00",
        "word",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=30).map("".join))
def test_no_text_makes_any_tag_but_ours_and_all_are_closed(text: str) -> None:
    tags = Tags()
    tags.feed(rendered(text))
    tags.close()
    assert (tags.bad, tags.open) == ([], [])
