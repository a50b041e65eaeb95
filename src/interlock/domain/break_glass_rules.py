"""Breaking glass: who may do what with it, and when it has come to its end."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from interlock.domain import names
from interlock.domain.actor import Person
from interlock.domain.authority import Refused
from interlock.domain.break_glass import BreakGlass, Confirmed, Flag, Outcome, Review, Stale
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.release import Release, Stage
from interlock.domain.signoff import Progress, Requirement
from interlock.domain.stage import needed_for
from interlock.domain.words import join

BECAUSE: Final = re.compile(r"(?:^|(?<=\s))because:?(?=\s|$)", re.IGNORECASE)
MAY: Final = "may confirm it"
ENDS: Final = {
    Outcome.WITHDRAWN: "It was withdrawn.",
    Outcome.UNANSWERED: "Nobody confirmed it in time.",
    Outcome.REVOKED: "It was taken back.",
    Outcome.LAPSED: "Its time is over.",
    Outcome.OVERTAKEN: "What it was for changed, so it counts no more.",
    Outcome.LEFT: "One of the two who answered for it is not here any more.",
}


def taken_apart(text: str) -> tuple[str, str | None]:
    """`2026.12 QA because the fix …`: what stands before the word, and why; None where it was not said."""
    found = BECAUSE.search(text)
    if found is None:
        return text.strip(), None
    return text[: found.start()].strip(), text[found.end() :].strip()


def unfit(one: Release) -> Refused | None:
    """Why nobody can break glass for this release at all."""
    if one.policy.break_glass is None:
        return Refused(
            reason="no_break_glass",
            sentence=f"{one.name} has no break glass: its template, {one.policy.name}, gives none.",
        )
    return _over(one)


def choose(typed: str, requirements: Sequence[Requirement], one: Release) -> tuple[Requirement, ...] | Refused:
    """The sign-offs that are meant by `typed`, names with commas between; without any, all that go needs still."""
    parts = [part for part in (each.strip() for each in typed.split(",")) if part]
    if not parts:
        needed = [each for each in requirements if needed_for(each, Stage.GO)]
        return _checked([each for each in needed if each.progress is not Progress.MET], one, named=False)
    known = {each.name: each for each in requirements} | {each.key: each for each in requirements}
    found = []
    for part in parts:
        meant = names.find(part, list(known))
        if not isinstance(meant, names.Found):
            said, listed = part[: names.LONGEST], join([each.name for each in requirements])
            return Refused(
                reason="unknown_requirement",
                sentence=f"{one.name} has no sign-off “{said}”. Its sign-offs: {listed}. Put commas between several.",
            )
        found.append(known[meant.name])
    return _checked([each for each in requirements if each in found], one, named=True)


def _checked(wanted: list[Requirement], one: Release, *, named: bool) -> tuple[Requirement, ...] | Refused:
    if stopped := _not_over_a_word(wanted, one):
        return stopped
    open_ones = [each for each in wanted if each.progress is Progress.OPEN]
    allowed = [each for each in open_ones if each.rule.break_glass]
    if not open_ones or (named and len(open_ones) < len(wanted)):
        given = join([each.name for each in wanted if each not in open_ones]) or "every sign-off that go needs"
        return Refused(reason="nothing_open", sentence=f"{one.name} has {given} already: nobody has to break glass.")
    if not allowed or (named and len(allowed) < len(open_ones)):
        forbidden = join([each.name for each in open_ones if not each.rule.break_glass])
        return Refused(
            reason="forbidden",
            sentence=f"{forbidden} of {one.name} can't be let pass: policy wants it signed, in an emergency too.",
        )
    return tuple(allowed)


def _not_over_a_word(wanted: Iterable[Requirement], one: Release) -> Refused | None:
    """What somebody said stands: a rejection, and the conditions of an approval."""
    for each in wanted:
        if each.progress is Progress.REJECTED:
            by = join([given.person.name for given in each.rejections])
            return Refused(
                reason="rejected",
                sentence=f"{by} rejected {one.name} for {each.name}, and nobody breaks glass over a rejection: it has "
                "to be taken back first.",
            )
        if each.open_conditions:
            return Refused(
                reason="conditions_open",
                sentence=f"{each.name} of {one.name} was approved on conditions that are open, and nobody breaks glass "
                f"over them: type /release conditions {one.name}.",
            )
    return None


def confirm(
    glass: BreakGlass,
    one: Release,
    requirements: Sequence[Requirement],
    changes: tuple[MaterialChange, ...],
    me: Person,
    now: datetime,
) -> Confirmed | Stale | Refused:
    """What a click on Confirm comes to. `changes` are the material ones since the ask, and since the clicked card."""
    if me.slack_id == glass.asked_by.slack_id:
        return Refused(
            reason="own_request",
            sentence=f"You asked to break this glass, so you can't confirm it. Somebody else who {MAY} can.",
        )
    if glass.confirmed_by is not None and glass.outcome is None:
        if glass.confirmed_by.slack_id == me.slack_id:
            return Confirmed(covers=glass.covers, again=True)
        return Refused(reason="confirmed_already", sentence=f"{glass.confirmed_by.name} confirmed it already.")
    if refused := _ended(glass, now) or unfit(one):
        return refused
    if changes:
        return Stale(changes=changes)
    wanted = [each for each in requirements if each.key in glass.requirements]
    if refused := _not_over_a_word(wanted, one):
        return refused
    covered = [each for each in wanted if each.progress is Progress.OPEN and each.rule.break_glass]
    if not covered:
        return Refused(
            reason="nothing_open", sentence=f"{one.name} has those sign-offs by now: nobody has to break glass."
        )
    return Confirmed(covers=tuple(each.key for each in covered))


def take_back(glass: BreakGlass, one: Release, me: Person, now: datetime) -> Outcome | Refused:
    """What taking it back makes of it."""
    if me.slack_id not in {each.slack_id for each in glass.people}:
        listed = join([each.name for each in glass.people], "or")
        return Refused(reason="not_yours", sentence=f"Only {listed} can take it back.")
    if refused := _ended(glass, now) or _over(one):
        return refused
    return Outcome.REVOKED if glass.confirmed_by else Outcome.WITHDRAWN


def review(glass: BreakGlass, me: Person, words: str) -> Review | Refused | None:
    """None where it may be reviewed by this person; else the review that stands, where it is the same."""
    if glass.confirmed_by is None:
        return Refused(reason="not_confirmed", sentence="Nobody confirmed it, so there is nothing to review.")
    if me.slack_id in {each.slack_id for each in glass.people}:
        return Refused(
            reason="own_glass", sentence="You are one of the two who broke this glass: somebody else reviews it."
        )
    if glass.review is None:
        return None
    if glass.review.by.slack_id == me.slack_id and glass.review.words == words:
        return glass.review
    return Refused(reason="reviewed_already", sentence=f"{glass.review.by.name} reviewed it already: that stays.")


def not_reviewed(one: Release, due: Flag) -> Refused:
    """Why a release is not closed yet: then no digest would say it any more."""
    return Refused(
        reason="break_glass_due",
        sentence=f"{one.name} can't be closed yet: glass was broken for {join(list(due.requirements))}, and nobody has "
        f"reviewed that. Somebody other than {join(list(due.by), 'or')} types /release breakglass review {due.id} and "
        "what they found, or it is signed now.",
    )


def over(glass: BreakGlass, *, changed: bool, now: datetime) -> Outcome | None:
    """How it has come to its end by itself; None where it has not. `changed`: the scope is not what both saw."""
    if glass.outcome is not None:
        return None
    due = glass.until or glass.answer_by
    if now >= due:
        return Outcome.LAPSED if glass.confirmed_by else Outcome.UNANSWERED
    if not all(each.is_member for each in glass.people):
        return Outcome.LEFT
    return Outcome.OVERTAKEN if changed else None


def _ended(glass: BreakGlass, now: datetime) -> Refused | None:
    ended = glass.outcome or over(glass, changed=False, now=now)
    if ended is None:
        return None
    sentence = f"{ENDS[ended]} Have it asked anew where it is needed still."
    return Refused(reason=f"ended_{ended.value}", sentence=sentence)


def _over(one: Release) -> Refused | None:
    if not one.settled:
        return None
    return Refused(reason="release_over", sentence=f"{one.name} is {one.stage.value}: nothing is left to let pass.")
