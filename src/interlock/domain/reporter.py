"""Reporters: programs that push figures, each with a token of its own that can do nothing else."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

LABEL: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """`owner` is the Slack id of whoever had it made, and answers for it."""

    label: str
    owner: str
    request: str
    expires_at: datetime

    def is_live(self, now: datetime) -> bool:
        return now < self.expires_at
