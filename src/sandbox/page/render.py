"""Block Kit as HTML: `Drawing` answers what the templates ask, `draw` puts a list of blocks through them."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from sandbox.page import charts, controls, markdown, mrkdwn, richtext
from sandbox.page.reader import Reader
from sandbox.page.text import drawn_plain, inert, plain

Json = Mapping[str, Any]

_OWN_FILE = re.compile(r"/files/F[A-Z0-9]+/[\w.-]+$")  # the address that the practice Slack gives an upload


def environment() -> Environment:
    """Templates with autoescape on for every file. A key that an app left out of its JSON reads as false."""
    env = Environment(loader=PackageLoader("sandbox.page"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    env.filters["plain"] = plain
    env.filters["inert"] = inert
    return env


ENVIRONMENT = environment()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One surface being drawn for one reader.

    `surface` names it apart from all others on the page (`m-<ts>` or a view id). `state` and `errors` are what a
    view's person entered, and the sentence below each faulty field, by block id.
    """

    reader: Reader
    surface: str
    state: Json = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def text(self, thing: object) -> Markup:
        """A text object; a bare string counts as plain text."""
        if isinstance(thing, Mapping) and thing.get("type") == "mrkdwn":
            return mrkdwn.render(str(thing.get("text", "")), self.reader)
        return drawn_plain(thing)

    def rich(self, block: Json) -> Markup:
        return richtext.render(dict(block), self.reader)

    def markdown(self, text: str) -> Markup:
        return markdown.render(text)

    def control(self, element: Json, block: Json, label: str = "") -> controls.Control | None:
        return controls.control(element, block, self.surface, self.reader, self.state, label=label)

    def chart(self, block: Json) -> charts.Chart | None:
        return charts.chart(block)

    def uid(self, *parts: str) -> str:
        return controls.uid(self.surface, *parts)

    def cell(self, cell: Json) -> Markup:
        """A table's cell: raw_text, raw_number, or rich_text."""
        if cell.get("type") == "rich_text":
            return self.rich(cell)
        if cell.get("type") == "raw_number":
            return escape(str(cell.get("text") or charts.written(charts.number(cell.get("value")))))
        return inert(str(cell.get("text", "")))

    def picture(self, block: Json) -> str:
        """Where the page finds a picture: only this server's own are shown, as the page's CSP demands."""
        file = block.get("slack_file") or {}
        own = _OWN_FILE.search(str(block.get("image_url") or file.get("url") or ""))
        if own:
            return own[0]
        return f"/files/{quote(str(file['id']), safe='')}/picture" if file.get("id") else ""


def columns(block: Json) -> list[Json]:
    """A table's column settings, one for each column; null and missing ones are the default."""
    width = max((len(row) for row in block.get("rows", ())), default=0)
    given: Sequence[Json | None] = block.get("column_settings") or ()
    return [dict((given[place] if place < len(given) else None) or {}) for place in range(width)]


def draw(blocks: Sequence[Json], drawing: Drawing) -> Markup:
    """The blocks as HTML."""
    template = ENVIRONMENT.get_template("blocks.html.j2")
    html = template.render(blocks=blocks, draw=drawing, columns=columns, as_json=json.dumps)
    return Markup(html)  # noqa: S704 - the template's own autoescape made it
