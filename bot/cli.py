"""`interlock …`: the program's command line.

Commands import what they need when they run: slack_bolt, alembic and the rest take seconds to load, and `interlock
version` or a mistyped option should answer at once. Each such import says "light start".

Exit codes: 0 done; 1 it could not be done, with one line that says why; 2 wrong usage or configuration.
"""

import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot import remote_commands
from interlock.domain.errors import InterlockError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Rich's frames around a help page take three times as long to load as all the rest
    help="Says what stands between a release and go.",
)
db = typer.Typer(no_args_is_help=True, help="The database.")
config = typer.Typer(no_args_is_help=True, help="The policy files.")
job = typer.Typer(no_args_is_help=True, help="Scheduled jobs.")
audit = typer.Typer(no_args_is_help=True, help="The record of decisions.")
person = typer.Typer(no_args_is_help=True, help="What is kept of people.")
token = typer.Typer(no_args_is_help=True, help="People's tokens for the command line.")
policy = typer.Typer(no_args_is_help=True, help="Trying a policy before it binds.")
GROUPS = {"db": db, "config": config, "policy": policy, "job": job, "audit": audit, "person": person, "token": token}
for name, group in GROUPS.items():
    app.add_typer(group, name=name)

DEFAULT_PORT = 8765
MANIFEST = Path("config/slack-manifest.yaml")


class ModeName(StrEnum):
    SOCKET = "socket"
    HTTP = "http"


class Flavour(StrEnum):
    CLOUD = "cloud"
    DATACENTER = "datacenter"


