"""The RAID log as messages: the list, one entry with its history, and what its owners are asked."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final

from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    context,
    day,
    escape,
    line,
    mark,
    message,
    moment,
    refusal,
    section,
    sentence,
    ticket_link,
)
from interlock.domain.actor import Person
from interlock.domain.authority import Refused
from interlock.domain.raid import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    Change,
    Deed,
    Entry,
    Kind,
    Log,
    Mitigation,
    Told,
    finding,
    is_overdue,
)
from interlock.domain.visibility import RESTRICTED
from interlock.domain.words import count, join

SHOW: Final = "raid.show"
ALL: Final = "raid.all"
MAP: Final = "raid.map"
NEW: Final = "raid.new"
REVIEW: Final = "raid.review"
EDIT: Final = "raid.edit"
CLOSE: Final = "raid.close"

SHOWN: Final = 5
WHOLE: Final = 40
LINES: Final = 10
"""Of the whole list, in one section: it stays below a section's length."""
CHANGES: Final = 5
NAMES: Final = {
    "title": "title",
    "owner": "owner",
    "probability": "probability",
    "impact": "impact",
    "review_on": "review",
    "details": "details",
    "ticket": "ticket",
    "approver": "approver",
    "contributors": "contributors",
    "informed": "informed",
    "release": "release",
}
"""What of a change is told, by the names of domain.raid.facts."""
TICKET_GONE: Final = "a ticket that the tracker no longer shows"

TicketUrl = Callable[[str], str]


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def listing(log: Log, url: TicketUrl, *, whole: bool = False) -> Message:
    """The five that matter most, each with its button; `whole` has a line for every one, closed ones last."""
    name, entries, payload = line(log.release.name), log.entries, ("release", log.release.id)
    if not entries:
        return message(
            f"{name} has no risk, assumption, issue or decision yet.",
            section(f"*RAID log of {name}* · nothing entered yet"),
            context(f"`/raid risk {name}` enters a risk; `assumption`, `issue` and `decision` work alike."),
        )
    shown = entries if whole else log.open[:SHOWN]
    more = len(log.open) - len(shown)
    closed = len(entries) - len(log.open)
    rest = [
        f"and {more} more" if more > 0 else "",
        f"{closed} closed" if closed and not whole else "",
    ]
    return message(
        f"RAID log of {name}: {_counts(log)}.",
        section(f"*RAID log of {name}* · {_light(log)} · {_counts(log)}"),
        *(_whole(log, url) if whole else [_row(each, log.today, url) for each in shown]),
        context(" · ".join(filter(None, rest))) if any(rest) else None,
        actions(
            None if whole or not any(rest) else button(f"Show all {len(entries)}", ALL, payload),
            button("Heat map", MAP, payload) if log.risks else None,
            None if log.release.ended else button("Enter a risk…", NEW, payload),
        ),
    )


def entry(told: Told, today: date, url: TicketUrl) -> Message:
    one = told.entry
    payload = ("entry", one.id)
    lines = [
        f"*{one.key}* {line(one.title, LONGEST_TITLE)} · {_state(one)}",
        f"*{one.kind.value.capitalize()}* of {line(one.release.name)} · {_whose(one)} · {_due(one, today)}",
        f"*{'Hangs on' if one.kind is Kind.DECISION else 'Mitigation'}* {_ticket(one.ticket, url)}"
        if one.ticket
        else "",
        f"*{'Options' if one.kind is Kind.DECISION else 'Details'}* {line(one.details, LONGEST_TEXT)}"
        if one.details
        else "",
        _people("With", one.contributors),
        _people("Informed", one.informed),
        f"*Outcome* {line(one.outcome, LONGEST_TEXT)}" if one.outcome else "",
    ]
    changes = [_change(each, told.people) for each in reversed(told.history[-CHANGES:])]
    older = len(told.history) - len(changes)
    return message(
        f"{one.key} {line(one.title)}: {_state(one)}.",
        section("\n".join(filter(None, lines))),
        context("\n".join(changes + ([f"and {count(older, 'older change')}"] if older > 0 else []))),
        actions(
            button("Reviewed…", REVIEW, payload) if one.live else None,
            button("Change…", EDIT, payload) if one.open else None,
            button("Decide…" if one.kind is Kind.DECISION else "Close…", CLOSE, payload) if one.open else None,
        ),
    )


def saved(one: Entry, url: TicketUrl, *, again: bool, changed: bool = False) -> Message:
    """What was entered or, if `changed`, edited."""
    how = ("unchanged " if again else "changed ") if changed else "already " if again else ""
    done = f"is {how}in the RAID log of {line(one.release.name)}"
    number = f" Its score is {one.score}." if one.score is not None else ""
    ticket = f" It hangs on {_ticket(one.ticket, url)}." if one.ticket else ""
    return message(
        f"{one.key} {done}.",
        section(f"*{one.key}* {line(one.title, LONGEST_TITLE)} {done}, {_whose(one)}.{number}{ticket}"),
        context(f"Its owner is asked to review it on {day(one.review_on)}, until it is reviewed or closed."),
        actions(button(f"Show {one.key}", SHOW, ("entry", one.id))),
    )


def reviewed(one: Entry) -> Message:
    number = f" at a score of {one.score}" if one.score is not None else ""
    return sentence(f"*{one.key}* is reviewed{number}. Next review {day(one.review_on)}.")


