"""`interlock demo`, which `make demo` calls: an address, a page behind it, and an end that leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.e2e.running import MANIFEST, PATIENCE, ROOT, until


def test_it_prints_an_address_serves_the_page_and_ends_with_everything_it_began(tmp_path: Path) -> None:
    out = tmp_path / "out"
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "SLACK_BOT_TOKEN"}}
    env |= {"INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml"), "PYTHONUNBUFFERED": "1"}
    with out.open("wb") as stream:
        demo = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", "--port", "0", "--manifest", str(MANIFEST)],
            cwd=tmp_path,
            env=env,
            stdout=stream,
            stderr=stream,
            start_new_session=True,  # so that Ctrl-C's signal can go to the whole group, and not to this one
        )
    try:

        def address() -> str:
            assert demo.poll() is None, out.read_text()
            found = re.search(r"ready: open (http://127\.0\.0\.1:\d+)", out.read_text())
            return found[1] if found else ""

        page = until("the address", address, patience=3 * PATIENCE)
        assert "rel-data-platform" in fetch(page)
        assert "planned for" in fetch(f"{page}/client/U0RITA/C0RELDATAPLATFORM")
        started = [json.loads(each) for each in log(tmp_path) if '"event": "started"' in each]
        bot = f"http://127.0.0.1:{started[0]['port']}"
        assert fetch(f"{bot}/healthz")
        say(page, "U0RITA", "/link token")
        until("the way to log in", lambda: f"interlock login --server {bot}" in fetch(f"{page}/client/U0RITA/D0RITA"))
        os.killpg(demo.pid, signal.SIGINT)
        assert demo.wait(PATIENCE) == 0, out.read_text()
    finally:
        if demo.poll() is None:
            demo.kill()
    assert "Traceback" not in out.read_text()
    assert fetch(page) == fetch(f"{bot}/healthz") == ""
    assert '"event": "stopped"' in log(tmp_path)[-1]
    assert sorted(each.name for each in tmp_path.iterdir()) == [".demo", "out"]


def log(folder: Path) -> list[str]:
    (written,) = folder.glob(".demo/*/bot.log")
    return written.read_text().splitlines()


def say(page: str, who: str, text: str) -> None:
    body = json.dumps({"text": text, "channel": "C0RELDATAPLATFORM"}).encode()
    sent = Request(f"{page}/client/{who}/say", body, {"Content-Type": "application/json"})  # noqa: S310 as below
    with urlopen(sent, timeout=10) as answer:  # noqa: S310 as below
        assert json.load(answer)["ok"]


def fetch(address: str) -> str:
    """The page; "" where nobody answers."""
    try:
        with urlopen(address, timeout=10) as answer:  # noqa: S310 the program's own address
            return str(answer.read().decode())
    except URLError:
        return ""
