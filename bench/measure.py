"""Two things timed in turns, A B A B, so that what else the machine does falls on both."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

WARM_UP: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds."""

    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    def quantile(self, share: float) -> float:
        ordered = sorted(self.samples)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]

    def __str__(self) -> str:
        """`12.1 ms (11.4–13.9)`: the median, and what eight of ten samples lie between."""
        if self.median >= 1:
            return f"{self.median:.2f} s ({self.quantile(0.1):.2f}–{self.quantile(0.9):.2f})"
        low, middle, high = (1000 * each for each in (self.quantile(0.1), self.median, self.quantile(0.9)))
        return f"{middle:.2f} ms ({low:.2f}–{high:.2f})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table: `ours` over `theirs`, measured in one run. `note` says what a reader must know; `at_least`:
    the goal is a floor.
    """

    name: str
    ratio: float
    goal: float
    ours: str
    theirs: str
    note: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal


def compare(name: str, goal: float, ours: Timing, theirs: Timing, note: str = "") -> Row:
    return Row(name=name, ratio=ours.median / theirs.median, goal=goal, ours=str(ours), theirs=str(theirs), note=note)


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def alternate(
    acts: Sequence[Callable[[], object]],
    times: int,
    *,
    between: Callable[[], object] = lambda: None,
    warm_up: int = WARM_UP,
) -> list[Timing]:
    """Each act's timing; `between` runs after each, untimed."""
    samples: list[list[float]] = [[] for _ in acts]
    for turn in range(times + warm_up):
        for act, found in zip(acts, samples, strict=True):
            took = timed(act)
            between()
            if turn >= warm_up:
                found.append(took)
    return [Timing(samples=tuple(found)) for found in samples]
