"""Slack's rate limits. https://docs.slack.dev/apis/web-api/rate-limits"""

import math
from collections.abc import Callable

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}  # calls of one method, by its tier


class Limits:
    """Token buckets, one for each key. Used on the event loop alone.

    A tier's bucket holds one minute's worth. A post's, for each channel, holds `post_burst` and gains one a second.
    `scale` multiplies all of them; 0 means no limits.
    """

    def __init__(self, clock: Callable[[], float], scale: float, post_burst: int) -> None:
        self._clock = clock
        self._scale = scale
        self._post_burst = post_burst
        self._buckets: dict[str, tuple[float, float]] = {}  # key -> tokens at a moment

    def method(self, method: str, tier: int | None) -> int | None:
        """Counts a call; None lets it through, a number refuses it for that many seconds."""
        return None if tier is None else self._take(method, PER_MINUTE[tier], PER_MINUTE[tier] / 60)

    def post(self, channel: str) -> int | None:
        """Counts a message to a channel."""
        return self._take(f"post {channel}", self._post_burst, 1)

    def _take(self, key: str, most: float, per_second: float) -> int | None:
        if not self._scale:
            return None
        most, per_second, now = most * self._scale, per_second * self._scale, self._clock()
        tokens, since = self._buckets.get(key, (most, now))
        tokens = min(most, tokens + (now - since) * per_second)
        if tokens < 1:
            self._buckets[key] = (tokens, now)
            return max(1, math.ceil((1 - tokens) / per_second))
        self._buckets[key] = (tokens - 1, now)
        return None
