"""Policies of a requirement, one by one: who fills it, for whom, and when it is met."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.actor import Person, Standing
from interlock.domain.authority import Refused
from interlock.domain.fingerprint import MaterialChange, TicketSeen, material_changes
from interlock.domain.policy import RequirementRule, Template
from interlock.domain.signing import (
    Accepted,
    AlreadySigned,
    Ask,
    Signature,
    SignatureWanted,
    Stale,
    decide,
    further,
)
from interlock.domain.signoff import Condition, Decision, Progress, Requirement, Signoff
from tests.domain.test_signoff import ADDED, INES, MARIA, NONE, NOW, POLICY, QA, RELEASE, RITA, TOM, ask, person

NOOR, BEN = person("Noor"), person("Ben")
APPROVED = Decision.APPROVED


def requirement(eligible: tuple[Person, ...] = (TOM, INES, NOOR), **rule: Any) -> Requirement:
    return replace(QA, rule=replace(QA.rule, **rule), eligible=eligible)


def given_by(one: Requirement, *words: Person | tuple[Person, Person], **more: Any) -> Requirement:
    """Approvals of these people, of a pair the first in the second's place."""
    signoffs = []
    for number, word in enumerate(words):
        hand, principal = word if isinstance(word, tuple) else (word, None)
        signoffs.append(
            Signoff(
                id=number,
                requirement_id=one.id,
                person=hand,
                principal=principal,
                decision=APPROVED,
                reason=None,
                fingerprint="f",
                at=NOW,
                **more,
            )
        )
    return replace(one, signoffs=tuple(signoffs))


EVERYBODY = requirement((TOM, INES), quorum="all")
WITH_INES = requirement(quorum=2, mandatory_group="leads")
WITH_INES = replace(WITH_INES, mandatory=frozenset({INES.slack_id}))
OPEN_CONDITION = Condition(id=1, signoff_id=0, text="Rollback tested")
LEFT = replace(INES, active=False)


@pytest.mark.parametrize(
    ("one", "progress"),
    [
        pytest.param(given_by(requirement(quorum=2), TOM), "open", id="one of two"),
        pytest.param(given_by(requirement(quorum=2), TOM, INES), "met", id="two of three"),
        pytest.param(given_by(EVERYBODY, TOM), "open", id="all: one is missing"),
        pytest.param(given_by(EVERYBODY, TOM, INES), "met", id="all: everybody"),
        pytest.param(
            replace(given_by(EVERYBODY, TOM, INES), eligible=(TOM, INES, NOOR)),
            "open",
            id="all: whoever joins signs too",
        ),
        pytest.param(
            replace(given_by(EVERYBODY, TOM), eligible=(TOM,)), "met", id="all: whoever leaves counts no more"
        ),
        pytest.param(replace(given_by(EVERYBODY, TOM, INES), eligible=()), "open", id="all: nobody is never everybody"),
        pytest.param(
            replace(given_by(EVERYBODY, TOM, INES), unverified=(NOOR,)),
            "open",
            id="all: who can't be checked is missing",
        ),
        pytest.param(given_by(WITH_INES, TOM, NOOR), "open", id="the mandatory group has not spoken"),
        pytest.param(given_by(WITH_INES, TOM, INES), "met", id="the mandatory group is among them"),
        pytest.param(
            given_by(WITH_INES, TOM, (BEN, INES)), "met", id="it has spoken through whoever stands in for one of it"
        ),
        pytest.param(
            given_by(requirement(quorum=1), TOM, conditions=(OPEN_CONDITION,)), "conditional", id="a condition is open"
        ),
        pytest.param(
            given_by(requirement(quorum=1), TOM, conditions=(replace(OPEN_CONDITION, done=True),)),
            "met",
            id="a condition is met",
        ),
        pytest.param(
            given_by(requirement(quorum=2), TOM, conditions=(OPEN_CONDITION,)), "open", id="one of two, conditionally"
        ),
        pytest.param(given_by(requirement(quorum=2), TOM, (BEN, LEFT)), "open", id="a word for somebody who left"),
        pytest.param(given_by(requirement(quorum=2), TOM, (LEFT, NOOR)), "open", id="the hand of somebody who left"),
        pytest.param(
            replace(given_by(requirement(quorum=1), TOM, valid_until=NOW), as_of=NOW), "open", id="too old by now"
        ),
        pytest.param(
            replace(given_by(requirement(quorum=1), TOM, valid_until=NOW + timedelta(seconds=1)), as_of=NOW),
            "met",
            id="old, and valid still",
        ),
    ],
)
def test_when_a_requirement_is_met(one: Requirement, progress: str) -> None:
    assert one.progress == Progress(progress)


