"""Anchors as lines, found again wherever they were copied to."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.anchor import Anchor, first_contradicted, read

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
ONE = Anchor(seq=12, hash="ab" * 32, at=AT)


@given(st.integers(1, 10**15 - 1), st.binary(min_size=32, max_size=32), st.datetimes(timezones=st.just(UTC)))
def test_a_line_reads_as_what_it_was_made_of(seq: int, digest: bytes, at: datetime) -> None:
    anchor = Anchor(seq=seq, hash=digest.hex(), at=at.replace(microsecond=0))
    assert read(anchor.line) == [anchor]


@pytest.mark.parametrize(
    "around",
    ["{}", "> {}\n", '{{"event": "audit.anchor", "anchor": "{}"}}', "```{}``` and so on", "\ufeff2026 {}\r\n{}"],
)
def test_it_is_found_in_what_it_was_copied_into(around: str) -> None:
    assert set(read(around.format(ONE.line, ONE.line))) == {ONE}


@pytest.mark.parametrize(
    "spoilt", [ONE.line.replace("v1", "v2"), ONE.line.replace("2026-11-23", "2026-13-23"), "", "seq=1"]
)
def test_what_is_no_anchor_is_passed_over(spoilt: str) -> None:
    assert read(spoilt) == []


@pytest.mark.parametrize(
    ("hashes", "why"),
    [
        ({12: ONE.hash}, None),
        ({12: "cd" * 32}, "it is not what was anchored on 2026-11-23 18:00 UTC"),
        ({11: ONE.hash}, "it was anchored on 2026-11-23 18:00 UTC and is missing"),
    ],
)
def test_the_chain_is_held_against_it(hashes: dict[int, str], why: str | None) -> None:
    found = first_contradicted([ONE], hashes)
    assert (found.why if found else None) == why


def test_the_earliest_contradiction_is_named() -> None:
    later = Anchor(seq=20, hash="ef" * 32, at=AT)
    broken = first_contradicted([later, ONE], {})
    assert broken is not None
    assert broken.seq == 12
