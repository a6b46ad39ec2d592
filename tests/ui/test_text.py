"""Text from elsewhere never moves the cursor, paints, or hides."""

import pytest
from prompt_toolkit.utils import get_cwidth

from omg.ui.text import clean, cut, exact, fold, one_line


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice\x1b\\after", "after"),
        ("a\rb\x08\x00\x7f", "ab"),
        ("a\r\nb", "a\nb"),
        ("a\tb", "a   b"),
        ("rm \u202efdp.exe", "rm fdp.exe"),
        ("\x9b31mred", "31mred"),
        ("\ud800x", "x"),
    ],
)
def test_clean_leaves_text(text, left):
    assert clean(text) == left


def test_exact_shows_what_is_hidden():
    assert exact("rm \u202e\x1b[8m x\u200b") == "rm \\u202e\\x1b[8m x\\u200b"
    assert exact("two\nlines") == "two\nlines"


@pytest.mark.parametrize("width", [1, 2, 5, 40])
@pytest.mark.parametrize("text", ["short", "a much longer line than that", "漢字仮名交じり文", "e\u0301" * 10, ""])
def test_cut_and_fold_keep_to_the_width(text, width):
    assert get_cwidth(cut(text, width)) <= max(width, 0)
    rows = fold(text, width)
    assert "".join(rows) == text
    assert width < 2 or all(get_cwidth(row) <= width for row in rows)


def test_one_line_is_one_line():
    assert one_line(" a\n\tb\u2028c\r\n") == "a bc"
