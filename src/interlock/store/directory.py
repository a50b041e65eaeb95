"""Writing the mirror of Slack's people, user groups and channels."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from interlock.domain.actor import Person
from interlock.domain.channel import Channel
from interlock.domain.directory import AccountLink, Group
from interlock.domain.ticket import Account
from interlock.store import erasure, mirror
from interlock.store.alone import alone
from interlock.store.mirror import MirrorRow
from interlock.store.person import ChannelRow, GroupMemberRow, GroupRow, PersonRow, to_person
from interlock.store.ticket import AccountRow
from interlock.store.upsert import insert_new, upsert


def one_at_a_time(session: Session) -> None:
    """Until the transaction ends nobody else writes this mirror: an event and a whole reading must not mix."""
    alone(session, "directory")


def save_people(session: Session, people: Sequence[Person], now: datetime) -> None:
    """What Slack says of them; what is known of their tracker account stays. Whoever was erased is not read."""
    erased = erasure.tombstones(session)
    rows = [
        {
            "slack_id": person.slack_id,
            "handle": person.handle,
            "name": person.name,
            "email": person.email,
            "time_zone": person.time_zone,
            "kind": person.kind,
            "active": person.active,
            "seen_at": now,
        }
        for person in people
        if not erased.has(person.slack_id)
    ]
    upsert(session, PersonRow, rows, ["slack_id"])


def retire_unseen(session: Session, since: datetime) -> None:
    """Who was not seen since then is no longer in the workspace."""
    session.connection().execute(update(PersonRow).where(col(PersonRow.seen_at) < since).values(active=False))


def save_groups(session: Session, groups: Sequence[Group]) -> None:
    """All of the workspace's groups: one that is not among them is deleted or disabled."""
    rows = [{"id": group.id, "handle": group.handle, "name": group.name, "deleted": False} for group in groups]
    upsert(session, GroupRow, rows, ["id"])
    known = set(session.exec(select(GroupRow.id).where(~col(GroupRow.deleted))).all())
    gone = sorted(known - {group.id for group in groups})
    session.connection().execute(update(GroupRow).where(col(GroupRow.id).in_(gone)).values(deleted=True))
    have = {(row.group_id, row.slack_id) for row in session.exec(select(GroupMemberRow)).all()}
    want = {(group.id, member) for group in groups for member in group.members}
    _remove_members(session, have - want)
    _add_members(session, want - have)


def change_members(session: Session, group_id: str, added: Iterable[str], removed: Iterable[str]) -> bool:
    """False for a group that the mirror does not have yet."""
    if session.get(GroupRow, group_id) is None:
        return False
    _remove_members(session, {(group_id, member) for member in removed})
    _add_members(session, {(group_id, member) for member in added})
    return True


def save_channels(session: Session, channels: Sequence[Channel], *, whole: bool) -> None:
    """`whole`: these are all that the bot can see; of any other it is no longer a member."""
    rows = [
        {
            "id": channel.id,
            "name": channel.name,
            "private": channel.private,
            "shared": channel.shared,
            "archived": channel.archived,
            "member": channel.member,
        }
        for channel in channels
    ]
    upsert(session, ChannelRow, rows, ["id"])
    if whole:
        ours = set(session.exec(select(ChannelRow.id).where(col(ChannelRow.member))).all())
        lost = sorted(ours - {channel.id for channel in channels})
        session.connection().execute(update(ChannelRow).where(col(ChannelRow.id).in_(lost)).values(member=False))


def change_channel(session: Session, channel_id: str, values: Mapping[str, str | bool]) -> bool:
    """False for a channel that the mirror does not have yet."""
    done = session.connection().execute(
        update(ChannelRow).where(col(ChannelRow.id) == channel_id).values(**values).returning(col(ChannelRow.id))
    )
    return done.first() is not None


def everybody(session: Session) -> list[Person]:
    return [to_person(row) for row in session.exec(select(PersonRow)).all()]


def accounts_with_email(session: Session) -> list[Account]:
    rows = session.exec(select(AccountRow).where(col(AccountRow.email).is_not(None))).all()
    return [Account(id=row.id, name=row.name, email=row.email, active=row.active) for row in rows]


def save_links(session: Session, links: Mapping[str, AccountLink], now: datetime) -> int:
    """Set each of these links, and take back those of the same kinds that no longer hold; returns how many changed.

    Whose account it was stays known where nothing takes its place (see `interlock.domain.link.refuse_claiming`).
    """
    rows = session.exec(
        select(PersonRow).where(col(PersonRow.linked_by).is_(None) | col(PersonRow.linked_by).in_(["config", "email"]))
    ).all()
    wanted = {row.slack_id: links.get(row.slack_id) for row in rows}
    changed = [row for row in rows if not _holds(row, wanted[row.slack_id])]
    for row in changed:
        row.linked_by, row.linked_at = None, None
    session.flush()  # an account may pass from one person to another, and is never two people's
    for row in changed:
        link = wanted[row.slack_id]
        if link is not None:
            row.account_id, row.linked_by, row.linked_at = link.account_id, link.by, now
    session.flush()
    return len(changed)


def _holds(row: PersonRow, link: AccountLink | None) -> bool:
    """Whether the person is linked just so already."""
    if link is None:
        return row.linked_by is None
    return (row.account_id, row.linked_by) == (link.account_id, link.by)


def fresh(session: Session, name: str, as_of: datetime) -> None:
    """The mirror of this name is whole and true as of then."""
    row = {"name": name, "as_of": as_of, "tried_at": as_of, "problem": None}
    upsert(session, MirrorRow, [row], ["name"])


def is_outdated(session: Session, name: str, as_of: datetime) -> bool:
    """Whether a reading that began later has been kept already."""
    kept = mirror.as_of(session, name)
    return kept is not None and kept > as_of


def stale(session: Session, name: str, now: datetime, problem: str) -> None:
    """It could not be read; what it has stays, and ages."""
    upsert(session, MirrorRow, [{"name": name, "tried_at": now, "problem": problem}], ["name"])


def _remove_members(session: Session, pairs: set[tuple[str, str]]) -> None:
    for group_id in {group_id for group_id, _ in pairs}:
        leaving = [member for group, member in pairs if group == group_id]
        session.connection().execute(
            delete(GroupMemberRow).where(
                col(GroupMemberRow.group_id) == group_id, col(GroupMemberRow.slack_id).in_(leaving)
            )
        )


def _add_members(session: Session, pairs: set[tuple[str, str]]) -> None:
    erased = erasure.tombstones(session)
    rows = [{"group_id": group, "slack_id": one} for group, one in sorted(pairs) if not erased.has(one)]
    insert_new(session, GroupMemberRow, rows)


def names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """What the people and channels of these ids are called."""
    wanted = list(ids)
    people = session.exec(select(PersonRow.slack_id, PersonRow.name).where(col(PersonRow.slack_id).in_(wanted))).all()
    channels = session.exec(select(ChannelRow.id, ChannelRow.name).where(col(ChannelRow.id).in_(wanted))).all()
    return dict([*people, *channels])
