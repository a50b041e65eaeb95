"""The Home tab, and digests as they are drawn."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.drawers import digest as digest_drawers
from bot.drawers import home as drawers
from bot.drawing import Drawn
from bot.services import Services
from bot.views.blocks import plain
from interlock.domain.outbox import Dropped
from interlock.domain.policy import CriterionRule, Policy
from interlock.store import raid
from interlock.store.release import ReleaseRow
from interlock.store.ticket import AccountRow, TicketRow
from interlock.usecases import signoff
from tests.builders import CHANNEL, NOW, POLICY, TEMPLATE, actor, message, people, release, ticket
from tests.raids import a_risk


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def world(services: Services) -> int:
    criteria = (
        CriterionRule(kind="scope_complete", name="Everything is done"),
        CriterionRule(kind="signoffs_given", name="Everybody has signed"),
        CriterionRule(kind="no_open_blocker", name="Nothing is blocked"),
    )
    with services.store.write() as session:
        people(session)
        session.add(AccountRow(id="acc-ravi", name="Ravi in Jira"))
        ticket(session, "DATA-214", flagged=True, assignee_id="acc-ravi")
        number = release(session, tickets=["DATA-1", "ML-2"], template=replace(TEMPLATE, criteria=criteria))
    signoff.request(services.store, services.policy, actor("RITA"), number, NOW)
    return number


def home(services: Services, who: str) -> tuple[str, list[str]]:
    """What somebody's Home tab says, and its buttons."""
    blocks = drawers.draw(services, message("home", slack_id=f"U0{who}")).view["blocks"]
    texts = [block["text"]["text"] for block in blocks if "text" in block]
    elements = [element for block in blocks for element in (*block.get("elements", ()), block.get("accessory") or {})]
    return "\n".join(texts), [each["text"]["text"] for each in elements if each.get("type") == "button"]


@pytest.mark.parametrize(
    ("who", "says", "buttons"),
    [
        ("TOM", "*2026.12* · QA · target Thu 17 Dec", ["Approve 3 tickets", "Approve with conditions…", "Reject…"]),
        ("MARIA", "*2026.12* · Data Governance", ["Approve 3 tickets", "Approve with conditions…", "Reject…"]),
        ("RAVI", "DATA-214> Summary of DATA-214*\n2026.12 · can't move", ["On it…"]),
        ("RITA", "Nothing waits for you.", []),
        ("NOMAIL", "Nothing waits for you.", []),
        ("GUEST", "Interlock answers full members of this workspace only", []),
    ],
)
def test_what_waits_for_whom(services: Services, world: int, who: str, says: str, buttons: list[str]) -> None:
    text, offered = home(services, who)
    assert says in text
    assert offered == buttons


def test_what_was_done_waits_no_more(services: Services, world: int) -> None:
    with services.store.write() as session:
        session.get_one(TicketRow, "id-DATA-214").flagged = False
        session.get_one(ReleaseRow, world).stage = "closed"
    assert "Nothing waits for you." in home(services, "RAVI")[0]
    assert "Nothing waits for you." in home(services, "TOM")[0]


def drawn(result: object) -> str:
    assert isinstance(result, Drawn)
    return plain(result.message).text


def test_a_morning_digest_fits_a_phone(services: Services, world: int) -> None:
    ids: dict[str, Any] = {"release_id": world, "channel_id": CHANNEL, "slot": "monday"}
    lines = drawn(digest_drawers.morning(services, message("digest", **ids))).splitlines()
    assert lines[0].startswith(f"*Monday in <#{CHANNEL}>* · ")
    assert lines[1].startswith("*Why* ")
    assert "DATA-214" in lines[1]
    assert lines[2].startswith("*Moved* 0 done")
    assert lines[3] == "*Waiting on people* QA (2 of 3), Data Governance (Maria Voss) and Ravi in Jira (DATA-214)"
    assert lines[4] == "*Ahead* 18 business days to go (Thu 17 Dec)"
    assert len(lines) <= 7


def test_a_morning_digest_names_five_overdue_reviews(services: Services, world: int) -> None:
    with services.store.write() as session:
        for number in range(7):
            draft = a_risk(world, review_on=NOW.date() - timedelta(days=1))
            raid.add(session, draft, None, "U0RITA", str(number), NOW)
    ids: dict[str, Any] = {"release_id": world, "channel_id": CHANNEL, "slot": "monday"}
    lines = drawn(digest_drawers.morning(services, message("digest", **ids))).splitlines()
    assert lines[4] == "*Reviews overdue* R-1, R-2, R-3, R-4, R-5 and 2 more (`/raid list`)"


def test_a_readiness_summary_tells_what_fails_first(services: Services, world: int) -> None:
    lines = drawn(digest_drawers.readiness(services, message("readiness", release_id=world))).splitlines()
    assert lines[0].endswith("0 of 3 gates passed")
    assert lines[1].startswith("*Why* ")
    gates = [line.split()[0] for line in lines if line.startswith(("*Fail*", "*Pending*"))]
    assert gates == ["*Pending*", "*Fail*", "*Pending*"]  # the least effort first
    assert "*Pending* Everybody has signed: 0 of 2 given, missing: QA and Data Governance" in lines


def test_nothing_is_said_of_a_release_that_ended(services: Services, world: int) -> None:
    with services.store.write() as session:
        session.get_one(ReleaseRow, world).stage = "closed"
    ids: dict[str, Any] = {"release_id": world, "channel_id": CHANNEL, "slot": "monday"}
    assert isinstance(digest_drawers.morning(services, message("digest", **ids)), Dropped)
    assert isinstance(digest_drawers.readiness(services, message("readiness", **ids)), Dropped)
