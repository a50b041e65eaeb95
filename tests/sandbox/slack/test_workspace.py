"""The state itself: timestamps, the feed, what is read, and who sees what."""

import threading
from typing import Any

import pytest

from sandbox.slack.feed import Feed
from sandbox.slack.workspace import Workspace

GENERAL = "C0GENERAL"


def test_timestamps_only_grow_even_while_the_clock_stands(workspace: Workspace) -> None:
    stamps = [workspace.new_ts() for _ in range(1000)]
    assert stamps == sorted(set(stamps))
    assert stamps[0] == "1764000000.000000"


def test_many_threads_lose_no_message(workspace: Workspace) -> None:
    def talk() -> None:
        for _ in range(200):
            workspace.post(GENERAL, "U0ANA", "x")

    threads = [threading.Thread(target=talk) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(workspace.messages(GENERAL)) == 1600


def test_a_message_of_the_past_stands_where_it_belongs(workspace: Workspace) -> None:
    workspace.post(GENERAL, "U0ANA", "now")
    workspace.post(GENERAL, "U0ANA", "yesterday", ts="1763913600.000000")
    assert [message.text for message in workspace.messages(GENERAL)] == ["yesterday", "now"]


def test_unread_counts_what_others_said_since(workspace: Workspace) -> None:
    workspace.post(GENERAL, "U0RAVI", "one")
    workspace.post(GENERAL, "U0ANA", "mine")
    second = workspace.post(GENERAL, "U0RAVI", "two")
    workspace.post(GENERAL, "U0RAVI", "in a thread", thread_ts=second.ts)
    workspace.post(GENERAL, "U0INTERLOCK", "for Tom", ephemeral_to="U0TOM")
    assert workspace.unread("U0ANA", GENERAL) == 1
    workspace.mark_read("U0ANA", GENERAL, second.ts)
    assert workspace.unread("U0ANA", GENERAL) == 0
    workspace.mark_read("U0ANA", GENERAL, "1")
    assert workspace.read_mark("U0ANA", GENERAL) == second.ts


def test_the_sidebar(workspace: Workspace) -> None:
    workspace.dm("U0ANA", "U0INTERLOCK")
    workspace.change_channel("C0GOVERNANCE", kind="private")
    seen = {person: {c.id for c in workspace.channels(seen_by=person)} for person in ("U0ANA", "U0RITA", "U0GUEST")}
    assert "D0ANA" in seen["U0ANA"]
    assert "C0GOVERNANCE" in seen["U0RITA"]
    assert not seen["U0ANA"] & {"C0GOVERNANCE"}
    assert seen["U0GUEST"] == {"C0GENERAL", "C0RELPAYMENTS"}


def test_direct_conversations_are_the_same_from_both_sides(workspace: Workspace) -> None:
    assert workspace.dm("U0ANA", "U0RAVI") == workspace.dm("U0RAVI", "U0ANA")
    with pytest.raises(KeyError):
        workspace.dm("U0ANA", "U0NOBODY")


def test_the_feed_tells_what_happened_after_a_number(workspace: Workspace) -> None:
    start = workspace.feed.last
    message = workspace.post(GENERAL, "U0ANA", "hello")
    workspace.change_message(GENERAL, message.ts, text="hullo")
    workspace.delete_message(GENERAL, message.ts)
    changes = workspace.changes(start)
    assert [(c.number - start, c.kind, c.ts) for c in changes] == [
        (1, "message", message.ts),
        (2, "message_changed", message.ts),
        (3, "message_deleted", message.ts),
    ]
    assert workspace.changes(changes[-1].number) == []


def test_the_feed_wakes_who_waits(workspace: Workspace) -> None:
    found: list[Any] = []
    start = workspace.feed.last
    waiting = threading.Thread(target=lambda: found.extend(workspace.changes(start, timeout=10)))
    waiting.start()
    workspace.post(GENERAL, "U0ANA", "hello")
    waiting.join(10)
    assert [change.kind for change in found] == ["message"]


def test_a_feed_that_forgot_says_reset() -> None:
    feed = Feed(kept=3)
    for _ in range(5):
        feed.add("message")
    assert [change.number for change in feed.after(2, 0)] == [3, 4, 5]
    assert [(change.number, change.kind) for change in feed.after(1, 0)] == [(5, "reset")]


def test_a_closed_feed_lets_everybody_go() -> None:
    feed = Feed()
    waiting = threading.Thread(target=lambda: feed.after(0, timeout=60))
    waiting.start()
    feed.close()
    waiting.join(10)
    assert not waiting.is_alive()
    assert feed.after(0, timeout=60) == []
