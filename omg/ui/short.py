"""Money and names, as short as a line on a screen needs them."""

from __future__ import annotations

import re


def dollars(value: float | None) -> str:
    """Money, short: $0.83, below a cent $0.004; an unknown price is $?."""
    if value is None:
        return "$?"
    return f"${value:.2f}" if value >= 0.01 or value < 0.0005 else f"${value:.3f}"


def short_model(name: str) -> str:
    """`claude-opus-5-5` as `opus-5.5`; names of other makers as they are, without path and date."""
    name = name.rpartition("/")[2]
    name = re.sub(r"-20\d{6}$", "", name)
    return re.sub(r"-(\d+)-(\d+)$", r"-\1.\2", name).removeprefix("claude-")
