"""What two heads differ in, as the cause of a miss: a change that a person asks for, or another head."""

from __future__ import annotations

import json
from typing import cast

from omg.cache.cause import Cause
from omg.wire.head import Head

_ASKED = frozenset({"model", "thinking", "output_config", "output_format", "tool_choice", "speed", "service_tier"})
"""Head fields that change because a person asks for it. All others are the work of whoever makes heads."""


def change(before: Head, now: Head, tokens: int) -> Cause:
    """The cause of `tokens` not being read, since the provider holds them behind `before` only."""
    names = differences(before, now)
    models = f"{before.model} before, {now.model} now" if "model" in names else None
    asked = bool(names) and _ASKED.issuperset(names)
    detail = models if asked and models else f"{', '.join(names)} changed"
    return Cause("model_change" if asked else "another_head", tokens, detail)


def differences(before: Head, now: Head) -> tuple[str, ...]:
    """The names of what differs: `endpoint`, `headers`, and fields of the body."""
    old, new = _parts(before), _parts(now)
    return tuple(name for name in {**old, **new} if old.get(name) != new.get(name))


def _parts(head: Head) -> dict[str, object]:
    fields = cast(dict[str, object], json.loads(head.body + b"}"))
    # As text: to the provider, another order of keys is another head.
    texts = {name: json.dumps(value) for name, value in fields.items()}
    return {"endpoint": head.endpoint, "headers": sorted(head.headers), **texts}
