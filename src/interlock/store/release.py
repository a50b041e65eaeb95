"""Releases, their milestones and their scope."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Index, delete, select, text
from sqlmodel import Field, Session, SQLModel, col

from interlock.domain import names
from interlock.domain.actor import Actor
from interlock.domain.policy import (
    BreakGlassRule,
    CriterionRule,
    GonogoRule,
    MilestoneRule,
    RequirementRule,
    StepRule,
    Template,
)
from interlock.domain.release import ENDED, SETTLED, Held, Milestone, Release, ReleaseName, ScopeRule, Stage
from interlock.domain.template import essence
from interlock.store.base import UtcDateTime
from interlock.store.engine import StoreError


class ReleaseRow(SQLModel, table=True):
    """`policy` is the template's copy, `policy_version` its hash. `folded` is `names.fold` of the name: names differ by
    more than letter case. `scope_rule` is {"versions": [ids], "labels": [...], "epics": [keys]}. `number` grows with
    each change, and the row is locked by whoever decides about the release.
    """

    __tablename__ = "release"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    folded: str = Field(unique=True)
    template: str
    policy: dict[str, Any] = Field(sa_type=JSON)
    policy_version: str
    stage: str
    target: date
    channel_id: str = Field(index=True)
    scope_rule: dict[str, Any] = Field(sa_type=JSON)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    scope_opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str | None = None
    close_reason: str | None = None
    number: int = 0
    held_by: str | None = None
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    held_reason: str | None = None


class MilestoneRow(SQLModel, table=True):
    __tablename__ = "milestone"

    release_id: int = Field(primary_key=True, foreign_key="release.id")
    position: int = Field(primary_key=True)
    name: str
    due: date
    reached_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ScopeRow(SQLModel, table=True):
    """A ticket's stay in a release's scope; it may leave and come back."""

    __tablename__ = "scope"
    __table_args__ = (
        Index(
            "uq_scope_current",
            "release_id",
            "ticket_id",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_scope_ticket", "ticket_id"),
        Index("ix_scope_history", "release_id", "removed_at", "added_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="release.id")
    ticket_id: str = Field(foreign_key="ticket.id")
    added_at: datetime = Field(sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def load(session: Session, release_id: int, *, lock: bool = False) -> Release:
    """The release; raises StoreError for an id that none has. With `lock`, nobody else decides on it until the
    transaction ends.
    """
    statement = select(ReleaseRow).where(col(ReleaseRow.id) == release_id).execution_options(populate_existing=True)
    row = session.execute(statement.with_for_update() if lock else statement).scalar()
    if row is None:
        raise StoreError(f"There is no release number {release_id}. See /release list.")
    return _to_releases(session, [row])[0]


def by_name(session: Session, name: str) -> Release | None:
    """The release of this very name, letter case aside; ended ones too."""
    row = session.execute(select(ReleaseRow).where(col(ReleaseRow.folded) == names.fold(name))).scalar()
    return _to_releases(session, [row])[0] if row else None


def active(session: Session) -> list[Release]:
    """Those that have not ended, the next target first."""
    rows = session.scalars(
        select(ReleaseRow)
        .where(col(ReleaseRow.stage).not_in(ENDED))
        .order_by(col(ReleaseRow.target), col(ReleaseRow.folded))
    ).all()
    return _to_releases(session, rows)


def on_target(session: Session, target: date) -> list[Release]:
    """Those that are still to go whose target is this day."""
    rows = session.scalars(
        select(ReleaseRow)
        .where(col(ReleaseRow.stage).not_in(SETTLED), col(ReleaseRow.target) == target)
        .order_by(col(ReleaseRow.folded))
    ).all()
    return _to_releases(session, rows)


def is_alone(session: Session, release_id: int, target: date) -> bool:
    """Whether no other release that is still to go has this target."""
    other = select(col(ReleaseRow.id)).where(
        col(ReleaseRow.id) != release_id, col(ReleaseRow.target) == target, col(ReleaseRow.stage).not_in(SETTLED)
    )
    return session.execute(other.limit(1)).first() is None


def numbers(session: Session) -> dict[int, int]:
    """How often each release was changed, by its id: of those that have not ended."""
    rows = session.execute(
        select(col(ReleaseRow.id), col(ReleaseRow.number)).where(col(ReleaseRow.stage).not_in(ENDED))
    )
    return {release_id: number for release_id, number in rows if release_id is not None}


def all_names(session: Session) -> list[ReleaseName]:
    """Every release that ever was, the newest target first."""
    rows = session.execute(
        select(col(ReleaseRow.id), col(ReleaseRow.name), col(ReleaseRow.stage), col(ReleaseRow.channel_id)).order_by(
            col(ReleaseRow.target).desc(), col(ReleaseRow.folded)
        )
    )
    return [
        ReleaseName(id=release_id, name=name, ended=stage in ENDED, channel_id=channel_id)
        for release_id, name, stage, channel_id in rows
        if release_id is not None
    ]


def scope_rules(session: Session) -> dict[int, ScopeRule]:
    """What each release that has not ended takes, by release id."""
    rows = session.execute(
        select(col(ReleaseRow.id), col(ReleaseRow.scope_rule)).where(col(ReleaseRow.stage).not_in(ENDED))
    )
    return {release_id: scope_rule(rule) for release_id, rule in rows if release_id is not None}


def add(session: Session, release: Release) -> Release:
    """Store a new release with its milestones; the given value's id is not looked at, the returned one has its own.

    Raises IntegrityError where another release has the name.
    """
    row = ReleaseRow(
        name=release.name,
        folded=names.fold(release.name),
        template=release.template,
        policy=essence(release.policy),
        policy_version=release.policy_version,
        stage=release.stage.value,
        target=release.target,
        channel_id=release.channel_id,
        scope_rule=stored_scope_rule(release.scope_rule),
        created_by=release.created_by,
        created_at=release.created_at,
        scope_opened_at=release.scope_opened_at,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    session.add_all(
        MilestoneRow(release_id=row.id, position=position, name=milestone.name, due=milestone.due)
        for position, milestone in enumerate(release.milestones)
    )
    session.flush()
    return replace(release, id=row.id)


def set_stage(session: Session, release_id: int, stage: Stage) -> None:
    """Move a release that the caller holds the lock of."""
    row = session.get_one(ReleaseRow, release_id)
    row.stage = stage.value
    row.number += 1
    session.flush()


def set_policy(
    session: Session, release_id: int, policy: Template, version: str, milestones: Sequence[Milestone]
) -> None:
    """Replace the copy of the template, for a release that the caller holds the lock of."""
    row = session.get_one(ReleaseRow, release_id)
    row.policy, row.policy_version = essence(policy), version
    row.number += 1
    session.execute(delete(MilestoneRow).where(col(MilestoneRow.release_id) == release_id))
    session.add_all(
        MilestoneRow(release_id=release_id, position=position, name=each.name, due=each.due, reached_at=each.reached_at)
        for position, each in enumerate(milestones)
    )
    session.flush()


def hold(session: Session, release_id: int, held: Held | None) -> None:
    """Hold a release that the caller holds the lock of, or (None) let it go on."""
    row = session.get_one(ReleaseRow, release_id)
    row.held_by, row.held_at, row.held_reason = (held.by, held.at, held.reason) if held else (None, None, None)
    row.number += 1
    session.flush()


def end(session: Session, release_id: int, stage: Stage, actor: Actor, reason: str, now: datetime) -> None:
    """End a release that the caller holds the lock of: closed or cancelled."""
    set_stage(session, release_id, stage)
    row = session.get_one(ReleaseRow, release_id)
    row.closed_at, row.closed_by, row.close_reason = now, actor.slack_id, reason
    session.flush()


def scope_rule(stored: dict[str, Any]) -> ScopeRule:
    return ScopeRule(
        version_ids=tuple(stored.get("versions", ())),
        labels=tuple(stored.get("labels", ())),
        epics=tuple(stored.get("epics", ())),
    )


def stored_scope_rule(rule: ScopeRule) -> dict[str, Any]:
    return {"versions": list(rule.version_ids), "labels": list(rule.labels), "epics": list(rule.epics)}


def template(stored: dict[str, Any]) -> Template:
    """A release's own copy of its template. Raises StoreError for one that this program cannot read whole: a rule that
    it passed over would be a gate left open.
    """
    try:
        return Template(
            **_values(stored)
            | {
                "milestones": tuple(MilestoneRule(**_values(each)) for each in stored["milestones"]),
                "requirements": tuple(RequirementRule(**_values(each)) for each in stored["requirements"]),
                "criteria": tuple(CriterionRule(**_values(each)) for each in stored["criteria"]),
                "runbook": tuple(StepRule(**_values(each)) for each in stored.get("runbook", ())),
                "gonogo": gonogo_rule(stored["gonogo"]) if stored.get("gonogo") else None,
                "break_glass": _break_glass(stored.get("break_glass")),
            }
        )
    except (TypeError, KeyError) as error:
        raise StoreError(
            "A release's stored template cannot be read; a newer Interlock may have written it: run that one."
        ) from error


def gonogo_rule(stored: dict[str, Any]) -> GonogoRule:
    """Raises TypeError for a key that this program does not know."""
    return GonogoRule(**_values(stored))


def _break_glass(stored: dict[str, Any] | None) -> BreakGlassRule | None:
    """An empty one has all that is usual."""
    return None if stored is None else BreakGlassRule(**_values(stored))


def _values(stored: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()}


def _to_releases(session: Session, rows: Sequence[ReleaseRow]) -> list[Release]:
    milestones = _milestones(session, [row.id for row in rows if row.id is not None])
    return [_to_release(row, row.id, milestones[row.id]) for row in rows if row.id is not None]


def _milestones(session: Session, release_ids: Iterable[int]) -> dict[int, tuple[Milestone, ...]]:
    found: defaultdict[int, tuple[Milestone, ...]] = defaultdict(tuple)
    rows = session.execute(
        select(
            col(MilestoneRow.release_id), col(MilestoneRow.name), col(MilestoneRow.due), col(MilestoneRow.reached_at)
        )
        .where(col(MilestoneRow.release_id).in_(list(release_ids)))
        .order_by(col(MilestoneRow.release_id), col(MilestoneRow.position))
    )
    for release_id, name, due, reached_at in rows:
        found[release_id] += (Milestone(name=name, due=due, reached_at=reached_at),)
    return found


def _to_release(row: ReleaseRow, release_id: int, milestones: tuple[Milestone, ...]) -> Release:
    return Release(
        id=release_id,
        name=row.name,
        template=row.template,
        policy=template(row.policy),
        policy_version=row.policy_version,
        stage=Stage(row.stage),
        target=row.target,
        channel_id=row.channel_id,
        scope_rule=scope_rule(row.scope_rule),
        milestones=milestones,
        created_by=row.created_by,
        created_at=row.created_at,
        scope_opened_at=row.scope_opened_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        close_reason=row.close_reason,
        held=_held(row),
        number=row.number,
    )


def _held(row: ReleaseRow) -> Held | None:
    if row.held_by is None or row.held_at is None:
        return None
    return Held(by=row.held_by, at=row.held_at, reason=row.held_reason or "")
