"""The bottom line says what the ledger says, in whatever width there is."""

import pytest
from prompt_toolkit.utils import get_cwidth

from omg.cache.ledger import Figures
from omg.core.amounts import dollars, short_model
from omg.core.usage import Usage
from omg.session.glance import Status
from omg.ui.repl.toolbar import bottom_line

USAGE = Usage(plain=2_000, read=184_000, write_5m=6_000, write_1h=4_000, output=900)
FULL = Status("claude-opus-5-5", "ask", False, 118_000, 200_000, Figures(USAGE, 7, 0.834, 6.1), 2, 1)


def test_all_of_it():
    expected = " opus-5.5 ask · 118k/200k · 18.4× 94 % · $0.83 (−$6.10) · ⑂ 2 running 1 ready"
    assert bottom_line(FULL, 100) == expected


@pytest.mark.parametrize("width", [1, 8, 20, 40, 60, 79, 80])
def test_it_fits_and_the_ratio_goes_last(width):
    line = bottom_line(FULL, width)
    assert get_cwidth(line) <= width
    assert width < 20 or "18.4× 94 %" in line


def test_an_unknown_price_is_not_zero():
    assert "$?" in bottom_line(Status("m", "ask", figures=Figures(USAGE, 1, None, None)), 80)


def test_before_anything_was_asked_there_are_no_figures():
    assert bottom_line(Status("claude-opus-5-5", "plan", window=200_000), 80) == " opus-5.5 plan · 0/200k"


def test_where_nothing_is_written_the_hit_rate_tells():
    assert " - 50 %" in bottom_line(Status("m", "ask", figures=Figures(Usage(5, 5), 1, 0.0, 0.0)), 80)


def test_a_loss_is_told_as_one():
    assert "$0.50 (+$0.10)" in bottom_line(Status("m", "ask", figures=Figures(USAGE, 1, 0.5, -0.1)), 80)


def test_offline_is_said_to_be_simulated():
    assert bottom_line(Status("claude-opus-5-5", "ask", simulated=True), 80) == " opus-5.5 simulated ask"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("claude-opus-5-5", "opus-5.5"),
        ("claude-sonnet-5", "sonnet-5"),
        ("claude-haiku-4-5-20251001", "haiku-4.5"),
        ("anthropic/claude-opus-5", "opus-5"),
        ("glm-5.3", "glm-5.3"),
        ("", ""),
    ],
)
def test_models_have_short_names(name, short):
    assert short_model(name) == short


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "$?"), (0, "$0.00"), (0.0004, "$0.00"), (0.004, "$0.004"), (0.834, "$0.83"), (12.3, "$12.30")],
)
def test_money_is_short(value, text):
    assert dollars(value) == text
