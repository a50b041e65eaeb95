"""Secrets that stand in files, read again when the files change: a token is renewed without a restart."""

from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from interlock.config.settings import SECRETS, Settings, look_at_settings
from interlock.domain.errors import InterlockError

Stamp = tuple[int, int, int] | None
"""A file's inode, time of change and length; None where it is not there. Kubernetes swaps a symbolic link, so that the
inode tells; an editor writes the same file, so that the time does."""

log = structlog.get_logger(__name__)


class SecretFiles:
    """`settings` are those that were loaded from `env`. One thread renews; any may look at `unused`."""

    def __init__(self, env: Mapping[str, str], settings: Settings) -> None:
        self._env = env
        named = {name: env.get(f"{name}_FILE", "").strip() for name in sorted(SECRETS)}
        self._files = {name: Path(path) for name, path in named.items() if path}
        self._values = {name: settings.reveal(name) for name in self._files}
        self._stamps = self._look()
        self.unused: Mapping[str, str] = {}
        """What stands in these variables' files is not what is used, and why, in a sentence without any of it."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The secrets that stand in files, by their variables' names."""
        return tuple(self._files)

    def renew(self, use: Callable[[str, str], None], *, force: bool = False) -> None:
        """Call `use` with the name and text of each secret that is another than before; it raises an InterlockError for
        one that it can't use while the program runs. `force` reads the files even where they look the same.

        Each goes by itself: whatever is wrong with one keeps no other from being renewed. It stays as it was, and is
        tried again until it is right (a mode that is corrected leaves no trace in a stamp).
        """
        stamps = self._look()
        if not self._files or (stamps == self._stamps and not force and not self.unused):
            return
        touched = {name for name, stamp in stamps.items() if force or stamp != self._stamps[name]}
        self._stamps = stamps
        settings, wrong = look_at_settings(self._env)
        unused: dict[str, str] = {}
        for name in self._files:
            event, why = "secret.unreadable", f"{wrong[name]}." if name in wrong else None
            if why is None:
                event, why = "secret.needs_restart", self._use(name, settings.reveal(name), use)
            if why is not None:
                unused[name] = why
                if name in touched or why != self.unused.get(name):
                    log.warning(event, variable=name, reason=why)
        self.unused = unused

    def _use(self, name: str, secret: str, use: Callable[[str, str], None]) -> str | None:
        """Why it can't be used, or None."""
        if secret == self._values[name]:
            return None
        try:
            use(name, secret)
        except InterlockError as error:
            return str(error)
        self._values[name] = secret
        log.info("secret.changed", variable=name)
        return None

    def _look(self) -> dict[str, Stamp]:
        return {name: _stamp(path) for name, path in self._files.items()}


def _stamp(path: Path) -> Stamp:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_ino, told.st_mtime_ns, told.st_size
