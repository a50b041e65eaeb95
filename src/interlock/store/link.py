"""Open claims to tracker accounts, and the links that came of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Field, Session, SQLModel, col, select

from interlock.domain.actor import Person
from interlock.domain.link import LinkedBy, LinkRequest
from interlock.domain.ticket import Account
from interlock.store.base import UtcDateTime
from interlock.store.person import PersonRow, to_person
from interlock.store.ticket import AccountRow
from interlock.store.upsert import upsert


class LinkRequestRow(SQLModel, table=True):
    """A person's claim to a tracker account, open until that account comments `code` or an admin says yes. One each."""

    __tablename__ = "link_request"

    slack_id: str = Field(primary_key=True)
    account_id: str | None = None
    named: str
    code: str
    opened_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ticket_key: str | None = None


def request(session: Session, slack_id: str, *, lock: bool = False) -> LinkRequest | None:
    """The person's open claim, also one that has expired."""
    row = session.get(LinkRequestRow, slack_id, with_for_update=lock or None)
    return _to_request(row) if row else None


def waiting(session: Session) -> list[LinkRequest]:
    """The claims whose proof is to be looked for, the oldest first."""
    rows = session.exec(
        select(LinkRequestRow)
        .where(col(LinkRequestRow.ticket_key).is_not(None))
        .order_by(col(LinkRequestRow.opened_at))
    ).all()
    return [_to_request(row) for row in rows]


def save_request(session: Session, claim: LinkRequest) -> None:
    """In place of whatever the person claimed before."""
    row = {
        "slack_id": claim.slack_id,
        "account_id": claim.account_id,
        "named": claim.named,
        "code": claim.code,
        "opened_at": claim.opened_at,
        "expires_at": claim.expires_at,
        "ticket_key": claim.ticket_key,
    }
    upsert(session, LinkRequestRow, [row], ["slack_id"])


def drop_request(session: Session, slack_id: str) -> None:
    session.connection().execute(delete(LinkRequestRow).where(col(LinkRequestRow.slack_id) == slack_id))


def drop_expired(session: Session, now: datetime) -> None:
    """Those that nobody asked to look for; the others are told."""
    old = (col(LinkRequestRow.expires_at) < now) & col(LinkRequestRow.ticket_key).is_(None)
    session.connection().execute(delete(LinkRequestRow).where(old))


def accounts(session: Session) -> Sequence[Account]:
    """Every account that the mirror has seen: assignees and reporters."""
    rows = session.exec(select(AccountRow).order_by(AccountRow.name, AccountRow.id)).all()
    return [Account(id=row.id, name=row.name, email=row.email, active=row.active) for row in rows]


def person(session: Session, slack_id: str) -> Person | None:
    row = session.get(PersonRow, slack_id)
    return to_person(row) if row else None


def holder(session: Session, account_id: str) -> Person | None:
    """Whose the account verifiably is."""
    verified = col(PersonRow.linked_by).is_not(None)
    row = session.exec(select(PersonRow).where(PersonRow.account_id == account_id, verified)).first()
    return to_person(row) if row else None


def give(session: Session, slack_id: str, account_id: str, by: LinkedBy, now: datetime) -> None:
    """The account is theirs from now on, and nobody else's."""
    for row in session.exec(select(PersonRow).where(PersonRow.account_id == account_id)).all():
        if row.slack_id != slack_id:
            row.account_id, row.linked_by, row.linked_at = None, None, None
    session.flush()
    mine = session.get_one(PersonRow, slack_id)
    mine.account_id, mine.linked_by, mine.linked_at = account_id, by, now
    session.flush()
    drop_request(session, slack_id)


def take_back(session: Session, slack_id: str) -> None:
    """It is verified no more. Which account it was stays known: see `interlock.domain.link.refuse_claiming`."""
    row = session.get_one(PersonRow, slack_id)
    row.linked_by, row.linked_at = None, None
    session.flush()


def _to_request(row: LinkRequestRow) -> LinkRequest:
    return LinkRequest(
        slack_id=row.slack_id,
        account_id=row.account_id,
        named=row.named,
        code=row.code,
        opened_at=row.opened_at,
        expires_at=row.expires_at,
        ticket_key=row.ticket_key,
    )
