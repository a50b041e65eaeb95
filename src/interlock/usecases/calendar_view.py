"""`/release calendar`: the weeks to come, as anybody who may look at releases may see them. It names no ticket."""

from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain import calendar_view as rules
from interlock.domain import freeze, milestone
from interlock.domain.actor import Actor, Authentication
from interlock.domain.authority import Refused
from interlock.domain.calendar_view import CalendarView, InTheWay
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.store import break_glass, outbox, release
from interlock.store.engine import Store
from interlock.usecases import authority, obstacle

PICTURE = "calendar.picture"
GOOD_FOR = timedelta(hours=1)


def read(store: Store, policy: Policy, actor: Actor, now: datetime, weeks: int = rules.WEEKS) -> CalendarView | Refused:
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        if not 1 <= weeks <= rules.MOST_WEEKS:
            return _too_many_weeks()
        return load(session, policy, now, weeks)


def ask_picture(
    store: Store, policy: Policy, actor: Actor, weeks: int, request_id: str, now: datetime
) -> CalendarView | Refused:
    """Have it sent to the asker as a picture, which is drawn when it is sent; returns what it shows now."""
    with store.write() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        if not 1 <= weeks <= rules.MOST_WEEKS:
            return _too_many_weeks()
        message = Outgoing(
            key=f"{PICTURE}:{actor.slack_id}:{request_id}",
            kind=PICTURE,
            ids={"slack_id": actor.slack_id, "weeks": weeks},
            channel=f"@{actor.slack_id}",
            urgency=Urgency.URGENT,
            not_after=now + GOOD_FOR,
        )
        outbox.enqueue(session, message, now)
        return load(session, policy, now, weeks)


def drawn(store: Store, policy: Policy, slack_id: str, weeks: int, now: datetime) -> CalendarView | Refused:
    """As its asker may see it when it is sent."""
    return read(store, policy, Actor(slack_id=slack_id, authentication=Authentication.SLACK), now, weeks)


def _too_many_weeks() -> Refused:
    sentence = f"Give a number of weeks from 1 to {rules.MOST_WEEKS}, such as /release calendar 12."
    return Refused(reason="weeks", sentence=sentence)


def load(session: Session, policy: Policy, now: datetime, weeks: int) -> CalendarView:
    """In the caller's transaction, for somebody who may look."""
    calendar = policy.calendars[policy.calendar]
    first = rules.begins(calendar.today(now))
    since, until = rules.span(first, weeks, calendar.zone)
    active = release.active(session)
    colliding = obstacle.of_releases(session, active)
    shown = [each for each in active if since.date() <= each.target < until.date()]
    calendars = [calendar, *(milestone.calendar_of(policy, each.policy) for each in shown)]
    days_off = {day for each in calendars for day in each.holidays if day.weekday() in each.weekdays}
    return CalendarView(
        weeks=rules.weeks(
            active,
            freeze.between(policy, since, until),
            [each for found in colliding.values() for each in found],
            days_off,
            first=first,
            count=weeks,
            broken=break_glass.confirmed(session, [each.id for each in shown]),
        ),
        releases=len(active),
        in_the_way=tuple(_in_the_way(session, policy, shown, now)),
        today=calendar.today(now),
        time_zone=calendar.time_zone,
    )


def _in_the_way(session: Session, policy: Policy, shown: list[Release], now: datetime) -> list[InTheWay]:
    """Of the releases whose targets are shown, the next target first."""
    frozen, colliding = obstacle.met_by(session, policy, shown, now), obstacle.of_releases(session, shown)
    found = []
    for one in shown:
        meets = colliding.get(one.id, ())
        others = {each.other: each.other_id for each in meets}
        found += [
            InTheWay(
                release_id=one.id,
                release=one.name,
                obstacle=each,
                other_id=others.get(each.about) if each.kind == "collision" else None,
            )
            for each in obstacle.obstacles(one, frozen[one.id], meets, now)
        ]
    return found