@pytest.mark.parametrize(
    ("one", "short"),
    [
        (requirement(quorum=3), False),
        (requirement((TOM, INES), quorum=3), True),
        (given_by(requirement((TOM, INES), quorum=3), NOOR), False),
        (requirement((), quorum="all"), True),
        (EVERYBODY, False),
        (replace(EVERYBODY, unverified=(NOOR,)), True),
        (WITH_INES, False),
        (replace(WITH_INES, mandatory=frozenset()), True),
        (replace(WITH_INES, eligible=(TOM, NOOR)), True),
    ],
)
def test_when_it_is_out_of_reach(one: Requirement, short: bool) -> None:  # noqa: FBT001 a table's column
    assert one.out_of_reach is short


DELEGABLE = requirement(delegation=True)
OUTSIDER: dict[str, Any] = {"who": BEN, "groups": NONE}


def reason(asked: Ask, decision: Decision = APPROVED) -> str | None:
    verdict = decide(asked, decision, POLICY, NOW)
    return verdict.reason if isinstance(verdict, Refused) else None


def test_a_stand_in_signs_in_the_place_of_whoever_is_away() -> None:
    asked = ask(**OUTSIDER, requirements=(DELEGABLE,), stands_for=(INES,))
    assert decide(asked, APPROVED, POLICY, NOW) == Accepted(requirement=DELEGABLE, decision=APPROVED, principal=INES)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        pytest.param(
            ask(**OUTSIDER, requirements=(requirement(),), stands_for=(INES,)), "not_eligible", id="policy allows none"
        ),
        pytest.param(ask(**OUTSIDER, requirements=(DELEGABLE,)), "not_eligible", id="stands in for nobody now"),
        pytest.param(
            ask(**OUTSIDER, requirements=(DELEGABLE,), stands_for=(MARIA,)),
            "not_eligible",
            id="whose word is not asked",
        ),
        pytest.param(
            ask(**OUTSIDER, requirements=(DELEGABLE,), stands_for=(INES,), requested_by=BEN.slack_id),
            "own_request",
            id="the stand-in asked for the sign-offs",
        ),
        pytest.param(
            ask(**OUTSIDER, requirements=(DELEGABLE,), stands_for=(INES,), assigned="DATA-1"),
            "assigned",
            id="the stand-in worked on the scope",
        ),
        pytest.param(
            ask(person("Ben", linked_by=None), NONE, requirements=(DELEGABLE,), stands_for=(INES,)),
            "account_not_verified",
            id="nobody knows whether the stand-in did",
        ),
        pytest.param(
            ask(**OUTSIDER, requirements=(given_by(DELEGABLE, INES),), stands_for=(INES,)),
            "principal_signed",
            id="they signed themselves before they left",
        ),
        pytest.param(
            ask(INES, requirements=(given_by(DELEGABLE, (BEN, INES)),)), "signed_for_you", id="back, and it was signed"
        ),
        pytest.param(
            ask(TOM, requirements=(requirement(exclude_requester=True),), requested_by=TOM.slack_id),
            "own_request",
            id="whoever asked",
        ),
        pytest.param(
            ask(
                TOM,
                requirements=(requirement(exclude_release_manager=True),),
                release=replace(RELEASE, created_by=TOM.slack_id),
            ),
            "own_release",
            id="whoever planned it",
        ),
        pytest.param(
            ask(TOM, requirements=(requirement(),), wanted=99), "not_eligible", id="a requirement that is not"
        ),
    ],
)
def test_who_is_refused(asked: Ask, why: str) -> None:
    assert reason(asked) == why


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(
            ask(requirements=(requirement(exclude_requester=False),), requested_by=TOM.slack_id), id="whoever asked may"
        ),
        pytest.param(
            ask(requirements=(requirement(),), release=replace(RELEASE, created_by=TOM.slack_id)),
            id="so may who planned",
        ),
        pytest.param(
            ask(requirements=(requirement(exclude_assignees=False),), assigned="DATA-1"), id="an assignee may"
        ),
    ],
)
def test_exclusions_are_switched_one_by_one(asked: Ask) -> None:
    assert reason(asked) is None


