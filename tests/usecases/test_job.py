"""Asking for a job to be run at once."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import col, select

from interlock.domain.authority import Refused
from interlock.store.audit import AuditPersonRow, AuditRow
from interlock.store.engine import Store
from interlock.usecases import job
from tests.builders import NOW, POLICY, actor, people

LATER = NOW + timedelta(minutes=16)


@pytest.fixture(autouse=True)
def _people(store: Store) -> None:
    with store.write() as session:
        people(session)


def recorded(store: Store) -> list[tuple[str, str, dict[str, object]]]:
    with store.read() as session:
        rows = session.exec(select(AuditRow).order_by(col(AuditRow.seq))).all()
        who = [session.get_one(AuditPersonRow, (row.seq, "actor")).data["slack_id"] for row in rows]
        return [(row.kind, each, json.loads(row.body)["facts"]) for row, each in zip(rows, who, strict=True)]


def test_who_asked_for_which_is_on_record(store: Store) -> None:
    assert not isinstance(job.ask(store, POLICY, actor("RITA"), "daily-digest", "C0A", NOW), Refused)
    assert recorded(store) == [("job.asked", actor("RITA").slack_id, {"job": "daily-digest", "subject": "C0A"})]


def test_whoever_may_not_is_refused_and_nothing_is_begun(store: Store) -> None:
    said = job.ask(store, POLICY, actor("ANA"), "sync", "", NOW)
    assert isinstance(said, Refused)
    assert said.reason == "not_permitted"
    facts = {"job": "sync", "subject": "", "why": "not_permitted"}
    assert recorded(store) == [("job.ask_refused", actor("ANA").slack_id, facts)]


def test_groups_that_are_too_old_refuse_all_but_the_job_that_reads_them(store: Store) -> None:
    assert isinstance(job.ask(store, POLICY, actor("RITA"), "sync", "", LATER), Refused)
    assert not isinstance(job.ask(store, POLICY, actor("RITA"), "groups", "", LATER), Refused)
    nobody = replace(POLICY, permissions={})
    assert isinstance(job.ask(store, nobody, actor("RITA"), "groups", "", LATER), Refused)
