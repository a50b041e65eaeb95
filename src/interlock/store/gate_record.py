"""What lets a release past its gates and freezes, held against the record of decisions: waivers, freeze exceptions,
ticked items and pushed figures.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final

from sqlmodel import Session, col, select

from interlock.store import held
from interlock.store.audit import AuditRow
from interlock.store.criterion import EvidenceRow
from interlock.store.freeze_exception import FreezeExceptionRow
from interlock.store.held import Mark, words
from interlock.store.waiver import WaiverRow

WAIVERS: Final = tuple(f"waiver.{step}" for step in ("asked", "granted", "refused", "withdrawn"))
EXCEPTIONS: Final = tuple(f"exception.{step}" for step in ("asked", "approved", "refused"))
EVIDENCE: Final = tuple(f"criterion.{step}" for step in ("ticked", "unticked", "reported"))
FARTHEST_ZONE: Final = timedelta(hours=14)
"""A waiver ends with its day somewhere on earth."""


def first_difference(session: Session) -> str | None:
    """The first of them whose table and record disagree, as a sentence; None when all agree."""
    waivers = list(session.exec(select(WaiverRow).order_by(col(WaiverRow.id))))
    exceptions = session.exec(select(FreezeExceptionRow).order_by(col(FreezeExceptionRow.id)))
    evidence = session.exec(select(EvidenceRow).order_by(col(EvidenceRow.at), col(EvidenceRow.id)))
    excepted = (mark for row in exceptions for mark in _exception(row))
    return (
        next((f"the end of waiver {row.id}" for row in waivers if _ends_otherwise(row)), None)
        or held.first_difference(session, WAIVERS, _recorded, (mark for row in waivers for mark in _waiver(row)))
        or held.first_difference(session, EXCEPTIONS, _recorded, excepted)
        or held.first_difference(session, EVIDENCE, _recorded, _evidence(evidence))
    )


def _ends_otherwise(row: WaiverRow) -> bool:
    """What it says is the day; what it is held to is the moment."""
    day_over = datetime.combine(row.until + timedelta(days=1), time(), UTC)
    return abs(row.expires_at - day_over) > FARTHEST_ZONE


def _waiver(row: WaiverRow) -> Iterable[Mark]:
    what = f"waiver {row.id}"
    told = (row.release_id, row.criterion, row.until.isoformat())
    yield Mark(what, "asked", row.asked_at, words(*told, row.reason), row.asked_by)
    if row.decided_at:
        yield Mark(what, row.state, row.decided_at, words(*told, row.reason, row.asked_by), row.decided_by or "")


def _exception(row: FreezeExceptionRow) -> Iterable[Mark]:
    what = f"freeze exception {row.id}"
    told = (row.release_id, row.freeze_name, row.starts.isoformat(), row.ends.isoformat())
    reasons = (row.why, row.risk_in, row.risk_out)
    yield Mark(what, "asked", row.asked_at, words(*told, *reasons), row.asked_by)
    if row.decided_at and row.decision:
        yield Mark(what, row.decision, row.decided_at, words(*told, row.decision_reason), row.decided_by or "")


def _evidence(rows: Iterable[EvidenceRow]) -> Iterable[Mark]:
    """A figure is pushed for all gates that ask for it, by one event."""
    for (at, release_id, reporter, value), those in groupby(
        rows, key=lambda row: (row.at, row.release_id, row.reporter, row.value)
    ):
        pushed = list(those)
        if value is not None:
            told = words(release_id, reporter, value, sorted(row.criterion for row in pushed))
            yield Mark("a figure", "reported", at, told, None)
            continue
        for row in pushed:
            step = "ticked" if row.ticked else "unticked"
            yield Mark("an item", step, at, words(release_id, row.criterion, row.link or None), row.slack_id or "")


def _recorded(row: AuditRow, by: str | None) -> Mark:
    facts = json.loads(row.body)["facts"]
    noun, step = row.kind.split(".")
    if noun == "waiver":
        why = (facts["why"],) if step == "asked" else (facts["reason"], facts["asked_by"])
        told: tuple[Any, ...] = (facts["criterion"], facts["until"], *why)
        return Mark(f"waiver {facts['waiver']}", step, row.at, words(row.release_id, *told), by)
    if noun == "exception":
        names = ("why", "risk_in", "risk_out") if step == "asked" else ("reason",)
        told = (*(facts[name] for name in ("freeze", "starts", "ends")), *(facts[name] for name in names))
        return Mark(f"freeze exception {facts['exception']}", step, row.at, words(row.release_id, *told), by)
    if step == "reported":
        told = (facts["reporter"], float(facts["value"]), sorted(facts["criteria"]))
        return Mark("a figure", step, row.at, words(row.release_id, *told), by)
    return Mark("an item", step, row.at, words(row.release_id, facts["criterion"], facts["link"] or None), by)