def test_whoever_may_sign_themselves_signs_for_themselves() -> None:
    verdict = decide(ask(TOM, requirements=(DELEGABLE,), stands_for=(INES,)), APPROVED, POLICY, NOW)
    assert verdict == Accepted(requirement=DELEGABLE, decision=APPROVED)


def test_a_second_word_of_the_same_hand_is_no_second_word() -> None:
    asked = ask(**OUTSIDER, requirements=(given_by(DELEGABLE, (BEN, INES)),), stands_for=(INES, NOOR))
    assert isinstance(decide(asked, APPROVED, POLICY, NOW), AlreadySigned)


LOOSE = replace(RELEASE, policy=Template(name="Loose", one_person_one_requirement=False))
INFRA = replace(requirement(key="infra"), id=3, key="infra", name="Infrastructure")


def test_one_person_fills_two_requirements_with_a_click_each_where_policy_lets_them() -> None:
    both = ask(release=LOOSE, requirements=(QA, INFRA))
    assert decide(both, APPROVED, POLICY, NOW) == Accepted(requirement=QA, decision=APPROVED)
    assert further(both, QA) == (INFRA,)
    once = ask(release=LOOSE, requirements=(given_by(QA, TOM), INFRA))
    assert isinstance(decide(once, APPROVED, POLICY, NOW), AlreadySigned), "a double click gives one word, not two"
    named = replace(once, wanted=INFRA.id)
    assert decide(named, APPROVED, POLICY, NOW) == Accepted(requirement=INFRA, decision=APPROVED)


@pytest.mark.parametrize("signed", [given_by(INFRA, TOM), given_by(INFRA, (TOM, INES)), given_by(INFRA, (BEN, TOM))])
def test_and_only_there(signed: Requirement) -> None:
    assert reason(ask(requirements=(QA, signed), wanted=QA.id)) == "one_requirement_each"
    assert further(ask(requirements=(QA, INFRA)), QA) == ()


MEANT = Signature(release=" 2026.12 ", meaning="Approved after review")
SOLEMN = requirement(step_up=True)


@pytest.mark.parametrize(
    ("signature", "comes_to"),
    [
        (None, SignatureWanted(requirement=SOLEMN)),
        (replace(MEANT, release="2026.11"), "wrong_release_typed"),
        (replace(MEANT, meaning=" "), "no_meaning"),
        (MEANT, Accepted(requirement=SOLEMN, decision=APPROVED)),
    ],
)
def test_a_signature_is_asked_where_policy_asks(signature: Signature | None, comes_to: object) -> None:
    verdict = decide(ask(requirements=(SOLEMN,), signature=signature), APPROVED, POLICY, NOW)
    assert (verdict.reason if isinstance(verdict, Refused) else verdict) == comes_to


def test_a_no_asks_for_no_signature() -> None:
    verdict = decide(ask(requirements=(SOLEMN,)), Decision.REJECTED, POLICY, NOW)
    assert isinstance(verdict, Accepted)


