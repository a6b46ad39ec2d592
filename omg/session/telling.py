"""What is seen at a glance, in words: the same on every screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from omg.core.amounts import dollars, hit, ratio, short_model, tokens

if TYPE_CHECKING:
    from omg.cache.ledger import Figures
    from omg.session.context import Context
    from omg.session.glance import Miss, Status
    from omg.session.held import Held
    from omg.session.losses import Lost


def one_line(
    seen: Status,
    now: float,
    width: int,
    cells: Callable[[str], int],
    *,
    steady: bool = False,
    aloud: bool = False,
) -> str:
    """All of it in one line of `width` cells, of which `cells` tells how many a text takes: what does not fit is left
    out, the least important first. `steady`: for a line that is not drawn again each second. `aloud`: in words, for
    somebody it is read to."""
    joint = ", " if aloud else " · "
    parts = [part for part in (_parts_aloud(seen, now) if aloud else _parts(seen, now, steady)) if part[1]]
    while len(parts) > 1 and cells(_joined(parts, joint)) > width:
        parts.remove(max(parts))
    return _joined(parts, joint)


def _joined(parts: Sequence[tuple[int, str]], joint: str) -> str:
    return " " + joint.join(text for _, text in parts)


def _parts(seen: Status, now: float, steady: bool) -> list[tuple[int, str]]:
    """What there is to say, each with how early it is left out."""
    usage = seen.figures.usage
    return [
        (5, " ".join((short_model(seen.model), *(["simulated"] if seen.simulated else []), seen.mode))),
        (3, f"{tokens(seen.used)}/{tokens(seen.window)}" if seen.window else ""),
        (0, f"{ratio(usage)} {hit(usage)}" if usage.input else ""),
        (1, money(seen.figures)),
        (2, _forks(seen)),
        (4, (until if steady else clock)(seen.held, now) if seen.held else ""),
    ]


def _parts_aloud(seen: Status, now: float) -> list[tuple[int, str]]:
    usage, figures = seen.figures.usage, seen.figures
    saved = f", {dollars(figures.saved_usd)} saved" if figures.saved_usd is not None else ""
    return [
        (5, " ".join((short_model(seen.model), *(["simulated"] if seen.simulated else []), f"mode {seen.mode}"))),
        (3, f"{tokens(seen.used)} of {tokens(seen.window)} tokens" if seen.window else ""),
        (0, f"read over written {ratio(usage)}, {hit(usage)} hits" if usage.input else ""),
        (1, f"{dollars(figures.cost_usd)} spent{saved}" if figures.requests else ""),
        (2, _forks(seen).replace("⑂", "forks:")),
        (4, until(seen.held, now) if seen.held else ""),
    ]


def money(figures: Figures) -> str:
    """What was spent, and (saved): $0.83 (−$6.10); what the cache has cost instead of saving it with a plus."""
    if not figures.requests:
        return ""
    if figures.cost_usd is None or figures.saved_usd is None:
        return "$?"
    sign = "−" if figures.saved_usd >= 0 else "+"
    return f"{dollars(figures.cost_usd)} ({sign}{dollars(abs(figures.saved_usd))})"


def _forks(seen: Status) -> str:
    counts = ((seen.running, "running"), (seen.ready, "ready"), (seen.asking, "asking"))
    text = " ".join(f"{count} {word}" for count, word in counts if count)
    return f"⑂ {text}" if text else ""


def clock(held: Held, now: float, *, exact: bool = True) -> str:
    """How warm it is: `warm 41:12`, or without being `exact` `warm 41 min`; `cold`."""
    left = held.left(now)
    if not left:
        return "cold"
    return f"warm {span(left)}" if exact else f"warm {max(1, round(left / 60))} min"


def until(held: Held, now: float) -> str:
    """How warm it is, for what is not drawn again each second: `warm until 14:52`; `cold`."""
    return "cold" if held.expires is None or not held.left(now) else f"warm until {clock_time(held.expires)}"


def span(seconds: float) -> str:
    """Minutes and seconds, 41:12; with hours, 1:02:03."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def going_cold(held: Held, now: float) -> str:
    """What it costs to let it go cold, or has cost, and when a ping prevents it."""
    price = f"writing it again: {dollars(held.rewrite_usd)}"
    if not held.left(now):
        return f"{tokens(held.whole)} cold · {price}"
    ping = f" · ping in {span(max(0.0, held.ping_at - now))}" if held.ping_at is not None else ""
    return f"{tokens(held.tokens)} held for {held.ttl} · {price}{ping}"


def legend(context: Context) -> list[tuple[str, int]]:
    """A context's classes by name, in the order they are sent."""
    return [("head", context.head), ("shared", context.shared), ("own", context.own), ("free", context.free)]


def miss(found: Miss) -> str:
    """One miss: `14:02 a ttl lapse (1h, 12 min since it was last used) 88k $0.21`."""
    lost = f" {tokens(found.lost)}" if found.lost is not None else ""
    return f"{clock_time(found.at)} {found.branch} {found.cause}{lost} {dollars(found.usd)}"


def losses(found: Sequence[Lost]) -> str:
    """The misses in a line: `3 misses: 2 ttl lapse $0.42, 1 evicted $0.01`; none is said too."""
    count = sum(lost.count for lost in found)
    if not count:
        return "no misses"
    each = ", ".join(f"{lost.count} {lost.cause} {dollars(lost.usd)}" for lost in found)
    return f"{count} {'miss' if count == 1 else 'misses'}: {each}"


def clock_time(at: float) -> str:
    """The time of day here."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%H:%M")
