"""`interlock demo`: the practice workspace here, and the unchanged bot beside it, as a process of its own that knows of
the practice by nothing but environment variables.
"""

import json
import os
import shlex
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import typer

from bot.ending import Ending
from bot.practice import PracticeError, World, environment, policy_for, serve, told_to_end
from bot.wiring import now
from interlock.config.settings import HINTS
from sandbox.server import SandboxServer
from sandbox.world.people_at_work import GaveUpError
from sandbox.world.play import play

READY_SECONDS: Final = 90
END_SECONDS: Final = 40
SHARED: Final = ("DATABASE_URL", "INTERLOCK_CONFIG")
"""What the commands that need no bot have to know of it."""
TICKETS_READ: Final = 'interlock_mirror_age_seconds{mirror="tickets"}'
"""A line of /metrics that is there once the tracker was read to its end."""


def run(world: World, parent: Path) -> None:
    """Until Ctrl-C or SIGTERM. A folder per port below `parent` holds a fresh database each time, and the bot's log.
    Raises PracticeError.
    """
    bot_port = free_port()
    with told_to_end() as ending, serve(world, (f"http://127.0.0.1:{bot_port}/webhooks/jira",)) as server:
        # Only now is the port ours, and with it the folder: another demonstration may be running on another.
        folder = parent / server.url.rpartition(":")[2]
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("interlock.db*"):
            old.unlink()
        env = _environment(world, folder, server, bot_port)
        _upgrade(env)
        log = folder / "bot.log"
        # A session of its own: Ctrl-C reaches us alone, and we end it in good order, once.
        with (
            log.open("wb") as out,
            subprocess.Popen(
                [sys.executable, "-m", "bot", "run"], env=env, stdout=out, stderr=out, start_new_session=True
            ) as bot,
        ):
            try:
                typer.echo("Starting the bot in the practice workspace …")
                _wait_until_ready(bot, bot_port, log, ending)
                if world.tickets_from is None:
                    _play(server, ending)
                if not ending.is_set():
                    typer.echo(f"Interlock is ready: open {server.url}  (Ctrl-C ends it; the bot's log is {log})")
                    bot_url = f"http://127.0.0.1:{bot_port}"
                    typer.echo(f"The bot answers monitoring at {bot_url}/readyz and {bot_url}/metrics.")
                    typer.echo(_on_the_machine(env))
                while not ending.wait(0.5):
                    if bot.poll() is not None:
                        raise PracticeError(f"The bot has stopped. Its log, {log}, says why.")
            finally:
                _end(bot)


def _environment(world: World, folder: Path, server: SandboxServer, bot_port: int) -> dict[str, str]:
    """Ours without any setting of a real bot, and the practice's."""
    ours = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in HINTS}
    return (
        ours
        | policy_for(world, server, folder / "config")
        | environment(server, world.flavour)
        | {
            "DATABASE_URL": f"sqlite:///{folder / 'interlock.db'}",
            "INTERLOCK_HTTP": f"127.0.0.1:{bot_port}",
            "INTERLOCK_URL": f"http://127.0.0.1:{bot_port}",
        }
    )


def _on_the_machine(env: dict[str, str]) -> str:
    """How the commands that read the database rather than ask the bot reach the practice's."""
    settings = " ".join(f"{name}={shlex.quote(env[name])}" for name in SHARED if name in env)
    return (
        "`interlock audit verify` and `interlock policy replay` look at its record from another terminal in this "
        f"folder, after:\n  export {settings}"
    )


def _upgrade(env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "db", "upgrade"], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PracticeError(f"The database could not be made: {done.stderr.strip()}")


def _wait_until_ready(bot: subprocess.Popen[bytes], port: int, log: Path, ending: Ending) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not ending.is_set():
        if bot.poll() is not None:
            raise PracticeError(f"The bot did not start. {_last_line(log)}")
        reasons = _reasons(port)
        if not reasons:
            return
        if time.monotonic() > deadline:
            raise PracticeError(f"The bot did not get ready: {'; '.join(reasons)}. Its log is {log}.")
        ending.wait(0.1)


def _play(server: SandboxServer, ending: Ending) -> None:
    """Some of the practice bank's people plan releases and sign, so that there is something to see."""
    typer.echo("The practice bank's people plan three releases …")
    troubles: list[str] = []

    def tell() -> None:
        try:
            play(server.acts, server.workspace, now().date())
        except GaveUpError as error:
            troubles.append(str(error))

    # Not waited for when it is time to go.
    thread = threading.Thread(target=tell, name="play", daemon=True)
    thread.start()
    while thread.is_alive() and not ending.is_set():
        thread.join(0.1)
    if troubles:
        typer.echo(f"They did not get far ({troubles[0]}); the rest is yours: /release new", err=True)


def _reasons(port: int) -> list[str]:
    """Why the bot is not ready; empty when it is, and has read the practice Jira once."""
    status, ready = _get(port, "/readyz")
    if not status:
        return ["it does not answer yet"]
    reasons = list(json.loads(ready)["reasons"].values())
    if not reasons and TICKETS_READ not in _get(port, "/metrics")[1]:
        reasons.append("it has not read the practice Jira yet")
    return reasons


def _get(port: int, path: str) -> tuple[int, str]:
    """The status and body; status 0 where nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def _end(bot: subprocess.Popen[bytes]) -> None:
    if bot.poll() is None:
        bot.terminate()
    try:
        bot.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        bot.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"Its log, {log}, is empty."
