"""Text from people and tickets, made safe to stand in the page."""

import re
from collections.abc import Mapping
from typing import Final

from markupsafe import Markup, escape

from sandbox.page import emoji

# A browser draws C0 controls as nothing or as boxes, and a NUL breaks the parser; tab and newline stay.
CONTROLS: Final = {code: None for code in range(32) if code not in {9, 10}} | {127: None}

_ENTITY = re.compile(r"&(amp|lt|gt);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_NEWLINE = Markup("<br>")


def unescape(text: str) -> str:
    """Slack's three entities as characters, each decoded once: `&amp;lt;` reads `&lt;`."""
    return _ENTITY.sub(lambda found: _ENTITIES[found[1]], text)


def inert(text: str) -> Markup:
    """The text as HTML, escaped once, its newlines kept, the marks drawn; nothing in it has a meaning."""
    clean = text.translate(CONTROLS)
    return _NEWLINE.join(emoji.draw(escape(line)) for line in clean.split("\n"))


def with_codes(text: str) -> str:
    """The text with its known short codes as emoji; an unknown one stays as it was typed."""
    return emoji.CODE.sub(lambda found: emoji.of_code(found[1]) or found[0], text)


def plain(thing: object) -> str:
    """A text object's, or a bare string's, own words with short codes as emoji (not escaped for HTML).

    Slack keeps every text escaped, plain_text too, whether or not its app escaped it: so `&amp;` reads `&`.
    """
    if not isinstance(thing, Mapping):
        return "" if thing is None else str(thing)
    text = unescape(str(thing.get("text", "")))
    return with_codes(text) if thing.get("emoji", True) else text


def drawn_plain(thing: object) -> Markup:
    """A plain_text object as HTML."""
    return inert(plain(thing))
