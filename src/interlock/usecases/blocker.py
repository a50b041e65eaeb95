"""Blockers for the people who ask, and what they do about them: take one, or ask for silence."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain import names
from interlock.domain.actor import Actor, Person
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.blocker import BlockerList
from interlock.domain.names import Found, NotFound, Several
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Unclear, choose
from interlock.domain.visibility import RESTRICTED, Audience
from interlock.store import audit, blocker, release, ticket_read
from interlock.store.engine import Store
from interlock.usecases import audience, authority, blocker_view, home, settled_ping
from interlock.usecases.announcement import name_of
from interlock.usecases.record import record_refusal

LONGEST_QUIET = timedelta(days=31)
"""Nobody silences a blocker for longer in one go."""
TOO_FAR = "Give a date within the next 31 days; it can be put off again then."


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    key: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snoozed:
    key: str
    until: datetime


def listing(store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str) -> BlockerList | Unclear | Refused:
    """`/blockers [team|release]`: without a name the channel's release, else the only one under way."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.BLOCKER_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session), "team or release")
        team = _team(policy, typed)
        if team and not isinstance(meant, Unclear) and not _is_name(typed, [team, policy.teams[team].name]):
            if not _is_name(typed, [meant.name]):
                asked = f"Do you mean the team {policy.teams[team].name} or the release {meant.name}?"
                return Unclear(sentence=asked, choices=(meant,))
            team = None
        if team:
            return blocker_view.of_team(session, policy, team)
        if isinstance(meant, Unclear):
            return _or_team(policy, typed, meant)
        return blocker_view.of_release(session, policy, release.load(session, meant.id))


def of_release(store: Store, policy: Policy, actor: Actor, release_id: int) -> BlockerList | Refused:
    """As `listing`, for the release that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.BLOCKER_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        return blocker_view.of_release(session, policy, release.load(session, release_id))


def of_team(store: Store, policy: Policy, actor: Actor, team: str) -> BlockerList | Refused:
    """As `listing`, for the team that a button names by its key."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.BLOCKER_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        return blocker_view.of_team(session, policy, team if team in policy.teams else None)


def for_channel(
    store: Store, policy: Policy, release_id: int, channel_id: str, shared_by: str
) -> tuple[BlockerList, Audience, str]:
    """For a post in the channel, with who reads it there, and the name of whoever shared it."""
    with store.read() as session:
        found = blocker_view.of_release(session, policy, release.load(session, release_id))
        return found, audience.of_channel(session, policy, channel_id), name_of(session, shared_by)


def ticket(store: Store, policy: Policy, actor: Actor, ticket_id: str) -> str | Refused:
    """The key of the ticket that a button names, for somebody who may take it."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.BLOCKER_TAKE, actor)
        if isinstance(allowed, Refused):
            return allowed
        return _key(session, ticket_id)


def named(store: Store, policy: Policy, actor: Actor, key: str) -> str | Refused:
    """The id of the ticket whose key was typed, for the form of somebody who may take it."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.BLOCKER_TAKE, actor)
        return allowed if isinstance(allowed, Refused) else _named(session, key)


def take(store: Store, policy: Policy, actor: Actor, ticket_id: str, until: datetime, now: datetime) -> Taken | Refused:
    """Somebody is on it: the ladder is silent until the date that they give."""
    with store.write() as session:
        return _take(session, policy, actor, ticket_id, until, now)


def take_typed(store: Store, policy: Policy, actor: Actor, key: str, until: datetime, now: datetime) -> Taken | Refused:
    """`/blockers take KEY DAY`: as `take`, of the ticket whose key was typed."""
    with store.write() as session:
        return _take(session, policy, actor, _named(session, key), until, now)


def snooze(
    store: Store, policy: Policy, actor: Actor, ticket_id: str, until: datetime, reason: str, now: datetime
) -> Snoozed | Refused:
    """Silence until a date, with a reason that stands in the record."""
    with store.write() as session:
        return _snooze(session, policy, actor, ticket_id, until, reason, now)


def snooze_typed(
    store: Store, policy: Policy, actor: Actor, key: str, until: datetime, reason: str, now: datetime
) -> Snoozed | Refused:
    """`/blockers snooze KEY DAY why`: as `snooze`, of the ticket whose key was typed."""
    with store.write() as session:
        return _snooze(session, policy, actor, _named(session, key), until, reason, now)


def _take(
    session: Session, policy: Policy, actor: Actor, ticket: str | Refused, until: datetime, now: datetime
) -> Taken | Refused:
    past = "Give a date from today on: by when will it be out of the way?"
    begun = _begin(session, policy, actor, "blocker.take_refused", ticket, until, past, now)
    if isinstance(begun, Refused):
        return begun
    who, ticket_id, key = begun
    blocker.take(session, ticket_id, actor.slack_id, until, now)
    _record(session, "blocker.taken", actor, who, {"ticket": ticket_id, "until": until.isoformat()}, now)
    _told_differently(session, ticket_id, now)
    home.refresh(session, actor.slack_id, now)
    return Taken(key=key, until=until)


