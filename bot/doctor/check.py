"""Running checks: side by side, each with a time of its own, and none able to end the others."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from interlock.domain.checkup import Finding, Mark, unknown
from interlock.domain.errors import InterlockError

SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`run` may take `seconds`, and may raise: what it raises is that it could not be looked at."""

    what: str
    run: Callable[[], Iterable[Finding]]
    seconds: float = SECONDS


def after(first: Check, rest: Iterable[Check]) -> list[Check]:
    """`first`, and those that cannot do well where it did not: they wait for it, and then say that they need it. So
    what keeps all of them from their answer is said once.
    """
    answered, well = threading.Event(), threading.Event()

    def lead() -> Iterable[Finding]:
        try:
            found = list(first.run())
            if any(each.what == first.what and each.mark is Mark.OK for each in found):
                well.set()
            return found
        finally:
            answered.set()

    def follow(check: Check) -> Iterable[Finding]:
        answered.wait(first.seconds)
        if well.is_set():
            return check.run()
        return [unknown(check.what, f"not checked: it needs the line “{first.what}” above.")]

    return [
        replace(first, run=lead),
        *(replace(each, run=partial(follow, each), seconds=first.seconds + each.seconds) for each in rest),
    ]


def run_all(checks: Sequence[Check]) -> list[Finding]:
    """The findings in the order of the checks. One that hangs is left behind on its thread, which dies with us."""
    begun = [(check, *_begin(check)) for check in checks]
    started = time.monotonic()
    findings: list[Finding] = []
    for check, thread, found in begun:
        thread.join(max(check.seconds - (time.monotonic() - started), 0.0))
        if thread.is_alive():
            late = f"no answer within {check.seconds:.0f} s."
            findings.append(unknown(check.what, late, "Look whether it can be reached from this machine."))
        else:
            findings += found
    return findings


def _begin(check: Check) -> tuple[threading.Thread, list[Finding]]:
    found: list[Finding] = []

    def work() -> None:
        try:
            found.extend(check.run())
        except InterlockError as error:
            found.append(unknown(check.what, f"it could not be looked at: {error}"))
        except SQLAlchemyError as error:
            found.append(unknown(check.what, f"the database does not tell ({type(error).__name__})."))
        except Exception as error:  # noqa: BLE001 one check's fault must not hide what the others found
            found.append(unknown(check.what, f"the check itself broke ({type(error).__name__}: {error})."))

    thread = threading.Thread(target=work, name=f"doctor: {check.what}", daemon=True)
    thread.start()
    return thread, found
