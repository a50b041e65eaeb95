"""The forecast as a message."""

from datetime import datetime
from typing import Final

from bot.views.blocks import Message, actions, button, context, day, escape, line, mark, message, section
from bot.views.release import BLOCKERS, STATUS, title
from interlock.domain.forecast import Forecast, NoForecast, Pace
from interlock.domain.forecast_words import assumptions, finding
from interlock.domain.words import ago, count

FORECAST: Final = "release.forecast"


def told(found: Forecast | NoForecast, now: datetime) -> Message:
    return _none(found, now) if isinstance(found, NoForecast) else _forecast(found, now)


def summary(found: Forecast | NoForecast) -> str:
    """One line for a message about more, escaped: `Ready on Mon 14 Dec at 50 %, Fri 18 Dec at 85 %; target Thu 17 Dec`,
    or why there is no forecast.
    """
    if isinstance(found, NoForecast):
        return f"No forecast. {escape(found.sentence)}"
    return f"{finding(found)}; target {day(found.release.target)}"


def _forecast(found: Forecast, now: datetime) -> Message:
    one = found.release
    lines = [
        f"*{title(one)}* · {mark(found.colour)} · {finding(found)}",
        f"*Target* {day(one.target)} · met in {found.met} % of {found.drawn.runs:,} runs",
        f"*Last* {_last(found)}",
    ]
    if found.safe and found.freeze:
        until = day(found.freeze.end)
        lines.append(f"*Freeze* {day(found.safe)} lies in {line(found.freeze.name)}: no release deploys until {until}")
    fresh = f"Jira as of {ago(found.mirror_as_of, now)}" if found.mirror_as_of else "Jira was never read yet"
    return message(
        f"{title(one)}: {summary(found)}.",
        section("\n".join(lines)),
        context(f"{escape(assumptions(found))} Seed {found.seed}."),
        context(f"_{fresh}_"),
        _buttons(one.id),
    )


def _none(found: NoForecast, now: datetime) -> Message:
    one = found.release
    fresh = f"_Jira as of {ago(found.mirror_as_of, now)}_" if found.mirror_as_of else None
    return message(
        f"{title(one)}: no forecast. {escape(found.sentence)}",
        section(f"*{title(one)}* · No forecast\n{escape(found.sentence)}"),
        context(fresh) if fresh else None,
        _buttons(one.id),
    )


def _buttons(release_id: int) -> dict[str, object] | None:
    payload = ("release", release_id)
    return actions(button("Status", STATUS, payload), button("Blockers", BLOCKERS, payload))


def _last(found: Forecast) -> str:
    """`Data Engineering in 71 % of the runs: 23 open, 9.5 done a week`"""
    first = found.teams[0]
    if not found.named:
        return f"one of {count(len(found.teams), 'team')}"
    often = f" in {first.last} % of the runs" if len(found.teams) > 1 else ""
    return f"{line(first.team)}{often}: {first.open} open, {_pace(first)} done a week"


def _pace(each: Pace) -> str:
    return f"{each.done / each.weeks:.1f}".removesuffix(".0")
