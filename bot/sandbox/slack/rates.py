"""Slack's rate limits, for tests that ask for them: about one message a second and channel, and the tiers per method.

https://docs.slack.dev/apis/web-api/rate-limits: tiers are calls per minute and method; posting has its own rule and
allows short bursts.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

CALLS_PER_MINUTE = {"t1": 1, "t2": 20, "t3": 50, "t4": 100}
POSTING_METHODS = frozenset({"chat.postMessage"})
POST_BURST = 4
POSTS_PER_SECOND = 1.0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class Rates:
    """Counts calls; `enforced` is off by default, because most tests are not about rates."""

    enforced: bool = False
    _posts: dict[str, _Bucket] = field(default_factory=dict)
    _calls: dict[str, deque[float]] = field(default_factory=dict)

    def refuse(self, method: str, tier: str, channel: str, now: float) -> int | None:
        """Seconds for Retry-After when this call is one too many at `now` (seconds of a monotonic clock), else None."""
        if not self.enforced:
            return None
        if method in POSTING_METHODS:
            return self._refuse_post(channel, now)
        allowed = CALLS_PER_MINUTE.get(tier)
        if allowed is None:
            return None
        calls = self._calls.setdefault(method, deque())
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= allowed:
            return max(1, math.ceil(calls[0] + 60 - now))
        calls.append(now)
        return None

    def _refuse_post(self, channel: str, now: float) -> int | None:
        bucket = self._posts.setdefault(channel, _Bucket(POST_BURST, now))
        bucket.tokens = min(POST_BURST, bucket.tokens + (now - bucket.at) * POSTS_PER_SECOND)
        bucket.at = now
        if bucket.tokens < 1:
            return max(1, math.ceil((1 - bucket.tokens) / POSTS_PER_SECOND))
        bucket.tokens -= 1
        return None
