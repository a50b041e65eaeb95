"""When teams may be through their tickets, drawn many times over from the days that they had.

Each run of each team walks from one business day of its own to the next. Each day repeats some day of the team's
history: so many tickets get done, and so many join as on some day of the last weeks. The team is through once none is
left, the release with its last team.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlock.domain.calendar import WorkCalendar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RUNS: Final = 10_000
HORIZON: Final = 260
"""How many business days a run goes on: a year. A run that is not through by then has no day."""
BLOCK: Final = 20
"""How many days are drawn at once: always so many for all runs, so that how much is open changes no draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamWork:
    """What a team has open in a release, and by business day of its own, the oldest first, how many tickets it got done
    (at least one day) and how many of its tickets joined the release (no day at all where none did).
    """

    team: str
    calendar: WorkCalendar
    open: int
    done: tuple[int, ...]
    added: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`days` says how many runs were through on which day, in order; None, last, for those that were not within the
    horizon. `last` says by team in how many runs it was the last, or one of the last.
    """

    runs: int
    days: tuple[tuple[date | None, int], ...]
    last: tuple[tuple[str, int], ...]

    def quantile(self, percent: int) -> date | None:
        """The first day on which this share of the runs was through; None where that is not within the horizon."""
        through = 0
        for day, runs in self.days:
            through += runs
            if through * 100 >= percent * self.runs:
                return day
        return None

    def by(self, day: date) -> int:
        """How many percent of the runs were through on that day."""
        return 100 * sum(runs for each, runs in self.days if each is not None and each <= day) // self.runs


def seed_of(release_id: int, today: date) -> int:
    """Of the release and the day alone: who asks again on the same day is told the same."""
    return int.from_bytes(hashlib.sha256(f"{release_id}:{today.isoformat()}".encode()).digest()[:4])


@lru_cache(maxsize=64)
def simulate(teams: frozenset[TeamWork], today: date, seed: int, runs: int = RUNS) -> Outcome:
    """Needs at least one team. Work begins on the business day after `today`: what is left of today is nobody's to
    measure, and the answer must not change with the hour. The same question is answered from memory.
    """
    import numpy as np  # noqa: PLC0415 it takes a fifth of a second to import, and only a forecast needs it

    ordered = sorted(teams, key=lambda each: each.team)
    ends = np.stack([_ends(each, today, seed, runs) for each in ordered])
    latest = ends.max(axis=0)
    days, counts = np.unique(latest, return_counts=True)
    lasts = (ends == latest).sum(axis=1)
    return Outcome(
        runs=runs,
        days=tuple((_day(day), number) for day, number in zip(days.tolist(), counts.tolist(), strict=True)),
        last=tuple((each.team, number) for each, number in zip(ordered, lasts.tolist(), strict=True)),
    )


def draws(seed: int, team: str, what: str) -> "np.random.Generator":
    """One generator for each team, so that neither their order nor who else takes part changes what a team draws, and
    one for what is done and another for what joins, so that growth changes no pace.
    """
    import numpy as np  # noqa: PLC0415 as above

    own = int.from_bytes(hashlib.sha256(f"{what}:{team}".encode()).digest()[:8])
    return np.random.Generator(np.random.PCG64([seed, own]))


def _ends(work: TeamWork, today: date, seed: int, runs: int) -> "NDArray[np.int32]":
    """The last day of each run, as an ordinal; beyond all days where there is none."""
    import numpy as np  # noqa: PLC0415 as above

    needed = _days_needed(work, seed, runs)
    calendar, day = work.calendar, today
    ordinals = [today.toordinal()]
    for _ in range(int(min(needed.max(), HORIZON))):
        day = calendar.add_business_days(day, 1)
        ordinals.append(day.toordinal())
    table = np.full(HORIZON + 2, date.max.toordinal(), dtype=np.int32)
    table[: len(ordinals)] = ordinals
    ends: NDArray[np.int32] = table[needed]
    return ends


def _days_needed(work: TeamWork, seed: int, runs: int) -> "NDArray[np.intp]":
    """How many business days each run takes; HORIZON + 1 for one that takes longer."""
    import numpy as np  # noqa: PLC0415 as above

    done, added = np.array(work.done, dtype=np.int32), np.array(work.added, dtype=np.int32)
    finishing, joining = draws(seed, work.team, "done"), draws(seed, work.team, "added")
    left = np.full(runs, work.open, dtype=np.int32)
    needed = np.where(left > 0, HORIZON + 1, 0)
    for start in range(0, HORIZON, BLOCK):
        walking = needed > start
        if not walking.any():
            break
        path = done.take(finishing.integers(0, len(done), (BLOCK, runs)))
        if added.any():
            path -= added.take(joining.integers(0, len(added), (BLOCK, runs)))
        np.cumsum(path, axis=0, out=path)
        through = path >= left
        first = through.argmax(axis=0)
        arrived = walking & through.any(axis=0)
        needed[arrived] = start + first[arrived] + 1
        left -= path[-1]
    return needed


def _day(ordinal: int) -> date | None:
    return None if ordinal == date.max.toordinal() else date.fromordinal(ordinal)
