"""One seed of the campaign on each database; `make chaos` runs many."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def campaign(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--folder", str(folder), *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )


@pytest.mark.postgres
def test_a_storm_on_each_database_leaves_nothing_wrong(tmp_path: Path) -> None:
    done = campaign(tmp_path, "--seeds", "1", "--first-seed", "17", "--database", "both", "--workers", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 seeds" in done.stdout


@pytest.mark.parametrize(
    ("bug", "found"),
    [("never draw anew", "cards show what is so"), ("vote on whatever", "no vote outlives its scope")],
)
def test_a_planted_bug_does_not_pass(tmp_path: Path, bug: str, found: str) -> None:
    """On the first seed, or on another. All of them: `python -m tests.chaos --plants`."""
    done = campaign(tmp_path, "--seeds", "4", "--database", "sqlite", "--workers", "1", "--plant", bug)
    assert done.returncode == 1, done.stdout + done.stderr
    assert found in done.stdout


def test_each_bug_can_still_be_planted() -> None:
    """In a process of its own, which it spoils."""
    line = "from tests.chaos.plants import PLANTS\nfor each in PLANTS.values(): each.plant()"
    done = subprocess.run([sys.executable, "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
