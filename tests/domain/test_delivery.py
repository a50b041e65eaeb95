"""What follows a failed attempt."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.delivery import Again, Park, Rules, after_failed_lookup, after_failed_send, after_missing
from interlock.domain.outbox import DeliveryError, Message, Urgency

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
RULES = Rules()
POST = Message(
    id=1,
    key="digest",
    kind="digest",
    ids={},
    channel="C0GENERAL",
    thread_ts=None,
    urgency=Urgency.ROUTINE,
    token="t",
    coalesce=None,
    created_at=NOW - timedelta(minutes=1),
    not_after=NOW + timedelta(hours=3),
    attempts=1,
    attempted_at=NOW,
)
REFRESH = replace(POST, coalesce="card:7")
LAST = replace(POST, attempts=RULES.attempts)


def attempted(waited: int) -> Message:
    """So many seconds ago, at once when it was made."""
    then = NOW - timedelta(seconds=waited)
    return replace(POST, created_at=then, attempted_at=then)


def failure(*, permanent: bool = False, retry_after: int | None = None, unknown: bool = False) -> DeliveryError:
    wait = None if retry_after is None else timedelta(seconds=retry_after)
    return DeliveryError("It broke.", permanent=permanent, retry_after=wait, unknown_outcome=unknown)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("what", "message", "error", "expected"),
    [
        ("a rate limit costs no attempt", POST, failure(retry_after=30), Again(at=later(30), charged=False)),
        ("nor is it ever the last", LAST, failure(retry_after=30), Again(at=later(30), charged=False)),
        ("a permanent error is a person's", POST, failure(permanent=True), Park(reason="It broke.")),
        ("a passing one is tried again", POST, failure(), Again(at=later(2))),
        ("after a pause that doubles", replace(POST, attempts=4), failure(), Again(at=later(16))),
        ("up to a bound", replace(POST, attempts=15), failure(), Again(at=later(300))),
        ("a post that may be there is looked for", POST, failure(unknown=True), Again(at=later(10), look_up=True)),
        ("the last attempt is looked for too", LAST, failure(unknown=True), Again(at=later(10), look_up=True)),
        ("a refresh does no harm twice", REFRESH, failure(unknown=True), Again(at=later(2))),
        (
            "patience ends",
            LAST,
            failure(),
            Park(reason="Given up after 20 attempts. The last one: It broke."),
        ),
    ],
)
def test_after_a_failed_send(what: str, message: Message, error: DeliveryError, expected: Again | Park) -> None:
    assert after_failed_send(message, error, NOW, RULES) == expected, what


@pytest.mark.parametrize(
    ("what", "waited", "error", "expected"),
    [
        ("a rate limit waits", 10, failure(retry_after=7), Again(at=later(7), look_up=True)),
        ("a passing fault is tried again", 0, failure(), Again(at=later(10), look_up=True)),
        ("after as long as it waited", 60, failure(), Again(at=later(60), look_up=True)),
        ("up to a bound", 600, failure(), Again(at=later(300), look_up=True)),
        ("a lost answer to a lookup is only a fault", 10, failure(unknown=True), Again(at=later(10), look_up=True)),
    ],
)
def test_after_a_failed_lookup(what: str, waited: int, error: DeliveryError, expected: Again) -> None:
    message = attempted(waited)
    assert after_failed_lookup(message, error, NOW, RULES) == expected, what


@pytest.mark.parametrize(("waited", "permanent"), [(10, True), (16 * 60, False)])
def test_what_cannot_be_read_is_parked_with_the_whole_story(waited: int, permanent: bool) -> None:  # noqa: FBT001 a table
    message = replace(attempted(waited), not_before=NOW - timedelta(minutes=5))
    verdict = after_failed_lookup(message, failure(permanent=permanent), NOW, RULES)
    assert verdict == Park(
        reason="It may have been posted: Slack's answer got lost, and the conversation cannot be read. It broke. "
        "Look there: drop this if it was posted, release it if not."
    )


@pytest.mark.parametrize("lasted", [timedelta(), RULES.lease])
def test_the_first_failure_to_read_asks_nobody_however_long_there_was_no_relay(lasted: timedelta) -> None:
    put_off = NOW - timedelta(hours=1) + lasted + RULES.grace
    first = replace(attempted(3600), not_before=put_off)
    assert isinstance(after_failed_lookup(first, failure(), NOW, RULES), Again)
    again = replace(first, not_before=put_off + timedelta(minutes=5))
    assert isinstance(after_failed_lookup(again, failure(), NOW, RULES), Park)


def test_an_attempt_by_a_clock_that_was_put_back_uses_up_no_patience() -> None:
    message = replace(POST, attempted_at=NOW - timedelta(hours=1), not_before=NOW)
    assert isinstance(after_failed_lookup(message, failure(), NOW, RULES), Again)


def test_what_is_not_there_is_sent_again_until_patience_ends() -> None:
    assert after_missing(POST, NOW, RULES) == Again(at=NOW)
    assert isinstance(after_missing(LAST, NOW, RULES), Park)


@given(attempts=st.integers(min_value=1, max_value=10_000))
def test_pauses_grow_and_are_bounded(attempts: int) -> None:
    assert RULES.first_pause <= RULES.pause(attempts) <= RULES.pause(attempts + 1) <= RULES.longest_pause


errors = st.builds(
    failure, permanent=st.booleans(), retry_after=st.none() | st.integers(0, 3600), unknown=st.booleans()
)


@given(error=errors, attempts=st.integers(1, 40), waited=st.integers(0, 7200), card=st.none() | st.just("card:7"))
def test_nothing_is_tried_in_the_past_nor_sent_blindly(
    error: DeliveryError, attempts: int, waited: int, card: str | None
) -> None:
    message = replace(POST, attempts=attempts, coalesce=card, attempted_at=NOW - timedelta(seconds=waited))
    sent = after_failed_send(message, error, NOW, RULES)
    looked = after_failed_lookup(message, error, NOW, RULES)
    for verdict in (sent, looked):
        assert isinstance(verdict, Park) or verdict.at >= NOW
    limited_or_final = error.retry_after is not None or error.permanent
    if error.unknown_outcome and card is None and not limited_or_final:
        assert isinstance(sent, Again)
        assert sent.look_up
    assert isinstance(looked, Park) or looked.look_up
