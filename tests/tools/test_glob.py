from tests.tools.context import FakeContext


async def test_paths_come_one_a_line_and_sorted(context: FakeContext) -> None:
    for name in ("b.py", "a.py", "src/c.py", "src/d.txt"):
        await context.write(name, "")
    result = await context.call("glob", pattern="**/*.py")
    assert result.text == "a.py\nb.py\nsrc/c.py"
    assert result.line == "**/*.py, 3 files"


async def test_paths_are_shown_from_the_working_folder(context: FakeContext) -> None:
    await context.write("src/c.py", "")
    assert (await context.call("glob", pattern="*.py", path="src")).text == "src/c.py"


async def test_nothing_found_is_said_with_a_way_on(context: FakeContext) -> None:
    await context.write("src/c.py", "")
    assert (await context.call("glob", pattern="*.py")).text == ("no file matches *.py; in all folders below: **/*.py")


async def test_a_long_list_is_cut_and_counted(context: FakeContext) -> None:
    for number in range(510):
        (context.folder / f"{number:03}").touch()
    lines = (await context.call("glob", pattern="*")).text.splitlines()
    assert len(lines) == 501
    assert lines[-1] == "[… 10 more; narrow the pattern or path]"


async def test_a_pattern_cannot_leave_its_folder(context: FakeContext) -> None:
    for pattern in ("/etc/*", "../*", "src/../../*"):
        assert "starts from path" in await context.refusal("glob", pattern=pattern)


async def test_a_folder_that_is_not_there(context: FakeContext) -> None:
    assert "cannot search nowhere: there is no such file" in await context.refusal("glob", pattern="*", path="nowhere")
