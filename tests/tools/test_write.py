import stat

from tests.tools.context import FakeContext, tool_module


async def test_a_new_file_is_made_with_its_folders(context: FakeContext) -> None:
    result = await context.call("write", path="a/b/c.txt", content="one\ntwo\n")
    assert (context.folder / "a/b/c.txt").read_text() == "one\ntwo\n"
    assert result.text == "created a/b/c.txt, 2 lines"
    assert result.line == "created a/b/c.txt +2 −0"


async def test_a_file_that_was_not_read_is_not_replaced(context: FakeContext) -> None:
    (context.folder / "a").write_text("precious")
    assert "you have not read a" in await context.refusal("write", path="a", content="x")
    assert (context.folder / "a").read_text() == "precious"


async def test_a_file_that_changed_since_is_not_replaced(context: FakeContext) -> None:
    target = await context.write("a", "one\n")
    target.write_text("two\n")
    assert "changed since you read it" in await context.refusal("write", path="a", content="x")
    assert target.read_text() == "two\n"


async def test_a_file_that_was_read_is_replaced_and_shown_as_a_diff(context: FakeContext) -> None:
    target = await context.write("a", "one\ntwo\n")
    target.chmod(0o750)
    result = await context.call("write", path="a", content="one\n2\n")
    assert target.read_text() == "one\n2\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o750
    assert result.text == "replaced a, 2 lines"
    assert result.shows[0].kind == "diff"
    assert result.shows[0].text == "@@ -1,2 +1,2 @@\n one\n-two\n+2\n"


async def test_what_was_written_counts_as_seen(context: FakeContext) -> None:
    await context.call("write", path="a", content="one\n")
    await context.call("write", path="a", content="two\n")
    assert (context.folder / "a").read_text() == "two\n"


async def test_line_ends_and_byte_order_mark_of_a_replaced_file_stay(context: FakeContext) -> None:
    target = await context.write("a", b"\xef\xbb\xbfone\r\ntwo\r\n")
    await context.call("write", path="a", content="1\n2\n")
    assert target.read_bytes() == b"\xef\xbb\xbf1\r\n2\r\n"


async def test_a_folder_cannot_be_written(context: FakeContext) -> None:
    (context.folder / "src").mkdir()
    assert "src is a folder" in await context.refusal("write", path="src", content="x")


async def test_a_file_cannot_be_a_folder(context: FakeContext) -> None:
    (context.folder / "a").write_text("")
    said = await context.refusal("write", path="a/b", content="x")
    assert said == "cannot read a/b: a part of its path is a file, not a folder"


async def test_half_a_character_is_refused(context: FakeContext) -> None:
    assert "surrogate" in await context.refusal("write", path="a", content="x\ud800")
    assert not (context.folder / "a").exists()


async def test_the_preview_is_what_will_happen_and_changes_nothing(context: FakeContext) -> None:
    tool = tool_module("write").tool
    given = tool.input.model_validate({"path": "a", "content": "one"})
    shown = tool.preview(given, context)
    assert shown is not None
    assert shown.text == "@@ -0,0 +1 @@\n+one\n\\ No newline at end of file\n"
    assert not (context.folder / "a").exists()
    assert (await context.call("write", path="a", content="one")).shows == (shown,)


async def test_there_is_no_preview_of_what_will_be_refused(context: FakeContext) -> None:
    (context.folder / "a").write_text("unread")
    tool = tool_module("write").tool
    assert tool.preview(tool.input.model_validate({"path": "a", "content": ""}), context) is None
