"""Rules of recurrence: what each comes to, and what is no rule here."""

import time as clock
from contextlib import suppress
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.domain.recurrence import MOST, RecurrenceError, occurrences

LONDON = ZoneInfo("Europe/London")
START = datetime(2026, 12, 4, 16)  # noqa: DTZ001 a time on a clock, a Friday


def days(rule: str, start: datetime = START) -> list[str]:
    return [f"{each:%Y-%m-%d}" for each in occurrences(rule, start, LONDON)]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("FREQ=WEEKLY;COUNT=3", ["2026-12-04", "2026-12-11", "2026-12-18"]),
        ("rrule:freq=weekly;count=2", ["2026-12-04", "2026-12-11"]),
        ("FREQ=WEEKLY;INTERVAL=2;UNTIL=20270101", ["2026-12-04", "2026-12-18", "2027-01-01"]),
        ("FREQ=WEEKLY;BYDAY=FR,SA;COUNT=3", ["2026-12-04", "2026-12-05", "2026-12-11"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", ["2026-12-25", "2027-01-29"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["2026-12-31", "2027-01-29"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", ["2026-12-31", "2027-01-31", "2027-03-31"]),
        ("FREQ=YEARLY;BYMONTH=3,6;BYMONTHDAY=-1;COUNT=2", ["2027-03-31", "2027-06-30"]),
        # A day means all of it; a time is the zone's; with Z it is UTC's.
        ("FREQ=DAILY;UNTIL=20261205", ["2026-12-04", "2026-12-05"]),
        ("FREQ=DAILY;UNTIL=20261205T155959", ["2026-12-04"]),
        ("FREQ=DAILY;UNTIL=20261205T160000Z", ["2026-12-04", "2026-12-05"]),
    ],
)
def test_a_rule_comes_to_its_days(rule: str, found: list[str]) -> None:
    assert days(rule) == found


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("FREQ=WEEKLY", "never ends: add ;UNTIL=20281231 or ;COUNT=…"),
        ("FREQ=WEEKLY;UNTIL=20991231", "goes on for more than 30 years"),
        ("FREQ=DAILY;UNTIL=20361231", f"has more than {MOST} occurrences"),
        ("FREQ=SECONDLY;COUNT=3", "recurs SECONDLY: write DAILY"),
        ("FREQ=HOURLY;COUNT=3", "recurs HOURLY"),
        ("FREQ=FORTNIGHTLY;COUNT=3", "has FREQ=FORTNIGHTLY, which is not right"),
        ("COUNT=3", "has no FREQ"),
        ("weekly", 'has a part "WEEKLY"'),
        ("", 'has a part ""'),
        ("FREQ=WEEKLY;;COUNT=1", 'has a part ""'),
        ("FREQ=WEEKLY;COUNT=1;COUNT=2", "has COUNT twice"),
        ("FREQ=WEEKLY;COUNT=1;UNTIL=20270101", "has both COUNT and UNTIL"),
        ("FREQ=WEEKLY;COUNT=0", "has COUNT=0, which is not right"),
        ("FREQ=WEEKLY;COUNT=1001", "has COUNT=1001, which is not right"),
        ("FREQ=WEEKLY;INTERVAL=0;COUNT=2", "has INTERVAL=0"),
        ("FREQ=WEEKLY;INTERVAL=-1;COUNT=2", "has INTERVAL=-1"),
        ("FREQ=WEEKLY;BYHOUR=1;COUNT=2", "has a part BYHOUR, which is not read here"),
        ("FREQ=WEEKLY;BYDAY=XX;COUNT=2", "has BYDAY=XX"),
        ("FREQ=WEEKLY;BYDAY=1FR;COUNT=2", "has BYDAY=1FR: numbered days are for MONTHLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=3;COUNT=2", "has BYMONTHDAY, which is not for WEEKLY"),
        ("FREQ=MONTHLY;BYSETPOS=1;COUNT=2", "has BYSETPOS with nothing to choose among"),
        ("FREQ=YEARLY;BYWEEKNO=1;COUNT=2", "has a part BYWEEKNO, which is not read here"),
        ("FREQ=DAILY;BYSETPOS=1;BYDAY=MO;COUNT=2", "has BYSETPOS, which is not for DAILY"),
        ("FREQ=DAILY;BYMONTH=13;COUNT=2", "has BYMONTH=13"),
        ("FREQ=DAILY;UNTIL=20261399", "has UNTIL=20261399, which is no day"),
        ("FREQ=DAILY;UNTIL=tomorrow", "has UNTIL=TOMORROW, which is not right"),
        ("FREQ=DAILY;UNTIL=20200101", "has no occurrence"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1", "has no occurrence"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=20", "has only 8 occurrences in 30 years"),
        ("FREQ=DAILY;COUNT=2\nDTSTART:20200101", "has COUNT=2\nDTSTART:20200101, which is not right"),
    ],
)
def test_what_is_no_rule_here_says_what_would_be_right(rule: str, says: str) -> None:
    with pytest.raises(RecurrenceError) as raised:
        occurrences(rule, START, LONDON)
    assert str(raised.value).startswith(says)


