"""A YAML file as a tree that knows its lines, built from PyYAML's events.

Scalars stay the text that stands in the file: what `2026.10`, `17:30`, `NO` or `on` mean is for the key to say, not for
YAML 1.1, which would make them a float, 1050, False and True. Aliases are followed, up to a limit on what they unfold
to; tags, second documents and doubled keys are refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from interlock.config.errors import PolicyProblem

MAX_BYTES: Final = 512 * 1024
MAX_NODES: Final = 20_000
"""Counted with every alias unfolded: ten lines of nested aliases can stand for billions."""
MAX_DEPTH: Final = 16
MAX_SHOWN: Final = 60
NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Place:
    file: Path
    line: int

    def problem(self, key: str, value: "Node | str | None", right: str) -> PolicyProblem:
        if isinstance(value, Scalar):
            value = None if value.null else value.text
        shown = quoted(value) if isinstance(value, str) else None
        return PolicyProblem(file=self.file, line=self.line, key=printable(key), value=shown, right=right)


@dataclass(frozen=True, slots=True)
class Scalar:
    place: Place
    text: str
    null: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    place: Place
    items: list["Node"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """`place` is where the key stands."""

    place: Place
    node: "Node"


@dataclass(frozen=True, slots=True)
class Mapping:
    place: Place
    entries: dict[str, Entry] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


def quoted(text: str) -> str:
    return f'"{printable(text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…")}"'


def printable(text: str) -> str:
    """One line that a terminal shows as it is."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def join(key: str, part: str | int) -> str:
    return f"{key}.{part}" if key else str(part)


def read_tree(file: Path) -> tuple[Node | None, list[PolicyProblem]]:
    """The file's tree, as far as it can be read, and what is wrong with it. No tree always comes with a problem."""
    try:
        content = file.read_bytes()
    except OSError as error:
        return None, [_file_problem(file, f"cannot be read: {error.strerror}")]
    if len(content) > MAX_BYTES:
        return None, [_file_problem(file, f"is larger than {MAX_BYTES // 1024} KiB, which no policy needs")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [Place(file, line).problem("", None, "is not UTF-8: save the file in that encoding")]
    return _Composer(file, text).compose()


def _file_problem(file: Path, right: str) -> PolicyProblem:
    return PolicyProblem(file=file, line=None, key="", value=None, right=right)


class _Refused(Exception):  # noqa: N818 it never leaves this module
    def __init__(self, problem: PolicyProblem) -> None:
        self.problem = problem


class _Composer:
    def __init__(self, file: Path, text: str) -> None:
        self._file = file
        self._text = text
        self._events: Iterator[yaml.Event] = iter(())
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._count = 0
        self._problems: list[PolicyProblem] = []

    def compose(self) -> tuple[Node | None, list[PolicyProblem]]:
        self._events = iter(yaml.parse(self._text, Loader=yaml.SafeLoader))
        try:
            tree = self._document()
        except _Refused as refusal:
            return None, [*self._problems, refusal.problem]
        except yaml.MarkedYAMLError as error:
            return None, [*self._problems, self._syntax_problem(error)]
        except yaml.YAMLError:  # PyYAML's reader, on control characters: it gives no line
            return None, [_file_problem(self._file, "holds control characters: remove them")]
        return tree, self._problems

    def _document(self) -> Node:
        next(self._events)  # the stream's start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise _Refused(_file_problem(self._file, "is empty: fill it or delete it"))
        tree = self._node(next(self._events), "", 0)
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _Refused(self._place(after).problem("", None, "begins a second document: keep one in each file"))
        return tree

    def _node(self, event: yaml.Event, key: str, depth: int) -> Node:
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, key, place)
        assert isinstance(event, yaml.NodeEvent)
        self._count_in(1, place)
        before = self._count
        if depth > MAX_DEPTH:
            raise _Refused(place.problem(key, None, f"is nested deeper than {MAX_DEPTH} levels"))
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._problems.append(place.problem(key, tag, "is a YAML tag, which is not read: remove it"))
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = Scalar(place, event.value, null=event.implicit[0] and event.value in NULLS)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(place, key, depth)
        else:
            node = self._mapping(place, key, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node, self._count - before + 1
        return node

    def _alias(self, event: yaml.AliasEvent, key: str, place: Place) -> Node:
        """An anchor counts once its node is complete, so a node cannot hold itself."""
        if event.anchor not in self._anchors:
            raise _Refused(place.problem(key, f"*{event.anchor}", "names no anchor that stands complete above it"))
        node, size = self._anchors[event.anchor]
        self._count_in(size, place)
        return node

    def _sequence(self, place: Place, key: str, depth: int) -> Sequence:
        node = Sequence(place)
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            node.items.append(self._node(event, join(key, len(node.items)), depth + 1))
        return node

    def _mapping(self, place: Place, key: str, depth: int) -> Mapping:
        node = Mapping(place)
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            at = self._place(event)
            name = self._node(event, key, depth + 1)
            if not isinstance(name, Scalar):
                raise _Refused(at.problem(key, None, "has a list or a mapping for a key: keys are words"))
            child_key = join(key, name.text)
            child = self._node(next(self._events), child_key, depth + 1)
            if first := node.entries.get(name.text):
                line = first.place.line
                self._problems.append(at.problem(child_key, None, f"stands twice, first in line {line}: keep one"))
            else:
                node.entries[name.text] = Entry(at, child)
        return node

    def _count_in(self, nodes: int, place: Place) -> None:
        self._count += nodes
        if self._count > MAX_NODES:
            raise _Refused(
                place.problem("", None, f"brings the file to more than {MAX_NODES} values, aliases unfolded")
            )

    def _place(self, event: yaml.Event) -> Place:
        assert event.start_mark is not None
        return Place(self._file, event.start_mark.line + 1)

    def _syntax_problem(self, error: yaml.MarkedYAMLError) -> PolicyProblem:
        mark = error.problem_mark or error.context_mark
        if mark is None:
            return _file_problem(self._file, f"is not YAML: {error.problem}")
        lines = self._text.splitlines()
        line = lines[mark.line] if mark.line < len(lines) else ""  # the end of the file is past its last line
        place = Place(self._file, mark.line + 1)
        if "\t" in line[: mark.column + 1]:
            return place.problem("", line.strip(), "is indented with a tab: use spaces")
        return place.problem("", line.strip(), f"is not YAML here: {error.problem}")
