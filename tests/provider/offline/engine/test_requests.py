"""What the engine does with requests as such: determinism, foreign clients, garbage."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.provider.offline.engine import Reply, TextBlock, ToolCall, respond
from tests.provider.offline.engine.offline_client import TOOLS, Client, plant, text_of


def ask(*messages: Any, tools: Any = None) -> Reply:
    return respond(
        {"messages": list(messages), "tools": [{"name": name} for name in TOOLS] if tools is None else tools}
    )


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def test_the_same_request_gives_the_same_reply_and_is_left_alone() -> None:
    request = {"messages": [user("where is load defined?")], "tools": [{"name": "grep"}, {"name": "read"}]}
    before = copy.deepcopy(request)
    assert respond(request) == respond(copy.deepcopy(request))
    assert request == before


def test_ids_are_well_formed_and_differ_between_calls_and_requests() -> None:
    replies = [ask(user(words)) for words in ("where is load defined?", "where is save defined?")]
    ids = [block.id for reply in replies for block in reply.blocks if isinstance(block, ToolCall)]
    assert len(set(ids)) == 4
    assert all(name.startswith("toolu_") and name.replace("_", "a").isalnum() for name in ids)


def test_the_stop_reason_follows_the_blocks() -> None:
    assert ask(user("where is load defined?")).stop_reason == "tool_use"
    assert ask(user("hello")).stop_reason == "end_turn"


def test_a_string_and_blocks_mean_the_same_job() -> None:
    as_blocks = ask(user([{"type": "text", "text": "run `ls`"}]))
    as_string = ask(user("run `ls`"))
    assert [block.input for block in as_blocks.blocks if isinstance(block, ToolCall)] == [{"command": "ls"}]
    assert [block.input for block in as_string.blocks if isinstance(block, ToolCall)] == [{"command": "ls"}]


def test_the_job_is_the_last_text_that_no_tag_wraps() -> None:
    reply = ask(user([{"type": "text", "text": "run `ls`"}, {"type": "text", "text": "<note>run `rm`</note>"}]))
    assert [block.input for block in reply.blocks if isinstance(block, ToolCall)] == [{"command": "ls"}]


def test_a_tool_that_is_not_offered_is_named() -> None:
    assert "I need the tool `shell`, which this request does not offer" in text_of(ask(user("run `ls`"), tools=[]))
    assert "no language model" in text_of(respond({"messages": [user("hello")]}))


def test_words_put_into_a_running_turn_are_a_new_job() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "shell", "input": {"command": "ls"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a.txt"}
    reply = ask(
        user("run `ls`"),
        {"role": "assistant", "content": [call]},
        user([result, {"type": "text", "text": "run `pwd`"}]),
    )
    assert [block.input for block in reply.blocks if isinstance(block, ToolCall)] == [{"command": "pwd"}]


def test_another_models_calls_on_the_job_are_passed_over() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "grep", "input": {"pattern": "other"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "x.py:1:other"}
    reply = ask(user("run `ls`"), {"role": "assistant", "content": [call]}, user([result]))
    assert reply.stop_reason == "tool_use"


def test_calls_that_keep_coming_back_altered_end_in_words() -> None:
    messages: list[dict[str, Any]] = [user("run `ls`")]
    for _ in range(6):
        reply = ask(*messages)
        calls = [block for block in reply.blocks if isinstance(block, ToolCall)]
        if not calls:
            break
        messages.append(
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": each.id, "name": each.name, "input": {}} for each in calls],
            }
        )
        messages.append(user([{"type": "tool_result", "tool_use_id": each.id, "content": "cut"} for each in calls]))
    assert "other than I made them" in text_of(ask(*messages))


def test_patience_is_for_one_call_not_for_the_whole_job() -> None:
    def done(given: dict[str, Any], name: str, output: str) -> list[dict[str, Any]]:
        id = f"toolu_offline_{output[0]}"
        call = {"type": "tool_use", "id": id, "name": name, "input": given}
        result = {"type": "tool_result", "tool_use_id": id, "content": output}
        return [{"role": "assistant", "content": [call]}, user([result])]

    altered, read = done({}, "read", "cut"), done({"path": "a.py"}, "read", "x = 1\n")
    reply = ask(user("in a.py replace `1` with `2`"), *altered, *altered, *read, *done({}, "edit", "cut"))
    assert [block.name for block in reply.blocks if isinstance(block, ToolCall)] == ["edit"]


def test_of_several_texts_the_last_is_the_job() -> None:
    reply = ask(user([{"type": "text", "text": "run `pwd`"}, {"type": "text", "text": "run `ls`"}]))
    assert [block.input for block in reply.blocks if isinstance(block, ToolCall)] == [{"command": "ls"}]


def test_a_call_without_a_result_counts_as_failed() -> None:
    reply = ask(user("run `ls`"))
    calls = [block for block in reply.blocks if isinstance(block, ToolCall)]
    asked = [{"type": "tool_use", "id": each.id, "name": each.name, "input": each.input} for each in calls]
    again = ask(user("run `ls`"), {"role": "assistant", "content": asked})
    assert text_of(again).startswith("`ls` failed:")


GARBAGE: list[tuple[Any, str]] = [
    ({}, "messages: a list is needed"),
    ({"messages": None}, "messages: a list is needed"),
    ({"messages": []}, "no user message"),
    ({"messages": ["hi"]}, "messages.0: an object is needed"),
    ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
    ({"messages": [{"role": "user"}]}, "messages.0.content: a string or a list"),
    ({"messages": [user([1])]}, "messages.0.content.0: an object is needed"),
    ({"messages": [user("")]}, "no user message"),
    ({"messages": [{"role": "assistant", "content": "x"}]}, "no user message"),
    ({"messages": [user("x")], "tools": {}}, "tools: a list is needed"),
    ({"messages": [user("x")], "tools": [{}]}, "tools.0.name: a string is needed"),
]


@pytest.mark.parametrize(("request_", "message"), GARBAGE)
def test_garbage_is_refused_in_words(request_: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        respond(request_)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "id", "name", "input", "tool_use_id", "is_error"]),
            inner | st.sampled_from(["user", "assistant", "text", "tool_use", "tool_result"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.fixed_dictionaries({"messages": JSON | st.lists(JSON, max_size=3)}, optional={"tools": JSON}))
def test_any_json_is_answered_or_refused_in_words(request_: dict[str, Any]) -> None:
    try:
        reply = respond(request_)
    except ValueError as refusal:
        assert str(refusal)
    else:
        assert reply.blocks


@given(st.text(min_size=1), st.text())
def test_any_words_and_any_results_come_to_an_end(tmp: str, output: str) -> None:
    if tmp.strip():
        client = Client(Path("/"), canned=dict.fromkeys(TOOLS, (output, False)))
        assert client.say(tmp)


@given(st.text(alphabet="ab:1(){}[]\"'`#/\n =.defclass", max_size=200))
def test_any_file_is_surveyed(text: str) -> None:
    lines = text.split("\n")
    found = "\n".join(f"{name}:{n}:{line}" for name in ("a.py", "a.ts", "a.c") for n, line in enumerate(lines, 1))
    client = Client(Path("/"), canned={"grep": (found, False), "read": (text, False)})
    assert client.say("what does abc do?")


def test_text_blocks_are_never_empty(tmp_path: Path) -> None:
    client = Client(plant(tmp_path, {"empty.py": ""}))
    for words in ("outline empty.py", "read empty.py", "run `true`", "?"):
        assert client.say(words).strip()
    assert isinstance(ask(user("?")).blocks[0], TextBlock)


def test_a_message_of_nothing_but_reports_is_to_be_read() -> None:
    asked = {"role": "user", "content": [{"type": "text", "text": "where is moor defined?"}]}
    answered = {"role": "assistant", "content": [{"type": "text", "text": "there"}]}
    text = '<report fork="a" status="done" task="who calls moor?">\nNobody calls `moor`.\n</report>'
    joined = {"role": "user", "content": [{"type": "text", "text": text}]}
    reply = respond({"model": "m", "messages": [asked, answered, joined]})
    (block,) = reply.blocks
    assert isinstance(block, TextBlock)
    assert "Nobody calls `moor`." in block.text
