"""Figures that programs push: whose token, which gates, what is refused."""

import json
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlmodel import select

from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import EVERYONE, CriterionRule
from interlock.domain.readiness import Readiness
from interlock.domain.secret import Issued
from interlock.store.audit import AuditRow
from interlock.store.criterion import EvidenceRow
from interlock.store.engine import Store
from interlock.store.person import PersonRow
from interlock.store.reporter import ReportTokenRow
from interlock.usecases import readiness, report
from interlock.usecases.report import Pushed
from tests.builders import CHANNEL, NOW, POLICY, TEMPLATE, actor, people, release

COVERAGE = CriterionRule(kind="report", name="Tests cover enough", report="coverage", minimum=80)
MEASURED = replace(TEMPLATE, requirements=(), criteria=(COVERAGE,))


def made(store: Store) -> None:
    with store.write() as session:
        people(session)
        release(session, template=MEASURED, tickets=["DATA-1"])


def issued(store: Store, request: str = "r1", label: str = "ci") -> str:
    report.ask(store, POLICY, actor("RITA"), label, request, NOW)
    made = report.issue(store, POLICY, label, "U0RITA", request, NOW)
    assert isinstance(made, Issued), made
    return made.text


def push(store: Store, token: str, value: float = 87.5, **more: Any) -> Pushed | Refused:
    given: dict[str, Any] = {"name": "2026.12", "report": "coverage", "link": "https://ci.example/1", "now": NOW} | more
    return report.push(store, POLICY, token, given["name"], given["report"], value, given["link"], given["now"])


def turned_down(store: Store) -> list[tuple[str, str, str]]:
    """Which program's figures, for what reason, with which release: as the record tells, oldest first."""
    with store.read() as session:
        rows = session.exec(
            select(AuditRow).where(AuditRow.kind == "criterion.report_refused").order_by(AuditRow.seq)  # type: ignore[arg-type]  # a column
        ).all()
        told = [json.loads(row.body)["facts"] for row in rows]
    return [(each["reporter"], each["why"], each.get("release", "")) for each in told]


def test_a_figure_reaches_its_gate_and_the_record(store: Store) -> None:
    made(store)
    token = issued(store)
    done = push(store, token)
    assert isinstance(done, Pushed), done
    assert done.criteria == ("Tests cover enough",)
    found = readiness.ask(store, POLICY, actor("ANA"), "", CHANNEL, NOW + timedelta(minutes=5))
    assert isinstance(found, Readiness)
    gate = found.criteria[0]
    assert (gate.state, gate.why, gate.link) == (
        "pass",
        "87.5, wanted at least 80, from ci 5 min ago",
        "https://ci.example/1",
    )
    with store.read() as session:
        assert session.exec(select(AuditRow.kind).order_by(AuditRow.seq.desc())).first() == "criterion.reported"  # type: ignore[attr-defined]  # a column
        assert token not in str(session.exec(select(ReportTokenRow.hash)).one())


def test_the_newest_figure_counts(store: Store) -> None:
    made(store)
    token = issued(store)
    push(store, token, 95)
    push(store, token, 12)
    found = readiness.ask(store, POLICY, actor("ANA"), "", CHANNEL, NOW)
    assert isinstance(found, Readiness)
    assert found.criteria[0].state == "fail"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"name": "2099.01"}, "no_release"),
        ({"report": "speed"}, "no_report"),
        ({"link": "javascript:alert(1)"}, "no_link"),
        ({"value": float("nan")}, "no_figure"),
        ({"value": float("inf")}, "no_figure"),
        ({"now": NOW + timedelta(days=90)}, "unknown_token"),
    ],
)
def test_what_is_wrong_is_taken_nowhere(sqlite_store: Store, more: dict[str, Any], why: str) -> None:
    made(sqlite_store)
    refused = push(sqlite_store, issued(sqlite_store), **more)
    assert isinstance(refused, Refused)
    assert refused.reason == why
    with sqlite_store.read() as session:
        assert session.exec(select(EvidenceRow)).all() == []


@pytest.mark.parametrize("token", ["", "x", "interlock_" + "a" * 43])
def test_a_token_that_is_none_pushes_nothing(sqlite_store: Store, token: str) -> None:
    made(sqlite_store)
    issued(sqlite_store)
    refused = push(sqlite_store, token)
    assert isinstance(refused, Refused)
    assert refused.reason == "unknown_token"


def test_a_new_token_ends_the_old_one_and_an_end_ends_both(store: Store) -> None:
    made(store)
    old, new = issued(store), issued(store, "r2")
    assert isinstance(push(store, old), Refused)
    assert isinstance(push(store, new), Pushed)
    assert report.end(store, POLICY, actor("RITA"), "ci", NOW) is True
    assert isinstance(push(store, new), Refused)
    assert report.issue(store, POLICY, "ci", "U0RITA", "r2", NOW) is None


