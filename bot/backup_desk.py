"""`interlock db backup | restore`."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.wiring import now, open_store, policy_of, settings_from
from interlock.domain.words import count
from interlock.store import backup, schema
from interlock.store.backup import Opened
from interlock.usecases import restore as restored
from interlock.usecases.restore import Restored

FIT: Final = "Next: interlock doctor, then interlock run."
UNFIT: Final = (
    "Do not run Interlock on it. Next: interlock db restore FILE --replace with an older backup, and tell whoever "
    "audits you."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    lines: tuple[str, ...]
    fine: bool = True


def write(env: Mapping[str, str], file: Path) -> str:
    """Raises an InterlockError, and leaves no file, where it cannot be made whole."""
    with closing(open_store(settings_from(env), require_schema=False)) as store:
        written = backup.write(store, file, now())
    made = written.manifest
    events = f"{count(made.audit_seq, 'recorded event')}, the last with hash {made.audit_hash or '-'}"
    return f"{file} is written: {count(made.rows, 'row')} at schema {made.schema}, {events}. SHA-256 {written.sha256}."


def restore(env: Mapping[str, str], file: Path, *, replace: bool) -> Report:
    """Raises an InterlockError, and leaves the database as it was, where the backup cannot be restored whole."""
    settings = settings_from(env)
    policy = policy_of(settings)  # whom to tell of messages that wait: found wrong before anything is done
    opened = backup.open_file(file)
    with closing(open_store(settings, require_schema=False)) as store:
        return _report(opened, restored.restore(store, policy, opened, now, replace=replace))


def _report(opened: Opened, done: Restored) -> Report:
    made = opened.manifest
    lines = [f"The database is that of {made.at:%a %d %b %Y %H:%M} UTC again, at schema {schema.head()}."]
    if done.broken is None:
        lines.append(f"The audit chain holds: {count(done.events, 'event')}.")
    else:
        lines.append(f"The audit chain breaks at event {done.broken.seq}: {done.broken.why}. It did so in the backup.")
    if done.parked:
        lines.append(waiting(done.parked))
    if done.late:
        lines.append(f"{count(done.late, 'message')} whose time is over will not be sent.")
    if done.tokens:
        lines.append(f"{count(done.tokens, 'token')} for the command line ended: /link token gives another.")
    lines.append(
        "What was decided since is not in it, nor are erasures: repeat those (interlock person erase). "
        f"No job catches up what it missed. {FIT if done.broken is None else UNFIT}"
    )
    return Report(lines=tuple(lines), fine=done.broken is None)


def waiting(parked: int) -> str:
    """What to say of messages that the backup held unsent."""
    one = parked == 1
    waits, they, them = ("waits", "it", "it") if one else ("wait", "they", "them")
    return (
        f"{count(parked, 'message that was', 'messages that were')} not sent then {waits}, since {they} may have been "
        f"posted meanwhile: release managers are told, once, and send {them} or let {them} go."
    )
