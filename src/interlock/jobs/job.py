"""What a scheduled job is: a name, a function, and for a family of jobs its subjects."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from interlock.domain.errors import InterlockError
from interlock.domain.outbox import Outgoing
from interlock.domain.policy import JobRule
from interlock.domain.slot import Outcome, Slot
from interlock.domain.vendor import Vendor


class JobStoppedError(InterlockError):
    """Raised by `progress` in a job that must end: the program stops, or another holds the slot by now. Let it pass:
    what is committed stays, and the next attempt goes on from there.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """What a job is told. `now` is the moment of this attempt; what it makes is keyed by `slot.key`.

    `progress(text)` is called between units of work (a page, a channel): it logs the text, unless that is empty, and
    raises JobStoppedError when the job must end. A `dry_run` changes nothing and reports what it would post.
    """

    now: datetime
    slot: Slot
    progress: Callable[[str], None]
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """`detail` is a sentence for the record ("12 posts for 30 channels"); `posts` is what it posted, or would."""

    detail: str = ""
    posts: tuple[Outgoing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`subjects` makes it a family: pairs of a subject (a channel's id) and its own rule, each with slots of its own,
    so that the failure of one does not stop the others. Without it the rule is policy's for `name`.

    `group`: of the jobs in one, asked for or due, only one runs at a time.
    `needs`: while one of these vendors does not accept our token, it is not run, but now and then to try, if it
    `probes`: if each run of it asks them all something.
    `lease`: how long after its process died a slot is free again; a living one extends it.
    """

    name: str
    run: Callable[[JobContext], JobReport]
    subjects: Callable[[datetime], Iterable[tuple[str, JobRule]]] | None = None
    group: str | None = None
    needs: frozenset[Vendor] = frozenset()
    probes: bool = True
    lease: timedelta = field(default=timedelta(seconds=90))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one firing came to. `outcome` None: it was stopped or put off, and will be tried again."""

    slot: Slot
    outcome: Outcome | None
    detail: str
    report: JobReport | None = None
