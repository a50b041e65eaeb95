"""A message as text in a terminal: what a dry run would post."""

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from bot.views.blocks import Block, Message

TOKEN: Final = re.compile(r"<(?P<what>[^<>]+)>")
NAMED: Final = re.compile(r"<[@#]([A-Z0-9]+)")
BOLD: Final = re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)")
ITALIC: Final = re.compile(r"(?<!\w)_([^_\n]+)_(?!\w)")
EMPHASIS: Final = re.compile(r"(?<!\w)(?:\*(?P<bold>[^*\n]+)\*|_(?P<dim>[^_\n]+)_)(?!\w)")

Names = Mapping[str, str]
"""People's and channels' names by their Slack ids."""


def show(console: Console, where: str, drawn: Message, names: Names) -> None:
    """A frame with the place above, the blocks in it, and the notification's text below."""
    rows = [text for block in drawn.blocks for text in _rows(block, names)] or [_text(drawn.text, names)]
    console.print(
        Panel(
            Group(*rows),
            title=Text(where),
            title_align="left",
            subtitle=_text(drawn.text, names, style="dim"),
            subtitle_align="left",
        )
    )


def ids_in(drawn: Message) -> set[str]:
    """The people and channels that a message names by id."""
    return {id_ for text in [drawn.text, *_strings(drawn.blocks)] for id_ in NAMED.findall(text)}


def words(drawn: Message, names: Names) -> str:
    """What a message says, line by line as plain text, without its buttons."""
    told = [block for block in drawn.blocks if block["type"] != "actions"]
    return "\n".join(text.plain for block in told for text in _rows(block, names)) or _text(drawn.text, names).plain


def styled(text: str) -> Text:
    """Lines as `words` gives them: what stands between asterisks is bold, between underscores dim, without either."""
    shown, end = Text(), 0
    for found in EMPHASIS.finditer(text):
        shown.append(text[end : found.start()])
        shown.append(found["bold"] or found["dim"], style="bold" if found["bold"] else "dim")
        end = found.end()
    return shown.append(text[end:])


def _strings(value: object) -> Iterable[str]:
    match value:
        case str():
            yield value
        case Mapping():
            yield from (text for each in value.values() for text in _strings(each))
        case list() | tuple():
            yield from (text for each in value for text in _strings(each))


def _rows(block: Block, names: Names) -> Iterable[Text]:
    match block:
        case {"type": "header", "text": {"text": text}}:
            yield Text(text, style="bold")
        case {"type": "section"}:
            texts = [block.get("text"), *block.get("fields", ())]
            yield from (_text(text["text"], names) for text in texts if text)
        case {"type": "context", "elements": elements}:
            yield from (_text(element["text"], names, style="dim") for element in elements if "text" in element)
        case {"type": "actions", "elements": elements}:
            yield Text("  ".join(f"[{_label(element)}]" for element in elements), style="cyan")
        case {"type": "divider"}:
            yield Text("─" * 20, style="dim")
        case {"type": "table", "rows": rows}:
            yield from (Text(" │ ".join(str(cell.get("text", "")) for cell in row)) for row in rows)
        case {"alt_text": text}:
            yield Text(f"[picture: {text}]")
        case {"type": kind}:
            yield Text(f"[{kind}]", style="dim")


def _label(element: Mapping[str, Any]) -> str:
    """A button's own text, a select's placeholder."""
    text = element.get("text") or element.get("placeholder") or {}
    return str(text.get("text") or element.get("type", ""))


def _text(mrkdwn: str, names: Names, style: str = "") -> Text:
    shown = Text(html.unescape(TOKEN.sub(lambda found: _token(found["what"], names), mrkdwn)), style=style)
    shown.highlight_regex(BOLD, style="bold")
    shown.highlight_regex(ITALIC, style="italic")
    return shown


def _token(what: str, names: Names) -> str:
    """`<@U1>`, `<#C1>`, `<!date^…|fallback>` and `<url|label>` as a person reads them."""
    head, _, label = what.partition("|")
    if head[:1] in {"@", "#"}:
        return f"{head[0]}{names.get(head[1:], label or head[1:])}"
    return label or head
