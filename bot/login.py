"""Who somebody is on their command line: the server they use and their token, kept for them alone.

`INTERLOCK_SERVER` and `INTERLOCK_TOKEN` go before what is kept, for machines on which nothing may be.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from interlock.config.errors import ConfigError
from interlock.domain.host import is_here

SERVER: Final = "INTERLOCK_SERVER"
TOKEN: Final = "INTERLOCK_TOKEN"  # noqa: S105 a variable's name
INSTEAD: Final = f"set {SERVER} and {TOKEN} instead"
HOW: Final = "Type /link token in Slack, then interlock login --server URL."
WHERE: Final = (
    "Say which Interlock: interlock login --server ADDRESS, with the address that the message with your token names or "
    "its operator tells you."
)
OTHERS: Final = 0o077
"""The bits of a file's mode that let others at it."""


class LoginError(ConfigError):
    """Nobody is logged in here, or can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    server: str
    token: str = field(repr=False)


def path(env: Mapping[str, str]) -> Path:
    """Source: https://specifications.freedesktop.org/basedir-spec/latest/"""
    base = env.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if base.startswith("/") else Path(env.get("HOME") or "~").expanduser() / ".config"
    return folder / "interlock" / "login.json"


def current(env: Mapping[str, str]) -> Login:
    """Raises LoginError."""
    kept = None if env.get(SERVER) and env.get(TOKEN) else _read(path(env))
    server, token = env.get(SERVER) or (kept and kept.server), env.get(TOKEN) or (kept and kept.token)
    if not server or not token:
        raise LoginError(f"You are not logged in. {HOW}")
    return Login(server=checked(server, insecure=kept is not None and server == kept.server), token=token)


def checked(server: str, *, insecure: bool) -> str:
    """The server's address without a slash at its end. Raises LoginError for what is none, and for one to which the
    token would travel unencrypted, unless that is `insecure` by intent.
    """
    if not server.strip():
        raise LoginError(WHERE)
    try:
        parts = urlsplit(server)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"https", "http"} or not host or parts.username or parts.query or parts.fragment:
        raise LoginError(f"{server} is no server's address. It looks like https://interlock.example.")
    if parts.scheme == "http" and not insecure and not is_here(host):
        raise LoginError(
            f"Your token would go to {host} unencrypted. Use https://, or --insecure where the network is trusted."
        )
    return server.rstrip("/")


def keep(login: Login, env: Mapping[str, str]) -> Path:
    """Writes it for its owner alone, all or nothing. Raises LoginError where that is not possible."""
    place = path(env)
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent)  # made with mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                _require_private(os.fstat(file.fileno()).st_mode, place.parent)
                json.dump({"server": login.server, "token": login.token}, file)
            Path(name).replace(place)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise LoginError(f"Your login can't be kept in {place} ({error.strerror or error}): {INSTEAD}.") from error
    return place


def forget(env: Mapping[str, str]) -> bool:
    """Whether there was one. Raises LoginError where it cannot be removed."""
    place = path(env)
    try:
        place.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise LoginError(f"{place} can't be removed ({error.strerror or error}): remove it yourself.") from error
    return True


def _read(place: Path) -> Login | None:
    try:
        if place.stat().st_mode & OTHERS:
            raise LoginError(f"{place} can be read by others. Type /link token revoke in Slack, and log in again.")
        kept = json.loads(place.read_text(encoding="utf-8"))
        return Login(server=str(kept["server"]), token=str(kept["token"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LoginError(f"{place} can't be read ({error.strerror or error}): {INSTEAD}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise LoginError(f"{place} is not what interlock login wrote. Log in again.") from error


def _require_private(mode: int, folder: Path) -> None:
    """Some file systems know no modes, and give everything to everybody."""
    if mode & OTHERS:
        raise LoginError(f"{folder} can't keep a file from others' eyes: {INSTEAD}.")
