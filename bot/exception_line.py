"""`/release exception RELEASE [FREEZE] why: … in: … out: …`, read; what stands before `why:` is the use case's."""

import re
from typing import Final

from interlock.domain.freeze_exception import Reasons

MARK: Final = re.compile(r"(?:^|(?<=\s))(why|in|out):", re.IGNORECASE)
FIELDS: Final = {"why": "why", "in": "risk_in", "out": "risk_out"}


def read(text: str) -> tuple[str, Reasons | None]:
    """The text before the reasons, and the reasons in any order; None where there are none. A mark that comes again is
    a word of the reason that it stands in.
    """
    found: dict[str, str] = {}
    places: list[tuple[str, int, int]] = []
    for mark in MARK.finditer(text):
        field = FIELDS[mark[1].casefold()]
        if all(field != each for each, _, _ in places):
            places.append((field, mark.start(), mark.end()))
    if not places:
        return text.strip(), None
    for (field, _, begins), following in zip(places, [*places[1:], ("", len(text), 0)], strict=True):
        found[field] = text[begins : following[1]].strip().strip('"').strip()
    return text[: places[0][1]].strip(), Reasons(**{field: found.get(field, "") for field in FIELDS.values()})
