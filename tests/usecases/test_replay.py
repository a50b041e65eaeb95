"""Shadow mode on a real store: the same policy differs in nothing, and each edit in just what it should."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from interlock.domain import freeze
from interlock.domain.freeze_exception import Decision as Excepted
from interlock.domain.freeze_exception import Reasons
from interlock.domain.permission import Permission
from interlock.domain.policy import (
    CriterionRule,
    Freeze,
    GonogoRule,
    Ladder,
    LadderStep,
    Policy,
    RequirementRule,
    Template,
)
from interlock.domain.release import Stage
from interlock.domain.signoff import Decision
from interlock.domain.stage import Moved
from interlock.domain.visibility import RESTRICTED
from interlock.store import freeze_exception as freeze_exceptions
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.slot import SlotRow
from interlock.store.ticket import TicketRow
from interlock.usecases import card, erasure, replay, scope, signoff, stage
from tests import glasses, policy_changes
from tests.builders import CHANNEL, NOW, actor, ticket
from tests.replays import (
    CARD,
    CUT,
    DONE,
    END,
    IN_FORCE,
    LADDER,
    QA,
    RULES,
    SOONER,
    TESTED,
    approve,
    at,
    at_random,
    history,
    planned,
    replayed,
    sign,
    told,
    under,
)
from tests.signoffs import fresh

GO, AGAIN, DEPLOY = "ready to go", "ready to go", "go to deploying"
TOMS, MARIAS = "Tom Arkwright's approval for QA", "Maria Voss's approval for Data Governance"
MOVES = [("move", each, "moved", "refused") for each in (GO, AGAIN, DEPLOY)]
NOT_MET = ("met 2026-11-23 12:30 UTC", "not met")
LATER, UNSURE = (
    "moves: they hang on sign-offs that could not be judged",
    "they hang on sign-offs that could not be judged",
)
CHANNEL_TOLD = "told 2026-11-25 11:00 UTC"
LEGAL = RequirementRule(key="legal", name="Legal", groups=("lawyers",))
BIAS = CriterionRule(kind="checklist", name="Bias review")
FREE = CriterionRule(kind="no_open_blocker", name="Nothing is blocked")
WEDNESDAY = Freeze(name="Audit", start=date(2026, 11, 25), end=date(2026, 11, 25))
NEARER = Ladder(name="Usual", steps=(*LADDER.steps[:2], LadderStep(after_business_hours=9, to="release_channel")))

NOBODY_MORE = under(**{rule.key: {"people": (*rule.people, "nobody@practice.example")} for rule in RULES.requirements})
ALL_TEAMS = under(**{rule.key: {"teams": ("data", "ml")} for rule in RULES.requirements})
"""Both say otherwise, and come to the same: who may sign, and what voids it, is worked out from what was recorded."""

EDITS: dict[str, tuple[Policy, list[Any], dict[str, int]]] = {
    "the same": (IN_FORCE, [], {}),
    "quorum up": (under(qa={"quorum": 3}), [("requirement", "QA", *NOT_MET), *MOVES], {}),
    "quorum down": (
        under(qa={"quorum": 1}),
        [
            ("requirement", "QA", NOT_MET[0], "met 2026-11-23 11:00 UTC"),
            ("move", "go to ready", "fell back by itself", "stood"),
        ],
        {},
    ),
    "another group": (
        under(qa={"groups": ("release-managers",)}),
        [],
        {
            "sign-offs: who was in which user group then is not recorded": 6,
            f"requirements: {UNSURE}": 1,
            LATER: 3,
        },
    ),
    "another person": (
        under(data={"people": ("noor@practice.example",)}),
        [
            ("signoff", MARIAS, "accepted", "refused"),
            ("signoff", MARIAS, "accepted", "refused"),
            ("requirement", "Data Governance", "met 2026-11-24 10:30 UTC", "not met"),
            *MOVES,
        ],
        {},
    ),
    "assignees excluded": (
        under(qa={"exclude_assignees": True}),
        [*[("signoff", TOMS, "accepted", "refused")] * 3, ("requirement", "QA", *NOT_MET), *MOVES],
        {},
    ),
    "a requirement added": (
        under(template={"requirements": (*RULES.requirements, LEGAL)}),
        [("requirement", "Legal", "not asked", "not met"), *MOVES],
        {"sign-offs: who was in which user group then is not recorded": 1},
    ),
    "a requirement gone": (
        under(template={"requirements": RULES.requirements[:2]}),
        [("requirement", "Data Governance", "asked", "not asked")],
        {},
    ),
    "approvals expire": (
        under(qa={"valid_days": 1}),
        [
            ("signoff", TOMS, "counted until 2026-11-24 12:06 UTC (changed)", "counted until 2026-11-24 11:00 UTC"),
            ("signoff", "Ines Calder's approval for QA", "counted on", "counted until 2026-11-25 13:06 UTC"),
            ("signoff", TOMS, "counted on", "counted until 2026-11-26 12:00 UTC"),
            ("requirement", "QA", NOT_MET[0], "met 2026-11-23 12:30 UTC, lost 2026-11-25 13:06 UTC"),
            ("move", "go to ready", "stood at go", "fallen back"),
            ("move", DEPLOY, "moved", "refused"),
        ],
        {},
    ),
    "nothing is material": (
        under(qa={"material": ()}),
        [
            ("signoff", TOMS, "counted until 2026-11-24 12:06 UTC (changed)", "counted until 2026-11-24 16:00 UTC"),
            ("signoff", "Noor Salter's approval for QA", "counted until 2026-11-24 12:06 UTC (changed)", "counted on"),
            ("move", "go to ready", "fell back by itself", "stood"),
        ],
        {},
    ),
    "signatures are typed": (
        under(data={"step_up": True}),
        [("signoff", MARIAS, "accepted at a click", "asked for a signature")] * 2,
        {},
    ),
    "a gate added": (under(template={"criteria": (*RULES.criteria, BIAS)}), MOVES, {}),
    "a gate tightened": (
        under(template={"criteria": (replace(DONE, at_least=100), CARD, TESTED, CUT)}),
        MOVES,
        {},
    ),
    "a figure raised": (under(template={"criteria": (DONE, CARD, replace(TESTED, minimum=90), CUT)}), MOVES, {}),
    "a gate gone": (
        under(template={"criteria": (DONE, TESTED, CUT)}),
        [("move", "frozen to ready", "refused (Model card)", "moved")],
        {},
    ),
    "a gate whose facts are not kept": (
        under(template={"criteria": (*RULES.criteria, FREE)}),
        [],
        {"moves: of Nothing is blocked, what was blocked by what at that moment is not kept": 3},
    ),
    "a freeze added": (under(freezes=(WEDNESDAY,)), MOVES[1:], {}),
    "a roll-call asked for": (under(template={"gonogo": GonogoRule(roles=("qa",))}), MOVES[:2], {}),
    "deployed where others may": (
        under(template={"deploys_to": ("prod",)}),
        [],
        {"moves: which releases it would have collided with is not replayed": 3},
    ),
    "nobody may go": (under(permissions=IN_FORCE.permissions | {Permission.RELEASE_GO: ()}), MOVES, {}),
    "a rung earlier": (
        under(ladders={"usual": SOONER}),
        [("ping", "owner of DATA-214", "told 2026-11-23 12:00 UTC", "told 2026-11-23 11:00 UTC")],
        {},
    ),
    "a later rung earlier": (
        under(ladders={"usual": NEARER}),
        [("ping", "release channel of DATA-214", CHANNEL_TOLD, "told 2026-11-24 10:30 UTC")],
        {},
    ),
    "no ladder": (
        under(template={"ladder": None}),
        [
            ("ping", "owner of DATA-214", "told 2026-11-23 12:00 UTC", "not told"),
            ("ping", "team lead of DATA-214", "told 2026-11-24 09:30 UTC", "not told"),
            ("ping", "release channel of DATA-214", CHANNEL_TOLD, "not told"),
        ],
        {},
    ),
    "readiness told on other days": (
        under(template={"readiness_business_days_before": (18,)}),
        [("readiness", "readiness summary of 2026-11-23", "not due", "due")],
        {},
    ),
}


@pytest.fixture(scope="module")
def written(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history in a file of its own: each test takes a copy."""
    file = tmp_path_factory.mktemp("replay") / "history.db"
    shutil.copy(sqlite_template, file)
    store = Store(f"sqlite:///{file}")
    history(store)
    store.close()
    return file


