"""Secrets that stand in files, read again when the files change: a token is renewed without a restart."""

from collections.abc import Mapping
from pathlib import Path

import structlog

from interlock.config.errors import SettingsError
from interlock.config.settings import SECRETS, Settings, load_settings

Stamp = tuple[int, int, int] | None
"""A file's inode, time of change and length; None where it is not there. Kubernetes swaps a symbolic link, so that the
inode tells; an editor writes the same file, so that the time does."""

log = structlog.get_logger(__name__)


class SecretFiles:
    """`settings` are those that were loaded from `env`. Not for several threads at once."""

    def __init__(self, env: Mapping[str, str], settings: Settings) -> None:
        self._env = env
        self._values = _values(settings)
        named = {name: env.get(f"{name}_FILE", "").strip() for name in SECRETS}
        self._files = {name: Path(path) for name, path in named.items() if path}
        self._stamps = self._look()

    def changed(self, *, force: bool = False) -> dict[str, str]:
        """The secrets, by their variables' names, that are others than at the last call; `force` reads the files even
        where they look the same. While one cannot be read or makes no sense, all stay as they are, and the log says so.
        """
        stamps = self._look()
        if not self._files or (stamps == self._stamps and not force):
            return {}
        self._stamps = stamps
        try:
            values = _values(load_settings(self._env))
        except SettingsError as error:
            log.warning("secret.unreadable", reason=str(error))
            return {}
        found = {name: values[name] for name in self._files if values.get(name) != self._values.get(name)}
        self._values = values
        for name in sorted(found):
            log.info("secret.changed", variable=name)
        return found

    def _look(self) -> dict[str, Stamp]:
        return {name: _stamp(path) for name, path in self._files.items()}


def _stamp(path: Path) -> Stamp:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_ino, told.st_mtime_ns, told.st_size


def _values(settings: Settings) -> dict[str, str]:
    return {name: settings.reveal(name) for name in SECRETS if getattr(settings, name.lower()) is not None}
