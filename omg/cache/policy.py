"""What keeping a prefix is worth: the ttl to write it with, and when a ping pays. Arithmetic alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omg.cache.prices import Rates
from omg.core.usage import TTL_SECONDS, Ttl

ENOUGH = 8
"""Gaps from which on there is a history to reckon with."""
PING_AT = 0.9
"""The part of an entry's life behind which it is pinged: a ping takes time, and the provider's clock is not ours."""
_AWAY = 0.95
"""The quantile of the gaps behind which a person is taken to be gone."""
_PRIOR_AWAY = 3600.0
"""The same in seconds, with no history: one ping of a 1h entry."""


@dataclass(frozen=True, slots=True)
class Stake:
    """Tokens that a decision is about: `written` anew in a turn, `lapses` that are lost with the entry (messages: the
    head has a ttl of its own), and the `whole` prefix that a ping reads."""

    written: int
    lapses: int
    whole: int
    cold_usd: float | None = None
    """Dollars that a lapse costs after a long time away, where a shorter history is gone on with then."""


LONG_AWAY = 3600.0
"""Seconds away from which on a shorter history may be gone on with."""


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Dollars for one ping, and for writing again what would lapse without."""

    ping_usd: float
    rewrite_usd: float
    cold_usd: float | None = None
    """The same after a long time away, where it is less."""

    def lapse_usd(self, gap: float) -> float:
        """What it costs that the entry has lapsed in a gap of so many seconds."""
        shorter = gap > LONG_AWAY and self.cold_usd is not None
        return min(self.rewrite_usd, self.cold_usd or 0.0) if shorter else self.rewrite_usd

    @property
    def pings(self) -> int:
        """How many pings cost no more than one re-write."""
        return int(self.rewrite_usd / self.ping_usd) if self.ping_usd > 0 else 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The ttl of a branch's messages, and why. Dollars are for one turn: writing what is new in it, and the gap
    behind it; None where a rule decided and nothing was reckoned."""

    ttl: Ttl
    why: str
    usd_5m: float | None = None
    usd_1h: float | None = None


def by_rule(
    gaps: Sequence[float], *, typed: bool, child: bool, fixed: Ttl | None = None, one_hour: bool = True
) -> Decision | None:
    """The decision where it needs no arithmetic; None where it does.

    `one_hour`: whether the endpoint knows a ttl of 1h. `fixed` is what a person has set. A `child` works in one go,
    and so does everything where nobody has `typed`.
    """
    if not one_hour:
        return Decision("5m", "the endpoint has no other")
    if fixed is not None:
        return Decision(fixed, "set in the settings")
    if child:
        return Decision("5m", "a fork works in one go")
    if not typed:
        return Decision("5m", "nobody types here")
    if len(gaps) < ENOUGH:
        return Decision("1h", f"gaps between turns known: {len(gaps)}, too few to reckon with")
    return None


def decide_ttl(
    gaps: Sequence[float],
    rates: Rates | None,
    stake: Stake,
    *,
    typed: bool,
    child: bool,
    fixed: Ttl | None = None,
    one_hour: bool = True,
    readers: int = 1,
    pings: bool = False,
) -> Decision:
    """The ttl to write a branch's messages with.

    By the rules, else the cheaper class for one turn, were the gap behind it (seconds) one of `gaps`. What a turn
    writes is all that the class is paid on, while the entry it makes keeps everything before it too, so that the
    next turn decides anew. `readers` is how many come back to the prefix: the person, and each fork and anchor on
    it, taken to come back at such gaps as well. `pings`: whether it is kept warm meanwhile.
    """
    ruled = by_rule(gaps, typed=typed, child=child, fixed=fixed, one_hour=one_hour)
    if ruled is not None:
        return ruled
    if rates is None or rates.write_1h is None:
        return Decision("1h", "the price is unknown, so there is nothing to reckon with")
    usd = {ttl: _turn_usd(ttl, gaps, rates, stake, readers, pings) for ttl in TTL_SECONDS}
    ttl: Ttl = "1h" if usd["1h"] < usd["5m"] else "5m"
    why = (
        f"of {len(gaps)} gaps between turns {_over(gaps, 300)} are longer than 5 min and {_over(gaps, 3600)} than 1 h; "
        f"a turn writes {stake.written:,} tokens and {stake.lapses:,} are at stake"
    )
    return Decision(ttl, why, usd["5m"], usd["1h"])


def _over(gaps: Sequence[float], seconds: float) -> str:
    return f"{100 * sum(gap > seconds for gap in gaps) / len(gaps):.0f} %"


def _turn_usd(ttl: Ttl, gaps: Sequence[float], rates: Rates, stake: Stake, readers: int, pings: bool) -> float:
    """Dollars for what one turn writes in this class, and for the gap behind it on the average."""
    even = break_even(rates, ttl, stake)
    times = pings_at(gaps, ttl, even) if pings else ()
    idle = [_gap_usd(gap, times, TTL_SECONDS[ttl], even, readers) for gap in gaps]
    return stake.written * _write(rates, ttl) / 1_000_000 + sum(idle) / len(idle)


def _gap_usd(gap: float, times: Sequence[float], life: float, even: BreakEven, readers: int) -> float:
    sent = [time for time in times if time < gap]
    lapsed = gap > (sent[-1] if sent else 0.0) + life
    return len(sent) * even.ping_usd + (readers * even.lapse_usd(gap) if lapsed else 0.0)


def break_even(rates: Rates, ttl: Ttl, stake: Stake, output: int = 0) -> BreakEven:
    """What a ping costs (`output` are the tokens it lets be said) and what it may save, for an entry of this class."""
    ping = stake.whole * rates.read + output * rates.output
    rewrite = stake.lapses * max(0.0, _write(rates, ttl) - rates.read)
    return BreakEven(ping / 1_000_000, rewrite / 1_000_000, stake.cold_usd)


def _write(rates: Rates, ttl: Ttl) -> float:
    return rates.write_5m if ttl == "5m" or rates.write_1h is None else rates.write_1h


def pings_at(gaps: Sequence[float], ttl: Ttl, even: BreakEven) -> tuple[float, ...]:
    """Seconds into one long gap at which pings are sent, with nobody else reading the prefix."""
    times: list[float] = []
    step = PING_AT * TTL_SECONDS[ttl]
    while _pays((len(times) + 1) * step, len(times) * even.ping_usd, gaps, ttl, even):
        times.append((len(times) + 1) * step)
    return tuple(times)


def next_ping(
    gaps: Sequence[float], ttl: Ttl, even: BreakEven, *, now: float, since: float, ended: float, spent_usd: float
) -> float | None:
    """Seconds from `now` until a ping should go; None: none any more in this gap.

    `since` is the start of the request that wrote the entry or last read it, `ended` the end of the last turn, and
    `spent_usd` what pings have cost since then. An entry that has lapsed is not pinged: that would write it.
    """
    life = TTL_SECONDS[ttl]
    due = max(now, since + PING_AT * life)
    if due >= since + life or not _pays(due - ended, spent_usd, gaps, ttl, even):
        return None
    return due - now


def _pays(idle: float, spent_usd: float, gaps: Sequence[float], ttl: Ttl, even: BreakEven) -> bool:
    """Whether to ping after `idle` seconds.

    Ski rental: pings together never cost more than the one re-write they may save, so that whatever the person does,
    no more than twice the least is paid. Within that, only while the re-write is worth more than the ping, by how many
    of those who stayed away as long came back within the entry's next life; and not when the person is gone.
    """
    saves = even.lapse_usd(idle + TTL_SECONDS[ttl])
    if even.ping_usd <= 0 or spent_usd + even.ping_usd > saves or idle > away(gaps):
        return False
    return _comes_back(gaps, idle, TTL_SECONDS[ttl]) * saves > even.ping_usd


def _comes_back(gaps: Sequence[float], idle: float, life: float) -> float:
    """The chance that a gap that is `idle` seconds long ends within `life` more (the rule of succession)."""
    longer = [gap for gap in gaps if gap > idle]
    return (sum(gap <= idle + life for gap in longer) + 1) / (len(longer) + 2)


def away(gaps: Sequence[float]) -> float:
    """Seconds behind which a person is taken to be gone."""
    if len(gaps) < ENOUGH:
        return _PRIOR_AWAY
    ranked = sorted(gaps)
    return ranked[min(len(ranked) - 1, int(_AWAY * len(ranked)))]