@pytest.fixture
def past(written: Path, tmp_path: Path) -> Iterator[Store]:
    file = tmp_path / "interlock.db"
    shutil.copy(written, file)
    store = Store(f"sqlite:///{file}")
    yield store
    store.close()


def test_each_edit_reports_just_what_it_should_and_nothing_is_written_or_posted(store: Store) -> None:
    history(store)
    before = content(store)
    assert before["outbox"]
    for name, (would, differences, unjudged) in EDITS.items():
        found = replayed(store, would)
        assert (name, told(found), found.unjudged) == (name, differences, unjudged)
        assert len(found.otherwise) == bool(differences)
    assert content(store) == before


def test_an_edit_that_changes_nothing_is_judged_through_and_differs_in_nothing(past: Store) -> None:
    """Nothing is taken over from the record here: each sign-off, requirement and move is decided anew."""
    for found in (replayed(past, NOBODY_MORE), replayed(past, ALL_TEAMS)):
        assert (told(found), found.unjudged) == ([], {})


def test_a_release_whose_policy_was_changed_meanwhile_is_not_judged(store: Store) -> None:
    policy_changes.begun(store)
    change = policy_changes.proposed(store)
    seen = policy_changes.drawn(store)
    policy = policy_changes.under(policy_changes.NEW)
    strict = replace(policy_changes.NEW, requirements=(replace(policy_changes.LESS, quorum=3),))

    def judged() -> tuple[list[tuple[str, str, str, str]], Any]:
        found = replay.replay(store, policy, policy_changes.under(strict), 90, NOW + timedelta(hours=1))
        return told(found), found.unjudged

    assert "releases: their policy was changed meanwhile" not in judged()[1]
    for who in ("TOM", "MARIA", "INES"):
        policy_changes.say(store, who, seen=seen)
    assert policy_changes.standing(store).policy_version != change.old_version
    assert judged() == ([], {"releases: their policy was changed meanwhile": 1})


