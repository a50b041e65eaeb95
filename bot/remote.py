"""What the command line asks of the running server, and how its answer is shown. Nothing is decided here.

One attempt for each request, no redirects: a token goes where its owner said, and nowhere else.
"""

import json
import os
import re
import secrets
import sys
from collections.abc import Mapping
from datetime import datetime
from getpass import getpass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, build_opener

from rich.console import Console
from rich.text import Text

from bot import login, terminal
from bot.login import HOW, TOKEN, Login, LoginError
from bot.parsing import plain
from bot.redirects import NoRedirects
from interlock.domain.errors import InterlockError

TIMEOUT_SECONDS: Final = 30
LONGEST: Final = 1024 * 1024
DOWNLOAD_SECONDS: Final = 300
LARGEST: Final = 1024 * 1024 * 1024
NAMED: Final = re.compile(r'attachment; filename="([A-Za-z0-9-]{1,250}\.zip)"', re.ASCII)
"""A file's name from the server: letters, digits and dashes, so that it stays in the folder."""
UNAUTHORIZED: Final = 401

Env = Mapping[str, str]


class RemoteError(InterlockError):
    """The server can't be reached, or refuses; its sentence, or ours. `status` is 0 where there was no answer."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


def log_in(env: Env, server: str, *, insecure: bool) -> None:
    """Takes the token from the environment or, without echo, the keyboard, and keeps it if the server knows it."""
    given = Login(server=login.checked(server, insecure=insecure), token=env.get(TOKEN) or _asked())
    told = ask(given, "GET", "/api/token")
    place = login.keep(given, env)
    until = datetime.fromisoformat(str(told["expires_at"])).astimezone()
    _show(f"You are {told['person']} here until {until:%a %d %b %H:%M %Z}. Your token is kept in {place}.")


def log_out(env: Env) -> None:
    """Forgets the token here whatever the server says, and has it revoked."""
    try:
        current = login.current(env)
    except LoginError:
        if not login.forget(env):
            raise
        _show("Your login was of no use, and is removed.")
        return
    login.forget(env)
    try:
        ask(current, "DELETE", "/api/token")
    except RemoteError as error:
        if error.status != UNAUTHORIZED:
            raise RemoteError(
                f"Your token is removed here, but not revoked: {error} Type /link token revoke in Slack."
            ) from error
    _show("You are logged out, and your token is revoked.")


def command(env: Env, name: str, words: list[str]) -> None:
    _act(env, "/api/command", {"command": name, "text": " ".join(words)})


def sign(env: Env, revision: str, decision: str, said: Mapping[str, str]) -> None:
    _act(env, "/api/signoff", {"revision": revision, "decision": decision, **said})


def press(env: Env, button: str, value: str) -> None:
    _act(env, "/api/press", {"button": button, "value": value})


def evidence(env: Env, release: str, out: Path | None) -> None:
    """Downloads a release's evidence into a new file that its owner alone may read."""
    current = login.current(env)
    name, content = download(current, f"/api/evidence?{urlencode({'release': release})}")
    place = out or Path(name)
    try:
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        raise RemoteError(f"{place} can't be written ({error.strerror}). The evidence was not kept.") from error
    _show(f"Written to {place}: {len(content):,} bytes. Check it: python verify.py {place} --key … --anchors …")


def download(who: Login, path: str) -> tuple[str, bytes]:
    """A file that the server hands out: its name and its bytes. Raises RemoteError."""
    request = Request(f"{who.server}{path}", headers={"Authorization": f"Bearer {who.token}"})  # noqa: S310 as below
    try:
        with build_opener(NoRedirects).open(request, timeout=DOWNLOAD_SECONDS) as answer:
            named = NAMED.fullmatch(answer.headers.get("Content-Disposition", ""))
            content = answer.read(LARGEST + 1)
            if named is None or len(content) > LARGEST:
                raise RemoteError(_strange(who, answer.status), answer.status)
            return named[1], content
    except HTTPError as error:
        raise _refused(who, error) from error
    except (OSError, HTTPException, ValueError) as error:
        raise RemoteError(_unreached(who, error, acting=False)) from error


def ask(who: Login, method: str, path: str, content: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The server's answer. Raises RemoteError."""
    request = Request(  # noqa: S310 `login.checked` took http and https alone
        f"{who.server}{path}",
        method=method,
        data=None if content is None else json.dumps(content).encode(),
        headers={"Authorization": f"Bearer {who.token}", "Content-Type": "application/json"},
    )
    try:
        with build_opener(NoRedirects).open(request, timeout=TIMEOUT_SECONDS) as answer:
            return _object(who, answer.status, answer.read(LONGEST))
    except HTTPError as error:
        raise _refused(who, error) from error
    except (OSError, HTTPException, ValueError) as error:
        raise RemoteError(_unreached(who, error, acting=content is not None)) from error


def _refused(who: Login, error: HTTPError) -> RemoteError:
    with error:
        told = _object(who, error.code, error.read(LONGEST))
    said = terminal.styled(plain(str(told.get("error", "")))).plain
    return RemoteError(said or _strange(who, error.code), error.code)


def _act(env: Env, path: str, content: Mapping[str, str]) -> None:
    # Named, so that a proxy which sends a request twice does nothing twice.
    told = ask(login.current(env), "POST", path, {**content, "request_id": secrets.token_urlsafe(12)})
    if told.get("verbatim") is True:
        sys.stdout.write(plain(str(told.get("text", ""))))
        return
    _show(str(told.get("text", "")))
    following = [(str(each["label"]), str(each["command"])) for each in told.get("next", ())]
    if following:
        width = max(len(label) for label, _ in following)
        lines = [f"  {label:<{width}}  {line}" for label, line in following]
        Console().print(Text(plain("\n".join(["", *lines])), style="cyan"), soft_wrap=True)


def _show(text: str) -> None:
    """Without control characters: whatever the server says must not drive the terminal."""
    Console().print(terminal.styled(plain(text)), soft_wrap=True)


def _asked() -> str:
    typed = getpass("Your token (it is not shown): ") if sys.stdin.isatty() else sys.stdin.readline()
    if not typed.strip():
        raise LoginError(f"No token was given. {HOW}")
    return typed.strip()


def _object(who: Login, status: int, body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RemoteError(_strange(who, status), status) from error
    if not isinstance(told, dict):
        raise RemoteError(_strange(who, status), status)
    return told


def _strange(who: Login, status: int) -> str:
    return f"{who.server} does not answer as Interlock does (HTTP {status}). Is that its address?"


def _unreached(who: Login, error: Exception, *, acting: bool) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError | HTTPException | ConnectionResetError) and acting:
        return f"{who.server} gave no answer. What you asked may have been done: look before you do it again."
    return (
        f"Interlock can't be reached at {who.server} ({getattr(reason, 'strerror', None) or reason}). "
        "Start it: interlock run. If it runs elsewhere: interlock login --server URL."
    )