def closed(one: Entry, *, again: bool) -> Message:
    word = "decided" if one.kind is Kind.DECISION else "closed"
    already = "already " if again else ""
    return sentence(f"*{one.key}* is {already}{word}: {line(one.outcome or '', LONGEST_TEXT)}")


def on_its_way(log: Log, *, picture: bool) -> Message:
    if picture and not log.risks:
        return sentence(f"{escape(finding(log))} There is no heat map to send; `/raid list` shows what else there is.")
    what = "heat map" if picture else "RAID log"
    said = f" {escape(finding(log))}" if picture else ""
    return sentence(f"The {what} of {line(log.release.name)} is on its way to your direct messages.{said}")


def _light(log: Log) -> str:
    return mark("red" if log.high else "amber" if log.overdue else "green")


def _counts(log: Log) -> str:
    parts = [
        f"{len(log.open)} open",
        f"{count(len(log.high), 'high risk')}" if log.high else "",
        f"{count(len(log.overdue), 'review')} overdue" if log.overdue else "",
    ]
    return ", ".join(filter(None, parts))


def _row(each: Entry, today: date, url: TicketUrl) -> Block:
    return section(_line(each, today, url), button(f"Show {each.key}", SHOW, ("entry", each.id)))


def _whole(log: Log, url: TicketUrl) -> list[Block]:
    """Some to a section, so that many fit one message."""
    lines = [_line(each, log.today, url) for each in log.entries[:WHOLE]]
    more = len(log.entries) - WHOLE
    if more > 0:
        lines.append(f"and {more} more: `/raid export` has them all")
    return [section("\n".join(lines[start : start + LINES])) for start in range(0, len(lines), LINES)]


def _line(each: Entry, today: date, url: TicketUrl) -> str:
    """`*R-12* Score 20 · Schema registry upgrade slips · Ana Whitlock · review Fri 4 Dec · DATA-214 …`"""
    parts = [
        f"*{each.key}* {line(each.title)}",
        score(each) if each.score is not None else each.kind.value,
        line(each.owner.name),
        _due(each, today),
        _ticket_key(each.ticket, url) if each.ticket else "",
    ]
    return " · ".join(filter(None, parts))


def score(each: Entry) -> str:
    return f"score {each.score} (p{each.probability} i{each.impact})"


def _state(one: Entry) -> str:
    if not one.open:
        return "decided" if one.kind is Kind.DECISION else "closed"
    return f"open, {score(one)}" if one.score is not None else "open"


def _whose(one: Entry) -> str:
    if one.approver:
        return f"{'to be ' if one.open else ''}approved by {_named(one.approver)}, driven by {_named(one.owner)}"
    return f"owned by {_named(one.owner)}"


def _named(who: Person) -> str:
    return line(who.name) if who.is_member else f"{line(who.name)}, who has left"


def _due(one: Entry, today: date) -> str:
    if one.closed_at:
        by = f" by {line(one.closed_by.name)}" if one.closed_by else ""
        return f"closed{by} {moment(one.closed_at)}"
    what = "wanted" if one.kind is Kind.DECISION else "review"
    return f"{what} {day(one.review_on)}{', overdue' if is_overdue(one, today) else ''}"


def _ticket(ticket: Mitigation | None, url: TicketUrl) -> str:
    if ticket is None:
        return ""
    if not ticket.shown:
        return RESTRICTED
    if ticket.gone:
        return f"{line(ticket.key)}, {TICKET_GONE}"
    return f"{ticket_link(ticket.key, ticket.title, url(ticket.key))}{' (done)' if ticket.done else ''}"


def _ticket_key(ticket: Mitigation, url: TicketUrl) -> str:
    if not ticket.shown:
        return RESTRICTED
    return TICKET_GONE if ticket.gone else ticket_link(ticket.key, "", url(ticket.key))


def _people(what: str, people: Iterable[Person]) -> str:
    names = [_named(each) for each in people]
    return f"*{what}* {join(names)}" if names else ""


def _change(each: Change, people: dict[str, str]) -> str:
    """`Fri 4 Dec 09:00 Ana Whitlock reviewed it: probability 3 → 4 · “…”`"""
    changed = [
        f"{NAMES[name]} {_value(name, each.before.get(name), people)} → {_value(name, after, people)}"
        for name, after in each.after.items()
        if name in NAMES and each.deed is not Deed.CREATED
    ]
    told = f": {', '.join(changed)}" if changed else ""
    note = f" · “{line(each.note, LONGEST_TEXT)}”" if each.note else ""
    deed = "entered" if each.deed is Deed.CREATED else each.deed.value
    return f"{moment(each.at)} {line(each.by.name)} {deed} it{told}{note}"


def _value(name: str, value: Any, people: dict[str, str]) -> str:
    if name in {"title", "details"}:
        return f"“{line(str(value))}”" if value else "nothing"
    if name in {"owner", "approver"}:
        return line(people.get(str(value), "nobody"))
    if name in {"contributors", "informed"}:
        return join([line(people.get(str(each), "somebody")) for each in value]) or "nobody"
    if name == "review_on":
        return day(date.fromisoformat(value))
    if name in {"ticket", "release"}:
        return "another" if value else "none"  # its id says nothing, and its key may not be shown
    return str(value)
