"""The bots of a seed: each is a process that dies and comes again."""

import os
import signal
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.chaos.nursery import Nurse
from tests.chaos.plan import Death

READY_SECONDS = 25.0
REBIRTH_SECONDS = 0.1
MOST_FALLS = 3
ENDS = {-signal.SIGKILL: "killed", -signal.SIGTERM: "ended", 128 + signal.SIGTERM: "ended", 0: "ended", None: "stuck"}
"""By exit code. A bot may be told to end before it can heed that, or twice: then it ends at once."""
SHORT_OF = (
    "cannot be reached",
    "is not reachable",
    "read-only",
    "readonly",
    "database is locked",
    "disk",
    "in recovery",
)
"""What a bot may say that could not start while its database was away."""


class Bots:
    """`env` lacks the address at which each listens: `host` is a loopback address that no other worker uses."""

    def __init__(
        self,
        nurse: Nurse,
        env: dict[str, str],
        folder: Path,
        addresses: list[str],
        deaths: tuple[tuple[Death, ...], ...],
        plant: str,
    ) -> None:
        self.ends = Counter[str]()
        self.falls: list[str] = []
        self._nurse, self._env, self._folder, self._plant = nurse, env, folder, plant
        self._addresses = addresses
        self._deaths = [list(each) for each in deaths]
        self._pids: list[int] = []
        self._doomed = [False] * len(addresses)
        self._logs = [folder] * len(addresses)
        self._lives = 0
        self._armed = False
        self._keeping = threading.Event()
        self._lock = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        self._pids = [self._bear(number) for number in range(len(self._addresses))]
        self._keeping.set()
        self._keeper.start()

    def arm(self) -> None:
        """From now on each new life ends as planned."""
        self._armed = True

    def calm(self) -> None:
        """From now on they live. Whoever has a death before them is told to end in good order."""
        with self._lock:
            self._armed = False
            for number, doomed in enumerate(self._doomed):
                if doomed:
                    self._signal(number, signal.SIGTERM)

    def strike(self, number: int, how: signal.Signals) -> None:
        with self._lock:
            self._signal(number, how)

    def ready(self) -> bool:
        return all(map(_is_ready, self._addresses))

    def wait_until_ready(self) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and len(self.falls) < MOST_FALLS:
            if self.ready():
                return True
            time.sleep(0.05)
        return False

    def stop(self) -> None:
        """In good order, and for good."""
        self._keeping.clear()
        self._keeper.join()
        for number in range(len(self._pids)):
            self._signal(number, signal.SIGTERM)
        for number, pid in enumerate(self._pids):
            code = self._nurse.wait(pid, 20)
            self._count(number, code)
            if code is None:
                self.falls.append("a bot did not stop within 20 s of SIGTERM")
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _keep(self) -> None:
        while self._keeping.is_set():
            for number, pid in enumerate(self._pids):
                code = self._nurse.ended(pid)
                if code is None:
                    continue
                self._count(number, code)
                time.sleep(REBIRTH_SECONDS)
                with self._lock:
                    self._pids[number] = self._bear(number)
            time.sleep(0.03)

    def _count(self, number: int, code: int | None) -> None:
        end = ENDS.get(code, "fell")
        self.ends[end] += 1
        if end == "fell":
            last = self._logs[number].read_text(errors="replace").splitlines()[-1:]
            if not any(word in line for line in last for word in SHORT_OF):
                self.falls.append(f"a bot ended by itself with {code}: {' '.join(last)[:300]}")

    def _bear(self, number: int) -> int:
        death = self._deaths[number].pop(0) if self._armed and self._deaths[number] else Death("", 0)
        self._doomed[number] = bool(death.point)
        self._lives += 1
        self._logs[number] = self._folder / f"bot-{number}-{self._lives:03}.log"
        return self._nurse.bear(
            {
                "env": self._env | {"INTERLOCK_HTTP": self._addresses[number]},
                "log": str(self._logs[number]),
                "clock": str(self._folder / "clock"),
                "point": death.point,
                "times": death.times,
                "plant": self._plant,
            }
        )

    def _signal(self, number: int, how: signal.Signals) -> None:
        pid = self._pids[number]
        if self._nurse.ended(pid) is None:
            with suppress(ProcessLookupError):  # it ended by itself, and the nurse has not told yet
                os.kill(pid, how)


def free_addresses(host: str, count: int) -> list[str]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind((host, 0))
    found = [f"{host}:{probe.getsockname()[1]}" for probe in probes]
    for probe in probes:
        probe.close()
    return found


def _is_ready(address: str) -> bool:
    try:
        with urlopen(f"http://{address}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
