"""The digest, by word and dry. How it comes by itself is told in test_killed_bot.py."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from sandbox.world import calendar
from tests.e2e.browsing import Act, answer, say
from tests.e2e.running import GOVERNANCE, PLATFORM, Running

pytestmark = pytest.mark.browser


def test_somebody_who_may_asks_for_it_now(bank: Running, act: Act) -> None:
    bank.plan("walk-digest", "DATA-155")
    rita, leo = act("U0RITA", GOVERNANCE), act("U0LEO", GOVERNANCE)
    say(rita, "/release digest now walk-digest")
    answer(rita, "The digest of walk-digest is on its way to #governance.")
    digest = leo.get_by_role("article").filter(has_text="walk-digest").filter(has_text="in #governance")
    expect(digest).to_have_count(1)
    say(leo, "/release digest now walk-digest")
    answer(leo, "You can't")
    expect(digest).to_have_count(1)


def test_a_dry_run_shows_it_and_posts_nothing(bank: Running) -> None:
    day = calendar.open_day(bank.today + timedelta(days=1))  # on a day off there is none
    asked = ("job", "run", "daily-digest", "--subject", PLATFORM, "--at", f"{day:%Y-%m-%d}T09:00", "--dry-run")
    done = bank.run(*asked)
    assert done.returncode == 0, done.stderr
    assert "would be posted" in done.stdout
    assert "#rel-data-platform" in done.stdout
    assert f"{bank.releases.platform.name} Quarterly" in done.stdout
    assert bank.ask("SELECT 1 FROM slot WHERE job = :job", job=f"manual/daily-digest:{PLATFORM}") == []
    assert bank.ask("SELECT 1 FROM outbox WHERE key LIKE :key", key=f"digest:manual/daily-digest:{PLATFORM}%") == []
