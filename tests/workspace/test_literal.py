import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.workspace.literal import required


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("hello", ("hello",)),
        (r"def \w+\(self", ("(self",)),
        (r"^import os$", ("import os",)),
        ("foo|bar+s", ("foo", "ba")),
        ("colou?r", ("colo",)),
        ("ab{2,3}cde", ("cde",)),
        ("ab{cd", ("ab{cd",)),
        (r"a\.b\ c", ("a.b c",)),
        ("(?:xx|yy)zz", ("zz",)),
        ("[abc]def", ("def",)),
        ("[]x]yz", ("yz",)),
        ("grüße", ("gr",)),
    ],
)
def test_what_a_match_must_hold(pattern: str, texts: tuple[str, ...]) -> None:
    assert required(pattern) == texts


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "a",
        "(?i)hello",
        "(?x) he llo",
        "foo|.",
        r"\x41bc",
        r"\N{BULLET}abc",
        "(abc)",
        "ab)",
        "(ab",
        "[ab",
        "(?=abc)abc",
        r"(a)\1bc",
    ],
)
def test_where_nothing_is_certain_nothing_is_said(pattern: str) -> None:
    assert required(pattern) == ()


_PIECES = re.findall(r"\S+", r"a b ab x é . ^ $ * + ? | ( ) (?: (?i) (?x) (?=a) (?!b) [ab] [^a] []a] [ ] {2} {0,1} {,}")
_PIECES += ["{", "}", "#", "-", r"\b", r"\w", r"\.", r"\x61", r"\1", r"\n", " ", r"\ "]


@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join), st.text("abx é.{}#-]", max_size=12))
def test_no_match_is_without_it(pattern: str, text: str) -> None:
    try:
        match = re.search(pattern, text)
    except re.error:
        return
    texts = required(pattern)
    assert not match or not texts or any(word in text for word in texts)
