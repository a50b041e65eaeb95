"""What configuration raises, and what it says about a wrong policy file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from interlock.domain.errors import InterlockError


class ConfigError(InterlockError):
    """Configuration cannot be used as it stands."""


class SettingsError(ConfigError):
    """Environment variables are missing or malformed. One line, which never quotes a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProblem:
    """One mistake in one file. `line` counts from 1, and is None when the file itself is the problem; `key` is dotted,
    lists by position from 0; `right` goes on from the value: "is no time zone: write an IANA name …"."""

    file: Path
    line: int | None
    key: str
    value: str | None
    right: str

    def __str__(self) -> str:
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        subject = f"{place} {self.key}:" if self.key else f"{place}:"
        return " ".join(part for part in (subject, self.value, self.right) if part)


class PolicyError(ConfigError):
    """The policy is wrong. `problems` holds every mistake that was found, in the order of the files and lines."""

    def __init__(self, problems: Sequence[PolicyProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
