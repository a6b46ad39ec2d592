"""Which heads the provider holds, kept beside the settings: `heads.json`, derived, and shared by all sessions."""

from __future__ import annotations

import asyncio
import fcntl
import json
import math
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

from omg.cache.held import HeldHead
from omg.core.tool import ToolError
from omg.core.usage import TTL_SECONDS
from omg.workspace.regular import read_beginning
from omg.workspace.replace import replace as replace_file

MOST = 64
"""How many are kept: there is one for each model, version and account."""
_NAME = "heads.json"
_BYTES = 1 << 16
"""More than as many need."""
_SKEW = 60.0
"""Seconds by which the clocks of two sessions may differ."""


class HeadBook:
    """What is known of heads under one home. Implements omg.cache.held.Heads."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def held(self, head: str) -> HeldHead | None:
        known = [each for each in load_heads(self._home) if each.head == head]
        return max(known, key=lambda each: each.since, default=None)

    def keep(self, held: HeldHead) -> None:
        """Written in a thread: a slow disk must not hold a turn."""
        asyncio.get_running_loop().run_in_executor(None, keep_head, self._home, held)


def load_heads(home: Path) -> list[HeldHead]:
    """What is known; what cannot be read of it is passed over."""
    try:
        parsed: object = json.loads(read_beginning(home / _NAME, _BYTES)[0])
    except (OSError, ToolError, ValueError, RecursionError):
        return []
    values = cast(dict[str, object], parsed).get("heads") if isinstance(parsed, dict) else None
    return list(_sound(cast(list[object], values))) if isinstance(values, list) else []


def _sound(values: Iterable[object]) -> Generator[HeldHead]:
    for value in values:
        entry = cast(dict[str, object], value) if isinstance(value, dict) else {}
        head, account, ttl, tokens = (entry.get(name) for name in ("head", "account", "ttl", "tokens"))
        since, begun = _seconds(entry.get("since")), _seconds(entry.get("begun"))
        if not isinstance(head, str) or not isinstance(account, str) or since is None or begun is None:
            continue
        if isinstance(ttl, str) and ttl in TTL_SECONDS:
            count = tokens if isinstance(tokens, int) and not isinstance(tokens, bool) and tokens > 0 else None
            yield HeldHead(head, account, ttl, since, begun, count)


def _seconds(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value < math.inf else None


def keep_head(home: Path, held: HeldHead) -> bool:
    """Keep what is newer than what is known; whether that was possible."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _alone(home):
            kept = _with(load_heads(home), held)
            replace_file(home / _NAME, json.dumps({"heads": [asdict(each) for each in kept]}).encode() + b"\n")
    except (OSError, ToolError):
        return False
    return True


def _with(known: list[HeldHead], held: HeldHead) -> list[HeldHead]:
    """`known` with one more, or with one renewed: a count stays known, and what is from the future is garbage."""
    key = (held.head, held.account)
    before = next((each for each in known if (each.head, each.account) == key), held)
    newer = before if held.since < before.since <= held.begun + _SKEW else held
    others = [each for each in known if (each.head, each.account) != key]
    own = replace(newer, tokens=held.tokens or before.tokens)
    return sorted([*others, own], key=lambda each: each.since)[-MOST:]


@contextmanager
def _alone(home: Path) -> Generator[None]:
    """Alone with the file: two sessions at once must not lose each other's heads."""
    with (home / f"{_NAME}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
