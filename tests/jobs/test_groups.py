"""The mirror of Slack's groups, people and channels on both databases, and when several read and tell at once."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from sqlmodel import select

from interlock.domain.actor import Person
from interlock.domain.channel import Channel
from interlock.domain.directory import Group
from interlock.domain.slot import Slot
from interlock.jobs import groups
from interlock.jobs.job import JobContext
from interlock.store import mirror, person
from interlock.store.engine import Store
from interlock.store.person import ChannelRow, GroupMemberRow, GroupRow
from interlock.store.ticket import AccountRow
from interlock.usecases import directory
from tests.builders import NOW, POLICY

QA = Group(id="S0QA", handle="qa-approvers", name="QA", members=frozenset({"U0TOM", "U0INES"}))
PEOPLE = tuple(
    Person(slack_id=f"U0{name.upper()}", name=name.title(), email=f"{name}@practice.example")
    for name in ("tom", "ines", "ana")
)
GENERAL = Channel(id="C0GENERAL", name="general", member=True)


@dataclass
class Slack:
    found: list[Group] = field(default_factory=lambda: [QA])
    everybody: Sequence[Person] = PEOPLE
    there: list[Channel] = field(default_factory=lambda: [GENERAL])

    def groups(self) -> Sequence[Group]:
        return self.found

    def people(self) -> Iterable[Sequence[Person]]:
        return [[one] for one in self.everybody]

    def channels(self) -> Iterable[Sequence[Channel]]:
        return [self.there]


def read(store: Store, slack: Slack, minutes: int = 0) -> str:
    return groups.run(store, POLICY, slack, lambda: NOW + timedelta(minutes=minutes), lambda _text: None)


def members(store: Store) -> set[tuple[str, str]]:
    with store.read() as session:
        return {(row.group_id, row.slack_id) for row in session.exec(select(GroupMemberRow))}


def test_a_reading_is_whole(store: Store) -> None:
    assert read(store, Slack()) == "1 group, 3 people, 1 channel."
    with store.read() as session:
        standing = person.standing(session, "U0TOM")
    assert standing is not None
    assert (standing.groups, standing.groups_as_of) == (frozenset({"qa-approvers"}), NOW)


def test_the_next_reading_takes_away_what_is_gone(store: Store) -> None:
    read(store, Slack())
    read(store, Slack(found=[], everybody=PEOPLE[:1], there=[]), minutes=5)
    assert members(store) == set()
    with store.read() as session:
        assert session.get_one(GroupRow, "S0QA").deleted
        assert not session.get_one(ChannelRow, "C0GENERAL").member
        active = {
            one.slack_id for one in person.people(session, [each.slack_id for each in PEOPLE]).values() if one.active
        }
    assert active == {"U0TOM"}


def test_a_group_that_comes_back_is_one_again(store: Store) -> None:
    read(store, Slack())
    read(store, Slack(found=[]), minutes=5)
    read(store, Slack(), minutes=10)
    with store.read() as session:
        assert not session.get_one(GroupRow, "S0QA").deleted
    assert members(store) == {("S0QA", "U0TOM"), ("S0QA", "U0INES")}


def test_links_follow_the_addresses(store: Store) -> None:
    with store.write() as session:
        session.add(AccountRow(id="acc-tom", name="Tom", email="TOM@practice.example"))
    assert "1 link to the tracker changed." in read(store, Slack())
    with store.read() as session:
        assert person.people(session, ["U0TOM"])["U0TOM"].verified_account == "acc-tom"
    changed = [Person(slack_id="U0TOM", name="Tom", email="tom.arkwright@practice.example"), *PEOPLE[1:]]
    read(store, Slack(everybody=changed), minutes=5)
    with store.read() as session:
        assert person.people(session, ["U0TOM"])["U0TOM"].verified_account is None


def test_readings_and_events_at_once_lose_nothing(store: Store) -> None:
    read(store, Slack())
    with ThreadPoolExecutor(6) as pool:
        readings = [pool.submit(read, store, Slack(), minute) for minute in range(1, 4)]
        told = [pool.submit(directory.change_members, store, "S0QA", [f"U0NEW{number}"], []) for number in range(3)]
        assert all(reading.result() for reading in readings)
        assert all(one.result() for one in told)
    read(store, Slack(), minutes=5)
    assert members(store) == {("S0QA", "U0TOM"), ("S0QA", "U0INES")}


def test_groups_grow_no_older_while_a_large_workspace_is_read(store: Store) -> None:
    """At Slack's pace everybody takes longer than decisions may wait for groups."""
    minute = 0

    class Large(Slack):
        def people(self) -> Iterable[Sequence[Person]]:
            nonlocal minute
            for one in self.everybody:
                minute += 4
                yield [one]

    groups.run(store, POLICY, Large(), lambda: NOW + timedelta(minutes=minute), lambda _text: None)
    with store.read() as session:
        assert mirror.as_of(session, "groups") == NOW + timedelta(minutes=8)
        assert minute == 12


def test_a_dry_run_reads_nothing(store: Store) -> None:
    job = groups.job(store, POLICY, Slack(), lambda: NOW)
    context = JobContext(now=NOW, slot=Slot(job="groups", due_at=NOW), progress=lambda _text: None, dry_run=True)
    assert "nothing" in job.run(context).detail
    assert members(store) == set()
