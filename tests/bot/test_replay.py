"""`interlock policy replay`: what it prints, for people and for scripts, and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot import replay
from interlock.domain.replay import Replay
from interlock.store.engine import Store
from tests.bot.test_cli import ROOT, Interlock, interlock
from tests.replays import SOONER, history, replayed, under

__all__ = ["interlock"]

NEW = Path("new.yaml")


@pytest.fixture
def found(sqlite_store: Store) -> Replay:
    history(sqlite_store)
    return replayed(
        sqlite_store, under(data={"people": ("noor@practice.example",)}, ladders={"usual": SOONER}, channels={})
    )


def test_people_read_a_summary_then_each_release(found: Replay) -> None:
    refused = "accepted; would be refused: policy asks others for it"
    held = "moved; would be refused: Data Governance (0 of 1 signed)"
    assert replay.as_text(found, NEW).splitlines() == [
        "Under new.yaml, 1 of 1 release in the last 90 days would have gone otherwise.",
        "2 sign-offs, 1 requirement, 3 moves and 1 ping would have differed.",
        "",
        "2026.12 (template quarterly, policy v1)",
        f"  sign-off           2026-11-23 13:00 UTC, Maria Voss's approval for Data Governance: {refused}",
        f"  sign-off           2026-11-24 13:12 UTC, Maria Voss's approval for Data Governance: {refused}",
        "  requirement        Data Governance: met 2026-11-24 10:30 UTC; would be not met",
        f"  move               2026-11-24 15:00 UTC, ready to go: {held}",
        f"  move               2026-11-25 13:00 UTC, ready to go: {held}",
        f"  move               2026-11-25 14:00 UTC, go to deploying: {held}",
        "  pings              to the owner: 1 earlier",
        "",
        "not looked at: channels, which says otherwise in the new policy",
    ]


def test_no_text_drives_the_terminal(found: Replay) -> None:
    one = replace(found.releases[0], name="2026.12\x1b[2J\u202e")
    told = replay.as_text(replace(found, releases=(one,)), NEW)
    assert "2026.12[2J (template quarterly" in told
    assert not {"\x1b", "\u202e"} & set(told)


def test_scripts_read_json(found: Replay) -> None:
    told = json.loads(replay.as_json(found, NEW))
    assert (told["config"], told["releases"], told["otherwise"]) == ("new.yaml", 1, 1)
    assert told["differences"] == {"signoff": 2, "requirement": 1, "move": 3, "ping": 1, "readiness": 0}
    assert (told["not_looked_at"], told["not_replayed"], told["not_judged"]) == (["channels"], [], {})
    assert told["by_release"][0]["differences"][-1] == {
        "kind": "ping",
        "at": "2026-11-23T12:00:00+00:00",
        "what": "owner of DATA-214",
        "was": "told 2026-11-23 12:00 UTC",
        "would": "told 2026-11-23 11:00 UTC",
        "why": "earlier",
    }


def test_what_could_not_be_judged_is_counted_and_what_is_gone_is_named(sqlite_store: Store) -> None:
    history(sqlite_store)
    unsure = replay.as_text(replayed(sqlite_store, under(qa={"groups": ("release-managers",)})), NEW).splitlines()
    assert unsure[0] == "Under new.yaml, 0 of 1 release in the last 90 days would have gone otherwise."
    assert "not judged: sign-offs: who was in which user group then is not recorded: 6" in unsure
    gone = replay.as_text(replayed(sqlite_store, under(templates={})), NEW).splitlines()
    assert gone[-1] == "not replayed: 2026.12, whose template quarterly the new policy has not"


def test_a_policy_is_replayed_from_the_command_line(interlock: Interlock) -> None:
    file = str(ROOT / "config/interlock.yaml")
    told = f"Under {file}, 0 of 0 releases in the last 30 days would have gone otherwise.\n"
    assert interlock("policy", "replay", "--config", file, "--days", "30") == (0, told, "")
    code, out, _ = interlock("policy", "replay", "--config", file, "--format", "json")
    assert (code, json.loads(out)["releases"]) == (0, 0)


def test_a_wrong_policy_is_named_as_ever_before_anything_is_read(interlock: Interlock, tmp_path: Path) -> None:
    wrong = tmp_path / "interlock.yaml"
    wrong.write_text("time_zone: Mars/Olympus\n")
    code, out, err = interlock("policy", "replay", "--config", str(wrong), DATABASE_URL="sqlite:///none.db")
    assert (code, out) == (2, "")
    assert 'interlock.yaml:1 time_zone: "Mars/Olympus" is no' in err
    assert interlock("policy", "replay", "--config", str(tmp_path / "none.yaml"))[0] == 2


def test_a_database_that_is_not_there_is_not_made(interlock: Interlock, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/none.db"
    code, out, err = interlock("policy", "replay", "--config", str(ROOT / "config/interlock.yaml"), DATABASE_URL=url)
    assert (code, out) == (1, "")
    assert err == "interlock: The database is not there yet, so nothing is recorded. Run: interlock db upgrade\n"
    assert not (tmp_path / "none.db").exists()
