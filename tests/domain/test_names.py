"""Finding what somebody meant, and what may be a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.names import LONGEST, Found, NotFound, Several, find, fold, problem, tidy

NAMES = ["2026.12", "2027.03", "pay-48", "pay-49", "models-2027.01", "Straße"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2026.12", Found(name="2026.12")),
        ("PAY-48", Found(name="pay-48")),
        ("  pay-48\t", Found(name="pay-48")),
        ("STRASSE", Found(name="Straße")),
        ("mod", Found(name="models-2027.01")),
        ("2026", Found(name="2026.12")),
        ("202", Several(names=("2026.12", "2027.03"))),
        ("pay", Several(names=("pay-48", "pay-49"))),
        ("pya-48", NotFound(near=("pay-48", "pay-49"))),
        ("2026.13", NotFound(near=("2026.12", "2027.03"))),
        ("zebra", NotFound(near=())),
        ("'; DROP TABLE release;--", NotFound(near=())),
        ("%", NotFound(near=())),
        ("<!channel>", NotFound(near=())),
    ],
)
def test_a_name_is_found_by_itself_by_its_beginning_or_by_what_comes_close(
    typed: str, expected: Found | Several | NotFound
) -> None:
    found = find(typed, NAMES)
    assert found == expected


def test_the_very_name_wins_over_a_longer_one_that_begins_with_it() -> None:
    assert find("pay", ["pay-48", "pay", "pay-49"]) == Found(name="pay")


def test_ten_thousand_letters_are_near_nothing() -> None:
    assert find("pay-48" * 2000, NAMES) == NotFound(near=())


@pytest.mark.parametrize("name", ["2026.12", "a", "مرحبا 12", "🚀 launch", "_a_b & c_", "'; --", "%", "x" * LONGEST])
def test_may_be_a_name(name: str) -> None:
    assert problem(name) is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "Give it a name"),
        (" \u00a0\u200b ", "Give it a name"),
        ("two\nlines", "control characters"),
        ("bell\x07", "control characters"),
        ("nul\x00", "control characters"),
        ("over\u202eride", "control characters"),
        ("half \ud800", "control characters"),
        ("\u3164\u2800\u200d", "Give it a name"),
        ("*bold*", "A name can't hold * ~ ` < or >, which Slack takes for formatting. Leave them out."),
        ("2026~12", "formatting"),
        ("2026`12", "formatting"),
        ("a<b", "formatting"),
        ("b>a", "formatting"),
        ("<!channel>", "formatting"),
        ("x" * (LONGEST + 1), "41 characters"),
        ("x" * 10_000, "10000 characters"),
    ],
)
def test_may_not_be_a_name(name: str, says: str) -> None:
    assert says in (problem(name) or "")


@pytest.mark.parametrize(
    "other", ["2026\u200b.12", "\ufeff2026.12", "2026.12\U000e0041", "2026.12\u3164", "2026.\u00ad12"]
)
def test_names_that_look_the_same_are_one(other: str) -> None:
    assert fold(other) == fold("2026.12")


@given(st.text())
def test_tidy_text_can_be_stored_and_read(text: str) -> None:
    tidied = tidy(text)
    tidied.encode()
    assert not any(letter < " " for letter in tidied)
    assert tidy(tidied) == tidied


@given(st.text(min_size=1, max_size=LONGEST).filter(lambda name: problem(name) is None))
def test_every_name_finds_itself_in_whatever_case(name: str) -> None:
    assert find(name, [*NAMES, name]) in {
        Found(name=name),
        *(Found(name=each) for each in NAMES if fold(each) == fold(name)),
    }
    assert isinstance(find(name.upper(), [name]), Found) or fold(name.upper()) != fold(name)
