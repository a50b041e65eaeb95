"""`/raid risk [RELEASE] p3 i4 @owner by fri DATA-214: TITLE | DETAILS`, and the lines that change an entry, read.

Before the colon stands what is about the entry, in any order; after it its title in free words, and after a bar more of
it. Nothing of a title is ever taken for something else.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from bot.parsing import PERSON
from bot.views.text import cut
from interlock.domain.raid import SCALE, Kind
from interlock.domain.raid_draft import TypedEntry

EXAMPLES: Final = {
    Kind.RISK: "p3 i4 @owner by 2026-12-04 DATA-214: Schema registry upgrade slips",
    Kind.ASSUMPTION: "@owner by 2026-12-04: The vendor delivers on Monday",
    Kind.ISSUE: "@owner by fri DATA-214: Quota of the test cluster is used up",
    Kind.DECISION: "@driver approver @maria with @tom informed @leo by fri: Which registry? | Keep 5.4, or move to 6",
}
SCORED: Final = re.compile(r"([pi])(\d+)", re.IGNORECASE | re.ASCII)
TICKET: Final = re.compile(r"[a-z][a-z0-9_]+-\d+", re.IGNORECASE | re.ASCII)
MORE: Final = " | "
ROLES: Final = {
    "owner": "owner",
    "driver": "owner",
    "approver": "approver",
    "with": "contributors",
    "contributors": "contributors",
    "informed": "informed",
}
SEVERAL: Final = frozenset({"contributors", "informed"})
LONGEST: Final = 60


class Unread:
    """It cannot be read; the sentence says what can."""

    def __init__(self, why: str) -> None:
        self.sentence = why


@dataclass(slots=True)
class _Reading:
    """What was read so far; `role` is whom the next person named is."""

    rest: list[str] = field(default_factory=list)
    scores: dict[str, int] = field(default_factory=dict)
    people: dict[str, list[str]] = field(default_factory=dict)
    role: str = "owner"
    day: str | None = None
    ticket: str | None = None


def read(args: str) -> TypedEntry | Unread:
    """`title` is None without a colon, `details` without a bar."""
    head, title, details = _parted(args)
    found, words = _Reading(), head.split()
    while words:
        words, trouble = _step(found, words)
        if trouble:
            return Unread(trouble)
    return TypedEntry(
        rest=" ".join(found.rest),
        probability=found.scores.get("p"),
        impact=found.scores.get("i"),
        owner=_one(found, "owner"),
        approver=_one(found, "approver"),
        contributors=_several(found, "contributors"),
        informed=_several(found, "informed"),
        day=found.day,
        ticket=found.ticket,
        title=title,
        details=details,
    )


def keyed(args: str) -> tuple[str, str]:
    """`R-12 p2: note`, `R-12: note`: the key, and what is said of it."""
    key, _, rest = args.strip().partition(" ")
    return key.removesuffix(":"), f": {rest.strip()}" if key.endswith(":") and rest else rest.strip()


def says_more(typed: TypedEntry) -> bool:
    """Whether anything but a release's name was said."""
    return typed != TypedEntry(rest=typed.rest)


def example(kind: Kind) -> str:
    return f"/raid {kind.value} {EXAMPLES[kind]}"


def _parted(args: str) -> tuple[str, str | None, str | None]:
    head, colon, told = args.partition(": ")
    if not colon and args.endswith(":"):
        head, colon = args[:-1], ":"
    if not colon:
        return args, None, None
    title, bar, details = told.partition(MORE)
    return head, title.strip(), details.strip() if bar else None


def _step(found: _Reading, words: list[str]) -> tuple[list[str], str | None]:
    """Reads what the first words are; gives the words that are left, and what is wrong with these."""
    word, rest = words[0], words[1:]
    folded = word.casefold()
    scored = SCORED.fullmatch(word)
    if scored:
        return rest, _score(found, scored[1].casefold(), scored[2])
    if folded in ROLES and rest and _is_person(rest[0]):
        found.role = ROLES[folded]
        return rest, None
    if _is_person(word):
        return rest, _person(found, word)
    if folded in {"by", "review"} and rest:
        found.day = rest[0]
        return rest[1:], None
    if folded == "no" and rest and rest[0].casefold() == "ticket":
        found.ticket = ""
        return rest[1:], None
    if TICKET.fullmatch(word):
        trouble = (
            f"Two tickets: {cut(found.ticket, LONGEST)} and {cut(word, LONGEST)}. One is kept."
            if found.ticket
            else None
        )
        found.ticket = word
        return rest, trouble
    found.rest.append(word)
    return rest, None


def _score(found: _Reading, letter: str, digits: str) -> str | None:
    if len(digits) > 1 or int(digits) not in SCALE:
        what = "Probability is p1 (rare) to p5 (almost certain)" if letter == "p" else "Impact is i1 to i5 (severe)"
        return f"{what}; {letter}{cut(digits, LONGEST)} is not on the scale."
    found.scores[letter] = int(digits)
    return None


def _person(found: _Reading, word: str) -> str | None:
    named = found.people.setdefault(found.role, [])
    if named and found.role not in SEVERAL:
        return f"Two people are named as {found.role}. Contributors come after `with`, who is told after `informed`."
    named.append(word)
    if found.role not in SEVERAL:
        found.role = "owner"
    return None


def _is_person(word: str) -> bool:
    return bool(PERSON.fullmatch(word)) or _is_address(word)


def _one(found: _Reading, role: str) -> str | None:
    return next(iter(found.people.get(role, ())), None)


def _several(found: _Reading, role: str) -> tuple[str, ...] | None:
    return tuple(found.people[role]) if role in found.people else None


def _is_address(word: str) -> bool:
    """`@ana`, or an e-mail address with or without one more @ before it."""
    name, *rest = word.removeprefix("@").split("@")
    return bool(name) and (len(rest) == 1 and bool(rest[0]) if rest else word.startswith("@"))
