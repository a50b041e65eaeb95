"""`interlock demo`: the practice workspace here, and the unchanged bot beside it, as a process of its own that knows of
the practice by nothing but environment variables.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

import typer

from bot.practice import PracticeError, World, environment, policy_for, serve, told_to_end
from bot.wiring import now
from interlock.config.settings import HINTS
from sandbox.server import SandboxServer
from sandbox.world.people_at_work import GaveUpError
from sandbox.world.play import play

READY_SECONDS: Final = 90
END_SECONDS: Final = 40


def run(world: World, folder: Path) -> None:
    """Until Ctrl-C or SIGTERM. `folder` holds a fresh database each time, and the bot's log. Raises PracticeError."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("interlock.db*"):
        old.unlink()
    bot_port = _free_port()
    with told_to_end() as ending, serve(world, (f"http://127.0.0.1:{bot_port}/webhooks/jira",)) as server:
        env = _environment(world, folder, server, bot_port)
        typer.echo("Reading the practice Jira and Slack …")
        for command in (("db", "upgrade"), ("job", "run", "sync"), ("job", "run", "groups")):
            _do(env, command)
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
        }
    )


def _do(env: dict[str, str], command: tuple[str, ...]) -> None:
    """One command of the bot's own, so that the first page shows a whole mirror."""
    done = subprocess.run(  # noqa: S603 our own program
        [sys.executable, "-m", "bot", *command], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PracticeError(f"interlock {' '.join(command)} failed: {done.stderr.strip()}")


def _wait_until_ready(bot: subprocess.Popen[bytes], port: int, log: Path, ending: threading.Event) -> None:
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


def _play(server: SandboxServer, ending: threading.Event) -> None:
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
    """Why the bot is not ready; empty when it is."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
            return []
    except URLError as error:
        read = getattr(error, "read", None)
        return list(json.loads(read())["reasons"].values()) if read else ["it does not answer yet"]
    except OSError:
        return ["it does not answer yet"]


def _end(bot: subprocess.Popen[bytes]) -> None:
    if bot.poll() is None:
        bot.terminate()
    try:
        bot.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        bot.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"Its log, {log}, is empty."