def test_a_release_whose_glass_was_broken_is_not_judged(store: Store) -> None:
    glasses.ready(store)
    glasses.broken(store)
    assert isinstance(stage.move(store, glasses.GLASS, actor("RITA"), 1, Stage.GO, "", NOW), Moved)
    policy = replace(glasses.GLASS, templates={"quarterly": glasses.HOTFIX})
    without = replace(policy, templates={"quarterly": replace(glasses.HOTFIX, break_glass=None)})
    found = replay.replay(store, policy, without, 90, NOW + timedelta(hours=1))
    assert (told(found), found.unjudged) == ([], {"releases: glass was broken": 1})


@pytest.mark.parametrize("seed", range(4))
def test_whatever_people_did_the_same_policy_differs_in_nothing(sqlite_store: Store, seed: int) -> None:
    at_random(sqlite_store, Random(seed), acts=16)  # noqa: S311 a seed makes it the same each time
    same = replayed(sqlite_store, IN_FORCE)
    assert (told(same), same.unjudged) == ([], {})
    for anew in (replayed(sqlite_store, NOBODY_MORE), replayed(sqlite_store, ALL_TEAMS)):
        assert (told(anew), anew.unjudged) == ([], {})


def content(store: Store) -> dict[str, list[Any]]:
    tables = sorted(OutboxRow.metadata.tables)
    with store.read() as session:
        rows = {name: session.connection().execute(text(f'SELECT * FROM "{name}"')).all() for name in tables}  # noqa: S608 ours
        return {name: sorted(map(repr, found)) for name, found in rows.items()}


def alone(rule: RequirementRule) -> Template:
    return replace(RULES, requirements=(rule,), criteria=(), milestones=(), ladder=None)


def asked(store: Store, rule: RequirementRule) -> None:
    planned(store, alone(rule))
    assert isinstance(signoff.request(store, IN_FORCE, actor("RITA"), 1, fresh(store, at(0.5))), signoff.Requested)


def with_rule(rule: RequirementRule) -> Policy:
    return replace(IN_FORCE, templates={"quarterly": alone(rule)})


RITAS = replace(QA, groups=("release-managers",), quorum=1)


def test_what_was_refused_is_accepted_where_the_mirror_was_fresh_beyond_doubt(sqlite_store: Store) -> None:
    """Before a reading of the tracker is known to have ended in time, nobody can tell."""
    asked(sqlite_store, RITAS)
    sign(sqlite_store, "RITA", 1)
    lenient = with_rule(replace(RITAS, exclude_requester=False))
    assert replayed(sqlite_store, lenient).unjudged == {
        "sign-offs: how old the mirrors were at that moment is not recorded": 1
    }
    with sqlite_store.write() as session:
        read = SlotRow(job="sync", due_at=at(0.8), started_at=at(0.8), done_at=at(0.9), outcome="done")
        session.add(read)
    found = replayed(sqlite_store, lenient)
    assert told(found) == [
        ("signoff", "Rita Sandoval-Kerr's approval for QA", "refused (they had asked for these sign-offs)", "accepted"),
        ("requirement", "QA", "not met", "met 2026-11-23 10:00 UTC"),
    ]
    assert replayed(sqlite_store, with_rule(replace(RITAS, quorum=2))).otherwise == ()


def test_who_was_not_asked_may_have_been_of_the_other_group(sqlite_store: Store) -> None:
    asked(sqlite_store, RITAS)
    sign(sqlite_store, "RAVI", 1)
    assert replayed(sqlite_store, with_rule(replace(RITAS, groups=()))).unjudged == {}
    other = replayed(sqlite_store, with_rule(replace(RITAS, groups=("qa-approvers",))))
    assert (told(other), other.unjudged) == (
        [],
        {"sign-offs: who was in which user group then is not recorded": 1},
    )


