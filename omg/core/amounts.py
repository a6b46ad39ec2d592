"""Amounts as people and models read them: dollars, tokens, ratios."""

from __future__ import annotations

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
