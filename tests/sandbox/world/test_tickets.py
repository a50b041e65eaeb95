"""The seeded tickets: the story they tell, whatever the day, and a shape that a tracker could have."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.jira.model import DONE, Site, Ticket
from sandbox.world.calendar import business_day, releases
from sandbox.world.tickets import generate

TODAY = date(2026, 11, 23)  # a Monday


@pytest.fixture(scope="module")
def site() -> Site:
    return generate(TODAY)


def _ticket(site: Site, key: str) -> Ticket:
    return next(ticket for ticket in site.tickets if ticket.key == key)


def _scope(site: Site, name: str) -> list[Ticket]:
    return [t for t in site.tickets if any(version.name == name for version in t.fix_versions)]


def _done(ticket: Ticket) -> bool:
    return ticket.status.category is DONE


def _blockers(ticket: Ticket) -> set[str]:
    """The keys of what this ticket waits for, read from the phrases as a reader of the REST API must."""
    found = set()
    for link in ticket.links:
        outward = link.source is ticket
        phrase, other = (link.type.outward, link.target) if outward else (link.type.inward, link.source)
        if phrase in {"is blocked by", "depends on"} and not _done(other):
            found.add(other.key)
    return found


def _snapshot(site: Site) -> str:
    rows = [(t.id, t.key, t.summary, t.status.name, t.created, t.updated, t.log.decode()) for t in site.tickets]
    return json.dumps(rows)


def test_the_same_seed_and_day_give_the_same_world(site: Site) -> None:
    assert _snapshot(generate(TODAY)) == _snapshot(site)
    assert _snapshot(generate(TODAY, seed=8)) != _snapshot(site)


def test_there_are_as_many_as_asked_for(site: Site) -> None:
    assert len(site.tickets) == 320
    assert len(generate(TODAY, tickets=500).tickets) == 500


def test_ids_and_keys_are_unique_and_grow_with_age(site: Site) -> None:
    assert len({t.id for t in site.tickets}) == len({t.key for t in site.tickets}) == 320
    assert not {t.key for t in site.tickets} & site.former_keys.keys()
    assert [t.created for t in site.tickets] == sorted(t.created for t in site.tickets)


@given(today=st.dates(min_value=date(2026, 1, 1), max_value=date(2029, 12, 31)), seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_whatever_the_day_people_work_on_weekdays_before_it(today: date, seed: int) -> None:
    site = generate(today, seed=seed)
    midnight = datetime(today.year, today.month, today.day, tzinfo=UTC).timestamp() * 1000
    for ticket in site.tickets:
        changes = ticket.changes()
        moments = [ticket.created, *(change.at for change in changes), ticket.updated]
        moments += [comment.created for comment in site.comments.get(ticket.id, [])]
        assert max(moments) == ticket.updated < midnight
        assert min(moments) == ticket.created
        assert [change.at for change in changes] == sorted(change.at for change in changes)
        assert all(datetime.fromtimestamp(at / 1000, UTC).weekday() < 5 for at in moments), ticket.key


@given(today=st.dates(min_value=date(2026, 1, 1), max_value=date(2029, 12, 31)))
@settings(max_examples=25, deadline=None)
def test_whatever_the_day_a_changelog_ends_in_the_ticket_as_it_is(today: date) -> None:
    for ticket in generate(today).tickets:
        status, assignee, flagged, resolution = "To Do", None, False, None
        for item in (item for change in ticket.changes() for item in change.items):
            match item.field:
                case "status":
                    assert item.old_text == status
                    status = item.new_text or ""
                case "assignee":
                    assert item.old == assignee
                    assignee = item.new
                case "resolution":
                    assert item.old_text == resolution
                    resolution = item.new_text
                case "Flagged":
                    flagged = item.new_text == "Impediment"
        assert status == ticket.status.name
        assert assignee == (ticket.assignee.name if ticket.assignee else None)
        assert resolution == (ticket.resolution.name if ticket.resolution else None)
        assert (resolution is not None) == _done(ticket)
        assert flagged == ticket.flagged


def test_the_releases_are_named_after_their_targets() -> None:
    plans = releases(TODAY)
    assert (plans.platform.target, plans.platform.name) == (date(2026, 12, 16), "2026.12")
    assert (plans.payments.target, plans.payments.name) == (date(2026, 11, 27), "pay-48")
    assert (plans.models.target, plans.models.name) == (date(2027, 1, 25), "models-2027.01")


def test_business_days_pass_over_weekends() -> None:
    assert business_day(date(2026, 11, 20), 1) == TODAY
    assert business_day(TODAY, -1) == date(2026, 11, 20)
    assert business_day(date(2026, 11, 21), 1) == TODAY
    assert business_day(TODAY, 0) == TODAY


@pytest.mark.parametrize(("name", "size", "done"), [("2026.12", 58, 41), ("pay-48", 14, 10), ("models-2027.01", 26, 6)])
def test_each_release_has_its_scope(site: Site, name: str, size: int, done: int) -> None:
    scope = _scope(site, name)
    assert (len(scope), sum(map(_done, scope))) == (size, done)


def test_a_version_has_one_id_in_each_project_that_shares_its_name(site: Site) -> None:
    shared = [v for project in site.projects for v in project.versions if v.name == "2026.12"]
    assert [v.project.key for v in shared] == ["PAY", "DATA", "ML", "INFRA", "MER"]
    assert len({v.id for v in shared}) == 5
    assert all(v.project is t.project for t in site.tickets for v in t.fix_versions)


def test_the_registry_upgrade_has_been_blocked_for_six_days(site: Site) -> None:
    root = _ticket(site, "DATA-214")
    assert root.assignee is not None
    assert (root.status.name, root.flagged, root.assignee.name) == ("Blocked", True, "ravi")
    assert [component.name for component in root.components] == ["Streaming"]
    flagged = next(c.at for c in root.changes() for i in c.items if i.field == "Flagged")
    assert datetime.fromtimestamp(flagged / 1000, UTC).date() == TODAY - timedelta(days=6)


def test_it_frees_seven_tickets_in_three_teams_and_holds_nine(site: Site) -> None:
    tickets = {t.key: t for t in site.tickets}
    held: set[str] = set()
    freed = {"DATA-214"}
    while grown := {k for k, t in tickets.items() if not _done(t) and _blockers(t) & (held | {"DATA-214"})} - held:
        held |= grown
    while grown := {k for k in held if _blockers(tickets[k]) <= freed} - freed:
        freed |= grown
    freed.discard("DATA-214")
    assert held == {"DATA-231", "DATA-236", "ML-71", "ML-74", "ML-79", "INFRA-52", "INFRA-55", "PAY-133", "PAY-140"}
    assert freed == held - {"PAY-133", "PAY-140"}
    assert {key.partition("-")[0] for key in freed} == {"DATA", "ML", "INFRA"}
    assert not any(tickets[key].flagged or tickets[key].security for key in held)


def test_the_chain_has_several_steps_and_two_tickets_block_each_other(site: Site) -> None:
    assert [_blockers(_ticket(site, key)) for key in ("ML-79", "DATA-236", "DATA-231", "DATA-214")] == [
        {"DATA-236"},
        {"DATA-231"},
        {"DATA-214"},
        set(),
    ]
    assert (_blockers(_ticket(site, "ML-102")), _blockers(_ticket(site, "ML-103"))) == ({"ML-103"}, {"ML-102"})


def test_the_vendor_holds_two_and_nothing_else_open_is_blocked(site: Site) -> None:
    waiting = {t.key: _blockers(t) for t in site.tickets if not _done(t) and _blockers(t)}
    assert {key for key, blockers in waiting.items() if "MER-31" in blockers} == {"PAY-133", "PAY-140"}
    assert len(waiting) == 9 + 2 + 1  # the upgrade's, the two that block each other, and the one that waits for OPS
    assert waiting["PAY-129"] == {"OPS-7"}


def test_yesterday_three_were_done_two_came_and_one_was_reopened(site: Site) -> None:
    yesterday = date(2026, 11, 20)
    done, came, reopened = set(), set(), set()
    for ticket in _scope(site, "2026.12"):
        for change in ticket.changes():
            if datetime.fromtimestamp(change.at / 1000, UTC).date() < yesterday:
                continue
            for item in change.items:
                if item.field == "status" and item.new_text == "Done":
                    done.add(ticket.key)
                if item.field == "Fix Version" and item.new_text == "2026.12":
                    came.add(ticket.key)
                if item.field == "resolution" and item.new_text is None:
                    reopened.add(ticket.key)
    assert done == {"DATA-198", "ML-66", "INFRA-47"}
    assert came == {"DATA-243", "ML-84"}
    assert reopened == {"ML-88"}


def test_some_are_stale_restricted_parked_unclaimed_or_moved(site: Site) -> None:
    weeks_ago = datetime(2026, 10, 26, tzinfo=UTC).timestamp() * 1000
    stale = {t.key for t in site.tickets if not _done(t) and t.updated < weeks_ago}
    assert {"PAY-122", "DATA-155", "ML-58", "INFRA-33"} <= stale
    restricted = {t.key for t in site.tickets if t.security}
    assert restricted == {"DATA-226", "DATA-205", "PAY-141", "ML-95"}
    assert {t.key for t in _scope(site, "2026.12")} & restricted == {"DATA-226", "DATA-205"}
    parked = [t.status.category for t in site.tickets if t.status.name == "Parked"]
    assert {category.key for category in parked if category} == {"undefined"}
    assert Counter(t.project.key for t in site.tickets)["OPS"] >= 2
    assert {site.former_keys[old] for old in ("DATA-177", "OPS-4")} == {
        _ticket(site, "MER-29").id,
        _ticket(site, "INFRA-66").id,
    }


def test_hostile_and_missing_texts_are_there(site: Site) -> None:
    titles = [t.summary for t in site.tickets if t.summary]
    for trap in (
        "<!channel>",
        "<@U0ANA>",
        "<https://evil.example|",
        "\n",
        "\u200b",
        "\u202e",
        "دعم",
        "👩🏽‍🔬",
        "&",
        "`",
    ):
        assert any(trap in title for title in titles), trap
    assert any(title.startswith("=") for title in titles)
    assert any(title != title.strip() for title in titles)
    assert max(map(len, titles)) == 245
    assert len([t for t in site.tickets if t.summary is None]) == 2
    assert any(t.priority is None for t in site.tickets)
    assert any(t.assignee is None and not _done(t) for t in site.tickets)
    assert {t.offset for t in site.tickets} == {0, -300}


def test_the_private_comment_is_for_a_role_alone(site: Site) -> None:
    talk = site.comments[_ticket(site, "DATA-214").id]
    assert [comment.visibility for comment in talk] == [None, None, "Administrators"]


def test_half_of_the_accounts_expose_no_address(site: Site) -> None:
    hidden = sum(account.email is None for account in site.accounts)
    assert 0.4 <= hidden / len(site.accounts) <= 0.6


def test_people_outside_jira_are_not_there(site: Site) -> None:
    names = {account.name for account in site.accounts}
    assert "gil" not in names
    assert [account.name for account in site.accounts if not account.active] == ["lars"]


def test_a_large_world_is_mostly_outside_any_release() -> None:
    site = generate(TODAY, tickets=5000)
    assert len(site.tickets) == 5000
    outside = sum(not t.fix_versions for t in site.tickets)
    assert 0.66 < outside / 5000 < 0.74
    assert _ticket(site, "DATA-214").status.name == "Blocked"
