"""Fifty people who type and click for a minute at one `interlock run`: its acks, its health check, its memory.

`python -m bench.crowd PORT ANSWERS REVISION` is the crowd, in a process of its own; it prints what it saw.
"""

import hashlib
import hmac
import json
import random
import subprocess
import sys
import threading
import time
import uuid
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlencode

from bench.measure import Row, Timing
from bench.practice import Practice
from bench.running import SECRET, running
from bench.world import CHANNEL, Planned
from bot.payload import encode
from bot.wiring import now
from interlock.store.engine import Store
from sandbox.world.people import PEOPLE

ACK_GOAL: Final = 0.1
HEALTH_GOAL: Final = 1.0
MEMORY_GOAL: Final = 1.1
ACK_SECONDS: Final = 3.0
"""What Slack gives."""
DELAY_SECONDS: Final = 0.1
CROWD: Final = 50
SECONDS: Final = 60
IDLE_SECONDS: Final = 10
WARM_UP_SECONDS: Final = 30
PAUSE: Final = 5.0
"""Seconds that a person looks at an answer before they do the next thing, on average."""
COMMANDS: Final = ("status", "status", "blockers", "signoffs")
CLICKS: Final = ("signoff.approve", "signoff.revoke")


def measure(name: str, store: Store, practice: Practice, planned: Planned) -> list[Row]:
    with running(store, practice) as bot:
        command = [sys.executable, "-m", "bench.crowd", str(bot.port), practice.answers, planned.revision_id]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowd:  # noqa: S603 our own interpreter
            assert crowd.stdout is not None
            time.sleep(IDLE_SECONDS + WARM_UP_SECONDS)
            early = bot.memory()
            told = json.loads(crowd.stdout.readline())
            late = bot.memory()
        bot.wait_until_ready()
    acks, idle, busy = (Timing(samples=tuple(told[each])) for each in ("acks", "idle", "busy"))
    delay = busy.quantile(0.99) - idle.quantile(0.99)
    people = f"{CROWD} people for a minute"
    return [
        Row(
            name=f"{people}: the longest ack, over Slack's {ACK_SECONDS:g} s, {name}",
            ratio=max(acks.samples) / ACK_SECONDS,
            goal=ACK_GOAL,
            ours=f"{1000 * max(acks.samples):.0f} ms",
            theirs=f"{ACK_SECONDS:g} s",
            note=f"{len(acks.samples)} commands and clicks, their median {1000 * acks.median:.0f} ms",
        ),
        Row(
            name=f"{people}: the delay of /healthz beyond idle (p99), over {DELAY_SECONDS:g} s, {name}",
            ratio=max(delay, 0.0) / DELAY_SECONDS,
            goal=HEALTH_GOAL,
            ours=f"{1000 * delay:.0f} ms",
            theirs=f"{DELAY_SECONDS:g} s",
        ),
        Row(
            name=f"{people}: memory at the end, over memory after {WARM_UP_SECONDS} s, {name}",
            ratio=late / early,
            goal=MEMORY_GOAL,
            ours=f"{late:.0f} MiB",
            theirs=f"{early:.0f} MiB",
        ),
    ]


class Person(threading.Thread):
    """Does something, looks at the answer for a while, does the next thing."""

    def __init__(self, number: int, port: int, answers: str, revision: str, ends: float) -> None:
        super().__init__(name=f"person-{number}")
        self.acks: list[float] = []
        self._random = random.Random(number)  # noqa: S311 whom and when, no secret
        self._who = PEOPLE[number % len(PEOPLE)].id
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self._answers, self._revision, self._ends = answers, revision, ends

    def run(self) -> None:
        time.sleep(self._random.uniform(0, PAUSE))
        while time.monotonic() < self._ends:
            fields = self._command() if self._random.random() < 0.7 else {"payload": json.dumps(self._click())}  # noqa: PLR2004 most look
            body = urlencode(fields)
            headers = _signed(body)
            began = time.perf_counter()
            self._connection.request("POST", "/slack/events", body, headers)
            answer = self._connection.getresponse()
            answer.read()
            self.acks.append(time.perf_counter() - began)
            assert answer.status == 200, answer.status  # noqa: PLR2004 HTTP's OK
            time.sleep(min(self._random.expovariate(1 / PAUSE), max(self._ends - time.monotonic(), 0)))
        self._connection.close()

    def _command(self) -> dict[str, str]:
        return {
            "command": "/release",
            "text": self._random.choice(COMMANDS),
            "user_id": self._who,
            "channel_id": CHANNEL,
            "channel_name": "rel-data-platform",
            "response_url": self._answers,
            "trigger_id": uuid.uuid4().hex,
        }

    def _click(self) -> dict[str, Any]:
        return {
            "type": "block_actions",
            "user": {"id": self._who},
            "channel": {"id": CHANNEL},
            "container": {"type": "message", "channel_id": CHANNEL, "message_ts": "1.000001"},
            "response_url": self._answers,
            "trigger_id": uuid.uuid4().hex,
            "actions": [
                {
                    "type": "button",
                    "action_id": self._random.choice(CLICKS),
                    "block_id": "b1",
                    "value": encode("revision", self._revision),
                }
            ],
        }


def _signed(body: str) -> dict[str, str]:
    at = str(int(now().timestamp()))
    made = hmac.new(SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={made}",
    }


def _healthy(port: int, until: float) -> list[float]:
    """How long /healthz took, ten times a second."""
    found: list[float] = []
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    while time.monotonic() < until:
        began = time.perf_counter()
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        found.append(time.perf_counter() - began)
        time.sleep(0.1)
    connection.close()
    return found


def main() -> None:
    port, answers, revision = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    idle = _healthy(port, time.monotonic() + IDLE_SECONDS)
    ends = time.monotonic() + SECONDS
    crowd = [Person(number, port, answers, revision, ends) for number in range(CROWD)]
    for one in crowd:
        one.start()
    busy = _healthy(port, ends)
    for one in crowd:
        one.join()
    print(json.dumps({"acks": [ack for one in crowd for ack in one.acks], "idle": idle, "busy": busy}))  # noqa: T201 what the parent reads


if __name__ == "__main__":
    main()