PIECES = ["FREQ=", "DAILY", "YEARLY", "WEEKLY", "MONTHLY", ";", "INTERVAL=", "COUNT=", "UNTIL=", "BYDAY=", "BYSETPOS="]
PIECES += ["BYYEARDAY=", "BYMONTHDAY=", "BYMONTH=", "WKST=", "MO", "-1SU", "5FR", "1", "53", "-366", "1000"]
PIECES += [",", "20281231", "T120000Z", "0", "-", "99999999", "RRULE:", " "]


@settings(max_examples=50)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_whatever_is_written_is_bounded(rule: str) -> None:
    began = clock.process_time()
    with suppress(RecurrenceError):
        assert len(occurrences(rule, START, LONDON)) <= MOST
    assert clock.process_time() - began < 2


BY = [
    ("DAILY", ["", "BYDAY=MO", "BYMONTH=2,7", "BYMONTHDAY=-1,15", "BYDAY=SA,SU;BYMONTH=12"]),
    ("WEEKLY", ["", "BYDAY=MO,FR", "BYDAY=SU;WKST=SU", "BYDAY=MO,SU;WKST=WE", "BYMONTH=3"]),
    ("MONTHLY", ["", "BYDAY=MO", "BYDAY=-1FR", "BYDAY=1MO,3TU", "BYMONTHDAY=31", "BYDAY=FR;BYMONTHDAY=13"]),
    ("MONTHLY", ["BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1", "BYMONTH=2;BYMONTHDAY=29", "BYMONTHDAY=-31,1"]),
    ("YEARLY", ["", "BYMONTH=2", "BYDAY=20MO", "BYDAY=-1SU;BYMONTH=3,10", "BYYEARDAY=1,-1,200", "BYMONTHDAY=1"]),
    ("YEARLY", ["BYDAY=MO;BYSETPOS=-1", "BYDAY=TU;BYMONTH=11;BYMONTHDAY=2,3,4,5,6,7,8", "BYYEARDAY=366"]),
]
RULES = st.sampled_from([(frequency, by) for frequency, all_ in BY for by in all_])


@settings(max_examples=150)
@given(RULES, st.integers(1, 30), st.integers(1, 40), st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1)))  # noqa: DTZ001 times on a clock
def test_a_rule_is_read_as_dateutil_reads_it(rule: tuple[str, str], interval: int, count: int, start: datetime) -> None:
    start = start.replace(microsecond=0)
    text = f"FREQ={rule[0]};INTERVAL={interval}{rule[1] and ';' + rule[1]}"
    try:
        ours = list(occurrences(f"{text};COUNT={count}", start, LONDON))
    except RecurrenceError:
        return  # too few of them within the horizon, and dateutil would look long for more
    assert ours == list(islice(rrulestr(text, dtstart=start), count))
