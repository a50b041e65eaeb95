"""Who cannot move, what is at the root of it, and what closing a root frees."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.blocker import Blockers, Node, Reason, analyse


def graph(*waits: str, done: Iterable[str] = (), flagged: Iterable[str] = (), blocked: Iterable[str] = ()) -> Blockers:
    """`B<A` reads: B waits for A."""
    blockers: dict[str, list[str]] = {}
    for wait in waits:
        waiting, _, blocker = wait.partition("<")
        blockers.setdefault(waiting, [])
        if blocker:
            blockers[waiting].append(blocker)
            blockers.setdefault(blocker, [])
    return analyse(
        Node(
            id=key,
            key=key,
            done=key in done,
            flagged=key in flagged,
            status_blocked=key in blocked,
            waits_for=tuple(waited),
        )
        for key, waited in blockers.items()
    )


def told(blockers: Blockers) -> dict[str, tuple[str, str]]:
    return {root.node.key: ("".join(sorted(root.frees)), "".join(sorted(root.holds))) for root in blockers.roots}


@pytest.mark.parametrize(
    ("blockers", "roots"),
    [
        pytest.param(graph("B<A"), {"A": ("B", "B")}, id="one waits for one"),
        pytest.param(graph("B<A", "C<B"), {"A": ("BC", "BC")}, id="a chain is freed all the way"),
        pytest.param(graph("C<A", "C<B"), {"A": ("", "C"), "B": ("", "C")}, id="two hold it, neither frees it alone"),
        pytest.param(graph("B<A", "C<A", "D<B", "D<C"), {"A": ("BCD", "BCD")}, id="a diamond comes free together"),
        pytest.param(graph("B<A", "C<B", "C<X"), {"A": ("B", "BC"), "X": ("", "C")}, id="freed up to the next blocker"),
        pytest.param(graph("B<A", done=["A"]), {}, id="a closed blocker holds nothing"),
        pytest.param(graph("C<B", "B<A", done=["B"]), {}, id="what waited for a closed ticket is free"),
        pytest.param(graph("A", flagged=["A"]), {"A": ("", "")}, id="a flagged ticket is its own root"),
        pytest.param(graph("B<A", flagged=["B"]), {"A": ("B", "B")}, id="a flagged ticket that waits is not a root"),
        pytest.param(graph("A<B", "B<A"), {"A": ("B", "B")}, id="a circle is its own root, by its first key"),
        pytest.param(graph("A<B", "B<A", "C<B"), {"A": ("BC", "BC")}, id="what waits for a circle is held by it"),
        pytest.param(graph("A<B", "B<A", "B<X"), {"X": ("", "AB")}, id="a circle that waits for a root is held by it"),
        pytest.param(graph("A<A"), {}, id="nothing waits for itself"),
        pytest.param(graph("B<A", "B<A"), {"A": ("B", "B")}, id="a link told twice counts once"),
    ],
)
def test_what_roots_free_and_hold(blockers: Blockers, roots: dict[str, tuple[str, str]]) -> None:
    assert told(blockers) == roots


def test_every_blocked_ticket_names_its_reasons_and_roots() -> None:
    found = graph("B<A", "C<B", "D", flagged=["C"], blocked=["D", "A"])
    assert {key: (one.reasons, one.roots) for key, one in found.blocked.items()} == {
        "A": ((Reason.STATUS,), ("A",)),
        "B": ((Reason.LINK,), ("A",)),
        "C": ((Reason.FLAGGED, Reason.LINK), ("A",)),
        "D": ((Reason.STATUS,), ("D",)),
    }


edges = st.lists(st.tuples(st.sampled_from("ABCDEFGH"), st.sampled_from("ABCDEFGH")), max_size=20)


@given(edges, st.sets(st.sampled_from("ABCDEFGH")))
def test_invariants(links: list[tuple[str, str]], done: set[str]) -> None:
    found = graph(*(f"{waiting}<{blocker}" for waiting, blocker in links), done=done)
    for root in found.roots:
        assert root.frees <= root.holds
        assert root.node.id not in done
    for key, one in found.blocked.items():
        assert key not in done
        assert one.roots, "every blocked ticket has a root"
        assert set(one.roots) <= {root.node.id for root in found.roots}


@given(edges)
def test_closing_a_root_frees_what_it_said(links: list[tuple[str, str]]) -> None:
    written = [f"{waiting}<{blocker}" for waiting, blocker in links]
    before = graph(*written)
    for root in before.roots:
        after = graph(*written, done=[root.node.id, *root.frees])
        assert not root.frees.intersection(after.blocked)
