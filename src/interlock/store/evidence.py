"""What evidence of a release is made of: its rows as they are stored, and its part of the chain."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import select as columns
from sqlmodel import Session, SQLModel, col, select

from interlock.domain.anchor import Anchor
from interlock.domain.audit import canonical
from interlock.domain.evidence import Expected, Link, concealed, names_any
from interlock.domain.signoff import Decision
from interlock.domain.template import essence
from interlock.domain.visibility import RESTRICTED
from interlock.store.audit import AuditPersonRow, AuditRow
from interlock.store.booking import BookingRow
from interlock.store.break_glass import BreakGlassRow
from interlock.store.card import CardRevisionRow, CardRow, ScopeSnapshotRow
from interlock.store.collision import CollisionAcknowledgementRow
from interlock.store.condition import ConditionRow
from interlock.store.criterion import EvidenceRow
from interlock.store.delegation import DelegationRow
from interlock.store.environment import EnvironmentRow
from interlock.store.erasure import ErasureRow
from interlock.store.freeze_exception import FreezeExceptionRow
from interlock.store.gonogo import GonogoRow, VoteRow
from interlock.store.outbox import OutboxRow
from interlock.store.policy_change import PolicyChangeRow, WordRow
from interlock.store.raid import RaidChangeRow, RaidRow
from interlock.store.release import MilestoneRow, ReleaseRow, ScopeRow, template
from interlock.store.runbook import MarkRow, RunRow, StepRow
from interlock.store.signoff import RequirementRow, SignoffRow
from interlock.store.ticket import TicketRow
from interlock.store.waiver import WaiverRow

ANCHOR: Final = "audit.anchor"
MANY: Final = 500
"""So many values a statement takes at once on every database."""


MORE: Final[dict[str, type[SQLModel]]] = {
    "waiver": WaiverRow,
    "criterion_evidence": EvidenceRow,
    "freeze_exception": FreezeExceptionRow,
    "collision_acknowledgement": CollisionAcknowledgementRow,
    "signoff_condition": ConditionRow,
    "raid_entry": RaidRow,
    "runbook_run": RunRow,
    "break_glass": BreakGlassRow,
    "gonogo": GonogoRow,
    "gonogo_vote": VoteRow,
    "policy_change": PolicyChangeRow,
    "policy_change_word": WordRow,
}
"""Tables with a column `release_id` whose rows are evidence as they stand, by name. None may hold anybody's name."""
WITHOUT: Final = frozenset({"old_policy", "new_policy"})
"""What of those rows stands under policies instead, where nothing is concealed: each is what its hash is of."""

BELOW: Final[dict[str, tuple[type[SQLModel], str, str]]] = {
    "runbook_step": (StepRow, "run_id", "runbook_run"),
    "runbook_mark": (MarkRow, "step_id", "runbook_step"),
    "raid_change": (RaidChangeRow, "entry_id", "raid_entry"),
}
"""And those whose rows belong to these rows: each with its column that names one, and of which table."""


def restricted_keys(session: Session) -> frozenset[str]:
    """The keys of every ticket that has a security level."""
    return frozenset(session.exec(select(TicketRow.key).where(col(TicketRow.security_level).is_not(None))))


def facts(session: Session, release_id: int, hidden: Collection[str]) -> dict[str, Any]:
    """Everything decided about the release, JSON-ready; no text in it holds one of the `hidden` keys.

    `snapshots` are [id, key, done, priority] by fingerprint, which is made of them but for the key, so that it can be
    recomputed where the key is hidden, too. `policies` are those of each proposal to change the release's, before and
    after. Times are ISO 8601 in UTC.
    """
    one = session.get_one(ReleaseRow, release_id)
    signoffs = session.exec(select(SignoffRow).where(SignoffRow.release_id == release_id).order_by(col(SignoffRow.id)))
    given = list(signoffs)
    requirements = session.exec(select(RequirementRow).where(RequirementRow.release_id == release_id)).all()
    keys = {row.id: row.key for row in requirements}
    glass = session.exec(select(BreakGlassRow).where(BreakGlassRow.release_id == release_id)).all()
    shown = {row.revision_id for row in given} | _shown_to_voters(session, release_id)
    shown |= set(session.exec(select(WordRow.revision_id).where(WordRow.release_id == release_id)))
    shown |= {each for row in glass for each in (row.revision_id, row.confirmed_revision_id) if each}
    revisions = _in(session, CardRevisionRow, col(CardRevisionRow.id), shown)
    marks = {row.fingerprint for row in (*given, *glass, *revisions)}
    told = {
        "release": _row(one, without={"policy", "folded", "number"}),
        "milestones": [_row(each, without={"release_id"}) for each in _milestones(session, release_id)],
        "requirements": [{"id": row.id, "key": row.key} for row in requirements],
        "decisions": [each.value for each in Decision],
        "signoffs": [
            _row(row, without={"release_id", "requirement_id", "revision_id"})
            | {"requirement": keys[row.requirement_id], "revision": row.revision_id}
            for row in given
        ],
        "cards": [_row(each, without={"release_id"}) for each in _cards(session, release_id)],
        "revisions": [_row(each) for each in sorted(revisions, key=lambda row: (row.card_id, row.number))],
        "bookings": _bookings(session, one),
        "more": _more(session, release_id) | {"delegation": _delegations(session, given)},
    }
    found: dict[str, Any] = concealed(told, hidden)
    return found | {
        "tickets": _keys(session, told["more"], hidden),
        "policy": _policy(one.policy, one.policy_version),
        "policies": _policies(session, release_id),
        "snapshots": _snapshots(session, marks, hidden),
        "scope": _stays(session, release_id, hidden),
        "restricted": RESTRICTED,
    }


