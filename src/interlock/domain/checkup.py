"""What `interlock doctor` finds: one line each, in a word, with its mend."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from interlock.domain.host import is_here
from interlock.domain.words import count

MOST_SKEW: Final = timedelta(seconds=5)
BROKEN_SKEW: Final = timedelta(seconds=60)
"""At five minutes Slack's signatures are refused, and what is read "since" then misses changes."""

MEBIBYTE: Final = 1024 * 1024
LEAST_SPACE: Final = 1024 * MEBIBYTE
NO_SPACE: Final = 100 * MEBIBYTE


class Mark(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    """It could not be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`what` was looked at, `told` is how it is, `mend` what to do about it; "" where nothing has to be done."""

    mark: Mark
    what: str
    told: str
    mend: str = ""


def ok(what: str, told: str) -> Finding:
    return Finding(mark=Mark.OK, what=what, told=told)


def warn(what: str, told: str, mend: str) -> Finding:
    return Finding(mark=Mark.WARN, what=what, told=told, mend=mend)


def fail(what: str, told: str, mend: str = "") -> Finding:
    return Finding(mark=Mark.FAIL, what=what, told=told, mend=mend)


def unknown(what: str, told: str, mend: str = "") -> Finding:
    return Finding(mark=Mark.UNKNOWN, what=what, told=told, mend=mend)


def judge_scopes(granted: frozenset[str], wanted: frozenset[str]) -> Finding:
    """What the bot token may do against what the app's manifest asks for."""
    missing, spare = sorted(wanted - granted), sorted(granted - wanted)
    if missing:
        return fail(
            "Slack scopes",
            f"the bot token lacks {', '.join(missing)}.",
            "Set the app's manifest to config/slack-manifest.yaml and install the app anew.",
        )
    if spare:
        return warn(
            "Slack scopes",
            f"the bot token may more than it needs: {', '.join(spare)}.",
            "Take them out of the app's scopes and install it anew.",
        )
    return ok("Slack scopes", f"all {len(wanted)} of the manifest, and no other.")


def judge_clock(whose: str, skew: timedelta, broken: timedelta = BROKEN_SKEW) -> Finding:
    """`skew` is how far this machine's clock is ahead of theirs; beyond `broken` it cannot work."""
    what, seconds = f"clock against {whose}", skew.total_seconds()
    if abs(skew) <= min(MOST_SKEW, broken):
        return ok(what, f"{abs(seconds):.0f} s apart.")
    told = f"this machine's is {abs(seconds):.0f} s {'ahead' if seconds > 0 else 'behind'}."
    mend = f"Let this machine and {whose} keep the time by NTP."
    return (fail if abs(skew) > broken else warn)(what, told, mend)


def judge_address(variable: str, url: str) -> Finding:
    """Whether what we send to the address that `variable` holds, our token with it, can be read on its way."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return ok(variable, f"{host}, encrypted.")
    if is_here(host):
        return ok(variable, f"{host}, which is this machine.")
    return warn(
        variable,
        f"our token goes to {host} unencrypted (http://).",
        "Set it to the https:// address, unless something below, such as a mesh, encrypts it.",
    )


def judge_space(free: int, held: int) -> Finding:
    """`free` bytes where the SQLite file lies, which holds `held`."""
    told = f"{free // MEBIBYTE:,} MiB are free; the database holds {held // MEBIBYTE:,} MiB."
    if free < NO_SPACE:
        return fail("disk space", told, "Make room now: nothing can be decided once the disk is full.")
    if free < max(LEAST_SPACE, held):
        return warn("disk space", told, "Make room: a backup needs as much as the database holds.")
    return ok("disk space", told)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 where nothing fails; what only warns or cannot be looked at is no failure."""
    return 1 if any(each.mark is Mark.FAIL for each in findings) else 0


def summary(findings: Iterable[Finding]) -> str:
    marks = [each.mark for each in findings]
    told = [
        count(marks.count(mark), noun, plural)
        for mark, noun, plural in (
            (Mark.FAIL, "failure", None),
            (Mark.WARN, "warning", None),
            (Mark.UNKNOWN, "could not be checked", "could not be checked"),
        )
        if mark in marks
    ]
    return f"{count(len(marks), 'check')}: {', '.join(told) or 'all is well'}."
