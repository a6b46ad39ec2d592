from tests.tools.context import FakeContext


async def test_lines_come_with_path_and_number_and_sorted(context: FakeContext) -> None:
    await context.write("b.py", "import os\nimport re\n")
    await context.write("a/c.py", "x\nimport os\n")
    result = await context.call("grep", pattern=r"import \w+$")
    assert result.text == "a/c.py:2:import os\nb.py:1:import os\nb.py:2:import re"
    assert result.line == r"import \w+$, 3 lines in 2 files"


async def test_a_glob_without_a_folder_is_for_names_anywhere(context: FakeContext) -> None:
    await context.write("a/c.py", "x")
    await context.write("c.txt", "x")
    assert (await context.call("grep", pattern="x", glob="*.py")).text == "a/c.py:1:x"
    assert (await context.call("grep", pattern="x", glob="a/*.py")).text == "a/c.py:1:x"


async def test_one_file_may_be_named(context: FakeContext) -> None:
    await context.write("a", "x")
    await context.write("b", "x")
    assert (await context.call("grep", pattern="x", path="b")).text == "b:1:x"


async def test_context_lines_are_marked_as_such(context: FakeContext) -> None:
    await context.write("a", "1\n2\nx\n4\nx\n6\n7\n")
    assert (await context.call("grep", pattern="x", context=1)).text == "a-2-2\na:3:x\na-4-4\na:5:x\na-6-6"


async def test_nothing_found_is_no_error(context: FakeContext) -> None:
    await context.write("a", "1")
    result = await context.call("grep", pattern="x")
    assert (result.text, result.is_error) == ("no line matches", False)


async def test_too_many_lines_are_cut_and_counted(context: FakeContext) -> None:
    await context.write("a", "x\n" * 1000)
    lines = (await context.call("grep", pattern="x")).text.splitlines()
    assert len(lines) == 301
    assert lines[-1] == "[… of 1000 lines in 1 file; narrow pattern, path or glob]"


async def test_a_bad_pattern_says_what_is_wrong(context: FakeContext) -> None:
    await context.write("a", "x")
    assert "unterminated character set at position 0" in await context.refusal("grep", pattern="[x")
    assert "context is a number of lines" in await context.refusal("grep", pattern="x", context=-1)
