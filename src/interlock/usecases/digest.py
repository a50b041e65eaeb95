"""The morning digest: enqueued by the channel's slot or by somebody who asks, drawn from the state of when it goes."""

from datetime import datetime, time, timedelta

from sqlmodel import Session

from interlock.domain import digest as rules
from interlock.domain import milestone
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.calendar import ONE_DAY
from interlock.domain.digest import MorningDigest, Past
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import JobRule, Policy
from interlock.domain.release import Release, Unclear, choose
from interlock.domain.status import last_business_day
from interlock.store import channel, digest, outbox, raid, release, scope, waiver
from interlock.store.engine import Store
from interlock.usecases import authority, status
from interlock.usecases.announcement import refuse_posting
from interlock.usecases.record import record_refusal

LONGEST_LOOK_BACK = timedelta(days=7)
"""An older digest is no longer compared with: what it said is not news."""


def plan(store: Store, policy: Policy, channel_id: str, slot: str, now: datetime) -> tuple[Outgoing, ...]:
    """The digests that the channel's slot would post, one for each release under way there."""
    with store.read() as session:
        return tuple(
            _post(policy, one, channel_id, slot, now)
            for one in release.active(session)
            if one.channel_id == channel_id and not _silent(session, policy, one, slot, now)
        )


def run(store: Store, policy: Policy, channel_id: str, slot: str, now: datetime) -> tuple[Outgoing, ...]:
    """Enqueue them, and remember what each said. A repeated slot adds nothing."""
    posts = plan(store, policy, channel_id, slot, now)
    for post in posts:
        with store.write() as session:
            one = release.load(session, post.ids["release_id"])
            picture = read(session, policy, one, channel_id, slot, now)
            digest.record(session, one.id, channel_id, slot, _said(picture, now))
            outbox.enqueue(session, post, now)
    return posts


def subjects(store: Store, policy: Policy) -> tuple[tuple[str, JobRule], ...]:
    """The channels that have a digest, by id, each with when it is due; those that the bot can post in."""
    with store.read() as session:
        named = [(channel.by_name(session, name), rule.digest) for name, rule in policy.channels.items()]
    return tuple(
        (there.id, rules.job_rule(policy, wanted))
        for there, wanted in named
        if wanted and there and there.member and not there.archived
    )


def wanted_today(store: Store, policy: Policy, channel_id: str, now: datetime) -> bool:
    """Whether the channel has a digest on this day, holidays considered."""
    with store.read() as session:
        there = channel.load(session, channel_id)
    return rules.wants_today(policy, policy.channels.get(there.name) if there else None, now)


def ask(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, request_id: str, now: datetime
) -> Release | Unclear | Refused:
    """`/release digest now [release]`: its own slot, into the release's channel."""
    slot = f"now:{request_id}"
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.DIGEST_RUN, actor, now)
        if isinstance(allowed, Refused):
            return record_refusal(session, "digest.ask_refused", actor, None, {}, allowed, now)
        meant = choose(typed, channel_id, release.all_names(session))
        if isinstance(meant, Unclear):
            return meant
        one = release.load(session, meant.id)
        if one.ended:
            return Refused(
                reason="release_ended", sentence=f"{one.name} is {one.stage.value}: nothing is left to tell."
            )
        refused = refuse_posting(session, one.channel_id)
        if refused:
            return refused
        picture = read(session, policy, one, one.channel_id, slot, now)
        digest.record(session, one.id, one.channel_id, slot, _said(picture, now))
        outbox.enqueue(session, _post(policy, one, one.channel_id, slot, now), now)
        return one


def drawn(store: Store, policy: Policy, release_id: int, channel_id: str, slot: str, now: datetime) -> MorningDigest:
    """The digest as its channel's readers may see it."""
    with store.read() as session:
        return read(session, policy, release.load(session, release_id), channel_id, slot, now)


def read(session: Session, policy: Policy, one: Release, channel_id: str, slot: str, now: datetime) -> MorningDigest:
    past = digest.before(session, one.id, channel_id, slot)
    if past and now - past.at > LONGEST_LOOK_BACK:
        past = None
    since = past.at if past else last_business_day(policy, one, now)
    picture = status.for_channel(session, policy, one, channel_id, now, since=since)
    counts = scope.counts(session, one.id, since)
    moves = scope.moves(session, one.id, since, {each.status_id: each.category for each in counts})
    finished, reopened = rules.moved(moves, sum(each.born_done for each in counts))
    calendar = milestone.calendar_of(policy, one.policy)
    today = calendar.today(now)
    ahead = [(each, calendar.business_days_between(today, each.due)) for each in one.milestones if each.due >= today]
    return MorningDigest(
        status=picture,
        before=past,
        channel_id=channel_id,
        today=today,
        finished=finished,
        reopened=reopened,
        waived=tuple(waiver.in_force(session, one.id, now).values()),
        overdue=tuple(each.key for each in raid.overdue(session, one.id, today)),
        soon=tuple((each, days) for each, days in ahead if days <= rules.SOON and each.reached_at is None),
    )


def _said(picture: MorningDigest, now: datetime) -> Past:
    status = picture.status
    return Past(light=status.light, at=now, signoffs=status.signoffs_given, blockers=status.blockers)


def _silent(session: Session, policy: Policy, one: Release, slot: str, now: datetime) -> bool:
    """Whether policy wants silence for a day on which nothing changed."""
    there = channel.load(session, one.channel_id)
    rule = policy.channels.get(there.name) if there else None
    if rule is None or rule.digest is None or not rule.digest.quiet_when_unchanged:
        return False
    return read(session, policy, one, one.channel_id, slot, now).unchanged


def _post(policy: Policy, one: Release, channel_id: str, slot: str, now: datetime) -> Outgoing:
    return Outgoing(
        key=f"digest:{slot}:{channel_id}:{one.id}",
        kind="digest",
        ids={"release_id": one.id, "channel_id": channel_id, "slot": slot},
        channel=channel_id,
        urgency=Urgency.ROUTINE,
        not_after=_end_of_day(policy, one, now),
    )


def _end_of_day(policy: Policy, one: Release, now: datetime) -> datetime:
    """Yesterday's digest is no use today."""
    calendar = milestone.calendar_of(policy, one.policy)
    return datetime.combine(calendar.today(now) + ONE_DAY, time(), calendar.zone)
