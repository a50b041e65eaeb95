"""One practice bank with a bot in it for all walks of a test process: each walk brings its own release or booking."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.wiring import now
from sandbox.server import practice
from sandbox.world.play import play
from tests.e2e.running import CONFIG, MANIFEST, Bot, Rules, Running, free_port, interlock, settings, until

if TYPE_CHECKING:  # a session without browser tests does not wait for Playwright's import
    from playwright.sync_api import Page


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The story's first morning: three releases are planned, some have signed. Jira tells the bot of each change."""
    folder, port, today = tmp_path_factory.mktemp("bank"), free_port(), now().date()
    with practice(manifest=MANIFEST, today=today, webhook_urls=(f"http://127.0.0.1:{port}/webhooks/jira",)) as server:
        env = settings(server, f"sqlite:///{folder / 'interlock.db'}", port)
        made = interlock("db", "upgrade", env=env, folder=folder)
        assert made.returncode == 0, made.stderr
        bot = Bot(env, folder / "bot.log")
        try:
            bot.ready()
            until("the first sync", lambda: "sync.done" in bot.log.read_text())
            play(server.acts, server.workspace, today)
            yield Running(server, bot, env, folder, today)
            assert bot.end() == 0, bot.log.read_text()
            assert "Traceback" not in bot.log.read_text()
        finally:
            bot.discard()


@pytest.fixture
def rules(bank: Running, tmp_path: Path) -> Iterator[Rules]:
    """The bank's own, to be edited: a copy by which the bot runs once it is told to, until the walk is over."""
    shutil.copytree(CONFIG, tmp_path / "config")
    yield Rules(bank.bot, tmp_path / "config")
    bank.bot.restart()


@pytest.fixture
def act(bank: Running, tab: Callable[[str], "Page"]) -> Callable[[str, str], "Page"]:
    """Opens a channel as somebody, in a window of their own; a form that an earlier walk left open is gone."""

    def open_as(person: str, channel: str) -> "Page":
        workspace = bank.server.workspace
        workspace.screens.clear(person)
        if channel.startswith("D0"):
            workspace.dm(person, workspace.app_user)  # where the bot may write only in a moment
        return tab(bank.address(person, channel))

    return open_as
