"""What a channel or a person reads after an outage in which something was missed."""

from datetime import datetime
from typing import Final

from bot.views.blocks import Message, clock, context, line, message, moment, section
from bot.views.kinds import named
from interlock.domain.calendar import ONE_DAY
from interlock.domain.outage import Cause, NotSent, Recovery
from interlock.domain.words import count, duration

SHOWN: Final = 3
WHAT: Final = {Cause.SLACK: "Slack took no messages", Cause.INTERLOCK: "Interlock could not work"}


def told(recovery: Recovery) -> Message:
    what = WHAT[recovery.cause]
    began, ended = recovery.began_at, recovery.ended_at
    summary = _summary(recovery)
    number = len(recovery.not_sent)
    lines = [f"*{what}* from {moment(began)} to {_end(began, ended)}. {summary}"]
    lines += [f"• {_one(each)}" for each in recovery.not_sent[:SHOWN]]
    if number > SHOWN:
        lines.append(f"and {number - SHOWN} more")
    return message(
        f"{what} for {duration(ended - began)}. {summary.rstrip(':')}.".replace("..", "."),
        section("\n".join(lines)),
        context("Nothing that was decided is lost. `/release status` says how things stand now."),
    )


def _summary(recovery: Recovery) -> str:
    late, number = recovery.late, len(recovery.not_sent)
    come = f"{count(late, 'message')} {'comes' if late == 1 else 'come'} late"
    if not number:
        return f"{come}."
    gone = f"{number if late else count(number, 'message')} {'was' if number == 1 else 'were'} not sent"
    why = "because its time was over" if number == 1 else "because their time was over"
    return f"{come}, {gone}, {why}:" if late else f"{gone}, {why}:"


def _end(began: datetime, ended: datetime) -> str:
    return clock(ended) if ended - began < ONE_DAY / 2 else moment(ended)


def _one(each: NotSent) -> str:
    about = f" of *{line(each.release)}*" if each.release else ""
    return f"{named(each.kind)}{about}, due {moment(each.due_at)}"
