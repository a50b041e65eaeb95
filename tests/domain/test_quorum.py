"""Whether sign-offs can be given by those who are there."""

from dataclasses import replace

import pytest

from interlock.domain.actor import Person
from interlock.domain.checkup import Finding, Mark
from interlock.domain.permission import Permission
from interlock.domain.policy import EnvironmentRule, Policy, RequirementRule, Role, Template
from interlock.domain.quorum import Roster, judge_groups, judge_quorums
from tests.builders import POLICY

QA = RequirementRule(key="qa", name="QA", groups=("qa",), people=("ana@practice.example",), quorum=2)
GOVERNANCE = RequirementRule(key="gov", name="Governance", groups=("gov",), exclude_assignees=False)


def person(name: str, *, linked: bool = True) -> Person:
    return Person(
        slack_id=f"U0{name.upper()}",
        name=name.title(),
        email=f"{name}@practice.example",
        account_id=f"acc-{name}",
        linked_by="email" if linked else None,
    )


PEOPLE = {each.slack_id: each for each in map(person, ("ana", "tom", "ines", "rita"))}
ROSTER = Roster(members={"qa": frozenset({"U0TOM", "U0INES"}), "gov": frozenset({"U0RITA"})}, people=PEOPLE)


def policy(*requirements: RequirementRule, askers: tuple[str, ...] = (), one_each: bool = True) -> Policy:
    template = Template(name="Quarterly", requirements=requirements, one_person_one_requirement=one_each)
    return replace(
        POLICY,
        roles={"release-manager": Role(groups=("gov",), people=askers)},
        permissions={Permission.SIGNOFF_REQUEST: ("release-manager",)} if askers else {},
        templates={"quarterly": template},
        environments={},
    )


def without(*gone: str, roster: Roster = ROSTER) -> Roster:
    return replace(roster, people={key: each for key, each in roster.people.items() if key not in gone})


def changed(slack_id: str, **more: object) -> Roster:
    return replace(ROSTER, people=PEOPLE | {slack_id: replace(PEOPLE[slack_id], **more)})  # type: ignore[arg-type]  # its own fields


def one(found: list[Finding]) -> tuple[Mark, str]:
    assert len(found) == 1
    return found[0].mark, f"{found[0].told} {found[0].mend}"


@pytest.mark.parametrize(
    ("roster", "mark", "words"),
    [
        (ROSTER, Mark.OK, "1 template"),
        (without("U0TOM"), Mark.OK, ""),
        (without("U0TOM", "U0ANA"), Mark.FAIL, "takes 2 people, and @qa or ana@practice.example has 1"),
        (changed("U0RITA", active=False), Mark.FAIL, "@gov has 0"),
        (changed("U0RITA", kind="guest"), Mark.FAIL, "@gov has 0"),
        (changed("U0ANA", linked_by=None), Mark.OK, ""),
        (
            replace(ROSTER, people=PEOPLE | {f"U0{n.upper()}": person(n, linked=False) for n in ("tom", "ines")}),
            Mark.FAIL,
            "Ines and Tom have none. Let them type /link",
        ),
        (replace(ROSTER, linked=False), Mark.UNKNOWN, "Run Interlock once"),
    ],
    ids=["met", "two left", "one left", "left", "guest", "two linked", "one linked", "not read yet"],
)
def test_a_quorum_takes_people_who_count(roster: Roster, mark: Mark, words: str) -> None:
    found, told = one(judge_quorums(policy(QA, GOVERNANCE), roster))
    assert found is mark
    assert words in told


ALL = replace(QA, quorum="all")


