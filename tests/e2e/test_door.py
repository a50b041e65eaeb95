"""The other door: a token from Slack, a sign-off from the command line, and whom the door does not let in."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.e2e.running import GOVERNANCE, Running, interlock, until

GENERAL = "C0GENERAL"
TOKEN = re.compile(r"interlock_[\w-]{43}")


@dataclass(frozen=True)
class Terminal:
    """Somebody's command line, on a machine of their own: it knows the server's address and no database."""

    bank: Running
    person: str
    folder: Path

    @property
    def env(self) -> Mapping[str, str]:
        ours = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return ours | {"HOME": str(self.folder), "COLUMNS": "300"}

    def run(self, *args: str, typed: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return interlock(*args, env={**self.env, **more}, folder=self.folder, typed=typed)

    def says(self, *args: str) -> str:
        done = self.run(*args)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def refuses(self, *args: str, **more: str) -> str:
        done = self.run(*args, **more)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1), done
        return done.stderr

    def token(self) -> str:
        """Asks for one in Slack, and reads it there once it is new."""
        before = self.tokens()
        self.bank.somebody(self.person).types(GENERAL, "/link token")
        return until("the token's message", lambda: [each for each in self.tokens() if each not in before])[-1]

    def tokens(self) -> list[str]:
        workspace = self.bank.server.workspace
        messages = workspace.everything(workspace.dm(self.person, workspace.app_user).id)
        return TOKEN.findall("".join(json.dumps([each.text, *each.blocks]) for each in messages))

    def log_in(self) -> str:
        token = self.token()
        done = self.run("login", "--server", self.bank.bot.url, typed=f"{token}\n")
        assert (done.returncode, done.stderr) == (0, ""), done
        return token


@pytest.fixture
def maria(bank: Running, tmp_path: Path) -> Terminal:
    return Terminal(bank, "U0MARIA", tmp_path)


def card(bank: Running, name: str) -> str:
    """The newest drawing of a release's card."""
    [text] = [said.text for said in bank.posts(GOVERNANCE) if f"Sign-offs for {name}:" in said.text]
    return text


def test_a_token_from_slack_signs_a_release_from_the_command_line(bank: Running, maria: Terminal) -> None:
    bank.plan("walk-door", "DATA-226")  # a restricted ticket
    token = maria.log_in()
    assert "walk-door" in maria.says("release", "list")
    assert maria.says("release", "status", "walk-door").startswith("walk-door Quarterly platform release · ")
    shown = maria.says("release", "signoffs", "walk-door")
    assert "Scope 0 of 1 ticket done · 1 restricted ticket among them" in shown
    assert "DATA-226" not in shown
    [approve] = re.findall(r"interlock (signoff approve \S+)", shown)
    assert maria.says(*approve.split()).startswith("Recorded: you approved walk-door for Data Governance.")
    until("the card", lambda: "1 of 5 given" in card(bank, "walk-door"))
    [(body,)] = bank.ask("SELECT body FROM audit_event WHERE kind = 'signoff.approved' AND body LIKE '%walk-door%'")
    told = json.loads(str(body))
    assert (told["authentication"], told["facts"]["revision"]) == ("token", approve.split()[-1])
    assert maria.says("signoff", "revoke", approve.split()[-1]).startswith("Revoked: your word on walk-door")
    until("the card", lambda: "0 of 5 given" in card(bank, "walk-door"))
    assert bank.run("audit", "verify").returncode == 0
    assert maria.says("blockers", "data")
    assert "uat-1" in maria.says("env", "list", "uat-1")
    assert maria.says("logout") == "You are logged out, and your token is revoked.\n"
    nowhere_but_in_slack(bank, token)


