"""Replaying requirements: since when each was met, and since when it would have been."""

from datetime import datetime

from interlock.domain.policy import RequirementRule
from interlock.domain.replay import Difference, minute
from interlock.domain.replay_signoff import Signoffs
from interlock.domain.signoff import Progress


def judge(found: Signoffs) -> tuple[list[Difference], dict[str, int]]:
    """What differs, and what cannot be told, of a release whose sign-offs were asked for."""
    differences: list[Difference] = []
    unjudged: dict[str, int] = {}
    if found.record.requested_by is None:
        return differences, unjudged
    was, would = found.was.rules, found.would.rules
    for rule in would.template.requirements:
        before = was.requirement(rule.key)
        if before is None:
            told = Difference(
                kind="requirement", at=None, what=rule.name, was="not asked", would="not met", why="nobody was asked"
            )
            differences.append(told)
            continue
        difference, doubt = _compared(found, before, rule)
        if difference:
            differences.append(difference)
        elif doubt:
            unjudged[doubt] = unjudged.get(doubt, 0) + 1
    for rule in was.template.requirements:
        if would.requirement(rule.key) is None:
            told = Difference(kind="requirement", at=None, what=rule.name, was="asked", would="not asked")
            differences.append(told)
    return differences, unjudged


def _compared(found: Signoffs, was: RequirementRule, would: RequirementRule) -> tuple[Difference | None, str | None]:
    moments = _moments(found, was.key)
    if all(found.alike(was.key, each) for each in moments):
        return None, None
    before = [found.was.progress(was, each) for each in moments]
    after = [found.would.progress(would, each) for each in moments]
    if None in before or None in after:
        return None, f"requirements: {found.obscure(was.key)}"
    old, new = _met(moments, before), _met(moments, after)
    if not any(each and found.window.holds(each) for each in (*old, *new)) or old == new:
        return None, None
    told = Difference(
        kind="requirement", at=old[0] or new[0], what=would.name, was=_words(*old), would=_words(*new), why=""
    )
    return told, None


def _met(moments: list[datetime], how: list[Progress | None]) -> tuple[datetime | None, datetime | None]:
    """When it was met first, and when it was lost for good after that."""
    met = [moment for moment, each in zip(moments, how, strict=True) if each is Progress.MET]
    lost = [moment for moment in moments if met and moment > met[-1]]
    return (met[0], lost[0] if lost else None) if met else (None, None)


def _words(met: datetime | None, lost: datetime | None) -> str:
    if met is None:
        return "not met"
    told = f"met {minute(met)}"
    return f"{told}, lost {minute(lost)}" if lost else told


def _moments(found: Signoffs, key: str) -> list[datetime]:
    """Whenever something of it changed in either world."""
    moments: set[datetime] = set()
    for world in (found.was, found.would):
        for each in world.kept:
            if each.given.requirement != key:
                continue
            moments |= {each.given.at, *([each.until] if each.until else [])}
            for met_at, ticket in each.given.conditions:
                trail = world.record.trails.get(ticket) if ticket else None
                moments |= {met_at} if met_at else set()
                moments |= {turn.at for turn in trail.turns if turn.field == "done"} if trail else set()
    return sorted(each for each in moments if each <= found.window.until)
