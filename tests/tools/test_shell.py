import pytest

from tests.tools.context import FakeContext, tool_module


async def test_output_is_given_and_streamed(context: FakeContext) -> None:
    result = await context.call("shell", command="echo out; echo err >&2")
    assert result.text == "out\nerr"
    assert "".join(context.streamed) == "out\nerr\n"
    assert result.line == "echo out; echo err >&2, done"


async def test_only_a_failure_tells_its_status(context: FakeContext) -> None:
    result = await context.call("shell", command="echo no; exit 3")
    assert result.text == "no\n[exit status 3]"
    assert not result.is_error


async def test_silence_is_said(context: FakeContext) -> None:
    assert (await context.call("shell", command="true")).text == "[no output]"


async def test_what_takes_too_long_is_killed(context: FakeContext) -> None:
    result = await context.call("shell", command="echo begun; sleep 60", timeout=1)
    assert result.text == "begun\n[killed after 1 s]"
    assert result.is_error


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"background": True}, "background is not available yet"),
        ({"timeout": 120_000}, "in seconds, 1 to 3600"),
        ({"timeout": 0}, "in seconds, 1 to 3600"),
        ({"command": " \n"}, "empty"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(context: FakeContext, given: dict[str, object], why: str) -> None:
    assert why in await context.refusal("shell", **{"command": "touch ran", **given})
    assert not (context.folder / "ran").exists()


def test_a_person_is_shown_the_exact_command(context: FakeContext) -> None:
    tool = tool_module("shell").tool
    given = tool.input.model_validate({"command": "rm -rf 'a b'\n"})
    assert tool.preview(given, context).text == "rm -rf 'a b'\n"
    assert tool.subject(given) == "rm -rf 'a b'\n"
