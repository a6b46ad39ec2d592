import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.context import FakeContext, tool_module


async def test_one_match_is_replaced(context: FakeContext) -> None:
    target = await context.write("a.py", "a = 1\nb = 2\nc = 3\n")
    result = await context.call("edit", path="a.py", old="b = 2", new="b = 3\nbb = 4")
    assert target.read_text() == "a = 1\nb = 3\nbb = 4\nc = 3\n"
    assert result.text == "edited a.py at line 2; now:\na = 1\nb = 3\nbb = 4\nc = 3\n"
    assert result.line == "edit a.py +2 −1"
    assert result.shows[0].text == "@@ -1,3 +1,4 @@\n a = 1\n-b = 2\n+b = 3\n+bb = 4\n c = 3\n"


async def test_two_matches_are_told_with_their_lines(context: FakeContext) -> None:
    target = await context.write("a", "x\ny\nx\n")
    said = await context.refusal("edit", path="a", old="x", new="z")
    assert said.startswith("old is 2 times in a, at lines 1, 3")
    assert target.read_text() == "x\ny\nx\n"


async def test_matches_that_overlap_are_not_one(context: FakeContext) -> None:
    await context.write("a", "aaa")
    assert "2 times" in await context.refusal("edit", path="a", old="aa", new="b")


async def test_all_replaces_every_one(context: FakeContext) -> None:
    target = await context.write("a", "x\ny\nx\n")
    result = await context.call("edit", path="a", old="x", new="zz", all=True)
    assert target.read_text() == "zz\ny\nzz\n"
    assert "at lines 1, 3" in result.text


@pytest.mark.parametrize(
    ("old", "hint"),
    [
        ("two \n", "line 2 there is the same but for its white space at line ends: '  two'"),
        ("\ttwo", "line 2 there is the same but for its indentation"),
        ("thr ee", "line 3 there is the same but for its white space"),
        ("threee", "most like its beginning is line 3: 'three'"),
        ("something else altogether", "copy the text exactly"),
        ("caf\ufffd", "not UTF-8"),
    ],
)
async def test_no_match_says_what_comes_near(context: FakeContext, old: str, hint: str) -> None:
    await context.write("a", b"one\n  two\nthree\ncaf\xe9\n")
    assert hint in await context.refusal("edit", path="a", old=old, new="x")


async def test_a_file_must_have_been_read(context: FakeContext) -> None:
    (context.folder / "a").write_text("x")
    assert "you have not read a" in await context.refusal("edit", path="a", old="x", new="y")


async def test_a_file_that_changed_since_is_left_alone(context: FakeContext) -> None:
    target = await context.write("a", "x")
    target.write_text("x and more")
    assert "changed since you read it" in await context.refusal("edit", path="a", old="x", new="y")
    assert target.read_text() == "x and more"


async def test_edits_may_follow_each_other_without_reading_again(context: FakeContext) -> None:
    target = await context.write("a", "1 2\n")
    await context.call("edit", path="a", old="1", new="one")
    await context.call("edit", path="a", old="2", new="two")
    assert target.read_text() == "one two\n"


async def test_crlf_stays_crlf(context: FakeContext) -> None:
    target = await context.write("a", b"one\r\ntwo\r\nthree\r\n")
    await context.call("edit", path="a", old="two\nthree", new="2\n2.5\n3")
    assert target.read_bytes() == b"one\r\n2\r\n2.5\r\n3\r\n"


async def test_in_a_mixed_file_untouched_lines_stay_as_they_are(context: FakeContext) -> None:
    target = await context.write("a", b"one\r\ntwo\nthree\r\nfour\r\n")
    await context.call("edit", path="a", old="two\n", new="2\n2b\n")
    assert target.read_bytes() == b"one\r\n2\n2b\nthree\r\nfour\r\n"


async def test_byte_order_mark_and_mode_stay(context: FakeContext) -> None:
    target = await context.write("run.sh", b"\xef\xbb\xbfecho one\n")
    target.chmod(0o755)
    await context.call("edit", path="run.sh", old="echo one", new="echo two")
    assert target.read_bytes() == b"\xef\xbb\xbfecho two\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o755


async def test_a_symlink_stays_one_and_its_target_changes(context: FakeContext) -> None:
    target = await context.write("real/a", "one\n")
    os.symlink("real/a", context.folder / "link")
    await context.call("edit", path="link", old="one", new="two")
    assert (context.folder / "link").is_symlink()
    assert target.read_text() == "two\n"


async def test_bytes_that_are_not_utf8_survive(context: FakeContext) -> None:
    target = await context.write("latin", b"caf\xe9 one \xff\xfe\n")
    await context.call("edit", path="latin", old="one", new="zwölf")
    assert target.read_bytes() == b"caf\xe9 zw\xc3\xb6lf \xff\xfe\n"


async def test_utf16_stays_utf16(context: FakeContext) -> None:
    target = await context.write("a", "\ufeffone\r\n".encode("utf-16-be"))
    await context.call("edit", path="a", old="one", new="zwölf\nx")
    assert target.read_bytes() == "\ufeffzwölf\r\nx\r\n".encode("utf-16-be")


@pytest.mark.parametrize(
    ("old", "new", "why"), [("", "x", "empty"), ("x", "x", "the same"), ("x", "\udc80", "surrogate")]
)
async def test_what_makes_no_sense_is_refused(context: FakeContext, old: str, new: str, why: str) -> None:
    await context.write("a", "x")
    assert why in await context.refusal("edit", path="a", old=old, new=new)


async def test_everything_may_be_deleted(context: FakeContext) -> None:
    target = await context.write("a", "x")
    assert (await context.call("edit", path="a", old="x", new="")).text == "edited a at line 1; it is empty now"
    assert target.read_bytes() == b""


_PIECE = st.text("ab\n\r é", max_size=30)


@given(raw=_PIECE, start=st.integers(0, 30), length=st.integers(1, 30), new=_PIECE)
def test_what_is_not_replaced_keeps_every_byte(raw: str, start: int, length: int, new: str) -> None:
    text = tool_module("_text").decode(raw.encode(), "a")
    old = text.body[start : start + length]
    after = tool_module("edit")._replaced(text, [start], len(old), new)
    before, behind = raw[: text.raw_at(start)], raw[text.raw_at(start + len(old)) :]
    assert (after[: len(before)], after[len(after) - len(behind) :]) == (before, behind)
    assert text.raw[len(before) : len(raw) - len(behind)].replace("\r\n", "\n") == old
