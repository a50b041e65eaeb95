"""What happens in a seed, and when: the same for the same seed. Times are our seconds from the storm's beginning."""

from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from sandbox.faults import FAULT_KINDS
from tests.chaos.bank import PAYMENTS, PLATFORM, Day, day_of
from tests.chaos.clock import SPEED
from tests.chaos.points import POINTS

STORM_SECONDS = 7.0 * 30 / SPEED
BOTS = {"sqlite": 1, "postgres": 3}

MAY_SIGN = {
    PLATFORM: ("TOM", "ANA", "SAM", "MARIA", "LEO", "YUKI", "OMAR", "LENA", "NOOR", "PETE", "GRACE", "JON"),
    PAYMENTS: ("TOM", "GRACE", "JON"),
}
MAY_NOT_SIGN = {
    PLATFORM: ("INES", "RITA", "RAVI", "GUEST", "VENDOR", "AUDIT", "NOMAIL"),
    PAYMENTS: ("SAM", "GUEST", "VENDOR", "RAVI", "NOMAIL"),
}
"""Assigned, having asked for it, in none of the groups, a guest, of another company."""
VOTERS = {
    PLATFORM: ("TOM", "INES", "MARIA", "LEO", "YUKI", "OMAR", "LENA", "NOOR", "PETE", "GRACE", "JON"),
    PAYMENTS: ("TOM", "GRACE", "JON", "INES"),
}
MAY_NOT_VOTE = ("GUEST", "RAVI", "ANA", "RITA")
"""A guest, and people of none of the roles that vote."""
CONFIRMERS = ("OMAR", "GRACE", "RITA", "SAM")
"""Of broken glass. Two of them are also those who ask."""
BOOKERS = ("RAVI", "JON", "PETE", "TOM", "YUKI", "ANA")
BOOKABLE = ("uat-1", "uat-2", "int-1", "staging")
TAKERS = ("RAVI", "ANA", "NOOR", "LENA")
SLACK_METHODS = ("chat.postMessage", "chat.postMessage", "chat.update", "conversations.*", "usergroups.list", "*")
JIRA_METHODS = ("GET *", "POST *")


@dataclass(frozen=True, slots=True)
class Deed:
    at: float
    person: str
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Change:
    """Of a ticket; `choice` chooses which among those that there are."""

    at: float
    kind: str
    choice: int


@dataclass(frozen=True, slots=True)
class Blow:
    """`kind` is one of scene's; what it needs is in `how`."""

    at: float
    kind: str
    how: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Death:
    """How one life of a bot ends by itself: the point, and which time."""

    point: str
    times: int


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    database: str
    day: Day
    deeds: tuple[Deed, ...]
    changes: tuple[Change, ...]
    blows: tuple[Blow, ...]
    deaths: tuple[tuple[Death, ...], ...]
    """For each bot those of its lives, one after the other; the last life has none."""

    def told(self) -> dict[str, Any]:
        return asdict(self)


def plan(seed: int, database: str, troubles: tuple[str, ...]) -> Plan:
    rng = Random(f"{seed} {database}")  # noqa: S311 a seed wants a seeded generator
    bots = BOTS[database]
    deeds = _deeds(rng)
    changes = [*_moves(rng), *(_change(rng) for _ in range(5))]
    blows = _blows(rng, bots, troubles)
    deaths = tuple(tuple(_death(rng) for _ in range(2)) for _ in range(bots))
    deeds += _councils(rng)  # drawn last: what a seed was before stays what it was
    return Plan(
        seed=seed,
        database=database,
        day=day_of(seed),
        deeds=tuple(sorted(deeds, key=lambda each: each.at)),
        changes=tuple(sorted(changes, key=lambda each: each.at)),
        blows=tuple(sorted(blows, key=lambda each: each.at)),
        deaths=deaths,
    )


def _when(rng: Random) -> float:
    return round(rng.uniform(0, STORM_SECONDS), 2)


