"""SQLite is for one running Interlock: a second one on the file would take its jobs and messages, unseen."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import make_url

from interlock.store.engine import StoreError


@contextmanager
def alone_on(url: str) -> Iterator[None]:
    """Nobody else is within this on the same SQLite file; raises StoreError where somebody is. Commands are not asked,
    and PostgreSQL takes any number.

    The kernel lets go for a process that is killed. A lock that cannot be made (a full disk) keeps nobody from running.
    """
    parsed = make_url(url)
    file = Path(parsed.database or "")
    if parsed.get_backend_name() != "sqlite" or not file.is_file():
        yield
        return
    lock = file.with_name(f"{file.name}.lock")
    try:
        number = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError:
        yield
        return
    try:
        _take(number, file)
        yield
    finally:
        os.close(number)


def _take(number: int, file: Path) -> None:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StoreError(
            f"Another Interlock runs on {file}, and SQLite is for one: stop that, or use PostgreSQL for several."
        ) from error
    except OSError:  # a file system that knows no locks
        return
