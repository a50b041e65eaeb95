"""Taking a person out of every table: what is a mirror or was said goes, what was decided keeps their bare Slack id."""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CursorResult, String, cast, delete, or_, update
from sqlmodel import Session, SQLModel, col, func, select

from interlock.domain.erasure import NAME
from interlock.domain.release import SETTLED
from interlock.domain.signoff import Decision
from interlock.store.answer_due import AnswerDueRow
from interlock.store.audit import AuditRow
from interlock.store.blocker import BlockerRow
from interlock.store.booking import BookingRow
from interlock.store.break_glass import BreakGlassRow
from interlock.store.card import CardRow
from interlock.store.collision import CollisionAcknowledgementRow
from interlock.store.condition import ConditionRow
from interlock.store.criterion import EvidenceRow
from interlock.store.delegation import DelegationRow
from interlock.store.feed import FeedLinkRow
from interlock.store.freeze_exception import FreezeExceptionRow
from interlock.store.gonogo import GonogoRow, VoteRow
from interlock.store.link import LinkRequestRow
from interlock.store.outbox import OutboxRow
from interlock.store.person import GroupMemberRow, PersonRow
from interlock.store.policy_change import PolicyChangeRow, WordRow
from interlock.store.raid import RaidChangeRow, RaidRow
from interlock.store.release import ReleaseRow
from interlock.store.reporter import ReportTokenRow
from interlock.store.runbook import MarkRow, RunRow
from interlock.store.secret import SecretRow
from interlock.store.seen import SeenRow
from interlock.store.signoff import LIVE, RequirementRow, SignoffRow
from interlock.store.ticket import AccountRow, TicketChangeRow
from interlock.store.token import AccessTokenRow
from interlock.store.waiver import WaiverRow

UNSENT: Final = ("pending", "sending", "parked")
NAMED_IN: Final[tuple[tuple[str, type[SQLModel], tuple[str, ...]], ...]] = (
    ("sign-off", SignoffRow, ("slack_id", "principal")),
    ("condition", ConditionRow, ("done_by",)),
    ("delegation", DelegationRow, ("slack_id", "stand_in", "ended_by")),
    ("answer that is due", AnswerDueRow, ("slack_id",)),
    ("release", ReleaseRow, ("created_by", "closed_by")),
    ("card", CardRow, ("requested_by",)),
    ("runbook run", RunRow, ("started_by", "ended_by")),
    ("runbook step", MarkRow, ("slack_id",)),
    ("roll-call", GonogoRow, ("opened_by", "ended_by")),
    ("vote", VoteRow, ("slack_id",)),
    ("policy change", PolicyChangeRow, ("proposed_by", "ended_by")),
    ("word on a policy change", WordRow, ("slack_id", "principal", "proposed_by")),
    ("booking", BookingRow, ("slack_id", "ended_by")),
    ("blocker", BlockerRow, ("taken_by", "snoozed_by")),
    ("RAID entry", RaidRow, ("owner", "approver", "created_by", "closed_by")),
    ("change of a RAID entry", RaidChangeRow, ("by",)),
    ("waiver", WaiverRow, ("asked_by", "decided_by")),
    ("evidence of a gate", EvidenceRow, ("slack_id",)),
    ("broken glass", BreakGlassRow, ("asked_by", "confirmed_by", "ended_by", "reviewed_by")),
    ("freeze exception", FreezeExceptionRow, ("asked_by", "decided_by")),
    ("acknowledged collision", CollisionAcknowledgementRow, ("slack_id",)),
)
"""Where a decision names who made it, by the bare id: what it is called, and the columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a person is known by; `accounts`: those in the tracker that are verifiably theirs or bear their address."""

    slack_id: str
    name: str
    email: str | None
    active: bool
    accounts: tuple[str, ...]


