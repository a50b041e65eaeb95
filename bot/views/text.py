"""Slack's mrkdwn: what came from a ticket or a person is made harmless here, cut here, and linked here.

`escape` (or `line`, or one of the builders below) goes around every foreign text. As a second lock, `bot.views.blocks`
passes each text through `safe`, which lets only the `<…>` forms through that are built here.
"""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Final, Literal

from interlock.domain.names import INVISIBLE

Light = Literal["green", "amber", "red", "unknown"]
MARKS: Final[dict[Light, str]] = {"green": "🟢 Green", "amber": "🟡 Amber", "red": "🔴 Red", "unknown": "⚪ Unknown"}
TITLE: Final = 60
"""Where a ticket's title is cut."""

MAY_STAND: Final = re.compile(
    r"<(?:@[UWB][A-Z0-9]+|\#[CGD][A-Z0-9]+(?:\|[^<>|]*)?|!date\^\d+\^[^<>|^]+\|[^<>|]+|https?://[^<>|\s]+(?:\|[^<>|]*)?)>"
)
"""Mentions of one person or channel, dates and links: never `<!channel>`, `<!here>`, `<!everyone>` or a user group."""

BARE_AMPERSAND: Final = re.compile(r"&(?!(?:amp|lt|gt);)")
OVERRIDES: Final = frozenset("\u202a\u202b\u202c\u202d\u202e")
ISOLATES: Final = frozenset("\u2066\u2067\u2068\u2069")
HIDDEN: Final = OVERRIDES | ISOLATES
"""Direction controls, which let a title read as what it is not. Right-to-left letters themselves are fine."""
JOINERS: Final = frozenset("\u200c\u200d\ufe0e\ufe0f")
"""Drawn as nothing too, but scripts and emoji are written with them."""


def clean(text: str) -> str:
    """Foreign text without control characters (line breaks stay), direction controls, and what cannot be seen."""
    if text.isascii() and text.isprintable():
        return text
    seen = INVISIBLE.sub(lambda found: found[0] if found[0] in JOINERS else "", text)
    return _without(seen, HIDDEN)


def one_line(text: str) -> str:
    return " ".join(text.split())


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where something is missing. For raw text, before escaping."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escape(text: str) -> str:
    """Foreign text that may stand in mrkdwn: it can ping nobody, link nowhere and hide nothing."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def line(text: str, limit: int = TITLE) -> str:
    """Foreign text as one cut and escaped line: a title, a person's name, a release's."""
    return _isolated(escape(cut(one_line(clean(text)), limit)))


def _isolated(text: str) -> str:
    """Right-to-left text kept to itself: the numbers that follow it on the line stay where they are."""
    rightward = any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text)
    return f"\u2068{text}\u2069" if rightward else text


def safe(text: str) -> str:
    """Text with every `<`, `>` and `&` escaped that is not part of a form of ours."""
    parts, end = [], 0
    for found in MAY_STAND.finditer(text):
        parts += [_escape_rest(text[end : found.start()]), found[0]]
        end = found.end()
    return "".join(parts) + _escape_rest(text[end:])


def cut_safe(text: str, limit: int) -> str:
    """`safe` text cut to `limit` without tearing a link or an entity apart."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    opened = head.rfind("<")
    if opened > head.rfind(">"):
        head = head[:opened]
    entity = head.rfind("&")
    if entity > head.rfind(";"):
        head = head[:entity]
    return head.rstrip() + "…"


def link(url: str, label: str) -> str:
    """A link with a foreign label. An address that is none of the web's is left out, and its label stays."""
    text = line(label, 150).replace("|", "¦")
    fits = url.startswith(("https://", "http://")) and not re.search(r"[\s<>|]", url)
    return f"<{url.replace('&', '&amp;')}|{text}>" if fits else text


def ticket_link(key: str, title: str, url: str) -> str:
    """`DATA-214` linked, and the title cut at 60."""
    return f"{link(url, key)} {line(title)}".rstrip()


def mention(slack_id: str) -> str:
    """Pings the person: for the one who must act, once a message."""
    return f"<@{slack_id}>"


def channel(channel_id: str) -> str:
    return f"<#{channel_id}>"


def moment(when: datetime) -> str:
    """A moment with its weekday, in each reader's own time.

    Source: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    utc = when.astimezone(UTC)
    return f"<!date^{int(utc.timestamp())}^{{date_long_pretty}} {{time}}|{day(utc)} {utc:%H:%M} UTC>"


def clock(when: datetime) -> str:
    """The time of a moment whose day is plain, in each reader's own."""
    utc = when.astimezone(UTC)
    return f"<!date^{int(utc.timestamp())}^{{time}}|{utc:%H:%M} UTC>"


def day(when: date) -> str:
    """A day with its weekday: `Thu 17 Dec`. For days that are nobody's clock: targets, milestones."""
    return f"{when:%a} {when.day} {when:%b}"


def mark(light: Light) -> str:
    """A state's mark and word: `🟡 Amber`."""
    return MARKS[light]


def _escape_rest(text: str) -> str:
    ours = _without(text, OVERRIDES)  # the isolates that are left were put there by `line`
    return BARE_AMPERSAND.sub("&amp;", ours).replace("<", "&lt;").replace(">", "&gt;")


def _without(text: str, unwanted: frozenset[str]) -> str:
    return "".join(
        letter
        for letter in text
        if letter == "\n" or (unicodedata.category(letter) not in {"Cc", "Cs"} and letter not in unwanted)
    )