def test_whoever_was_erased_is_not_judged(sqlite_store: Store) -> None:
    asked(sqlite_store, replace(QA, quorum=1))
    approve(sqlite_store, "TOM", 1)
    assert erasure.erase(sqlite_store, "U0TOM", {"name": "admin"}, at(2), reason="asked") is not None
    found = replayed(sqlite_store, with_rule(replace(QA, quorum=1, exclude_assignees=True)))
    assert (told(found), found.unjudged) == (
        [],
        {"sign-offs: somebody who was erased decided": 1, f"requirements: {UNSURE}": 1},
    )
    assert replayed(sqlite_store, with_rule(replace(QA, quorum=1))).unjudged == {}


def test_restricted_tickets_are_not_named(past: Store) -> None:
    with past.write() as session:
        for key in ("ML-3", "DATA-214"):
            session.get_one(TicketRow, f"id-{key}").security_level = "10000"
    found = replayed(past, under(qa={"exclude_assignees": True}, ladders={"usual": SOONER}))
    shown = str(found)
    assert "ML-3" not in shown
    assert "DATA-214" not in shown
    assert f"they were assigned to {RESTRICTED}, which was in scope" in shown
    assert f"owner of {RESTRICTED}" in shown


def test_a_restricted_ticket_that_would_have_sent_somebody_back_is_not_named(sqlite_store: Store) -> None:
    store, heedless = sqlite_store, replace(QA, quorum=1, material=())
    asked(store, heedless)
    picture = card.draw(store, 1, fresh(store, at(1)))
    assert picture is not None
    with store.write() as session:
        ticket(session, "DATA-666", security_level="10000")
        scope.refresh(session, None, at(1.5))
    given = (store, IN_FORCE, actor("TOM"), str(picture.revision_id), Decision.APPROVED, None, fresh(store, at(2)))
    assert isinstance(signoff.decide(*given), signoff.Decided)
    found = replayed(store, with_rule(replace(heedless, material=("added",))))
    assert told(found)[0] == ("signoff", TOMS, "accepted", "sent back")
    [sent_back] = found.releases[0].of("signoff")
    assert sent_back.why == f"the scope had changed since the card was drawn: {RESTRICTED} added"
    assert "DATA-666" not in str(found)


def test_a_freeze_holds_nobody_who_was_excepted_from_it_by_then(past: Store) -> None:
    would = under(freezes=(WEDNESDAY,))
    [window] = freeze.between(would, at(0), END)
    with past.write() as session:
        why = Reasons(why="A regulator's day", risk_in="Few are there", risk_out="A fine")
        number = freeze_exceptions.add(session, 1, window, why, CHANNEL, actor("RITA"), at(1))
    assert told(replayed(past, would)) == MOVES[1:], "asked for is not given"
    with past.write() as session:
        assert freeze_exceptions.decide(session, number, Excepted.APPROVED, None, actor("INES"), at(52.5))
    assert told(replayed(past, would)) == MOVES[1:2]


def test_no_mirror_is_taken_to_have_been_younger_than_is_known(past: Store) -> None:
    found = replayed(past, under(limits=replace(IN_FORCE.limits, mirror_max_age_minutes=1)))
    ages = "how old the mirrors were at that moment is not recorded"
    unsure = {f"requirements: {UNSURE}": 3, LATER: 5}
    assert (told(found), found.unjudged) == ([], {f"sign-offs: {ages}": 9, f"moves: {ages}": 5} | unsure)


def test_a_release_whose_template_is_gone_is_named(past: Store) -> None:
    found = replayed(past, replace(IN_FORCE, templates={}, channels={}))
    assert (found.alive, found.gone, found.releases) == (1, (("2026.12", "quarterly"),), ())
    assert found.unlooked == ("channels",)


def test_only_the_days_asked_for_are_looked_at(past: Store) -> None:
    found = replayed(past, under(qa={"quorum": 3}), days=7)
    assert [each.what for one in found.releases for each in one.of("move")] == [AGAIN, DEPLOY]


def test_a_ladder_is_silent_while_somebody_has_the_blocker_in_hand(past: Store) -> None:
    """Until Wednesday 11:00 it was Ravi's; a rung that fell due meanwhile comes after that."""
    later = Ladder(name="Usual", steps=(*LADDER.steps[:2], LadderStep(after_business_hours=12, to="release_manager")))
    assert told(replayed(past, under(ladders={"usual": later}))) == [
        ("ping", "release channel of DATA-214", CHANNEL_TOLD, "not told"),
        ("ping", "release manager of DATA-214", "not told", "told 2026-11-25 11:00 UTC"),
    ]


def test_a_ladder_that_was_another_then_is_not_judged(past: Store) -> None:
    was = replace(IN_FORCE, ladders={"usual": SOONER})
    found = replay.replay(past, was, IN_FORCE, 90, END)
    assert (told(found), found.unjudged) == ([], {"pings: what was told is not what the ladder in force says": 1})
