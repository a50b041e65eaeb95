"""A forecast in words, and as plain values for other programs."""

from typing import Any

from interlock.domain.forecast import GROWTH_WEEKS, LIKELY, SAFE, Forecast, NoForecast
from interlock.domain.words import count, day_beside


def finding(found: Forecast) -> str:
    """`Ready on Mon 14 Dec at 50 %, Fri 18 Dec at 85 %`."""
    if found.likely is None:
        return f"Not ready within a year at {LIKELY} %"
    likely = day_beside(found.likely, found.today)
    if found.likely == found.safe:
        return f"Ready on {likely} at {LIKELY} % and at {SAFE} %"
    safe = day_beside(found.safe, found.today) if found.safe else "not within a year"
    return f"Ready on {likely} at {LIKELY} %, {safe} at {SAFE} %"


def assumptions(found: Forecast) -> str:
    """In one line what the forecast takes for granted."""
    whose = f"{_whose(found)} own pace, as if all of it went into this release"
    growth = (
        f"scope growth of the last {GROWTH_WEEKS} weeks goes on ({count(found.growth, 'ticket')})"
        if found.growth
        else f"no scope growth, as in the last {GROWTH_WEEKS} weeks"
    )
    return f"From {count(found.weeks, 'week')} of {whose}; {growth}; holidays counted."


def evidence(found: Forecast | NoForecast) -> dict[str, Any]:
    """The forecast as plain values, for evidence and other programs: whoever has them and the history can draw it
    again.
    """
    if isinstance(found, NoForecast):
        return {"release": found.release.name, "forecast": None, "reason": found.reason, "why": found.sentence}
    return {
        "release": found.release.name,
        "day": found.today.isoformat(),
        "target": found.release.target.isoformat(),
        "forecast": {
            str(LIKELY): found.likely.isoformat() if found.likely else None,
            str(SAFE): found.safe.isoformat() if found.safe else None,
        },
        "percent_by_target": found.met,
        "runs": found.drawn.runs,
        "seed": found.seed,
        "assumptions": assumptions(found),
        "teams": [
            {"team": each.team, "open": each.open, "done": each.done, "weeks": each.weeks, "percent_last": each.last}
            for each in (found.teams if found.named else ())
        ],
    }


def _whose(found: Forecast) -> str:
    """`Data Engineering's and 2 more teams'`."""
    if not found.named:
        return f"{len(found.teams)} teams'" if len(found.teams) > 1 else "1 team's"
    first, more = found.teams[0].team, len(found.teams) - 1
    others = {0: "", 1: " and 1 more team's"}.get(more, f" and {more} more teams'")
    return f"{first}'s{others}"
