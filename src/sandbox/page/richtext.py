"""rich_text as HTML. Its text is inert: neither short codes nor mrkdwn mean anything inside it.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from collections.abc import Callable, Iterable
from typing import Any

from markupsafe import Markup, escape

from sandbox.page import emoji, mrkdwn
from sandbox.page.reader import Reader
from sandbox.page.text import inert

Json = dict[str, Any]

STYLES = (("code", "code"), ("strike", "s"), ("italic", "em"), ("bold", "strong"), ("underline", "u"))


def render(block: Json, reader: Reader) -> Markup:
    return Markup("").join(_part(part, reader) for part in block.get("elements", []))


def _part(part: Json, reader: Reader) -> Markup:
    kind = part.get("type")
    elements = part.get("elements", [])
    if kind == "rich_text_list":
        return _list(part, reader)
    if kind == "rich_text_preformatted":
        body = Markup("").join(escape(_words(each, reader)) for each in elements)
        return Markup('<pre class="fence"><code>{}</code></pre>').format(body)
    drawn = inline(elements, reader)
    if kind == "rich_text_quote":
        return Markup("<blockquote>{}</blockquote>").format(drawn)
    return Markup('<div class="rich-section">{}</div>').format(drawn)


def _list(part: Json, reader: Reader) -> Markup:
    items = Markup("").join(
        Markup("<li>{}</li>").format(inline(item.get("elements", []), reader)) for item in part.get("elements", [])
    )
    indent = min(int(part.get("indent", 0) or 0), 8)
    if part.get("style") == "ordered":
        start = int(part.get("offset", 0) or 0) + 1
        return Markup('<ol class="rich-list indent-{}" start="{}">{}</ol>').format(indent, start, items)
    return Markup('<ul class="rich-list indent-{}">{}</ul>').format(indent, items)


def inline(elements: Iterable[Json], reader: Reader) -> Markup:
    return Markup("").join(
        _styled(_element(each, reader, opens_line=place == 0), each) for place, each in enumerate(elements)
    )


def _styled(drawn: Markup, element: Json) -> Markup:
    style = element.get("style") or {}
    for name, tag in STYLES:
        if isinstance(style, dict) and style.get(name):
            drawn = Markup(f"<{tag}>{{}}</{tag}>").format(drawn)  # noqa: S704 - a tag of STYLES
    return drawn


def _link(element: Json) -> Markup:
    url, label = str(element.get("url", "")), element.get("text")
    if not url.lower().startswith(mrkdwn.SCHEMES):
        return inert(str(label or url))
    return mrkdwn.link(url, str(label) if label else None)


def _emoji(element: Json) -> Markup:
    name = str(element.get("name", ""))
    return inert(emoji.of_code(name) or f":{name}:")


def _date(element: Json, reader: Reader, *, opens_line: bool) -> Markup:
    return mrkdwn.date(
        str(element.get("timestamp", "")),
        str(element.get("format", "")),
        reader,
        url=str(element.get("url") or ""),
        fallback=str(element.get("fallback") or ""),
        opens_line=opens_line,
    )


KINDS: dict[str, Callable[[Json, Reader], Markup]] = {
    "text": lambda each, _: inert(str(each.get("text", ""))),
    "link": lambda each, _: _link(each),
    "emoji": lambda each, _: _emoji(each),
    "user": lambda each, reader: mrkdwn.user(str(each.get("user_id", "")), reader),
    "usergroup": lambda each, reader: mrkdwn.group(str(each.get("usergroup_id", "")), reader),
    "channel": lambda each, reader: mrkdwn.channel(str(each.get("channel_id", "")), reader),
    "broadcast": lambda each, _: mrkdwn.broadcast(str(each.get("range", ""))),
    "color": lambda each, _: Markup("<code>{}</code>").format(str(each.get("value", ""))),
}


def _element(element: Json, reader: Reader, *, opens_line: bool) -> Markup:
    kind = str(element.get("type"))
    if kind == "date":
        return _date(element, reader, opens_line=opens_line)
    draw = KINDS.get(kind)
    return draw(element, reader) if draw else inert(str(element.get("text", "")))


def _words(element: Json, reader: Reader) -> str:
    """An element's words alone, for preformatted text."""
    if element.get("type") == "link":
        return str(element.get("text") or element.get("url", ""))
    if element.get("type") in {"text", None}:
        return str(element.get("text", ""))
    return _element(element, reader, opens_line=False).striptags()
