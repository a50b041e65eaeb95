"""When a release is likely to be ready, and what would break if something got later: asked, and nothing changed."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Act, answer, press, say
from tests.e2e.running import PLATFORM, Running

pytestmark = pytest.mark.browser


def test_the_forecast_and_what_a_slip_would_break(bank: Running, act: Act) -> None:
    name = bank.releases.platform.name
    ana = act("U0ANA", PLATFORM)
    say(ana, f"/release forecast {name}")
    told = answer(ana, "Quarterly platform release")
    expect(told).to_contain_text("Ready on")
    expect(told).to_contain_text("of 10,000 runs")
    expect(told).to_contain_text("own pace, as if all of it went into this release")

    open_one = (  # other walks close tickets
        "SELECT max(ticket.key) FROM ticket JOIN scope ON scope.ticket_id = ticket.id "
        "JOIN release ON release.id = scope.release_id WHERE release.name = :name AND scope.removed_at IS NULL "
        "AND ticket.category <> 'done' AND ticket.security_level IS NULL"
    )
    ((key,),) = bank.ask(open_one, name=name)
    before = bank.ask("SELECT count(*) FROM audit_event")
    say(ana, f"/release whatif {key} +250d")
    slip = answer(ana, "250 business days later")
    expect(slip).to_contain_text("Nothing was changed.")
    expect(slip).to_contain_text(f"{name} passes the target")
    slip.get_by_role("button", name=f"What if {name} moves to").click()
    moved = answer(ana, "Milestones")
    expect(moved).to_contain_text("time left to sign")
    press(moved, "Show all of it")
    expect(answer(ana, "Code freeze")).to_contain_text("Scope freeze")
    say(ana, f"/release whatif {key} +0d")
    answer(ana, "nothing would change")
    assert bank.ask("SELECT count(*) FROM audit_event") == before
