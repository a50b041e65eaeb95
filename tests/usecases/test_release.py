"""Planning, closing and sharing a release: what is stored, told and refused."""

import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from interlock.config.template import policy_version
from interlock.domain.authority import Refused
from interlock.domain.draft import Draft, Preview
from interlock.domain.policy import MilestoneRule
from interlock.domain.release import ReleaseName, ScopeRule, Stage, Unclear
from interlock.store import audit, channel, scope, signoff
from interlock.store import release as release_store
from interlock.store.audit import AuditRow
from interlock.store.engine import Store, StoreError
from interlock.store.outbox import OutboxRow
from interlock.store.person import ChannelRow
from interlock.store.release import ReleaseRow
from interlock.store.ticket import ProjectRow, TicketLabelRow, VersionRow
from interlock.usecases import announcement
from interlock.usecases.announcement import Shared, share
from interlock.usecases.draft import may_create, preview, versions
from interlock.usecases.release import (
    Closed,
    Created,
    Ending,
    Invalid,
    close,
    create,
    ending,
)
from tests.builders import CHANNEL, NOW, POLICY, TEMPLATE, actor, people, release, ticket

MILESTONES = (
    MilestoneRule(name="Go/no-go", business_days_before=1),
    MilestoneRule(name="Code freeze", business_days_before=9),
)
WITH_MILESTONES = replace(POLICY, templates={"quarterly": replace(TEMPLATE, milestones=MILESTONES)})
DRAFT = Draft(
    name="2027.03",
    template="quarterly",
    target=date(2026, 12, 17),
    channel_id=CHANNEL,
    rule=ScopeRule(version_ids=("v1",)),
)
RITA = actor("RITA")


def world(store: Store) -> None:
    """Two projects share the name 2027.03; `v3` is somebody else's."""
    with store.write() as session:
        people(session)
        for project in ("DATA", "ML"):
            session.add(ProjectRow(id=f"p-{project}", key=project, name=project))
        session.add(VersionRow(id="v1", project_id="p-DATA", name="2027.03"))
        session.add(VersionRow(id="v2", project_id="p-ML", name="2027.03"))
        session.add(VersionRow(id="v3", project_id="p-DATA", name="later"))
        ticket(session, "DATA-1", versions=["v1"])
        ticket(session, "DATA-2", versions=["v1"], epic_key="DATA-9")
        ticket(session, "ML-3", versions=["v2"])
        ticket(session, "DATA-4", versions=["v3"])
        session.add(TicketLabelRow(ticket_id="id-DATA-4", label="ship"))


def planned(store: Store, draft: Draft = DRAFT, request_id: str = "r1") -> Created:
    done = create(store, WITH_MILESTONES, RITA, draft, request_id, NOW)
    assert isinstance(done, Created), done
    return done


def kinds(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.exec(select(AuditRow.kind).order_by(AuditRow.seq)).all())  # type: ignore[arg-type]  # a column


def posts(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        return [(row.kind, row.channel) for row in session.exec(select(OutboxRow)).all()]


def test_a_planned_release_has_its_template_milestones_scope_and_requirements(store: Store) -> None:
    world(store)
    done = planned(store)
    assert done.tickets == 2
    with store.read() as session:
        one = release_store.load(session, done.release.id)
        assert one == done.release
        assert one.policy == WITH_MILESTONES.templates["quarterly"]
        assert one.policy_version == policy_version(one.policy)
        assert [(each.name, each.due) for each in one.milestones] == [
            ("Code freeze", date(2026, 12, 4)),
            ("Go/no-go", date(2026, 12, 16)),
        ]
        assert [each.ticket.key for each in scope.tickets(session, one.id)] == ["DATA-1", "DATA-2"]
        assert [each.key for each in signoff.requirements(session, one)] == ["qa", "governance"]
        assert audit.verify(session) == (1, None)
    assert kinds(store) == ["release.created"]
    assert posts(store) == [("release.created", CHANNEL)]


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        ({"namesakes_of": ("v1",), "rule": ScopeRule()}, ["DATA-1", "DATA-2", "ML-3"]),
        ({"rule": ScopeRule(version_ids=("v2",))}, ["ML-3"]),
        ({"rule": ScopeRule(labels=("ship",), epics=("DATA-9",))}, ["DATA-2", "DATA-4"]),
    ],
)
def test_the_scope_is_what_versions_labels_and_epics_take(
    store: Store, change: dict[str, Any], keys: list[str]
) -> None:
    world(store)
    done = planned(store, replace(DRAFT, **change))
    with store.read() as session:
        assert [each.ticket.key for each in scope.tickets(session, done.release.id)] == keys


def test_the_same_request_again_creates_nothing(store: Store) -> None:
    world(store)
    first, again = planned(store), planned(store)
    assert again.release.id == first.release.id
    assert kinds(store) == ["release.created"]
    assert len(posts(store)) == 1