def first_event(session: Session, release_id: int) -> int:
    """The number of the first that is about the release: at the latest, that its evidence was asked for."""
    ours = col(AuditRow.release_id) == release_id
    return session.exec(select(AuditRow.seq).where(ours).order_by(col(AuditRow.seq)).limit(1)).one()


def segment(
    session: Session, release_id: int, hidden: Collection[str], *, others: bool
) -> tuple[str, list[Link], frozenset[int]]:
    """The hash before the release's first event, every event from that on, and which of them are the release's. Without
    `others` those of other releases are there by their hashes alone, and so is what names one of the `hidden` keys.
    """
    first = first_event(session, release_id)
    names = (AuditRow.seq, AuditRow.previous, AuditRow.hash, AuditRow.body, AuditRow.release_id)
    rows = session.execute(
        columns(*map(col, names))
        .where(col(AuditRow.seq) >= first)
        .order_by(col(AuditRow.seq))
        .execution_options(yield_per=5000)
    )
    before, links, own = "", [], set()
    for seq, previous, digest, body, about in rows:
        before = previous if seq == first else before
        mine = about == release_id
        shown = (mine or others) and not names_any(body, hidden)
        links.append(Link(seq=seq, hash=digest, body=body if shown else None))
        if mine and shown:
            own.add(seq)
    return before, links, frozenset(own)


def people(session: Session, own: Collection[int]) -> list[dict[str, Any]]:
    """Who is beside these events, with the salt of each commitment; and of whom that was erased, by which event."""
    found = [
        {"seq": row.seq, "role": row.role, "salt": row.salt, "data": row.data}
        for row in _in(session, AuditPersonRow, col(AuditPersonRow.seq), own)
    ]
    found += [
        {"seq": row.seq, "role": row.role, "erased_by": row.event}
        for row in _in(session, ErasureRow, col(ErasureRow.seq), own)
    ]
    return sorted(found, key=lambda each: (each["seq"], each["role"]))


def posted_anchors(session: Session, first: int) -> list[Expected]:
    """The anchors that were posted and still are in the outbox, of events from `first` on, by number."""
    rows = session.exec(select(OutboxRow).where(OutboxRow.kind == ANCHOR, OutboxRow.state == "sent")).all()
    found = [
        Expected(
            anchor=Anchor(seq=row.ids["seq"], hash=row.ids["hash"], at=datetime.fromisoformat(row.ids["at"])),
            where=f"channel {row.message_channel}, message {row.message_ts}",
        )
        for row in rows
        if row.ids["seq"] >= first
    ]
    return sorted(found, key=lambda each: each.anchor.seq)


def _milestones(session: Session, release_id: int) -> Iterable[MilestoneRow]:
    ours = select(MilestoneRow).where(MilestoneRow.release_id == release_id)
    return session.exec(ours.order_by(col(MilestoneRow.position)))


def _cards(session: Session, release_id: int) -> Iterable[CardRow]:
    return session.exec(select(CardRow).where(CardRow.release_id == release_id).order_by(col(CardRow.id)))


def _policy(stored: dict[str, Any], version: str) -> dict[str, Any]:
    """The copy, in the form that its version is the hash of: as it is stored, or without what is usual."""
    forms = [stored, essence(template(stored))]
    hashes = [sha256(canonical(each).encode()).hexdigest() for each in forms]
    found = next((place for place, each in enumerate(hashes) if each.startswith(version)), 0)
    return {"version": version, "sha256": hashes[found], "copy": forms[found]}


def _policies(session: Session, release_id: int) -> list[dict[str, Any]]:
    """Each once, in the order in which they came up."""
    rows = session.exec(
        select(PolicyChangeRow).where(PolicyChangeRow.release_id == release_id).order_by(col(PolicyChangeRow.id))
    ).all()
    pairs = [pair for row in rows for pair in ((row.old_version, row.old_policy), (row.new_version, row.new_policy))]
    return [_policy(stored, version) for version, stored in dict(pairs).items()]


def _shown_to_voters(session: Session, release_id: int) -> set[str]:
    """The card revisions on which votes were given, or roll-calls ended."""
    given = select(VoteRow.revision_id).where(VoteRow.release_id == release_id)
    ended = select(GonogoRow.end_revision_id).where(GonogoRow.release_id == release_id)
    return {each for statement in (given, ended) for each in session.exec(statement) if each}


