"""Readiness: what stands between a release and go. On demand, and as a summary on the days that its template names."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlmodel import Session

from interlock.domain import forecast as forecasts
from interlock.domain import milestone
from interlock.domain import stage as stages
from interlock.domain import status as status_rules
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.calendar import ONE_DAY
from interlock.domain.criterion import Facts, judge
from interlock.domain.forecast import Question
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import CriterionRule, Policy
from interlock.domain.readiness import LONGEST_GAP, PastReadiness, Readiness, of_day
from interlock.domain.release import Release, Stage, Unclear, choose
from interlock.domain.stage import Condition, Grounds
from interlock.domain.status import State
from interlock.domain.visibility import MEMBER, RESTRICTED, Audience, may_show
from interlock.store import booked, criterion, outbox, raid, release, scope, waiver
from interlock.store import readiness as past
from interlock.store.engine import Store
from interlock.usecases import audience, authority, forecast, status
from interlock.usecases.obstacle import go_obstacles

WEEK = timedelta(days=7)


def ask(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, now: datetime
) -> Readiness | Unclear | Refused:
    """`/release readiness [release]`, for the asker's eyes, with the forecast."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        picture, question = _asked(session, policy, meant.id, now)
    return replace(picture, forecast=forecasts.forecast(question, policy, now))


def ask_of(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> Readiness | Refused:
    """As `ask`, for the release that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        picture, question = _asked(session, policy, release_id, now)
    return replace(picture, forecast=forecasts.forecast(question, policy, now))


def plan(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    """The summaries that are due on this day. A day is told once, however often the job runs."""
    with store.read() as session:
        return tuple(post for one in release.active(session) if (post := _due(policy, one, now)))


def run(store: Store, policy: Policy, now: datetime) -> tuple[Outgoing, ...]:
    """Enqueue them, and note how ready each release under way is on this day."""
    posts = plan(store, policy, now)
    with store.write() as session:
        for post in posts:
            outbox.enqueue(session, post, now)
    with store.read() as session:
        today = {one.id: _of_today(read(session, policy, one, now), policy, now) for one in release.active(session)}
    with store.write() as session:
        for release_id, how in today.items():
            past.record(session, release_id, how)
    return posts


def drawn(store: Store, policy: Policy, release_id: int, now: datetime) -> Readiness:
    """The summary as the release's channel may see it."""
    with store.read() as session:
        one = release.load(session, release_id)
        readers = audience.of_channel(session, policy, one.channel_id)
        return _with_others(session, policy, read(session, policy, one, now, readers), now)


def read(session: Session, policy: Policy, one: Release, now: datetime, readers: Audience = MEMBER) -> Readiness:
    """In the caller's transaction; with nothing in it that these readers may not see."""
    state = status.state(session, policy, one, now)
    picture = status_rules.shown_to(readers, status_rules.summarise(state, policy, now))
    calendar = milestone.calendar_of(policy, one.policy)
    today = calendar.today(now)
    rules = one.policy.criteria
    environments = {rule.environment for rule in rules if rule.environment}
    facts = Facts(
        status=picture,
        today=today,
        now=now,
        environments=booked.on_day(session, one.id, environments, one.target, calendar.zone),
        progress=scope.progress(session, one.id) if any(map(_counts_parts, rules)) else {},
        priorities=_priorities(session, state) if any(rule.priority for rule in rules) else (),
        outside=_outside(session, state, readers) if _asks(rules, "dependencies_delivered") else (),
        high_risks=_high_risks(session, policy, one) if _asks(rules, "no_high_risk") else None,
        evidence=criterion.newest(session, one.id) if _asks(rules, "checklist", "report") else {},
        waivers=waiver.in_force(session, one.id, now),
    )
    before = past.since(session, one.id, today - WEEK - LONGEST_GAP)
    return Readiness(
        status=picture,
        criteria=judge(rules, facts),
        requirements=state.requirements,
        yesterday=of_day(before, calendar.add_business_days(today, -1)),
        last_week=of_day(before, today - WEEK),
    )


def _asked(session: Session, policy: Policy, release_id: int, now: datetime) -> tuple[Readiness, Question]:
    """And what its forecast is drawn from: half a second of drawing needs no transaction."""
    one = release.load(session, release_id)
    picture = _with_others(session, policy, read(session, policy, one, now), now)
    return picture, forecast.question(session, policy, one, now)


def _with_others(session: Session, policy: Policy, picture: Readiness, now: datetime) -> Readiness:
    """What go asks beside the gates: nobody is told that nothing stands in the way where a move would be refused."""
    one = picture.status.release
    if not stages.before_go(one):
        return picture
    grounds = Grounds(
        tickets=picture.status.tickets,
        requirements=picture.requirements,
        obstacles=tuple(each.sentence for each in go_obstacles(session, policy, one, now)),
        stale="; ".join(picture.status.reasons) if picture.status.stale else None,
        unanswered=one.policy.gonogo is not None,
    )
    missing = [each for each in stages.conditions(Stage.GO, grounds) if not each.holds]
    if any(each.kind == "signoffs_given" for each in picture.standing):  # that gate tells of them
        asked = {each.name for each in picture.requirements}
        missing = [each for each in missing if each.name not in asked]
    held = [Condition(name="On hold", holds=False, why=one.held.reason)] if one.held else []
    return replace(picture, others=(*held, *missing))


def _high_risks(session: Session, policy: Policy, one: Release) -> tuple[str, ...]:
    return tuple(each.key for each in raid.open_high_risks(session, one.id, policy.raid.high_score))


def _counts_parts(rule: CriterionRule) -> bool:
    return rule.kind == "scope_complete" and (rule.team is not None or rule.measure == "points")


def _asks(rules: tuple[CriterionRule, ...], *kinds: str) -> bool:
    return any(rule.kind in kinds for rule in rules)


def _priorities(session: Session, state: State) -> tuple[str | None, ...]:
    """Of the roots. One that only a link tells of has none, and counts as the least grave."""
    ids = [line.root.node.id for line in state.blockers.roots]
    known = scope.priorities(session, ids)
    return tuple(known.get(each) for each in ids)


def _outside(session: Session, state: State, readers: Audience) -> tuple[str, ...]:
    """The open tickets outside the scope that something in it waits for, as these readers may see them."""
    nodes = [line.root.node for line in state.blockers.roots]
    inside = scope.among(session, state.release.id, {node.id for node in nodes})
    return tuple(
        node.key if node.mirrored and may_show(readers, node, node.team) else RESTRICTED
        for node in nodes
        if node.id not in inside
    )


def _of_today(picture: Readiness, policy: Policy, now: datetime) -> PastReadiness:
    today = milestone.calendar_of(policy, picture.status.release.policy).today(now)
    return PastReadiness(day=today, light=picture.light, passed=picture.passed, total=len(picture.criteria))


def _due(policy: Policy, one: Release, now: datetime) -> Outgoing | None:
    calendar = milestone.calendar_of(policy, one.policy)
    today = calendar.today(now)
    left = calendar.business_days_between(today, one.target)
    if left not in one.policy.readiness_business_days_before or not calendar.is_business_day(today):
        return None
    return Outgoing(
        key=f"readiness:{one.id}:{today.isoformat()}",
        kind="readiness",
        ids={"release_id": one.id},
        channel=one.channel_id,
        urgency=Urgency.ROUTINE,
        not_after=datetime.combine(today + ONE_DAY, time(), calendar.zone),
    )
