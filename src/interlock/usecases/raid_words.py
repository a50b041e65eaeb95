"""A RAID entry that was typed in a line: whom, what and when its words mean."""

import re
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from sqlmodel import Session

from interlock.domain import raid_draft as drafts
from interlock.domain import when
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.raid import Entry, Kind
from interlock.domain.raid_draft import RaidDraft, TypedEntry
from interlock.domain.release import Unclear, choose
from interlock.domain.time_zone import hours_of
from interlock.store import person, release
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.raid import named, refused

MENTION: Final = re.compile(r"<@([UW][A-Z0-9]+)>")


def to_add(
    store: Store, policy: Policy, actor: Actor, what: Kind, line: TypedEntry, channel_id: str, now: datetime
) -> RaidDraft | Unclear | Refused:
    """`/raid risk RELEASE p3 i4 @owner by fri DATA-214: title | details`. Without an owner it is the
    typist's, without a day policy's proposal.
    """
    with store.write() as session:  # a refusal is recorded, as where a form is sent
        allowed = authority.to_decide(session, policy, Permission.RAID_EDIT, actor, now)
        if isinstance(allowed, Refused):
            return refused(session, actor, allowed, {}, now)
        meant = choose(line.rest, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        today = hours_of(policy, allowed.person).today(now)
        blank = RaidDraft(
            kind=what,
            release_id=meant.id,
            title="",
            owner=actor.slack_id,
            review_on=drafts.usual_review(today, policy.raid.review_after_days),
        )
        return _filled(session, blank, line, today)


def to_edit(
    store: Store, policy: Policy, actor: Actor, typed: str, line: TypedEntry, now: datetime
) -> tuple[Entry, RaidDraft] | Refused:
    """`/raid edit R-12 p2 i4 @owner by fri DATA-9 to RELEASE: title | details`, any of them: the entry, and what it
    shall be.
    """
    with store.write() as session:  # a refusal is recorded, as where a form is sent
        allowed = authority.to_decide(session, policy, Permission.RAID_EDIT, actor, now)
        entry = named(session, typed)
        if isinstance(allowed, Refused):
            told = {} if isinstance(entry, Refused) else {"entry": entry.id}
            return refused(session, actor, allowed, told, now)
        if isinstance(entry, Refused):
            return entry
        draft = drafts.draft_of(entry)
        if line.rest:
            first, _, name = line.rest.partition(" ")
            if first.casefold() != "to" or not name:
                return Refused(
                    reason="unread",
                    sentence=f"“{line.rest}” is not understood. A release that it moves to stands after `to`.",
                )
            meant = choose(name, "", release.all_names(session))
            if isinstance(meant, Unclear):
                return Refused(reason="unclear", sentence=meant.sentence)
            draft = replace(draft, release_id=meant.id)
        filled = _filled(session, draft, line, hours_of(policy, allowed.person).today(now))
        return filled if isinstance(filled, Refused) else (entry, filled)


def _filled(session: Session, draft: RaidDraft, words: TypedEntry, today: date) -> RaidDraft | Refused:
    """The draft with what was said put in."""
    day = when.day(words.day, today) if words.day is not None else draft.review_on
    said = [words.owner, words.approver, *(words.contributors or ()), *(words.informed or ())]
    ids = {word: _person(session, word) for word in said if word is not None}
    stranger = next((word for word, id_ in ids.items() if id_ is None), None)
    if stranger is not None:
        return Refused(
            reason="unknown_person",
            sentence=f"Nobody here is called {stranger}. Type @ and their handle, or their e-mail address.",
        )
    people = {word: id_ for word, id_ in ids.items() if id_ is not None}
    given: dict[str, Any] = {
        "probability": words.probability,
        "impact": words.impact,
        "ticket": words.ticket,
        "title": words.title,
        "details": words.details,
        "owner": people[words.owner] if words.owner is not None else None,
        "approver": people[words.approver] if words.approver is not None else None,
        "contributors": _all(people, words.contributors),
        "informed": _all(people, words.informed),
    }
    return replace(draft, review_on=day, **{name: value for name, value in given.items() if value is not None})


def _all(people: dict[str, str], words: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if words is None else tuple(people[word] for word in words)


def _person(session: Session, word: str) -> str | None:
    """The Slack id of whom the word names; what cannot own anything is found too, and refused with its reason later."""
    mentioned = MENTION.fullmatch(word)
    if mentioned:
        return mentioned[1]
    if "@" in word[1:]:
        member = person.by_email(session, [word]).get(word.casefold())
        found = member.slack_id if member else None
    else:
        found = person.by_handle(session, word.removeprefix("@"))
    if found is not None:
        return found
    known = person.named(session, word)
    return known.slack_id if known else None
