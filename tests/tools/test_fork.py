import pytest

from tests.tools.context import FakeContext


async def test_the_reports_come_back_as_one_text(context: FakeContext) -> None:
    result = await context.call("fork", tasks=["look here", " look there "])
    assert context.tasks == ["look here", "look there"]
    assert result.text == "report on look here\nreport on look there"
    assert result.line == "2 forks done"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"tasks": ["x"], "write": True}, "write is not available yet"),
        ({"tasks": []}, "at least one task"),
        ({"tasks": ["x", " "]}, "none may be empty"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(context: FakeContext, given: dict[str, object], why: str) -> None:
    assert why in await context.refusal("fork", **given)
    assert context.tasks == []
