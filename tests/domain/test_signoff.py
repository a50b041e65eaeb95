"""What a click on Approve or Reject comes to."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.actor import Person, Standing
from interlock.domain.authority import Refused
from interlock.domain.calendar import WorkCalendar
from interlock.domain.fingerprint import MaterialChange, TicketSeen, fingerprint, material_changes, only_got_done
from interlock.domain.policy import Policy, RequirementRule, Template, Tickets
from interlock.domain.release import Release, ScopeRule, Stage
from interlock.domain.signing import Accepted, AlreadySigned, Ask, Signature, Stale, decide
from interlock.domain.signoff import Decision, Progress, Requirement, Signoff

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = Policy(
    time_zone="Europe/London",
    calendar="gb",
    calendars={"gb": WorkCalendar(time_zone="Europe/London")},
    tickets=Tickets(projects=("DATA",)),
)


def person(name: str, **more: Any) -> Person:
    defaults = {
        "slack_id": f"U0{name.upper()}",
        "name": name,
        "email": f"{name.lower()}@practice.example",
        "account_id": f"acc-{name.lower()}",
        "linked_by": "email",
    }
    return Person(**(defaults | more))


TOM, INES, MARIA, RITA = person("Tom"), person("Ines"), person("Maria"), person("Rita")
RELEASE = Release(
    id=1,
    name="2026.12",
    template="quarterly-platform",
    policy=Template(name="Quarterly platform"),
    policy_version="abc",
    stage=Stage.IN_PROGRESS,
    target=date(2026, 12, 17),
    channel_id="C0REL",
    scope_rule=ScopeRule(version_ids=("1",)),
    milestones=(),
    created_by="U0SAM",
    created_at=NOW,
    scope_opened_at=NOW - timedelta(days=30),
)
QA = Requirement(
    id=1, key="qa", name="QA", rule=RequirementRule(key="qa", name="QA", groups=("qa",), quorum=2), eligible=(TOM, INES)
)
GOVERNANCE = Requirement(
    id=2,
    key="governance",
    name="Data Governance",
    rule=RequirementRule(key="governance", name="Data Governance", people=("Maria@practice.example",)),
    eligible=(MARIA,),
)


@pytest.mark.parametrize("left", [{"active": False}, {"kind": "guest"}, {"kind": "external"}])
def test_who_left_leaves_the_quorum(left: dict[str, Any]) -> None:
    both = signed(INES, signed(TOM, QA))
    assert both.progress is Progress.MET
    without = signed(INES, signed(replace(TOM, **left), QA))
    assert without.progress is Progress.OPEN
    assert [each.person for each in without.approvals] == [INES]


def test_a_rejection_outlasts_whoever_gave_it() -> None:
    """What cannot be asked about any more keeps the gate shut."""
    gone = replace(TOM, active=False)
    rejected = signed(gone, QA, Decision.REJECTED)
    assert rejected.progress is Progress.REJECTED
    assert [each.person for each in rejected.left_behind] == [gone]
    assert signed(TOM, QA, Decision.REJECTED).left_behind == ()


def signed(who: Person, requirement: Requirement, decision: Decision = Decision.APPROVED) -> Requirement:
    reason = "Not tested" if decision is Decision.REJECTED else None
    signoff = Signoff(
        id=9, requirement_id=requirement.id, person=who, decision=decision, reason=reason, fingerprint="f", at=NOW
    )
    return replace(requirement, signoffs=(*requirement.signoffs, signoff))


def ask(who: Person = TOM, groups: frozenset[str] = frozenset({"qa"}), **more: Any) -> Ask:
    given: dict[str, Any] = {
        "release": RELEASE,
        "requirements": (QA, GOVERNANCE),
        "requested_by": RITA.slack_id,
        "standing": Standing(person=who, groups=groups, groups_as_of=NOW, people_as_of=NOW),
        "assigned": None,
        "changes": (),
        "mirror_as_of": NOW,
    }
    return Ask(**(given | more))


NONE: frozenset[str] = frozenset()
GIVEN = signed(INES, signed(person("Noor"), QA))
ADDED = MaterialChange(what="added", ticket=TicketSeen(id="7", key="DATA-7", done=False, priority=None))


@pytest.mark.parametrize(
    ("asked", "decision", "expected"),
    [
        pytest.param(ask(), "approved", Accepted(requirement=QA, decision=Decision.APPROVED), id="a group's member"),
        pytest.param(
            ask(MARIA, NONE),
            "approved",
            Accepted(requirement=GOVERNANCE, decision=Decision.APPROVED),
            id="a person named by e-mail, whatever its case",
        ),
        pytest.param(ask(changes=(ADDED,)), "approved", Stale(changes=(ADDED,)), id="an old revision is stale"),
        pytest.param(
            ask(changes=(ADDED,)),
            "rejected",
            Accepted(requirement=QA, decision=Decision.REJECTED),
            id="a reason to say no needs no fresh scope",
        ),
        pytest.param(
            ask(mirror_as_of=NOW - timedelta(minutes=30)),
            "approved",
            Accepted(requirement=QA, decision=Decision.APPROVED),
            id="a mirror just fresh enough",
        ),
    ],
)
def test_what_a_decision_comes_to(asked: Ask, decision: str, expected: object) -> None:
    assert decide(asked, Decision(decision), POLICY, NOW) == expected


@pytest.mark.parametrize(
    ("asked", "reason", "says"),
    [
        (ask(release=replace(RELEASE, stage=Stage.CLOSED)), "release_ended", "2026.12 is closed"),
        (ask(RITA, NONE), "not_eligible", "QA (Tom or Ines) or Data Governance (Maria)"),
        (ask(requested_by=TOM.slack_id), "own_request", "nobody signs at their own request. Ines can."),
        (ask(assigned="DATA-214"), "assigned", "assigned to DATA-214, which is in scope. Ines can."),
        (ask(assigned="DATA-214", requirements=(GIVEN, GOVERNANCE)), "assigned", "Nobody has to: QA is given."),
        (ask(RITA, NONE, requirements=(GIVEN, GOVERNANCE)), "not_eligible", "it asks for Data Governance (Maria), and"),
        (ask(RITA, NONE, requirements=(GIVEN,)), "not_eligible", "it has the sign-offs that it asks for."),
        (ask(signature=Signature(release="2027.01", meaning="")), "wrong_release_typed", "this card is 2026.12's"),
        (ask(person("Tom", linked_by=None)), "account_not_verified", "Type /link"),
        (ask(mirror_as_of=NOW - timedelta(minutes=31)), "mirror_stale", "last read 31 min ago"),
        (ask(mirror_as_of=None), "mirror_stale", "was never read"),
        (
            ask(requirements=(signed(TOM, QA, Decision.REJECTED), GOVERNANCE)),
            "decided_otherwise",
            "You rejected 2026.12 for QA. Press Revoke first",
        ),
        (
            ask(requirements=(QA, signed(TOM, GOVERNANCE))),
            "one_requirement_each",
            "You signed 2026.12 for Data Governance already",
        ),
    ],
)
def test_refusals_say_what_why_and_what_would_help(asked: Ask, reason: str, says: str) -> None:
    verdict = decide(asked, Decision.APPROVED, POLICY, NOW)
    assert isinstance(verdict, Refused)
    assert verdict.reason == reason
    assert says in verdict.sentence


def test_a_repeated_click_succeeds_quietly_even_when_the_card_is_old() -> None:
    asked = ask(requirements=(signed(TOM, QA), GOVERNANCE), changes=(ADDED,))
    assert isinstance(decide(asked, Decision.APPROVED, POLICY, NOW), AlreadySigned)


def test_assignees_may_fill_a_requirement_that_does_not_exclude_them() -> None:
    open_to_all = replace(QA, rule=replace(QA.rule, exclude_assignees=False))
    verdict = decide(ask(requirements=(open_to_all,), assigned="DATA-214"), Decision.APPROVED, POLICY, NOW)
    assert verdict == Accepted(requirement=open_to_all, decision=Decision.APPROVED)


def test_one_person_never_meets_a_quorum_of_two() -> None:
    assert signed(TOM, QA).progress is Progress.OPEN
    assert signed(INES, signed(TOM, QA)).progress is Progress.MET


def test_a_rejection_blocks_a_met_quorum() -> None:
    third = person("Noor")
    assert signed(third, signed(INES, signed(TOM, QA)), Decision.REJECTED).progress is Progress.REJECTED


def seen(id_: str, *, done: bool = False, priority: str | None = "Medium") -> TicketSeen:
    return TicketSeen(id=id_, key=f"DATA-{id_}", done=done, priority=priority)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([seen("1")], [seen("1", done=True)], []),
        ([seen("1")], [seen("1"), seen("2")], ["added DATA-2"]),
        ([seen("1"), seen("2")], [seen("1")], ["removed DATA-2"]),
        ([seen("1", done=True)], [seen("1")], ["reopened DATA-1"]),
        ([seen("1")], [seen("1", priority="High")], ["priority raised DATA-1"]),
        ([seen("1", priority=None)], [seen("1", priority="Low")], ["priority raised DATA-1"]),
        ([seen("1", priority="High")], [seen("1", priority="Low")], []),
        ([seen("1")], [seen("1", done=True, priority="Highest")], []),
    ],
)
def test_which_changes_are_material(before: list[TicketSeen], after: list[TicketSeen], changes: list[str]) -> None:
    found = material_changes(tuple(before), tuple(after))
    assert [f"{change.what} {change.subject}" for change in found] == changes


tickets = st.lists(
    st.builds(
        seen, st.text("0123456789", min_size=1), done=st.booleans(), priority=st.sampled_from([None, "Low", "High"])
    ),
    unique_by=lambda ticket: ticket.id,
).map(tuple)


@given(tickets, st.randoms())
def test_a_fingerprint_knows_no_order(scope: tuple[TicketSeen, ...], random: Any) -> None:
    shuffled = list(scope)
    random.shuffle(shuffled)
    assert fingerprint(scope) == fingerprint(tuple(shuffled))


@given(tickets, tickets)
def test_a_material_change_always_changes_the_fingerprint(
    before: tuple[TicketSeen, ...], after: tuple[TicketSeen, ...]
) -> None:
    if material_changes(before, after):
        assert fingerprint(before) != fingerprint(after)


def ticket_seen(id_: str) -> st.SearchStrategy[TicketSeen]:
    return st.builds(seen, st.just(id_), done=st.booleans(), priority=st.sampled_from([None, "Low", "High"]))


like_scopes = st.lists(st.sampled_from("123"), unique=True).flatmap(
    lambda ids: st.tuples(*[st.tuples(*map(ticket_seen, ids))] * 2)
)


@given(like_scopes | st.tuples(tickets, tickets), st.permutations(["Low", "High", "Blocker"]))
def test_where_tickets_only_got_done_nothing_is_material_whatever_policy_calls_grave(
    scopes: tuple[tuple[TicketSeen, ...], tuple[TicketSeen, ...]], priorities: list[str]
) -> None:
    if only_got_done(*scopes):
        assert material_changes(*scopes, tuple(priorities)) == ()


@pytest.mark.parametrize(
    ("before", "after", "only"),
    [
        ([seen("1")], [seen("1")], True),
        ([seen("1"), seen("2")], [seen("2", done=True), seen("1")], True),
        ([seen("1", done=True)], [seen("1")], False),
        ([seen("1")], [seen("1"), seen("2")], False),
        ([seen("1"), seen("2")], [seen("1", done=True)], False),
        ([seen("1")], [seen("2")], False),
        ([seen("1", priority="Low")], [seen("1", priority="High", done=True)], False),
    ],
)
def test_that_tickets_only_got_done(before: list[TicketSeen], after: list[TicketSeen], *, only: bool) -> None:
    assert only_got_done(tuple(before), tuple(after)) is only
