"""Holding sign-offs against their scopes again after a sync, over that sync: 100 releases whose cards are posted and
approved, 500 tickets of theirs changed.
"""

from typing import Any, Final
from unittest.mock import patch

import requests
from sqlalchemy import select
from sqlmodel import Session, col

from bench.measure import Row, Timing, compare, timed
from bench.mirroring import EMAIL, TOKEN
from bench.practice import Practice
from bench.world import APPROVER, CHANNEL, MANAGER, policy, tracker
from bot.wiring import now
from interlock.domain.actor import Actor, Authentication
from interlock.domain.draft import Draft
from interlock.domain.release import ScopeRule
from interlock.domain.signoff import Decision
from interlock.jobs import sync
from interlock.store.engine import Store
from interlock.store.ticket import TicketRow
from interlock.usecases import card, release, revalidation, signoff
from sandbox.world import calendar

GOAL: Final = 0.1
RELEASES: Final = 100
IN_SCOPE: Final = 30
"""Tickets of each."""
EACH: Final = 5
"""Tickets of each release that change between two syncs."""
TURNS: Final = 4
TIMEOUT: Final = 60


def measure(name: str, store: Store, practice: Practice) -> list[Row]:
    with store.read() as session:
        keys = _keys(session)
    _plan(store, practice, keys)
    jira = _Jira(practice)
    rows: list[Row] = []
    for what, change in (("were commented on", lambda _: None), ("got done or were reopened", jira.move)):
        syncs, looks = [], []
        for _ in range(TURNS):
            for those in keys:
                for key in those[:EACH]:
                    jira.comment(key)
                change(those[0])
            took, looked = _sync(store, practice)
            syncs.append(took)
            looks.append(looked)
        touched = f"{RELEASES * EACH} tickets that {what}" if not rows else f"as many, of which {RELEASES} {what}"
        rows.append(
            compare(
                f"Looking again at {RELEASES} releases' sign-offs after a sync of {touched}, over that sync, {name}",
                GOAL,
                Timing(samples=tuple(looks)),
                Timing(samples=tuple(syncs)),
            )
        )
    return rows


def _plan(store: Store, practice: Practice, keys: list[list[str]]) -> None:
    """A release for each list of tickets, by a label of theirs; its sign-offs are asked for, and one is given."""
    rules, today = policy(), now()
    manager, approver = (Actor(slack_id=who, authentication=Authentication.SLACK) for who in (MANAGER, APPROVER))
    jira = _Jira(practice)
    for number, those in enumerate(keys):
        for key in those:
            jira.label(key, f"bench-{number}")
    _sync(store, practice)
    for number in range(RELEASES):
        draft = Draft(
            name=f"bench {number}",
            template="quarterly-platform",
            target=calendar.releases(today.date()).platform.target,
            channel_id=CHANNEL,
            rule=ScopeRule(labels=(f"bench-{number}",)),
        )
        made = release.create(store, rules, manager, draft, f"bench {number}", today)
        assert isinstance(made, release.Created), made
        assert made.tickets == IN_SCOPE, made
        asked = signoff.request(store, rules, manager, made.release.id, today)
        assert isinstance(asked, signoff.Requested), asked
        drawn = card.draw(store, asked.card.id, today)
        assert drawn is not None
        given = signoff.decide(store, rules, approver, str(drawn.revision_id), Decision.APPROVED, None, today)
        assert isinstance(given, signoff.Decided), given
    revalidation.revalidate(store, today)


def _keys(session: Session) -> list[list[str]]:
    found = session.scalars(select(col(TicketRow.key)).order_by(col(TicketRow.id)).limit(RELEASES * IN_SCOPE)).all()
    return [list(found[start::RELEASES]) for start in range(RELEASES)]


def _sync(store: Store, practice: Practice) -> tuple[float, float]:
    """Seconds of a sync without its look at the sign-offs, and of that look."""
    rules, looks = policy(), list[float]()

    def look(*given: Any, **named: Any) -> int:
        voided: list[int] = []
        looks.append(timed(lambda: voided.append(revalidation.revalidate(*given, **named))))
        return voided[0]

    jira = tracker(practice, rules)
    with patch.object(sync, "revalidate", look):
        took = timed(lambda: sync.run(store, rules, jira, now))
    jira.close()
    return took - looks[0], looks[0]


class _Jira:
    """Somebody at work in the practice Jira."""

    def __init__(self, practice: Practice) -> None:
        self._url = f"{practice.jira}/rest/api/2/issue"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (EMAIL, TOKEN)
        self._session.headers["Connection"] = "close"  # the server forgets one that is idle while a sync is timed

    def comment(self, key: str) -> None:
        self._session.post(f"{self._url}/{key}/comment", json={"body": "Seen."}, timeout=TIMEOUT).raise_for_status()

    def label(self, key: str, label: str) -> None:
        fields = {"fields": {"labels": [label]}}
        self._session.put(f"{self._url}/{key}", json=fields, timeout=TIMEOUT).raise_for_status()

    def move(self, key: str) -> None:
        """To done, or back."""
        at = f"{self._url}/{key}/transitions"
        told = self._session.get(at, timeout=TIMEOUT).json()["transitions"]
        now_at = self._session.get(f"{self._url}/{key}", params={"fields": "status"}, timeout=TIMEOUT).json()
        done = now_at["fields"]["status"]["statusCategory"]["key"] == "done"
        wanted = next(each for each in told if (each["to"]["statusCategory"]["key"] == "done") is not done)
        self._session.post(at, json={"transition": {"id": wanted["id"]}}, timeout=TIMEOUT).raise_for_status()
