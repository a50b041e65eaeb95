"""Broken glass as messages: the card that is confirmed, what is told at each step, and the line in every report."""

from collections.abc import Sequence
from typing import Any, Final

from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    channel,
    confirm,
    context,
    day,
    escape,
    line,
    message,
    moment,
    refusal,
    section,
    sentence,
)
from bot.views.forms import input_text, modal
from interlock.domain.actor import Person
from interlock.domain.break_glass import Flag, GlassCard, Outcome
from interlock.domain.break_glass_rules import ENDS
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.names import LONGEST
from interlock.domain.release import LONGEST_REASON
from interlock.domain.signoff import Requirement
from interlock.domain.visibility import RESTRICTED
from interlock.domain.words import count, join

CONFIRM: Final = "break_glass.confirm"
TAKE_BACK: Final = "break_glass.take_back"
REVIEW: Final = "break_glass.review"
WORDS: Final = "words"
SHOWN: Final = 2
"""How many times stand in a report."""
NAMED: Final = 5
MARK: Final = 12
"""So many letters of a fingerprint tell scopes apart."""


def flagged(flags: Sequence[Flag]) -> list[str]:
    """What every report says of it: a line for each time, the newest first, and how many more there were."""
    told = [_flag(each) for each in reversed(flags)]
    more = [f"*Break glass* was used {count(len(told) - SHOWN, 'more time')} before that"] if len(told) > SHOWN else []
    return told[:SHOWN] + more


def _flag(flag: Flag) -> str:
    """`*Break glass used* Mon 23 Nov for QA by Ana and Tom: payments fail · holds until 10:00 · *not reviewed*`"""
    by, names = join([line(each) for each in flag.by]), _names(flag.requirements)
    parts = [
        f"*Break glass used* {day(flag.at)} for {names} by {by}: {line(flag.reason, 100)}",
        f"holds until {moment(flag.until)}" if flag.until else "",
        line(flag.settled) if flag.settled else f"*not reviewed* (number {flag.id})",
    ]
    return " · ".join(filter(None, parts))


def refused(why: str) -> Message:
    return refusal(escape(why))


def card(picture: GlassCard, reader: str = "", *, direct: bool = False) -> Message:
    """What would be let pass, in whose place, on which scope and why, with the buttons. `reader`: the id of who alone
    reads it, and then it has none that would refuse them. `direct`: they are sent it, for they may confirm it.
    """
    one, glass = picture.release, picture.glass
    name = line(one.name, LONGEST)
    state = _state(picture)
    return message(
        f"Break glass for {name}: {state}.",
        section(f"*Break glass {glass.id} for {name}* · {state}"),
        section("\n".join(_passed(each, picture) for each in picture.asked)),
        section(f"*Scope* {_scope(picture)}\n*Why* {line(glass.reason, LONGEST_REASON)}"),
        _buttons(picture, reader, direct=direct),
        context(_footer(picture, direct=direct)),
    )


def asked(picture: GlassCard, channel_id: str, confirmers: int, *, again: bool) -> Message:
    """For whoever asked: what they asked for, and who is asked now."""
    drawn = card(picture, picture.glass.asked_by.slack_id)
    told = "You asked for this already: it waits" if again else "Asked"
    head = (
        f"{told}. {count(confirmers, 'person', 'people')} may confirm it, by direct message or in "
        f"{channel(channel_id)}; you hear of it."
    )
    return message(head, section(head), *drawn.blocks)


def confirmed(picture: GlassCard, *, again: bool) -> Message:
    until = f" until {moment(picture.glass.until)}" if picture.glass.until else ""
    word = "Recorded already" if again else "Recorded"
    name = line(picture.release.name, LONGEST)
    return sentence(
        f"{word}: you confirmed break glass {picture.glass.id}. {name} passes without {_names(picture.names)}{until}."
    )


def stale(picture: GlassCard, changes: Sequence[MaterialChange], hidden: frozenset[str]) -> Message:
    """Nothing was recorded but the attempt: what is in scope now is not what was asked for."""
    name, by = line(picture.release.name, LONGEST), line(picture.glass.asked_by.name)
    told = f"({_changed(changes, hidden)})"
    if picture.waits:
        return refusal(
            f"Not confirmed: the scope of {name} changed since you were shown it {told}, back to what {by} asked "
            "about. /release breakglass shows it as it is."
        )
    return refusal(
        f"Not confirmed: the scope of {name} is not what {by} asked about any more {told}. It is asked anew with "
        "/release breakglass."
    )


