"""docs/security.md: each claim names its test, and each test that is named exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_each_test_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 40
    assert [
        f"{path}::{name}" for path, name in named if not (ROOT / path).is_file() or name not in names_in(path)
    ] == []


def test_nothing_that_looks_like_a_test_is_left_out() -> None:
    assert len(NAMED.findall(PAGE)) == PAGE.count("::")


def test_each_claim_names_a_test() -> None:
    claims = PAGE.partition("\n## Who could cheat\n")[2].partition("\n## ")[0]
    bullets = re.split(r"\n- ", claims)[1:]
    assert len(bullets) > 30
    assert [bullet for bullet in bullets if not NAMED.search(bullet)] == []
