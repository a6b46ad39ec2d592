"""When a failed call is tried again, and after how long: the SDK's own policy, made visible."""

from __future__ import annotations

import random

from omg.provider.protocol import ProviderError

RETRIES = 4
_FIRST, _LONGEST, _ASKED_AT_MOST = 0.5, 8.0, 60.0


def wait_before_retry(error: ProviderError, tries: int) -> float | None:
    """Seconds to wait before trying again after `tries` retries; None: give up.

    As the SDK does it: what the server asks for up to a minute, else half a second doubled each time up to eight, less
    up to a quarter.
    """
    if not error.retryable or tries >= RETRIES:
        return None
    if error.retry_after is not None and 0 < error.retry_after <= _ASKED_AT_MOST:
        return error.retry_after
    return min(_FIRST * 2**tries, _LONGEST) * (1 - 0.25 * random.random())