def _changed(changes: Sequence[MaterialChange], hidden: frozenset[str] | None) -> str:
    """`DATA-9 added and a restricted ticket removed`; no ticket is named where `hidden` is None."""
    told = [f"{_subject(each, hidden)} {each.what}" for each in changes]
    more = [f"{len(told) - NAMED} more"] if len(told) > NAMED else []
    return join(told[:NAMED] + more)


def _subject(change: MaterialChange, hidden: frozenset[str] | None) -> str:
    if change.ticket is None:
        return line(change.about)
    if hidden is None:
        return "a ticket"
    return RESTRICTED if change.ticket.id in hidden else line(change.ticket.key)


def taken_back(picture: GlassCard) -> Message:
    glass = picture.glass
    told = "withdrew" if glass.outcome is Outcome.WITHDRAWN else "took back"
    return sentence(f"Recorded: you {told} break glass {glass.id} for {line(picture.release.name, LONGEST)}.")


def reviewed(picture: GlassCard, *, again: bool) -> Message:
    word = "Recorded already" if again else "Recorded"
    name = line(picture.release.name, LONGEST)
    return sentence(f"{word}: you reviewed break glass {picture.glass.id} for {name}.")


def review_form(picture: GlassCard) -> dict[str, Any]:
    glass = picture.glass
    by = join([line(each.name) for each in glass.people])
    return modal(
        REVIEW,
        "Review broken glass",
        [
            section(
                f"*{line(picture.release.name, LONGEST)}* went without {_names(picture.names)}, by {by}: "
                f"{line(glass.reason, LONGEST_REASON)}"
            ),
            input_text(
                WORDS,
                "What you looked at, and what came of it",
                multiline=True,
                at_most=LONGEST_REASON,
                hint="Kept in the record, and told to the two.",
            ),
        ],
        submit="Record the review",
        private={"break_glass": glass.id},
    )


def news(picture: GlassCard, what: str, hidden: frozenset[str], *, direct: bool) -> Message:
    """What happened, for a channel, which is named no ticket, or for one of the two, who don't review it."""
    one, glass = picture.release, picture.glass
    name = line(one.name, LONGEST)
    head, told = _happened(picture, what, hidden if direct else None)
    foot = f"You get this because you are one of the two who answer for break glass {glass.id}." if direct else None
    return message(
        f"{name}: {head}.",
        section(f"*{name}* · *{head}*\n{told}"),
        actions(_take_back(picture), None if direct else _review(picture)),
        context(foot) if foot else None,
    )


def passed_over(picture: GlassCard, names: Sequence[str]) -> Message:
    """For somebody whose sign-off it lets pass."""
    one, glass = picture.release, picture.glass
    name, what = line(one.name, LONGEST), _names(names)
    by = join([line(each.name) for each in glass.people])
    until = f" until {moment(glass.until)}" if glass.until else ""
    return message(
        f"{name} passes without your sign-off for {what}.",
        section(
            f"*{name}* passes without {what}{until}, on the word of {by}.\n*Why* {line(glass.reason, LONGEST_REASON)}"
        ),
        context(
            f"You get this because you may sign for {what}. Signing still counts, and settles this: the card is in "
            f"{channel(one.channel_id)}."
        ),
    )


def _happened(picture: GlassCard, what: str, hidden: frozenset[str] | None) -> tuple[str, str]:
    glass = picture.glass
    by, names = join([line(each.name) for each in glass.people]), _names(picture.names)
    if what == "confirmed":
        until = f" until {moment(glass.until)}" if glass.until else ""
        after = (
            "It ends with the first material change. It stands in every report from now on, until whoever was passed "
            f"over has signed, or somebody other than the two reviews it: `/release breakglass review {glass.id} …`"
        )
        lines = [
            f"It passes without {names}{until}, on the word of {by}.",
            f"*Why* {line(glass.reason, LONGEST_REASON)}",
            f"*Scope* {_scope(picture)}",
            after,
        ]
        return "glass is broken", "\n".join(lines)
    if what == "reviewed" and glass.review:
        return (
            f"break glass {glass.id} is reviewed",
            f"{line(glass.review.by.name)}: {line(glass.review.words, LONGEST_REASON)}",
        )
    ended = ENDS[Outcome(what)]
    if glass.end_changes:
        ended = f"{ended.rstrip('.')}: {_changed(glass.end_changes, hidden)}."
    who = f" By {line(glass.ended_by.name)}." if glass.ended_by else ""
    why = f" {line(glass.end_reason, LONGEST_REASON)}" if glass.end_reason else ""
    if glass.confirmed_by is None:
        return "break glass ended without effect", f"{ended}{who}{why} To be signed, or asked anew: {names}."
    return "broken glass holds no more", f"{ended}{who}{why} To be signed before it goes on: {names}."


