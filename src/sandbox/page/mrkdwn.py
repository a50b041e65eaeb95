"""Slack's mrkdwn as HTML, for one reader.

https://docs.slack.dev/messaging/formatting-message-text. Texts are hostile: everything is taken apart into atoms
first, each atom is escaped once, and only then are tags put between them. One pass, no backtracking: a text of
ten thousand asterisks costs no more than any other.
"""

import re
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from markupsafe import Markup, escape

from sandbox.page import dates, emoji
from sandbox.page.reader import Reader
from sandbox.page.text import inert, unescape, with_codes

TAGS: Final = {"*": "strong", "_": "em", "~": "s"}
SCHEMES: Final = ("https://", "http://", "mailto:", "tel:")
BROADCASTS: Final = {"here", "channel", "everyone"}

_FENCE = re.compile(r"```\n?(.*?)```", re.DOTALL)
_ATOM = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<(?P<control>[^<>\n]+)>"
    r"|:(?P<emoji>[a-z0-9_+'-]{1,60}):"
    r"|(?P<url>https?://[^\s<>|*`\"]+[^\s<>|*`\".,;:!?)'_~])"
    r"|(?P<delimiter>[*_~])"
)
_QUOTED = re.compile(r"^(?:&gt;|>) ?")
_ITEM = re.compile(r"^\s*(?:[•◦▪‣-]|\d{1,3}[.)]) +\S")


@dataclass(slots=True)
class Atom:
    """One piece of a line: drawn HTML, or a delimiter that may become a tag."""

    html: Markup
    delimiter: str = ""
    opens: bool = False
    closes: bool = False


def render(text: str, reader: Reader) -> Markup:
    """A whole mrkdwn text: fences, quotes, and the lines between them."""
    html: list[Markup] = []
    at = 0
    for fence in _FENCE.finditer(text):
        html += [_lines(text[at : fence.start()].removesuffix("\n"), reader), _fenced(fence[1])]
        at = fence.end() + (text[fence.end() : fence.end() + 1] == "\n")
    html.append(_lines(text[at:], reader))
    return Markup("").join(html)


def _fenced(body: str) -> Markup:
    return Markup('<pre class="fence"><code>{}</code></pre>').format(escape(_bare(body.removesuffix("\n"))))


def _bare(text: str) -> str:
    """The text of a code span: no formatting inside, and a link reads as its label."""
    return unescape(re.sub(r"<([^<>\n|]+)(?:\|([^<>\n]*))?>", lambda found: found[2] or found[1].lstrip("!@#"), text))


def _lines(text: str, reader: Reader) -> Markup:
    if not text:
        return Markup("")
    html: list[Markup] = []
    head, long_quote, rest = text.partition("&gt;&gt;&gt;")
    if long_quote and (not head or head.endswith("\n")):
        html.append(_lines(head.removesuffix("\n"), reader))
        quoted = Markup("<br>").join(line(each, reader) for each in rest.lstrip().split("\n"))
        return Markup("").join([*html, Markup("<blockquote>{}</blockquote>").format(quoted)])
    for quoted_run, run in groupby(text.split("\n"), key=lambda each: bool(_QUOTED.match(each))):
        if quoted_run:
            drawn = Markup("<br>").join(line(_QUOTED.sub("", each), reader) for each in run)
            html.append(Markup("<blockquote>{}</blockquote>").format(drawn))
        else:
            html.append(_paragraph(list(run), reader))
    return Markup("").join(html)


def _paragraph(lines: list[str], reader: Reader) -> Markup:
    """Plain lines with breaks between them; a line that opens with a bullet hangs its continuation."""
    html = Markup("")
    for place, each in enumerate(lines):
        drawn = line(each, reader)
        if _ITEM.match(each):
            html += Markup('<span class="item">{}</span>').format(drawn)
        else:
            html += drawn
            html += Markup("<br>") if place < len(lines) - 1 else Markup("")
    return html


def line(text: str, reader: Reader) -> Markup:
    """One line: emphasis, code, links, mentions, emoji."""
    atoms: list[Atom] = []
    at = 0
    for found in _ATOM.finditer(text):
        if found.start() > at:
            atoms.append(Atom(inert(unescape(text[at : found.start()]))))
        atoms.append(_atom(found, text, reader))
        at = found.end()
    atoms.append(Atom(inert(unescape(text[at:]))))
    _pair(atoms)
    return Markup("").join(atom.html for atom in atoms)


