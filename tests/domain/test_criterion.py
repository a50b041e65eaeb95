"""Each kind of criterion, by the facts that it is judged by."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.criterion import (
    BLOCKING,
    CHECKS,
    Booked,
    Criterion,
    Evidence,
    Facts,
    Progress,
    is_web_address,
    judge,
)
from interlock.domain.environment import Lifecycle
from interlock.domain.policy import CriterionRule, Template
from interlock.domain.release import Milestone, Release, ScopeRule, Stage
from interlock.domain.status import Change, ReleaseStatus, Waiting
from interlock.domain.waiver import Waiver, WaiverState

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def status(**more: Any) -> ReleaseStatus:
    release = Release(
        id=1,
        name="2026.12",
        template="quarterly",
        policy=Template(name="Quarterly"),
        policy_version="v1",
        stage=Stage.READY,
        target=date(2026, 12, 17),
        channel_id="C1",
        scope_rule=ScopeRule(),
        milestones=(
            Milestone(name="Code freeze", due=date(2026, 11, 20)),
            Milestone(name="Acceptance", due=date(2026, 11, 23)),
        ),
        created_by="U0RITA",
        created_at=NOW,
        scope_opened_at=NOW,
    )
    usual: dict[str, Any] = {
        "release": release,
        "template": "Quarterly",
        "light": "green",
        "reasons": (),
        "days_to_go": 18,
        "tickets": 10,
        "done": 9,
        "without_team": 0,
        "restricted": 0,
        "change": Change(done=0, unknown=0, added=0, removed=0),
        "since": "Fri",
        "signoffs": 2,
        "signoffs_given": 2,
        "waiting": (),
        "blockers": 0,
        "oldest_blocker": None,
        "undated": 0,
        "root": None,
        "root_team": None,
        "root_shown": False,
        "next_milestone": None,
        "freeze": None,
        "mirror_as_of": NOW,
        "stale": False,
    }
    return ReleaseStatus(**usual | more)


def judged(kind: str, rule: dict[str, Any] | None = None, **facts: Any) -> Criterion:
    of_status = {key: facts.pop(key) for key in list(facts) if key in ReleaseStatus.__slots__}
    one = CriterionRule(kind=kind, name="It", **rule or {})  # type: ignore[arg-type]  # a literal
    return judge((one,), Facts(status=status(**of_status), today=TODAY, now=NOW, **facts))[0]


PART = Progress(tickets=4, done=3, points=20, points_done=8)
TICKED = Evidence(at=NOW - timedelta(days=2), by="Ana", ticked=True, link="https://wiki.example/card")


@pytest.mark.parametrize(
    ("kind", "rule", "facts", "state", "why"),
    [
        ("scope_complete", {}, {}, "pending", "9 of 10 done"),
        ("scope_complete", {"at_least": 90}, {}, "pass", "9 of 10 done"),
        ("scope_complete", {}, {"tickets": 0, "done": 0}, "fail", "no ticket is in scope"),
        ("scope_complete", {"team": "data", "at_least": 75}, {"progress": {"data": PART}}, "pass", "3 of 4 done"),
        ("scope_complete", {"team": "ml"}, {"progress": {"data": PART}}, "fail", "no ticket is in scope"),
        ("scope_complete", {"measure": "points"}, {"progress": {None: PART}}, "pending", "8 of 20 points done"),
        (
            "scope_complete",
            {"measure": "points"},
            {"progress": {None: Progress(tickets=4, done=4, points=0, points_done=0)}},
            "fail",
            "no ticket in scope has points",
        ),
        ("no_open_blocker", {}, {}, "pass", "nothing is blocked"),
        ("no_open_blocker", {}, {"blockers": 2}, "fail", "2 tickets can't move"),
        ("dependencies_delivered", {}, {}, "pass", "nothing waits for a ticket outside its scope"),
        (
            "dependencies_delivered",
            {},
            {"outside": ("MER-1", "MER-2", "a restricted ticket", "MER-4", "MER-5")},
            "pending",
            "waits for MER-1, MER-2, a restricted ticket and 2 more outside its scope",
        ),
        ("no_high_risk", {}, {"high_risks": ()}, "pass", "no open risk is high"),
        ("no_high_risk", {}, {}, "unavailable", "the risks were not read"),
        ("no_high_risk", {}, {"high_risks": ("R-1",)}, "fail", "1 open high risk: R-1"),
        (
            "no_high_risk",
            {},
            {"high_risks": ("R-4", "R-2", "R-3", "R-1")},
            "fail",
            "4 open high risks: R-4, R-2, R-3 and 1 more",
        ),
        ("signoffs_given", {}, {}, "pass", "2 of 2 given"),
        (
            "signoffs_given",
            {},
            {"signoffs_given": 1, "waiting": (Waiting(requirement="QA", who="rejected by Tom"),)},
            "fail",
            "1 of 2 given, missing: QA",
        ),
        ("milestone_reached", {"milestone": "Code freeze"}, {}, "pass", "Fri 20 Nov"),
        ("milestone_reached", {"milestone": "Acceptance"}, {}, "pending", "Mon 23 Nov"),
        ("milestone_reached", {"milestone": "Gone"}, {}, "unavailable", "the plan has no milestone Gone"),
        ("environment_booked", {"environment": "uat"}, {}, "unavailable", "there is no environment uat"),
        (
            "environment_ready",
            {"environment": "uat"},
            {"environments": {"uat": Booked(on_target=False, lifecycle=Lifecycle.READY)}},
            "pending",
            "uat is not booked for Thu 17 Dec",
        ),
        (
            "environment_ready",
            {"environment": "uat"},
            {"environments": {"uat": Booked(on_target=True, lifecycle=Lifecycle.DEGRADED)}},
            "fail",
            "uat is booked for Thu 17 Dec and is degraded",
        ),
        (
            "environment_ready",
            {"environment": "uat"},
            {"environments": {"uat": Booked(on_target=True, lifecycle=Lifecycle.READY)}},
            "pass",
            "uat is booked for Thu 17 Dec and is ready",
        ),
        ("checklist", {}, {}, "pending", "not ticked yet"),
        ("checklist", {}, {"evidence": {"It": TICKED}}, "pass", "ticked by Ana"),
        ("checklist", {}, {"evidence": {"It": Evidence(at=NOW, by="Tom")}}, "pending", "no longer ticked, says Tom"),
        (
            "report",
            {"report": "cov", "minimum": 80},
            {},
            "unavailable",
            "no figure was pushed yet (POST /api/criteria/…/cov)",
        ),
    ],
)
def test_each_kind(kind: str, rule: dict[str, Any], facts: dict[str, Any], state: str, why: str) -> None:
    found = judged(kind, rule, **facts)
    assert (found.state, found.why) == (state, why)


@pytest.mark.parametrize(
    ("priorities", "state", "why"),
    [
        (("Major", "Minor"), "pass", "no blocker of priority Critical or above, 2 of less"),
        (("Critical", "Minor"), "fail", "1 blocker of priority Critical or above, 1 of less"),
        (("Blocker", "Critical"), "fail", "2 blockers of priority Critical or above"),
        ((None,), "pass", "no blocker of priority Critical or above, 1 of less"),
        ((), "pass", "no blocker of priority Critical or above"),
    ],
)
def test_blockers_of_a_priority_or_above(priorities: tuple[str | None, ...], state: str, why: str) -> None:
    found = judged("no_open_blocker", {"priority": "Critical"}, blockers=len(priorities), priorities=priorities)
    assert (found.state, found.why) == (state, why)


def test_the_templates_own_priorities_rank_them() -> None:
    own = replace(status().release, policy=Template(name="Quarterly", priorities=("P1", "P2", "P3")))
    told = {"blockers": 1, "priorities": ("P2",), "release": own}
    assert judged("no_open_blocker", {"priority": "P1"}, **told).state == "pass"
    assert judged("no_open_blocker", {"priority": "P2"}, **told).state == "fail"


def test_a_priority_that_nobody_ranks_lets_no_blocker_pass() -> None:
    assert judged("no_open_blocker", {"priority": "Urgentest"}, blockers=1, priorities=("Minor",)).state == "fail"


@pytest.mark.parametrize(
    ("value", "hours", "bounds", "state"),
    [
        (80.0, 1, {"minimum": 80}, "pass"),
        (79.9, 1, {"minimum": 80}, "fail"),
        (0.2, 1, {"maximum": 0.1}, "fail"),
        (0.1, 1, {"minimum": 0.05, "maximum": 0.1}, "pass"),
        (99.0, 49, {"minimum": 80}, "unavailable"),
    ],
)
def test_a_figure_against_its_threshold_and_its_age(
    value: float, hours: int, bounds: dict[str, float], state: str
) -> None:
    told = Evidence(at=NOW - timedelta(hours=hours), by="ci", value=value)
    assert judged("report", {"report": "cov", **bounds}, evidence={"It": told}).state == state


@pytest.mark.parametrize("kind", ["scope_complete", "no_open_blocker", "dependencies_delivered"])
def test_a_mirror_that_is_too_old_makes_it_unavailable(kind: str) -> None:
    found = judged(kind, stale=True, reasons=("Jira was last read 2 hours ago",))
    assert (found.state, found.why) == ("unavailable", "Jira was last read 2 hours ago")


def waiver(**more: Any) -> Waiver:
    usual: dict[str, Any] = {
        "id": 1,
        "release_id": 1,
        "criterion": "It",
        "reason": "shadow run instead",
        "until": date(2026, 11, 24),
        "expires_at": datetime(2026, 11, 25, tzinfo=UTC),
        "asked_by": "Rita",
        "asked_by_id": "U0RITA",
        "asked_at": NOW,
        "state": WaiverState.GRANTED,
        "decided_by": "Maria",
    }
    return Waiver(**usual | more)


def test_a_waiver_passes_what_does_not_pass_and_says_so() -> None:
    found = judged("checklist", waivers={"It": waiver()})
    assert (found.state, found.without) == ("waived", "pending")
    assert found.why == "waived until Tue 24 Nov by Maria: shadow run instead"


@pytest.mark.parametrize(
    "other",
    [{"expires_at": NOW}, {"state": WaiverState.ASKED}, {"state": WaiverState.REFUSED}, {"criterion": "Other"}],
)
def test_only_a_granted_waiver_of_that_gate_and_in_time_does(other: dict[str, Any]) -> None:
    one = waiver(**other)
    assert judged("checklist", waivers={one.criterion: one}).state == "pending"


def test_what_passes_by_itself_is_not_called_waived() -> None:
    assert judged("checklist", evidence={"It": TICKED}, waivers={"It": waiver()}).state == "pass"


@given(kind=st.sampled_from(sorted(CHECKS)))
def test_nothing_that_nobody_knows_passes(kind: str) -> None:
    """With no tickets, no evidence, no environment, no milestone, an old mirror and a missing sign-off."""
    rule = {"environment": "x", "milestone": "x", "report": "x", "minimum": 1}
    found = judged(kind, rule, stale=True, tickets=0, done=0, signoffs_given=0)
    assert found.state in BLOCKING


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("https://wiki.example/a?b=c#d", True),
        ("http://wiki", True),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://u:p@wiki.example/", False),
        ("https://wiki.example/<!channel>", False),
        ("https://wiki.example/a|b", False),
        ("https://[::1", False),
        ("https://wiki.example/" + "a" * 500, False),
        ("", False),
    ],
)
def test_what_can_stand_as_a_link(text: str, *, right: bool) -> None:
    assert is_web_address(text) is right
