"""The practice workspace, served for the bot to be tried in. The one place where the bot's side knows of `sandbox`."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from bot import practice_policy
from bot.ending import Ending
from bot.wiring import now
from interlock.domain.errors import InterlockError
from sandbox.jira.model import Site
from sandbox.server import SandboxServer, practice
from sandbox.world import files, tickets


class PracticeError(InterlockError):
    """The practice workspace cannot be served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    port: int
    tickets: int
    seed: int
    flavour: str
    tickets_from: Path | None
    shift_dates: bool
    manifest: Path


def serve(world: World, webhook_urls: tuple[str, ...] = ()) -> SandboxServer:
    """Raises PracticeError."""
    if not world.manifest.is_file():
        raise PracticeError(f"{world.manifest} is not here: run this in Interlock's own folder, or give --manifest.")
    try:
        return practice(
            manifest=world.manifest,
            today=now().date(),
            tickets=_site(world),
            port=world.port,
            webhook_urls=webhook_urls,
            flavour="cloud" if world.flavour == "cloud" else "datacenter",
        )
    except OSError as error:
        raise PracticeError(
            f"Port {world.port} is taken by another program. Stop it, or choose another: --port, or make demo PORT=…"
        ) from error


def environment(server: SandboxServer, flavour: str) -> dict[str, str]:
    """What points a bot at the practice workspace: nothing but its settings."""
    cloud = flavour == "cloud"
    jira = {"JIRA_URL": f"{server.url}/jira", "JIRA_EMAIL": "interlock@practice.example"}
    return {
        "SLACK_API_URL": f"{server.url}/api/",
        "SLACK_BOT_TOKEN": "xoxb-practice-bot",
        "SLACK_APP_TOKEN": "xapp-practice-app",
        "SLACK_SIGNING_SECRET": "practice-signing-secret",
        "JIRA_TOKEN": "practice-jira-token",
        "JIRA_WEBHOOK_SECRET": "practice-webhook-secret",
        "INTERLOCK_EVIDENCE_KEY": "ed25519:cHJhY3RpY2UtZXZpZGVuY2Uta2V5LW5vdC1zZWNyZXQ",
    } | (jira if cloud else {"JIRA_URL": f"{server.url}/jira-dc"})


def policy_for(world: World, server: SandboxServer, folder: Path) -> dict[str, str]:
    """INTERLOCK_CONFIG, where it is not the default: the caller's own, or for tickets from a file a policy that fits
    them, written into `folder`.
    """
    if "INTERLOCK_CONFIG" in os.environ:
        return {"INTERLOCK_CONFIG": os.environ["INTERLOCK_CONFIG"]}
    if world.tickets_from is None:
        return {}
    shipped = world.manifest.with_name("interlock.yaml")
    return {"INTERLOCK_CONFIG": str(practice_policy.write(shipped, folder, sorted(server.tickets.projects)))}


@contextmanager
def told_to_end() -> Iterator[Ending]:
    """Set by Ctrl-C, SIGTERM and a closed terminal."""
    ending = Ending()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: ending.tell()) for number in numbers}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve_until_told(world: World) -> None:
    with told_to_end() as ending, serve(world) as server:
        typer.echo(f"The practice workspace is at {server.url}. Ctrl-C ends it. A bot reaches it with:\n")
        settings = environment(server, world.flavour) | policy_for(world, server, Path(".demo") / "config")
        settings |= {"DATABASE_URL": "sqlite:///sandbox.db"}  # not the one that the caller's bot may have
        for name, value in settings.items():
            typer.echo(f"export {name}={value}")
        ending.wait()


def _site(world: World) -> Site:
    if world.tickets_from is None:
        return tickets.generate(now().date(), seed=world.seed, tickets=world.tickets)
    shifted = int(now().timestamp() * 1000) if world.shift_dates else None
    try:
        return files.load(world.tickets_from, now=shifted)
    except files.BadFileError as error:
        raise PracticeError(f"{error}.") from error
    except OSError as error:
        raise PracticeError(f"{world.tickets_from} can't be read ({error.strerror or error}).") from error
