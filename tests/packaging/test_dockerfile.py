"""The Dockerfile, read as Docker reads it: there is no engine on a test machine. Its health check is run for real."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from interlock.config.settings import HINTS, SECRETS, load_settings

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines) if word]


@pytest.fixture(scope="module")
def build() -> list[tuple[str, str]]:
    whole = instructions()
    return whole[: _last_stage(whole)]


@pytest.fixture(scope="module")
def final() -> list[tuple[str, str]]:
    whole = instructions()
    return whole[_last_stage(whole) :]


def _last_stage(whole: list[tuple[str, str]]) -> int:
    return max(number for number, (word, _) in enumerate(whole) if word == "FROM")


def of(stage: list[tuple[str, str]], word: str) -> list[str]:
    return [rest for each, rest in stage if each == word]


def test_it_copies_what_the_build_context_has(build: list[tuple[str, str]]) -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {source for rest in of(build, "COPY") for source in rest.split()[:-1]}
    assert copied == allowed
    assert all((ROOT / source).exists() for source in copied)


def test_it_installs_what_is_locked_and_names_no_registry(build: list[tuple[str, str]]) -> None:
    installed = [rest for rest in of(build, "RUN") if "pip install" in rest]
    assert "--require-hashes -r requirements.lock" in installed[0]
    assert "--no-deps --no-build-isolation" in installed[1]
    assert not re.search(r"https?://(?!127\.0\.0\.1)|--index-url", (ROOT / "Dockerfile").read_text())
    assert not re.search(
        r"^--(index|extra-index|find-links)|https?://", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )


def test_it_runs_as_nobody_in_particular_with_no_secret_in_it(final: list[tuple[str, str]]) -> None:
    words = [word for word, _ in final]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", of(final, "USER")[0])
    assert words.index("USER") > words.index("RUN")
    assert all(not name.startswith(tuple(SECRETS)) for name in environment(final))
    assert of(final, "ADD") == []


def test_its_environment_is_one_that_the_program_reads(final: list[tuple[str, str]]) -> None:
    ours = {name: value for name, value in environment(final).items() if name in HINTS}
    settings = load_settings(ours)
    assert settings.interlock_http == ("0.0.0.0", 3000)  # noqa: S104 in a container only its own network reaches it
    assert settings.reveal("DATABASE_URL") == "sqlite:///interlock.db"  # of the working directory
    assert of(final, "WORKDIR") == of(final, "VOLUME") == ["/data"]
    assert of(final, "EXPOSE") == ["3000"]


def test_it_begins_with_interlock_run(final: list[tuple[str, str]]) -> None:
    begun = [*json.loads(of(final, "ENTRYPOINT")[0]), *json.loads(of(final, "CMD")[0])]
    assert begun == ["interlock", "run"]


@pytest.fixture
def healthz() -> Iterator[HTTPServer]:
    """Answers with the server's `status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(self.server.status if self.path == "/healthz" else 404)  # type: ignore[attr-defined]  # set below
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_its_health_check_asks_healthz(
    final: list[tuple[str, str]], healthz: HTTPServer, status: int, *, healthy: bool
) -> None:
    healthz.status = status  # type: ignore[attr-defined]  # what the handler answers
    command = json.loads(of(final, "HEALTHCHECK")[0].partition(" CMD ")[2])
    env = {"INTERLOCK_HTTP": f"0.0.0.0:{healthz.server_port}", "http_proxy": "http://127.0.0.1:1"}
    done = subprocess.run([sys.executable, *command[1:]], env=env, capture_output=True, timeout=60, check=False)
    assert command[0] == "python"
    assert (done.returncode == 0) is healthy


def environment(stage: list[tuple[str, str]]) -> dict[str, str]:
    pairs = [pair.partition("=") for rest in of(stage, "ENV") for pair in rest.split()]
    return {name: value for name, _, value in pairs}
