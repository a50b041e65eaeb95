"""Which names come close to a typed one: "Did you mean …?"."""

from collections.abc import Iterable


def nearest(typed: str, names: Iterable[str], percent: int, *, most: int = 1, parts: bool = False) -> tuple[str, ...]:
    """Those that are at least so much alike, letter case aside, the likeliest first; `parts`: one that holds the typed
    one, or the other way round, is near too.
    """
    # Here, since it takes 5 MiB and 60 ms, and most processes never meet a misspelling.
    from rapidfuzz import fuzz, process  # noqa: PLC0415

    scorer = fuzz.WRatio if parts else fuzz.ratio
    found = process.extract(typed, list(names), scorer=scorer, processor=str.lower, score_cutoff=percent, limit=most)
    return tuple(name for name, _, _ in found)
