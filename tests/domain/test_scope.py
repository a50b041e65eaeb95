"""What a scope rule takes, and what has to come and go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.release import ScopeRule
from interlock.domain.scope import Place, Traits, changes, takes, union

RULE = ScopeRule(version_ids=("v1", "v2"), labels=("ship",), epics=("DATA-1",))


@pytest.mark.parametrize(
    ("traits", "taken"),
    [
        (Traits(version_ids=frozenset({"v2", "v9"})), True),
        (Traits(labels=frozenset({"ship"})), True),
        (Traits(epic_key="DATA-1"), True),
        (Traits(version_ids=frozenset({"v9"}), labels=frozenset({"Ship"}), epic_key="DATA-10"), False),
        (Traits(), False),
    ],
)
def test_one_version_label_or_epic_is_enough(traits: Traits, taken: bool) -> None:  # noqa: FBT001 a column of the table
    assert takes(RULE, traits) is taken


def test_an_empty_rule_takes_nothing() -> None:
    assert not takes(ScopeRule(), Traits(version_ids=frozenset({"v1"}), epic_key="DATA-1"))


NAMES = st.sampled_from(["a", "b", "c"])
RULES = st.builds(ScopeRule, version_ids=st.tuples(NAMES), labels=st.tuples(NAMES), epics=st.tuples(NAMES))
TRAITS = st.builds(Traits, version_ids=st.frozensets(NAMES), labels=st.frozensets(NAMES), epic_key=st.none() | NAMES)
PLACES = st.builds(Place, release_id=st.integers(1, 3), ticket_id=st.sampled_from(["t1", "t2", "t3"]))


@given(
    st.dictionaries(st.integers(1, 3), RULES),
    st.dictionaries(st.sampled_from(["t1", "t2", "t3"]), TRAITS),
    st.sets(PLACES),
)
def test_after_the_changes_each_release_holds_what_its_rule_takes(
    rules: dict[int, ScopeRule], traits: dict[str, Traits], current: set[Place]
) -> None:
    found = changes(rules, traits, current)
    after = (current - set(found.removed)) | set(found.added)
    assert after == {
        Place(release_id=release_id, ticket_id=ticket_id)
        for release_id, rule in rules.items()
        for ticket_id, those in traits.items()
        if takes(rule, those)
    }
    assert not current & set(found.added)
    assert set(found.removed) <= current


@given(st.lists(RULES, max_size=3), TRAITS)
def test_the_union_takes_what_any_takes(rules: list[ScopeRule], traits: Traits) -> None:
    assert takes(union(rules), traits) == any(takes(rule, traits) for rule in rules)
