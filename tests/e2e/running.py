"""The whole program, running: the unchanged bot as a process that knows of the practice workspace by nothing but
environment variables, and the workspace itself in the test's process.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import yaml
from sqlalchemy import text

from bot.practice import environment
from interlock.store.engine import Store
from sandbox.server import SandboxServer
from sandbox.slack.values import Message
from sandbox.world import calendar
from sandbox.world.people_at_work import Somebody

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
MANIFEST = CONFIG / "slack-manifest.yaml"
PATIENCE = 60.0
"""Seconds until a test gives up: a deadline for a busy machine, not a wait."""

QUARTERLY, WEEKLY = "Quarterly platform release", "Weekly service release"
PLATFORM, PAYMENTS, MODELS = "C0RELDATAPLATFORM", "C0RELPAYMENTS", "C0RELMODELS"
GOVERNANCE, ENVIRONMENTS = "C0GOVERNANCE", "C0ENVIRONMENTS"

T = TypeVar("T")


def until(what: str, look: Callable[[], T], patience: float = PATIENCE) -> T:
    """What `look` returns, once that is true."""
    deadline = time.monotonic() + patience
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def settings(server: SandboxServer, database: str, port: int, flavour: str = "cloud") -> dict[str, str]:
    """The environment of a bot: nothing of ours but what a program needs to start."""
    ours = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return (
        ours
        | environment(server, flavour)
        | {
            "DATABASE_URL": database,
            "INTERLOCK_HTTP": f"127.0.0.1:{port}",
            "INTERLOCK_CONFIG": str(CONFIG / "interlock.yaml"),
        }
    )


def interlock(*args: str, env: Mapping[str, str], folder: Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    """One command on the command line, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *args],
        env=dict(env),
        cwd=folder,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def run_job(name: str, *, env: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A job in a process of its own, where no bot runs that could be asked for it, or beside it."""
    program = [sys.executable, str(Path(__file__).with_name("job.py")), name]
    return subprocess.run(
        program, env=dict(env), cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


class Bot:
    """`interlock run` as a child. Its log, both streams of it, is `log`; `program` may stand in for `-m bot`."""

    def __init__(
        self, env: Mapping[str, str], log: Path, mode: str = "socket", program: tuple[str, ...] = ("-m", "bot")
    ) -> None:
        self.log = log
        self.url = f"http://{env['INTERLOCK_HTTP']}"
        self._env = dict(env)
        self._command = [sys.executable, *program, "run", "--mode", mode]
        self._process = self._start(self._env)

    def _start(self, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as out:
            return subprocess.Popen(
                self._command, env=dict(env), cwd=self.log.parent, stdout=out, stderr=subprocess.STDOUT
            )

    def restart(self, **env: str) -> None:
        """Ends it in good order and starts it anew, with these settings beside its own, until it is ready."""
        assert self.end() == 0, self.log.read_text()
        self._process = self._start(self._env | env)
        self.ready()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready(self) -> "Bot":
        """Waits until it says that it is."""

        def look() -> bool:
            assert self._process.poll() is None, self.log.read_text()
            return self.status("/readyz") == 200

        until("the bot to be ready", look)
        return self

    def status(self, path: str) -> int:
        """The status of a GET; 0 where nobody answers."""
        try:
            with urlopen(f"{self.url}{path}", timeout=5) as answer:  # noqa: S310 its own address
                return int(answer.status)
        except URLError as error:
            return int(getattr(error, "code", 0))
        except OSError:
            return 0

    def end(self) -> int:
        """SIGTERM; the exit code."""
        self._process.terminate()
        return self.wait()

    def kill(self) -> None:
        self._process.kill()
        assert self.wait() == -signal.SIGKILL

    def wait(self) -> int:
        return self._process.wait(PATIENCE)

    def discard(self) -> None:
        """For a test's end: whatever state it is in."""
        if self._process.poll() is None:
            self.kill()


@dataclass(frozen=True, slots=True)
class Rules:
    """A policy in files, as an operator edits it: nothing of that counts before the bot is started anew."""

    bot: Bot
    folder: Path

    def edit(self, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        file = self.folder / name
        # Every scalar stays text, as the policy's own reader takes it: 09:00 is no number of seconds.
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 makes strings, lists and mappings only
        change(content)
        file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")

    def count(self) -> None:
        self.bot.restart(INTERLOCK_CONFIG=str(self.folder / "interlock.yaml"))


@dataclass(frozen=True, slots=True)
class Running:
    """A practice workspace with a bot in it, which answers."""

    server: SandboxServer
    bot: Bot
    env: Mapping[str, str]
    folder: Path
    today: date

    @property
    def releases(self) -> calendar.Releases:
        """The story's three."""
        return calendar.releases(self.today)

    def address(self, person: str, channel: str) -> str:
        return f"{self.server.url}/client/{person}/{channel}"

    def somebody(self, person: str) -> Somebody:
        return Somebody(self.server.acts, self.server.workspace, person)

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        """`interlock …`, beside the bot that runs."""
        return interlock(*args, env=self.env, folder=self.folder)

    def posts(self, channel: str) -> list[Message]:
        """What the bot posted for everybody in a channel, replies too, oldest first."""
        return posts(self.server, channel)

    def ask(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        """What the bot's database says."""
        return ask(self.env["DATABASE_URL"], statement, **values)

    def label(self, name: str, *keys: str) -> None:
        """Labels tickets in Jira, and waits until the bot has heard of it."""
        for key in keys:
            before = self.server.tickets.get(key).labels
            self.server.tickets.edit(key, "rita", labels=tuple({*before, name}))
        count = "SELECT 1 FROM ticket_label WHERE label = :name"
        until(f"{name} in the mirror", lambda: len(self.ask(count, name=name)) >= len(keys))

    def plan(self, name: str, *keys: str, template: str = QUARTERLY, by: str = "U0RITA") -> None:
        """A release of a walk's own in #governance, with these tickets, and its card. It is due after those of the
        story, so that it crowds none of them out of a list.
        """
        self.label(name, *keys)
        due = calendar.open_day(calendar.business_day(self.releases.models.target, 1))
        who = self.somebody(by)
        who.types(GOVERNANCE, "/release new")
        entries = {
            "Template": template,
            "Name": name,
            "Target date": due.isoformat(),
            "Labels": name,
        }
        who.fills("New release", entries)
        who.types(GOVERNANCE, f"/release signoffs {name}")
        who.presses(GOVERNANCE, "Ask for")
        until("the card", lambda: any(f"Sign-offs for {name}" in said.text for said in self.posts(GOVERNANCE)))


def ask(database: str, statement: str, **values: object) -> list[tuple[object, ...]]:
    store = Store(database)
    try:
        with store.write() as session:
            done = session.connection().execute(text(statement), values)
            return [tuple(row) for row in done] if done.returns_rows else []
    finally:
        store.close()


def posts(server: SandboxServer, channel: str) -> list[Message]:
    workspace = server.workspace
    return [
        each for each in workspace.everything(channel) if each.user == workspace.app_user and each.ephemeral_to is None
    ]
