"""Whether the process lives (/healthz), and whether it can do its work (/readyz)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from interlock.domain.errors import InterlockError

DATABASE: Final = "database"
"""The check that says what is wrong with it; it comes first."""
REQUESTS: Final = "slack requests"
"""The note that Slack's requests are refused, which the doctor tells on."""

Alive = Callable[[], bool]
Check = Callable[[], str | None]
"""None when all is well, else a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`threads` must live as long as the process does: one that died is mended by a restart alone. `checks` may fail
    for a while, and may block for seconds.
    """

    threads: Mapping[str, Alive] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)
    notes: Mapping[str, Check] = field(default_factory=dict)
    """What a person must mend, but which keeps nobody from being answered."""
    say: Callable[[str], str] = str
    """Puts a sentence as it is told here: with the file that a secret comes from, say."""

    def dead(self) -> list[str]:
        """The threads that died."""
        return [name for name, alive in self.threads.items() if not alive()]

    def reasons(self) -> dict[str, str]:
        """What stands in the way of work, by check; empty when ready."""
        return dict.fromkeys(self.dead(), "it has stopped") | self._complaints(self.checks)

    def readiness(self) -> dict[str, Any]:
        """What /readyz answers."""
        reasons = self.reasons()
        notes = {} if reasons else self._complaints(self.notes)
        return {"ready": not reasons, "reasons": reasons} | ({"notes": notes} if notes else {})

    def _complaints(self, checks: Mapping[str, Check]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, check in checks.items():
            try:
                reason = check()
            except InterlockError as error:
                reason = str(error)
            except SQLAlchemyError:
                # Where the database is a reason by itself, what could not be asked of it is no other.
                reason = None if DATABASE in found else "the database did not answer"
            if reason:
                found[name] = self.say(reason)
        return found
