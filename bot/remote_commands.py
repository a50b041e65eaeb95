"""What the running server does: `interlock release | blockers | env | raid | link | signoff | evidence | press` …

As in `bot.cli`, each command imports what it needs when it runs, and says "light start".
"""

import os
from pathlib import Path
from typing import Annotated

import typer

FREE = {"ignore_unknown_options": True, "allow_interspersed_args": False}
"""What follows is the server's to understand."""

EVIDENCE, OUT, KEY = "evidence", "--out", "key"
"""A release that is called `key` has its evidence by `interlock release evidence key --out FILE`."""

Words = Annotated[list[str] | None, typer.Argument(help="What you would type after it in Slack; `help` lists it.")]
Revision = Annotated[str, typer.Argument(help="What you were shown, as `interlock release signoffs` names it.")]

Insecure = Annotated[bool, typer.Option("--insecure", help="Send the token unencrypted, on a network you trust.")]

signoff = typer.Typer(no_args_is_help=True, help="Sign a release off, by what you were shown of it.")


def register(app: typer.Typer) -> None:
    """Adds these commands to the program's."""
    app.add_typer(signoff, name="signoff")
    app.command(context_settings=FREE)(release)
    app.command(context_settings=FREE)(blockers)
    app.command(context_settings=FREE)(env)
    app.command(context_settings=FREE)(raid)
    app.command(context_settings=FREE)(link)
    app.command()(evidence)
    app.command()(press)
    app.command()(login)
    app.command()(logout)


def release(words: Words = None) -> None:
    """Releases: status, list, signoffs, digest … as /release in Slack."""
    if words and words[0].casefold() == EVIDENCE and OUT in words:
        at = words.index(OUT)
        _evidence(" ".join(words[1:at] + words[at + 2 :]), Path(" ".join(words[at + 1 : at + 2])))
        return
    _command("release", words)


def evidence(
    name: Annotated[str, typer.Argument(help="The release; or `key`, which makes a key that signs evidence.")],
    out: Annotated[Path | None, typer.Option("--out", help="The file to write, which must not be there yet.")] = None,
) -> None:
    """Download a release's evidence: one signed zip file for auditors, which docs/verify.py checks offline.

    `interlock evidence key --out FILE` makes the key and prints its fingerprint, which auditors need.
    """
    if name == KEY:
        from bot import key_desk  # noqa: PLC0415 light start

        typer.echo(key_desk.make(out))
        return
    _evidence(name, out)


def blockers(words: Words = None) -> None:
    """What is blocked, by whom, and what clearing it would free: as /blockers in Slack."""
    _command("blockers", words)


def env(words: Words = None) -> None:
    """Environments: who has which: as /env in Slack."""
    _command("env", words)


def raid(words: Words = None) -> None:
    """Risks, assumptions, issues and decisions: as /raid in Slack; `export` prints the file."""
    _command("raid", words)


def link(words: Words = None) -> None:
    """Your account in the tracker, and your token: as /link in Slack."""
    _command("link", words)


@signoff.command()
def approve(
    revision: Revision,
    condition: Annotated[
        list[str] | None, typer.Option(help="A ticket's key, or what has to be done first; may be repeated.")
    ] = None,
    release: Annotated[str, typer.Option(help="The release's name, where policy asks you to type it.")] = "",
    meaning: Annotated[str, typer.Option(help="What your signature means, where policy asks.")] = "",
) -> None:
    """Approve the release as you were shown it."""
    _sign(revision, "approved", conditions="\n".join(condition or []), release=release, meaning=meaning)


@signoff.command()
def reject(
    revision: Revision, reason: Annotated[str, typer.Option(prompt="Why not?", help="Shown in the release's channel.")]
) -> None:
    """Reject it, and say why."""
    _sign(revision, "rejected", reason=reason)


@signoff.command()
def revoke(revision: Revision) -> None:
    """Take back what you signed on the release."""
    _sign(revision, "revoked")


def press(
    button: Annotated[str, typer.Argument(help="As an answer names it: release.status.")],
    value: Annotated[str, typer.Argument(help="As an answer names it: release:3.")],
) -> None:
    """Do what a button in Slack does, as the answer to another command named it."""
    from bot import remote  # noqa: PLC0415 light start

    remote.press(os.environ, button, value)


def login(
    server: Annotated[str, typer.Option(envvar="INTERLOCK_SERVER", help="The running Interlock's address.")] = "",
    insecure: Insecure = False,  # noqa: FBT002 an option of the command line
) -> None:
    """Keep the token that /link token sent you in Slack, and use it from now on."""
    from bot import remote  # noqa: PLC0415 light start

    remote.log_in(os.environ, server, insecure=insecure)


def logout() -> None:
    """Revoke your token, and forget it here."""
    from bot import remote  # noqa: PLC0415 light start

    remote.log_out(os.environ)


def _evidence(name: str, out: Path | None) -> None:
    from bot import remote  # noqa: PLC0415 light start

    remote.evidence(os.environ, name, out)


def _command(name: str, words: list[str] | None) -> None:
    from bot import remote  # noqa: PLC0415 light start

    remote.command(os.environ, name, words or [])


def _sign(revision: str, decision: str, **said: str) -> None:
    from bot import remote  # noqa: PLC0415 light start

    remote.sign(os.environ, revision, decision, {field: text for field, text in said.items() if text})
