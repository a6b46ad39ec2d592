"""What tokens cost: prices per model and endpoint, and the cost of one request's usage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from omg.core.usage import Usage

if TYPE_CHECKING:
    from datetime import datetime

    from genai_prices.types import ModelInfo, ModelPrice

ANTHROPIC = "https://api.anthropic.com"
_HALF_HOUR = 1800  # peak hours begin and end on a half-hour at the finest

# Claude models that genai-prices 0.2.3 does not list: the Anthropic price page (September 2026) gives each the
# prices of the model beside it.
_SAME_PRICE = {
    "claude-mythos-5-1": "claude-fable-5-1",
    "claude-mythos-5": "claude-fable-5",
}

# DeepSeek's Anthropic-style endpoint serves its own models under Claude's names (its API docs, October 2026).
_DEEPSEEK_NAMES = (("claude-opus", "deepseek-v4-pro"), ("claude", "deepseek-flash"))


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars per million tokens, by class. `write_1h` is None where the provider names no price for it."""

    plain: float
    read: float
    write_5m: float
    write_1h: float | None
    output: float


@dataclass(frozen=True, slots=True)
class Prices:
    """A model's rates. `tiers` are (prompt tokens, rates), rising: above the number, they hold for all of a request."""

    base: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()

    def rates(self, prompt: int) -> Rates:
        """What holds for a request with `prompt` input tokens: plain, read and written together."""
        found = self.base
        for above, rates in self.tiers:
            found = rates if prompt > above else found
        return found

    def cost(self, usage: Usage) -> float | None:
        """Dollars for ONE request (tiers are per request: never give it a sum). An unsettled output counts as
        nothing; None when something was written for which there is no price."""
        rates = self.rates(usage.input)
        if usage.write_1h and rates.write_1h is None:
            return None
        tokens = (
            usage.plain * rates.plain
            + usage.read * rates.read
            + usage.write_5m * rates.write_5m
            + usage.write_1h * (rates.write_1h or 0.0)
            + (usage.output or 0) * rates.output
        )
        return tokens / 1_000_000

    def cost_uncached(self, usage: Usage) -> float:
        """Dollars for the same request if there were no cache: all input at the plain price."""
        rates = self.rates(usage.input)
        return (usage.input * rates.plain + (usage.output or 0) * rates.output) / 1_000_000


@dataclass(frozen=True, slots=True)
class SetPrices:
    """What a person has set of one model's prices, in US dollars per million tokens. None: as listed. Where nothing is
    listed, `plain` and `output` are needed, and another class is billed as what it is part of."""

    plain: float | None = None
    read: float | None = None
    write_5m: float | None = None
    write_1h: float | None = None
    output: float | None = None

    def over(self, listed: Prices | None) -> Prices | None:
        """`listed`, in each tier, with what is set in its place; None where that leaves a price unknown."""
        if listed is None:
            own = self._alone()
            return None if own is None else Prices(own)
        return Prices(self._rates(listed.base), tuple((above, self._rates(rates)) for above, rates in listed.tiers))

    def _rates(self, listed: Rates) -> Rates:
        given = {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}
        return replace(listed, **given)

    def _alone(self) -> Rates | None:
        if self.plain is None or self.output is None:
            return None
        return self._rates(Rates(self.plain, self.plain, self.plain, None, self.output))


