"""What the doctor makes of scopes, clocks and disks."""

from datetime import timedelta

import pytest

from interlock.domain.checkup import (
    MEBIBYTE,
    Finding,
    Mark,
    exit_code,
    judge_address,
    judge_clock,
    judge_scopes,
    judge_space,
    summary,
)


@pytest.mark.parametrize(
    ("granted", "mark", "told"),
    [
        ("ab", Mark.OK, "all 2"),
        ("a", Mark.FAIL, "lacks b"),
        ("abc", Mark.WARN, "more than it needs: c"),
        ("ac", Mark.FAIL, "lacks b"),
    ],
    ids=str,
)
def test_scopes(granted: str, mark: Mark, told: str) -> None:
    found = judge_scopes(frozenset(granted), frozenset({"a", "b"}))
    assert found.mark is mark
    assert told in found.told


@pytest.mark.parametrize(
    ("seconds", "mark", "told"),
    [
        (5, Mark.OK, "5 s apart"),
        (-5, Mark.OK, "5 s apart"),
        (6, Mark.WARN, "6 s ahead"),
        (-6, Mark.WARN, "6 s behind"),
        (60, Mark.WARN, "ahead"),
        (61, Mark.FAIL, "ahead"),
    ],
)
def test_clocks(seconds: int, mark: Mark, told: str) -> None:
    found = judge_clock("Slack", timedelta(seconds=seconds))
    assert found.mark is mark
    assert told in found.told


def test_a_clock_may_be_held_more_narrowly() -> None:
    limit = timedelta(seconds=4)
    assert judge_clock("the database", timedelta(seconds=4), limit).mark is Mark.OK
    assert judge_clock("the database", timedelta(seconds=4.5), limit).mark is Mark.FAIL


@pytest.mark.parametrize(
    ("free", "held", "mark"),
    [(1024, 10, Mark.OK), (1023, 10, Mark.WARN), (5000, 6000, Mark.WARN), (100, 10, Mark.WARN), (99, 10, Mark.FAIL)],
)
def test_disk_space(free: int, held: int, mark: Mark) -> None:
    assert judge_space(free * MEBIBYTE, held * MEBIBYTE).mark is mark


@pytest.mark.parametrize(
    ("url", "mark"),
    [
        ("https://jira.example", Mark.OK),
        ("HTTPS://jira.example", Mark.OK),
        ("http://127.0.0.9:8080/jira", Mark.OK),
        ("http://[::1]:1", Mark.OK),
        ("http://localhost", Mark.OK),
        ("http://jira.example", Mark.WARN),
        ("http://localhost.example", Mark.WARN),
        ("http://10.0.0.1", Mark.WARN),
    ],
)
def test_a_token_that_can_be_read_on_its_way(url: str, mark: Mark) -> None:
    found = judge_address("JIRA_URL", url)
    assert (found.mark, "https://" in found.mend) == (mark, mark is Mark.WARN)


def test_only_a_failure_fails() -> None:
    harmless = [Finding(mark=mark, what="x", told="y") for mark in (Mark.OK, Mark.WARN, Mark.UNKNOWN)]
    assert exit_code(harmless) == 0
    assert exit_code([*harmless, Finding(mark=Mark.FAIL, what="x", told="y")]) == 1
    assert summary(harmless) == "3 checks: 1 warning, 1 could not be checked."
    assert summary(harmless[:1]) == "1 check: all is well."
