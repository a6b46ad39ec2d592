"""Colours can be left out."""

from omg.ui.repl.ink import Ink


def test_without_colour_nothing_is_painted():
    assert Ink(False)("failed", "x") == "x"
    assert Ink(True)("failed", "x") == "\x1b[31mx\x1b[0m"
