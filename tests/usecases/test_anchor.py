"""Anchoring the record, and a rewritten record found out by its anchors."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select
from structlog.testing import capture_logs

from interlock.domain import audit as chain
from interlock.domain.anchor import read
from interlock.domain.audit import AuditEvent
from interlock.domain.policy import Anchors, Policy
from interlock.store import anchor_folder, audit
from interlock.store.audit import AuditRow
from interlock.store.engine import Store, StoreError
from interlock.store.outbox import OutboxRow
from interlock.usecases import anchor
from tests.builders import NOW, POLICY, actor, people


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    return replace(POLICY, anchors=Anchors(channel="rel-data-platform", folder=str(tmp_path / "anchors")))


def decide(store: Store, *reasons: str) -> None:
    with store.write() as session:
        for reason in reasons:
            event = AuditEvent(kind="test.decided", actor=actor("ANA"), facts={"reason": reason})
            audit.append(session, event, NOW)


def posted(store: Store) -> list[dict[str, Any]]:
    with store.read() as session:
        return [dict(row.ids) for row in session.exec(select(OutboxRow).where(OutboxRow.kind == "audit.anchor"))]


def rewrite(store: Store) -> None:
    """What somebody with the database's rights could do: the first reason reads otherwise, and all hashes fit."""
    with store.write() as session:
        connection = session.connection()
        if store.is_sqlite:
            for name in (
                connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            ):
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER USER"))
        previous = chain.GENESIS
        for seq, recorded in connection.execute(text("SELECT seq, body FROM audit_event ORDER BY seq")).all():
            body = recorded.replace("because", "never")
            digest = chain.link_hash(previous, body)
            connection.execute(
                text("UPDATE audit_event SET body = :body, previous = :previous, hash = :hash WHERE seq = :seq"),
                {"body": body, "previous": previous, "hash": digest, "seq": seq},
            )
            previous = digest
        connection.execute(text("UPDATE audit_head SET hash = :hash"), {"hash": previous})


def test_the_head_goes_to_the_folder_and_to_the_channel(store: Store, policy: Policy) -> None:
    with store.write() as session:
        people(session)
    decide(store, "because", "so")
    done = anchor.run(store, policy, NOW)
    assert done is not None
    with store.read() as session:
        assert (done.anchor.seq, done.anchor.hash) == audit.head(session) == (2, session.get_one(AuditRow, 2).hash)
    assert read(anchor_folder.text(Path(policy.anchors.folder or ""))) == [done.anchor]
    assert posted(store) == [{"seq": 2, "hash": done.anchor.hash, "at": NOW.isoformat()}]


def test_a_head_that_has_not_moved_is_told_once(store: Store, policy: Policy) -> None:
    with store.write() as session:
        people(session)
    assert anchor.run(store, policy, NOW) is None
    decide(store, "because")
    anchor.run(store, policy, NOW)
    again = anchor.run(store, policy, NOW + timedelta(days=1))
    assert again is not None
    assert again.posts == ()
    decide(store, "so")
    anchor.run(store, policy, NOW + timedelta(days=2))
    assert [ids["seq"] for ids in posted(store)] == [1, 2]
    assert [each.seq for each in read(anchor_folder.text(Path(policy.anchors.folder or "")))] == [1, 2]


def test_a_rewritten_record_holds_by_itself_and_not_against_its_anchors(store: Store, policy: Policy) -> None:
    with store.write() as session:
        people(session)
    decide(store, "because", "so")
    anchor.run(store, policy, NOW)
    decide(store, "then")
    kept = anchor_folder.text(Path(policy.anchors.folder or ""))
    assert anchor.contradicted(store, kept) is None
    rewrite(store)
    with store.read() as session:
        assert audit.verify(session) == (3, None), "the chain alone cannot tell"
    broken = anchor.contradicted(store, kept)
    assert broken is not None
    assert (broken.seq, broken.why) == (2, "it is not what was anchored on 2026-11-23 09:00 UTC")
    with capture_logs() as logged, pytest.raises(anchor.AnchorError, match="The record was changed: event 2"):
        anchor.run(store, policy, NOW + timedelta(days=1))
    assert (len(posted(store)), logged) == (1, [])


def test_a_record_that_was_cut_short_shows(store: Store, policy: Policy) -> None:
    with store.write() as session:
        people(session)
    decide(store, "because")
    far = "interlock-anchor v1 seq=9 hash=" + "0" * 64 + " at=2026-11-22T18:00:00Z"
    broken = anchor.contradicted(store, far)
    assert broken is not None
    assert broken.why == "it was anchored on 2026-11-22 18:00 UTC and is missing"


def test_a_channel_that_is_not_seen_is_named(store: Store, policy: Policy) -> None:
    """And takes no other anchor with it."""
    decide(store, "because")
    with (
        capture_logs() as logged,
        pytest.raises(anchor.AnchorError, match="#rel-data-platform: Interlock does not see that channel"),
    ):
        anchor.run(store, policy, NOW)
    [kept] = read(anchor_folder.text(Path(policy.anchors.folder or "")))
    assert kept.seq == 1
    assert [(each["event"], each["anchor"]) for each in logged] == [("audit.anchor", kept.line)]


def test_a_folder_that_cannot_be_written_is_named(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    decide(sqlite_store, "because")
    policy = replace(POLICY, anchors=Anchors(folder=str(tmp_path / "file")))
    with pytest.raises(StoreError, match="The anchor can't be written into"):
        anchor.run(sqlite_store, policy, NOW)


def test_without_channel_and_folder_the_log_is_the_anchor(sqlite_store: Store) -> None:
    decide(sqlite_store, "because")
    with capture_logs() as logged:
        done = anchor.run(sqlite_store, POLICY, NOW)
    assert done is not None
    assert [each["anchor"] for each in logged] == [done.anchor.line]
    assert (done.anchor.seq, done.posts) == (1, ())
