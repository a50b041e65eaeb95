"""Environments: as configuration names them, in the lifecycle that their owners gave them."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Field, Session, SQLModel, col

from interlock.domain.environment import Environment, Lifecycle
from interlock.domain.policy import EnvironmentRule
from interlock.store.alone import alone


class EnvironmentRow(SQLModel, table=True):
    """`key` is configuration's. An environment that configuration no longer names stays, retired, with its bookings,
    and is not `configured`. `reason` is why it is in its lifecycle.
    """

    __tablename__ = "environment"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    tier: str
    capacity: int
    lifecycle: str
    reason: str = ""
    configured: bool = True


def load_all(session: Session) -> list[Environment]:
    """Every one but those that configuration no longer names, by key."""
    rows = session.scalars(
        select(EnvironmentRow).where(col(EnvironmentRow.configured)).order_by(col(EnvironmentRow.key))
    )
    return [_to_environment(row) for row in rows]


def ids(session: Session) -> list[int]:
    """Of every environment that ever was."""
    return [each for each in session.scalars(select(col(EnvironmentRow.id)).order_by(col(EnvironmentRow.id))) if each]


def load(session: Session, environment_id: int, *, lock: bool = False) -> Environment | None:
    """With `lock`, nobody else changes its bookings until the transaction ends."""
    statement = select(EnvironmentRow).where(col(EnvironmentRow.id) == environment_id)
    row = session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    return _to_environment(row) if row else None


def set_lifecycle(session: Session, environment_id: int, lifecycle: Lifecycle, reason: str) -> None:
    row = session.get_one(EnvironmentRow, environment_id)
    row.lifecycle, row.reason = lifecycle.value, reason
    session.flush()


def reconcile(session: Session, rules: dict[str, EnvironmentRule]) -> dict[str, list[str]]:
    """Bring the rows in line with configuration; gives the keys that were "added", "changed" and "retired".

    The lifecycle is configuration's only where an environment is new, or comes back: later ones are people's decisions.
    """
    alone(session, "environments")  # replicas that start together would add each twice
    rows = {row.key: row for row in session.scalars(select(EnvironmentRow).with_for_update())}
    done: dict[str, list[str]] = {"added": [], "changed": [], "retired": []}
    for key, rule in rules.items():
        row = rows.get(key)
        facts: dict[str, Any] = {"name": rule.name, "tier": rule.tier, "capacity": rule.capacity}
        if row is None:
            session.add(EnvironmentRow(key=key, lifecycle=rule.lifecycle, **facts))
            done["added"].append(key)
            continue
        if not row.configured:
            facts |= {"configured": True, "lifecycle": rule.lifecycle, "reason": ""}
        if any(getattr(row, name) != value for name, value in facts.items()):
            row.sqlmodel_update(facts)
            done["changed"].append(key)
    for key, row in rows.items():
        if key not in rules and row.configured:
            row.configured, row.lifecycle, row.reason = False, Lifecycle.RETIRED, "configuration no longer names it"
            done["retired"].append(key)
    session.flush()
    return done


def _to_environment(row: EnvironmentRow) -> Environment:
    assert row.id is not None
    return Environment(
        id=row.id,
        key=row.key,
        name=row.name,
        tier=row.tier,
        capacity=row.capacity,
        lifecycle=Lifecycle(row.lifecycle),
        reason=row.reason,
    )