class ExportForm(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


class ReplayForm(StrEnum):
    TEXT = "text"
    JSON = "json"


Port = Annotated[int, typer.Option(min=0, max=65_535, help="Where the page is served; 0 takes a free one.")]
Tickets = Annotated[int, typer.Option(min=1, help="How many tickets to make up.")]
Seed = Annotated[int, typer.Option(help="Another seed makes other tickets.")]
TicketsFrom = Annotated[
    Path | None, typer.Option(help="Serve these tickets instead: a file of REST issues, one a line, gzipped or not.")
]
ShiftDates = Annotated[bool, typer.Option("--shift-dates", help="Move that file's dates so that its newest is now.")]
FlavourOption = Annotated[Flavour, typer.Option(help="Which Jira the bot is pointed at.")]
Manifest = Annotated[Path, typer.Option(help="The Slack app to install in the practice workspace.")]


@app.command()
def run(
    mode: Annotated[ModeName, typer.Option(help="How Slack is reached.")] = ModeName.SOCKET,
) -> None:
    """Run the bot until it is told to stop (SIGTERM or Ctrl-C)."""
    from bot import logs, wiring  # noqa: PLC0415 light start

    settings = wiring.settings_from(os.environ)
    logs.configure(level=settings.interlock_log_level)
    logs.catch_strays()
    wiring.run(settings, "socket" if mode is ModeName.SOCKET else "http", os.environ)


@app.command()
def demo(
    port: Port = DEFAULT_PORT,
    tickets: Tickets = 320,
    seed: Seed = 7,
    flavour: FlavourOption = Flavour.CLOUD,
    tickets_from: TicketsFrom = None,
    shift_dates: ShiftDates = False,  # noqa: FBT002 an option of the command line
    manifest: Manifest = MANIFEST,
) -> None:
    """Try it: a practice Slack and Jira in your browser, with the bot in them."""
    from bot import demo as demonstration  # noqa: PLC0415 light start
    from bot.practice import World  # noqa: PLC0415 light start

    world = World(
        port=port,
        tickets=tickets,
        seed=seed,
        flavour=flavour.value,
        tickets_from=tickets_from,
        shift_dates=shift_dates,
        manifest=manifest,
    )
    demonstration.run(world, Path(".demo"))


@app.command()
def sandbox(
    port: Port = DEFAULT_PORT,
    tickets: Tickets = 320,
    seed: Seed = 7,
    flavour: FlavourOption = Flavour.CLOUD,
    tickets_from: TicketsFrom = None,
    shift_dates: ShiftDates = False,  # noqa: FBT002 an option of the command line
    manifest: Manifest = MANIFEST,
) -> None:
    """Serve the practice Slack and Jira alone, and print what points a bot at them."""
    from bot.practice import World, serve_until_told  # noqa: PLC0415 light start

    world = World(
        port=port,
        tickets=tickets,
        seed=seed,
        flavour=flavour.value,
        tickets_from=tickets_from,
        shift_dates=shift_dates,
        manifest=manifest,
    )
    serve_until_told(world)


@app.command()
def doctor(
    mode: Annotated[ModeName, typer.Option(help="How Slack is reached.")] = ModeName.SOCKET,
    manifest: Annotated[Path | None, typer.Option(help="The app's; beside INTERLOCK_CONFIG if left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,  # noqa: FBT002 an option of the command line
) -> None:
    """Look at everything that Interlock needs; say what is wrong, and what mends it."""
    from bot import logs  # noqa: PLC0415 light start
    from bot.doctor import report  # noqa: PLC0415 light start

    logs.configure()
    found = report.examine(os.environ, "socket" if mode is ModeName.SOCKET else "http", manifest)
    typer.echo(report.as_json(found) if as_json else report.as_text(found))
    raise typer.Exit(found.code)


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed  # noqa: PLC0415 light start

    typer.echo(f"interlock {installed('interlock')}")


@db.command("upgrade")
def db_upgrade() -> None:
    """Create the database, or bring it to this program's schema."""
    from bot import administration  # noqa: PLC0415 light start

    typer.echo(administration.upgrade(os.environ))


@db.command("backup")
def db_backup(
    file: Annotated[Path, typer.Argument(help="A new file; it holds everything, people's data too.")],
) -> None:
    """Write the database into one file, while Interlock runs."""
    from bot import backup_desk  # noqa: PLC0415 light start

    typer.echo(backup_desk.write(os.environ, file))


@db.command("restore")
def db_restore(
    file: Annotated[Path, typer.Argument(help="What `interlock db backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Throw away what the database holds now.")] = False,  # noqa: FBT002 an option of the command line
) -> None:
    """Have the database be a backup's again, while no Interlock runs on it."""
    from bot import backup_desk  # noqa: PLC0415 light start

    done = backup_desk.restore(os.environ, file, replace=replace)
    for line in done.lines:
        typer.echo(line)
    if not done.fine:
        raise typer.Exit(1)


@config.command("check")
def config_check(
    path: Annotated[Path | None, typer.Argument(help="An interlock.yaml; INTERLOCK_CONFIG's if left out.")] = None,
) -> None:
    """Name every mistake in the policy, each with its file and line."""
    from bot import administration  # noqa: PLC0415 light start

    checked = administration.check_config(os.environ, path)
    for line in checked.lines:
        typer.echo(line, err=not checked.fine)
    if not checked.fine:
        raise typer.Exit(2)


@config.command("schema")
def config_schema(
    kind: Annotated[str, typer.Argument(help="interlock, template, environments or escalation.")] = "interlock",
    write: Annotated[Path | None, typer.Option(help="Write all of them into this folder instead.")] = None,
) -> None:
    """Print the JSON Schema of a policy file, so that editors complete it."""
    from bot import administration  # noqa: PLC0415 light start

    typer.echo(administration.config_schema(kind, write))


@policy.callback()
def policy_group() -> None:
    """Keeps `replay` a word of its own while it is the only one."""


@policy.command("replay")
def policy_replay(
    new: Annotated[Path, typer.Option("--config", help="The interlock.yaml to try, with the files beside it.")],
    days: Annotated[int, typer.Option(min=1, max=3660, help="How far back what was recorded is looked at.")] = 90,
    form: Annotated[ReplayForm, typer.Option("--format", help="For people, or for scripts.")] = ReplayForm.TEXT,
) -> None:
    """Say what of the recorded releases, sign-offs and pings would have gone otherwise. Writes and posts nothing."""
    from bot import replay  # noqa: PLC0415 light start

    found = replay.run(os.environ, new, days)
    typer.echo(replay.as_json(found, new) if form is ReplayForm.JSON else replay.as_text(found, new))


@job.command("list")
def job_list(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,  # noqa: FBT002 an option of the command line
) -> None:
    """Show each job: when it last ran, what came of it, when it is due."""
    from bot import job_desk  # noqa: PLC0415 light start

    job_desk.show(os.environ, as_json=as_json)


@job.command("run")
def job_run(
    name: Annotated[str, typer.Argument(help="One of `interlock job list`.")],
    subject: Annotated[str | None, typer.Option(help="Only this one of its subjects.")] = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"],
            metavar="TIME",
            help="With --dry-run, as if it were then: 2026-12-01T09:00, with +01:00 after it or in UTC.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Post nothing: show what would be posted.")] = False,  # noqa: FBT002 an option of the command line
) -> None:
    """Have the running Interlock run a job now: log in first, it takes the permission job.run and is recorded.

    With --dry-run show here what it would post, and change nothing.
    """
    if dry_run:
        from bot import job_desk  # noqa: PLC0415 light start

        job_desk.rehearse(os.environ, name, subject=subject, at=at)
        return
    if at is not None:
        raise typer.BadParameter("goes with --dry-run: what is run for good is run as of now.", param_hint="--at")
    from bot import remote  # noqa: PLC0415 light start

    remote.command(os.environ, "job", ["run", name, *([subject] if subject else [])])


@audit.command("verify")
def audit_verify(
    anchors: Annotated[
        list[Path] | None,
        typer.Option(help="Hold it against the anchors in this file or folder too: a log, or text copied from Slack."),
    ] = None,
) -> None:
    """Check the chain of recorded decisions; name the first link that does not hold."""
    from bot import administration  # noqa: PLC0415 light start

    verdict = administration.verify_audit(os.environ, anchors or [])
    typer.echo(verdict.sentence, err=not verdict.holds)
    if not verdict.holds:
        raise typer.Exit(1)


@audit.command("export")
def audit_export(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="From the beginning of this day (UTC).")
    ] = None,
    form: Annotated[
        ExportForm, typer.Option("--format", help="JSON lines, or a table for spreadsheets.")
    ] = ExportForm.JSONL,
) -> None:
    """Write the recorded decisions, the oldest first, with the people in them who were not erased."""
    from bot import administration  # noqa: PLC0415 light start
    from bot.audit_export import Form  # noqa: PLC0415 light start

    start = since.replace(tzinfo=UTC) if since else None
    try:
        administration.export_audit(os.environ, start, Form(form.value), sys.stdout)
        sys.stdout.flush()
    except OSError as error:
        # What is buffered still cannot be written at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            typer.echo(f"interlock: The export is not whole: it cannot be written ({error.strerror}).", err=True)
        raise typer.Exit(1) from error


