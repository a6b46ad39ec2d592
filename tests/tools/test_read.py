import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.tools.context import FakeContext


async def test_the_text_is_given_as_it_is(context: FakeContext, tmp_path: Path) -> None:
    (context.folder / "a.py").write_text("one\n\n  two\n")
    result = await context.call("read", path="a.py")
    assert result.text == "one\n\n  two\n"
    assert result.line == "a.py, 3 lines"


async def test_a_missing_last_line_end_is_not_made_up(context: FakeContext) -> None:
    (context.folder / "a").write_text("one\ntwo")
    assert (await context.call("read", path="a")).text == "one\ntwo"


async def test_a_long_file_comes_in_pages_that_say_how_to_go_on(context: FakeContext) -> None:
    (context.folder / "long").write_text("".join(f"{n}\n" for n in range(1, 5311)))
    first = (await context.call("read", path="long")).text.splitlines()
    assert first[0] == "1"
    assert first[-2:] == ["2000", "[lines 1-2000 of 5310; go on with offset=2001]"]
    last = (await context.call("read", path="long", offset=5001)).text.splitlines()
    assert (last[0], last[-1]) == ("5001", "5310")


async def test_offset_and_limit_count_lines(context: FakeContext) -> None:
    (context.folder / "a").write_text("1\n2\n3\n4\n")
    assert (await context.call("read", path="a", offset=2, limit=2)).text == (
        "2\n3\n[lines 2-3 of 4; go on with offset=4]"
    )


async def test_numbers_sent_as_text_are_taken(context: FakeContext) -> None:
    (context.folder / "a").write_text("1\n2\n")
    assert (await context.call("read", path="a", offset="2")).text == "2\n"
    with pytest.raises(ValidationError):
        await context.call("read", path="a", offset="two")


async def test_an_unknown_field_is_refused(context: FakeContext) -> None:
    with pytest.raises(ValidationError):
        await context.call("read", file="a")


async def test_an_answer_is_bounded_in_bytes_too(context: FakeContext) -> None:
    (context.folder / "wide").write_text(("x" * 9_999 + "\n") * 20)
    result = await context.call("read", path="wide")
    assert len(result.text) < 65_000
    assert result.text.endswith("[lines 1-6 of 20; go on with offset=7]")


async def test_an_absurd_line_is_cut_and_says_so(context: FakeContext) -> None:
    (context.folder / "min.js").write_text("x" * 30_000 + "\nend\n")
    text = (await context.call("read", path="min.js")).text
    assert "[… 10000 more characters in this line]\nend\n" in text


async def test_only_a_line_feed_ends_a_line(context: FakeContext) -> None:
    (context.folder / "a").write_text("1\x0c\u2028still 1\n2\n")
    assert (await context.call("read", path="a", offset=2)).text == "2\n"


async def test_carriage_returns_and_byte_order_marks_are_not_shown(context: FakeContext) -> None:
    (context.folder / "a").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    assert (await context.call("read", path="a")).text == "one\ntwo\n"


async def test_utf16_with_a_mark_is_text(context: FakeContext) -> None:
    (context.folder / "a").write_bytes("grüße\n".encode("utf-16"))
    assert (await context.call("read", path="a")).text == "grüße\n"


async def test_bytes_that_are_no_text_are_replaced(context: FakeContext) -> None:
    (context.folder / "latin").write_bytes(b"caf\xe9\n")
    assert (await context.call("read", path="latin")).text == "caf\ufffd\n"


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\0\0", b"\xff\xfe\x00"])
async def test_a_binary_file_is_named_as_such(context: FakeContext, data: bytes) -> None:
    (context.folder / "a.png").write_bytes(data)
    said = await context.refusal("read", path="a.png")
    assert said.startswith(f"a.png is binary (image/png, {len(data)} bytes)")


async def test_an_empty_file_says_so(context: FakeContext) -> None:
    (context.folder / "a").touch()
    assert (await context.call("read", path="a")).text == "[a is empty]"


async def test_a_folder_says_what_it_holds(context: FakeContext) -> None:
    (context.folder / "src" / "deep").mkdir(parents=True)
    (context.folder / "src" / "b.py").touch()
    said = await context.refusal("read", path="src")
    assert said == "src is a folder: use glob to list it. It holds b.py, deep/"


async def test_a_missing_file_says_what_is_near(context: FakeContext) -> None:
    (context.folder / "README.md").touch()
    said = await context.refusal("read", path="READM.md")
    assert said == "cannot read READM.md: there is no such file; near it: README.md"


@pytest.mark.parametrize("offset", [4, 10**12])
async def test_behind_the_end_there_is_nothing(context: FakeContext, offset: int) -> None:
    (context.folder / "a").write_text("1\n2\n3\n")
    assert "a has 3 lines" in await context.refusal("read", path="a", offset=offset)


@pytest.mark.parametrize("given", [{"offset": 0}, {"offset": -1}, {"limit": 0}])
async def test_lines_are_counted_from_one(context: FakeContext, given: dict[str, int]) -> None:
    (context.folder / "a").write_text("1\n")
    assert "from 1" in await context.refusal("read", path="a", **given)


async def test_what_was_read_counts_as_seen(context: FakeContext) -> None:
    (context.folder / "a").write_text("1\n")
    await context.call("read", path="a")
    assert list(context.files.seen) == [os.path.realpath(context.folder / "a")]


async def test_null_for_what_may_be_left_out_is_leaving_it_out(context: FakeContext) -> None:
    (context.folder / "a").write_text("1\n2\n")
    assert (await context.call("read", path="a", offset=None, limit=None)).text == "1\n2\n"
    with pytest.raises(ValidationError):
        await context.call("read", path=None)