def _atom(found: re.Match[str], text: str, reader: Reader) -> Atom:
    if found["code"]:
        return Atom(Markup("<code>{}</code>").format(_bare(found["code"])))
    if found["control"]:
        return Atom(control(found["control"], reader, opens_line=found.start() == 0))
    if found["emoji"]:
        char = emoji.of_code(found["emoji"])
        return Atom(inert(char or found[0]))
    if found["url"]:
        return Atom(link(unescape(found["url"])))
    before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
    mark = found["delimiter"]
    return Atom(
        escape(mark),
        delimiter=mark,
        opens=not before.isalnum() and before != mark and bool(after.strip()) and after != mark,
        closes=not after.isalnum() and after != mark and bool(before.strip()) and before != mark,
    )


def _pair(atoms: list[Atom]) -> None:
    """Turn matching delimiters into tags, innermost first; those left over stay as they were typed."""
    stack: list[Atom] = []
    waiting = dict.fromkeys(TAGS, 0)
    for atom in atoms:
        mark = atom.delimiter
        if not mark:
            continue
        if atom.closes and waiting[mark]:
            while (opener := stack.pop()).delimiter != mark:
                waiting[opener.delimiter] -= 1
            waiting[mark] -= 1
            opener.html, atom.html = _tag(f"<{TAGS[mark]}>"), _tag(f"</{TAGS[mark]}>")
        elif atom.opens:
            stack.append(atom)
            waiting[mark] += 1


def _tag(tag: str) -> Markup:
    return Markup(tag)  # noqa: S704 - one of the three tags of TAGS


def link(url: str, label: str | None = None) -> Markup:
    """A link that opens apart from the page and tells nobody where from; only web, mail and phone addresses."""
    return Markup('<a class="link" href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>').format(
        url, inert(label or url)
    )


def user(user_id: str, reader: Reader) -> Markup:
    name = reader.users.get(user_id)
    mine = " mention-me" if user_id == reader.person else ""
    return Markup('<span class="mention{}" data-user="{}">@{}</span>').format(mine, user_id, name or user_id)


def channel(channel_id: str, reader: Reader, label: str = "") -> Markup:
    name = reader.channels.get(channel_id)
    if name is None:
        # Somebody else's private channel: Slack shows a name only to those who may see it.
        return Markup('<span class="mention">#{}</span>').format(label or "private-channel")
    return Markup('<a class="mention" href="{}">#{}</a>').format(reader.channel_path(channel_id), name)


def group(group_id: str, reader: Reader, label: str = "") -> Markup:
    handle = reader.groups.get(group_id) or label.removeprefix("@") or group_id
    mine = " mention-me" if group_id in reader.member_of else ""
    return Markup('<span class="mention{}">@{}</span>').format(mine, handle)


def broadcast(span: str) -> Markup:
    return Markup('<span class="mention mention-me">@{}</span>').format(span)


def number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def date(ts: str, form: str, reader: Reader, *, url: str = "", fallback: str = "", opens_line: bool = False) -> Markup:
    """A moment in the reader's own zone; the fallback where it cannot be drawn."""
    seconds = number(ts)
    text = None if seconds is None else dates.formatted(seconds, form, reader, opens_line=opens_line)
    if seconds is None or text is None:
        return inert(fallback or ts)
    local = reader.local(seconds)
    drawn = Markup('<time datetime="{}" title="{} {:%H:%M} {}">{}</time>').format(
        local.isoformat(), dates.long(local), local, local.tzname(), inert(text)
    )
    if url.startswith(SCHEMES):
        return Markup('<a class="link" href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>').format(
            url, drawn
        )
    return drawn


def control(body: str, reader: Reader, *, opens_line: bool = False) -> Markup:
    """What stands between `<` and `>`: a mention, a date, a link; anything else is drawn as it was typed."""
    head, _, label = body.partition("|")
    label = with_codes(unescape(label))
    kind, rest = head[:1], unescape(head[1:])
    if kind == "@":
        return user(rest, reader) if rest in reader.users or not label else _named(label)
    if kind == "#":
        return channel(rest, reader, label)
    if kind == "!":
        return _special(rest, label, body, reader, opens_line=opens_line)
    url = unescape(head)
    if url.lower().startswith(SCHEMES):
        return link(url, label)
    return inert(f"<{unescape(body)}>")


def _named(label: str) -> Markup:
    return Markup('<span class="mention">@{}</span>').format(label.removeprefix("@"))


def _special(rest: str, label: str, body: str, reader: Reader, *, opens_line: bool) -> Markup:
    if rest in BROADCASTS:
        return broadcast(rest)
    if rest.startswith("subteam^"):
        return group(rest.removeprefix("subteam^"), reader, label)
    if rest.startswith("date^"):
        parts = rest.split("^", 3)
        if len(parts) >= 3:
            url = parts[3] if len(parts) > 3 else ""
            return date(parts[1], parts[2], reader, url=url, fallback=label, opens_line=opens_line)
    return inert(label or f"<{unescape(body)}>")
