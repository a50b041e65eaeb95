"""The bot in a seed's time: what the product takes as a parameter is set so that a lease is a few of our seconds.

What is measured in real time (a call's time-out, a heartbeat) stays in proportion to the leases: a call gives up well
before its message's lease runs out, and a running job renews its slot's many times over.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlmodel import Session

from bot import answers, socket, wiring
from bot.jobs import Tools
from interlock.domain.delivery import Rules
from interlock.jobs import haste, heartbeat
from interlock.jobs.job import Job
from interlock.store import clock as skews
from interlock.usecases import home
from tests.chaos.clock import SPEED, Clock

CALL_SECONDS = 1
"""Real ones, as all below that are not a timedelta. A message takes three calls at most."""
LEASE = timedelta(seconds=6 * SPEED)
SLOT_LEASE = timedelta(seconds=4 * SPEED)
BEAT_SECONDS = 0.7
TICK = timedelta(seconds=0.7)
HOME_GOOD_FOR = timedelta(minutes=1)
"""So that something is too late now and then."""
RULES = Rules(
    lease=LEASE,
    grace=timedelta(seconds=1.5 * SPEED),
    first_pause=timedelta(seconds=0.3 * SPEED),
    longest_pause=timedelta(seconds=2 * SPEED),
)


def set_tempo(clock: Clock) -> None:
    """In the bot's process, before it starts."""
    plain_jobs: Callable[[Tools], list[Job]] = getattr(wiring, "all_jobs")  # noqa: B009 wiring's own import, to mypy

    def jobs(tools: Tools) -> list[Job]:
        return [replace(job, lease=SLOT_LEASE) for job in plain_jobs(tools)]

    _set(wiring, "now", clock.now)
    _set(wiring, "all_jobs", jobs)
    _give("Bot", clock=clock.now)
    _give("Relay", rules=RULES, ticks=_ticks)
    _give("SlackSender", ticks=_ticks)
    _give("Slack", timeout=CALL_SECONDS)
    _give("SlackDirectory", wait=_pause)
    _give("JiraTracker", sleep=_shortly, read_seconds=CALL_SECONDS)
    _give("Schedule", tick=TICK)
    _give("Rereading", gather_seconds=0.1)
    _set(home, "GOOD_FOR", HOME_GOOD_FOR)
    _set(skews, "skew", partial(_skew, clock))
    _set(heartbeat, "BEATS_PER_LEASE", SLOT_LEASE.total_seconds() / BEAT_SECONDS)
    _set(answers, "TIMEOUT_SECONDS", CALL_SECONDS)
    _set(socket, "CALL_SECONDS", CALL_SECONDS)
    _set(socket, "FIRST_PAUSE", 0.1)
    _set(socket, "LONGEST_PAUSE", 0.5)
    _set(socket, "PING_SECONDS", 0.5)


def _give(name: str, **parameters: object) -> None:
    """Whatever the composition root makes of this name, it makes with these parameters."""
    _set(wiring, name, partial(getattr(wiring, name), **parameters))


def _set(module: object, name: str, value: float | timedelta | Callable[..., object]) -> None:
    assert hasattr(module, name), f"{module} has no {name} any more"
    setattr(module, name, value)


def _skew(clock: Clock, session: Session, _ours: object) -> timedelta:
    """PostgreSQL's own clock is not the seed's, and takes no part in it: the error is what it would find."""
    return timedelta() if session.get_bind().dialect.name == "sqlite" else timedelta(seconds=clock.error)


def _ticks() -> float:
    """As much faster as the lease is shorter: whoever was held up for most of it sends nothing."""
    return haste.ticks() * (Rules().lease * SPEED / LEASE)


def _shortly(seconds: float) -> None:
    time.sleep(min(seconds, 0.3))


def _pause(span: timedelta) -> None:
    _shortly(span.total_seconds())
