"""Streaming Markdown: what is finished is never taken back, and nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st

from omg.ui.blocks import Blocks


def split(text: str, *sizes: int) -> tuple[list[str], str]:
    """The finished blocks and the tail, with the text fed in pieces of these sizes, then of one character."""
    blocks, done, at = Blocks(), [], 0
    for size in sizes:
        done += blocks.feed(text[at : at + size])
        at += size
    for character in text[at:]:
        done += blocks.feed(character)
    return done, blocks.tail


def test_a_paragraph_is_finished_when_another_one_begins():
    assert split("one\ntwo\n\nthree\n") == (["one\ntwo\n\n"], "three\n")


def test_an_unfinished_line_is_not_looked_at():
    assert split("one\n\nthree") == ([], "one\n\nthree")


def test_a_blank_line_in_a_fence_ends_nothing():
    text = "```python\na = 1\n\nb = 2\n```\n\n"
    assert split(text + "after\n") == ([text], "after\n")


def test_a_shorter_fence_does_not_close_a_longer_one():
    text = "````\n```\n\nstill code\n````\n\n"
    assert split(text + "after\n") == ([text], "after\n")


def test_a_tilde_fence_is_not_closed_by_backticks():
    text = "~~~\n```\n\nstill code\n~~~\n\n"
    assert split(text + "after\n") == ([text], "after\n")


def test_a_loose_list_stays_together_with_what_is_indented_under_it():
    text = "1. one\n\n   more\n\n2. two\n\n   ```\n   code\n\n   ```\n\n"
    assert split(text + "after\n") == ([text], "after\n")


def test_a_fence_within_a_list_item_hides_its_blank_lines():
    text = "- ```\n  a\n\n  b\n  ```\n\n"
    assert split(text + "after\n") == ([text], "after\n")


def test_blank_lines_alone_are_no_block():
    assert split("\n\n\none\n") == ([], "\n\n\none\n")


def test_finish_gives_the_rest_and_begins_anew():
    blocks = Blocks()
    blocks.feed("```\nopen for ever")
    assert blocks.finish() == "```\nopen for ever"
    assert blocks.feed("a\n\nb\n") == ["a\n\n"]


pieces = st.sampled_from(["a", " ", "\n", "\n\n", "```", "~~~", "- ", "1. ", "   ", "# ", "| x |", "\t", "”"])
texts = st.lists(pieces, max_size=40).map("".join)


@given(texts, st.lists(st.integers(0, 9), max_size=20))
def test_nothing_is_lost_and_the_pieces_do_not_matter(text, sizes):
    done, tail = split(text, *sizes)
    assert "".join(done) + tail == text
    assert (done, tail) == split(text)
