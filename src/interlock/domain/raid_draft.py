"""What somebody enters for a RAID entry, in a form or in a line, and what is wrong with it."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from interlock.domain import names
from interlock.domain.actor import Person
from interlock.domain.names import too_long, unsaid
from interlock.domain.raid import AHEAD, LONGEST_TEXT, LONGEST_TITLE, MOST_PEOPLE, SCALE, Entry, Kind
from interlock.domain.release import ReleaseName
from interlock.domain.visibility import RESTRICTED
from interlock.domain.words import day_beside

NOBODY: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaidDraft:
    """Everything of an entry that people say. People are Slack ids, a ticket is its key; what is missing, or could not
    be read, is None or empty.
    """

    kind: Kind
    release_id: int | None
    title: str
    owner: str
    probability: int | None = None
    impact: int | None = None
    review_on: date | None = None
    details: str = ""
    ticket: str = ""
    approver: str = NOBODY
    contributors: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the mirror knows of a draft: its release, its people by Slack id, and whether its ticket is known and may be
    named to whoever asks.
    """

    release: ReleaseName | None
    people: dict[str, Person]
    ticket_known: bool


def draft_of(entry: Entry) -> RaidDraft:
    """The entry as somebody would enter it."""
    return RaidDraft(
        kind=entry.kind,
        release_id=entry.release.id,
        title=entry.title,
        owner=entry.owner.slack_id,
        probability=entry.probability,
        impact=entry.impact,
        review_on=entry.review_on,
        details=entry.details,
        ticket=_ticket(entry),
        approver=entry.approver.slack_id if entry.approver else NOBODY,
        contributors=tuple(each.slack_id for each in entry.contributors),
        informed=tuple(each.slack_id for each in entry.informed),
    )


def _ticket(entry: Entry) -> str:
    """As its editor may see it: a restricted one stands in the draft as such, and so it stays."""
    if entry.ticket is None:
        return ""
    return entry.ticket.key if entry.ticket.shown else RESTRICTED.upper()


def tidied(draft: RaidDraft) -> RaidDraft:
    """Each text on one line, nobody named twice, and nothing that its kind does not have."""
    risk, decision = draft.kind is Kind.RISK, draft.kind is Kind.DECISION
    return replace(
        draft,
        title=names.tidy(draft.title),
        details=names.tidy(draft.details),
        ticket=names.tidy(draft.ticket).upper(),
        probability=draft.probability if risk else None,
        impact=draft.impact if risk else None,
        approver=draft.approver if decision else NOBODY,
        contributors=tuple(dict.fromkeys(draft.contributors)) if decision else (),
        informed=tuple(dict.fromkeys(draft.informed)) if decision else (),
    )


def problems(draft: RaidDraft, found: Findings, today: date, before: Entry | None = None) -> dict[str, str]:
    """A sentence for each field that is wrong, by the field's name. `before` is the entry that it changes: a day that
    it had already may be past.
    """
    wrong: dict[str, str] = {}
    if found.release is None:
        wrong["release"] = "Choose a release."
    elif found.release.ended:
        wrong["release"] = f"{found.release.name} has ended. Choose a release that is under way."
    if problem := unsaid(draft.title, f"Say in a line what the {draft.kind.value} is.", LONGEST_TITLE):
        wrong["title"] = problem
    if problem := too_long(draft.details, LONGEST_TEXT):
        wrong["details"] = problem
    if draft.ticket and not found.ticket_known:
        wrong["ticket"] = f"No ticket {draft.ticket} is known here. Check its key."
    wrong |= _problems_of_day(draft, today, before)
    if draft.kind is Kind.RISK:
        wrong |= _problems_of_risk(draft)
    return wrong | _problems_of_people(draft, found)


def _problems_of_day(draft: RaidDraft, today: date, before: Entry | None) -> dict[str, str]:
    if draft.review_on is None:
        return {"review": "Say by which day: tomorrow, fri, +14d or 2026-12-04."}
    if before and before.review_on == draft.review_on:
        return {}
    if draft.review_on < today:
        return {"review": f"{day_beside(draft.review_on, today)} is past. Give a day from today on."}
    if draft.review_on - today > AHEAD:
        return {"review": "That is more than a year ahead. Give an earlier day."}
    return {}


