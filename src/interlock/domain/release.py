"""A release: what was planned, from which template, with which scope rule, at which stage."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from interlock.domain.audit import canonical
from interlock.domain.policy import Template


class Stage(StrEnum):
    """Where a release stands. Only the moves that are built exist; the words are all here, so that none is reused."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    FROZEN = "frozen"
    READY = "ready"
    GO = "go"
    DEPLOYING = "deploying"
    RELEASED = "released"
    CLOSED = "closed"
    CANCELLED = "cancelled"


ENDED = frozenset({Stage.CLOSED, Stage.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRule:
    """Which tickets a release takes: those with any of these fix versions (by id), labels or epics (by key)."""

    version_ids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    epics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseName:
    """As much of a release as finding it by name or channel needs."""

    id: int
    name: str
    channel_id: str
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    name: str
    due: date
    reached_at: datetime | None = None


NEW: Final = 0
"""The id of a release that is not stored yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """`policy` is the template as it was when the release was created, and `policy_version` its hash."""

    id: int
    name: str
    template: str
    policy: Template
    policy_version: str
    stage: Stage
    target: date
    channel_id: str
    scope_rule: ScopeRule
    milestones: tuple[Milestone, ...]
    created_by: str
    created_at: datetime
    scope_opened_at: datetime
    closed_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.stage in ENDED


def policy_version(template: Template) -> str:
    """Tells two states of a template apart by their content, whatever its `version` says."""
    return hashlib.sha256(canonical(asdict(template)).encode()).hexdigest()
