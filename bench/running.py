"""`interlock run` as a process of its own, over HTTP, beside the practice workspace."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from bench.mirroring import EMAIL, TOKEN
from bench.practice import Practice
from bot.demo import free_port
from interlock.config.settings import HINTS
from interlock.store.engine import Store

SECRET: Final = "practice-signing-secret"  # noqa: S105 the practice Slack's, which the README publishes
READY_SECONDS: Final = 60.0
KIB_PER_MIB: Final = 1024


class Running:
    """The process, and where it answers."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self._process = process

    def memory(self) -> float:
        """What it holds now, in MiB, where /proc tells; else 1."""
        status = Path(f"/proc/{self._process.pid}/status")
        if not status.is_file():
            return 1.0
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / KIB_PER_MIB

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("interlock run did not get ready")
            time.sleep(0.005)

    def _ready(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200  # noqa: PLR2004 HTTP's OK
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def running(store: Store, practice: Practice) -> Iterator[Running]:
    """Over this store's database, ready."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in HINTS} | {
        "SLACK_BOT_TOKEN": "xoxb-practice-bot",
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": practice.slack,
        "JIRA_URL": practice.jira,
        "JIRA_EMAIL": EMAIL,
        "JIRA_TOKEN": TOKEN,
        "INTERLOCK_HTTP": f"127.0.0.1:{port}",
        "DATABASE_URL": store.url.render_as_string(hide_password=False),
    }
    command = [str(Path(sys.executable).with_name("interlock")), "run", "--mode", "http"]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603 our own program
        try:
            one = Running(process, port)
            one.wait_until_ready()
            yield one
        finally:
            process.terminate()
            try:
                process.wait(READY_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
