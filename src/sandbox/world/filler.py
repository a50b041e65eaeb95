"""Which tickets stand around the story: how many in each release, how old, and what became of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from sandbox.jira.model import DONE, Status, Version
from sandbox.world import catalogue
from sandbox.world.calendar import business_day
from sandbox.world.scene import LAST_NUMBERS, PLATFORM_PROJECTS, Scene
from sandbox.world.story import MODELS, PAYMENTS, PLATFORM, STORY

SCOPE = {PLATFORM: 58, PAYMENTS: 14, MODELS: 26}
"""How many tickets each release has in all, in a world of ordinary size."""
DONE_IN_MODELS = 6
ORDINARY = 320
SHARES = {"DATA": 34, "ML": 22, "PAY": 20, "INFRA": 16, "MER": 6, "OPS": 2}
"""Of a hundred tickets that are in no particular release, how many each project has."""
OPEN = (catalogue.TO_DO, catalogue.DOING, catalogue.REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One ticket to make. `changed` is when it reached `status`."""

    key: str
    status: Status
    created: date
    changed: date
    versions: tuple[Version, ...] = ()
    due: date | None = None


class Filler:
    """`pairs`, once the orders are drawn, are the links to make: (source, target, whether it blocks)."""

    def __init__(self, stage: Scene, rng: Random, taken: set[str]) -> None:
        self.stage, self.rng = stage, rng
        self.pairs: list[tuple[str, str, bool]] = []
        self._taken = taken
        self._next = {key: number + 1 for key, number in LAST_NUMBERS.items()}
        self._gaps = {key: self._free(key) for key in LAST_NUMBERS}
        self._days = [stage.today]
        self._recent: list[tuple[str, Status]] = []

    def _free(self, project: str) -> list[int]:
        """Numbers below the project's last that the story left, the highest first: the rest was archived long ago."""
        last = LAST_NUMBERS[project]
        return [n for n in range(last - 1, max(1, last - 115), -1) if f"{project}-{n}" not in self._taken]

    def _day(self, age: int) -> date:
        while len(self._days) <= age:
            self._days.append(business_day(self._days[-1], -1))
        return self._days[age]

    def orders(self, count: int) -> Iterator[Order]:
        """The small world's releases hold exactly what SCOPE says; a large world's grow with it."""
        growth = max(0, count - ORDINARY)
        made = 0
        for release, size in SCOPE.items():
            held = sum(spec.release == release for spec in STORY)
            for place in range(min(size - held, count - made)):
                made += 1
                yield self._released(release, place)
        while made < count:
            made += 1
            in_release = growth and self.rng.random() < 0.3
            yield self._released(self.rng.choice(list(SCOPE)), 99) if in_release else self._loose(large=growth > 0)

    def _released(self, release: str, place: int) -> Order:
        """A ticket of a release under way. `place` counts them; from 99 on they are a large world's extra."""
        rng = self.rng
        match release:
            case "platform":
                project, span, done = rng.choice(PLATFORM_PROJECTS), 45, place < 99
            case "payments":
                project, span, done = "PAY", 9, place < 99
            case _:
                project, span, done = "ML", 25, place < DONE_IN_MODELS
        if place >= 99:
            done, span = rng.random() < 0.7, 60
        status = catalogue.FINISHED if done else rng.choice(OPEN)
        # Finished the day before yesterday at the latest, so that what the story finished yesterday can be counted.
        # The first two of the payments release are the exception: something moved there too.
        changed = 1 if release == PAYMENTS and place < 2 else rng.randint(2, max(3, span // 2))
        created = changed + rng.randint(2, span)
        due = business_day(self.stage.today, rng.randint(1, 30)) if not done and rng.random() < 0.5 else None
        return self._order(project, status, created, changed, (self.stage.versions[release, project],), due)

    def _loose(self, *, large: bool) -> Order:
        rng = self.rng
        project = rng.choices(list(SHARES), list(SHARES.values()))[0]
        created = rng.randint(5, 1250 if large else 140)
        changed = rng.randint(1, created - 2)
        chance = rng.random()
        status = (
            catalogue.FINISHED
            if chance < 0.6
            else catalogue.DROPPED
            if chance < 0.65
            else catalogue.PARKED
            if chance < 0.66
            else rng.choice(OPEN)
        )
        past = self.stage.past.get(project)
        versions = (rng.choice(past),) if past and status is catalogue.FINISHED and rng.random() < 0.3 else ()
        return self._order(project, status, created, changed, () if large else versions)

    def _order(
        self,
        project: str,
        status: Status,
        created: int,
        changed: int,
        versions: tuple[Version, ...],
        due: date | None = None,
    ) -> Order:
        gaps = self._gaps[project]
        number = gaps.pop() if gaps else self._next[project]
        if number == self._next[project]:
            self._next[project] += 1
        key = f"{project}-{number}"
        self._pair(key, status)
        return Order(
            key=key, status=status, created=self._day(created), changed=self._day(changed), versions=versions, due=due
        )

    def _pair(self, key: str, status: Status) -> None:
        """Now and then a link to an earlier ticket. What blocks is done: the story's blockers stand out."""
        if self._recent and self.rng.random() < 0.12:
            other, other_status = self.rng.choice(self._recent)
            blocks = other_status.category is DONE and self.rng.random() < 0.5
            self.pairs.append((other, key, blocks))
        self._recent.append((key, status))
        del self._recent[:-200]