def _deeds(rng: Random) -> list[Deed]:
    signing = ("approve", "approve twice", "approve late", "reject", "revoke")
    done = [
        (rng.choice(MAY_SIGN[channel]), rng.choices(signing, (8, 2, 3, 2, 6))[0], channel)
        for channel, count in ((PLATFORM, 16), (PAYMENTS, 7))
        for _ in range(count)
    ]
    done += [
        (person, rng.choice(("approve", "approve", "reject")), channel)
        for channel, people in MAY_NOT_SIGN.items()
        for person in rng.sample(people, 3)
    ]
    done += [(rng.choice(MAY_SIGN[PLATFORM]), "waver", PLATFORM) for _ in range(2)]
    done += [(rng.choice(BOOKERS), "book", rng.choice(BOOKABLE)) for _ in range(7)]
    done += [(rng.choice(BOOKERS), "give back", rng.choice(BOOKABLE)) for _ in range(4)]
    done += [(rng.choice(TAKERS), rng.choice(("take", "take ping", "snooze")), PLATFORM) for _ in range(3)]
    done += [("GUEST", "book", "uat-1"), ("GUEST", "take", PAYMENTS)]
    done += [(rng.choice(("ANA", "TOM", "LEO")), "look", PLATFORM) for _ in range(3)]
    done += [("ANA", "share", PLATFORM), ("RITA", "digest now", PLATFORM)]
    done += [(rng.choice(("TOM", "RAVI")), "open home", "") for _ in range(2)]
    done += [(who, kind, channel) for channel in (PLATFORM, PAYMENTS) for who, kind in _governing(rng)]
    late = rng.sample(MAY_SIGN[PLATFORM], 4)
    return [
        *(Deed(_when(rng), f"U0{person}", kind, about) for person, kind, about in done),
        # When the scope has long changed, by the card of before; and whoever may do nothing at all.
        *(Deed(rng.uniform(0.8, 1) * STORM_SECONDS, f"U0{person}", "approve late", PLATFORM) for person in late),
        *(Deed(_when(rng), "U0GUEST", "book", rng.choice(BOOKABLE)) for _ in range(3)),
    ]


def _governing(rng: Random) -> list[tuple[str, str]]:
    """Of one release: who moves, holds and waives; the last of each may not."""
    moving = ("advance", "hold", "resume")
    return [
        *((rng.choice(("RITA", "SAM")), kind) for kind in rng.choices(moving, k=6)),
        (rng.choice(("GUEST", "TOM")), rng.choice(moving)),
        *((rng.choice(("RITA", "SAM")), "waive") for _ in range(3)),
        (rng.choice(("GUEST", "LEO")), "waive"),
        *((rng.choice(("TOM", "LEO", "GRACE", "SAM")), rng.choice(("grant", "grant", "refuse"))) for _ in range(5)),
        (rng.choice(("RITA", "RAVI", "GUEST")), "grant"),
    ]


def _councils(rng: Random) -> list[Deed]:
    """Roll-calls, broken glass and what is entered in the RAID log; of each somebody who may not."""
    managers, both = ("RITA", "SAM"), (PLATFORM, PAYMENTS)
    voting = ("vote go", "vote go late", "vote no-go", "vote abstain", "vote in words")
    done = [
        (rng.choice(VOTERS[channel]), rng.choices(voting, weights)[0], channel)
        for channel, count, weights in ((PLATFORM, 14, (8, 2, 2, 1, 3)), (PAYMENTS, 12, (7, 2, 4, 1, 3)))
        for _ in range(count)
    ]
    for channel in both:
        done += [(rng.choice(MAY_NOT_VOTE), rng.choice(("vote go", "vote in words")), channel)]
        done += [(rng.choice(managers), "call the roll", channel) for _ in range(2)]
        done += [(rng.choice(managers), "enter a risk", channel)]
    done += [(rng.choice(("TOM", "GUEST")), "call the roll", rng.choice(both))]
    done += [(rng.choice(managers), "withdraw the roll-call", rng.choice(both))]
    done += [(rng.choice(("LEO", "TOM", "GUEST")), "break glass", rng.choice(both))]
    done += [(rng.choice(("TOM", "LEO", "YUKI")), "enter a risk", PLATFORM) for _ in range(4)]
    done += [(rng.choice(("GUEST", "RAVI")), "enter a risk", PLATFORM)]
    late = [(rng.choice(managers), "confirm the roll-call", channel) for channel in (*both, *both, PAYMENTS, PAYMENTS)]
    late += [(rng.choice(("GRACE", "TOM")), "confirm the roll-call", PAYMENTS)]
    late += [(rng.choice(("LEO", "MARIA")), "confirm glass", rng.choice(both))]
    late += [(rng.choice(CONFIRMERS), "take glass back", channel) for channel in both]
    late += [(rng.choice(("AUDIT", "AUDIT", "RITA", "LEO")), "review glass", channel) for channel in (*both, *both)]
    return [
        *(Deed(_when(rng), f"U0{person}", kind, about) for person, kind, about in done),
        *(Deed(rng.uniform(0.4, 1) * STORM_SECONDS, f"U0{person}", kind, about) for person, kind, about in late),
        *(each for channel in both for each in _glass(rng, channel)),
    ]


