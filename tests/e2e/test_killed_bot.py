"""The bot killed and ended amid a digest of thirty channels: each gets exactly one, on both engines."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.wiring import now
from interlock.config.policy import load_policy
from interlock.domain.actor import Actor, Authentication
from interlock.domain.draft import Draft
from interlock.domain.release import ScopeRule
from interlock.domain.slot import Missed
from interlock.store import slot as slots
from interlock.store.engine import Store
from interlock.usecases import release
from interlock.usecases.release import Created
from sandbox.faults import Fault
from sandbox.server import SandboxServer, practice
from sandbox.slack.settings import Settings
from sandbox.slack.values import Channel
from tests.e2e.running import CONFIG, MANIFEST, Bot, ask, free_port, posts, run_job, settings, until

CHANNELS = 30
MORTAL = Path(__file__).with_name("mortal.py")


@dataclass(frozen=True)
class Scene:
    """A practice bank of thirty channels, each with a release whose digest was due a minute ago."""

    server: SandboxServer
    env: dict[str, str]
    folder: Path

    def bot(self, *, dies_at: str = "") -> Bot:
        env = self.env | {"INTERLOCK_HTTP": f"127.0.0.1:{free_port()}"}
        program = (str(MORTAL), dies_at) if dies_at else ("-m", "bot")
        return Bot(env, self.folder / "bot.log", program=program)

    def ask(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        return ask(self.env["DATABASE_URL"], statement, **values)

    def digests(self) -> list[str]:
        """The channels in which one stands, each as often as it does."""
        return [
            channel
            for channel in channel_ids()
            for said in posts(self.server, channel)
            if "Sign-offs for" not in said.text  # a card, where somebody asked for one
        ]

    def dead_hands_let_go(self, pid: int | None = None) -> None:
        """Time passes: what a dead process (this one, or all) held is free. Leases last half a minute and more."""
        past, owner = now() - timedelta(seconds=1), f"%:{pid}:%" if pid else "%"
        for table in ("slot", "outbox"):
            free = f"UPDATE {table} SET lease_until = :past WHERE owner LIKE :owner AND lease_until > :past"  # noqa: S608 of two names
            self.ask(free, past=past, owner=owner)

    def all_sent(self) -> bool:
        return self.ask("SELECT count(*) FROM outbox WHERE kind = 'digest' AND state = 'sent'") == [(CHANNELS,)]

    def expect_each_channel_once(self) -> None:
        assert sorted(self.digests()) == sorted(channel_ids())
        assert self.ask("SELECT count(*) FROM outbox WHERE kind = 'digest'") == [(CHANNELS,)]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    yield from make_scene(request.getfixturevalue(f"{request.param}_url"), tmp_path)


@pytest.fixture
def sqlite_scene(sqlite_url: str, tmp_path: Path) -> Iterator[Scene]:
    yield from make_scene(sqlite_url, tmp_path)


def make_scene(database: str, folder: Path, *, limits: float = 0) -> Iterator[Scene]:
    """`limits`: how many times Slack's; 0 takes them away."""
    started = now()
    with practice(manifest=MANIFEST, today=started.date(), settings=Settings(rate_scale=limits)) as server:
        for channel_id in channel_ids():
            members = frozenset({"U0RITA", "U0MARIA", "U0TOM", server.workspace.app_user})
            server.workspace.put_channel(Channel(id=channel_id, name=channel_name(channel_id), members=members))
        env = settings(server, database, free_port()) | {"INTERLOCK_CONFIG": str(configure(folder, started))}
        done = run_job("groups", env=env, folder=folder)
        assert done.returncode == 0, done.stderr
        seed(env, started)
        yield Scene(server, env, folder)


def channel_ids() -> list[str]:
    return [f"C0DIGEST{number:02}" for number in range(CHANNELS)]


def channel_name(channel_id: str) -> str:
    return channel_id.removeprefix("C0").lower()


