"""A mirrored practice bank with a release in it, and the bot over it: a real Bolt app with the shipped policy."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from slack_bolt import App, BoltRequest

from bench.mirroring import CONFIG, EMAIL, TOKEN
from bench.practice import Practice
from bot.answers import Answers
from bot.app import build_app
from bot.directory import SlackDirectory
from bot.modals import Modals
from bot.payload import encode
from bot.services import Services
from bot.slack import Slack
from bot.views.blocks import Message
from bot.wiring import now
from interlock.config.policy import load_policy
from interlock.config.settings import Settings, load_settings
from interlock.domain.actor import Actor, Authentication
from interlock.domain.draft import Draft
from interlock.domain.policy import Policy
from interlock.domain.release import ScopeRule
from interlock.domain.scope import ScopeChanges
from interlock.jobs import groups, sync
from interlock.store import scope, version
from interlock.store.engine import Store
from interlock.trackers.jira import JiraTracker
from interlock.usecases import card, release, signoff
from sandbox.world import calendar

CHANNEL: Final = "C0RELDATAPLATFORM"
MANAGER, APPROVER, READER = "U0RITA", "U0TOM", "U0PETE"
ADDED_TODAY: Final = 30


def policy() -> Policy:
    return load_policy(CONFIG, now().date())


def settings(practice: Practice) -> Settings:
    return load_settings(
        {
            "SLACK_BOT_TOKEN": "xoxb-practice-bot",
            "SLACK_APP_TOKEN": "xapp-practice-app",
            "SLACK_API_URL": practice.slack,
            "JIRA_URL": practice.jira,
            "JIRA_EMAIL": EMAIL,
            "JIRA_TOKEN": TOKEN,
        }
    )


def tracker(practice: Practice, rules: Policy) -> JiraTracker:
    return JiraTracker(practice.jira, EMAIL, TOKEN, rules.tickets)


def mirror(store: Store, practice: Practice) -> None:
    """People, groups and channels from the practice Slack, tickets from the practice Jira."""
    rules, given = policy(), settings(practice)
    directory = SlackDirectory(Slack(given.reveal("SLACK_BOT_TOKEN"), given.slack_api_url))
    jira = tracker(practice, rules)
    groups.run(store, rules, directory, now, lambda _: None)
    sync.run(store, rules, jira, now)
    jira.close()
    groups.run(store, rules, directory, now, lambda _: None)  # now that there are accounts to link people to


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The release that is asked about, and the newest drawing of its sign-off card."""

    release_id: int
    name: str
    revision_id: str
    at: datetime


def plan(store: Store) -> Planned:
    """The quarterly release, planned ten days ago; some tickets joined it today; its sign-offs are asked for."""
    rules, today = policy(), now()
    quarterly = calendar.releases(today.date()).platform
    with store.read() as session:
        ids = [each.id for each in version.every(session) if each.name == quarterly.name]
    manager = Actor(slack_id=MANAGER, authentication=Authentication.SLACK)
    draft = Draft(
        name=quarterly.name,
        template="quarterly-platform",
        target=quarterly.target,
        channel_id=CHANNEL,
        rule=ScopeRule(version_ids=tuple(ids)),
    )
    made = release.create(store, rules, manager, draft, "bench", today - timedelta(days=10))
    assert isinstance(made, release.Created), made
    with store.write() as session:
        late = tuple(sorted(scope.current(session))[:ADDED_TODAY])
        scope.apply(session, ScopeChanges(removed=late), today - timedelta(days=5))
        scope.apply(session, ScopeChanges(added=late), today)
    asked = signoff.request(store, rules, manager, made.release.id, today)
    assert isinstance(asked, signoff.Requested), asked
    drawn = card.draw(store, asked.card.id, today)
    assert drawn is not None
    assert drawn.revision_id is not None
    return Planned(release_id=made.release.id, name=quarterly.name, revision_id=drawn.revision_id, at=today)


class WaitedAnswers(Answers):
    """Answers whose sending can be waited for, so that it does not fall into the next measurement."""

    def __init__(self, api_url: str) -> None:
        super().__init__(api_url)
        self._sent: list[Future[bool]] = []

    def send(
        self, response_url: str, message: Message, *, replace: bool = False, thread_ts: str | None = None
    ) -> Future[bool]:
        sending = super().send(response_url, message, replace=replace, thread_ts=thread_ts)
        self._sent.append(sending)
        return sending

    def wait(self) -> None:
        while self._sent:
            assert self._sent.pop().result()


class Bot:
    """The bot, reached as Socket Mode reaches it: one payload in, one ack out. Its clock stands still, so that nothing
    that was mirrored grows old while it is measured."""

    def __init__(self, store: Store, practice: Practice, at: datetime) -> None:
        self.store, self.policy = store, policy()
        given = settings(practice)
        slack = Slack(given.reveal("SLACK_BOT_TOKEN"), given.slack_api_url)
        services = Services(store=store, policy=self.policy, settings=given, clock=lambda: at, views=Modals(slack))
        self.answers = WaitedAnswers(given.slack_api_url)
        self._app: App = build_app(services, answers=self.answers)
        self._answers_url = practice.answers

    def status(self) -> str:
        """`/release status`, typed in the release's channel; the answer's text."""
        return self._typed("status", "done")

    def readiness(self) -> str:
        """`/release readiness`, likewise."""
        return self._typed("readiness", "gates passed")

    def _typed(self, text: str, says: str) -> str:
        body = {
            "command": "/release",
            "text": text,
            "user_id": READER,
            "channel_id": CHANNEL,
            "channel_name": "rel-data-platform",
            "response_url": self._answers_url,
        }
        said = json.loads(self._dispatch(body))
        assert says in said["text"], said
        return json.dumps(said)

    def click(self, action_id: str, revision_id: str, who: str = APPROVER) -> None:
        """A click on the sign-off card."""
        self._dispatch(
            {
                "type": "block_actions",
                "user": {"id": who},
                "channel": {"id": CHANNEL},
                "container": {"type": "message", "channel_id": CHANNEL, "message_ts": "1.000001"},
                "response_url": self._answers_url,
                "actions": [
                    {
                        "type": "button",
                        "action_id": action_id,
                        "block_id": "b1",
                        "value": encode("revision", revision_id),
                    }
                ],
            }
        )

    def close(self) -> None:
        self.answers.close()

    def _dispatch(self, body: dict[str, Any]) -> str:
        # Never the same twice, in copies of a database neither: a click delivered again changes nothing.
        trigger = {"trigger_id": f"bench.{uuid.uuid4().hex}"}
        response = self._app.dispatch(BoltRequest(mode="socket_mode", body=body | trigger))
        assert response.status == 200, response  # noqa: PLR2004 HTTP's OK
        return str(response.body)


@contextmanager
def bot(store: Store, practice: Practice, at: datetime) -> Iterator[Bot]:
    one = Bot(store, practice, at)
    yield one
    one.close()
