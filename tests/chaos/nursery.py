"""Real processes at the price of a fork.

Importing the bot takes seconds, and a seed starts it a dozen times. So one process imports everything, starts no
thread, and forks whatever is asked of it over a socket: each child is a process of its own, killed like any other.
"""

import json
import os
import select
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

Job = Callable[[dict[str, Any]], None]
LONGEST_SECONDS = 150.0
"""A seed that takes longer hangs."""


def attend(job: Callable[["Nurse"], None], child: Job) -> int | None:
    """Fork `job`, which may have further children made, each running `child` with what was asked for it. Returns its
    exit code once it ended, None if it hung; whatever it left behind is killed.
    """
    ours, theirs = socket.socketpair()
    parent = os.fork()
    if parent == 0:
        ours.close()
        run(lambda: job(Nurse(theirs)))
    theirs.close()
    ward = _Ward(ours, parent, child)
    deadline = time.monotonic() + LONGEST_SECONDS
    while parent in ward.living and time.monotonic() < deadline:
        ward.look()
    code = ward.codes.get(parent)
    ward.close()
    return code


class _Ward:
    """The children of one job, and it itself."""

    def __init__(self, link: socket.socket, parent: int, child: Job) -> None:
        self.living = {parent}
        self.codes: dict[int, int] = {}
        self._link, self._child, self._half = link, child, b""

    def look(self) -> None:
        """Make what was asked for, and tell of who ended."""
        if select.select([self._link], [], [], 0.02)[0]:
            *lines, self._half = (self._half + self._link.recv(65536)).split(b"\n")
            for line in lines:
                self._bear(json.loads(line))
        while self.living:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            self.living.discard(pid)
            self.codes[pid] = os.waitstatus_to_exitcode(status)
            self._tell({"ended": pid, "code": self.codes[pid]})

    def close(self) -> None:
        for pid in self.living:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._link.close()

    def _bear(self, asked: dict[str, Any]) -> None:
        pid = os.fork()
        if pid == 0:
            self._link.close()
            run(lambda: self._child(asked))
        self.living.add(pid)
        self._tell({"born": pid})

    def _tell(self, told: dict[str, Any]) -> None:
        with suppress(OSError):  # the job itself may have ended
            self._link.sendall(json.dumps(told).encode() + b"\n")


class Nurse:
    """The asking side, in the forked job. Threads share one."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._asking = threading.Lock()
        self._changed = threading.Condition()
        self._born: list[int] = []
        self._ended: dict[int, int] = {}
        threading.Thread(target=self._listen, name="nurse", daemon=True).start()

    def bear(self, asked: dict[str, Any]) -> int:
        """Have a child made; its pid."""
        with self._asking, self._changed:
            self._link.sendall(json.dumps(asked).encode() + b"\n")
            self._changed.wait_for(lambda: self._born)
            return self._born.pop()

    def ended(self, pid: int) -> int | None:
        """The child's exit code, negative for a signal; None while it lives."""
        with self._changed:
            return self._ended.get(pid)

    def wait(self, pid: int, seconds: float) -> int | None:
        with self._changed:
            self._changed.wait_for(lambda: pid in self._ended, seconds)
            return self._ended.get(pid)

    def _listen(self) -> None:
        for line in self._link.makefile("rb"):
            told = json.loads(line)
            with self._changed:
                if "born" in told:
                    self._born.append(told["born"])
                else:
                    self._ended[told["ended"]] = told["code"]
                self._changed.notify_all()


def run(work: Callable[[], None]) -> NoReturn:
    """In a forked child: never returns into its parent's stack."""
    code = 1
    try:
        work()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 whatever it was, this process ends here
        traceback.print_exc()
    finally:
        os._exit(code)
