"""`interlock job list` and `job run --dry-run`, which only look. It is the running server that runs a job for good."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from sqlmodel import select

from bot import logs, terminal
from bot.directory import SlackDirectory
from bot.drawing import Drawn
from bot.jobs import Tools, all_jobs
from bot.modals import Modals
from bot.sender import DRAWERS
from bot.services import Services
from bot.slack import Slack
from bot.wiring import now, open_store, owner, policy_of, relay_of, settings_from, tracker_of
from interlock.config.origin import say_where
from interlock.domain.outbox import Message, Outgoing
from interlock.domain.policy import JobRule
from interlock.domain.slot import Firing
from interlock.domain.words import ago, count
from interlock.jobs.clock import ClockWatch
from interlock.jobs.job import Run
from interlock.jobs.slots import JobRunner, JobStatus
from interlock.store.person import ChannelRow, PersonRow
from interlock.store.slot import BEGINS

LOCAL: Final = ("DATABASE_URL", "DATABASE_URL_FILE", "INTERLOCK_CONFIG")
NOT_ASKED: Final = {"SLACK_BOT_TOKEN": "xoxb-unused", "JIRA_URL": "https://unused.invalid", "JIRA_TOKEN": "unused"}
"""What the list of jobs is told of Slack and Jira: it reads the database alone, and is looked at in token trouble."""

WIDE: Final = 120
"""Fewer columns than this break the table's sentences into words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    runner: JobRunner
    services: Services


@contextmanager
def open_desk(env: Mapping[str, str]) -> Iterator[Desk]:
    """Everything that a job may need, and nothing that runs by itself. Raises an InterlockError."""
    logs.configure()
    settings = settings_from(env)
    settings.require("SLACK_BOT_TOKEN")
    policy = policy_of(settings)
    tracker = tracker_of(settings, policy)
    store = open_store(settings)
    slack = Slack(settings.reveal("SLACK_BOT_TOKEN"), settings.slack_api_url)
    services = Services(store=store, policy=policy, settings=settings, clock=now, views=Modals(slack))
    name = owner()
    relay = relay_of(services, slack, name)
    directory = SlackDirectory(slack)
    tools = Tools(store=store, policy=policy, tracker=tracker, directory=directory, relay=relay, clock=now)
    try:
        yield Desk(
            runner=JobRunner(store, policy, all_jobs(tools), now, name, ClockWatch(now).trusts), services=services
        )
    finally:
        tracker.close()
        store.close()


def show(env: Mapping[str, str], *, as_json: bool = False) -> None:
    """A table on a wide terminal, else a line for each job. Raises an InterlockError."""
    with open_desk(NOT_ASKED | {name: env[name] for name in LOCAL if name in env}) as desk:
        overview = desk.runner.overview(now())
    statuses = [replace(each, halted=each.halted and say_where(each.halted, env)) for each in overview]
    console = Console()
    if as_json:
        typer.echo(json.dumps([_as_json(status) for status in statuses], indent=2, ensure_ascii=False))
    elif console.is_terminal and console.width >= WIDE:
        table = Table(Column("job", no_wrap=True), "when", "last run", "outcome", "due")
        for status in statuses:
            table.add_row(*map(escape, _row(status)))
        console.print(table)
    else:
        for status in statuses:
            typer.echo(_line(status))


def rehearse(env: Mapping[str, str], name: str, *, subject: str | None, at: datetime | None) -> None:
    """Draws what the job would post, and changes nothing. Raises an InterlockError."""
    console = Console()
    with open_desk(env) as desk:
        for run in desk.runner.run_now(name, _aware(at) if at else now(), subject=subject, dry_run=True):
            _report(console, desk, run)


def _report(console: Console, desk: Desk, run: Run) -> None:
    posts = run.report.posts if run.report else ()
    names = _names(desk.services)
    for post in posts:
        _draw(console, desk.services, post, run, names)
    console.print(f"{run.slot.job}: {run.detail or 'done'}", markup=False)
    if posts:
        console.print(f"{count(len(posts), 'message')} would be posted.", markup=False)


def _draw(console: Console, services: Services, post: Outgoing, run: Run, names: Mapping[str, str]) -> None:
    place = post.channel.removeprefix("@")
    where = f"{'@' if post.channel.startswith('@') else '#'}{names.get(place, place)}"
    drawer = DRAWERS.get(post.kind)
    then = replace(services, clock=lambda: run.slot.due_at)
    drawn = drawer(then, _as_message(post, run)) if drawer else None
    if isinstance(drawn, Drawn):
        terminal.show(console, where, drawn.message, names)
    else:
        console.print(f"{where}: {post.kind} {dict(post.ids)}", markup=False)


def _as_message(post: Outgoing, run: Run) -> Message:
    """What the relay would hand the drawer."""
    return Message(
        id=0,
        key=post.key,
        kind=post.kind,
        ids=post.ids,
        channel=post.channel,
        thread_ts=post.thread_ts,
        urgency=post.urgency,
        token="",
        coalesce=post.coalesce,
        created_at=run.slot.due_at,
        not_after=post.not_after,
        attempts=1,
        attempted_at=None,
    )


def _names(services: Services) -> dict[str, str]:
    with services.store.read() as session:
        people = session.exec(select(PersonRow.slack_id, PersonRow.name)).all()
        channels = session.exec(select(ChannelRow.id, ChannelRow.name)).all()
    return dict([*people, *channels])


def _row(status: JobStatus) -> tuple[str, str, str, str, str]:
    said = ": ".join(each for each in (_state(status), _detail(status)) if each)
    return status.job, _when(status.rule), _ran(status), said, _due(status)


def _line(status: JobStatus) -> str:
    state = ", ".join(each for each in (_state(status), _ran(status)) if each)
    due = "when asked" if status.next_at is None else f"{_when(status.rule)}, due {_due(status)}"
    return f"{status.job}: {state}; {due}. {_detail(status)}".rstrip()


def _as_json(status: JobStatus) -> dict[str, str | None]:
    """`due_at` is the next time, `last_due_at` the one that `state` and `detail` are about."""
    last = _last(status)
    return {
        "job": status.job,
        "state": _state(status) or None,
        "detail": _detail(status),
        "when": _when(status.rule),
        "last_due_at": last.slot.due_at.isoformat() if last else None,
        "due_at": status.next_at.isoformat() if status.next_at else None,
    }


def _last(status: JobStatus) -> Firing | None:
    """What only stands for a job that has not begun is no run."""
    return None if status.last is None or status.last.detail == BEGINS else status.last


def _state(status: JobStatus) -> str:
    if status.halted:
        return "halted"
    last = _last(status)
    return "" if last is None else last.outcome or "under way"


def _detail(status: JobStatus) -> str:
    return status.halted or (status.last.detail if status.last else None) or ""


def _ran(status: JobStatus) -> str:
    last = _last(status)
    return "never" if last is None else ago(last.slot.due_at, now())


def _due(status: JobStatus) -> str:
    return f"{status.next_at:%a %d %b %H:%M} UTC" if status.next_at else "when asked"


def _when(rule: JobRule | None) -> str:
    if rule is None:
        return "when asked"
    if rule.every_minutes is not None:
        return f"every {rule.every_minutes} min"
    days = "every day" if len(rule.days) == 7 else ", ".join(rule.days)  # noqa: PLR2004 a week
    return f"{rule.at:%H:%M} {days}" if rule.at else days


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
