from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.config.yaml_tree import MAX_BYTES, Mapping, Node, Scalar, Sequence, read_tree


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


@pytest.mark.parametrize(
    "text", ["2026.10", "17:30", "09:00", "NO", "on", "yes", "0x1F", "1_000", "2026-12-19", "true", "007", "1e3"]
)
def test_a_scalar_stays_the_text_that_stands_there(file: Path, text: str) -> None:
    assert _plain(_tree(file, f"key: {text}\n")) == {"key": text}


@pytest.mark.parametrize(
    ("text", "null"), [("", True), ("~", True), ("null", True), ('""', False), ("'null'", False), ("nil", False)]
)
def test_what_is_null(file: Path, text: str, null: bool) -> None:  # noqa: FBT001 a table's column
    tree = _tree(file, f"key: {text}\n")

    assert isinstance(tree, Mapping)
    node = tree.entries["key"].node
    assert isinstance(node, Scalar)
    assert node.null is null


def test_every_node_knows_its_line(file: Path) -> None:
    tree = _tree(file, "# a comment\na:\n  b: 1\n  c:\n    - x\n    - y\n")

    assert isinstance(tree, Mapping)
    inner = tree.entries["a"].node
    assert isinstance(inner, Mapping)
    items = inner.entries["c"].node
    assert isinstance(items, Sequence)
    assert tree.entries["a"].place.line == 2
    assert inner.entries["b"].place.line == 3
    assert inner.entries["c"].place.line == 4
    assert [item.place.line for item in items.items] == [5, 6]


def test_aliases_are_followed(file: Path) -> None:
    assert _plain(_tree(file, "a: &x {hours: [1, 2]}\nb: *x\n")) == {
        "a": {"hours": ["1", "2"]},
        "b": {"hours": ["1", "2"]},
    }


def test_a_byte_order_mark_and_windows_lines_do_no_harm(file: Path) -> None:
    file.write_bytes("\ufeffa: 1\r\nb: 2\r\n".encode())

    tree, problems = read_tree(file)

    assert not problems
    assert tree is not None
    assert _plain(tree) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ": is empty: fill it or delete it"),
        ("# nothing but a comment\n", ": is empty: fill it or delete it"),
        ("a: 1\nb:\n\tc: 2\n", ':3: "c: 2" is indented with a tab: use spaces'),
        ("a: 1\nb: [1, 2\n", ":3: \"\" is not YAML here: expected ',' or ']', but got '<stream end>'"),
        ("a: b: c\n", ':1: "a: b: c" is not YAML here: mapping values are not allowed here'),
        ("a: 1\n---\nb: 2\n", ":2: begins a second document: keep one in each file"),
        ("a: 1\nb: *x\n", ':2 b: "*x" names no anchor that stands complete above it'),
        ("a: &x\n  b: *x\n", ':2 a.b: "*x" names no anchor that stands complete above it'),
        ("? [a, b]\n: 1\n", ":1: has a list or a mapping for a key: keys are words"),
        ("a: " + "[" * 20 + "]" * 20 + "\n", ":1 a" + ".0" * 16 + ": is nested deeper than 16 levels"),
        ("a: [" + "x, " * 20_001 + "]\n", ":1: brings the file to more than 20000 values, aliases unfolded"),
        ("a: \x01\n", ": holds control characters: remove them"),
    ],
)
def test_what_cannot_be_read(file: Path, text: str, says: str) -> None:
    file.write_text(text)

    tree, problems = read_tree(file)

    assert tree is None
    assert [str(problem) for problem in problems] == [f"{file}{says}"]


def test_every_doubled_key_and_tag_is_found(file: Path) -> None:
    file.write_text("a: 1\nb: {c: 1, c: 2}\na: 3\nd: !!python/name:os.system x\n")

    tree, problems = read_tree(file)

    assert tree is not None
    assert [str(problem) for problem in problems] == [
        f"{file}:2 b.c: stands twice, first in line 2: keep one",
        f"{file}:3 a: stands twice, first in line 1: keep one",
        f'{file}:4 d: "tag:yaml.org,2002:python/name:os.system" is a YAML tag, which is not read: remove it',
    ]
    assert _plain(tree) == {"a": "1", "b": {"c": "1"}, "d": "x"}


def test_an_alias_bomb_is_refused_before_it_unfolds(file: Path) -> None:
    levels = "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(12))
    file.write_text("a: &a [x, x, x, x, x, x, x, x, x]\n" + levels)

    tree, problems = read_tree(file)

    assert tree is None
    assert problems[0].right == "brings the file to more than 20000 values, aliases unfolded"


def test_a_huge_file_is_refused_unparsed(file: Path) -> None:
    file.write_text("#" * (MAX_BYTES + 1))

    _, problems = read_tree(file)

    assert [str(problem) for problem in problems] == [f"{file}: is larger than 512 KiB, which no policy needs"]


def test_a_file_in_another_encoding_is_refused_with_its_line(file: Path) -> None:
    file.write_bytes("a: 1\nname: Zürich\n".encode("latin-1"))

    _, problems = read_tree(file)

    assert [str(problem) for problem in problems] == [f"{file}:2: is not UTF-8: save the file in that encoding"]


def test_a_missing_file_is_named(file: Path) -> None:
    _, problems = read_tree(file)

    assert [str(problem) for problem in problems] == [f"{file}: cannot be read: No such file or directory"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example writes the file anew
@given(st.one_of(st.binary(), st.text("ab:-?[]{},&*!|>'\"%@`#\t\n ").map(str.encode)))
def test_no_file_breaks_the_reading(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    tree, problems = read_tree(file)

    assert tree is not None or problems
    assert all(len(str(problem).splitlines()) == 1 for problem in problems)


def test_values_are_shown_short_and_harmless(file: Path) -> None:
    file.write_text(f"a: {{b: 1}}\nb: *{'long' * 30}\n")

    _, problems = read_tree(file)

    assert problems[0].value == '"*' + ("long" * 30)[:58] + '…"'


def _tree(file: Path, text: str) -> Node:
    file.write_text(text)
    tree, problems = read_tree(file)
    assert not problems
    assert tree is not None
    return tree


def _plain(node: Node) -> object:
    match node:
        case Scalar():
            return None if node.null else node.text
        case Sequence():
            return [_plain(item) for item in node.items]
        case Mapping():
            return {key: _plain(entry.node) for key, entry in node.entries.items()}
