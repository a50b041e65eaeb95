"""SQLite is for one running Interlock."""

import subprocess
import sys

import pytest

from interlock.store.engine import StoreError
from interlock.store.one_process import alone_on

HOLDS = """
import sys
from interlock.store.one_process import alone_on
with alone_on(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_one_is_refused_until_the_first_is_gone(sqlite_url: str) -> None:
    """Also where the first was killed, and let go of nothing itself."""
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDS, sqlite_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with first:
        assert first.stdout
        assert first.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=r"Another Interlock runs on .*SQLite is for one"), alone_on(sqlite_url):
            pass
        first.kill()
    for _ in range(2):
        with alone_on(sqlite_url):
            pass


def test_postgresql_takes_any_number_and_a_file_that_is_not_there_is_not_made() -> None:
    for url in ("postgresql://db/interlock", "sqlite:///nowhere/interlock.db"):
        with alone_on(url), alone_on(url):
            pass
