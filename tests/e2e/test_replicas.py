"""Three bots on one PostgreSQL: one is killed and one is added mid-morning, and nobody notices."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.world.people_at_work import Somebody
from tests.e2e.running import until
from tests.e2e.test_killed_bot import Scene, channel_ids, channel_name, make_scene

pytestmark = pytest.mark.postgres

IN_SCOPE = "DATA-240"
FIRST, LAST = channel_ids()[0], channel_ids()[-1]


class Morning:
    """What people do and see while the digests go out; every request of theirs reaches two replicas."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.workspace = scene.server.workspace
        self.clicks: Counter[tuple[str, str]] = Counter()
        scene.server.slack.context.delivery.deliver_twice(10_000)

    def somebody(self, person: str) -> Somebody:
        return Somebody(self.scene.server.acts, self.workspace, person)

    def asks_for_signoffs(self, channel: str) -> None:
        rita = self.somebody("U0RITA")
        rita.types(channel, f"/release signoffs {channel_name(channel)}")
        rita.presses(channel, "Ask for")
        until("the card", lambda: self.cards(channel))

    def presses(self, person: str, channel: str, button: str, answer: str) -> None:
        """Presses it once, and waits for the answer."""
        self.clicks[person, answer] += 1
        self.somebody(person).presses(channel, button)
        until(f"the answer to {person}", lambda: self.answers()[person, answer] == self.clicks[person, answer])

    def answers(self) -> Counter[tuple[str, str]]:
        """What each person was answered, by the first words of it that a click of theirs waited for."""
        said = [each for channel in (FIRST, LAST) for each in self.workspace.everything(channel)]
        return Counter(
            (person, words)
            for person, words in self.clicks
            for each in said
            if each.ephemeral_to == person and words in each.text
        )

    def cards(self, channel: str) -> list[str]:
        said = self.workspace.everything(channel)
        return [str(each.blocks) for each in said if "Sign-offs for" in each.text and each.ephemeral_to is None]


@pytest.fixture
def scene(postgres_url: str, tmp_path: Path) -> Iterator[Scene]:
    for scene in make_scene(postgres_url, tmp_path, limits=1):
        scene.server.tickets.edit(IN_SCOPE, "rita", labels=("digest",))
        yield scene


def test_a_replica_killed_and_one_added_change_nothing_that_people_see(scene: Scene) -> None:
    bots = [scene.bot() for _ in range(3)]
    try:
        for bot in bots:
            bot.ready()
        in_mirror = "SELECT 1 FROM ticket_label WHERE label = 'digest'"
        until("the ticket in scope", lambda: scene.ask(in_mirror))
        morning = Morning(scene)
        morning.asks_for_signoffs(FIRST)
        morning.presses("U0MARIA", FIRST, "Approve", "Recorded: you approved")
        bots[0].kill()
        bots.append(scene.bot())
        scene.dead_hands_let_go(bots[0].pid)
        morning.presses("U0MARIA", FIRST, "Revoke mine", "Revoked: ")
        morning.presses("U0TOM", FIRST, "Approve", "Recorded: you approved")
        bots[-1].ready()
        morning.asks_for_signoffs(LAST)
        morning.presses("U0MARIA", LAST, "Approve", "Recorded: you approved")
        until("every digest", scene.all_sent)
        idle = "SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')"
        until("all posts", lambda: scene.ask(idle) == [(0,)])
        assert [bot.end() for bot in bots[1:]] == [0, 0, 0]
    finally:
        for bot in bots:
            bot.discard()
    scene.expect_each_channel_once()
    for channel, now_given in ((FIRST, "Open (1 of 2): Tom Arkwright"), (LAST, "Given (1 of 1): Maria Voss")):
        [card] = morning.cards(channel)
        assert now_given in card
    assert morning.answers() == morning.clicks
    deeds = scene.ask("SELECT kind, count(*) FROM audit_event WHERE kind LIKE 'signoff.%' GROUP BY kind ORDER BY kind")
    assert deeds == [("signoff.approved", 3), ("signoff.requested", 2), ("signoff.revoked", 1)]
    expect_shared_limits(scene)


def expect_shared_limits(scene: Scene) -> None:
    """Three replicas ask Slack no more than one would."""
    calls = scene.server.log.listed(service="slack")
    assert [each for each in calls if each["status"] == 429] == []
    [(read,)] = scene.ask("SELECT sum(attempt) FROM slot WHERE job LIKE '%groups'")
    assert sum(each["method"] == "usergroups.list" for each in calls) == read
