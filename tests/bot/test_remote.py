"""`interlock login`, `release`, `signoff` … in this process, against a server that answers as it is told."""

import io
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer

from bot import cli, login
from bot.login import Login, LoginError

TOKEN = "interlock_" + "a" * 43
ME = {"person": "Tom Arkwright", "expires_at": "2026-11-23T21:00:00+00:00"}

Interlock = Callable[..., tuple[int, str, str]]


@dataclass
class Server:
    """What was asked, as (method, path, body, Authorization), and what is answered: (status, content or raw text)."""

    url: str = ""
    asked: list[tuple[str, str, Any, str | None]] = field(default_factory=list)
    answer: tuple[int, Any] | None = (200, ME)
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            content = json.loads(body) if body else None
            told.asked.append((self.command, self.path, content, self.headers.get("Authorization")))
            if told.answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, answer = told.answer
            raw = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_DELETE = _any  # noqa: N815 names that the library looks for

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A connection that is cut is no error."""

    http = Quiet(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{http.server_port}"
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield told
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("INTERLOCK_SERVER", "INTERLOCK_TOKEN", "XDG_CONFIG_HOME", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def interlock(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Interlock:
    """Runs one command with what is typed; returns its exit code, standard output and standard error."""

    def run(*args: str, typed: str = "", **env: str) -> tuple[int, str, str]:
        with monkeypatch.context() as patched:
            for name, value in env.items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["interlock", *args])
            patched.setattr(sys, "stdin", io.StringIO(typed))
            with pytest.raises(SystemExit) as ended:
                cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def tom(interlock: Interlock, server: Server) -> Interlock:
    """Tom is logged in."""
    assert interlock("login", "--server", server.url, typed=f"{TOKEN}\n")[0] == 0
    server.asked.clear()
    return interlock


def test_logging_in_keeps_the_token_for_its_owner_alone(interlock: Interlock, server: Server, home: Path) -> None:
    code, out, err = interlock("login", "--server", f"{server.url}/", typed=f" {TOKEN}\n")
    kept = home / ".config/interlock/login.json"
    assert (code, err) == (0, "")
    assert out.startswith("You are Tom Arkwright here until Mon 23 Nov ")
    assert TOKEN not in out
    assert server.asked == [("GET", "/api/token", None, f"Bearer {TOKEN}")]
    assert json.loads(kept.read_text()) == {"server": server.url, "token": TOKEN}
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_token_may_come_from_the_environment(interlock: Interlock, server: Server) -> None:
    assert interlock("login", INTERLOCK_TOKEN=TOKEN, INTERLOCK_SERVER=server.url)[0] == 0
    assert server.asked[0][3] == f"Bearer {TOKEN}"


def test_a_token_that_does_not_work_is_not_kept(interlock: Interlock, server: Server, home: Path) -> None:
    server.answer = (401, {"error": "This token does not work."})
    assert interlock("login", "--server", server.url, typed=TOKEN) == (1, "", "interlock: This token does not work.\n")
    assert not (home / ".config").exists()


def test_where_nothing_can_be_kept_it_says_what_to_do(interlock: Interlock, server: Server, home: Path) -> None:
    (home / ".config").write_text("a file")
    code, _, err = interlock("login", "--server", server.url, typed=TOKEN)
    assert (code, len(err.splitlines())) == (2, 1)
    assert err.endswith(": set INTERLOCK_SERVER and INTERLOCK_TOKEN instead.\n")
    assert TOKEN not in err


@pytest.mark.parametrize(
    ("server_", "why"),
    [
        ("interlock.example", "is no server's address"),
        ("ftp://interlock.example", "is no server's address"),
        ("https://u:p@interlock.example", "is no server's address"),
        ("http://[", "is no server's address"),
        ("http://interlock.example:3000", "unencrypted"),
        ("http://10.0.0.1", "unencrypted"),
    ],
)
def test_a_token_goes_to_no_address_that_is_wrong_or_unencrypted(interlock: Interlock, server_: str, why: str) -> None:
    code, _, err = interlock("login", "--server", server_, typed=TOKEN)
    assert (code, len(err.splitlines())) == (2, 1)
    assert why in err


@pytest.mark.parametrize(
    "server_", ["http://localhost:3000", "http://127.0.0.9", "http://[::1]:1", "https://x.example/in/"]
)
def test_addresses_that_are_right(server_: str) -> None:
    assert login.checked(server_, insecure=False) == server_.rstrip("/")
    assert login.checked("http://10.0.0.1", insecure=True) == "http://10.0.0.1"


def test_without_a_login_it_says_how(interlock: Interlock) -> None:
    for args in (("release", "list"), ("signoff", "approve", "R1"), ("job", "run", "sync"), ("logout",)):
        assert interlock(*args) == (
            2,
            "",
            "interlock: You are not logged in. Type /link token in Slack, then interlock login --server URL.\n",
        )


def test_logging_in_without_an_address_says_what_to_type(interlock: Interlock, server: Server) -> None:
    said = (
        "interlock: Say which Interlock: interlock login --server ADDRESS, with the address that the message with your "
        "token names or its operator tells you.\n"
    )
    assert interlock("login", typed=TOKEN) == (2, "", said)
    assert interlock("login", typed=TOKEN, INTERLOCK_SERVER="") == (2, "", said)
    assert server.asked == []


def test_no_token_given_is_said(interlock: Interlock, server: Server) -> None:
    code, _, err = interlock("login", "--server", server.url, typed="\n")
    assert (code, err.partition(".")[0]) == (2, "interlock: No token was given")


def test_words_go_to_the_server_as_they_were_typed(tom: Interlock, server: Server) -> None:
    following = [{"label": "Sign-offs", "command": "interlock press release.signoffs release:1"}]
    server.answer = (200, {"text": "*2026.12* · 🟡 Amber\n_Jira as of 2 min ago_", "next": following})
    code, out, err = tom("release", "status", "2026.12", "--odd", "-x")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "2026.12 · 🟡 Amber",
        "Jira as of 2 min ago",
        "",
        "  Sign-offs  interlock press release.signoffs release:1",
    ]
    [(method, path, content, bearer)] = server.asked
    assert (method, path, bearer) == ("POST", "/api/command", f"Bearer {TOKEN}")
    assert content.pop("request_id")
    assert content == {"command": "release", "text": "status 2026.12 --odd -x"}


def test_a_file_is_printed_as_it_stands(tom: Interlock, server: Server) -> None:
    server.answer = (200, {"text": 'key,title\r\nR-1,"*bold* _x_ \x1b[31m"\n', "next": [], "verbatim": True})
    assert tom("raid", "export", "2026.12", "csv") == (0, 'key,title\nR-1,"*bold* _x_ [31m"\n', "")


@pytest.mark.parametrize("name", ["release", "blockers", "env", "raid", "link"])
def test_each_slash_command_is_a_command(tom: Interlock, server: Server, name: str) -> None:
    server.answer = (200, {"text": "Yes.", "next": []})
    assert tom(name) == (0, "Yes.\n", "")
    assert server.asked[0][2]["command"] == name


def test_a_job_is_run_by_the_server(tom: Interlock, server: Server) -> None:
    server.answer = (200, {"text": "groups: 4 groups.", "next": []})
    assert tom("job", "run", "groups") == (0, "groups: 4 groups.\n", "")
    tom("job", "run", "daily-digest", "--subject", "C0A")
    assert [each[2]["command"] for each in server.asked] == ["job", "job"]
    assert [each[2]["text"] for each in server.asked] == ["run groups", "run daily-digest C0A"]
    server.answer = (403, {"error": "You can't run jobs.", "next": []})
    assert tom("job", "run", "groups") == (1, "", "interlock: You can't run jobs.\n")


def test_a_job_is_not_run_as_if_it_were_another_time(tom: Interlock, server: Server) -> None:
    code, _, err = tom("job", "run", "groups", "--at", "2026-12-01T09:00")
    assert (code, server.asked) == (2, [])
    assert "--dry-run" in err


def test_a_signoff_names_what_was_seen(tom: Interlock, server: Server) -> None:
    server.answer = (200, {"text": "Recorded.", "next": []})
    tom("signoff", "approve", "R1")
    tom("signoff", "reject", "R1", "--reason", "lineage is missing")
    tom("signoff", "reject", "R1", typed="too early\n")
    tom("signoff", "revoke", "R1")
    tom("press", "release.status", "release:3")
    told = [{name: text for name, text in each[2].items() if name != "request_id"} for each in server.asked]
    assert told == [
        {"revision": "R1", "decision": "approved"},
        {"revision": "R1", "decision": "rejected", "reason": "lineage is missing"},
        {"revision": "R1", "decision": "rejected", "reason": "too early"},
        {"revision": "R1", "decision": "revoked"},
        {"button": "release.status", "value": "release:3"},
    ]


def test_a_refusal_is_1_and_one_line(tom: Interlock, server: Server) -> None:
    server.answer = (403, {"error": "You can't sign 2026.12: you are none of them.", "next": []})
    assert tom("signoff", "approve", "R1") == (1, "", "interlock: You can't sign 2026.12: you are none of them.\n")


def test_a_refusal_of_several_lines_is_plain_as_an_answer_is(tom: Interlock, server: Server) -> None:
    server.answer = (403, {"error": "*fx2 Hotfix* is ready.\n*Missing* QA, _since Friday_", "next": []})
    assert tom("release", "advance")[2] == "interlock: fx2 Hotfix is ready.\nMissing QA, since Friday\n"


def test_what_the_server_says_does_not_drive_the_terminal(tom: Interlock, server: Server) -> None:
    server.answer = (200, {"text": "a\x1b[31mb\x07 [red]c[/red]", "next": [{"label": "\x1b]0;x\x07", "command": "y"}]})
    _, out, _ = tom("release", "list")
    assert out.splitlines()[0] == "a[31mb [red]c[/red]"
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((502, "<html>proxy</html>"), "does not answer as Interlock does (HTTP 502)"),
        ((200, "<html>login</html>"), "does not answer as Interlock does (HTTP 200)"),
        ((200, []), "does not answer as Interlock does (HTTP 200)"),
        ((404, {"detail": "Not Found"}), "does not answer as Interlock does (HTTP 404)"),
        (None, "gave no answer. What you asked may have been done: look before you do it again."),
    ],
)
def test_whatever_the_server_does_is_one_line(
    tom: Interlock, server: Server, answer: tuple[int, Any] | None, why: str
) -> None:
    server.answer = answer
    code, out, err = tom("release", "list")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert why in err


def test_a_redirect_takes_the_token_nowhere(tom: Interlock, server: Server) -> None:
    server.answer, server.headers = (302, {"moved": True}), {"Location": f"{server.url}/elsewhere"}
    code, _, err = tom("release", "list")
    assert (code, len(server.asked)) == (1, 1)
    assert "does not answer as Interlock does (HTTP 302)" in err


def test_a_server_that_is_away_is_one_line(tom: Interlock, home: Path) -> None:
    login.keep(Login(server="http://127.0.0.1:1", token=TOKEN), os.environ)
    code, _, err = tom("release", "list")
    assert (code, err) == (
        1,
        (
            "interlock: Interlock can't be reached at http://127.0.0.1:1 (Connection refused). "
            "Start it: interlock run. If it runs elsewhere: interlock login --server URL.\n"
        ),
    )


def test_logging_out_revokes_and_forgets(tom: Interlock, server: Server, home: Path) -> None:
    assert tom("logout") == (0, "You are logged out, and your token is revoked.\n", "")
    assert server.asked[0][:2] == ("DELETE", "/api/token")
    assert not (home / ".config/interlock/login.json").exists()


@pytest.mark.parametrize(("answer", "code"), [((401, {"error": "It expired."}), 0), ((500, {"error": "Broken."}), 1)])
def test_logging_out_forgets_whatever_the_server_says(
    tom: Interlock, server: Server, home: Path, answer: tuple[int, Any], code: int
) -> None:
    server.answer = answer
    said = tom("logout")
    assert said[0] == code
    assert ("not revoked: Broken. Type /link token revoke" in said[2]) == bool(code)
    assert not (home / ".config/interlock/login.json").exists()


def test_a_login_that_others_can_read_is_not_used(tom: Interlock, server: Server, home: Path) -> None:
    (home / ".config/interlock/login.json").chmod(0o644)
    code, _, err = tom("release", "list")
    assert (code, server.asked) == (2, [])
    assert "can be read by others" in err
    assert tom("logout") == (0, "Your login was of no use, and is removed.\n", "")


def test_a_torn_login_says_what_to_do(tom: Interlock, home: Path) -> None:
    (home / ".config/interlock/login.json").write_text("{")
    code, _, err = tom("release", "list")
    assert (code, err.endswith("is not what interlock login wrote. Log in again.\n")) == (2, True)


def test_a_login_shows_its_token_to_nobody(home: Path) -> None:
    assert TOKEN not in repr(Login(server="https://x.example", token=TOKEN))
    with pytest.raises(LoginError) as raised:
        login.checked("http://10.0.0.1", insecure=False)
    assert TOKEN not in str(raised.value)


def test_there_is_no_as(tom: Interlock, server: Server) -> None:
    """Nobody acts for another: there is no such option on any of these commands."""
    names = {parameter.name for command in _commands() for parameter in command.params}
    assert not names & {"as", "as_", "user", "actor"}


def _commands() -> list[Any]:
    group: Any = typer.main.get_command(cli.app)
    found = [group.commands[name] for name in ("release", "blockers", "env", "link", "press", "login", "logout")]
    return found + list(group.commands["signoff"].commands.values())
