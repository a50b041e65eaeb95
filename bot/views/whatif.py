"""What-if answers: what moves and what breaks in at most seven lines, and all of it behind a button."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from itertools import groupby
from typing import Final

from bot.views.blocks import Block, Message, actions, button, context, day, escape, line, message, section, ticket_link
from bot.views.release import title
from interlock.domain.blocker import Node
from interlock.domain.forecast import NoForecast
from interlock.domain.forecast_words import finding
from interlock.domain.freeze import Window
from interlock.domain.release import Release
from interlock.domain.visibility import MEMBER, RESTRICTED, may_show
from interlock.domain.whatif import Basis, Later, Moved, Passed, Promise, TicketWhatIf
from interlock.domain.whatif_target import TargetWhatIf, TimeToSign, Uncovered
from interlock.domain.words import ago, count, day_beside, join

WHATIF: Final = "release.whatif"
ALL: Final = "release.whatif_all"
TICKET_DAY: Final = "ticket_day"
RELEASE_DAY: Final = "release_day"
"""What a button carries: a ticket's or a release's id and the day, `10214_2026-12-18`."""
SHOWN: Final = 2
GRAVEST: Final = 3
MOST: Final = 40

TicketUrl = Callable[[str], str]


def ticket(found: TicketWhatIf, url: TicketUrl, now: datetime, *, whole: bool = False) -> Message:
    asked = found.ticket
    assert asked.before is not None
    assert asked.after is not None
    change = _change(asked.before, asked.after, found.slip)
    lines = [f"*{_name(asked.node, url)}* · {change}"]
    lines += [_basis(found)] if found.basis is not Basis.DUE else []
    lines += [f"*Waits* for what is not done before {day(found.waits)}, so it can't be either"] if found.waits else []
    lines.append(f"*Moves* {_moves(found.moved, url, whole=whole)}")
    broken = [_of_release(one, list(those), found, url, whole=whole) for one, those in _by_release(found.passed)]
    broken += [f"*Promises* {_promises(found.promises, found, url, whole=whole)}"] if found.promises else []
    lines += _cut(broken, whole=whole) or ["*Breaks* no milestone, target or promise"]
    lines += _cut([_foretold(each) for each in found.releases if _changes(each)], whole=whole, most=1)
    carried = f"{asked.node.id}_{asked.after.isoformat()}"
    return _message(
        f"{_plain(asked.node)} {change}: {_breaks(found)}. Nothing was changed.",
        lines,
        found.mirror_as_of,
        now,
        button("Show all of it", ALL, (TICKET_DAY, carried)) if not whole and _is_cut(found) else None,
        *(_what_if_it_moves(each) for each in found.releases[:SHOWN] if each.beyond),
    )


def target(found: TargetWhatIf, now: datetime, *, whole: bool = False) -> Message:
    one, before, after = found.release, found.before, found.after
    change = _change(before.target, after.target, found.slip)
    broken = [
        f"*Freeze* {_freeze(after.target, after.freeze)}" if after.freeze else "",
        _leaves(before.freeze) if before.freeze and not after.freeze else "",
        f"*Bookings* {_bookings(found.uncovered, after.target)}" if found.uncovered else "",
        f"*Same day* {join([line(each.name) for each in found.newly_same_day])}" if found.newly_same_day else "",
        f"*Sign-offs* {_signing(found, whole=whole)}" if found.signing or found.given or found.anew else "",
    ]
    breaks = [each for each in broken if each]
    lines = [
        f"*{title(one)}* · target {change}",
        f"*Milestones* {_milestones(found, whole=whole)}",
        *_cut(breaks, whole=whole, most=GRAVEST),
        f"*Forecast* {_target_forecast(found)}",
    ]
    told = f"{title(one)}: target {change}. {_target_breaks(found)}. Nothing was changed."
    cut = len(found.moved) > 1 or len(found.signing) > SHOWN or len(breaks) > GRAVEST
    show_all = button("Show all of it", ALL, (RELEASE_DAY, f"{one.id}_{after.target.isoformat()}"))
    return _message(told, lines, found.mirror_as_of, now, show_all if cut and not whole else None)


def _message(
    told: str, lines: Iterable[str], mirror_as_of: datetime | None, now: datetime, *buttons: Block | None
) -> Message:
    fresh = f"Jira as of {ago(mirror_as_of, now)}" if mirror_as_of else "Jira was never read yet"
    return message(told, section("\n".join(lines)), context(f"_Nothing was changed. {fresh}_"), actions(*buttons))


def _basis(found: TicketWhatIf) -> str:
    if found.basis is Basis.PROMISE:
        return "*No due date* · counted from the day by which it is promised"
    name = line(found.basis_release.name) if found.basis_release else "its release"
    return f"*No due date* · taken as done on the target of {name}, with nothing to spare"


def _moves(moved: tuple[Moved, ...], url: TicketUrl, *, whole: bool) -> str:
    """`7 tickets in 3 teams that wait for it, the last to Fri 18 Dec: ML-88 Feature store`"""
    if not moved:
        return "nothing else: no open ticket that waits for it is held up"
    teams = len({each.node.team for each in moved})
    overdue = sum(1 for each in moved if each.overdue)
    those = f"{count(len(moved), 'ticket')}{f' in {teams} teams' if teams > 1 else ''} that {_wait(len(moved))} for it"
    late = f", {overdue} past the due date" if overdue else ""
    if whole:
        listed = "".join(f"\n• {_name(each.node, url)} {_days(each)}" for each in moved[:MOST])
        return f"{those}{late}{listed}"
    return f"{those}{late}, the last: {_name(moved[0].node, url)} {_days(moved[0])}"


def _of_release(one: Release, passed: list[Passed], found: TicketWhatIf, url: TicketUrl, *, whole: bool) -> str:
    """`*2026.12* passes the target Thu 17 Dec by 1 business day and Code freeze Fri 4 Dec: ML-88 and 2 more`"""
    broken = [each for each in passed if not each.kept]
    later = next((each for each in found.releases if each.release.id == one.id), None)
    beyond = f" by {count(later.beyond, 'business day')}" if later and later.beyond else ""
    told = [
        f"{'the target' if each.is_target else line(each.name)} {day(each.due)}{beyond if each.is_target else ''}"
        for each in broken or passed
    ]
    shown = told if whole else told[:SHOWN] + ([f"{len(told) - SHOWN} more"] if len(told) > SHOWN else [])
    verb = "passes" if broken else "keeps"
    tickets = (broken or passed)[0].tickets
    names = [_name(each.node, url) for each in (tickets[:MOST] if whole else tickets[:1])]
    more = [f"{len(tickets) - len(names)} more"] if len(tickets) > len(names) else []
    freeze = f" · {_freeze(later.needs, later.freeze)}" if later and later.freeze and broken else ""
    return f"*{line(one.name)}* {verb} {join(shown)}: {join(names + more)}{freeze}"


def _promises(promises: tuple[Promise, ...], found: TicketWhatIf, url: TicketUrl, *, whole: bool) -> str:
    nodes = {each.node.id: each.node for each in (*found.moved, found.ticket)}
    told = [
        f"{line(each.by.name) if each.by else 'somebody'} said {day(each.day)} for {_key(nodes[each.ticket_id], url)}"
        for each in promises
        if each.ticket_id in nodes
    ]
    shown = told if whole else told[:SHOWN]
    more = f" and {len(told) - len(shown)} more" if len(told) > len(shown) else ""
    return f"{'; '.join(shown)}{more}"


def _changes(each: Later) -> bool:
    return each.forecast is not None and (each.likely, each.safe) != (each.forecast.likely, each.forecast.safe)


def _foretold(each: Later) -> str:
    told = each.forecast
    assert told is not None
    return (
        f"*Forecast* {line(each.release.name)}: {_at(told.likely)} at 50 %, {_at(told.safe)} at 85 % → "
        f"{_at(each.likely)}, {_at(each.safe)} at best"
    )


def _at(when: date | None) -> str:
    return day(when) if when else "beyond a year"


def _milestones(found: TargetWhatIf, *, whole: bool) -> str:
    if not found.moved:
        return "none moves"
    if whole:
        listed = "".join(f"\n• {line(old.name)} {day(old.due)} → {day(new.due)}" for old, new in found.moved)
        return f"{len(found.moved)} move{_past(found)}{listed}"
    coming = [pair for pair in found.moved if pair[1] not in found.after.past] or list(found.moved)
    old, new = coming[0]
    moves = f"{len(found.moved)} move" if len(found.moved) > 1 else "1 moves"
    return f"{moves}, next {line(old.name)} {day(old.due)} → {day(new.due)}{_past(found)}"


def _past(found: TargetWhatIf) -> str:
    past = [f"{line(each.name)} ({day(each.due)})" for each in found.newly_past]
    return f" · already past: {join(past)}" if past else ""


def _freeze(when: date, window: Window) -> str:
    return f"{day(when)} lies in {line(window.name)} ({day(window.start)} to {day(window.end)})"


def _leaves(window: Window) -> str:
    return f"*Freeze* {line(window.name)} no longer holds on the target"


def _bookings(uncovered: tuple[Uncovered, ...], new: date) -> str:
    told = []
    for each in uncovered:
        taken = "taken by others" if each.taken else "free"
        booked = each.booking
        told.append(
            f"{line(booked.environment)} ({line(booked.holder)}, until {day(booked.ends)}) does not cover {day(new)}, "
            f"when it is {taken}"
        )
    return "; ".join(told)


def _signing(found: TargetWhatIf, *, whole: bool) -> str:
    pairs = found.signing if whole else found.signing[:SHOWN]
    told = [f"{line(new.requirement)} {_time(new)} instead of {_time(old)}" for old, new in pairs]
    more = [f"{len(found.signing) - len(pairs)} more"] if len(found.signing) > len(pairs) else []
    left = f"time left to sign, in business days: {join(told + more)}" if told else ""
    given = f"{count(found.given, 'approval')} given: bound to the scope, not to the date" if found.given else ""
    anew = f"given anew, as too old by then: {join([line(each) for each in found.anew])}" if found.anew else ""
    return " · ".join(filter(None, (anew, left, given)))


def _time(each: TimeToSign) -> str:
    return "unknown, as nobody can" if each.days is None else str(each.days)


def _target_forecast(found: TargetWhatIf) -> str:
    if isinstance(found.forecast, NoForecast):
        return f"none · {escape(found.forecast.sentence)}"
    return f"target met in {found.after.met} % of the runs, now {found.before.met} % · {finding(found.forecast)}"


def _target_breaks(found: TargetWhatIf) -> str:
    broken = [
        "meets a freeze" if found.after.freeze else "",
        f"{count(len(found.anew), 'sign-off')} would have to be given anew" if found.anew else "",
        f"{count(len(found.uncovered), 'booking')} no longer cover the day" if found.uncovered else "",
        f"{count(len(found.newly_past), 'milestone')} would be past" if found.newly_past else "",
        f"shares the day with {count(len(found.newly_same_day), 'release')}" if found.newly_same_day else "",
    ]
    told = "; ".join(filter(None, broken))
    return told[:1].upper() + told[1:] if told else "It breaks nothing"


def _breaks(found: TicketWhatIf) -> str:
    passed = [each for each in found.passed if not each.kept]
    broken = [
        f"moves {count(len(found.moved), 'ticket')}" if found.moved else "",
        f"passes {count(len(passed), 'date')}" if passed else "",
        f"breaks {count(len(found.promises), 'promise')}" if found.promises else "",
    ]
    return join([each for each in broken if each]) or "it breaks nothing"


def _is_cut(found: TicketWhatIf) -> bool:
    return (
        len(found.moved) > 1
        or len(found.releases) > SHOWN
        or any(len(each.tickets) > 1 for each in found.passed)
        or len(found.promises) > SHOWN
    )


def _cut(lines: list[str], *, whole: bool, most: int = SHOWN) -> list[str]:
    return lines if whole else lines[:most]


def _by_release(passed: tuple[Passed, ...]) -> Iterable[tuple[Release, Iterable[Passed]]]:
    """The domain has them together already."""
    for _, those in groupby(passed, key=lambda each: each.release.id):
        listed = list(those)
        yield listed[0].release, listed


def _what_if_it_moves(each: Later) -> Block:
    carried = (RELEASE_DAY, f"{each.release.id}_{each.target.isoformat()}")
    return button(f"What if {each.release.name} moves to {day(each.target)}", WHATIF, carried)


def _change(before: date, after: date, business_days: int) -> str:
    return f"{day_beside(before, after)} → {day_beside(after, before)} ({_slip(business_days)})"


def _slip(business_days: int) -> str:
    way = "later" if business_days > 0 else "earlier"
    return f"{count(abs(business_days), 'business day')} {way}" if business_days else "no business day between"


def _wait(number: int) -> str:
    return "waits" if number == 1 else "wait"


def _days(each: Moved) -> str:
    new = day(each.after) if each.after else "no day"
    return f"{day(each.before)} → {new}" if each.before else f"→ {new}"


def _name(node: Node, url: TicketUrl) -> str:
    return ticket_link(node.key, node.summary, url(node.key)) if _may_name(node) else RESTRICTED


def _key(node: Node, url: TicketUrl) -> str:
    return ticket_link(node.key, "", url(node.key)) if _may_name(node) else RESTRICTED


def _plain(node: Node) -> str:
    return node.key if _may_name(node) else RESTRICTED.capitalize()


def _may_name(node: Node) -> bool:
    return node.mirrored and may_show(MEMBER, node, node.team)
