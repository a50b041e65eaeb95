"""Looking at RAID entries again, and closing them. Their owners may always, others with the permission to edit."""

from datetime import date, datetime

from sqlmodel import Session

from interlock.domain import names
from interlock.domain import raid as rules
from interlock.domain import raid_draft as drafts
from interlock.domain.actor import Actor, Standing
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.raid import Deed, Entry, Kind
from interlock.domain.raid_draft import RaidDraft, Review
from interlock.domain.time_zone import hours_of
from interlock.store import raid
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.raid import Invalid, Saved, changed_since, keep, named, refused, unknown


def named_entry(store: Store, policy: Policy, actor: Actor, typed: str, now: datetime) -> Entry | Refused:
    """The open entry whose key was typed, for somebody who may look at it again."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.RAID_VIEW, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        entry = named(session, typed)
        if isinstance(entry, Refused):
            return entry
        return _to_touch(session, policy, actor, entry, now) or rules.not_open(entry) or entry


def entry_of(store: Store, policy: Policy, actor: Actor, entry_id: int, now: datetime) -> Entry | Refused:
    """As `named_entry`, for the entry that a button names."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.RAID_VIEW, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        entry = raid.load(session, entry_id)
        if entry is None:
            return unknown(f"number {entry_id}")
        return _to_touch(session, policy, actor, entry, now) or rules.not_open(entry) or entry


def next_review(store: Store, policy: Policy, actor: Actor, now: datetime) -> date | Refused:
    """The day that a review proposes for the next."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RAID_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        today = hours_of(policy, allowed.person).today(now)
        return drafts.usual_review(today, policy.raid.review_after_days)


def review(
    store: Store, policy: Policy, actor: Actor, entry_id: int, looked: Review, now: datetime
) -> Saved | Invalid | Refused:
    """It was looked at: it stands as it is, or with another probability and impact, until the next day of review."""
    with store.write() as session:
        return _review(session, policy, actor, entry_id, looked, now)


def review_typed(
    store: Store, policy: Policy, actor: Actor, typed: str, looked: Review, now: datetime
) -> Saved | Invalid | Refused:
    """`/raid review R-12 p2 by fri: note`: as `review`, of the entry whose key was typed."""
    with store.write() as session:
        return _review(session, policy, actor, _id_of(session, typed), looked, now)


def close(
    store: Store, policy: Policy, actor: Actor, entry_id: int, outcome: str, now: datetime
) -> Saved | Invalid | Refused:
    """For good, with what came of it. A decision is decided by its approver, whoever drives it. Of two at once, the
    first closes it and the second is told how.
    """
    with store.write() as session:
        return _close(session, policy, actor, entry_id, outcome, now)


def close_typed(
    store: Store, policy: Policy, actor: Actor, typed: str, outcome: str, now: datetime
) -> Saved | Invalid | Refused:
    """`/raid close R-12 outcome`: as `close`, of the entry whose key was typed."""
    with store.write() as session:
        return _close(session, policy, actor, _id_of(session, typed), outcome, now)


def _review(
    session: Session, policy: Policy, actor: Actor, meant: int | Refused, looked: Review, now: datetime
) -> Saved | Invalid | Refused:
    found = _begin(session, policy, actor, meant, now)
    if isinstance(found, Refused):
        return found
    entry, allowed = found
    turned_down = rules.not_open(entry) or changed_since(session, entry, looked.version)
    if entry.release.ended and turned_down is None:
        turned_down = rules.ended(entry.release.name)
    if turned_down:
        return turned_down
    today = hours_of(policy, allowed.person).today(now)
    wrong = drafts.problems_of_review(entry, looked, today)
    if wrong:
        return Invalid(problems=wrong)
    draft: RaidDraft = drafts.reviewed(entry, looked, today, policy.raid.review_after_days)
    assert draft.review_on is not None
    after = raid.review(session, entry, draft.probability, draft.impact, draft.review_on)
    keep(session, entry, after, Deed.REVIEWED, actor, allowed, names.tidy(looked.note), now)
    return Saved(entry=after)


def _close(
    session: Session, policy: Policy, actor: Actor, meant: int | Refused, outcome: str, now: datetime
) -> Saved | Invalid | Refused:
    found = _begin(session, policy, actor, meant, now)
    if isinstance(found, Refused):
        return found
    entry, allowed = found
    said = names.tidy(outcome)
    mine = entry.closed_by is not None and entry.closed_by.slack_id == actor.slack_id
    if mine and entry.outcome == said:
        return Saved(entry=entry, again=True)
    turned_down = rules.not_open(entry)
    if turned_down:
        return turned_down
    four_eyes = rules.not_approver(entry, actor.slack_id)
    if four_eyes:
        return refused(session, actor, four_eyes, {"entry": entry.key, "release": entry.release.name}, now)
    wrong = rules.outcome_problem(said if names.says_something(said) else "", entry.kind)
    if wrong:
        return Invalid(problems={"outcome": wrong})
    after = raid.close(session, entry, said, actor.slack_id, now)
    keep(session, entry, after, Deed.CLOSED, actor, allowed, "", now)
    return Saved(entry=after)


def _id_of(session: Session, typed: str) -> int | Refused:
    found = named(session, typed)
    return found if isinstance(found, Refused) else found.id


def _begin(
    session: Session, policy: Policy, actor: Actor, meant: int | Refused, now: datetime
) -> tuple[Entry, Standing] | Refused:
    """The entry, locked, for somebody who may touch it. `meant` is its id, or why what was typed names none, which only
    somebody who may look is told.
    """
    allowed = authority.to_decide(session, policy, Permission.RAID_VIEW, actor, now)
    if isinstance(allowed, Refused):
        told = {} if isinstance(meant, Refused) else {"entry": meant}
        return refused(session, actor, allowed, told, now)
    if isinstance(meant, Refused):
        return meant
    entry = raid.load(session, meant, lock=True)
    if entry is None:
        return unknown(f"number {meant}")
    why = _to_touch(session, policy, actor, entry, now)
    if why:
        return refused(session, actor, why, {"entry": entry.key, "release": entry.release.name}, now)
    return entry, allowed


def _to_touch(session: Session, policy: Policy, actor: Actor, entry: Entry, now: datetime) -> Refused | None:
    """Why this entry is not theirs to review or close; None where it is."""
    if actor.slack_id in {entry.owner.slack_id, entry.approver.slack_id if entry.approver else None}:
        return None
    allowed = authority.to_decide(session, policy, Permission.RAID_EDIT, actor, now)
    if isinstance(allowed, Standing):
        return None
    who = f"{entry.owner.name}, whose it is, can" if entry.owner.is_member else "Its owner has left"
    if entry.kind is Kind.DECISION and entry.approver and entry.approver.is_member:
        who = f"{entry.approver.name}, who approves it, can"
    return Refused(reason="not_owner", sentence=f"{entry.key} is not yours: {who}. {allowed.sentence}")