@dataclass(frozen=True, slots=True)
class PriceList:
    """What models cost: list prices, and what a person has set over them, by a model's whole name."""

    own: Mapping[str, SetPrices] = field(default_factory=dict[str, SetPrices])

    def price(self, model: str, endpoint: str = ANTHROPIC, *, at: float | None = None) -> Prices | None:
        """The prices of `model` at `endpoint` (a base URL, or "offline"); None where they are unknown.

        `at` (seconds, UTC epoch) is when the request was made: some prices have dates and peak hours. Without it, the
        newest prices outside peak hours. A Claude model behind an endpoint nobody lists (a gateway, the offline
        provider) is priced as at Anthropic: what it would cost there. Needs no network.
        """
        name = model.strip().lower()
        listed = _price(name, endpoint, None if at is None else int(at // _HALF_HOUR))
        own = self.own.get(name)
        return listed if own is None else own.over(listed)

    def cost(self, usage: Usage, model: str, endpoint: str = ANTHROPIC, *, at: float | None = None) -> float | None:
        """Dollars for one request; None where the price is unknown, never zero."""
        prices = self.price(model, endpoint, at=at)
        return None if prices is None else prices.cost(usage)

    def cost_uncached(
        self, usage: Usage, model: str, endpoint: str = ANTHROPIC, *, at: float | None = None
    ) -> float | None:
        """Dollars for one request had there been no cache. What was saved is this less `cost`."""
        prices = self.price(model, endpoint, at=at)
        return None if prices is None else prices.cost_uncached(usage)


LISTED = PriceList()
"""List prices alone."""

price, cost, cost_uncached = LISTED.price, LISTED.cost, LISTED.cost_uncached


@lru_cache(maxsize=1024)
def _price(model: str, endpoint: str, half_hour: int | None) -> Prices | None:
    entry = _entry(model, endpoint)
    if entry is None:
        return None
    # Anthropic's multiplier for 1h writes holds wherever its models are sold, also where the list leaves it out.
    return _prices(entry.get_prices(_when(half_hour)), one_hour=2 if "claude" in entry.id else None)


def _entry(model: str, endpoint: str) -> ModelInfo | None:
    """The entry of genai-prices; imported here because it holds 1.6 MB of data that a prompt need not wait for."""
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    try:
        provider = snapshot.find_provider(None, None, endpoint)
    except LookupError:
        if not model.startswith("claude"):
            return None
        provider = snapshot.find_provider(None, "anthropic", None)
    try:
        return snapshot.find_provider_model(_listed_name(model, provider.id), provider, None, None)[1]
    except LookupError:
        return None


def _when(half_hour: int | None) -> datetime:
    from datetime import UTC, datetime

    if half_hour is None:  # behind every start date, and at an hour at which nobody's peak is
        return datetime(9999, 1, 1, 23, tzinfo=UTC)
    return datetime.fromtimestamp(half_hour * _HALF_HOUR, UTC)


def _listed_name(model: str, provider: str) -> str:
    if provider == "deepseek":
        return next((own for claude, own in _DEEPSEEK_NAMES if model.startswith(claude)), model)
    return _SAME_PRICE.get(model, model)


def _prices(listed: ModelPrice, one_hour: float | None) -> Prices | None:
    base = _rates(listed, 0, one_hour)
    if base is None:
        return None
    tiers = ((above, _rates(listed, above + 1, one_hour)) for above in _thresholds(listed))
    return Prices(base, tuple((above, rates) for above, rates in tiers if rates is not None))


def _rates(listed: ModelPrice, prompt: int, one_hour: float | None) -> Rates | None:
    """The rates for `prompt` input tokens. A class without a price of its own is billed as what it is part of;
    a 1h write without one at `one_hour` times the plain price, or not at all."""
    plain, output = _dollars(listed.input_mtok, prompt), _dollars(listed.output_mtok, prompt)
    if plain is None or output is None:
        return None
    read = _dollars(listed.cache_read_mtok, prompt)
    write_5m = _dollars(listed.cache_write_mtok, prompt)
    write_1h = _dollars(listed.cache_write_1h_mtok, prompt)
    if write_1h is None and one_hour is not None:
        write_1h = one_hour * plain
    return Rates(
        plain,
        plain if read is None else read,
        plain if write_5m is None else write_5m,
        write_1h,
        output,
    )


def _thresholds(listed: ModelPrice) -> list[int]:
    from genai_prices.types import TieredPrices

    classes = (listed.input_mtok, listed.output_mtok, listed.cache_read_mtok)
    tiered = [entry for entry in classes if isinstance(entry, TieredPrices)]
    return sorted({tier.start for entry in tiered for tier in entry.tiers})


def _dollars(entry: object, prompt: int) -> float | None:
    from decimal import Decimal

    from genai_prices.types import TieredPrices

    if isinstance(entry, TieredPrices):
        reached = [tier.price for tier in entry.tiers if prompt > tier.start]
        return float(reached[-1] if reached else entry.base)
    return float(entry) if isinstance(entry, Decimal) else None