@pytest.mark.parametrize("name", ["2027.03", "  2027.03 ", "２０２７．０３"])
def test_a_name_is_taken_once_whatever_its_case_and_width(store: Store, name: str) -> None:
    world(store)
    planned(store)
    done = create(store, POLICY, RITA, replace(DRAFT, name=name), "r2", NOW)
    assert done == Invalid(problems={"name": "There is a release 2027.03 already. Choose another name."})
    assert kinds(store) == ["release.created"]


@pytest.mark.parametrize("name", ["@channel & _here_", "'; DROP TABLE release;--", '100 % "sure"', "مرحبا", "🚀"])
def test_hostile_names_are_names(store: Store, name: str) -> None:
    world(store)
    done = planned(store, replace(DRAFT, name=name))
    assert done.release.name == name
    asked = ending(store, POLICY, RITA, name, "C0X", NOW)
    assert isinstance(asked, Ending)
    assert asked.release == ReleaseName(id=done.release.id, name=name, channel_id=CHANNEL, ended=False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "nul\x00"}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"template": "gone"}, "template"),
        ({"target": date(2026, 12, 19)}, "target"),
        ({"channel_id": "C0NOWHERE"}, "channel"),
        ({"channel_id": None}, "channel"),
        ({"rule": ScopeRule(version_ids=("v1", "no such version"))}, "scope"),
        ({"rule": ScopeRule(epics=("DATA-999",))}, "epics"),
        ({"namesakes_of": ("no such version",)}, "scope"),
        ({"rule": ScopeRule()}, "scope"),
        ({"rule": ScopeRule(labels=("\x00", "\ud800"))}, "scope"),
    ],
)
def test_a_wrong_draft_is_told_and_stores_nothing(store: Store, change: dict[str, Any], field: str) -> None:
    world(store)
    done = create(store, POLICY, RITA, replace(DRAFT, **change), "r1", NOW)
    assert isinstance(done, Invalid)
    assert list(done.problems) == [field]
    with store.read() as session:
        assert release_store.all_names(session) == []
    assert posts(store) == []


@pytest.mark.parametrize("who", ["ANA", "GUEST", "VENDOR", "LEFT", "NOBODY"])
def test_only_those_whom_policy_lets_may_plan_and_the_refusal_is_on_record(store: Store, who: str) -> None:
    world(store)
    assert isinstance(create(store, POLICY, actor(who), DRAFT, "r1", NOW), Refused)
    assert isinstance(may_create(store, POLICY, actor(who), NOW), Refused)
    assert isinstance(preview(store, POLICY, actor(who), DRAFT, NOW), Refused)
    assert kinds(store) == ["release.refused"]


def test_who_holds_a_role_must_be_known_freshly(store: Store) -> None:
    world(store)
    later = NOW + timedelta(minutes=16)
    refused = create(store, POLICY, RITA, DRAFT, "r1", later)
    assert isinstance(refused, Refused)
    assert refused.reason == "groups_unavailable"


