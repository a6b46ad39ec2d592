"""vim's keys: what is typed into a text, the cursor at its beginning in normal mode, and what comes of it."""

import pytest

from tests.ui.tui.prompt.typing import typing

TEXT = "one two three\n  four five\nsix"


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("x", "ne two three\n  four five\nsix"),
        ("3x", " two three\n  four five\nsix"),
        ("dw", "two three\n  four five\nsix"),
        ("2dw", "three\n  four five\nsix"),
        ("d2w", "three\n  four five\nsix"),
        ("wde", "one  three\n  four five\nsix"),
        ("w4dw", "one \n  four five\nsix"),
        ("d$", "\n  four five\nsix"),
        ("wD", "one \n  four five\nsix"),
        ("wd0", "two three\n  four five\nsix"),
        ("wwdb", "one three\n  four five\nsix"),
        ("dd", "  four five\nsix"),
        ("2dd", "six"),
        ("dj", "six"),
        ("Gdd", "one two three\n  four five"),
        ("Gdgg", ""),
        ("jdG", "one two three"),
        ("cwX", "X two three\n  four five\nsix"),
        ("c2wX", "X three\n  four five\nsix"),
        ("wcwX", "one X three\n  four five\nsix"),
        ("jccX", "one two three\nX\nsix"),
        ("wCX", "one X\n  four five\nsix"),
        ("yyp", "one two three\none two three\n  four five\nsix"),
        ("yyjP", "one two three\none two three\n  four five\nsix"),
        ("ywP", "one one two three\n  four five\nsix"),
        ("yw2P", "one one one two three\n  four five\nsix"),
        ("xp", "noe two three\n  four five\nsix"),
        ("iX", "Xone two three\n  four five\nsix"),
        ("aX", "oXne two three\n  four five\nsix"),
        ("jAX", "one two three\n  four fiveX\nsix"),
        ("jIX", "one two three\n  Xfour five\nsix"),
        ("oX", "one two three\nX\n  four five\nsix"),
        ("jOX", "one two three\nX\n  four five\nsix"),
        ("vlld", " two three\n  four five\nsix"),
        ("vey$p", "one two threeone\n  four five\nsix"),
        ("Vjd", "six"),
        ("VcX", "X\n  four five\nsix"),
        ("ddu", TEXT),
        ("2GiX", "one two three\n  Xfour five\nsix"),
        ("llllhx", "onetwo three\n  four five\nsix"),
        ("lljx", "one two three\n  our five\nsix"),
        ("qqZx", "ne two three\n  four five\nsix"),
    ],
)
async def test_keys(keys, text):
    async with typing(vim=True) as desk:
        desk.prompt.editor.set_text(TEXT, (0, 0))
        await desk.press("escape")
        await desk.type(keys)
        assert desk.text == text


async def test_redo_and_the_mode_that_is_shown():
    async with typing(vim=True) as desk:
        desk.prompt.editor.set_text(TEXT, (0, 0))
        shown = lambda: str(desk.prompt.query_one(".mode").render())  # noqa: E731
        assert shown() == "INSERT"
        await desk.press("escape", "d", "d", "u", "ctrl+r")
        assert desk.text == "  four five\nsix"
        await desk.press("2", "d")
        assert shown() == "NORMAL 2d"
        await desk.press("escape", "V")
        assert shown() == "V-LINE"
        await desk.press("escape", "i")
        assert shown() == "INSERT"


async def test_escape_is_vims_first_and_enter_sends_in_any_mode():
    from omg.ui.tui.prompt import Prompt

    async with typing(vim=True) as desk:
        await desk.type("word")
        await desk.press("escape")
        assert desk.heard(Prompt.Interrupted) == 0
        await desk.press("escape")
        assert desk.heard(Prompt.Interrupted) == 1
        await desk.press("enter")
        assert desk.words() == ["word"]
