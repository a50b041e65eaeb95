"""Reading Slack's user groups, people and channels: who may decide hangs on how fresh this mirror is."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from interlock.domain.actor import Person
from interlock.domain.channel import Channel
from interlock.domain.directory import Group
from interlock.domain.errors import InterlockError
from interlock.domain.policy import Policy
from interlock.domain.vendor import Vendor
from interlock.domain.words import count
from interlock.jobs.job import Job, JobContext, JobReport, JobStoppedError
from interlock.store.engine import Store
from interlock.usecases import break_glass_end, directory, leaver, shortfall, stage

Clock = Callable[[], datetime]
Result = TypeVar("Result")

GROUPS = "groups"
AGAIN = timedelta(minutes=5)
"""Slack takes a quarter of an hour to tell of 50,000 people, and for so long nobody may decide on groups of before."""


class Directory(Protocol):
    """Slack, to this job. Methods raise an InterlockError where Slack cannot be read."""

    def groups(self) -> Sequence[Group]:
        """All user groups of the workspace that are in use."""

    def people(self) -> Iterable[Sequence[Person]]:
        """Everybody, page by page, those who left too."""

    def channels(self) -> Iterable[Sequence[Channel]]:
        """All channels that the bot can see, page by page."""


def run(store: Store, policy: Policy, slack: Directory, clock: Clock, progress: Callable[[str], None]) -> str:
    """Bring the mirror up to date, what decides most first; returns a sentence. Raises what Slack's directory raises,
    after noting the problem with the mirror that it met; what was read before it stays.
    """

    def read_groups() -> int:
        return _noted(store, directory.GROUPS, clock, lambda: _groups(store, slack, clock))

    groups, read_at = read_groups(), clock()
    progress(count(groups, "group"))

    def go_on(text: str) -> None:
        nonlocal groups, read_at
        progress(text)
        if clock() - read_at >= AGAIN:
            groups, read_at = read_groups(), clock()

    people = _noted(store, directory.PEOPLE, clock, lambda: _people(store, slack, clock, go_on))
    channels = _noted(store, directory.CHANNELS, clock, lambda: _channels(store, slack, clock, go_on))
    changed = directory.link_accounts(store, policy, clock())
    leaver.settle(store, policy, clock())
    shortfall.watch(store, policy, clock())
    break_glass_end.revalidate(store, clock())
    stage.recheck(store, clock())
    linked = f" {count(changed, 'link')} to the tracker changed." if changed else ""
    who = count(people, "person", "people")
    return f"{count(groups, 'group')}, {who}, {count(channels, 'channel')}.{linked}"


def job(store: Store, policy: Policy, slack: Directory, clock: Clock) -> Job:
    def work(context: JobContext) -> JobReport:
        if context.dry_run:
            return JobReport(detail="A dry run reads nothing from Slack.")
        return JobReport(detail=run(store, policy, slack, clock, context.progress))

    return Job(name=GROUPS, run=work, needs=frozenset({Vendor.SLACK}))


def _groups(store: Store, slack: Directory, clock: Clock) -> int:
    started = clock()
    found = slack.groups()
    directory.keep_groups(store, found, started)
    return len(found)


def _people(store: Store, slack: Directory, clock: Clock, progress: Callable[[str], None]) -> int:
    started, read = clock(), 0
    for page in slack.people():
        directory.keep_people(store, page, clock())
        read += len(page)
        progress(count(read, "person", "people"))
    directory.finish_people(store, started)
    return read


def _channels(store: Store, slack: Directory, clock: Clock, progress: Callable[[str], None]) -> int:
    started, found = clock(), list[Channel]()
    for page in slack.channels():
        found += page
        progress(count(len(found), "channel"))
    directory.keep_channels(store, found, started)
    return len(found)


def _noted(store: Store, name: str, clock: Clock, read: Callable[[], Result]) -> Result:
    try:
        return read()
    except JobStoppedError:
        raise
    except InterlockError as error:
        directory.fail(store, name, clock(), str(error))
        raise
