"""`interlock demo` and `interlock sandbox` as processes: ready when they say so, gone when they are told to."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0


class Child:
    """A command whose output is read as it comes."""

    def __init__(self, *args: str, folder: Path) -> None:
        env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", *args, "--port", "0", "--manifest", str(ROOT / "config/slack-manifest.yaml")],
            env=env | {"INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml"), "PYTHONUNBUFFERED": "1"},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        self._silent = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def says(self, part: str) -> str:
        """The first line with this in it, once it comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._silent or any(part in line for line in self.said), PATIENCE)
            found = [line for line in self.said if part in line]
        assert found, self.said
        return found[0]

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def discard(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.said.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._silent = True
            self._changed.notify_all()


@pytest.fixture
def children() -> Iterator[list[Child]]:
    started: list[Child] = []
    yield started
    for child in started:
        child.discard()


def address(line: str) -> str:
    return next(word.rstrip(".") for word in line.split() if word.startswith("http://"))


def page(url: str) -> int:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", urlsplit(url).path or "/")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demonstration_is_ready_when_it_says_so_and_leaves_nothing_running(
    tmp_path: Path, children: list[Child], number: signal.Signals
) -> None:
    child = Child("demo", folder=tmp_path)
    children.append(child)
    assert page(address(child.says("Interlock is ready"))) in {200, 302, 303, 307}
    told = re.findall(r"http://\S+/(?:readyz|metrics)", child.says("/metrics"))
    assert [page(each) for each in told] == [200, 200]
    (database,) = re.findall(r"DATABASE_URL=(\S+)", child.says("export DATABASE_URL"))
    assert (tmp_path / database.removeprefix("sqlite:///")).is_file()
    assert child.end(number) == 0, child.said
    (written,) = tmp_path.glob(".demo/*/bot.log")
    log = written.read_text().splitlines()
    assert json.loads(log[-1])["event"] == "stopped"  # the bot ended in good order, by itself
    assert not any("Traceback" in line for line in child.said)


def test_a_demonstration_that_is_interrupted_while_it_starts_ends_too(tmp_path: Path, children: list[Child]) -> None:
    child = Child("demo", folder=tmp_path)
    children.append(child)
    child.says("Starting the bot")
    assert child.end(signal.SIGINT) == 0, child.said


def test_the_sandbox_says_what_points_a_bot_at_it(tmp_path: Path, children: list[Child]) -> None:
    child = Child("sandbox", "--flavour", "datacenter", folder=tmp_path)
    children.append(child)
    url = address(child.says("The practice workspace is at"))
    assert child.says("export SLACK_API_URL") == f"export SLACK_API_URL={url}/api/"
    assert child.says("export JIRA_URL") == f"export JIRA_URL={url}/jira-dc"
    assert child.says("export DATABASE_URL") == "export DATABASE_URL=sqlite:///sandbox.db"
    assert not any("JIRA_EMAIL" in line for line in child.said)
    assert child.end(signal.SIGTERM) == 0
