"""What is seen at a glance, in words that fit."""

import pytest
from rich.cells import cell_len

from omg.cache.ledger import Figures
from omg.core.usage import Usage
from omg.session.glance import Status
from omg.session.held import Held
from omg.session.losses import Lost
from omg.session.telling import clock, going_cold, losses, money, one_line, span, until

USAGE = Usage(plain=2_000, read=184_000, write_5m=6_000, write_1h=4_000, output=900)
HELD = Held(1_000_000 + 2472.9, "1h", 110_000, 118_000, 0.58)
FULL = Status("claude-opus-5-5", "ask", False, 118_000, 200_000, Figures(USAGE, 7, 0.834, 6.1), 2, 1, 0, HELD)
NOW = 1_000_000.0


@pytest.fixture(autouse=True)
def _utc(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def test_all_of_it():
    shown = " opus-5.5 ask · 118k/200k · 18.4× 94 % · $0.83 (−$6.10) · ⑂ 2 running 1 ready · warm 41:12"
    assert one_line(FULL, NOW, 100, cell_len) == shown


@pytest.mark.parametrize("width", [30, 50, 60, 70, 80, 90])
def test_what_does_not_fit_is_left_out_and_the_ratio_stays(width):
    line = one_line(FULL, NOW, width, cell_len)
    assert cell_len(line) <= width and "18.4× 94 %" in line


def test_a_line_that_is_not_drawn_each_second_tells_the_time_of_day():
    assert one_line(FULL, NOW, 120, cell_len, steady=True).endswith("· warm until 14:27")
    assert one_line(FULL, NOW + 3000, 120, cell_len, steady=True).endswith("· cold")


def test_it_can_be_read_aloud():
    assert one_line(FULL, NOW, 200, cell_len, aloud=True) == (
        " opus-5.5 mode ask, 118k of 200k tokens, read over written 18.4×, 94 % hits, $0.83 spent, $6.10 saved, "
        "forks: 2 running 1 ready, warm until 14:27"
    )


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (2472, "41:12"), (3723, "1:02:03")])
def test_spans_are_minutes_and_seconds(seconds, text):
    assert span(seconds) == text


def test_the_clock_runs_out():
    assert (clock(HELD, NOW), clock(HELD, NOW, exact=False)) == ("warm 41:12", "warm 41 min")
    assert (clock(HELD, NOW + 2473), until(HELD, NOW + 2473)) == ("cold", "cold")


def test_what_going_cold_costs():
    assert going_cold(HELD, NOW) == "110k held for 1h · writing it again: $0.58"
    assert going_cold(HELD.with_ping(NOW + 90), NOW) == "110k held for 1h · writing it again: $0.58 · ping in 1:30"
    assert going_cold(HELD, NOW + 9999) == "118k cold · writing it again: $0.58"
    assert going_cold(Held(None, None, 0, 5, None), NOW) == "5 cold · writing it again: $?"


def test_misses_are_summed_by_cause():
    assert losses([]) == "no misses"
    assert losses([Lost("evicted", 1, 0.2)]) == "1 miss: 1 evicted $0.20"
    both = [Lost("ttl lapse", 2, 0.42), Lost("evicted", 1, None)]
    assert losses(both) == "3 misses: 2 ttl lapse $0.42, 1 evicted $?"


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        (Figures(USAGE, 0, 0.0, 0.0), ""),
        (Figures(USAGE, 1, 0.5, -0.1), "$0.50 (+$0.10)"),
        (Figures(USAGE, 1, None, None), "$?"),
    ],
)
def test_money_spent_and_saved(figures, text):
    assert money(figures) == text
