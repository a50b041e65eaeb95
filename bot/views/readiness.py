"""Readiness: what stands between a release and go."""

from datetime import datetime
from typing import Final

from bot.views import forecast
from bot.views.blocks import Message, actions, button, context, escape, line, link, mark, message, section
from bot.views.break_glass import flagged
from bot.views.release import BLOCKERS, SIGNOFFS, STATUS, title
from interlock.domain.criterion import Criterion, State
from interlock.domain.forecast import Forecast
from interlock.domain.forecast_words import assumptions
from interlock.domain.readiness import PastReadiness, Readiness
from interlock.domain.stage import Condition
from interlock.domain.status import days
from interlock.domain.words import ago, count

READINESS: Final = "release.readiness"
AHEAD: Final = "release.ahead"
NAMES: Final[dict[State, str]] = {
    "pass": "Pass",
    "fail": "Fail",
    "pending": "Pending",
    "waived": "Waived",
    "unavailable": "Unavailable",
}
BY_GLASS: Final = "Let pass"
"""By broken glass: nobody waives a sign-off."""
SHOWN: Final = 5
"""How many gates stand in a message before somebody asks for more."""
REASONS: Final = 2


def readiness(picture: Readiness, now: datetime, *, whole: bool = False) -> Message:
    """What stands in the way first, the least effort first; with `whole`, every gate."""
    status = picture.status
    one, payload = status.release, ("release", status.release.id)
    passed = f"{picture.passed} of {count(len(picture.criteria), 'gate')} passed"
    if waived := [each for each in picture.waived if each.waiver]:
        passed += f", {len(waived)} waived"
    if let_pass := len(picture.waived) - len(waived):
        passed += f", {let_pass} let pass"
    head = f"*{title(one)}* · {mark(picture.light)} · {days(status.days_to_go, one.target)} · {passed}"
    between = [gate(each, now) for each in picture.standing] + [missing(each) for each in picture.others]
    standing = between if whole else between[:SHOWN]
    more = len(between) - len(standing)
    told = [
        head + _trend(picture),
        f"*Why* {'; '.join(escape(each) for each in status.reasons[:REASONS])}" if status.reasons else "",
        *flagged(status.break_glass),
        f"*Forecast* {forecast.summary(picture.forecast)}" if picture.forecast else "",
        "*Between us and go*, the least effort first" if standing else "*Nothing stands between us and go*",
        *standing,
        *(gate(each, now) for each in picture.waived),
        *(gate(each, now) for each in picture.criteria if whole and each.state == "pass"),
    ]
    return message(
        f"{title(one)}: {days(status.days_to_go, one.target)}, {passed}.",
        section("\n".join(filter(None, told))),
        actions(
            None if whole else button(f"All {len(picture.criteria)} gates", READINESS, payload),
            button("Status", STATUS, payload),
            button("Blockers", BLOCKERS, payload) if status.blockers else None,
            button("Sign-offs", SIGNOFFS, payload) if status.waiting else None,
            button("Next stage", AHEAD, payload) if whole else None,
        ),
        context(escape(assumptions(picture.forecast))) if whole and isinstance(picture.forecast, Forecast) else None,
        context(" · ".join(filter(None, [f"And {more} more in the way" if more else "", _fresh(picture, now)]))),
    )


def gate(each: Criterion, now: datetime) -> str:
    """`*Pending* Staging is booked: staging is not booked for Thu 17 Dec`"""
    state = BY_GLASS if each.state == "waived" and each.waiver is None else NAMES[each.state]
    state = f"{state}, else {NAMES[each.without].lower()}" if each.without else state
    told = f"*{state}* {line(each.name)}: {line(each.why, 150)}"
    if each.link:
        told += f" ({link(each.link, 'evidence')}, {ago(each.as_of, now)})" if each.as_of else ""
    return told


def missing(each: Condition) -> str:
    """`*Missing* Go/no-go: a roll-call has to say go: type /release gonogo`"""
    return f"*Missing* {line(each.name)}: {line(each.why, 150)}"


def _trend(picture: Readiness) -> str:
    parts = [_since(picture, picture.yesterday, "yesterday"), _since(picture, picture.last_week, "last week")]
    told = ", ".join(filter(None, parts))
    return f" · {told}" if told else ""


def _since(picture: Readiness, past: PastReadiness | None, name: str) -> str:
    if past is None:
        return ""
    moved = picture.passed - past.passed
    if not moved:
        return f"as {name}" if past.light == picture.light else f"was {mark(past.light)} {name}"
    return f"{'▲' if moved > 0 else '▼'} {abs(moved)} since {name}"


def _fresh(picture: Readiness, now: datetime) -> str:
    as_of = picture.status.mirror_as_of
    return f"_Jira as of {ago(as_of, now)}_" if as_of else "_Jira was not read yet_"
