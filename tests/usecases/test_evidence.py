"""Gathering a release's evidence: what is in it for whom, and that its taking is recorded."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import SQLModel, select

from interlock.domain.audit import AuditEvent, link_hash
from interlock.domain.authority import Refused
from interlock.domain.evidence import concealed, names_any
from interlock.domain.policy import CriterionRule
from interlock.domain.release import Unclear
from interlock.domain.signoff import Decision
from interlock.domain.visibility import RESTRICTED
from interlock.store import audit, booking, environment
from interlock.store.audit import AuditRow
from interlock.store.booking import BookingRow
from interlock.store.engine import Store
from interlock.store.environment import EnvironmentRow
from interlock.store.evidence import BELOW, MORE
from interlock.store.outbox import OutboxRow
from interlock.store.ticket import TicketRow
from interlock.usecases import card, delegation, evidence, release, signoff, signoff_revoke
from tests import builders
from tests.builders import NOW, TEMPLATE, actor
from tests.eventful import POLICY as EVENTFUL
from tests.eventful import eventful
from tests.evidences import BLINKERED, LATER, RULES, SEEING_ALL, decided, elsewhere, gathered, restrict

TOLD = {"release", "milestone", "requirement", "signoff", "card", "scope", "booking", "audit_event"}
NOT_TOLD = {
    "digest": "what a digest said last, to say what is new",
    "revalidation": "that sign-offs are to be looked at again",
    "readiness_day": "what a readiness said on a day, to say what is new",
}
"""The tables that name a release and are no part of its evidence, and why."""


def events(store: Store, kind: str) -> list[dict[str, Any]]:
    with store.read() as session:
        return [json.loads(row.body) for row in session.exec(select(AuditRow).where(AuditRow.kind == kind))]


def test_all_that_was_decided_is_in_it(store: Store) -> None:
    found = gathered(store, decided(store))
    given = [(each["requirement"], each["slack_id"], each["decision"]) for each in found.facts["signoffs"]]
    assert given == [
        ("governance", "U0MARIA", "rejected"),
        ("qa", "U0TOM", "approved"),
        ("qa", "U0NOOR", "approved"),
        ("qa", "U0INES", "approved"),
    ]
    assert [bool(each["revoked_at"]) for each in found.facts["signoffs"]] == [True, False, False, False]
    assert [bool(each["void_at"]) for each in found.facts["signoffs"]] == [False, True, True, False]
    assert found.facts["signoffs"][1]["void_change"] == {"changes": [["added", "id-DATA-3", "DATA-3"]]}
    kinds = [json.loads(each.body or "{}")["kind"] for each in found.links if each.seq in found.own]
    assert kinds == [
        "signoff.requested",
        "release.moved",
        "signoff.rejected",
        "signoff.revoked",
        "signoff.refused",
        "signoff.approved",
        "signoff.approved",
        "signoff.voided",
        "signoff.voided",
        "signoff.approved",
        "evidence.exported",
    ]
    assert found.links[0].seq == 1
    assert [each.seq for each in found.links] == list(range(1, len(found.links) + 1))


def test_the_chain_in_it_is_whole_and_holds(store: Store) -> None:
    found = gathered(store, decided(store))
    previous = found.previous
    for each in found.links:
        assert each.body is not None
        assert link_hash(previous, each.body) == each.hash
        previous = each.hash


def test_it_begins_where_the_release_does(sqlite_store: Store) -> None:
    elsewhere(sqlite_store)
    found = gathered(sqlite_store, decided(sqlite_store))
    assert found.links[0].seq == 2
    with sqlite_store.read() as session:
        assert audit.hashes(session, [1]) == {1: found.previous}


def test_personal_data_is_what_stands_beside_the_chain_and_whoever_was_erased_is_erased(store: Store) -> None:
    found = gathered(store, decided(store))
    people = {(each["seq"], each["role"]): each for each in found.people}
    assert people[3, "actor"]["data"]["name"] == "Maria Voss"
    gone = [each for each in found.people if "erased_by" in each]
    assert [set(each) for each in gone] == [{"seq", "role", "erased_by"}] * 2
    assert "Noor" not in json.dumps([found.facts, list(found.people), [each.body for each in found.links]])


def test_a_restricted_ticket_is_named_to_nobody_but_whom_policy_lets_see_it(store: Store) -> None:
    number = decided(store)
    found = gathered(store, number)
    told = json.dumps([found.facts, [each.body for each in found.links]]).replace("id-DATA-666", "")
    assert "DATA-666" not in told
    assert "Falcon" not in told
    assert [each[1] for each in next(iter(found.facts["snapshots"].values()))].count(RESTRICTED) == 1
    seen = gathered(store, number, SEEING_ALL)
    assert "DATA-666" in [each[1] for each in next(iter(seen.facts["snapshots"].values()))]


def test_an_event_whose_text_names_one_is_there_by_its_hash_alone(sqlite_store: Store) -> None:
    number = decided(sqlite_store)
    with sqlite_store.write() as session:
        session.get_one(TicketRow, "id-DATA-1").security_level = "10000"
        one = builders.actor("RITA")
        event = AuditEvent(kind="x.y", actor=one, facts={"reason": "because of DATA-1!"}, release_id=number)
        told = audit.append(session, event, NOW)
    found = gathered(sqlite_store, number)
    assert [each.seq for each in found.links if each.body is None] == [told]
    assert told not in found.own


def test_what_was_decided_elsewhere_is_for_those_who_may_see_the_record(store: Store) -> None:
    number = decided(store)
    assert all(each.body for each in gathered(store, number).links)
    bare = gathered(store, number, BLINKERED)
    assert {each.seq for each in bare.links if each.body is None} == {8, 12}
    assert "2027.03" not in json.dumps([bare.facts, [each.body for each in bare.links]])


def test_taking_it_is_recorded_and_so_is_being_refused(store: Store) -> None:
    number = decided(store)
    gathered(store, number)
    [event] = events(store, "evidence.exported")
    assert event["facts"] == {
        "release": "2026.12",
        "policy_version": event["facts"]["policy_version"],
        "stage": "in_progress",
        "others": True,
        "restricted_shown": False,
        "by": "download",
    }
    refused = evidence.ask(store, RULES, actor("RAVI"), "2026.12", "", LATER)
    assert isinstance(refused, Refused)
    assert events(store, "evidence.refused")[0]["facts"] == {"why": "not_permitted"}
    found = evidence.gather(store, RULES, actor("RAVI"), number, 1, LATER)
    assert isinstance(found, Refused)


def test_asked_for_in_slack_it_is_one_message_to_the_asker(store: Store) -> None:
    decided(store)
    asked = evidence.ask(store, RULES, actor("RITA"), "2026.12", "", LATER, post=True)
    assert isinstance(asked, evidence.Asked)
    with store.read() as session:
        [row] = session.exec(select(OutboxRow).where(OutboxRow.kind == "evidence"))
    assert (row.channel, row.ids["event"]) == ("@U0RITA", asked.event)


def test_a_release_that_nobody_knows_records_nothing(sqlite_store: Store) -> None:
    decided(sqlite_store)
    assert isinstance(evidence.ask(sqlite_store, RULES, actor("RITA"), "2031.01", "", LATER), Unclear)
    assert events(sqlite_store, "evidence.exported") == []


def test_a_release_that_ended_has_its_evidence_for_ever(store: Store) -> None:
    number = decided(store)
    done = release.close(store, RULES, actor("RITA"), number, "called off", LATER)
    assert isinstance(done, release.Closed)
    found = gathered(store, number)
    assert (found.facts["release"]["stage"], found.facts["release"]["close_reason"]) == ("closed", "called off")
    assert "release.closed" in {json.loads(each.body or "{}")["kind"] for each in found.links if each.seq in found.own}


def test_while_others_decide_it_is_as_of_one_moment(store: Store) -> None:
    """A sign-off that is given or taken back meanwhile is in the facts and in the chain, or in neither."""
    number = decided(store)
    drawn = card.draw(store, 1, NOW)
    assert drawn is not None
    revision = str(drawn.revision_id)

    def change() -> None:
        for _ in range(8):
            signoff.decide(store, RULES, actor("MARIA"), revision, Decision.APPROVED, None, NOW)
            signoff_revoke.revoke(store, RULES, actor("MARIA"), revision, NOW)

    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        found = [gathered(store, number) for _ in range(4)]
        changing.result()
    for each in found:
        given = [row for row in each.facts["signoffs"] if row["slack_id"] == "U0MARIA"]
        told = [json.loads(link.body or "{}")["kind"] for link in each.links if link.seq in each.own]
        assert len(given) == told.count("signoff.approved") + told.count("signoff.rejected") - 3
        assert sum(1 for row in given if row["revoked_at"]) == told.count("signoff.revoked")
    assert len({len(each.links) for each in found}) > 1


def test_bookings_are_in_it_where_a_criterion_names_their_environment(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        builders.people(session)
        rule = CriterionRule(kind="environment_booked", name="Booked", environment="uat-1")
        number = builders.release(session, template=replace(TEMPLATE, criteria=(rule,)))
        for key in ("uat-1", "uat-2"):
            row = EnvironmentRow(key=key, name=key, tier="uat", capacity=1, lifecycle="ready")
            session.add(row)
            session.flush()
            more: dict[str, Any] = {"starts": NOW, "ends": LATER, "created_at": NOW, "purpose": "my payroll"}
            booking.add(session, BookingRow(environment_id=row.id or 0, slack_id="U0ANA", **more))
        assert len(environment.ids(session)) == 2
    [booked] = gathered(sqlite_store, number).facts["bookings"]
    assert (booked["environment"], booked["slack_id"], "purpose" in booked) == ("uat-1", "U0ANA", False)


def test_the_anchors_that_were_posted_are_told_with_where_they_stand(sqlite_store: Store) -> None:
    number = decided(sqlite_store)
    with sqlite_store.write() as session:
        seq, digest = audit.head(session)
        row: dict[str, Any] = {
            "key": "a",
            "lane": "post:C",
            "kind": "audit.anchor",
            "channel": "C0GOV",
            "urgency": 2,
            "state": "sent",
        }
        times: dict[str, Any] = {"created_at": NOW, "not_before": NOW, "not_after": LATER, "token": "t", "attempts": 1}
        ids: dict[str, Any] = {"seq": seq, "hash": digest, "at": NOW.isoformat()}
        session.add(OutboxRow(**row, **times, ids=ids, message_channel="C0GOV", message_ts="17.1"))
    [told] = gathered(sqlite_store, number).expected
    assert (told.anchor.seq, told.where) == (seq, "channel C0GOV, message 17.1")


def test_each_table_that_names_a_release_is_in_it_or_says_why_not() -> None:
    named = {table.name for table in SQLModel.metadata.sorted_tables if "release_id" in table.columns} | {"release"}
    assert named == TOLD | NOT_TOLD.keys() | MORE.keys()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("DATA-1", RESTRICTED),
        ("(DATA-1)", f"({RESTRICTED})"),
        ("after DATA-1.", f"after {RESTRICTED}."),
        ("DATA-12", "DATA-12"),
        ("", ""),
    ],
)
def test_a_key_is_found_wherever_it_stands(text: str, shown: str) -> None:
    assert concealed([{"a": text}], {"DATA-1"}) == [{"a": shown}]
    assert names_any(text, {"DATA-1"}) is (text != shown)


def test_what_hangs_on_these_rows_is_in_it(sqlite_store: Store) -> None:
    """A run's steps and what was done to them, an entry's changes, and by which absence somebody signed for another."""
    number = eventful(sqlite_store)
    more = gathered(sqlite_store, number, EVENTFUL).facts["more"]
    assert [(each["deed"], each["note"]) for each in more["runbook_mark"]] == [
        ("started", ""),
        ("done", "listed"),
        ("started", ""),
        ("failed", "counts differ"),
        ("skipped", "the models did not change"),
    ]
    assert [each["position"] for each in more["runbook_step"]] == [1, 2, 3, 4]
    assert [(each["entry_id"], each["deed"]) for each in more["raid_change"]] == [
        (1, "created"),
        (2, "created"),
        (1, "changed"),
        (2, "closed"),
    ]
    assert [(each["slack_id"], each["stand_in"]) for each in more["delegation"]] == [("U0INES", "U0MARIA")]


def test_an_absence_by_which_nobody_signed_is_not_in_it(sqlite_store: Store) -> None:
    number = eventful(sqlite_store)
    delegation.away(sqlite_store, EVENTFUL, actor("INES"), LATER + timedelta(days=9), "@maria", LATER)
    delegation.away(sqlite_store, EVENTFUL, actor("NOOR"), LATER + timedelta(days=9), "@maria", LATER)
    assert len(gathered(sqlite_store, number, EVENTFUL).facts["more"]["delegation"]) == 1


def test_the_tickets_that_its_rows_name_have_their_keys_unless_they_are_restricted(sqlite_store: Store) -> None:
    number = eventful(sqlite_store)
    shown = {"id-PAY-7": "PAY-7", "id-ML-3": "ML-3"}
    assert gathered(sqlite_store, number, EVENTFUL).facts["tickets"] == shown
    restrict(sqlite_store, "PAY-7")
    assert gathered(sqlite_store, number, EVENTFUL).facts["tickets"] == shown | {"id-PAY-7": RESTRICTED}


def test_what_voters_saw_is_in_it(sqlite_store: Store) -> None:
    facts = gathered(sqlite_store, eventful(sqlite_store), EVENTFUL).facts
    seen = {each["revision_id"] for each in facts["more"]["gonogo_vote"]}
    assert {facts["more"]["gonogo"][0]["end_revision_id"]} | seen <= {each["id"] for each in facts["revisions"]}
    assert {each["fingerprint"] for each in facts["more"]["gonogo_vote"]} <= facts["snapshots"].keys()


def test_nobodys_name_stands_in_the_chain(sqlite_store: Store) -> None:
    """Whoever is erased is erased from beside it; what is in it stays for ever."""
    eventful(sqlite_store)
    with sqlite_store.read() as session:
        bodies = session.exec(select(AuditRow.body)).all()
    names = [each["name"] for each in builders.PEOPLE.values()]
    assert [body for body in bodies if any(name in body for name in names)] == []


def test_each_table_that_hangs_on_one_of_these_is_in_it() -> None:
    whole = {*MORE, *BELOW}
    tables = SQLModel.metadata.sorted_tables
    below = {one.name for one in tables if {key.column.table.name for key in one.foreign_keys} & whole}
    assert below - MORE.keys() == BELOW.keys()