def identity(session: Session, slack_id: str, named: Collection[str] = ()) -> Identity | None:
    """None for somebody whom no mirror has. `named`: accounts that are said to be theirs too; one that the mirror
    lacks, or that is verifiably somebody else's, is not.
    """
    row = session.get(PersonRow, slack_id)
    if row is None:
        return None
    accounts = {row.account_id} if row.account_id and row.linked_by else set[str]()
    if row.email:
        same = func.lower(AccountRow.email) == row.email.casefold()
        accounts |= set(session.exec(select(AccountRow.id).where(same)))
    if named:
        theirs = col(AccountRow.id).in_(named)
        accounts |= set(session.exec(select(AccountRow.id).where(theirs, _nobody_elses(slack_id))))
    return Identity(
        slack_id=slack_id,
        name=row.name,
        email=row.email,
        active=row.active,
        accounts=tuple(sorted(accounts)),
    )


def namesakes(session: Session, who: Identity) -> dict[str, int]:
    """Accounts of the same name that may be theirs, and how many changes of tickets name each."""
    same = or_(col(AccountRow.name) == who.name, func.lower(AccountRow.name) == who.name.lower())
    others = select(AccountRow.id).where(same, col(AccountRow.id).not_in(who.accounts), _nobody_elses(who.slack_id))
    return {
        account: session.exec(
            select(func.count()).select_from(TicketChangeRow).where(_is(TicketChangeRow, ("before", "after"), account))
        ).one()
        for account in sorted(session.exec(others))
    }


def losing(session: Session, slack_id: str) -> tuple[str, ...]:
    """Of the releases under way, those whose sign-offs have an approval of theirs, as "2026.12 (qa)"."""
    rows = session.exec(
        select(ReleaseRow.name, RequirementRow.key)
        .join(RequirementRow, col(RequirementRow.release_id) == col(ReleaseRow.id))
        .join(SignoffRow, col(SignoffRow.requirement_id) == col(RequirementRow.id))
        .where(col(ReleaseRow.stage).not_in(SETTLED), LIVE, SignoffRow.decision == Decision.APPROVED)
        .where(_is(SignoffRow, ("slack_id", "principal"), slack_id))
        .distinct()
        .order_by(ReleaseRow.name, RequirementRow.key)
    )
    return tuple(f"{name} ({key})" for name, key in rows)


def named_in(session: Session, slack_id: str) -> dict[str, int]:
    """In how many rows of what the bare id stays."""
    found = {
        noun: session.exec(select(func.count()).select_from(table).where(_is(table, columns, slack_id))).one()
        for noun, table, columns in NAMED_IN
    }
    told = select(func.count()).select_from(AuditRow).where(col(AuditRow.body).contains(slack_id, autoescape=True))
    return found | {"recorded event": session.exec(told).one()}


def forget(session: Session, who: Identity, now: datetime) -> int:
    """Everything but the record, the bare ids and the tombstones; returns how many messages were changed."""
    _drop(session, GroupMemberRow, who.slack_id)
    _drop(session, LinkRequestRow, who.slack_id)
    _drop(session, AccessTokenRow, who.slack_id)
    _drop(session, FeedLinkRow, who.slack_id)
    session.connection().execute(delete(ReportTokenRow).where(col(ReportTokenRow.created_by) == who.slack_id))
    _forget_words(session, who.slack_id)
    _forget_accounts(session, who.accounts)
    _forget_answers(session, who)
    changed = _forget_messages(session, who)
    row = session.get_one(PersonRow, who.slack_id)
    if any(named_in(session, who.slack_id).values()):
        row.name, row.handle, row.email, row.time_zone = NAME, "", None, None
        row.active, row.account_id, row.linked_by, row.linked_at, row.seen_at = False, None, None, None, now
    else:
        session.delete(row)
    session.flush()
    return changed


