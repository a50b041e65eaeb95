"""`/release whatif`: what a later day would break, before anybody agrees to it. One read; nothing is changed."""

from collections import defaultdict
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from interlock.domain import milestone, whatif_target, whatif_words
from interlock.domain import whatif as rules
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.forecast import OVER, calendar_of_team
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release, Unclear, choose
from interlock.domain.ticket import Ticket
from interlock.domain.whatif import Chain, Concerned, Promise, TicketWhatIf, waiting
from interlock.domain.whatif_target import Facts, TargetWhatIf
from interlock.domain.whatif_words import Unread
from interlock.store import (
    blocker,
    blocker_graph,
    booking,
    environment,
    forecast,
    mirror,
    person,
    release,
    scope,
    signoff,
    ticket_read,
    whatif,
)
from interlock.store.engine import Store
from interlock.usecases import authority, obstacle
from interlock.usecases import forecast as forecasts

FORECASTS = 3
"""For how many releases that a ticket concerns a forecast is drawn: each takes its time."""

WhatIf = TicketWhatIf | TargetWhatIf | Unclear | Refused


def ask(store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, now: datetime) -> WhatIf:
    """`/release whatif KEY +3d`, or `target DAY [release]`, asked in a channel, for the asker's eyes."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        wish = whatif_words.read(typed)
        if isinstance(wish, Unread):
            return _unread(wish)
        if wish.key is not None:
            found = ticket_read.by_key(session, wish.key)
            return _ticket(session, policy, found, wish.key, wish.word, now)
        meant = choose(wish.release, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        return _target(session, policy, release.load(session, meant.id), wish.word, now)


def of_ticket(store: Store, policy: Policy, actor: Actor, ticket_id: str, day: date, now: datetime) -> WhatIf:
    """As `ask`, for the ticket and the day that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        return _ticket(session, policy, ticket_read.by_id(session, ticket_id), "there", day.isoformat(), now)


def of_target(store: Store, policy: Policy, actor: Actor, release_id: int, day: date, now: datetime) -> WhatIf:
    """As `ask`, for the release and the day that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        return _target(session, policy, release.load(session, release_id), day.isoformat(), now)


def _ticket(
    session: Session, policy: Policy, found: Ticket | None, key: str, word: str, now: datetime
) -> TicketWhatIf | Refused:
    if found is None or found.restricted or found.done:
        return Refused(reason="unknown_ticket", sentence=f"No open ticket {key} is known here. Check its key.")
    calendar = calendar_of_team(policy, ticket_read.team_of(session, found.id) or "")
    chain = _chain(session, policy, found, calendar.today(now), calendar.zone, now)
    if not chain.releases:
        return Refused(
            reason="no_release",
            sentence=f"{found.key} is in no release under way, nor is anything that waits for it: nothing of a release "
            "would move.",
        )
    new = whatif_words.new_day(word, rules.own_day(chain)[0], calendar, chain.today)
    return _unread(new) if isinstance(new, Unread) else rules.compare(chain, new, calendar, policy)


def _chain(session: Session, policy: Policy, asked: Ticket, today: date, zone: ZoneInfo, now: datetime) -> Chain:
    read = blocker_graph.of_ticket(session, asked.id, policy.tickets.blocked_statuses)
    nodes = {each.id: each for each in read}
    held: defaultdict[int, set[str]] = defaultdict(set)
    for place in scope.current(session, waiting(nodes, asked.id)):
        held[place.release_id].add(place.ticket_id)
    taken = {id_: each for id_, each in blocker.episodes(session).items() if id_ in nodes and each.taken_until}
    takers = person.people(session, {each.taken_by for each in taken.values() if each.taken_by})
    concerned = [one for one in release.active(session) if one.id in held and one.stage not in OVER]
    return Chain(
        asked=asked.id,
        nodes=nodes,
        due=whatif.due(session, nodes),
        promises=tuple(
            Promise(
                ticket_id=id_,
                by=takers.get(each.taken_by or ""),
                day=each.taken_until.astimezone(zone).date(),
            )
            for id_, each in sorted(taken.items())
            if each.taken_until is not None
        ),
        releases=tuple(
            Concerned(
                release=one,
                tickets=frozenset(held[one.id]),
                teams=_teams(session, one),
                forecast=forecasts.read(session, policy, one, now) if number < FORECASTS else None,
                calendar=milestone.calendar_of(policy, one.policy),
                excepted=obstacle.excepted(session, policy, one, now),
            )
            for number, one in enumerate(concerned)
        ),
        today=today,
        mirror_as_of=mirror.as_of(session, "tickets"),
    )


def _target(session: Session, policy: Policy, one: Release, word: str, now: datetime) -> TargetWhatIf | Refused:
    if one.stage in OVER:
        return Refused(reason="ended", sentence=f"{one.name} is {one.stage.value}: its target moves no more.")
    calendar = milestone.calendar_of(policy, one.policy)
    new = whatif_words.new_day(word, one.target, calendar, calendar.today(now))
    if isinstance(new, Unread):
        return _unread(new)
    if why := whatif_target.problem(new, calendar):
        return Refused(reason="no_business_day", sentence=why)
    mine = {each.environment_id for each in booking.of_release(session, one.id)}
    facts = Facts(
        release=one,
        teams=_teams(session, one),
        requirements=signoff.requirements(session, one),
        held=tuple(booking.held(session, [each for each in environment.load_all(session) if each.id in mine])),
        others=tuple(each for each in release.active(session) if each.id != one.id and each.stage not in OVER),
        forecast=forecasts.read(session, policy, one, now),
        mirror_as_of=mirror.as_of(session, "tickets"),
        excepted=obstacle.excepted(session, policy, one, now),
    )
    return whatif_target.compare(facts, new, policy, now)


def _teams(session: Session, one: Release) -> frozenset[str]:
    """The teams whose tickets are in scope: a freeze for any of them binds the release."""
    return frozenset(team for team in forecast.open_by_team(session, one.id) if team is not None)


def _unread(why: Unread) -> Refused:
    return Refused(reason="unread", sentence=why.sentence)
