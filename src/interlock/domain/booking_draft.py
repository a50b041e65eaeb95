"""What somebody enters to book an environment, and what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from interlock.domain import environment as environments
from interlock.domain.booking import AHEAD, GRACE, LONGEST_PURPOSE, Booking, Span
from interlock.domain.environment import Environment
from interlock.domain.names import unsaid
from interlock.domain.release import Release
from interlock.domain.words import count, day

USUAL = timedelta(hours=4)
"""How long a booking is unless somebody says otherwise."""
STEP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingDraft:
    """A moment that could not be read is None. `wait`: into the waitlist, should it be taken."""

    environment: str
    starts: datetime | None
    ends: datetime | None
    exclusive: bool
    purpose: str
    release_id: int | None = None
    wait: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingForm:
    """What the form offers, and what it proposes. `chosen` is None where nothing was named."""

    environments: tuple[Environment, ...]
    chosen: Environment | None
    releases: tuple[Release, ...]
    span: Span
    again: Booking | None = None


def proposed(now: datetime, longest_hours: int | None) -> Span:
    """From the next full five minutes, for the usual time."""
    past = timedelta(minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond)
    starts = now - past + (STEP if past else timedelta())
    length = USUAL if longest_hours is None else min(USUAL, timedelta(hours=longest_hours))
    return Span(starts=starts, ends=starts + length)


def problems(
    draft: BookingDraft, environment: Environment | None, longest_hours: int, now: datetime, zone: str
) -> dict[str, str]:
    """A sentence for each field that is wrong, by the field's name; moments on the clock of `zone`."""
    found: dict[str, str] = {}
    if environment is None:
        found["environment"] = "Choose an environment."
    else:
        refused = environments.not_bookable(environment)
        if refused:
            found["environment"] = refused.sentence
    found |= _problems_of_time(draft, longest_hours, now, zone)
    ask = "Say what for in a few words: whoever needs it next reads this."
    if problem := unsaid(draft.purpose, ask, LONGEST_PURPOSE):
        found["purpose"] = problem
    return found


def span_of(draft: BookingDraft, now: datetime) -> Span:
    """For a draft without problems: from its start, or from now where that is just past."""
    assert draft.starts is not None
    assert draft.ends is not None
    return Span(starts=max(draft.starts, now), ends=draft.ends)


def clock(moment: datetime, zone: str) -> str:
    """`Thu 26 Nov 14:00` on the clock of that zone, for where Slack shows no dates of its own."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{day(local)} {local:%H:%M}"


def _problems_of_time(draft: BookingDraft, longest_hours: int, now: datetime, zone: str) -> dict[str, str]:
    starts, ends = draft.starts, draft.ends
    if starts is None:
        return {"starts": "Say from when, as a date and a time."}
    if ends is None:
        return {"ends": "Say until when, as a date and a time."}
    if starts < now - GRACE:
        return {"starts": f"That is past: it is {clock(now, zone)}. Choose a later time."}
    if starts > now + AHEAD:
        return {"starts": "That is more than a year ahead. Choose an earlier time."}
    if ends <= starts:
        return {"ends": f"The end has to be after the start, {clock(starts, zone)}."}
    if ends <= now:
        return {"ends": f"That is past: it is {clock(now, zone)}. Choose a later time."}
    if ends - starts > timedelta(hours=longest_hours):
        latest = clock(starts + timedelta(hours=longest_hours), zone)
        return {"ends": f"A booking here lasts at most {count(longest_hours, 'hour')}: until {latest}."}
    return {}
