"""Which tickets stand around the story: how many in each release, how old, and what became of them."""

from collections import Counter
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
class Draft:
    """One ticket to make, without its key yet. Ages are in business days; it reached `status` when it last changed."""

    project: str
    status: Status
    created: int
    changed: int
    versions: tuple[Version, ...] = ()
    due: date | None = None


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
    """`pairs`, once the orders are drawn, are the links to make: (source, target, whether it blocks).

    `taken` are keys that nobody else may have.
    """

    def __init__(self, stage: Scene, rng: Random, taken: set[str]) -> None:
        self.stage, self.rng = stage, rng
        self.pairs: list[tuple[str, str, bool]] = []
        self._taken = taken
        self._days = [stage.today]
        self._recent: list[tuple[str, Status]] = []

    def orders(self, count: int) -> Iterator[Order]:
        """Oldest first, so that keys grow with age as far as the story's own keys allow."""
        drafts = sorted(self._drafts(count), key=lambda draft: -draft.created)
        sizes = Counter(draft.project for draft in drafts)
        numbers = {project: self._numbers(project, size) for project, size in sizes.items()}
        for draft in drafts:
            key = f"{draft.project}-{next(numbers[draft.project])}"
            self._pair(key, draft.status)
            yield Order(
                key=key,
                status=draft.status,
                created=self._day(draft.created),
                changed=self._day(draft.changed),
                versions=draft.versions,
                due=draft.due,
            )

    def _numbers(self, project: str, count: int) -> Iterator[int]:
        """The highest numbers that the story left, and numbers above them when those do not suffice."""
        last = LAST_NUMBERS[project]
        free = [n for n in range(1, last) if f"{project}-{n}" not in self._taken][-count:]
        return iter([*free, *range(last + 1, last + 1 + count - len(free))])

    def _day(self, age: int) -> date:
        while len(self._days) <= age:
            self._days.append(business_day(self._days[-1], -1))
        return self._days[age]

    def _drafts(self, count: int) -> Iterator[Draft]:
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
            yield self._released(self.rng.choice(list(SCOPE)), None) if in_release else self._loose(large=growth > 0)

    def _released(self, release: str, place: int | None) -> Draft:
        """A ticket of a release under way. `place` counts the small world's; None is a large world's extra."""
        rng, status = self.rng, _still_open(self.rng)
        project = {PAYMENTS: "PAY", MODELS: "ML"}.get(release) or rng.choice(PLATFORM_PROJECTS)
        span = {PAYMENTS: 9, MODELS: 25}.get(release, 45)
        if place is None:
            span, done = 60, rng.random() < 0.7
        else:
            done = release != MODELS or place < DONE_IN_MODELS
        if done:
            status = catalogue.FINISHED
        # Finished the day before yesterday at the latest, so that what the story finished yesterday can be counted.
        # The first two of the payments release are the exception: something moved there too.
        changed = 1 if release == PAYMENTS and place in {0, 1} else rng.randint(2, max(3, span // 2))
        due = business_day(self.stage.today, rng.randint(1, 30)) if not done and rng.random() < 0.5 else None
        return Draft(
            project=project,
            status=status,
            created=changed + rng.randint(2, span),
            changed=changed,
            versions=(self.stage.versions[release, project],),
            due=due,
        )

    def _loose(self, *, large: bool) -> Draft:
        """A ticket of no release under way: of a past one, or of none."""
        rng = self.rng
        project = rng.choices(list(SHARES), list(SHARES.values()))[0]
        created = rng.randint(5, 1250 if large else 140)
        ends = (catalogue.FINISHED, catalogue.DROPPED, catalogue.PARKED, _still_open(rng))
        status = rng.choices(ends, (60, 5, 1, 34))[0]
        past = self.stage.past.get(project)
        shipped = past and status is catalogue.FINISHED and not large and rng.random() < 0.3
        return Draft(
            project=project,
            status=status,
            created=created,
            changed=rng.randint(1, created - 2),
            versions=(rng.choice(past),) if past and shipped else (),
        )

    def _pair(self, key: str, status: Status) -> None:
        """Now and then a link to an earlier ticket. What blocks is done: the story's blockers stand out."""
        if self._recent and self.rng.random() < 0.12:
            other, other_status = self.rng.choice(self._recent)
            blocks = other_status.category is DONE and self.rng.random() < 0.5
            self.pairs.append((other, key, blocks))
        self._recent.append((key, status))
        del self._recent[:-200]


def _still_open(rng: Random) -> Status:
    return rng.choice(OPEN)
