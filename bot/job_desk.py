"""`interlock job list` and `job run --dry-run`, which only look. It is the running server that runs a job for good."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rich.console import Console
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
from interlock.domain.outbox import Message, Outgoing
from interlock.domain.policy import JobRule
from interlock.domain.words import ago, count
from interlock.jobs.clock import ClockWatch
from interlock.jobs.job import Run
from interlock.jobs.slots import JobRunner, JobStatus
from interlock.store.person import ChannelRow, PersonRow


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


def show(env: Mapping[str, str]) -> None:
    table = Table(Column("job", no_wrap=True), "when", "last run", "outcome", "due")
    with open_desk(env) as desk:
        for status in desk.runner.overview(now()):
            table.add_row(*_row(status))
    Console().print(table)


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
    last = status.last
    ran = "never" if last is None else ago(last.slot.due_at, now())
    outcome = "" if last is None else f"{last.outcome or 'under way'}: {last.detail or ''}".rstrip(": ")
    if status.halted:
        outcome = f"halted: {status.halted}"
    due = f"{status.next_at:%a %d %b %H:%M} UTC" if status.next_at else "when asked"
    return status.job, _when(status.rule), ran, outcome, due


def _when(rule: JobRule | None) -> str:
    if rule is None:
        return "when asked"
    if rule.every_minutes is not None:
        return f"every {rule.every_minutes} min"
    days = "every day" if len(rule.days) == 7 else ", ".join(rule.days)  # noqa: PLR2004 a week
    return f"{rule.at:%H:%M} {days}" if rule.at else days


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
