"""The ttl of messages and the pings between turns, by hand-worked cases and by what must hold for any person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.cache.policy import (
    ENOUGH,
    PING_AT,
    BreakEven,
    Stake,
    away,
    break_even,
    decide_ttl,
    next_ping,
    pings_at,
)
from omg.cache.prices import Rates

OPUS = Rates(plain=4, read=0.2, write_5m=5, write_1h=8, output=20)
"""Dollars per million tokens of Opus 5.5."""
STAKE = Stake(written=10_000, lapses=100_000, whole=110_000)
QUICK, SLOW = [60.0] * 8, [1200.0] * 8


def decided(gaps, stake=STAKE, rates=OPUS, **values):
    return decide_ttl(gaps, rates, stake, **{"typed": True, "child": False, **values})


class TestRules:
    def test_with_no_history_main_is_kept_for_an_hour_where_a_person_types(self):
        assert decided([]).ttl == "1h"
        assert decided(QUICK[:-1]).ttl == "1h"

    def test_headless_and_forks_are_kept_for_five_minutes_whatever_the_gaps(self):
        assert decided(SLOW, typed=False).ttl == "5m"
        assert decided(SLOW, child=True).ttl == "5m"

    @pytest.mark.parametrize("fixed", ["5m", "1h"])
    @pytest.mark.parametrize("gaps", [[], QUICK, SLOW])
    @pytest.mark.parametrize("child", [False, True])
    def test_what_is_set_wins(self, fixed, gaps, child):
        assert decided(gaps, fixed=fixed, child=child).ttl == fixed

    def test_an_endpoint_without_one_hour_is_asked_for_none(self):
        assert decided(SLOW, fixed="1h", one_hour=False).ttl == "5m"

    @pytest.mark.parametrize("rates", [None, Rates(4, 0.2, 5, None, 20)])
    def test_with_an_unknown_price_nothing_is_reckoned(self, rates):
        decision = decided(QUICK, rates=rates)
        assert (decision.ttl, decision.usd_5m, decision.usd_1h) == ("1h", None, None)


class TestArithmetic:
    def test_one_who_answers_at_once_pays_for_five_minutes(self):
        decision = decided(QUICK)
        assert decision.ttl == "5m"
        assert decision.usd_5m == pytest.approx(0.05)  # 10k at $5
        assert decision.usd_1h == pytest.approx(0.08)  # 10k at $8

    def test_one_who_thinks_for_twenty_minutes_pays_for_an_hour(self):
        decision = decided(SLOW)
        assert decision.ttl == "1h"
        assert decision.usd_5m == pytest.approx(0.05 + 0.48)  # and 100k at $5 - $0.20
        assert decision.usd_1h == pytest.approx(0.08)

    def test_the_two_are_even_where_one_gap_in_sixteen_is_slow(self):
        # 10k tokens at $3 more, against 1/16 of 100k tokens at $4.80
        below, above = [60.0] * 16 + [1200.0], [60.0] * 15 + [1200.0]
        assert decided(below).ttl == "5m"
        assert decided(above, Stake(9_990, 100_000, 110_000)).ttl == "1h"

    def test_early_in_a_session_too_little_is_at_stake(self):
        gaps = [60.0] * 6 + [1200.0] * 4
        assert decided(gaps, Stake(10_000, 10_000, 20_000)).ttl == "5m"
        assert decided(gaps, Stake(10_000, 20_000, 30_000)).ttl == "1h"

    def test_gaps_longer_than_an_hour_are_lost_in_both(self):
        gaps = [60.0] * 4 + [7200.0] * 4
        decision = decided(gaps)
        assert decision.ttl == "5m"
        assert decision.usd_5m == pytest.approx(0.05 + 0.48 / 2)
        assert decision.usd_1h == pytest.approx(0.08 + 0.78 / 2)

    def test_those_who_depend_on_the_prefix_count(self):
        gaps = [60.0] * 20 + [1200.0]
        assert decided(gaps).ttl == "5m"
        assert decided(gaps, readers=2).ttl == "1h"

    def test_where_pings_keep_it_five_minutes_cost_the_pings(self):
        gaps = [1000.0] * 8
        decision = decided(gaps, pings=True)
        # at 270, 540 and 810 s, each 110k tokens at $0.20
        assert decision.usd_5m == pytest.approx(0.05 + 3 * 0.022)
        assert decision.usd_1h == pytest.approx(0.08)
        assert decision.ttl == "1h"

    def test_a_short_gap_is_cheaper_pinged_than_kept_for_an_hour(self):
        assert decided([400.0] * 8).ttl == "1h"
        assert decided([400.0] * 8, pings=True).ttl == "5m"

    def test_it_says_how_it_was_reckoned(self):
        why = decided([60.0] * 6 + [1200.0, 7200.0]).why
        assert "of 8 gaps" in why and "25 % are longer than 5 min and 12 % than 1 h" in why
        assert "writes 10,000 tokens and 100,000 are at stake" in why


class TestPings:
    EVEN = BreakEven(ping_usd=1.0, rewrite_usd=3.5)

    def test_the_break_even_of_a_price_list(self):
        even = break_even(OPUS, "5m", STAKE)
        assert even.ping_usd == pytest.approx(0.022)
        assert even.rewrite_usd == pytest.approx(0.48)
        assert even.pings == 21
        assert break_even(OPUS, "1h", STAKE).rewrite_usd == pytest.approx(0.78)
        assert break_even(OPUS, "5m", STAKE, output=1).ping_usd == pytest.approx(0.02202)

    def test_pings_stop_where_they_have_cost_a_rewrite(self):
        assert pings_at([], "5m", self.EVEN) == (270, 540, 810)

    def test_with_no_history_nobody_is_waited_for_longer_than_an_hour(self):
        assert len(pings_at([], "5m", BreakEven(1, 1000))) == 13  # 13 x 270 s
        assert pings_at([], "1h", BreakEven(1, 1000)) == (3240,)

    def test_a_person_who_stays_away_longer_than_ever_is_gone(self):
        gaps = [100.0] * 30 + [700.0] * 10
        assert away(gaps) == 700.0
        assert pings_at(gaps, "5m", BreakEven(1, 1000)) == (270, 540)

    def test_where_few_come_back_the_rewrite_is_cheaper(self):
        gaps = [100.0] * 30 + [5000.0] * 10
        # behind 270 s ten gaps go on, and none ends within 5 minutes: 1 in 12
        assert pings_at(gaps, "5m", BreakEven(1, 12)) == ()
        assert pings_at(gaps, "5m", BreakEven(1, 12.1))[:1] == (270,)

    def ask(self, even=EVEN, **values):
        times = {"now": 1000.0, "since": 990.0, "ended": 1000.0, "spent_usd": 0.0, **values}
        return next_ping([], "5m", even, **times)

    def test_life_counts_from_the_start_of_the_last_request(self):
        assert self.ask() == pytest.approx(260)
        assert self.ask(since=800.0) == pytest.approx(70)

    def test_a_ping_that_is_late_goes_at_once(self):
        assert self.ask(since=720.0) == 0

    def test_what_has_lapsed_is_not_pinged(self):
        assert self.ask(since=700.0) is None

    def test_what_was_spent_counts(self):
        assert self.ask(spent_usd=2.5) is not None
        assert self.ask(spent_usd=2.6) is None

    def test_a_free_ping_is_a_price_nobody_knows(self):
        assert self.ask(BreakEven(0, 1)) is None


gaps = st.lists(st.floats(0, 90_000), max_size=60)
ttls = st.sampled_from(["5m", "1h"])
dollars = st.floats(0.0001, 10)
stakes = st.builds(Stake, st.integers(0, 10**5), st.integers(0, 10**6), st.integers(0, 10**6))
prices = st.builds(
    lambda plain, read, five, hour: Rates(plain, plain * read, plain * five, plain * hour, 5 * plain),
    st.floats(0.01, 20),
    st.floats(0.01, 1),
    st.floats(1, 3),
    st.floats(1, 3),
)


@given(gaps, ttls, dollars, dollars)
def test_pings_never_cost_more_than_one_rewrite(gaps, ttl, ping, rewrite):
    even = BreakEven(ping, rewrite)
    assert len(pings_at(gaps, ttl, even)) * ping <= rewrite * (1 + 1e-9)
    now, spent = 0.0, 0.0
    while (wait := next_ping(gaps, ttl, even, now=now, since=now, ended=0.0, spent_usd=spent)) is not None:
        assert wait == pytest.approx(PING_AT * {"5m": 300, "1h": 3600}[ttl])
        now, spent = now + wait, spent + ping
    assert spent <= rewrite * (1 + 1e-9)


@given(gaps, ttls, dollars, dollars)
def test_nobody_is_pinged_for_longer_than_they_ever_stayed_away(gaps, ttl, ping, rewrite):
    assert all(time <= away(gaps) for time in pings_at(gaps, ttl, BreakEven(ping, rewrite)))


@given(gaps, ttls, dollars, dollars, st.floats(1, 10))
def test_a_dearer_rewrite_is_worth_no_fewer_pings(gaps, ttl, ping, rewrite, factor):
    before = pings_at(gaps, ttl, BreakEven(ping, rewrite))
    assert pings_at(gaps, ttl, BreakEven(ping, rewrite * factor))[: len(before)] == before


@given(gaps, prices, stakes, st.sampled_from(["5m", "1h"]), st.booleans(), st.booleans())
def test_what_is_set_always_wins(gaps, rates, stake, fixed, typed, child):
    assert decide_ttl(gaps, rates, stake, typed=typed, child=child, fixed=fixed).ttl == fixed


@given(st.lists(st.floats(0, 90_000), min_size=ENOUGH, max_size=40), prices, stakes, st.floats(1, 4))
def test_a_class_that_gets_dearer_is_never_chosen_for_it(gaps, rates, stake, factor):
    before = decided(gaps, stake, rates).ttl
    if before == "5m":
        dearer = Rates(rates.plain, rates.read, rates.write_5m, (rates.write_1h or 0) * factor, rates.output)
    else:
        dearer = Rates(rates.plain, rates.read, rates.write_5m * factor, rates.write_1h, rates.output)
    assert decided(gaps, stake, dearer).ttl == before


@given(st.lists(st.floats(0, 90_000), min_size=ENOUGH, max_size=40), prices, stakes, st.booleans())
def test_the_cheaper_one_is_chosen(gaps, rates, stake, pings):
    decision = decided(gaps, stake, rates, pings=pings)
    assert decision.usd_5m is not None and decision.usd_1h is not None
    assert (decision.ttl == "1h") == (decision.usd_1h < decision.usd_5m)