def _more(session: Session, release_id: int) -> dict[str, list[dict[str, Any]]]:
    found = {name: _whole(session, table, "release_id", [release_id]) for name, table in MORE.items()}
    for name, (table, column, of) in BELOW.items():
        found[name] = _whole(session, table, column, [row["id"] for row in found[of]])
    return found


def _whole(session: Session, table: type[SQLModel], column: str, values: Collection[Any]) -> list[dict[str, Any]]:
    """The rows of which the column has one of these values, in their order."""
    rows = _in(session, table, getattr(table, column), values)
    return sorted((_row(row, without=WITHOUT) for row in rows), key=lambda row: row["id"])


def _delegations(session: Session, given: Iterable[SignoffRow]) -> list[dict[str, Any]]:
    """Those that somebody signed by."""
    used = {(row.principal, row.slack_id, row.at) for row in given if row.principal not in {None, row.slack_id}}
    rows = _whole(session, DelegationRow, "slack_id", {who for who, _, _ in used})
    return [row for row in rows if any(_holds(row, *each) for each in used)]


def _holds(row: Mapping[str, Any], who: str | None, stand_in: str, at: datetime) -> bool:
    ended = row["ended_at"] or row["until"]
    return (row["slack_id"], row["stand_in"]) == (who, stand_in) and row["starts"] <= _plain(at) <= ended


def _keys(session: Session, value: Any, hidden: Collection[str]) -> dict[str, str]:
    """By id, the keys of the tickets that the rows name under `ticket` or `ticket_id`."""
    rows = _in(session, TicketRow, col(TicketRow.id), _ticket_ids(value))
    return {row.id: RESTRICTED if row.key in hidden else row.key for row in rows}


def _ticket_ids(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_ticket_ids, value))
    if not isinstance(value, dict):
        return set()
    named = {value[name] for name in ("ticket", "ticket_id") if isinstance(value.get(name), str)}
    return named.union(*map(_ticket_ids, value.values()))


def _snapshots(session: Session, marks: Collection[str], hidden: Collection[str]) -> dict[str, list[list[Any]]]:
    """A ticket that the mirror does not have any more may have been restricted, where anything is."""
    rows = _in(session, ScopeSnapshotRow, col(ScopeSnapshotRow.fingerprint), marks)
    ids = {ticket[0] for row in rows for ticket in row.tickets}
    known = {each.id: each.key for each in _in(session, TicketRow, col(TicketRow.id), ids)} if hidden else {}
    shown = {id_ for id_, key in known.items() if key not in hidden} if hidden else ids
    return {
        row.fingerprint: [[each[0], each[1] if each[0] in shown else RESTRICTED, *each[2:]] for each in row.tickets]
        for row in rows
    }


def _stays(session: Session, release_id: int, hidden: Collection[str]) -> list[list[Any]]:
    """[ticket's id, its key, when it came, when it left or None]."""
    rows = session.execute(
        columns(col(ScopeRow.ticket_id), col(TicketRow.key), col(ScopeRow.added_at), col(ScopeRow.removed_at))
        .join(TicketRow, col(TicketRow.id) == col(ScopeRow.ticket_id))
        .where(col(ScopeRow.release_id) == release_id)
        .order_by(col(ScopeRow.added_at), col(TicketRow.key))
    )
    return [[each[0], RESTRICTED if each[1] in hidden else each[1], _plain(each[2]), _plain(each[3])] for each in rows]


def _bookings(session: Session, one: ReleaseRow) -> list[dict[str, Any]]:
    """Of the environments that the release's criteria name: what was booked for the release, or by anybody."""
    named = {each.get("environment") for each in one.policy.get("criteria", ())} - {None}
    if not named:
        return []
    environments = _in(session, EnvironmentRow, col(EnvironmentRow.key), named)
    names = {row.id: row.key for row in environments}
    rows = session.exec(
        select(BookingRow)
        .where(col(BookingRow.environment_id).in_(list(names)), col(BookingRow.ends) >= one.created_at)
        .order_by(col(BookingRow.starts), col(BookingRow.id))
    )
    without = {"environment_id", "purpose", "reason", "request_id"}  # what people typed there is no decision
    return [_row(row, without=without) | {"environment": names[row.environment_id]} for row in rows]


def _in(session: Session, table: type[Any], column: Any, values: Collection[Any]) -> list[Any]:
    """The rows of which the column has one of these values."""
    wanted = sorted(values)
    found: list[Any] = []
    for start in range(0, len(wanted), MANY):
        found += session.exec(select(table).where(column.in_(wanted[start : start + MANY]))).all()
    return found


def _row(row: SQLModel, without: Collection[str] = ()) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.model_dump().items() if name not in without}


def _plain(value: Any) -> Any:
    """As the chain's texts have times, so that both can be compared letter by letter."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value