def test_a_job_is_run_by_the_bot_for_whoever_may_and_is_on_record(
    bank: Running, maria: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "rita").mkdir()
    rita = Terminal(bank, "U0RITA", tmp_path / "rita")
    rita.log_in()
    assert re.match(r"groups: \d+ groups, ", rita.says("job", "run", "groups"))
    who = "SELECT body, data FROM audit_event JOIN audit_person USING (seq) WHERE kind = 'job.asked'"
    [(body, person)] = bank.ask(who)
    assert json.loads(str(body))["facts"] == {"job": "groups", "subject": ""}
    assert json.loads(str(person))["slack_id"] == "U0RITA"
    maria.log_in()
    assert "You can't" in maria.refuses("job", "run", "groups")


def nowhere_but_in_slack(bank: Running, token: str) -> None:
    for file in [bank.bot.log, *bank.folder.glob("interlock.db*")]:
        assert token.encode() not in file.read_bytes(), file
    assert b"token.issued" in (bank.folder / "interlock.db").read_bytes() + _log_of_writes(bank)


def _log_of_writes(bank: Running) -> bytes:
    log = bank.folder / "interlock.db-wal"
    return log.read_bytes() if log.exists() else b""


def test_who_may_not_sign_in_slack_may_not_here(bank: Running, tmp_path: Path) -> None:
    bank.plan("walk-door-refused", "DATA-243")
    ravi = Terminal(bank, "U0RAVI", tmp_path)
    ravi.log_in()
    [approve] = re.findall(r"interlock (signoff approve \S+)", ravi.says("release", "signoffs", "walk-door-refused"))
    assert "You can't" in ravi.refuses(*approve.split())
    assert "0 of 5 given" in card(bank, "walk-door-refused")


def test_a_token_that_was_replaced_revoked_forged_or_has_expired_is_refused(bank: Running, maria: Terminal) -> None:
    first = maria.log_in()
    second = maria.token()
    away = {"INTERLOCK_SERVER": bank.bot.url}
    for dead in (first, "interlock_" + "A" * 43, "x"):
        assert "does not work" in maria.refuses("release", "list", **away, INTERLOCK_TOKEN=dead)
    assert maria.run("release", "list", **away, INTERLOCK_TOKEN=second).returncode == 0
    bank.ask("UPDATE access_token SET expires_at = asked_at WHERE slack_id = 'U0MARIA'")
    assert "This token expired" in maria.refuses("release", "list", **away, INTERLOCK_TOKEN=second)
    third = maria.token()
    bank.somebody("U0MARIA").types(GENERAL, "/link token revoke")
    assert "does not work" in maria.refuses("release", "list", **away, INTERLOCK_TOKEN=third)
    for token in (first, second, third):
        nowhere_but_in_slack(bank, token)


def test_a_guest_gets_no_token(bank: Running, tmp_path: Path) -> None:
    gil = Terminal(bank, "U0GUEST", tmp_path)
    bank.somebody("U0GUEST").types("C0RELPAYMENTS", "/link token")
    assert gil.tokens() == []
    assert bank.ask("SELECT 1 FROM outbox WHERE channel = '@U0GUEST' AND kind = 'token'") == []


def test_whoever_leaves_is_shut_out_at_once(bank: Running, tmp_path: Path) -> None:
    workspace = bank.server.workspace
    newcomer = replace(workspace.person("U0JON"), id="U0SHORT", name="short", real_name="Shay Orton", email=None)
    bank.server.admin.hire(newcomer).result()
    bank.server.admin.add_to_channel(GENERAL, "U0SHORT").result()
    until("the newcomer", lambda: bank.ask("SELECT 1 FROM person WHERE slack_id = 'U0SHORT'"))
    shay = Terminal(bank, "U0SHORT", tmp_path)
    shay.log_in()
    assert shay.run("release", "list").returncode == 0
    bank.server.admin.change_person("U0SHORT", deleted=True).result()
    until("the leaver", lambda: bank.ask("SELECT 1 FROM person WHERE slack_id = 'U0SHORT' AND NOT active"))
    said = shay.refuses("release", "list")
    assert "deactivated" in said or "does not work" in said  # the latter once what they left behind was seen to
