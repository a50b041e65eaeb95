"""How fast Slack may be called."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.pacing import SLACK, Bucket, Step, buckets

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def starts(bucket: Bucket, arrivals: list[float]) -> list[datetime]:
    """When each of the calls may start that want to at these seconds, one after the other."""
    next_at = NOW
    result: list[datetime] = []
    for seconds in sorted(arrivals):
        at = max(NOW + timedelta(seconds=seconds), bucket.free_at(next_at), *result[-1:])
        next_at = bucket.used(next_at, at)
        result.append(at)
    return result


def test_a_channel_gets_one_post_a_second() -> None:
    bucket = Bucket(name="b", every=timedelta(seconds=1))
    assert starts(bucket, [0, 0, 0, 10]) == [NOW + timedelta(seconds=at) for at in (0, 1, 2, 10)]


def test_a_few_go_at_once_after_a_pause() -> None:
    bucket = Bucket(name="b", every=timedelta(seconds=1), burst=3)
    assert starts(bucket, [0, 0, 0, 0, 0]) == [NOW + timedelta(seconds=at) for at in (0, 0, 0, 1, 2)]


def test_a_held_bucket_is_free_no_sooner_whatever_its_burst() -> None:
    bucket = Bucket(name="b", every=timedelta(seconds=1), burst=3)
    until = NOW + timedelta(seconds=30)
    assert bucket.free_at(bucket.held(until)) == until


@given(arrivals=st.lists(st.floats(0, 60), min_size=1, max_size=40), burst=st.integers(1, 5))
def test_no_window_holds_more_than_the_rate_and_the_burst(arrivals: list[float], burst: int) -> None:
    bucket = Bucket(name="b", every=timedelta(seconds=1), burst=burst)
    begun = starts(bucket, arrivals)
    for first in range(len(begun)):
        for last in range(first, len(begun)):
            window = (begun[last] - begun[first]) / bucket.every
            assert last - first + 1 <= window + burst + 1e-6


def test_slacks_limits_name_the_channel_last() -> None:
    assert [bucket.name for bucket in buckets(SLACK, Step.POST, "C0GENERAL")] == [
        "chat.postMessage",
        "chat.postMessage:C0GENERAL",
    ]
    assert [bucket.name for bucket in buckets(SLACK, Step.UPDATE, "C0GENERAL")] == ["chat.update"]
