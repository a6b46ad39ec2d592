"""Amounts as people and models read them: dollars, tokens, ratios, and the names of models."""

from __future__ import annotations

import re

from omg.core.usage import Usage


def ratio(usage: Usage) -> str:
    """Read over written, as people read it."""
    return "-" if usage.ratio is None else f"{usage.ratio:.1f}×"


def hit(usage: Usage) -> str:
    """The part of the input that was read, as people read it."""
    return "-" if usage.hit is None else f"{100 * usage.hit:.0f} %"


def money(value: float | None) -> str:
    """Dollars, as people read them; an unknown price is said to be unknown."""
    if value is None:
        return "?"
    return f"${value:.4f}" if abs(value) < 0.1 else f"${value:.2f}"


def tokens(count: int) -> str:
    """A number of tokens, short: 812, 12k, 1.2M."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 999_500 else f"{count / 1_000_000:.1f}M"


def dollars(value: float | None) -> str:
    """Money, short: $0.83, below a cent $0.004; an unknown price is $?."""
    if value is None:
        return "$?"
    amount, sign = abs(value), "−" if value <= -0.0005 else ""
    return f"{sign}${amount:.2f}" if amount >= 0.01 or amount < 0.0005 else f"{sign}${amount:.3f}"


def short_model(name: str) -> str:
    """`claude-opus-5-5` as `opus-5.5`; names of other makers as they are, without path and date."""
    name = name.rpartition("/")[2]
    name = re.sub(r"-20\d{6}$", "", name)
    return re.sub(r"-(\d+)-(\d+)$", r"-\1.\2", name).removeprefix("claude-")
