"""What a decision on sign-offs looks at, read in its own transaction."""

from datetime import datetime

from sqlmodel import Session

from interlock.domain.actor import Actor, Person, Standing
from interlock.domain.authority import Refused
from interlock.domain.card import CardRevision
from interlock.domain.fingerprint import material_changes
from interlock.domain.release import Release
from interlock.domain.signing import Ask, Signature
from interlock.domain.signoff import Requirement
from interlock.domain.visibility import RESTRICTED
from interlock.store import assignee, delegation, mirror, signoff
from interlock.usecases import record


def shown_for(revision_id: str, requirement_id: int) -> str:
    """What a button carries that decides for one requirement alone. A revision's own id holds no dot."""
    return f"{revision_id}.{requirement_id}"


def named(shown: str) -> tuple[str, int | None]:
    """The revision and the requirement that a button names; a requirement that there is none of for what is no number,
    so that nothing is decided for another."""
    revision_id, dot, number = shown.partition(".")
    if not dot:
        return revision_id, None
    return revision_id, int(number) if number.isascii() and number.isdigit() and len(number) < 18 else 0  # noqa: PLR2004 what a bigint holds


def load(
    session: Session,
    one: Release,
    revision: CardRevision,
    standing: Standing,
    now: datetime,
    *,
    wanted: int | None = None,
    signature: Signature | None = None,
) -> tuple[Ask, frozenset[str]]:
    """And the ids of the restricted tickets among the changes."""
    requirements = signoff.requirements(session, one, revision.card.requested_by, now=now)
    held = _held(session, one, requirements, standing.person)
    current, _ = signoff.seen_scope(session, one.id)
    changes = material_changes(revision.seen, current, one.policy.priorities)
    touched = [change.ticket.id for change in changes if change.ticket]
    delegable = any(each.rule.delegation for each in requirements)
    asked = Ask(
        release=one,
        requirements=requirements,
        requested_by=revision.card.requested_by,
        standing=standing,
        assigned=(RESTRICTED if held[1] else held[0]) if held else None,
        changes=changes,
        mirror_as_of=mirror.as_of(session, "tickets"),
        teams=signoff.teams_of(session, touched) if touched and any(each.rule.teams for each in requirements) else {},
        stands_for=delegation.stood_for(session, standing.person.slack_id, now) if delegable else (),
        wanted=wanted,
        signature=signature,
        outdated=revision.policy_version != one.policy_version,
    )
    return asked, signoff.restricted(session, touched) if touched else frozenset()


def _held(
    session: Session, one: Release, requirements: tuple[Requirement, ...], who: Person
) -> tuple[str, bool] | None:
    """A ticket in scope that this person worked on. Whoever is named as able to judge others' work has none."""
    account = who.verified_account
    excluding = (each.eligible for each in requirements if each.rule.exclude_assignees)
    if account is None or any(who.slack_id == each.slack_id for able in excluding for each in able):
        return None
    return assignee.assigned_ticket(session, one.id, account, one.scope_opened_at)


def seen_facts(revision: CardRevision) -> dict[str, object]:
    return {
        "card": revision.card.id,
        "revision": revision.id,
        "fingerprint": revision.fingerprint,
        "policy_version": revision.policy_version,
        "tickets": len(revision.seen),
        "shown": revision.shown,
        "message": list(revision.message) if revision.message else None,
    }


def record_refusal(
    session: Session, actor: Actor, one: Release | None, facts: dict[str, object], refused: Refused, now: datetime
) -> None:
    record.record_refusal(session, "signoff.refused", actor, one, facts, refused, now)
