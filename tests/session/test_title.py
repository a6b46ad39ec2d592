"""Titles made of a person's first words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.core.hidden import HIDDEN
from omg.session.title import LONGEST, derived, shortened

TITLES = [
    ("first   words\nof it", "first words of it"),
    ("Fix the cache. Then run the tests.", "Fix the cache"),
    ("Why is it cold? I wonder", "Why is it cold?"),
    ("look at /home/me/project/omg/session/store.py please", "look at store.py please"),
    ("explain @omg/wire/seal.py and ~/notes/today.md", "explain seal.py and today.md"),
    ("what does `omg/core/tool.py` do", "what does `tool.py` do"),
    ("see https://www.example.com/a/b?c=d and say more", "see example.com and say more"),
    ("explain this:\n```python\nx = 1\n```", "explain this:"),
    ("```\nonly code\n```", "``` only code ```"),
    ("either/or is a choice", "either/or is a choice"),
    ("version 1.2.3 is out", "version 1.2.3 is out"),
    ("a title\n\nand more below", "a title"),
    ("  \n ", ""),
    ("x" * 200, "x" * (LONGEST - 1) + "…"),
    ("word " * 40, ("word " * 40)[: LONGEST - 1].strip()[:-4].strip() + "…"),
    ("turn \u202eit round\x1b[2J now", "turn it round [2J now"),
]


@pytest.mark.parametrize(("words", "title"), TITLES)
def test_a_title_is_the_first_sentence_without_noise(words, title):
    assert shortened(words) == title


def test_a_greeting_is_passed_over_for_what_says_something():
    assert derived(["hi", "why is the cache cold?", "thanks a lot then"]) == "why is the cache cold?"
    assert derived(["hi", "ok"]) == "hi"
    assert derived(["hi", "ok", "go on", "this one comes too late"]) == "hi"
    assert derived([]) == derived(["", " "]) == ""


@given(st.text())
def test_a_title_is_one_short_line_whatever_was_said(words):
    title = shortened(words)
    assert len(title) <= LONGEST
    assert title == title.strip()
    assert not HIDDEN.search(title)
    assert len(title.splitlines()) <= 1