RAISED = MaterialChange(what="priority raised", ticket=ADDED.ticket)
RED = MaterialChange(what="criterion turned red", about="Coverage")


@pytest.mark.parametrize(
    ("rule", "change", "team", "touches"),
    [
        ({}, ADDED, "data", True),
        ({"material": ("removed",)}, ADDED, "data", False),
        ({"material": ("priority_raised",)}, RAISED, "data", True),
        ({"teams": ("data",)}, ADDED, "data", True),
        ({"teams": ("data",)}, ADDED, "ml", False),
        ({"teams": ("data",)}, ADDED, None, False),
        ({}, RED, None, False),
        ({"material": ("criterion_turned_red",)}, RED, None, True),
        ({"material": ("criterion_turned_red",), "teams": ("data",)}, RED, None, True),
        ({"material": ("criterion_turned_red",), "teams": ("data",)}, RED, "ml", False),
    ],
)
def test_which_changes_touch_a_requirement(
    rule: dict[str, Any],
    change: MaterialChange,
    team: str | None,
    touches: bool,  # noqa: FBT001 a table
) -> None:
    assert requirement(**rule).touched_by(change, team) is touches


def test_a_change_that_does_not_touch_it_makes_no_card_old() -> None:
    ours = requirement(teams=("data",))
    assert decide(ask(requirements=(ours,), changes=(ADDED,), teams={"7": "ml"}), APPROVED, POLICY, NOW) == Accepted(
        requirement=ours, decision=APPROVED
    )
    stale = decide(ask(requirements=(ours,), changes=(ADDED,), teams={"7": "data"}), APPROVED, POLICY, NOW)
    assert stale == Stale(changes=(ADDED,))


def test_priorities_have_the_ranks_that_policy_gives_them() -> None:
    before = (TicketSeen(id="1", key="DATA-1", done=False, priority="P3"),)
    after = (TicketSeen(id="1", key="DATA-1", done=False, priority="p1"),)
    assert material_changes(before, after) == ()
    assert [each.what for each in material_changes(before, after, ("P1", "P2", "P3"))] == ["priority raised"]
    assert material_changes(after, before, ("P1", "P2", "P3")) == ()


def test_a_rule_without_the_newer_keys_means_what_it_meant() -> None:
    rule = RequirementRule(key="qa", name="QA")
    assert (rule.exclude_requester, rule.exclude_release_manager, rule.exclude_assignees) == (True, False, True)
    assert (rule.delegation, rule.step_up, rule.valid_days, rule.before_stage) == (False, False, None, "go")


PEOPLE = (TOM, INES, NOOR, BEN)


@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)), max_size=8), st.integers(2, 3))
def test_no_words_of_one_person_meet_a_quorum_of_two(words: list[tuple[Person, Person]], quorum: int) -> None:
    """Not even words that no database would hold: two of one hand, two in one name."""
    one = given_by(requirement(quorum=quorum), *words)
    if one.progress is Progress.MET:
        assert len({hand.slack_id for hand, _ in words}) >= quorum
        assert len({principal.slack_id for _, principal in words}) >= quorum


@given(st.sets(st.sampled_from(PEOPLE)), st.sets(st.sampled_from(PEOPLE)))
def test_everybody_means_everybody(eligible: set[Person], spoken: set[Person]) -> None:
    one = given_by(requirement(tuple(eligible), quorum="all"), *spoken)
    assert (one.progress is Progress.MET) == (bool(eligible) and eligible <= spoken)


def test_the_standing_of_a_stand_in_is_their_own() -> None:
    """Being named by somebody puts nobody into a group."""
    standing = Standing(person=BEN, groups=NONE, groups_as_of=NOW, people_as_of=NOW)
    assert not DELEGABLE.may_be_filled_by(standing)
    assert RITA.slack_id not in {each.slack_id for each in DELEGABLE.eligible}
