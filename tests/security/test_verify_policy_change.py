"""`docs/verify.py` on a release whose policy was changed: the change is borne out, and none can be slipped in."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from interlock.config.template import policy_version
from interlock.domain import policy_change as rules
from interlock.domain.policy import Policy
from interlock.domain.signing import Accepted
from interlock.domain.signoff import Decision, Signoff
from interlock.store.engine import Store
from interlock.usecases import policy_change, policy_change_end, revalidation
from interlock.usecases.policy_change import Proposed
from tests import evidences, policy_changes
from tests.builders import GOVERNANCE, NOW, QA, TEMPLATE, actor, people, release
from tests.evidences import LATER, RULES
from tests.security.test_verify import V, resealed, verdict
from tests.signoffs import asked, fresh
from tests.signoffs import say as word_of

LESS = replace(TEMPLATE, requirements=(replace(QA, quorum=1), GOVERNANCE))


def under(template: Any) -> Policy:
    return replace(RULES, templates={"quarterly": template})


@pytest.fixture(scope="module")
def made(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Any]]:
    """One proposal rejected, one withdrawn, one that nobody decided on in time, one carried out."""
    path = tmp_path_factory.mktemp("evidence") / "interlock.db"
    path.write_bytes(sqlite_template.read_bytes())
    store = Store(f"sqlite:///{path}")
    number = evidences.decided(store)
    for turn in (1, 2, 3, 4):
        done = policy_change.propose(store, under(LESS), actor("RITA"), number, f"Reason {turn}", LATER)
        assert isinstance(done, Proposed), done
        if turn == 1:
            policy_changes.say(store, "TOM", seen=policy_changes.drawn(store, 1, LATER), now=LATER)
            policy_changes.say(store, "INES", Decision.REJECTED, seen=policy_changes.drawn(store, 1, LATER), now=LATER)
        elif turn == 2:
            policy_change_end.withdraw(store, RULES, actor("RITA"), 2, "No", LATER)
        elif turn == 3:
            assert policy_change_end.expire(store, done.change.closes_at) == 1
    fresh(store, LATER)
    seen = policy_changes.drawn(store, 4, LATER)
    said = [policy_changes.say(store, who, seen=seen, now=LATER) for who in ("TOM", "INES", "MARIA")]
    assert said[-1].outcome == "applied"
    anchors = [evidences.anchored(store)]
    data = evidences.zipped(store, number)
    store.close()
    return data, V.anchors_in("\n".join(each.line for each in anchors))


def row(value: dict[str, Any], number: int) -> dict[str, Any]:
    return next(each for each in value["facts"]["more"]["policy_change"] if each["id"] == number)


def word(value: dict[str, Any], number: int) -> dict[str, Any]:
    return next(each for each in value["facts"]["more"]["policy_change_word"] if each["id"] == number)


def test_a_changed_policy_is_borne_out(made: tuple[bytes, list[Any]]) -> None:
    found = verdict(*made)
    assert (found.altered, found.code) == ([], 0)


def another_policy_before(value: dict[str, Any]) -> None:
    value["facts"]["policies"][0]["copy"]["requirements"][0]["quorum"] = 1


def the_policy_of_before(value: dict[str, Any]) -> None:
    value["facts"]["policy"] = value["facts"]["policies"][0]


def no_policies(value: dict[str, Any]) -> None:
    value["facts"]["policies"] = value["facts"]["policies"][1:]


def carried_out_in_spite(value: dict[str, Any]) -> None:
    row(value, 1).update(outcome="applied")


def withdrawn_and_not_late(value: dict[str, Any]) -> None:
    row(value, 3).update(outcome="withdrawn", ended_by="U0RITA")


def by_another(value: dict[str, Any]) -> None:
    row(value, 4).update(proposed_by="U0ANA")


def by_its_approver(value: dict[str, Any]) -> None:
    row(value, 4).update(proposed_by="U0TOM")


def for_another_reason(value: dict[str, Any]) -> None:
    row(value, 4).update(reason="None")


def a_word_gone(value: dict[str, Any]) -> None:
    words = value["facts"]["more"]["policy_change_word"]
    words.remove(word(value, 3))


def a_word_of_another(value: dict[str, Any]) -> None:
    word(value, 3).update(slack_id="U0ANA", principal="U0ANA")


def a_word_in_anothers_place(value: dict[str, Any]) -> None:
    word(value, 3).update(principal="U0ANA")


def a_word_with_a_meaning(value: dict[str, Any]) -> None:
    word(value, 3).update(meaning="Approved after review")


def a_word_from_elsewhere(value: dict[str, Any]) -> None:
    word(value, 3).update(auth="token")


def open_for_longer(value: dict[str, Any]) -> None:
    row(value, 3).update(closes_at="2026-12-24T09:00:00.000000+00:00")


def withdrawn_for_another_reason(value: dict[str, Any]) -> None:
    row(value, 2).update(end_reason="It was carried out elsewhere")


def a_word_for_another(value: dict[str, Any]) -> None:
    word(value, 3).update(requirement="governance")


def rejected_by_nobody(value: dict[str, Any]) -> None:
    row(value, 2).update(outcome="rejected")


def a_proposal_gone(value: dict[str, Any]) -> None:
    value["facts"]["more"]["policy_change"].remove(row(value, 2))


@pytest.mark.parametrize(
    "change",
    [
        another_policy_before,
        the_policy_of_before,
        no_policies,
        carried_out_in_spite,
        withdrawn_and_not_late,
        by_another,
        by_its_approver,
        for_another_reason,
        a_word_gone,
        a_word_of_another,
        a_word_in_anothers_place,
        a_word_with_a_meaning,
        a_word_from_elsewhere,
        open_for_longer,
        withdrawn_for_another_reason,
        a_word_for_another,
        rejected_by_nobody,
        a_proposal_gone,
    ],
)
def test_not_even_who_has_the_key_changes_it_unseen(
    made: tuple[bytes, list[Any]], change: Callable[[dict[str, Any]], None]
) -> None:
    data, anchors = made
    assert verdict(resealed(data, change), anchors).altered


def test_a_change_that_was_carried_out_by_too_few_is_found(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a program that somebody altered: its chain and its facts agree."""
    monkeypatch.setattr(rules, "complete", lambda _requirements: True)
    number = evidences.decided(sqlite_store)
    policy_change.propose(sqlite_store, under(LESS), actor("RITA"), number, "Alone", LATER)
    seen = policy_changes.drawn(sqlite_store, 1, LATER)
    assert policy_changes.say(sqlite_store, "TOM", seen=seen, now=LATER).outcome == "applied"
    anchors = V.anchors_in(evidences.anchored(sqlite_store).line)
    found = " ".join(verdict(evidences.zipped(sqlite_store, number), anchors).altered)
    for lacking in ("qa", "governance"):
        assert f"The change 1 of the policy was carried out without the approvals for {lacking}." in found