def _state(picture: GlassCard) -> str:
    glass = picture.glass
    if picture.holds and glass.until:
        return f"confirmed by {_name(glass.confirmed_by)}, holds until {moment(glass.until)}"
    if glass.outcome:
        had = f", after {line(glass.confirmed_by.name)} had confirmed it" if glass.confirmed_by else ""
        by = f" by {line(glass.ended_by.name)}" if glass.ended_by else ""
        return f"{ENDS[glass.outcome].rstrip('.').lower()}{by}{had}"
    if picture.changed:
        return "what it was for changed: it has to be asked anew"
    return f"waits to be confirmed until {moment(glass.answer_by)}" if picture.waits else "nobody confirmed it in time"


def _passed(requirement: Requirement, picture: GlassCard) -> str:
    """`*QA* 1 of 2 signed · not signed by Ines Calder or Tom Arkwright`"""
    left = [line(each.name) for each in requirement.left]
    more = [f"{len(left) - NAMED} more"] if len(left) > NAMED else []
    missing = f"not signed by {join(left[:NAMED] + more, 'or')}" if left else _nobody(requirement)
    signed = f"{requirement.count} of {requirement.quorum} signed"
    covered = picture.glass.covers
    kept = " · signed when it was confirmed, so not let pass" if covered and requirement.key not in covered else ""
    return f"*{line(requirement.name)}* {signed} · {missing}{kept}"


def _nobody(requirement: Requirement) -> str:
    """Why there is nobody to wait for."""
    could = join([line(each.name) for each in requirement.unverified])
    return f"{could} may sign only once they typed `/link`" if could else "nobody is left who may sign"


def _scope(picture: GlassCard) -> str:
    hidden = f" · {count(picture.restricted, 'restricted ticket')} among them" if picture.restricted else ""
    print_ = picture.glass.fingerprint[:MARK]
    done = f"{picture.done} of {count(picture.tickets, 'ticket')} done{hidden}"
    return f"{done} · as of fingerprint `{print_}`{', changed since' if picture.changed else ''}"


def _buttons(picture: GlassCard, reader: str, *, direct: bool) -> Block | None:
    glass = picture.glass
    one_of_them = reader in {each.slack_id for each in glass.people}
    return actions(
        None if reader == glass.asked_by.slack_id else _confirm(picture),
        None if reader and not one_of_them else _take_back(picture),
        None if one_of_them or direct else _review(picture),
    )


def _confirm(picture: GlassCard) -> Block | None:
    if picture.revision_id is None:
        return None
    glass, names = picture.glass, join(list(picture.names))
    hours = count(glass.holds_hours, "hour")
    sure = confirm(
        "Break glass?",
        f"{picture.release.name} passes without {names} for {hours}, on your word and {glass.asked_by.name}'s.",
        "Break glass",
    )
    return button("Confirm: break glass", CONFIRM, ("revision", picture.revision_id), style="danger", confirm=sure)


def _take_back(picture: GlassCard) -> Block | None:
    if not (picture.waits or picture.holds):
        return None
    word = "Take it back" if picture.holds else "Withdraw"
    sure = confirm(f"{word}?", f"Break glass {picture.glass.id} for {picture.release.name} ends at once.", word)
    return button(word, TAKE_BACK, ("break_glass", picture.glass.id), confirm=sure)


def _review(picture: GlassCard) -> Block | None:
    if picture.flag is None or not picture.flag.due:
        return None
    return button("Review…", REVIEW, ("break_glass", picture.glass.id))


def _footer(picture: GlassCard, *, direct: bool) -> str:
    glass = picture.glass
    told = ["You get this because you may confirm it."] if direct else []
    told.append(f"Asked by {line(glass.asked_by.name)} {moment(glass.asked_at)}.")
    if picture.waits:
        told.append(f"One other person confirms it, and then it holds for {count(glass.holds_hours, 'hour')}.")
    if picture.others:
        told.append(f"Not let pass, and missing too: {_names(picture.others)}.")
    told.append("It overrides no rejection, gate, freeze or stale Jira, and ends with the first material change.")
    if glass.review:
        told.append(f"Reviewed by {line(glass.review.by.name)}: {line(glass.review.words, LONGEST_REASON)}")
    elif picture.flag:
        told.append(f"{line(picture.flag.settled).capitalize() or 'Not reviewed yet'}.")
    return " ".join(told)


def _names(names: Sequence[str]) -> str:
    return join([line(each) for each in names])


def _name(who: Person | None) -> str:
    return line(who.name) if who else "somebody"
