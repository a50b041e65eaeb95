"""An auditor's walk: evidence from Slack and from the command line, checked with the published program alone."""

import re
import subprocess
import sys
from pathlib import Path

from bot.evidence.key import Key
from sandbox.slack.values import File
from tests.e2e.running import Running, until
from tests.e2e.test_door import GENERAL, Terminal

VERIFY = Path(__file__).parents[2] / "docs/verify.py"
ANCHOR = "interlock-anchor v1 seq="


def check(bank: Running, evidence: Path, *anchors: Path) -> subprocess.CompletedProcess[str]:
    key = Key(bank.env["INTERLOCK_EVIDENCE_KEY"]).fingerprint
    command = [sys.executable, "-I", "-S", str(VERIFY), str(evidence), "--key", key]
    more = ["--anchors", *map(str, anchors)] if anchors else []
    return subprocess.run([*command, *more], capture_output=True, text=True, check=False)


def sent(bank: Running) -> list[File]:
    workspace = bank.server.workspace
    messages = workspace.everything(workspace.dm("U0AUDIT", workspace.app_user).id)
    return [workspace.file(each) for said in messages for each in said.files]


def test_an_auditor_takes_evidence_and_proves_it_without_us(bank: Running, tmp_path: Path) -> None:
    bank.plan("walk-evidence", "DATA-226")  # a restricted ticket
    for name in ("maria", "rita"):
        (tmp_path / name).mkdir()
    maria, rita = Terminal(bank, "U0MARIA", tmp_path / "maria"), Terminal(bank, "U0RITA", tmp_path / "rita")
    audrey = Terminal(bank, "U0AUDIT", tmp_path)
    maria.log_in()
    [approve] = re.findall(r"interlock (signoff approve \S+)", maria.says("release", "signoffs", "walk-evidence"))
    maria.says(*approve.split())

    rita.log_in()
    rita.says("job", "run", "audit-anchor")
    anchors = until("the anchor", lambda: [line for line in bank.bot.log.read_text().splitlines() if ANCHOR in line])
    noted = tmp_path / "noted.log"  # the auditor's own copy
    noted.write_text("\n".join(anchors))

    bank.somebody("U0AUDIT").types(GENERAL, "/release evidence walk-evidence")
    [file] = until("the file", lambda: sent(bank))
    assert file.complete
    received = tmp_path / "received.zip"
    received.write_bytes(file.content)
    told = check(bank, received, noted)
    assert (told.returncode, told.stderr) == (0, ""), told.stdout
    assert "stands as restricted" in told.stdout
    assert b"DATA-226" not in file.content
    assert check(bank, received).returncode == 3

    audrey.log_in()
    audrey.says("evidence", "walk-evidence", "--out", "taken.zip")
    assert check(bank, tmp_path / "taken.zip", noted).returncode == 0
    assert "You can't" in maria.refuses("evidence", "walk-evidence", "--out", "mine.zip")
    assert not (tmp_path / "maria/mine.zip").exists()