def _forget_words(session: Session, slack_id: str) -> None:
    """What they typed where it is not part of a decision that is recorded."""
    mine = update(BookingRow).where(col(BookingRow.slack_id) == slack_id)
    session.connection().execute(mine.values(purpose=""))
    ended = update(BookingRow).where(col(BookingRow.ended_by) == slack_id)
    session.connection().execute(ended.values(reason=""))
    snoozed = update(BlockerRow).where(col(BlockerRow.snoozed_by) == slack_id)
    session.connection().execute(snoozed.values(snooze_reason=None))


def _forget_accounts(session: Session, accounts: Iterable[str]) -> None:
    for account in accounts:
        theirs = update(AccountRow).where(col(AccountRow.id) == account)
        session.connection().execute(theirs.values(name=NAME, email=None, active=False))
        for value, words in (("before", "before_text"), ("after", "after_text")):
            column = col(getattr(TicketChangeRow, value))
            changes = update(TicketChangeRow).where(column == account)
            session.connection().execute(changes.values({words: NAME}))


def _forget_answers(session: Session, who: Identity) -> None:
    """What was said to others about them, and is kept for the hour in which a request may be delivered again."""
    named = or_(*(col(SeenRow.answer).contains(form, autoescape=True) for form in _forms(who)))
    session.connection().execute(update(SeenRow).where(named).values(answer=None))


def _forget_messages(session: Session, who: Identity) -> int:
    """Keys stay keys: none of what was sent can be sent again under the name that is left."""
    columns = (OutboxRow.key, OutboxRow.lane, OutboxRow.channel, OutboxRow.coalesce, OutboxRow.reason)
    words = [*(col(column) for column in columns), cast(col(OutboxRow.ids), String)]
    likely = [word.contains(form, autoescape=True) for word in words for form in _forms(who)]
    rows = session.exec(select(OutboxRow).where(or_(*likely))).all()
    clean = _Cleaner(who)
    for row in rows:
        if row.channel == f"@{who.slack_id}" and row.state in UNSENT:
            row.state, row.reason = "dropped", "Its reader was erased."
            row.owner, row.lease_until = None, None
        if row.channel == f"@{who.slack_id}":
            row.message_channel = None
        row.key, row.lane, row.channel = clean.text(row.key), clean.text(row.lane), clean.text(row.channel)
        row.coalesce = clean.text(row.coalesce) if row.coalesce is not None else None
        row.reason = clean.text(row.reason) if row.reason is not None else None
        row.ids = clean.value(row.ids)
        session.add(row)
    session.flush()
    return len(rows)


class _Cleaner:
    """Puts `erased` in the place of whatever they are known by, where it stands by itself."""

    def __init__(self, who: Identity) -> None:
        known = (who.slack_id, who.name, who.email)
        longest_first = sorted((re.escape(each) for each in known if each), key=len, reverse=True)
        self._known = re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE)

    def text(self, text: str) -> str:
        return self._known.sub("erased", text)

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.value(each) for key, each in value.items()}
        return [self.value(each) for each in value] if isinstance(value, list) else value


def _forms(who: Identity) -> set[str]:
    """How they may be named: JSON keeps letters beyond ASCII as escapes."""
    texts = [text for text in (who.slack_id, who.name, who.email) if text]
    return {form for text in texts for form in (text, json.dumps(text)[1:-1])}


def _is(table: type[SQLModel], columns: tuple[str, ...], slack_id: str) -> Any:
    return or_(*(col(getattr(table, name)) == slack_id for name in columns))


def _nobody_elses(slack_id: str) -> Any:
    linked = select(PersonRow.account_id).where(
        col(PersonRow.linked_by).is_not(None), col(PersonRow.account_id).is_not(None), PersonRow.slack_id != slack_id
    )
    return col(AccountRow.id).not_in(linked)


def _drop(session: Session, table: type[GroupMemberRow | LinkRequestRow | SecretRow], slack_id: str) -> None:
    done = session.connection().execute(delete(table).where(col(table.slack_id) == slack_id))
    assert isinstance(done, CursorResult)