@person.command("erase")
def person_erase(
    slack_id: Annotated[str, typer.Argument(help="The member ID in their Slack profile, such as U0123ABCD.")],
    still_here: Annotated[
        str | None, typer.Option(metavar="REASON", help="Why somebody is erased who is active in Slack. Recorded.")
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Another account of theirs in the tracker; repeatable.")
    ] = None,
) -> None:
    """Take a person's data out of the database, and leave the record whole."""
    from bot import people_desk  # noqa: PLC0415 light start

    for line in people_desk.before_erasing(os.environ, slack_id, still_here, account or ()):
        typer.echo(line)
    if typer.prompt(f"Type {slack_id} to erase them", default="", show_default=False).strip() != slack_id:
        typer.echo("Nothing was erased.", err=True)
        raise typer.Exit(1)
    done = people_desk.erase(os.environ, slack_id, still_here, account or ())
    for line in done.lines:
        typer.echo(line)
    if not done.fine:
        raise typer.Exit(1)


@token.command("revoke")
def token_revoke(slack_id: Annotated[str, typer.Argument(help="The member ID in their Slack profile.")]) -> None:
    """End somebody's token at once. They may ask for another: /link token."""
    from bot import people_desk  # noqa: PLC0415 light start

    typer.echo(people_desk.revoke(os.environ, slack_id))


remote_commands.register(app)


def main() -> None:
    """The console script."""
    try:
        app()
    except InterlockError as error:
        _fail(error)


def _fail(error: InterlockError) -> NoReturn:
    from interlock.config.errors import ConfigError  # noqa: PLC0415 light start
    from interlock.config.origin import say_where  # noqa: PLC0415 light start

    sys.stderr.write(f"interlock: {say_where(str(error), os.environ)}\n")
    sys.exit(2 if isinstance(error, ConfigError) else 1)
