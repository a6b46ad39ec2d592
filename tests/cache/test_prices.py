import socket
from datetime import UTC, datetime

import pytest

from omg.cache import prices
from omg.cache.prices import PriceList, Rates, SetPrices, cost, cost_uncached, price
from omg.core.usage import Usage

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("model", "rates"),
    [  # plain, read, 5m write, 1h write, output: the Anthropic price page, October 2026
        ("claude-opus-5-5", (4, 0.2, 5, 8, 20)),
        ("claude-fable-5-1", (10, 0.25, 12.5, 20, 50)),
        ("claude-mythos-5-1", (10, 0.25, 12.5, 20, 50)),
        ("claude-sonnet-5", (2, 0.2, 2.5, 4, 10)),
        ("claude-haiku-4-5", (1, 0.1, 1.25, 2, 5)),
        ("claude-opus-4-6", (5, 0.5, 6.25, 10, 25)),
    ],
)
def test_each_class_has_its_own_price(model: str, rates: tuple[float, ...]) -> None:
    one_each = [
        Usage(plain=MILLION),
        Usage(read=MILLION),
        Usage(write_5m=MILLION),
        Usage(write_1h=MILLION),
        Usage(output=MILLION),
    ]
    assert [cost(usage, model) for usage in one_each] == [pytest.approx(rate) for rate in rates]


def test_a_request_is_the_sum_of_its_classes_and_what_was_saved_is_the_plain_price_less_that() -> None:
    usage = Usage(plain=1_000, read=100_000, write_5m=2_000, write_1h=3_000, output=500)
    # 0.004 + 0.02 + 0.01 + 0.024 + 0.01
    assert cost(usage, "claude-opus-5-5") == pytest.approx(0.068)
    # 106,000 at 4, and the output
    assert cost_uncached(usage, "claude-opus-5-5") == pytest.approx(0.434)


def test_a_tier_holds_for_the_whole_request_and_counts_what_was_read() -> None:
    below = Usage(plain=10_000, read=90_000, output=1_000)
    above = Usage(plain=10_000, read=90_001, output=1_000)
    assert cost(below, "claude-haiku-5-5") == pytest.approx((10_000 * 0.1 + 90_000 * 0.01 + 500) / MILLION)
    assert cost(above, "claude-haiku-5-5") == pytest.approx((10_000 * 0.5 + 90_001 * 0.05 + 2_500) / MILLION)


def test_an_unknown_price_is_none_and_never_zero() -> None:
    assert price("claude-opus-99") is None
    assert price("", "https://api.anthropic.com") is None
    assert cost(Usage(plain=1), "qwen3-coder", "http://localhost:11434") is None
    assert cost_uncached(Usage(plain=1), "kimi-for-coding", "https://api.kimi.com/coding") is None


def test_a_claude_model_behind_a_gateway_or_offline_costs_what_it_would_at_anthropic() -> None:
    listed = price("claude-opus-5-5")
    assert price("claude-opus-5-5", "offline") == listed
    assert price("claude-opus-5-5", "http://127.0.0.1:9") == listed


def test_another_provider_has_its_own_prices_under_the_same_name() -> None:
    deepseek = price("claude-opus-5-5", "https://api.deepseek.com/anthropic")
    assert deepseek == price("deepseek-v4-pro", "https://api.deepseek.com/anthropic")
    assert deepseek is not None
    assert deepseek.base.plain == pytest.approx(0.66)


def test_the_price_is_the_one_at_the_time_of_the_request() -> None:
    def plain(hour: int) -> float:
        at = datetime(2026, 11, 18, hour, 15, tzinfo=UTC).timestamp()
        found = price("deepseek-v4-pro", "https://api.deepseek.com/anthropic", at=at)
        assert found is not None
        return found.base.plain

    assert plain(2) == pytest.approx(2 * plain(20))


def test_a_one_hour_write_without_a_price_of_its_own() -> None:
    usage = Usage(write_1h=MILLION)
    assert cost(usage, "anthropic/claude-opus-5.5", "https://openrouter.ai/api") == pytest.approx(8)
    assert cost(usage, "MiniMax-M2.7", "https://api.minimax.io/anthropic") is None


def test_a_cut_reply_is_priced_without_its_output() -> None:
    assert cost(Usage(plain=MILLION, output=None), "claude-opus-5-5") == pytest.approx(4)


def test_no_network_is_used_and_the_second_call_is_from_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a price must not need the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    prices._price.cache_clear()
    assert price("claude-opus-5-5") is price("claude-opus-5-5")
    assert prices._price.cache_info().hits == 1


def test_what_a_person_has_set_stands_over_the_list_price_and_the_rest_is_as_listed() -> None:
    own = PriceList({"claude-opus-5-5": SetPrices(read=0.1, output=10)})
    assert own.price("Claude-Opus-5-5 ").base == Rates(4, 0.1, 5, 8, 10)
    usage = Usage(read=MILLION, output=MILLION)
    assert own.cost(usage, "claude-opus-5-5") == pytest.approx(10.1)
    assert own.cost_uncached(usage, "claude-opus-5-5") == pytest.approx(14)
    assert own.cost(usage, "claude-opus-5") == cost(usage, "claude-opus-5")  # another model, though its name begins so


def test_what_is_set_holds_in_every_tier() -> None:
    listed = price("claude-haiku-5-5")
    own = PriceList({"claude-haiku-5-5": SetPrices(read=0.007)}).price("claude-haiku-5-5")
    assert [above for above, _ in own.tiers] == [above for above, _ in listed.tiers] != []
    assert {rates.read for rates in (own.base, *(rates for _, rates in own.tiers))} == {0.007}
    assert own.tiers[0][1].plain == listed.tiers[0][1].plain


@pytest.mark.parametrize(
    ("given", "rates"),
    [
        (SetPrices(plain=1, output=3), Rates(1, 1, 1, None, 3)),
        (SetPrices(plain=1, read=0.1, write_5m=1.25, write_1h=2, output=3), Rates(1, 0.1, 1.25, 2, 3)),
        (SetPrices(plain=0, output=0), Rates(0, 0, 0, None, 0)),
    ],
)
def test_a_model_that_nobody_lists_can_be_given_its_prices(given: SetPrices, rates: Rates) -> None:
    own = PriceList({"house-model": given})
    assert own.price("house-model", "http://localhost:8000").base == rates


@pytest.mark.parametrize("given", [SetPrices(), SetPrices(plain=1), SetPrices(output=1), SetPrices(read=1, write_5m=2)])
def test_what_is_not_told_of_an_unlisted_model_is_unknown_and_never_zero(given: SetPrices) -> None:
    own = PriceList({"house-model": given})
    assert own.cost(Usage(plain=5), "house-model", "http://localhost:8000") is None


def test_a_1h_write_without_a_price_is_unknown() -> None:
    own = PriceList({"house-model": SetPrices(plain=1, output=1)})
    assert own.cost(Usage(write_1h=5), "house-model", "http://localhost:8000") is None
