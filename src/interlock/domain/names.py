"""Finding what somebody meant by a typed name, and what may be a name at all."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from interlock.domain.alike import nearest

LONGEST: Final = 40
"""A longer name does not fit beside its number and state on a phone."""
NEAR: Final = 60
"""From how alike two names are, in percent, one is taken for a misspelling of the other."""
SUGGESTED: Final = 3
MARKUP: Final = frozenset("*~`<>")
"""What Slack formats with, and the command line takes away again: a name that was read there would name nothing. An
underscore stays, which too many names have.
"""
OVERRIDES: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Direction overrides, which make a name read as another. Right-to-left letters need none of them."""

INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What is drawn as nothing: Unicode's Default_Ignorable_Code_Point, annotation marks and the empty Braille cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """More than one name begins as was typed."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """`near` are those that come close, the likeliest first."""

    near: tuple[str, ...]


def fold(name: str) -> str:
    """Two names are one if this is: letter case, width, blanks and what cannot be seen do not tell names apart."""
    return " ".join(INVISIBLE.sub("", unicodedata.normalize("NFKC", tidy(name)).casefold()).split())


def tidy(text: str) -> str:
    """The text on one line, without what cannot be seen or stored: control characters, overrides, half a character."""
    return " ".join("".join(letter if _visible(letter) else " " for letter in text).split())


def says_something(text: str) -> bool:
    """Whether anything in it can be read: blanks and zero-width characters say nothing."""
    return any(unicodedata.category(letter)[0] in "LNPS" for letter in INVISIBLE.sub("", text))


def unsaid(text: str, ask: str, most: int) -> str:
    """What is wrong with words that somebody has to give, "" for nothing; `ask` is what to say without any."""
    return too_long(text, most) if says_something(text) else ask


def too_long(text: str, most: int) -> str:
    """What is wrong with a text that is not kept whole, "" for nothing."""
    return f"That has {len(text)} characters; at most {most} are kept. Make it shorter." if len(text) > most else ""


def find(typed: str, names: Sequence[str]) -> Found | Several | NotFound:
    """Which of `names` was meant: the very one, else the only one that begins so, else which come close."""
    wanted = fold(typed)
    by_fold = {fold(name): name for name in names}
    if wanted in by_fold:
        return Found(name=by_fold[wanted])
    begun = [name for folded, name in by_fold.items() if folded.startswith(wanted)]
    if len(begun) == 1:
        return Found(name=begun[0])
    if begun:
        return Several(names=tuple(begun))
    # Beyond the longest name nothing can be near, and comparing ten thousand letters would take its time.
    if len(wanted) > 2 * LONGEST:
        return NotFound(near=())
    return NotFound(near=tuple(by_fold[folded] for folded in nearest(wanted, by_fold, NEAR, most=SUGGESTED)))


def problem(name: str) -> str | None:
    """Why this cannot be the name of something new, as a sentence; None when it can."""
    if not says_something(name):
        return "Give it a name, such as 2026.12."
    if not all(_visible(letter) for letter in name):
        return "A name can't hold control characters, line breaks or direction overrides. Type it afresh."
    if MARKUP & set(name):
        return "A name can't hold * ~ ` < or >, which Slack takes for formatting. Leave them out."
    if len(name.strip()) > LONGEST:
        return f"That is {len(name.strip())} characters; a name has at most {LONGEST}."
    return None


def _visible(letter: str) -> bool:
    return unicodedata.category(letter) not in {"Cc", "Cs"} and letter not in OVERRIDES
