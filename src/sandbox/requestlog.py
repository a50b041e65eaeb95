"""What the practice servers were asked, for tests and for the curious."""

import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One call. `args` never hold a token. `outcome` is "ok", an error code, or a fault's name; `at` epoch seconds."""

    at: float
    service: str
    method: str
    args: dict[str, Any]
    status: int
    outcome: str


class RequestLog:
    """The last `kept` calls."""

    def __init__(self, kept: int = 20_000) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Logged] = deque(maxlen=kept)

    def add(self, service: str, method: str, args: dict[str, Any], status: int, outcome: str) -> None:
        with self._lock:
            self._kept.append(
                Logged(at=time.time(), service=service, method=method, args=args, status=status, outcome=outcome)
            )

    def listed(self, *, service: str | None = None, method: str | None = None) -> list[dict[str, Any]]:
        with self._lock:
            found = list(self._kept)
        return [asdict(one) for one in found if service in {None, one.service} and method in {None, one.method}]

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
