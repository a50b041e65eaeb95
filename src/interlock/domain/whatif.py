"""What if a ticket is done later (or earlier) than planned: what moves with it, and what that breaks.

A ticket is done on its day at the earliest, and not before what it waits for. The plan is worked out as it is and as it
would be, and the two are compared as values; nothing is changed.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from interlock.domain.actor import Person
from interlock.domain.blocker import Node
from interlock.domain.calendar import WorkCalendar
from interlock.domain.forecast import Forecast, NoForecast, freeze_on
from interlock.domain.freeze import Excepted, Window
from interlock.domain.policy import Policy
from interlock.domain.release import Milestone, Release

Days = Mapping[str, date]
"""When each ticket is done at the earliest, by id; one without any date behind it is missing."""


class Basis(StrEnum):
    """Where a ticket's own day comes from."""

    DUE = "due"
    PROMISE = "promise"
    """Somebody took it, and said by when."""
    TARGET = "target"
    """It has no date: it is taken as done just in time for the first release that needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`by` said that the blocker is out of the way on that day."""

    ticket_id: str
    by: Person | None
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """A release under way, and which of the ticket and those that wait for it are in it."""

    release: Release
    tickets: frozenset[str]
    teams: frozenset[str]
    forecast: Forecast | NoForecast | None
    calendar: WorkCalendar
    excepted: tuple[Excepted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The ticket, all that waits for it, and what these wait for, with what is known of their days."""

    asked: str
    nodes: Mapping[str, Node]
    due: Mapping[str, date]
    promises: tuple[Promise, ...]
    releases: tuple[Concerned, ...]
    today: date
    mirror_as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A ticket that waits for the one that is asked about, and its days; None where no date is behind it."""

    node: Node
    before: date | None
    after: date | None
    overdue: bool
    """Whether its own due date is kept before, and not after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A date of a release that is kept as things are and would not be: `tickets` say which pass it, the latest first.
    `kept` turns it round: it would be kept.
    """

    release: Release
    name: str
    due: date
    tickets: tuple[Moved, ...]
    is_target: bool
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A release's forecast as it is and as it would be at best; `needs` is the day on which the last of the tickets is
    done, `target` the first business day from then on, `beyond` by how many business days the present target is passed,
    `freeze` what holds on the day that is needed.
    """

    release: Release
    needs: date
    target: date
    beyond: int
    freeze: Window | None
    forecast: Forecast | None
    likely: date | None
    safe: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWhatIf:
    """`slip` is in business days of the ticket's team, negative when earlier; `waits` is the day before which what it
    waits for is not done, where that is later than the new day.
    """

    ticket: Moved
    basis: Basis
    basis_release: Release | None
    slip: int
    waits: date | None
    moved: tuple[Moved, ...]
    passed: tuple[Passed, ...]
    promises: tuple[Promise, ...]
    releases: tuple[Later, ...]
    mirror_as_of: datetime | None


def own_day(chain: Chain) -> tuple[date, Basis, Release | None]:
    """The day on which the ticket is planned to be done, today at the earliest, and where that comes from. Needs a
    release where the ticket itself has no date.
    """
    if chain.asked in chain.due:
        return max(chain.due[chain.asked], chain.today), Basis.DUE, None
    for each in chain.promises:
        if each.ticket_id == chain.asked:
            return max(each.day, chain.today), Basis.PROMISE, None
    first = min((each.release for each in chain.releases), key=lambda one: (one.target, one.name))
    return max(first.target, chain.today), Basis.TARGET, first


def waiting(nodes: Mapping[str, Node], asked: str) -> frozenset[str]:
    """The ticket and all that waits for it, directly or not."""
    found, grown = {asked}, True
    while grown:
        more = {id_ for id_, node in nodes.items() if id_ not in found and not found.isdisjoint(node.waits_for)}
        found |= more
        grown = bool(more)
    return frozenset(found)


def compare(chain: Chain, new: date, calendar: WorkCalendar, policy: Policy) -> TicketWhatIf:
    """What the new day comes to. `calendar` is the ticket's team's."""
    old, basis, of_release = own_day(chain)
    own = {id_: max(day, chain.today) for id_, day in chain.due.items()}
    before, after = _days(chain.nodes, own | {chain.asked: old}), _days(chain.nodes, own | {chain.asked: new})
    all_moved = {id_: _moved(chain, id_, before, after) for id_ in chain.nodes if before.get(id_) != after.get(id_)}
    ticket = replace(_moved(chain, chain.asked, before, after), before=old, after=new)
    behind = [each for id_, each in all_moved.items() if id_ != chain.asked]
    return TicketWhatIf(
        ticket=ticket,
        basis=basis,
        basis_release=of_release,
        slip=calendar.business_days_between(old, new),
        waits=after[chain.asked] if after[chain.asked] > new else None,
        moved=tuple(sorted(behind, key=_latest_first)),
        passed=tuple(passed for one in chain.releases for passed in _passed(one, all_moved, chain.today)),
        promises=tuple(each for each in chain.promises if _breaks(each, before, after)),
        releases=tuple(
            _later(one, before, after, policy) for one in chain.releases if not one.tickets.isdisjoint(all_moved)
        ),
        mirror_as_of=chain.mirror_as_of,
    )


def _days(nodes: Mapping[str, Node], own: Days) -> dict[str, date]:
    """The earliest day of each: the latest among its own and those of all that it waits for. A circle has one day."""
    held_by: defaultdict[str, list[str]] = defaultdict(list)
    for id_, node in nodes.items():
        for blocker in node.waits_for:
            held_by[blocker].append(id_)
    days = {id_: own[id_] for id_ in nodes if id_ in own}
    queue = deque(days)
    while queue:  # days only grow, and only to one that is there: it ends
        id_ = queue.popleft()
        for waiting in held_by[id_]:
            if waiting in nodes and (waiting not in days or days[waiting] < days[id_]):
                days[waiting] = days[id_]
                queue.append(waiting)
    return days


def _moved(chain: Chain, id_: str, before: Days, after: Days) -> Moved:
    due, then = chain.due.get(id_), after.get(id_)
    now = before.get(id_)
    overdue = due is not None and now is not None and then is not None and now <= due < then
    return Moved(node=chain.nodes[id_], before=now, after=then, overdue=overdue)


def _passed(one: Concerned, moved: Mapping[str, Moved], today: date) -> list[Passed]:
    dates = [each for each in one.release.milestones if each.due >= today and each.reached_at is None]
    target = Milestone(name="target", due=one.release.target)
    # What is due on the target day itself says nothing that the target does not.
    dates = [each for each in dates if each.due < target.due] + ([target] if target.due >= today else [])
    found = []
    for each in dates:
        mine = [moved[id_] for id_ in one.tickets if id_ in moved]
        for kept in (False, True):
            those = [one_ for one_ in mine if _passes(one_, each.due, kept=kept)]
            if those:
                found.append(
                    Passed(
                        release=one.release,
                        name=each.name,
                        due=each.due,
                        tickets=tuple(sorted(those, key=_latest_first)),
                        is_target=each is target,
                        kept=kept,
                    )
                )
    return sorted(found, key=lambda each: (not each.is_target, each.due))


def _passes(one: Moved, due: date, *, kept: bool) -> bool:
    first, second = (one.after, one.before) if kept else (one.before, one.after)
    return second is not None and second > due and (first is None or first <= due)


def _breaks(promise: Promise, before: Days, after: Days) -> bool:
    then, now = after.get(promise.ticket_id), before.get(promise.ticket_id)
    return then is not None and then > promise.day and (now is None or now <= promise.day)


def _later(one: Concerned, before: Days, after: Days, policy: Policy) -> Later:
    needs, did = _last(one.tickets, after), _last(one.tickets, before)
    found = one.forecast if isinstance(one.forecast, Forecast) else None
    # The forecast knows no dates: what gets later holds it back, what gets earlier does not hurry it.
    held_back = needs if needs > did else date.min
    return Later(
        release=one.release,
        needs=needs,
        target=needs if one.calendar.is_business_day(needs) else one.calendar.add_business_days(needs, 1),
        beyond=max(one.calendar.business_days_between(one.release.target, needs), 0),
        freeze=freeze_on(policy, one.release, needs, one.teams, one.excepted) if needs > one.release.target else None,
        forecast=found,
        likely=max(found.likely, held_back) if found and found.likely else None,
        safe=max(found.safe, held_back) if found and found.safe else None,
    )


def _last(ids: Collection[str], days: Days) -> date:
    return max(days[id_] for id_ in ids if id_ in days)


def _latest_first(each: Moved) -> tuple[int, str]:
    return (-(each.after or date.max).toordinal(), each.node.key)