@pytest.mark.parametrize(
    ("rule", "roster", "mark", "words"),
    [
        (ALL, ROSTER, Mark.OK, ""),
        (ALL, without("U0TOM", "U0INES", "U0ANA"), Mark.FAIL, "takes 1 person, and @qa or ana@practice.example has 0"),
        (ALL, changed("U0TOM", linked_by=None), Mark.FAIL, "Tom have none. Let them type /link"),
        (replace(QA, groups=("qa", "gov"), mandatory_group="gov"), ROSTER, Mark.OK, ""),
        (
            replace(QA, groups=("qa", "gov"), mandatory_group="gov"),
            without("U0RITA"),
            Mark.FAIL,
            "takes one of @gov, which has no active full member",
        ),
    ],
    ids=["everybody", "nobody", "one of everybody is not linked", "mandatory", "mandatory and empty"],
)
def test_everybody_and_a_mandatory_group(rule: RequirementRule, roster: Roster, mark: Mark, words: str) -> None:
    found, told = one(judge_quorums(policy(rule), roster))
    assert found is mark
    assert words in told


def test_nobody_is_one_of_everybody_twice() -> None:
    twice = (ALL, replace(ALL, key="risk", name="Risk", groups=(), people=("ana@practice.example",)))
    found, told = one(judge_quorums(policy(*twice), ROSTER))
    assert found is Mark.FAIL
    assert "QA and Risk ask everybody, Ana is in both" in told
    assert one(judge_quorums(policy(*twice, one_each=False), ROSTER))[0] is Mark.OK


def test_a_requester_who_may_sign_is_counted() -> None:
    rule = replace(QA, groups=("gov",), people=(), quorum=1, exclude_requester=False)
    assert one(judge_quorums(policy(rule, askers=("rita@practice.example",)), ROSTER))[0] is Mark.OK


def test_nobody_fills_two() -> None:
    also = replace(GOVERNANCE, key="also", groups=("gov",))
    assert one(judge_quorums(policy(GOVERNANCE, also), ROSTER))[0] is Mark.FAIL
    assert one(judge_quorums(policy(GOVERNANCE, also, one_each=False), ROSTER))[0] is Mark.OK


def test_one_person_makes_way_for_the_only_other() -> None:
    """Tom could fill both, Rita the second only: each gets one."""
    first = replace(GOVERNANCE, key="first", groups=("qa",), quorum=2)
    second = replace(GOVERNANCE, key="second", groups=("gov", "qa"))
    assert one(judge_quorums(policy(first, second), ROSTER))[0] is Mark.OK
    assert one(judge_quorums(policy(second, first), ROSTER))[0] is Mark.OK


def test_whoever_asks_does_not_sign() -> None:
    mark, told = one(judge_quorums(policy(GOVERNANCE, askers=("tom@practice.example",)), ROSTER))
    assert (mark, "where Rita asks for them" in told) == (Mark.WARN, True)
    more = replace(GOVERNANCE, groups=("gov", "qa"))
    assert one(judge_quorums(policy(more, askers=("tom@practice.example",)), ROSTER))[0] is Mark.OK


@pytest.mark.parametrize(
    ("roster", "mark", "words"),
    [
        (ROSTER, Mark.OK, "all 2 groups"),
        (replace(ROSTER, members={"gov": ROSTER.members["gov"]}), Mark.FAIL, "templates.quarterly"),
        (
            replace(ROSTER, members={"gov": ROSTER.members["gov"]}, disabled=frozenset({"qa"})),
            Mark.FAIL,
            "disabled",
        ),
        (without("U0TOM", "U0INES"), Mark.WARN, "no active full member"),
    ],
    ids=["all", "absent", "disabled", "empty"],
)
def test_groups(roster: Roster, mark: Mark, words: str) -> None:
    found, told = one(judge_groups(policy(QA, GOVERNANCE), roster))
    assert found is mark
    assert words in told


def test_an_environments_owners_are_a_group_too() -> None:
    owned = replace(policy(GOVERNANCE), environments={"uat-1": EnvironmentRule(name="UAT 1", owner_group="owners")})
    assert "environments.uat-1" in one(judge_groups(owned, ROSTER))[1]
