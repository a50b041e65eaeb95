"""Where releases stand, held against the record of decisions: their stage, a hold, their target."""

import json
from typing import Any, Final

from sqlmodel import Session, col, select

from interlock.store.audit import AuditRow
from interlock.store.release import ReleaseRow

CREATED: Final = "release.created"
STAGES: Final = {CREATED: "planned", "release.cancelled": "cancelled", "release.closed": "closed"}
MOVED: Final = "release.moved"
HOLDS: Final = ("release.held", "release.resumed")
ASKED: Final = "signoff.requested"
"""By a program of before this moved a planned release on, and no event of its own said so."""


def first_difference(session: Session) -> str | None:
    """The first release that stands otherwise than its last recorded decisions say, as a sentence; None when all do as
    they say. What no event tells of is not judged.
    """
    kinds = (*STAGES, MOVED, *HOLDS, ASKED)
    told: dict[int, dict[str, Any]] = {}
    for row in session.exec(select(AuditRow).where(col(AuditRow.kind).in_(kinds)).order_by(col(AuditRow.seq))):
        if row.release_id is not None:
            told.setdefault(row.release_id, {}).update(_says(row.kind, json.loads(row.body)["facts"]))
    for one in session.exec(select(ReleaseRow).order_by(col(ReleaseRow.id))):
        says = told.get(one.id or 0, {})
        if says.pop("asked", False) and (says.get("stage"), one.stage) == ("planned", "in_progress"):
            del says["stage"]
        stands = {"stage": one.stage, "hold": one.held_reason, "target": one.target.isoformat()}
        unlike = next((what for what, value in says.items() if stands[what] != value), None)
        if unlike:
            return f"the {unlike} of {one.name} is not what the record says"
    return None


def _says(kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    if kind == ASKED:
        return {"asked": True}
    if kind in HOLDS:
        return {"hold": facts["why"] if kind == "release.held" else None}
    if kind == CREATED:
        return {"stage": STAGES[kind], "hold": None, "target": facts["target"]}
    return {"stage": facts["to"] if kind == MOVED else STAGES[kind]}
