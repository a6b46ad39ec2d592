"""Leaving: where a session takes longer than a moment to be closed, a person is told why, and how not to wait."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

_MOMENT = 1.0
"""Seconds that nobody is told of."""
_WHY = "omg: the session is being closed, with a summary for tomorrow where that pays; ctrl+c leaves without it\n"


async def patiently(closing: Coroutine[Any, Any, None]) -> None:
    """Let a session be closed. Where this is cancelled, so is what is still being written: that leaves everything as it
    was."""
    task = asyncio.create_task(closing)
    try:
        done, _ = await asyncio.wait([task], timeout=_MOMENT)
        if not done:
            with suppress(OSError):  # the terminal may be gone
                sys.stderr.write(_WHY)
                sys.stderr.flush()
        await task
    finally:
        task.cancel()