SHORT = replace(TEMPLATE, requirements=(replace(QA, valid_days=1),))


def carried_out_late(store: Store, *words: tuple[str, Any]) -> Any:
    """The first proposal, to ask for one of QA alone, decided on by whom and when; with the anchors of after that."""
    with store.write() as session:
        people(session)
        version = policy_version(SHORT)
        number = release(session, template=SHORT, tickets=("DATA-1",), stage="in_progress", policy_version=version)
    change = replace(SHORT, requirements=(replace(QA, quorum=1),))
    policy_change.propose(store, under(change), actor("RITA"), number, "Two have left", NOW)
    said = [
        policy_changes.say(store, who, seen=policy_changes.drawn(store, 1, at), now=fresh(store, at))
        for who, at in words
    ]
    assert said[-1].outcome == "applied"
    return V.anchors_in(evidences.anchored(store).line)


def test_an_approval_that_was_given_anew_is_borne_out(sqlite_store: Store) -> None:
    late = NOW + timedelta(days=1)
    anchors = carried_out_late(sqlite_store, ("TOM", NOW), ("TOM", late), ("INES", late))
    data = evidences.zipped(sqlite_store, 1)
    assert (verdict(data, anchors).altered, verdict(data, anchors).code) == ([], 0)

    def as_if_it_had_held(value: dict[str, Any]) -> None:
        word(value, 2).update(renewal=0)

    assert verdict(resealed(data, as_if_it_had_held), anchors).altered


def test_a_change_that_was_carried_out_by_what_was_too_old_is_found(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a program that somebody altered: to it no approval is ever too old."""
    monkeypatch.setattr(Signoff, "expired", lambda _self, _now: False)
    anchors = carried_out_late(sqlite_store, ("TOM", NOW), ("INES", NOW + timedelta(days=1)))
    found = " ".join(verdict(evidences.zipped(sqlite_store, 1), anchors).altered)
    assert "The change 1 of the policy was carried out without the approvals for qa." in found


def test_an_approval_that_became_too_old_is_no_alteration(sqlite_store: Store) -> None:
    revision = asked(sqlite_store, replace(QA, quorum=1, valid_days=1), policy_version="v1")
    assert isinstance(word_of(sqlite_store, "TOM", revision), Accepted)
    late = fresh(sqlite_store, NOW + timedelta(days=2))
    assert revalidation.expire(sqlite_store, late) == 1
    fresh(sqlite_store, LATER)
    anchors = V.anchors_in(evidences.anchored(sqlite_store).line)
    assert verdict(evidences.zipped(sqlite_store, 1), anchors).altered == []
