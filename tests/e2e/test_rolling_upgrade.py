"""The release before this one, at work while the schema under it becomes this one's, and then relieved by this one."""

import os
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from bot import administration
from bot.wiring import now
from interlock.store import schema
from interlock.store.engine import Store
from sandbox.server import SandboxServer, practice
from sandbox.slack.settings import Settings
from tests.e2e.running import GOVERNANCE, PATIENCE, ROOT, Bot, Running, free_port, settings, until

PREVIOUS = "e6f573200305bf09dd22a3c48db99dd2d2625b3b"
"""The commit of 0.1.0. Whoever releases puts the released one here."""
TOLERATES_NEWER = False
"""Whether it says that it is ready on a newer schema, and starts on one. 0.1.0 does not, though it works."""
EAGER = Path(__file__).with_name("eager.py")

pytestmark = pytest.mark.postgres


@dataclass(frozen=True)
class Previous:
    """The release before: its code and its policy."""

    folder: Path

    @property
    def schema(self) -> str:
        versions = self.folder / "src/interlock/store/migrations/versions"
        return max(path.stem.partition("_")[0] for path in versions.glob("[0-9]*.py"))

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def path(self) -> str:
        """Where Python shall look before what is installed."""
        return os.pathsep.join(str(self.folder / path) for path in ("", "src"))


@pytest.fixture
def previous(tmp_path: Path) -> Previous:
    command = ["git", "-C", str(ROOT), "archive", PREVIOUS, "bot", "src", "config"]
    packed = subprocess.run(command, capture_output=True, check=False)
    if packed.returncode != 0:
        pytest.skip(f"this checkout lacks the history of the release before ({PREVIOUS[:7]})")
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
        archive.extractall(tmp_path / "previous", filter="data")
    return Previous(tmp_path / "previous")


@dataclass(frozen=True)
class Stage:
    """A practice workspace, and how a bot of either release is started on one database of the one before."""

    server: SandboxServer
    old: dict[str, str]
    new: dict[str, str]


@pytest.fixture
def stage(previous: Previous, empty_postgres_url: str) -> Iterator[Stage]:
    store = Store(empty_postgres_url)
    schema.upgrade(store, previous.schema)
    store.close()
    ports = free_port(), free_port()
    with practice(
        manifest=previous.config / "slack-manifest.yaml",
        today=now().date(),
        settings=Settings(rate_scale=0),
        webhook_urls=[f"http://127.0.0.1:{port}/webhooks/jira" for port in ports],
    ) as server:
        old, new = (settings(server, empty_postgres_url, port) for port in ports)
        policy = {"INTERLOCK_CONFIG": str(previous.config / "interlock.yaml")}
        yield Stage(server, old | policy | {"PYTHONPATH": previous.path}, new | policy)


def test_the_release_before_works_on_while_this_one_takes_over(stage: Stage, tmp_path: Path) -> None:
    server, old_log = stage.server, tmp_path / "old.log"
    old = Bot(stage.old, old_log, program=(str(EAGER),))
    office = Running(server, old, stage.new, tmp_path, now().date())
    new = None
    try:
        old.ready()
        until("the first sync", lambda: "sync.done" in old_log.read_text())
        office.plan("before", "DATA-240", "INFRA-58")
        office.somebody("U0MARIA").presses(GOVERNANCE, "Approve 2 tickets")
        card_shows(office, "before", "1 of 5 given")

        assert administration.upgrade(stage.new).endswith("What runs on it may go on.")

        # The old one alone: claims, relay, sync, sign-offs, status.
        office.ask("DELETE FROM slot WHERE job IN ('sync', 'groups')")
        office.plan("amid", "DATA-245")
        office.somebody("U0MARIA").presses(GOVERNANCE, "Approve 1 ticket")
        card_shows(office, "amid", "1 of 5 given")
        assert "1 of 5" in status(server, "amid")
        ran = "SELECT 1 FROM slot WHERE job IN ('sync', 'groups') AND outcome = 'done'"
        until("its jobs", lambda: len(office.ask(ran)) == 2)
        assert (old.status("/readyz") == 200) == TOLERATES_NEWER

        new = Bot(stage.new, tmp_path / "new.log").ready()
        office.plan("beside", "ML-58")
        assert old.end() == 0
        office.somebody("U0MARIA").presses(GOVERNANCE, "Approve 1 ticket")
        for name in ("amid", "beside"):
            card_shows(office, name, "1 of 5 given")
        assert "1 of 5" in status(server, "before")
        verdict = administration.verify_audit(stage.new)
        assert verdict.holds, verdict.sentence
        assert new.end() == 0
        assert "Traceback" not in old_log.read_text() + new.log.read_text()
    finally:
        for bot in (old, new):
            if bot is not None:
                bot.discard()


def status(server: SandboxServer, release: str) -> str:
    outcome = server.acts.command("U0RITA", GOVERNANCE, f"/release status {release}").result(PATIENCE)
    return str(outcome.body)


def card_shows(office: Running, release: str, words: str) -> None:
    def shown() -> bool:
        cards = [said for said in office.posts(GOVERNANCE) if f"Sign-offs for {release}" in said.text]
        assert len(cards) <= 1
        return any(words in str(card.blocks) for card in cards)

    until(f"{words} on the card of {release}", shown)