def test_without_templates_no_form_is_opened(store: Store) -> None:
    world(store)
    assert may_create(store, POLICY, RITA, NOW) is None
    refused = may_create(store, replace(POLICY, templates={}), RITA, NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == "no_templates"


def test_a_preview_counts_and_stores_nothing(store: Store) -> None:
    world(store)
    shown = preview(store, WITH_MILESTONES, RITA, replace(DRAFT, name="", namesakes_of=("v2",)), NOW)
    assert isinstance(shown, Preview)
    assert shown.tickets == 3
    assert [each.name for each in shown.milestones] == ["Code freeze", "Go/no-go"]
    assert list(shown.problems) == ["name"]
    with store.read() as session:
        assert release_store.all_names(session) == []


def test_versions_are_offered_with_their_projects_and_tickets(store: Store) -> None:
    world(store)
    found = versions(store, POLICY, RITA, "2027")
    assert [(each.projects, each.tickets) for each in found] == [(("DATA", "ML"), 3), (("DATA",), 2), (("ML",), 1)]
    assert versions(store, POLICY, actor("GUEST"), "2027") == ()


def test_two_people_who_plan_one_name_at_once_get_one_release(store: Store) -> None:
    world(store)
    barrier = threading.Barrier(2)
    results: list[object] = []

    def plan(request_id: str) -> None:
        barrier.wait()
        results.append(create(store, POLICY, RITA, DRAFT, request_id, NOW))

    threads = [threading.Thread(target=plan, args=(request_id,)) for request_id in ("r1", "r2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(type(result).__name__ for result in results) == ["Created", "Invalid"]
    with store.read() as session:
        assert [each.name for each in release_store.all_names(session)] == ["2027.03"]


def test_closing_asks_first_and_says_what_is_left(store: Store) -> None:
    world(store)
    done = planned(store)
    asked = ending(store, POLICY, RITA, "2027 moved to <!channel>", "C0X", NOW)
    assert asked == Ending(
        release=ReleaseName(id=done.release.id, name="2027.03", channel_id=CHANNEL, ended=False),
        reason="moved to <!channel>",
        tickets=2,
        unfinished=2,
    )
    assert isinstance(ending(store, POLICY, RITA, "zebra because", "C0X", NOW), Unclear)
    assert isinstance(ending(store, POLICY, actor("ANA"), "2027.03", "C0X", NOW), Refused)
    assert isinstance(ending(store, POLICY, actor("ANA"), "2027.03 x", "C0X", NOW, asked=False), Refused)
    assert kinds(store) == ["release.created"]
    assert isinstance(ending(store, POLICY, actor("ANA"), "2027.03 x", "C0X", NOW), Refused)
    assert kinds(store) == ["release.created", "release.close_refused"], "whoever may not, and says why, is on record"


def test_a_closed_release_is_told_recorded_and_final(store: Store) -> None:
    world(store)
    number = planned(store).release.id
    done = close(store, POLICY, RITA, number, "  it\nshipped\x00 ", NOW)
    assert isinstance(done, Closed)
    with store.read() as session:
        one = release_store.load(session, number)
        assert (one.stage, one.closed_at, one.closed_by, one.close_reason) == (
            Stage.CLOSED,
            NOW,
            "U0RITA",
            "it shipped",
        )
    assert kinds(store) == ["release.created", "release.closed"]
    assert posts(store)[-1] == ("release.closed", CHANNEL)
    assert isinstance(close(store, POLICY, RITA, number, "again", NOW), Closed), "a repeated click succeeds quietly"
    with store.write() as session:
        session.get_one(ReleaseRow, number).closed_by = "U0SOMEBODY"
    again = close(store, POLICY, RITA, number, "again", NOW)
    assert isinstance(again, Refused)
    assert again.sentence == "2027.03 has ended already, so nothing was changed."
    assert isinstance(ending(store, POLICY, RITA, "2027.03 x", "C0X", NOW), Refused)
    assert kinds(store)[2:] == ["release.close_refused"], "looking at it is no attempt"


@pytest.mark.parametrize(
    ("reason", "says"), [("", "Say why"), (" \x00\n", "Say why"), ("x" * 10_000, "10000 characters; at most 500")]
)
def test_closing_takes_a_reason(store: Store, reason: str, says: str) -> None:
    world(store)
    number = planned(store).release.id
    refused = close(store, POLICY, RITA, number, reason, NOW)
    assert isinstance(refused, Invalid)
    assert says in refused.problems["reason"]


def test_only_those_whom_policy_lets_may_close(store: Store) -> None:
    world(store)
    number = planned(store).release.id
    assert isinstance(close(store, POLICY, actor("ANA"), number, "why not", NOW), Refused)
    assert kinds(store) == ["release.created", "release.close_refused"]


def test_a_closed_release_with_a_card_has_it_drawn_again(store: Store) -> None:
    from interlock.usecases.signoff import request  # noqa: PLC0415 this test alone needs it

    world(store)
    number = planned(store).release.id
    request(store, POLICY, RITA, number, NOW)
    close(store, POLICY, RITA, number, "shipped", NOW)
    assert "signoff.refresh" in {kind for kind, _ in posts(store)}


def test_an_unknown_number_is_a_sentence(store: Store) -> None:
    world(store)
    with pytest.raises(StoreError, match="no release number 99"):
        close(store, POLICY, RITA, 99, "why not", NOW)


def test_sharing_posts_once_a_click(store: Store) -> None:
    world(store)
    number = planned(store).release.id
    for request_id in ("t1", "t1", "t2"):
        assert isinstance(
            share(store, POLICY, actor("ANA"), "release.status", number, CHANNEL, request_id, NOW), Shared
        )
    assert [kind for kind, _ in posts(store)].count("release.status") == 2


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        ({"id": "C0VENDOR", "name": "meridian-shared", "member": True, "shared": True}, "shared_channel"),
        ({"id": "C0OUT", "name": "out", "member": False}, "not_in_channel"),
        ({"id": "C0OLD", "name": "old", "member": True, "archived": True}, "not_in_channel"),
        ({"id": "C0NEVER"}, "not_in_channel"),
    ],
)
def test_a_status_is_shared_only_where_it_may_be_read(store: Store, there: dict[str, Any], reason: str) -> None:
    world(store)
    with store.write() as session:
        release_id = release(session, tickets=["DATA-7"])
        if "name" in there:
            session.add(ChannelRow(**there))
    refused = share(store, POLICY, actor("ANA"), "release.status", release_id, there["id"], "t1", NOW)
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert posts(store) == []


def test_news_names_people_as_the_mirror_does(store: Store) -> None:
    world(store)
    number = planned(store).release.id
    close(store, POLICY, RITA, number, "shipped", NOW)
    with store.write() as session:
        row = session.get_one(ReleaseRow, number)
        row.created_by = "U0GONE"
    news = announcement.news(store, POLICY, number, NOW)
    assert (news.created_by, news.closed_by, news.tickets) == ("somebody who left", "Rita Sandoval-Kerr", 2)
    with store.read() as session:
        assert channel.load(session, CHANNEL) is not None
