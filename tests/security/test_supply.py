"""What Interlock is made of: pinned by hash, listed, and held against the known weaknesses."""

import json
import re
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[2]
AUDIT = runpy.run_path(str(ROOT / ".ci" / "audit.py"))
LOCK, UNKNOWN, WEAK, judge, main = (AUDIT[name] for name in ("LOCK", "UNKNOWN", "WEAK", "judge", "main"))
PIN = re.compile(r"^([a-z0-9-]+)==([^\s;\\]+)", re.MULTILINE)
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(name: str = "requirements.lock") -> set[tuple[str, str]]:
    return set(PIN.findall((ROOT / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_to_its_hashes_and_to_no_index(name: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text(encoding="utf-8").strip())
    assert len(entries) == len(pins(name)) > 60
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
        assert "://" not in entry, entry


def test_pip_is_made_to_check_the_hashes() -> None:
    for page in ("Makefile", "Dockerfile"):
        for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
            if "pip install" in line and ".lock" in line:
                assert "--require-hashes" in line, line


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Two of them, made at once."""
    folder = tmp_path_factory.mktemp("sbom")
    files = [folder / "one.json", folder / "two.json"]
    command = ["make", "--silent", "--old-file", ".venv/dev.stamp", f"BIN={Path(sys.executable).parent}", "sbom"]
    runs = [subprocess.Popen([*command, f"SBOM={file}"], cwd=ROOT) for file in files]
    assert [run.wait(120) for run in runs] == [0, 0]
    return [file.read_bytes() for file in files]


def test_the_same_lock_gives_the_same_bill(bills: list[bytes]) -> None:
    assert bills[0] == bills[1]
    assert "timestamp" not in json.loads(bills[0])["metadata"]


def test_the_bill_lists_what_the_lock_pins(bills: list[bytes]) -> None:
    bill = json.loads(bills[0])
    assert {(each["name"], each["version"]) for each in bill["components"]} == pins()
    assert all(each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}" for each in bill["components"])
    assert all(each["externalReferences"][0]["hashes"] for each in bill["components"])
    assert bill["metadata"]["component"]["name"] == "interlock"


def test_the_bill_is_cyclonedx_and_says_nothing_of_the_machine(bills: list[bytes]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bills[0].decode()) is None
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str('{"bomFormat": "x"}') is not None
    for path in (str(ROOT), str(Path.home()), "file:", sys.prefix):
        assert path not in bills[0].decode()


def package(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": [], **more}


WEAKNESS = {"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["1.1"]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("packages", "code", "says"),
    [
        ([package("a"), package("b")], 0, "2 packages, no known weakness."),
        ([package("a", vulns=[WEAKNESS]), package("b")], WEAK, "a 1.0: PYSEC-1 CVE-2026-1, mended in 1.1"),
        ([package("a", vulns=[WEAKNESS]), SKIPPED], WEAK, "1 of 2 packages could not be looked up (c)"),
        ([package("a"), SKIPPED], UNKNOWN, "1 of 2 packages could not be looked up (c)"),
        ([], UNKNOWN, "There was nothing to look up."),
    ],
)
def test_what_is_not_known_is_not_called_safe(packages: list[dict[str, Any]], code: int, says: str) -> None:
    lines, found = judge({"dependencies": packages})
    assert found == code
    assert says in "\n".join(lines)


@pytest.fixture
def service() -> Iterator[str]:
    """A vulnerability service that knows one weakness, of h11."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            weak = asked["package"]["name"] == "h11"
            found = {"id": "GHSA-x", "affected": [], "summary": "Smuggling", "modified": "2026-01-01T00:00:00Z"}
            body = json.dumps({"vulns": [found]} if weak else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_weakness_is_found_and_named(service: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--vulnerability-service", "osv", "--osv-url", service]) == WEAK
    assert re.search(r"^h11 \S+: GHSA-x", capsys.readouterr().out, re.MULTILINE)


def test_a_service_that_is_away_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--vulnerability-service", "osv", "--osv-url", "http://127.0.0.1:1/v1/query"]) == UNKNOWN
    told, mend = capsys.readouterr().out.splitlines()
    assert "nothing is known" in told
    assert "make audit AUDIT='--vulnerability-service osv --osv-url URL'" in mend
    assert mend in judge({"dependencies": [package("a"), SKIPPED]})[0]


def test_the_lock_that_is_audited_is_the_one_that_is_installed() -> None:
    assert LOCK == ROOT / "requirements.lock"
    assert "-r requirements.lock" in (ROOT / "Makefile").read_text(encoding="utf-8")
