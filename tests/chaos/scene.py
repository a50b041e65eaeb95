"""One seed, from an empty bank to the evidence of what happened there."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sandbox.faults import Fault
from sandbox.server import SandboxServer
from tests.chaos import bank, councils, evidence, jira, settling
from tests.chaos.bots import Bots, free_addresses
from tests.chaos.clock import Clock
from tests.chaos.databases import Database
from tests.chaos.nursery import Nurse
from tests.chaos.people import Crowd, plan_releases
from tests.chaos.plan import Blow, Deed, Plan
from tests.chaos.tables import Tables

HANDS = 6
"""How many people are at work at once."""
AFTER_STORM = 45.0
"""Seconds in which everything has to come to rest: a deadline for a busy machine, not a wait."""


class Scene:
    def __init__(self, nurse: Nurse, plan: Plan, database: Database, folder: Path, host: str, plant: str) -> None:
        self.plan = plan
        self.folder = folder
        self.clock = Clock.make(folder / "clock", plan.day.begins)
        self.database = database
        self.tables = Tables(database.url)
        addresses = free_addresses(host, len(plan.deaths))
        webhook = f"http://{addresses[0]}/webhooks/jira"
        self.server: SandboxServer = bank.open_bank(plan.seed, plan.day, self.clock, webhook)
        policy = bank.write_policy(folder, plan.day)
        env = bank.settings(self.server, database.url, policy, "")
        self.bots = Bots(nurse, env, folder, addresses, plan.deaths, plant)
        self.crowd = Crowd(self.server, self.clock, councils.DEEDS)
        self.struck = Counter[str]()
        self.happened: list[dict[str, Any]] = []

    def run(self) -> None:
        """Leaves the evidence in the folder. Raises where the scene itself, not the bot, is at fault."""
        self.bots.start()
        settled: list[str] = ["The bots did not become ready."]
        if self.bots.wait_until_ready() and settling.wait_for_first_sync(self.tables):
            plan_releases(self.crowd, self.server, self.clock)
            self._storm()
            settled = self._calm()
        at_rest = self.clock.true()
        self.bots.stop()
        evidence.write(self, settled, at_rest)
        self.server.stop()

    # --- the storm ---------------------------------------------------------------------------------------------------

    def _storm(self) -> None:
        self.bots.arm()
        began = time.monotonic()
        with ThreadPoolExecutor(HANDS + 2 + len(self.plan.blows)) as pool:
            hands = [
                pool.submit(self._hand, began, [each for each in self.plan.deeds if _hand_of(each) == number])
                for number in range(HANDS)
            ]
            hands.append(pool.submit(self._change_tickets, began))
            hands += [pool.submit(self._strike, began, blow) for blow in self.plan.blows]
        for hand in hands:
            hand.result()

    def _hand(self, began: float, deeds: list[Deed]) -> None:
        for deed in deeds:
            _sleep_until(began + deed.at)
            self.crowd.does(deed.person, deed.kind, deed.about)

    def _change_tickets(self, began: float) -> None:
        for change in self.plan.changes:
            _sleep_until(began + change.at)
            self._tell("change", kind=change.kind, key=jira.change(self.server.tickets, change))

    def _strike(self, began: float, blow: Blow) -> None:
        _sleep_until(began + blow.at)
        self.struck[_name_of(blow)] += 1
        self._tell("blow", kind=blow.kind, **blow.how)
        BLOWS[blow.kind](self, blow.how)

    def _tell(self, what: str, **more: Any) -> None:
        self.happened.append({"at": self.clock.true(), "what": what} | more)

    # --- afterwards --------------------------------------------------------------------------------------------------

    def _calm(self) -> list[str]:
        """Everything is well again; what keeps the world from coming to rest, nothing if it does."""
        self.server.faults.clear()
        self.clock.step(-self.clock.error)
        self.bots.calm()
        if not self.bots.wait_until_ready():
            return ["The bots did not become ready after the storm."]
        return settling.wait(self.tables, self.clock, AFTER_STORM)


def _hand_of(deed: Deed) -> int:
    """One person's deeds come one after the other."""
    return sum(deed.person.encode()) % HANDS


def _name_of(blow: Blow) -> str:
    if blow.kind == "fault":
        return f"{blow.how['service']} {blow.how['fault']}"
    return str(blow.how["name"]) if blow.kind == "trouble" else blow.kind


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


# --- the blows --------------------------------------------------------------------------------------------------------


def _kill(scene: Scene, how: dict[str, Any]) -> None:
    scene.bots.strike(how["bot"], signal.SIGKILL)


def _term(scene: Scene, how: dict[str, Any]) -> None:
    scene.bots.strike(how["bot"], signal.SIGTERM)


def _fault(scene: Scene, how: dict[str, Any]) -> None:
    scene.server.faults.plan(Fault(**how))


def _twice(scene: Scene, how: dict[str, Any]) -> None:
    scene.server.slack.context.delivery.deliver_twice(how["count"])
    scene.server.webhooks.repeat(how["count"])


def _late(scene: Scene, _how: dict[str, Any]) -> None:
    scene.crowd.redeliver()


def _hang_up(scene: Scene, how: dict[str, Any]) -> None:
    evidence.post(scene.server.url, "/control/disconnect", how)


def _trouble(scene: Scene, how: dict[str, Any]) -> None:
    getattr(scene.database, how["name"])(how["seconds"])


def _step(scene: Scene, how: dict[str, Any]) -> None:
    scene.clock.step(how["seconds"])
    time.sleep(how["back"])
    scene.clock.step(-how["seconds"])


BLOWS: dict[str, Callable[[Scene, dict[str, Any]], None]] = {
    "kill": _kill,
    "term": _term,
    "fault": _fault,
    "twice": _twice,
    "late": _late,
    "hang up": _hang_up,
    "trouble": _trouble,
    "step": _step,
}
