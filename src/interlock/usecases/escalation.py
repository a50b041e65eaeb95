"""Running the ladder: who is told of which blocker now, and what each is told when the message goes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain import blocker as rules
from interlock.domain import escalation
from interlock.domain.blocker import Blockers, Ping, Root, RootLine
from interlock.domain.calendar import WorkCalendar
from interlock.domain.escalation import Episode, NextStep
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.policy import LadderStep, Policy
from interlock.domain.release import Release
from interlock.store import blocker, outbox, person, release
from interlock.store.engine import Store
from interlock.usecases import blocker_view, settled_ping

GOOD_FOR = timedelta(hours=24)
GOOD_FOR_WORKING = timedelta(hours=4)
"""Of business hours, if that is longer: what could not be sent on Friday evening waits for Monday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run would do: `begun` are new roots, with since when; `cleared` are tickets that are none any more;
    `steps` who is told what.
    """

    begun: Mapping[str, datetime | None]
    cleared: tuple[str, ...]
    steps: tuple[Outgoing, ...]


def plan(store: Store, policy: Policy, now: datetime) -> Plan:
    """Look, and change nothing."""
    with store.read() as session:
        known = blocker.episodes(session)
        found = _roots(session, policy)
        begun = {id_: line.since for _, _, lines in found for line in lines if (id_ := line.root.node.id) not in known}
        steps: dict[tuple[str, int], Outgoing] = {}
        for one, _, lines in found:
            ladder = _ladder(policy, one)
            for line in lines:
                episode = known.get(line.root.node.id)
                if episode is None or episode.is_quiet(now):
                    continue
                calendar = _calendar(policy, line.root)
                due = escalation.next_step(episode, ladder, calendar)
                if due and escalation.is_due(due, calendar, now):
                    message = _message(session, policy, one, episode, due, line, now)
                    steps.setdefault((episode.ticket_id, due.number), message)
        current = {line.root.node.id for _, _, lines in found for line in lines}
        return Plan(begun=begun, cleared=tuple(sorted(set(known) - current)), steps=tuple(steps.values()))


def run(store: Store, policy: Policy, now: datetime) -> Plan:
    """Do what the plan says; a step that another run told meanwhile is not told again."""
    first = plan(store, policy, now)
    with store.write() as session:
        known = blocker.episodes(session)
        for ticket_id in first.cleared:
            if ticket_id in known:
                settled_ping.refresh(session, known[ticket_id], now)
        blocker.clear(session, first.cleared, now)
        blocker.open_episodes(session, first.begun, now)
    # What has just begun may be due at once.
    steps = plan(store, policy, now).steps
    with store.write() as session:
        told = tuple(step for step in steps if blocker.tell(session, step.ids["blocker_id"], step.ids["step"], now))
        for step in told:
            outbox.enqueue(session, step, now)
    return replace(first, steps=told)


def ping(store: Store, policy: Policy, ids: Mapping[str, int], now: datetime) -> Ping | None:
    """What the message says when it is sent; None once it has cleared, or somebody has it in hand."""
    with store.read() as session:
        one = release.load(session, ids["release_id"])
        episodes = {each.id: each for each in blocker.episodes(session).values()}
        episode = episodes.get(ids["blocker_id"])
        if one.ended or episode is None or episode.is_quiet(now):
            return None
        found = blocker_view.in_the_way(session, policy, one)
        line = next(
            (each for each in blocker_view.lines(session, found, {}) if each.root.node.id == episode.ticket_id), None
        )
        if line is None:
            return None
        ladder, calendar = _ladder(policy, one), _calendar(policy, line.root)
        following = escalation.next_step(episode, ladder, calendar)
        return Ping(
            release=one,
            line=line,
            own_reasons=_own_reasons(found, line.root),
            opens_at=calendar.next_opening(now),
            to=ladder[min(ids["step"], len(ladder) - 1)].to,
            business_days=calendar.business_days_between(calendar.today(line.since), calendar.today(now))
            if line.since
            else None,
            following=following,
            following_name=_name_of(session, policy, one, following.step, line) if following else None,
        )


def _roots(session: Session, policy: Policy) -> list[tuple[Release, Blockers, tuple[RootLine, ...]]]:
    """The roots in the way of each release under way. A ticket outside the mirror has no owner who could be told."""
    found = []
    for one in release.active(session):
        blockers = blocker_view.in_the_way(session, policy, one)
        lines = blocker_view.lines(session, blockers, {})
        found.append((one, blockers, tuple(line for line in lines if line.root.node.mirrored)))
    return found


def _own_reasons(found: Blockers, root: Root) -> tuple[rules.Reason, ...]:
    own = found.blocked.get(root.node.id)
    return own.reasons if own else ()


def _ladder(policy: Policy, one: Release) -> tuple[LadderStep, ...]:
    ladder = policy.ladders.get(one.policy.ladder or "")
    return ladder.steps if ladder else ()


def _calendar(policy: Policy, root: Root) -> WorkCalendar:
    team = policy.teams.get(root.node.team or "")
    return policy.calendars[(team.calendar if team else None) or policy.calendar]


def _message(
    session: Session, policy: Policy, one: Release, episode: Episode, due: NextStep, line: RootLine, now: datetime
) -> Outgoing:
    return Outgoing(
        key=settled_ping.post_key(episode.id, due.number),
        kind="blocker.ping",
        ids={"blocker_id": episode.id, "release_id": one.id, "step": due.number},
        channel=_address(session, policy, one, due.step, line),
        urgency=Urgency.PROMPT,
        not_after=max(now + GOOD_FOR, _calendar(policy, line.root).add_business_time(now, GOOD_FOR_WORKING)),
    )


def _address(session: Session, policy: Policy, one: Release, step: LadderStep, line: RootLine) -> str:
    """A person's direct message; the release's channel where the step says so, or nobody can be told in person."""
    slack_id = _recipient(session, policy, one, step, line)
    return f"@{slack_id}" if slack_id else one.channel_id


def _recipient(session: Session, policy: Policy, one: Release, step: LadderStep, line: RootLine) -> str | None:
    """Who hears of it: people who left and people of other companies are passed over."""
    if step.to == "owner":
        owner = line.owner.person if line.owner else None
        return owner.slack_id if owner and owner.is_member else None
    if step.to == "team_lead":
        team = policy.teams.get(line.root.node.team or "")
        lead = person.by_email(session, [team.lead]).get(team.lead.casefold()) if team and team.lead else None
        return lead.slack_id if lead else None
    if step.to == "release_manager":
        manager = person.people(session, [one.created_by]).get(one.created_by)
        return manager.slack_id if manager and manager.is_member else None
    return None


def _name_of(session: Session, policy: Policy, one: Release, step: LadderStep, line: RootLine) -> str | None:
    """The name of whoever the step tells in person; None where it tells the release's channel."""
    slack_id = _recipient(session, policy, one, step, line)
    return person.people(session, [slack_id])[slack_id].name if slack_id else None
