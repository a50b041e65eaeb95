"""Which freeze holds on a day."""

from datetime import date

import pytest

from interlock.domain.freeze import Window, meeting
from interlock.domain.policy import Freeze

YEAR_END = Freeze(name="Year-end", start=date(2024, 12, 20), end=date(2025, 1, 4), yearly=True)
ONE_YEAR = Freeze(name="Year-end", start=date(2024, 12, 20), end=date(2024, 1, 4), yearly=True)
AUDIT = Freeze(name="Audit", start=date(2026, 11, 30), end=date(2026, 12, 4))
PAYMENTS = Freeze(name="Black Friday", start=date(2026, 11, 26), end=date(2026, 11, 30), teams=("payments",))
LEAP = Freeze(name="Leap", start=date(2024, 2, 29), end=date(2024, 2, 29), yearly=True)


@pytest.mark.parametrize(
    ("freeze", "day", "window"),
    [
        (AUDIT, date(2026, 11, 29), None),
        (AUDIT, date(2026, 11, 30), (date(2026, 11, 30), date(2026, 12, 4))),
        (AUDIT, date(2026, 12, 4), (date(2026, 11, 30), date(2026, 12, 4))),
        (AUDIT, date(2027, 12, 1), None),
        (YEAR_END, date(2026, 12, 19), None),
        (YEAR_END, date(2026, 12, 31), (date(2026, 12, 20), date(2027, 1, 4))),
        (YEAR_END, date(2027, 1, 4), (date(2026, 12, 20), date(2027, 1, 4))),
        (YEAR_END, date(2027, 1, 5), None),
        (ONE_YEAR, date(2027, 1, 2), (date(2026, 12, 20), date(2027, 1, 4))),
        (LEAP, date(2027, 2, 28), (date(2027, 2, 28), date(2027, 2, 28))),
        (LEAP, date(2028, 2, 29), (date(2028, 2, 29), date(2028, 2, 29))),
    ],
)
def test_a_freeze_holds_from_its_first_to_its_last_day(
    freeze: Freeze, day: date, window: tuple[date, date] | None
) -> None:
    expected = Window(name=freeze.name, start=window[0], end=window[1]) if window else None
    assert meeting([freeze], day, ()) == expected


def test_a_freeze_for_some_teams_binds_a_release_with_a_ticket_of_theirs() -> None:
    day = date(2026, 11, 27)
    assert meeting([PAYMENTS], day, {"data"}) is None
    assert meeting([PAYMENTS], day, {"data", "payments"}) is not None


def test_of_two_freezes_the_one_that_ends_last_is_named() -> None:
    met = meeting([PAYMENTS, AUDIT], date(2026, 11, 30), {"payments"})
    assert met is not None
    assert met.name == "Audit"
