"""`interlock policy replay`: what another policy would have had otherwise, as text and for scripts."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bot.doctor.machine import open_store
from bot.wiring import now, policy_of, settings_from
from interlock.config.policy import load_policy
from interlock.domain.replay import KINDS, Difference, Kind, Replay, Replayed, minute
from interlock.domain.words import count, join
from interlock.store import schema
from interlock.store.engine import StoreError
from interlock.usecases import replay

NAMES: Final[Mapping[Kind, str]] = {
    "signoff": "sign-off",
    "requirement": "requirement",
    "move": "move",
    "ping": "ping",
    "readiness": "readiness summary",
}
PLURALS: Final = {"readiness": "readiness summaries"}
WIDE: Final = max(map(len, NAMES.values()))


def run(env: Mapping[str, str], new: Path, days: int) -> Replay:
    """Raises an InterlockError: for a policy that cannot be used, or a database that is not there. Both policies are
    read before the database, which is opened by connections that cannot write.
    """
    settings = settings_from(env)
    moment = now()
    would, was = load_policy(new, moment.date()), policy_of(settings)
    store = open_store(settings)
    if store is None:
        raise StoreError("The database is not there yet, so nothing is recorded. Run: interlock db upgrade")
    try:
        schema.require_usable(store)
        return replay.replay(store, was, would, days, moment)
    finally:
        store.close()


def as_text(found: Replay, new: Path) -> str:
    """A line that sums it up, then what each release would have had otherwise, then what could not be judged."""
    return "\n".join("".join(filter(str.isprintable, line)) for line in _lines(found, new))


def _lines(found: Replay, new: Path) -> Iterator[str]:
    days = (found.window.until - found.window.since).days
    alive = count(found.alive, "release")
    told = f"in the last {count(days, 'day')} would have gone otherwise."
    yield f"Under {new}, {len(found.otherwise)} of {alive} {told}"
    parts = [count(number, NAMES[kind], PLURALS.get(kind)) for kind in KINDS if (number := found.count(kind))]
    if parts:
        yield f"{join(parts)} would have differed."
    for one in found.otherwise:
        yield ""
        yield f"{one.name} (template {one.template}, policy {one.policy_version})"
        yield from _of_release(one)
    if found.gone or found.unlooked or found.unjudged:
        yield ""
    for name, template in found.gone:
        yield f"not replayed: {name}, whose template {template} the new policy has not"
    for key in found.unlooked:
        yield f"not looked at: {key}, which says otherwise in the new policy"
    for why, number in found.unjudged.items():
        yield f"not judged: {why}: {number}"


def _of_release(one: Replayed) -> Iterator[str]:
    for kind in KINDS:
        if kind == "ping":
            yield from _pings(one.of(kind))
        else:
            for each in one.of(kind):
                yield f"  {NAMES[kind]:<{WIDE}}  {_difference(each)}"


def _difference(each: Difference) -> str:
    when = f"{minute(each.at)}, " if each.at and each.kind in {"signoff", "move"} else ""
    why = f": {each.why}" if each.why else ""
    return f"{when}{each.what}: {each.was}; would be {each.would}{why}"


def _pings(pings: tuple[Difference, ...]) -> Iterator[str]:
    """A line for each rung: how many of its pings would have come earlier, later, besides, or not at all."""
    rungs: dict[str, Counter[str]] = {}
    for each in pings:
        rungs.setdefault(each.what.partition(" of ")[0], Counter())[each.why] += 1
    for rung, ways in rungs.items():
        told = join([f"{number} {way}" for way, number in ways.items()])
        yield f"  {'pings':<{WIDE}}  to the {rung}: {told}"


def as_json(found: Replay, new: Path) -> str:
    """Times are ISO 8601 in UTC."""
    told = {
        "config": str(new),
        "since": found.window.since.isoformat(),
        "until": found.window.until.isoformat(),
        "releases": found.alive,
        "otherwise": len(found.otherwise),
        "differences": {kind: found.count(kind) for kind in KINDS},
        "by_release": [
            {
                "release": one.name,
                "template": one.template,
                "policy_version": one.policy_version,
                "differences": [_plain(each) for each in one.differences],
                "not_judged": dict(one.unjudged),
            }
            for one in found.releases
        ],
        "not_replayed": [{"release": name, "template": template} for name, template in found.gone],
        "not_looked_at": list(found.unlooked),
        "not_judged": dict(found.unjudged),
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def _plain(each: Difference) -> dict[str, Any]:
    return asdict(each) | {"at": each.at.isoformat() if each.at else None}