def test_asking_anew_gives_the_old_token_neither_more_time_nor_another_owner(store: Store) -> None:
    made(store)
    token = issued(store)
    late = NOW + timedelta(minutes=5)
    anybody = replace(POLICY, permissions=POLICY.permissions | {Permission.REPORT_TOKEN: (EVERYONE,)})
    assert report.ask(store, anybody, actor("MARIA"), "ci", "r2", late) == timedelta(days=90)
    with store.read() as session:
        assert session.exec(select(ReportTokenRow.created_by)).one() == "U0RITA"
    assert isinstance(push(store, token, now=late), Pushed), "no program is locked out while Slack is slow"
    assert isinstance(push(store, token, now=NOW + timedelta(days=90)), Refused)
    new = report.issue(store, anybody, "ci", "U0MARIA", "r2", NOW + timedelta(days=91))
    assert isinstance(new, Issued)
    assert new.expires_at == NOW + timedelta(days=181), "its days count from its message"
    with store.read() as session:
        assert session.exec(select(ReportTokenRow.created_by)).one() == "U0MARIA"


def test_an_older_request_issues_nothing(store: Store) -> None:
    made(store)
    issued(store)
    report.ask(store, POLICY, actor("RITA"), "ci", "r2", NOW)
    assert report.issue(store, POLICY, "ci", "U0RITA", "r1", NOW) is None


def test_a_token_dies_with_its_owners_account(store: Store) -> None:
    made(store)
    token = issued(store)
    with store.write() as session:
        session.get_one(PersonRow, "U0RITA").active = False
    refused = push(store, token)
    assert isinstance(refused, Refused)
    assert refused.reason == "deactivated"
    assert turned_down(store) == [("ci", "deactivated", "2026.12")]


def test_a_program_that_pushes_every_minute_is_on_record_once_a_day_for_each_reason(store: Store) -> None:
    made(store)
    with store.write() as session:
        release(session, name="2027.03", template=MEASURED, stage="closed")
        release(session, name="2027.06", template=MEASURED, stage="closed")
    token, other = issued(store), issued(store, label="nightly")
    for minute in range(5):
        push(store, token, name="2027.03", now=NOW + timedelta(minutes=minute))
    ended = ("ci", "release_ended", "2027.03")
    assert turned_down(store) == [ended]
    push(store, other, name="2027.03")
    push(store, token, name="2027.06")
    with store.write() as session:
        session.get_one(PersonRow, "U0RITA").active = False
    for _ in range(2):
        push(store, token, name="2027.03")
        push(store, token, name="2099.01")
    more = [("nightly", "release_ended", "2027.03"), ("ci", "release_ended", "2027.06")]
    left = [("ci", "deactivated", "2027.03"), ("ci", "deactivated", "")]
    assert turned_down(store) == [ended, *more, *left]
    push(store, token, name="2027.03", now=NOW + timedelta(days=1, minutes=-1))
    assert turned_down(store) == [ended, *more, *left]
    push(store, token, name="2027.03", now=NOW + timedelta(days=1))
    assert turned_down(store) == [ended, *more, *left, left[0]]


def test_of_two_such_figures_at_once_one_is_on_record(store: Store) -> None:
    made(store)
    token = issued(store)
    with store.write() as session:
        session.get_one(PersonRow, "U0RITA").active = False
    together = Barrier(4)

    def pushed() -> None:
        together.wait()
        push(store, token, name="2099.01")

    threads = [Thread(target=pushed) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert turned_down(store) == [("ci", "deactivated", "")]


def test_what_stands_where_a_label_belongs_stays_out_of_the_record(sqlite_store: Store) -> None:
    made(sqlite_store)
    report.ask(sqlite_store, POLICY, actor("ANA"), "ci", "r1", NOW)
    report.end(sqlite_store, POLICY, actor("ANA"), "Ana Whitlock's", NOW)
    with sqlite_store.read() as session:
        rows = session.exec(select(AuditRow).order_by(AuditRow.seq)).all()  # type: ignore[arg-type]  # a column
        told = [(row.kind, json.loads(row.body)["facts"]) for row in rows]
    assert told == [
        ("reporter.ask_refused", {"reporter": "ci", "why": "not_permitted"}),
        ("reporter.end_refused", {"why": "not_permitted"}),
    ]


def test_a_token_that_is_not_made_after_all_is_on_record(sqlite_store: Store) -> None:
    made(sqlite_store)
    report.ask(sqlite_store, POLICY, actor("RITA"), "ci", "r1", NOW)
    with sqlite_store.write() as session:
        session.get_one(PersonRow, "U0RITA").active = False
    assert isinstance(report.issue(sqlite_store, POLICY, "ci", "U0RITA", "r1", NOW), Refused)
    with sqlite_store.read() as session:
        kinds = session.exec(select(AuditRow.kind).order_by(AuditRow.seq)).all()  # type: ignore[arg-type]  # a column
    assert list(kinds) == ["reporter.requested", "reporter.issue_refused"]


@pytest.mark.parametrize("label", ["", "CI", "a b", "x" * 61, "<!channel>"])
def test_a_label_is_plain(sqlite_store: Store, label: str) -> None:
    made(sqlite_store)
    refused = report.ask(sqlite_store, POLICY, actor("RITA"), label, "r1", NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "no_label"