def _glass(rng: Random, channel: str) -> list[Deed]:
    """It is asked for, and a moment later somebody confirms it, who may have been the one that asked."""
    deeds = []
    for _ in range(3):
        at, asker = rng.uniform(0, 0.7) * STORM_SECONDS, rng.choice(("RITA", "SAM"))
        deeds.append(Deed(at, f"U0{asker}", "break glass", channel))
        several = (asker, *rng.sample(CONFIRMERS, 2))
        deeds += [Deed(at + rng.uniform(0.3, 1.8), f"U0{who}", "confirm glass", channel) for who in several]
    return deeds


def _moves(rng: Random) -> list[Change]:
    """Early, so that an old card is old."""
    return [Change(rng.uniform(0, 2), kind, rng.randrange(1000)) for kind in ("out of scope", "create")]


def _change(rng: Random) -> Change:
    kinds = (
        "done",
        "reopen",
        "flag",
        "unflag",
        "into scope",
        "out of scope",
        "priority",
        "assign",
        "create",
        "summary",
    )
    return Change(_when(rng), rng.choice(kinds), rng.randrange(1000))


def _blows(rng: Random, bots: int, troubles: tuple[str, ...]) -> list[Blow]:
    blows = [Blow(round(rng.uniform(0.5, 3), 2), "kill", {"bot": bot}) for bot in range(bots)]
    blows.append(Blow(_when(rng), "kill", {"bot": rng.randrange(bots)}))
    blows += [Blow(_when(rng), "term", {"bot": rng.randrange(bots)})] if rng.random() < 0.4 else []
    for _ in range(4):
        fault = {"service": "slack", "method": rng.choice(SLACK_METHODS), "fault": rng.choice(FAULT_KINDS)}
        blows.append(Blow(_when(rng), "fault", fault | {"count": rng.randint(1, 3)}))
    fault = {"service": "jira", "method": rng.choice(JIRA_METHODS), "fault": rng.choice(FAULT_KINDS)}
    blows.append(Blow(_when(rng), "fault", fault | {"count": rng.randint(1, 4)}))
    blows += [Blow(_when(rng), "twice", {"count": rng.randint(1, 3)}) for _ in range(2)]
    blows += [Blow(_when(rng), "late", {}) for _ in range(3)]
    if rng.random() < 0.3:
        blows.append(Blow(_when(rng), "hang up", {"abrupt": rng.random() < 0.5}))
    for _ in range(2):
        if rng.random() < 0.6:
            how = {"name": rng.choice(troubles), "seconds": round(rng.uniform(0.2, 1.2), 2)}
            blows.append(Blow(_when(rng), "trouble", how))
    if rng.random() < 0.4:
        blows.append(
            Blow(_when(rng), "step", {"seconds": rng.choice((3600, -3600)), "back": round(rng.uniform(0.5, 2), 2)})
        )
    return blows


def _death(rng: Random) -> Death:
    return Death(rng.choice(POINTS), rng.randint(1, 3))
