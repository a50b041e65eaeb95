"""A full sync of a large tracker keeps nobody waiting."""

from pathlib import Path

import pytest

from bot.wiring import now
from sandbox.server import practice
from sandbox.world import tickets
from tests.e2e.running import MANIFEST, PLATFORM, Bot, Running, free_port, run_job, settings, until

SYNCING = "SELECT 1 FROM slot WHERE job = 'sync' AND outcome IS NULL"


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_status_is_answered_while_a_full_sync_runs(request: pytest.FixtureRequest, tmp_path: Path, engine: str) -> None:
    database, today = request.getfixturevalue(f"{engine}_url"), now().date()
    with practice(manifest=MANIFEST, today=today, tickets=tickets.generate(today, tickets=20_000)) as server:
        env = settings(server, database, free_port())
        assert run_job("groups", env=env, folder=tmp_path).returncode == 0
        bot = Bot(env, tmp_path / "bot.log")
        try:
            bank = Running(server, bot.ready(), env, tmp_path, today)
            until("some tickets", lambda: bank.ask("SELECT 1 FROM ticket LIMIT 1"))
            rita = bank.somebody("U0RITA")
            rita.types(PLATFORM, "/release new")
            plan = bank.releases.platform
            rita.fills(
                "New release",
                {"Template": "Quarterly", "Name": "early", "Target date": plan.target.isoformat(), "Labels": "early"},
            )
            rita.types(PLATFORM, "/release status")
            answer = next(server.workspace.newest_first(PLATFORM, viewer="U0RITA"))
            assert bank.ask(SYNCING), "the sync was over too soon: make the world larger"
            assert answer.text.startswith("early Quarterly platform release is")
            assert bot.end() == 0, bot.log.read_text()
        finally:
            bot.discard()
