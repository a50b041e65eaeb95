"""Which release somebody meant."""

import pytest

from interlock.domain.release import ReleaseName, Unclear, choose, leading

PLATFORM = ReleaseName(id=1, name="2026.12", channel_id="C0RELDATAPLATFORM", ended=False)
PAY = ReleaseName(id=2, name="pay-48", channel_id="C0RELPAYMENTS", ended=False)
PAY_NEXT = ReleaseName(id=3, name="pay-49", channel_id="C0RELPAYMENTS", ended=False)
MODELS = ReleaseName(id=4, name="models 2027 one", channel_id="C0RELMODELS", ended=False)
OLD = ReleaseName(id=5, name="2026.09", channel_id="C0RELDATAPLATFORM", ended=True)
ALL = [PLATFORM, PAY, PAY_NEXT, MODELS, OLD]
ELSEWHERE = "C0GENERAL"


@pytest.mark.parametrize(
    ("typed", "channel", "known", "meant"),
    [
        ("2026.12", ELSEWHERE, ALL, PLATFORM),
        ("2026", ELSEWHERE, ALL, PLATFORM),
        ("2026.09", ELSEWHERE, ALL, OLD),
        ("MODELS", ELSEWHERE, ALL, MODELS),
        ("", "C0RELDATAPLATFORM", ALL, PLATFORM),
        ("", ELSEWHERE, [PAY, OLD], PAY),
        ("\x00\u202e", ELSEWHERE, [PAY, OLD], PAY),
    ],
)
def test_a_release_is_found_by_name_by_channel_or_because_it_is_the_only_one(
    typed: str, channel: str, known: list[ReleaseName], meant: ReleaseName
) -> None:
    assert choose(typed, channel, known) == meant


@pytest.mark.parametrize(
    ("typed", "channel", "known", "sentence", "choices"),
    [
        ("", ELSEWHERE, ALL, "Which release: 2026.12, pay-48, pay-49 or models 2027 one?", 4),
        ("", "C0RELPAYMENTS", ALL, "Which release: pay-48 or pay-49?", 2),
        ("", ELSEWHERE, [OLD], "No release is under way. Plan one with /release new.", 0),
        ("pay", ELSEWHERE, ALL, "More than one release begins with pay: pay-48 and pay-49. Which one?", 2),
        ("pya-48", ELSEWHERE, ALL, "There is no release pya-48. Did you mean pay-48 or pay-49?", 2),
        ("zebra", ELSEWHERE, [PAY], "There is no release zebra. Under way: pay-48.", 1),
        ("zebra", ELSEWHERE, [], "There is no release zebra. None is under way.", 0),
    ],
)
def test_what_is_unclear_is_asked_with_the_names(
    typed: str, channel: str, known: list[ReleaseName], sentence: str, choices: int
) -> None:
    asked = choose(typed, channel, known)
    assert isinstance(asked, Unclear)
    assert asked.sentence == sentence
    assert len(asked.choices) == choices


def test_a_long_name_is_cut_in_the_question() -> None:
    asked = choose("x" * 10_000, ELSEWHERE, [PAY])
    assert isinstance(asked, Unclear)
    assert len(asked.sentence) < 120


def test_of_many_releases_the_first_are_named() -> None:
    many = [ReleaseName(id=number, name=f"r{number}", channel_id="C", ended=False) for number in range(9)]
    asked = choose("", ELSEWHERE, many)
    assert isinstance(asked, Unclear)
    assert asked.sentence == "Which release: r0, r1, r2, r3, r4 or 4 more?"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("2026.12 it shipped", ("2026.12", "it shipped")),
        ("Models 2027 ONE moved to spring", ("Models 2027 ONE", "moved to spring")),
        ("models moved", ("models", "moved")),
        ("2026.12", ("2026.12", "")),
        ("", ("", "")),
    ],
)
def test_a_text_is_taken_apart_after_the_longest_name_that_it_begins_with(text: str, parts: tuple[str, str]) -> None:
    assert leading(text, ALL) == parts