def configure(folder: Path, started: datetime) -> Path:
    """The practice bank's policy, with thirty channels whose digest is due every day a minute before the test began."""
    shutil.copytree(CONFIG, folder / "config")
    file = folder / "config/interlock.yaml"
    due = started.astimezone(UTC) - timedelta(minutes=1)
    digest = f"digest: {{at: {due:%H:%M}, calendar: always}}"
    ours = [f"  {channel_name(each)}: {{projects: [DATA], {digest}}}" for each in channel_ids()]
    always = "  always: {time_zone: UTC, weekdays: [mon, tue, wed, thu, fri, sat, sun]}"
    text = re.sub(r"\n +digest: .*", "", file.read_text())
    text = re.sub(r"\n  (readiness-summary|blocker-escalation): .*", "", text)  # they post in channels too
    text = text.replace("\ncalendars:\n", f"\ncalendars:\n{always}\n").replace(
        "\nchannels:\n", "\n".join(["", "channels:", *ours, ""])
    )
    file.write_text(text)
    return file


def seed(env: dict[str, str], started: datetime) -> None:
    """A release in each channel, planned by the use case; each channel's slot of yesterday is known."""
    store = Store(env["DATABASE_URL"])
    policy = load_policy(Path(env["INTERLOCK_CONFIG"]), started.date())
    rita = Actor(slack_id="U0RITA", authentication=Authentication.SLACK)
    target = policy.calendars["london"].add_business_days(started.date(), 10)
    try:
        for channel_id in channel_ids():
            draft = Draft(
                name=channel_name(channel_id),
                template="quarterly-platform",
                target=target,
                channel_id=channel_id,
                rule=ScopeRule(version_ids=(), labels=("digest",), epics=()),
                namesakes_of=(),
            )
            done = release.create(store, policy, rita, draft, channel_id, now())
            assert isinstance(done, Created), done
        with store.write() as session:
            yesterday = started - timedelta(days=1)
            for channel_id in channel_ids():
                missed = Missed(first=yesterday, last=yesterday, count=1)
                slots.record_missed(session, f"daily-digest:{channel_id}", missed, yesterday)
    finally:
        store.close()
    ask(env["DATABASE_URL"], "DELETE FROM outbox")  # that they are planned is not this story


def test_killed_at_the_claim_at_the_work_and_amid_the_posts(scene: Scene) -> None:
    for point in ("claim", "work"):
        assert scene.bot(dies_at=point).wait() == -9, point
        assert scene.digests() == []
        scene.dead_hands_let_go()

    # Of the first posts four arrive and are never answered, and two vanish: nobody knows which.
    for fault, count in (("timeout_after", 4), ("timeout", 2)):
        scene.server.faults.plan(Fault(service="slack", method="chat.postMessage", fault=fault, count=count))  # type: ignore[arg-type]  # one of FaultKind
    bot = scene.bot()
    until("all posts that arrive", lambda: len(scene.digests()) == CHANNELS - 2)
    bot.kill()
    scene.dead_hands_let_go()

    bot = scene.bot()
    try:
        until("every digest to be settled", scene.all_sent)
        assert bot.end() == 0, bot.log.read_text()
    finally:
        bot.discard()
    scene.expect_each_channel_once()


def test_told_to_end_amid_the_posts_it_leaves_nothing_half_sent(sqlite_scene: Scene) -> None:
    scene = sqlite_scene
    bot = scene.bot()
    try:
        until("the first posts", scene.digests)
        assert bot.end() == 0, bot.log.read_text()
    finally:
        bot.discard()
    assert scene.ask("SELECT count(*) FROM outbox WHERE state = 'sending'") == [(0,)]
    sent = scene.ask("SELECT channel FROM outbox WHERE kind = 'digest' AND state = 'sent' ORDER BY channel")
    assert sent == [(channel,) for channel in scene.digests()]
    bot = scene.bot()
    try:
        bot.ready()
        until("the rest", scene.all_sent)
        assert bot.end() == 0, bot.log.read_text()
    finally:
        bot.discard()
    scene.expect_each_channel_once()
