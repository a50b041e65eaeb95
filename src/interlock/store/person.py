"""The mirror of Slack's people, user groups and channels, and who is who in the tracker."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, and_, or_, text
from sqlmodel import Field, Session, SQLModel, col, func, select

from interlock.domain.actor import Owner, Person, Standing
from interlock.store import mirror
from interlock.store.base import UtcDateTime
from interlock.store.ticket import AccountRow

VERIFIED = text("linked_by IS NOT NULL")


class PersonRow(SQLModel, table=True):
    """`kind`: member, guest, external (of another company) or bot. `account_id` is their tracker account; `linked_by`
    says how it was found (email, config, comment, admin) and None that it is not verified, or not any more. A verified
    account is one person's alone.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index("uq_person_account", "account_id", unique=True, sqlite_where=VERIFIED, postgresql_where=VERIFIED),
    )

    slack_id: str = Field(primary_key=True)
    handle: str = ""
    name: str = ""
    email: str | None = Field(default=None, index=True)
    time_zone: str | None = None
    kind: str = "member"
    active: bool = True
    account_id: str | None = Field(default=None, index=True)
    linked_by: str | None = None
    linked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)


IS_MEMBER = and_(col(PersonRow.active), col(PersonRow.kind) == "member")
"""Of rows of active full members, who alone can act: as `Person.is_member`."""


class GroupRow(SQLModel, table=True):
    """A user group; `deleted` ones stay for the record. Ages are those of the whole mirror (see `mirror`)."""

    __tablename__ = "user_group"

    id: str = Field(primary_key=True)
    handle: str = Field(index=True)
    name: str
    deleted: bool = False


class GroupMemberRow(SQLModel, table=True):
    __tablename__ = "user_group_member"

    group_id: str = Field(primary_key=True, foreign_key="user_group.id")
    slack_id: str = Field(primary_key=True, index=True)


class ChannelRow(SQLModel, table=True):
    """`shared` means with another company's workspace; `member` whether the bot is in it."""

    __tablename__ = "channel"

    id: str = Field(primary_key=True)
    name: str = Field(index=True)
    private: bool = False
    shared: bool = False
    archived: bool = False
    member: bool = False


def standing(session: Session, slack_id: str) -> Standing | None:
    """The person and their groups as the mirror has them; None for somebody it has not seen."""
    row = session.get(PersonRow, slack_id)
    if row is None:
        return None
    groups = session.exec(
        select(GroupRow.handle)
        .join(GroupMemberRow, col(GroupMemberRow.group_id) == col(GroupRow.id))
        .where(GroupMemberRow.slack_id == slack_id, ~col(GroupRow.deleted))
    ).all()
    read = mirror.all_as_of(session, "groups", "people")
    return Standing(
        person=to_person(row),
        groups=frozenset(groups),
        groups_as_of=read["groups"],
        people_as_of=read["people"],
    )


def people(session: Session, slack_ids: Iterable[str]) -> dict[str, Person]:
    """Those of the given people that the mirror knows, by Slack id."""
    wanted = list(slack_ids)
    if not wanted:
        return {}
    rows = session.exec(select(PersonRow).where(col(PersonRow.slack_id).in_(wanted))).all()
    return {row.slack_id: to_person(row) for row in rows}


def gone(session: Session, slack_ids: Iterable[str]) -> set[str]:
    """Those of the given people who are known to be no active full members any more."""
    return {slack_id for slack_id, each in people(session, slack_ids).items() if not each.is_member}


def to_person(row: PersonRow) -> Person:
    return Person(
        slack_id=row.slack_id,
        name=row.name,
        handle=row.handle,
        email=row.email,
        time_zone=row.time_zone,
        kind=row.kind,  # type: ignore[arg-type]  # the mirror writes no other word
        active=row.active,
        account_id=row.account_id,
        linked_by=row.linked_by,
    )


def members(session: Session, handles: Iterable[str]) -> dict[str, list[Person]]:
    """Each group's members who can act (active, full members), by name; a group that does not exist has none."""
    found: dict[str, list[Person]] = {handle: [] for handle in handles}
    rows = session.exec(
        select(GroupRow.handle, PersonRow)
        .join(GroupMemberRow, col(GroupMemberRow.group_id) == col(GroupRow.id))
        .join(PersonRow, col(PersonRow.slack_id) == col(GroupMemberRow.slack_id))
        .where(
            col(GroupRow.handle).in_(list(found)),
            ~col(GroupRow.deleted),
            IS_MEMBER,
        )
        .order_by(PersonRow.name)
    ).all()
    for handle, row in rows:
        found[handle].append(to_person(row))
    return found


def by_email(session: Session, emails: Iterable[str]) -> dict[str, Person]:
    """People who can act, by their e-mail address in lower case."""
    wanted = [email.casefold() for email in emails]
    rows = session.exec(select(PersonRow).where(func.lower(PersonRow.email).in_(wanted), IS_MEMBER)).all()
    return {row.email.casefold(): to_person(row) for row in rows if row.email}


def by_handle(session: Session, handle: str) -> str | None:
    """The Slack id of the active full member of that handle, in any case; None where there is none, or several."""
    same = func.lower(PersonRow.handle) == handle.casefold()
    found = session.exec(select(PersonRow.slack_id).where(same, IS_MEMBER)).all()
    return found[0] if handle and len(found) == 1 else None


def named(session: Session, word: str) -> Person | None:
    """Whom a typed `@handle`, e-mail address or Slack id names, whether they can act or not."""
    name = word.removeprefix("@").casefold()
    ways = (col(PersonRow.slack_id) == word, func.lower(PersonRow.handle) == name, func.lower(PersonRow.email) == name)
    rows = session.exec(select(PersonRow).where(or_(*ways)).limit(2)).all()
    return to_person(rows[0]) if len(rows) == 1 and name else None


def accounts(session: Session, account_ids: Iterable[str]) -> dict[str, Owner]:
    """The tracker's accounts by id, with whom they are verified to be in Slack."""
    wanted = list(account_ids)
    if not wanted:
        return {}
    linked = session.exec(
        select(PersonRow).where(col(PersonRow.account_id).in_(wanted), col(PersonRow.linked_by).is_not(None))
    ).all()
    people = {row.account_id: to_person(row) for row in linked}
    rows = session.exec(select(AccountRow).where(col(AccountRow.id).in_(wanted))).all()
    return {row.id: Owner(account_id=row.id, name=row.name, person=people.get(row.id)) for row in rows}
