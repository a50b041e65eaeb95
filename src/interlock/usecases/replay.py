"""Shadow mode: what was recorded, held against another policy. It only reads, and decides nothing."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from interlock.domain import replay_ping, replay_requirement
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.domain.replay import KINDS, Difference, Record, Replay, Replayed, Rules, Unjudged, Window, total
from interlock.domain.replay_signoff import Signoffs
from interlock.domain.replay_stage import Moves
from interlock.store import break_glass, policy_change, replay_blocker
from interlock.store import replay as records
from interlock.store.engine import Store

LOOKED_AT: Final = frozenset(
    {"time_zone", "calendar", "calendars", "roles", "permissions", "templates", "ladders", "freezes", "limits"}
)
"""The parts of a policy that releases are decided under, sign-offs refused by and ladders climbed."""

BROKEN: Final = {"releases: glass was broken": 1}
CHANGED: Final = {"releases: their policy was changed meanwhile": 1}


def replay(store: Store, was: Policy, would: Policy, days: int, now: datetime) -> Replay:
    """What of the last days would have gone otherwise under the policy `would`. A release was decided under its own
    copy of its template; of all else `was` is taken to have been in force.
    """
    window = Window(since=now - timedelta(days=days), until=now)
    with store.read() as session:
        alive = records.alive(session, window.since, window.until)
        reads = records.reads(session, window.since)
        changed = policy_change.changed_since(session, window.since)
        rules = {
            one.id: (
                one,
                Rules(policy=was, template=one.policy),
                Rules(policy=would, template=would.templates[one.template]),
            )
            for one in alive
            if one.template in would.templates
        }
        broken = break_glass.confirmed(session, rules)
        found: list[tuple[Release, list[Difference], Unjudged]] = [
            (one, [], CHANGED if one.id in changed else BROKEN)
            if one.id in changed or broken.get(one.id)
            else (one, *_decisions(records.record(session, one, reads), old, new, window))
            for one, old, new in rules.values()
        ]
        steady = {number: each for number, each in rules.items() if number not in changed}
        pings, lost = replay_ping.judge(replay_blocker.episodes(session, window.since, window.until), steady, window)
    releases = tuple(
        _replayed(one, [*differences, *pings.get(one.id, ())], unjudged, now) for one, differences, unjudged in found
    )
    return Replay(
        window=window,
        releases=releases,
        gone=tuple((one.name, one.template) for one in alive if one.id not in rules),
        unlooked=_unlooked(was, would),
        unjudged=total([*(each.unjudged for each in releases), lost]),
    )


def _decisions(record: Record, was: Rules, would: Rules, window: Window) -> tuple[list[Difference], Unjudged]:
    found = Signoffs(record, was, would, window)
    needed, unsure = replay_requirement.judge(found)
    moves = Moves(found)
    days = replay_ping.readiness(record.release, was, would, window)
    unjudged = Counter(found.unjudged) + Counter(unsure) + moves.unjudged
    return [*found.differences, *needed, *moves.differences, *days], unjudged


def _replayed(one: Release, differences: list[Difference], unjudged: Unjudged, now: datetime) -> Replayed:
    return Replayed(
        name=one.name,
        template=one.template,
        policy_version=one.policy_version,
        differences=tuple(sorted(differences, key=lambda each: (KINDS.index(each.kind), each.at or now))),
        unjudged=unjudged,
    )


def _unlooked(was: Policy, would: Policy) -> tuple[str, ...]:
    """The keys of the policies that differ and that nothing was held against."""
    found = [
        name
        for name in Policy.__dataclass_fields__
        if name not in LOOKED_AT and getattr(was, name) != getattr(would, name)
    ]
    return tuple(sorted(found))
