"""Sign-offs that nobody is left to give: told once, and once more when they can be given."""

from dataclasses import replace

from interlock.store.engine import Store
from interlock.usecases import shortfall
from tests.builders import NOW, POLICY, QA
from tests.signoffs import asked, at_once, messages, say
from tests.usecases.test_signoff_policy import join, leave


def watch(store: Store) -> int:
    return shortfall.watch(store, POLICY, NOW)


def test_the_manager_is_told_once_and_again_when_it_is_over(store: Store) -> None:
    asked(store, replace(QA, quorum=3))
    assert watch(store) == 0
    leave(store, "TOM")
    assert sorted(map(int, map(str, at_once(lambda: watch(store), lambda: watch(store))))) == [0, 1]
    assert watch(store) == 0
    assert messages(store, "signoff.shortfall") == ["@U0RITA"]
    found = shortfall.told(store, 1, 1, short=True)
    assert found
    assert found.requirement.name == "QA"
    join(store, "TOM")
    assert shortfall.told(store, 1, 1, short=True) is None, "what is no longer so is not told"
    assert watch(store) == 1
    assert messages(store, "signoff.within_reach") == ["@U0RITA"]
    assert shortfall.told(store, 1, 1, short=False)
    leave(store, "TOM")
    assert watch(store) == 1
    assert messages(store, "signoff.shortfall") == ["@U0RITA", "@U0RITA"], "a second time is news again"


def test_what_was_given_counts_though_its_giver_left_the_group(store: Store) -> None:
    revision = asked(store, replace(QA, quorum=3))
    say(store, "TOM", revision)
    leave(store, "TOM")
    assert watch(store) == 0


def test_the_last_of_a_mandatory_group(store: Store) -> None:
    asked(store, replace(QA, groups=("qa-approvers", "release-managers"), mandatory_group="release-managers"))
    assert watch(store) == 1, "Rita asked, so she can't sign, and nobody else is in it"
    join(store, "RAVI", "release-managers")
    assert watch(store) == 1
    leave(store, "RAVI", "release-managers")
    assert watch(store) == 1