def _problems_of_risk(draft: RaidDraft) -> dict[str, str]:
    wrong = {}
    if draft.probability not in SCALE:
        wrong["probability"] = "How likely is it, from p1 (rare) to p5 (almost certain)?"
    if draft.impact not in SCALE:
        wrong["impact"] = "How bad would it be, from i1 (negligible) to i5 (severe)?"
    return wrong


def _problems_of_people(draft: RaidDraft, found: Findings) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if trouble := _cannot_act(draft.owner, found, "Say whose it is."):
        wrong["owner"] = trouble
    if draft.kind is not Kind.DECISION:
        return wrong
    if trouble := _cannot_act(draft.approver, found, "Say who approves it: approver @person."):
        wrong["approver"] = trouble
    elif draft.approver == draft.owner:
        wrong["approver"] = "Whoever drives a decision can't approve it. Name somebody else."
    for field, people in (("contributors", draft.contributors), ("informed", draft.informed)):
        if len(people) > MOST_PEOPLE:
            wrong[field] = f"That names {len(people)} people; at most {MOST_PEOPLE} are kept."
        elif trouble := next(filter(None, (_cannot_act(each, found, "") for each in people)), None):
            wrong[field] = trouble
    return wrong


def _cannot_act(slack_id: str, found: Findings, missing: str) -> str | None:
    """People who left, guests and people of other companies own nothing here."""
    if not slack_id:
        return missing
    who = found.people.get(slack_id)
    if who is None:
        return "Interlock does not know that person yet. Name somebody else, or try again in a few minutes."
    if who.active and who.kind == "guest":
        return f"{who.name} is a guest, and a guest can own no entry and be named in none. Name a full member."
    if not who.is_member:
        return f"{who.name} is no active full member of the workspace. Name somebody else."
    return None


def usual_review(today: date, days: int) -> date:
    return today + timedelta(days=days)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedEntry:
    """What stood in a line, in its own words: people as `<@U1>`, `@handle` or an address, a day as people type it.
    What was not said is None; an empty `ticket` says that there is none any more. `rest` is the release's name.
    """

    rest: str = ""
    probability: int | None = None
    impact: int | None = None
    owner: str | None = None
    approver: str | None = None
    contributors: tuple[str, ...] | None = None
    informed: tuple[str, ...] | None = None
    day: str | None = None
    ticket: str | None = None
    title: str | None = None
    details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RaidForm:
    """What the form offers: the releases under way, and the draft that it begins with. `before` is the entry that it
    changes.
    """

    releases: tuple[ReleaseName, ...]
    draft: RaidDraft
    before: Entry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What somebody says who has looked at an entry again. What is None stays, and for the day that is policy's
    proposal. `unread`: a day was said and could not be read. `version` is the entry's that they saw, None where they
    saw none.
    """

    probability: int | None = None
    impact: int | None = None
    review_on: date | None = None
    unread: bool = False
    note: str = ""
    version: int | None = None


def problems_of_review(entry: Entry, looked: Review, today: date) -> dict[str, str]:
    """A sentence for each field that is wrong."""
    wrong: dict[str, str] = {}
    draft = reviewed(entry, looked, today, 0)
    if looked.unread:
        draft = replace(draft, review_on=None)
    wrong |= _problems_of_day(draft, today, None)
    if draft.kind is Kind.RISK:
        wrong |= _problems_of_risk(draft)
    elif looked.probability is not None or looked.impact is not None:
        wrong["probability"] = f"{entry.key} is no risk: it has no probability and no impact."
    if problem := too_long(looked.note, LONGEST_TEXT):
        wrong["note"] = problem
    return wrong


def reviewed(entry: Entry, looked: Review, today: date, usual_days: int) -> RaidDraft:
    """The entry as it stands after the review."""
    return replace(
        draft_of(entry),
        probability=entry.probability if looked.probability is None else looked.probability,
        impact=entry.impact if looked.impact is None else looked.impact,
        review_on=looked.review_on or usual_review(today, usual_days),
    )