def _snooze(
    session: Session,
    policy: Policy,
    actor: Actor,
    ticket: str | Refused,
    until: datetime,
    reason: str,
    now: datetime,
) -> Snoozed | Refused:
    past = "Give a date from today on: until when should it be silent?"
    begun = _begin(session, policy, actor, "blocker.snooze_refused", ticket, until, past, now)
    if isinstance(begun, Refused):
        return begun
    who, ticket_id, key = begun
    blocker.snooze(session, ticket_id, actor.slack_id, until, reason)
    _record(
        session,
        "blocker.snoozed",
        actor,
        who,
        {"ticket": ticket_id, "until": until.isoformat(), "reason": reason},
        now,
    )
    _told_differently(session, ticket_id, now)
    home.refresh(session, actor.slack_id, now)
    return Snoozed(key=key, until=until)


def _told_differently(session: Session, ticket_id: str, now: datetime) -> None:
    """The pings that were sent say what is so now."""
    episode = blocker.episodes(session).get(ticket_id)
    if episode:
        settled_ping.refresh(session, episode, now)


def _begin(
    session: Session,
    policy: Policy,
    actor: Actor,
    kind: str,
    ticket: str | Refused,
    until: datetime,
    past: str,
    now: datetime,
) -> tuple[Person, str, str] | Refused:
    """Who it is, the ticket's id and its key; its episode begins here if no run has begun it yet. `ticket` is its id,
    or why what was typed names none, which only somebody who may is told; `kind` records who may not.
    """
    allowed = authority.to_decide(session, policy, Permission.BLOCKER_TAKE, actor, now)
    if isinstance(allowed, Refused):
        told = {} if isinstance(ticket, Refused) else {"ticket": ticket}
        return record_refusal(session, kind, actor, None, told, allowed, now)
    if isinstance(ticket, Refused):
        return ticket
    if until <= now:
        return Refused(reason="past", sentence=past)
    if until - now > LONGEST_QUIET:
        return Refused(reason="too_far", sentence=TOO_FAR)
    key = _key(session, ticket)
    if isinstance(key, Refused):
        return key
    blocker.open_episodes(session, {ticket: None}, now)
    return allowed.person, ticket, key


def _named(session: Session, key: str) -> str | Refused:
    """The id of the ticket whose key was typed. A restricted one is not told of."""
    found = ticket_read.by_key(session, names.tidy(key).upper())
    if found is None or found.restricted or found.done:
        known = names.tidy(key)[: names.LONGEST] or "that key"
        return Refused(reason="unknown_ticket", sentence=f"No open ticket {known} is known here. Check its key.")
    return found.id


def _key(session: Session, ticket_id: str) -> str | Refused:
    found = ticket_read.by_id(session, ticket_id)
    if found is None or found.done:
        return Refused(
            reason="cleared", sentence="That ticket stands in nobody's way any more: nothing is left to take."
        )
    return RESTRICTED if found.restricted else found.key


def _team(policy: Policy, typed: str) -> str | None:
    """The key of the team whose key or name was typed, or the only one that begins so."""
    if not names.tidy(typed):
        return None
    by_name = {key: key for key in policy.teams} | {team.name: key for key, team in policy.teams.items()}
    found = names.find(names.tidy(typed), list(by_name))
    begun = {by_name[name] for name in found.names} if isinstance(found, Several) else set()
    if len(begun) == 1:
        return begun.pop()  # its key and its name begin alike
    return by_name[found.name] if isinstance(found, Found) else None


def _is_name(typed: str, whole: Iterable[str]) -> bool:
    """Whether all of one of these names was typed, and not merely its beginning."""
    return names.fold(typed) in map(names.fold, whole)


def _or_team(policy: Policy, typed: str, unclear: Unclear) -> Unclear:
    """A misspelt team is guessed before releases that look nothing like it are listed."""
    wanted = names.tidy(typed)
    found = names.find(wanted, [*policy.teams, *(team.name for team in policy.teams.values())])
    if not wanted or not isinstance(found, NotFound) or not found.near:
        return unclear
    return Unclear(sentence=f"There is no team or release {wanted}. Did you mean {found.near[0]}?", choices=())


def _record(session: Session, kind: str, actor: Actor, who: Person, facts: dict[str, str], now: datetime) -> None:
    audit.append(session, AuditEvent(kind=kind, actor=actor, facts=facts, people={"actor": asdict(who)}), now)


def audience_of(store: Store, policy: Policy, channel_id: str) -> Audience:
    """Who reads the channel."""
    with store.read() as session:
        return audience.of_channel(session, policy, channel_id)
