"""Keys that would leave their path or their query, and policy files that would do more than say what they say."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.payload import SHAPE
from interlock.config.errors import PolicyError
from interlock.config.policy import load_policy
from interlock.config.yaml_tree import Mapping, read_tree
from interlock.trackers import jql
from interlock.trackers.errors import TrackerError
from tests.builders import NOW

CROOKED = [
    "../DATA-1",
    "DATA-1/../../myself",
    "DATA-1%2f..",
    "%2e%2e%2fmyself",
    "..;/DATA-1",
    "DATA-1;x",
    "DATA-1#",
    "DATA-1?expand=renderedFields",
    "DATA-1\r\nX-Injected: 1",
    "DATA-1\n",
    "DATA-1\0",
    "DATA-\u0661",
    "DATA-\uff11",
    "ＤATA-1",
    "DATA-" + "1" * 400,
    "D" * 400 + "-1",
    " DATA-1",
    "DATA-1 OR 1=1",
    'DATA-1" OR project = "SECRET',
    "\\DATA-1",
    "",
    ".",
    "..",
    "~admin",
    "@DATA",
]


@pytest.mark.parametrize("name", CROOKED)
def test_no_crooked_key_reaches_jira(name: str) -> None:
    with pytest.raises(TrackerError):
        jql.issue_name(name)
    with pytest.raises(TrackerError):
        jql.listing([name], "updated", None)


@pytest.mark.parametrize("name", [name for name in CROOKED if name not in {".", ".."}])
def test_nor_does_a_button_carry_one(name: str) -> None:
    assert not SHAPE.fullmatch(f"1:ticket:{name}")


@given(st.text())
def test_a_query_holds_nothing_but_project_keys(name: str) -> None:
    """Versions, labels and epics are never put into a query: scopes are computed from the mirror."""
    try:
        query = jql.listing([name], "updated", 5)
    except TrackerError:
        return
    assert re.fullmatch(r'project in \("[A-Za-z0-9_]+"\) AND updated >= 5 ORDER BY updated ASC, key ASC', query)


def test_merge_keys_and_timestamps_are_plain_words(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("a: &a {b: 1}\nc:\n  <<: *a\nd: 2026-12-01\ne: !!binary aGk=\n")
    tree, problems = read_tree(file)
    assert isinstance(tree, Mapping)
    merged = tree.entries["c"].node
    assert isinstance(merged, Mapping)
    assert list(merged.entries) == ["<<"]
    assert [problem.right for problem in problems] == ["is a YAML tag, which is not read: remove it"]


def test_policy_reads_no_file_outside_what_it_names(tmp_path: Path) -> None:
    """A policy names no other file: templates, environments and ladders stand beside it."""
    (tmp_path / "interlock.yaml").write_text("include: /etc/passwd\n")
    with pytest.raises(PolicyError, match="include"):
        load_policy(tmp_path / "interlock.yaml", NOW.date())
