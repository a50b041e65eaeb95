"""Slack's markdown block as HTML: the standard Markdown that Slack says it takes, and nothing more.

https://docs.slack.dev/reference/block-kit/blocks/markdown-block. Raw HTML is text, and a picture is a link, as in
Slack.
"""

import re
from typing import Final

from markupsafe import Markup, escape

from sandbox.page.mrkdwn import SCHEMES, link
from sandbox.page.text import inert, with_codes

_HEADING: Final = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_RULE: Final = re.compile(r"^\s*([-*_])(?:\s*\1){2,}\s*$")
_ITEM: Final = re.compile(r"^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$")
_TASK: Final = re.compile(r"^\[([ xX])\]\s+(.*)$")
_DASHES: Final = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_ATOM: Final = re.compile(
    r"\\(?P<escaped>[\\`*_{}\[\]()#+\-.!|~>])"
    r"|`(?P<code>[^`\n]+)`"
    r"|!?\[(?P<label>[^\[\]\n]*)\]\((?P<url>[^()\s]{1,2000})\)"
    r"|(?P<bare>https?://[^\s<>|*`\")\]]+[^\s<>|*`\".,;:!?)\]'_~])"
    r"|(?P<delimiter>\*\*|__|~~|\*|_)"
)
_TAGS: Final = {"**": "strong", "__": "strong", "~~": "s", "*": "em", "_": "em"}


def render(text: str) -> Markup:
    """The whole block, line by line."""
    lines = text.replace("\r\n", "\n").split("\n")
    html: list[Markup] = []
    at = 0
    while at < len(lines):
        at, drawn = _block(lines, at)
        html.append(drawn)
    return Markup("").join(html)


def _block(lines: list[str], at: int) -> tuple[int, Markup]:
    """What begins at line `at`, and the line after it."""
    line = lines[at]
    if not line.strip() or _RULE.match(line):
        return at + 1, (Markup("<hr>") if line.strip() else Markup(""))
    if heading := _HEADING.match(line):
        return at + 1, _heading(heading)
    for starts, gather in (
        (line.lstrip().startswith("```"), _fence),
        (line.lstrip().startswith(">"), _quote),
        ("|" in line and at + 1 < len(lines) and _DASHES.match(lines[at + 1]), _table),
        (_ITEM.match(line), _list),
    ):
        if starts:
            return gather(lines, at)
    end = at + 1
    while end < len(lines) and lines[end].strip() and not _starts_block(lines[end]):
        end += 1
    body = Markup("<br>").join(inline(each) for each in lines[at:end])
    return end, Markup("<p>{}</p>").format(body)


def _heading(found: re.Match[str]) -> Markup:
    """The page's own headings stand above a message's, so its levels begin at three."""
    level = len(found[1])
    return Markup('<div class="md-heading md-{}" role="heading" aria-level="{}">{}</div>').format(
        level, min(level + 2, 6), inline(found[2])
    )


def _starts_block(line: str) -> bool:
    return bool(
        _HEADING.match(line) or _RULE.match(line) or _ITEM.match(line) or line.lstrip().startswith((">", "```"))
    )


def _fence(lines: list[str], at: int) -> tuple[int, Markup]:
    end = at + 1
    while end < len(lines) and not lines[end].lstrip().startswith("```"):
        end += 1
    body = escape("\n".join(lines[at + 1 : end]))
    return end + 1, Markup('<pre class="fence"><code>{}</code></pre>').format(body)


def _quote(lines: list[str], at: int) -> tuple[int, Markup]:
    end = at
    inner = []
    while end < len(lines) and lines[end].lstrip().startswith(">"):
        inner.append(lines[end].lstrip().removeprefix(">").lstrip())
        end += 1
    return end, Markup("<blockquote>{}</blockquote>").format(Markup("<br>").join(inline(each) for each in inner))


def _list(lines: list[str], at: int) -> tuple[int, Markup]:
    """Items of one list; depth shows as indentation, two blanks a level."""
    items: list[Markup] = []
    end = at
    first = _ITEM.match(lines[at])
    ordered = bool(first and first[2])
    while end < len(lines) and (item := _ITEM.match(lines[end])):
        depth = min(len(item[1].expandtabs(4)) // 2, 8)
        body = item[3]
        task = _TASK.match(body)
        drawn = inline(task[2] if task else body)
        if task:
            drawn = Markup("{} {}").format("☐" if task[1] == " " else "☑", drawn)
        items.append(Markup('<li class="indent-{}">{}</li>').format(depth, drawn))
        end += 1
    tag = "ol" if ordered else "ul"
    start = Markup(' start="{}"').format(first[2]) if first and ordered else Markup("")
    return end, Markup('<{} class="rich-list"{}>{}</{}>').format(tag, start, Markup("").join(items), tag)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _table(lines: list[str], at: int) -> tuple[int, Markup]:
    head = _cells(lines[at])
    end = at + 2
    rows: list[list[str]] = []
    while end < len(lines) and "|" in lines[end]:
        rows.append((_cells(lines[end]) + [""] * len(head))[: len(head)])
        end += 1
    header = Markup("").join(Markup('<th scope="col">{}</th>').format(inline(cell)) for cell in head)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(inline(cell)) for cell in row))
        for row in rows
    )
    return end, Markup(
        '<div class="table-box"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(header, body)


def inline(text: str) -> Markup:
    """Emphasis, code and links of one line; delimiters pair innermost first, the rest stays as typed."""
    parts: list[Markup] = []
    stack: list[tuple[str, int]] = []
    at = 0
    for found in _ATOM.finditer(text):
        parts.append(inert(with_codes(text[at : found.start()])))
        at = found.end()
        mark = found["delimiter"]
        if not mark:
            parts.append(_atom(found))
            continue
        before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
        opener = next((place for place in range(len(stack) - 1, -1, -1) if stack[place][0] == mark), None)
        if opener is not None and before.strip():
            tag = _TAGS[mark]
            parts[stack[opener][1]] = Markup("<{}>").format(tag)
            parts.append(Markup("</{}>").format(tag))
            del stack[opener:]
            continue
        if after.strip() and not (mark in {"_", "__"} and before.isalnum()) and len(stack) < 50:
            stack.append((mark, len(parts)))
        parts.append(escape(mark))
    parts.append(inert(with_codes(text[at:])))
    return Markup("").join(parts)


def _atom(found: re.Match[str]) -> Markup:
    if found["escaped"]:
        return escape(found["escaped"])
    if found["code"]:
        return Markup("<code>{}</code>").format(found["code"])
    if found["bare"]:
        return link(found["bare"])
    url = found["url"]
    return link(url, found["label"]) if url.lower().startswith(SCHEMES) else inert(found[0])
