"""What is typed behind `/raid risk`, read."""

import pytest

from bot import raid_line
from interlock.domain.raid import Kind
from interlock.domain.raid_draft import TypedEntry


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", TypedEntry()),
        ("2026.12", TypedEntry(rest="2026.12")),
        (
            "2026.12 p3 i4 <@U0ANA> by 2026-12-04 DATA-214: Schema registry upgrade slips",
            TypedEntry(
                rest="2026.12",
                probability=3,
                impact=4,
                owner="<@U0ANA>",
                day="2026-12-04",
                ticket="DATA-214",
                title="Schema registry upgrade slips",
            ),
        ),
        ("I5 P1: p3 by fri: DATA-1", TypedEntry(probability=1, impact=5, title="p3 by fri: DATA-1")),
        ("Q4 data platform: x | y | z", TypedEntry(rest="Q4 data platform", title="x", details="y | z")),
        (
            "@ana approver maria@practice.example with @tom <@U0INES> informed @leo by fri: Which?",
            TypedEntry(
                owner="@ana",
                approver="maria@practice.example",
                contributors=("@tom", "<@U0INES>"),
                informed=("@leo",),
                day="fri",
                title="Which?",
            ),
        ),
        ("approver @maria @ana: Which?", TypedEntry(owner="@ana", approver="@maria", title="Which?")),
        ("no ticket to 2027.03", TypedEntry(rest="to 2027.03", ticket="")),
        ("p3:", TypedEntry(probability=3, title="")),
        ("12:30 plan", TypedEntry(rest="12:30 plan")),
        ("with", TypedEntry(rest="with")),
    ],
)
def test_it_is_read(typed: str, read: TypedEntry) -> None:
    assert raid_line.read(typed) == read


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("p6: x", "Probability is p1 (rare) to p5 (almost certain); p6 is not on the scale."),
        ("i0: x", "Impact is i1 to i5 (severe); i0 is not on the scale."),
        ("p" + "1" * 5000 + ": x", "Probability is"),
        ("@ana @tom: x", "Two people are named as owner."),
        ("DATA-1 DATA-2: x", "Two tickets: DATA-1 and DATA-2."),
    ],
)
def test_what_cannot_be_meant_is_said(typed: str, why: str) -> None:
    read = raid_line.read(typed)
    assert isinstance(read, raid_line.Unread)
    assert read.sentence.startswith(why)


@pytest.mark.parametrize("kind", Kind)
def test_each_example_is_read_whole(kind: Kind) -> None:
    read = raid_line.read(raid_line.EXAMPLES[kind])
    assert isinstance(read, TypedEntry)
    assert (read.rest, bool(read.title), bool(read.owner or read.probability)) == ("", True, True)
