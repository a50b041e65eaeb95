"""Slack's rules for Block Kit: what it refuses with `invalid_blocks`, and the ids that it adds.

Limits: https://docs.slack.dev/reference/block-kit. A problem is a sentence with a JSON pointer, in words like Slack's:
"must be less than 3001 characters [json-pointer:/blocks/0/text/text]".
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.slack import block_charts, block_elements
from sandbox.slack.block_rules import Problem, at_most, many, required, size, text, text_object, text_size
from sandbox.slack.values import Json

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
MESSAGE_CHARACTERS = 13_200  # rendered, over all blocks; not documented, reported by several people
MARKDOWN_CHARACTERS = 12_000
TABLE_CHARACTERS = 10_000


class InvalidBlocksError(ValueError):
    """Blocks that Slack refuses. `problems` are its sentences; `code` its error code."""

    def __init__(self, problems: list[str], code: str = "invalid_blocks") -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
        self.code = code


def message_blocks(given: Any, new_id: Callable[[str], str]) -> tuple[Json, ...]:
    """The blocks of a message, checked and with ids. Raises InvalidBlocksError."""
    if given is None:
        return ()
    if not isinstance(given, list):
        raise InvalidBlocksError(["must be an array [json-pointer:/blocks]"], "invalid_blocks_format")
    problems = list(_blocks(given, "/blocks", MESSAGE_BLOCKS, _MESSAGE))
    if problems:
        raise InvalidBlocksError(problems)
    if _rendered(given) > MESSAGE_CHARACTERS:
        raise InvalidBlocksError(["Blocks submitted with this message are too long"], "msg_blocks_too_long")
    return tuple(_with_ids(given, new_id))


def view_body(given: Any, kinds: tuple[str, ...], new_id: Callable[[str], str]) -> Json:
    """A modal or Home tab of one of `kinds`, checked and with ids. Raises InvalidBlocksError."""
    if not isinstance(given, dict):
        raise InvalidBlocksError(["must be an object [json-pointer:/view]"], "invalid_arguments")
    if len(json.dumps(given)) > VIEW_BYTES:
        raise InvalidBlocksError(["view is too large"], "view_too_large")
    problems = list(_view(given, kinds))
    if problems:
        raise InvalidBlocksError(problems, "invalid_arguments")
    return {**copy.deepcopy(given), "blocks": _with_ids(given["blocks"], new_id)}


def _view(view: Json, kinds: tuple[str, ...]) -> Iterator[Problem]:
    path = "/view"
    if view.get("type") not in kinds:
        yield f"must be one of: {', '.join(kinds)} [json-pointer:{path}/type]"
    if view.get("type") == "modal":
        yield from required(view, path, "title")
    for key in ("title", "submit", "close"):
        yield from text(view, key, path, most=24, kinds=("plain_text",))
    yield from size(view, "private_metadata", path, 3000)
    yield from size(view, "callback_id", path, 255)
    yield from size(view, "external_id", path, 255)
    if not isinstance(view.get("blocks"), list):
        yield f"missing required field: blocks [json-pointer:{path}]"
        return
    yield from _blocks(view["blocks"], f"{path}/blocks", VIEW_BLOCKS, _VIEW)
    has_input = any(isinstance(b, dict) and b.get("type") == "input" for b in view["blocks"])
    if view.get("type") == "modal" and has_input and not view.get("submit"):
        yield f"missing required field: submit [json-pointer:{path}]"


def _blocks(given: list[Any], path: str, most: int, allowed: Mapping[str, Any]) -> Iterator[Problem]:
    if len(given) > most:
        yield f"no more than {most} items allowed [json-pointer:{path}]"
    seen: set[str] = set()
    for index, block in enumerate(given):
        here = f"{path}/{index}"
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            yield f"missing required field: type [json-pointer:{here}]"
            continue
        if block["type"] not in allowed:
            yield f"unsupported type: {block['type']} [json-pointer:{here}/type]"
            continue
        yield from size(block, "block_id", here, 255)
        if block.get("block_id") in seen:
            yield f"block_id already exists: {block['block_id']} [json-pointer:{here}/block_id]"
        seen.update([block["block_id"]] if block.get("block_id") else [])
        yield from allowed[block["type"]](block, here)
    yield from _in_all(given, path)


def _in_all(given: list[Any], path: str) -> Iterator[Problem]:
    kinds = [block.get("type") for block in given if isinstance(block, dict)]
    if kinds.count("table") > 1:
        yield f"only one table is allowed [json-pointer:{path}]"
    if kinds.count("data_visualization") > 2:
        yield f"no more than 2 charts are allowed [json-pointer:{path}]"
    marked = sum(len(b.get("text", "")) for b in given if isinstance(b, dict) and b.get("type") == "markdown")
    if marked > MARKDOWN_CHARACTERS:
        yield f"must be less than {MARKDOWN_CHARACTERS + 1} characters [json-pointer:{path}]"


def _section(block: Json, path: str) -> Iterator[Problem]:
    if "text" not in block and "fields" not in block:
        yield f"must define either `text` or `fields` [json-pointer:{path}/type]"
    yield from text(block, "text", path, most=3000)
    yield from many(block, "fields", path, least=1, most=10)
    for index, field in enumerate(block.get("fields") or ()):
        yield from text_object(field, f"{path}/fields/{index}", most=2000)
    if "accessory" in block:
        yield from block_elements.check(block["accessory"], f"{path}/accessory", block_elements.ACCESSORIES)


def _header(block: Json, path: str) -> Iterator[Problem]:
    yield from required(block, path, "text")
    yield from text(block, "text", path, most=150, kinds=("plain_text",))


def _image(block: Json, path: str) -> Iterator[Problem]:
    yield from block_elements.image(block, path)
    yield from text(block, "title", path, most=2000, kinds=("plain_text",))


def _context(block: Json, path: str) -> Iterator[Problem]:
    yield from required(block, path, "elements")
    yield from many(block, "elements", path, least=1, most=10)
    for index, element in enumerate(block.get("elements") or ()):
        here = f"{path}/elements/{index}"
        if isinstance(element, dict) and element.get("type") == "image":
            yield from block_elements.image(element, here)
        else:
            yield from text_object(element, here, most=3000)


def _actions(block: Json, path: str) -> Iterator[Problem]:
    yield from required(block, path, "elements")
    yield from many(block, "elements", path, least=1, most=25)
    seen: set[str] = set()
    for index, element in enumerate(block.get("elements") or ()):
        here = f"{path}/elements/{index}"
        yield from block_elements.check(element, here, block_elements.ACTIONS)
        action = element.get("action_id") if isinstance(element, dict) else None
        if action in seen:
            yield f'`action_id` "{action}" already exists for this `block_id` [json-pointer:{here}/action_id]'
        seen.update([action] if action else [])


def _input(block: Json, path: str) -> Iterator[Problem]:
    yield from required(block, path, "label", "element")
    yield from text(block, "label", path, most=2000, kinds=("plain_text",))
    yield from text(block, "hint", path, most=2000, kinds=("plain_text",))
    if "element" in block:
        yield from block_elements.check(block["element"], f"{path}/element", block_elements.INPUTS)


def _rich_text(block: Json, path: str) -> Iterator[Problem]:
    yield from required(block, path, "elements")
    kinds = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
    for index, element in enumerate(block.get("elements") or ()):
        if not isinstance(element, dict) or element.get("type") not in kinds:
            yield f"unsupported type [json-pointer:{path}/elements/{index}/type]"


def _markdown(block: Json, path: str) -> Iterator[Problem]:
    yield from required(block, path, "text")
    yield from text_size(block.get("text"), f"{path}/text", MARKDOWN_CHARACTERS)


def _table(block: Json, path: str) -> Iterator[Problem]:
    yield from required(block, path, "rows")
    yield from many(block, "rows", path, least=1, most=100)
    characters = 0
    for index, row in enumerate(block.get("rows") or ()):
        here = f"{path}/rows/{index}"
        if not isinstance(row, list):
            yield f"must be an array [json-pointer:{here}]"
            continue
        yield from at_most(row, here, 20)
        for column, cell in enumerate(row):
            where = f"{here}/{column}"
            if not isinstance(cell, dict) or cell.get("type") not in {"raw_text", "raw_number", "rich_text"}:
                yield f"unsupported type [json-pointer:{where}/type]"
            elif cell["type"] == "raw_text":
                yield from text_size(cell.get("text"), f"{where}/text", TABLE_CHARACTERS)
            characters += _rendered(cell)
    if characters > TABLE_CHARACTERS:
        yield f"must be less than {TABLE_CHARACTERS + 1} characters [json-pointer:{path}/rows]"


def _data_table(block: Json, path: str) -> Iterator[Problem]:
    yield from required(block, path, "caption", "rows")
    yield from many(block, "rows", path, least=2, most=101)
    for index, row in enumerate(block.get("rows") or ()):
        if isinstance(row, list):
            yield from at_most(row, f"{path}/rows/{index}", 20)


def _anything(_block: Json, _path: str) -> Iterator[Problem]:
    return iter(())


_EVERYWHERE: Mapping[str, Callable[[Json, str], Iterator[Problem]]] = {
    "section": _section,
    "header": _header,
    "divider": _anything,
    "image": _image,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "rich_text": _rich_text,
    "video": _anything,
}
_VIEW = _EVERYWHERE
_MESSAGE = {
    **_EVERYWHERE,
    "markdown": _markdown,
    "table": _table,
    "data_table": _data_table,
    "data_visualization": block_charts.check,
    "file": _anything,
}


def _rendered(node: Any) -> int:
    """About how many characters of `node` are seen by a reader."""
    if isinstance(node, dict):
        own = len(node["text"]) if isinstance(node.get("text"), str) else 0
        return own + sum(_rendered(value) for value in node.values() if isinstance(value, dict | list))
    return sum(_rendered(item) for item in node) if isinstance(node, list) else 0


def _with_ids(given: list[Any], new_id: Callable[[str], str]) -> list[Json]:
    blocks: list[Json] = copy.deepcopy(given)
    for block in blocks:
        assert isinstance(block, dict)
        block.setdefault("block_id", new_id("b"))
        elements = [*block.get("elements", ())] if block["type"] == "actions" else []
        for element in (*elements, block.get("element"), block.get("accessory")):
            if element and element.get("type") != "image":
                element.setdefault("action_id", new_id("a"))
    return blocks
