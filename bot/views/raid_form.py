"""The forms of the RAID log. An input's block id is the field's name in `Invalid.problems`."""

from datetime import date
from typing import Any, Final

from bot.views.blocks import Message, clean, line, option, section
from bot.views.forms import input_date, input_people, input_person, input_select, input_text, modal
from bot.views.text import one_line
from interlock.domain.raid import LONGEST_TEXT, LONGEST_TITLE, Entry, Kind
from interlock.domain.raid_draft import RaidForm

SAVE: Final = "raid.save"
REVIEWED: Final = "raid.reviewed"
CLOSED: Final = "raid.closed"

RELEASE, TITLE, OWNER, REVIEW, TICKET, DETAILS = "release", "title", "owner", "review", "ticket", "details"
PROBABILITY, IMPACT = "probability", "impact"
APPROVER, CONTRIBUTORS, INFORMED = "approver", "contributors", "informed"
NOTE, OUTCOME = "note", "outcome"

PROBABILITIES: Final = ("1 · rare", "2 · unlikely", "3 · possible", "4 · likely", "5 · almost certain")
IMPACTS: Final = ("1 · negligible", "2 · minor", "3 · serious", "4 · major", "5 · severe")
TITLES: Final = {
    Kind.RISK: ("Risk", "What could happen?", "Schema registry upgrade slips past the code freeze"),
    Kind.ASSUMPTION: ("Assumption", "What is taken for granted?", "The vendor delivers on Monday"),
    Kind.ISSUE: ("Issue", "What has gone wrong?", "The quota of the test cluster is used up"),
    Kind.DECISION: ("Decision", "What is to be decided?", "Which schema registry do we ship with?"),
}


def entry(offered: RaidForm) -> dict[str, Any]:
    """A new entry, or a change of one."""
    draft, before = offered.draft, offered.before
    noun, ask, example = TITLES[draft.kind]
    decision, risk = draft.kind is Kind.DECISION, draft.kind is Kind.RISK
    releases = [option(each.name, str(each.id)) for each in offered.releases]
    chosen = str(draft.release_id) if draft.release_id else None
    private = {"kind": draft.kind.value} | ({"entry": before.id, "version": before.version} if before else {})
    return modal(
        SAVE,
        f"Change {before.key}" if before else noun,
        [
            input_select(RELEASE, "Release", releases, initial=chosen),
            input_text(TITLE, ask, initial=_shown(draft.title), placeholder=example, at_most=LONGEST_TITLE),
            input_select(PROBABILITY, "Probability", _scale(PROBABILITIES), initial=_text(draft.probability))
            if risk
            else None,
            input_select(IMPACT, "Impact", _scale(IMPACTS), initial=_text(draft.impact)) if risk else None,
            input_person(OWNER, "Driver" if decision else "Owner", initial=draft.owner or None),
            input_person(APPROVER, "Approver", initial=draft.approver or None, hint="Alone records what was decided.")
            if decision
            else None,
            input_people(CONTRIBUTORS, "Contributors", initial=draft.contributors, optional=True) if decision else None,
            input_people(INFORMED, "Informed", initial=draft.informed, optional=True) if decision else None,
            input_date(
                REVIEW,
                "Wanted by" if decision else "Next review",
                initial=draft.review_on.isoformat() if draft.review_on else None,
                hint="Its owner is reminded from that day on.",
            ),
            input_text(
                DETAILS,
                "Options" if decision else "What is done about it",
                initial=_shown(draft.details),
                multiline=True,
                optional=True,
                at_most=LONGEST_TEXT,
            ),
            input_text(
                TICKET,
                "Ticket" if decision else "Mitigation ticket",
                initial=draft.ticket or None,
                placeholder="DATA-214",
                optional=True,
                at_most=100,
            ),
        ],
        submit="Save",
        private=private,
    )


def review(one: Entry, following: date) -> dict[str, Any]:
    risk = one.kind is Kind.RISK
    return modal(
        REVIEWED,
        f"Review {one.key}",
        [
            section(f"*{one.key}* {line(one.title, LONGEST_TITLE)}\nDoes it still stand as it is?"),
            input_select(PROBABILITY, "Probability", _scale(PROBABILITIES), initial=_text(one.probability))
            if risk
            else None,
            input_select(IMPACT, "Impact", _scale(IMPACTS), initial=_text(one.impact)) if risk else None,
            input_date(REVIEW, "Next review", initial=following.isoformat()),
            input_text(NOTE, "Note", optional=True, multiline=True, at_most=LONGEST_TEXT),
        ],
        submit="Reviewed",
        private={"entry": one.id, "version": one.version},
    )


def close(one: Entry) -> dict[str, Any]:
    decision = one.kind is Kind.DECISION
    what = "What was decided?" if decision else "What came of it?"
    return modal(
        CLOSED,
        f"{'Decide' if decision else 'Close'} {one.key}",
        [
            section(f"{'Decide' if decision else 'Close'} *{one.key}* {line(one.title, LONGEST_TITLE)}?"),
            input_text(
                OUTCOME,
                what,
                multiline=True,
                at_most=LONGEST_TEXT,
                hint="It stays as it is from then on, and stands in the record.",
            ),
        ],
        submit="Decide" if decision else "Close",
        private={"entry": one.id},
    )


def done(said: Message) -> dict[str, Any]:
    """A form's last view: what a message would say, without its buttons."""
    return modal(SAVE, "RAID log", [each for each in said.blocks if each["type"] != "actions"], close="Done")


def _scale(words: tuple[str, ...]) -> list[dict[str, Any]]:
    return [option(word, str(number)) for number, word in enumerate(words, 1)]


def _shown(text: str) -> str | None:
    """What was entered, as it can be seen: an input shows raw text."""
    return one_line(clean(text)) or None


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
