"""Freeze exceptions as messages: the form that asks, the card that is decided on, and what whoever asked hears."""

from collections.abc import Iterable
from typing import Any, Final

from bot.views.blocks import (
    Message,
    actions,
    button,
    confirm,
    context,
    cut,
    day,
    escape,
    line,
    message,
    moment,
    option,
    refusal,
    section,
    sentence,
)
from bot.views.forms import input_select, input_text, modal
from interlock.domain.authority import Refused
from interlock.domain.freeze import Window, span, spoken
from interlock.domain.freeze_exception import LONGEST, Decision, ExceptionCard
from interlock.domain.names import LONGEST as NAME
from interlock.domain.release import Release

NEW: Final = "exception.new"
APPROVE: Final = "exception.approve"
REFUSE: Final = "exception.refuse"
FREEZE, WHY, RISK_IN, RISK_OUT, REASON = "freeze", "why", "risk_in", "risk_out", "reason"
VALUE: Final = 150
"""What Slack takes as an option's value; a freeze is found by the beginning of its name."""
STATES: Final = {None: "waits for a decision", Decision.APPROVED: "approved", Decision.REFUSED: "refused"}
HOW: Final = (
    "Type the release, the freeze where there is more than one, and three reasons: "
    "/release exception 2026.12 Year-end why: the regulator's date in: a failed batch over the holidays "
    "out: a fine from 1 January. Without reasons, a form opens in Slack."
)


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def form(one: Release, windows: Iterable[Window]) -> dict[str, Any]:
    """One time of a freeze for each name: the first that the release meets."""
    shown = {each.name: each for each in reversed(list(windows))}
    first = list(shown.values())[-1]
    options = [option(f"{cut(each.name, 30)}: {span(each)}", each.name[:VALUE]) for each in shown.values()]
    which = (
        input_select(FREEZE, "From which freeze", options, initial=first.name[:VALUE])
        if len(options) > 1
        else section(f"*{line(one.name, NAME)}* meets *{line(first.name)}* ({escape(span(first))}).")
    )
    return modal(
        NEW,
        "Freeze exception",
        [
            which,
            input_text(WHY, "Why it cannot wait", multiline=True, at_most=LONGEST),
            input_text(RISK_IN, "The risk if it goes out in the freeze", multiline=True, at_most=LONGEST),
            input_text(
                RISK_OUT,
                "The risk if it waits",
                multiline=True,
                at_most=LONGEST,
                hint="Shown on the card and kept in the record. Somebody else decides.",
            ),
        ],
        submit="Ask",
        private={"release": one.id, "freeze": first.name},
    )


def asked(one: Release, freeze: str, number: int, channel_id: str, *, again: bool) -> Message:
    what = f"exception {number} from {line(freeze)} for *{line(one.name, NAME)}*"
    if again:
        return sentence(f"You asked for {what} already: look in <#{channel_id}>.")
    return sentence(f"Asked: {what} is on its way to <#{channel_id}>. Somebody else decides; you hear of it.")


def card(picture: ExceptionCard) -> Message:
    """What is asked and why, with the buttons while it can be decided on."""
    one, asked_for = picture.release, picture.exception
    name, freeze = line(one.name, NAME), line(asked_for.freeze)
    state = _state(picture)
    when = escape(spoken(asked_for.starts, asked_for.ends, picture.time_zone))
    reasons = asked_for.reasons
    open_ = asked_for.decision is None and not picture.over and not one.ended
    payload = ("freeze_exception", asked_for.id)
    ask = confirm("Approve the exception?", f"{one.name} may go in spite of {asked_for.freeze}.", "Approve")
    return message(
        f"Exception from {freeze} for {name}: {state}.",
        section(f"*Exception {asked_for.id} for {name}* · {state} · target {day(one.target)}\n*From* {freeze}, {when}"),
        section(f"*Why* {_said(reasons.why)}"),
        section(f"*Risk if it goes* {_said(reasons.risk_in)}\n*Risk if it waits* {_said(reasons.risk_out)}"),
        section(_decided(picture)) if asked_for.decision else None,
        actions(
            button("Approve exception", APPROVE, payload, style="primary", confirm=ask),
            button("Refuse…", REFUSE, payload),
        )
        if open_
        else None,
        context(
            f"Asked for by {line(asked_for.asked_by.name)} {moment(asked_for.asked_at)}, who can't decide on it. "
            "It ends with the freeze."
        ),
    )


def judged(picture: ExceptionCard, *, again: bool) -> Message:
    asked_for = picture.exception
    word = STATES[asked_for.decision]
    already = " already" if again else ""
    return sentence(
        f"Recorded{already}: you {word} exception {asked_for.id} from {line(asked_for.freeze)} for "
        f"{line(picture.release.name, NAME)}."
    )


def told(picture: ExceptionCard) -> Message:
    """For whoever asked."""
    asked_for = picture.exception
    name, freeze = line(picture.release.name, NAME), line(asked_for.freeze)
    then = (
        f"{name} may go in spite of it, until it ends."
        if asked_for.decision is Decision.APPROVED
        else f"{name} waits until it is over, or you ask anew with other reasons."
    )
    return message(
        f"Your exception from {freeze} for {name} was {STATES[asked_for.decision]}.",
        section(f"*{name}* · exception from {freeze} {STATES[asked_for.decision]}\n{_decided(picture)}\n{then}"),
        context("You get this because you asked for it."),
    )


def reason_form(picture: ExceptionCard) -> dict[str, Any]:
    asked_for = picture.exception
    return modal(
        REFUSE,
        "Refuse the exception",
        [
            section(f"{line(picture.release.name, NAME)} asked to be excepted from {line(asked_for.freeze)}."),
            input_text(REASON, "Why not?", multiline=True, at_most=LONGEST, hint="Told to whoever asked."),
        ],
        submit="Refuse",
        private={"exception": asked_for.id},
    )


def _state(picture: ExceptionCard) -> str:
    if picture.exception.decision is Decision.REFUSED:
        return STATES[Decision.REFUSED]
    if picture.over:
        return "over with its freeze"
    return STATES[picture.exception.decision]


def _decided(picture: ExceptionCard) -> str:
    asked_for = picture.exception
    by = line(asked_for.decided_by.name) if asked_for.decided_by else "somebody"
    when = f" {moment(asked_for.decided_at)}" if asked_for.decided_at else ""
    why = f": {_said(asked_for.decision_reason)}" if asked_for.decision_reason else "."
    return f"*{STATES[asked_for.decision].capitalize()}* by {by}{when}{why}"


def _said(text: str) -> str:
    return line(text, LONGEST)
