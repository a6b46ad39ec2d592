import asyncio
import json

import pytest

from omg.provider.offline.api import OfflineApp
from omg.provider.offline.engine import Reply, TextBlock, ToolCall
from tests.provider.offline.requests import Clock, assistant, body, client, marked, result, text, user

LONG = "word " * 4000  # 5,000 tokens and more: above every minimum


def test_a_stream_in_the_order_of_the_docs() -> None:
    events = client(Reply((TextBlock("Hello there."), ToolCall("toolu_1", "read", {"path": "a"})))).events(body())
    kinds = [event["type"] for event in events]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert [kind for kind in kinds if kind != "content_block_delta"][1:5] == [
        "content_block_start",
        "content_block_stop",
    ] * 2
    message = events[0]["message"]
    assert (message["type"], message["role"], message["content"], message["stop_reason"]) == (
        "message",
        "assistant",
        [],
        None,
    )
    assert events[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}


def test_the_deltas_join_to_the_reply() -> None:
    said = "Größe 火 " * 30
    events = client(Reply((TextBlock(said), ToolCall("toolu_1", "read", {"path": "ä", "n": 1.5})))).events(body())
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert "".join(delta.get("text", "") for delta in deltas) == said
    assert json.loads("".join(delta.get("partial_json", "") for delta in deltas)) == {"path": "ä", "n": 1.5}
    assert len(deltas) > 6


def test_without_a_stream_the_same_message_in_one_piece() -> None:
    told = client(Reply((TextBlock("Hello there."),))).json(body())
    assert (told["type"], told["content"], told["stop_reason"]) == (
        "message",
        [{"type": "text", "text": "Hello there."}],
        "end_turn",
    )
    assert told["usage"]["output_tokens"] == 3


def test_usage_has_the_full_split_at_the_start_and_totals_at_the_end() -> None:
    events = client().events(body(user(marked(text(LONG), "1h"), marked(text(LONG)), "tail")))
    usage = events[0]["message"]["usage"]
    split = usage["cache_creation"]
    assert min(split["ephemeral_1h_input_tokens"], split["ephemeral_5m_input_tokens"]) > 4000
    assert sum(split.values()) == usage["cache_creation_input_tokens"]
    assert (usage["cache_read_input_tokens"], usage["input_tokens"] > 0) == (0, True)
    final = events[-2]["usage"]
    assert final["cache_creation_input_tokens"] == usage["cache_creation_input_tokens"]
    assert "cache_creation" not in final
    assert final["output_tokens"] == 3


def test_a_prefix_is_read_by_the_next_request_until_it_expires() -> None:
    api, request = client(), body(user(marked(text(LONG)), "tail"))
    first, second = api.json(request)["usage"], api.json(request)["usage"]
    assert second["cache_read_input_tokens"] == first["cache_creation_input_tokens"] > 0
    assert second["cache_creation_input_tokens"] == 0
    api.clock.now += 301
    assert api.json(request)["usage"]["cache_read_input_tokens"] == 0


def test_a_write_is_readable_from_message_start_on_and_not_before() -> None:
    async def scenario() -> tuple[int, int]:
        app = OfflineApp(Clock(), delay=0)
        raw = json.dumps(body(user(marked(text(LONG)), "tail"), stream=True)).encode()

        async def read_tokens() -> int:
            pieces = app.handle("POST", "/v1/messages", {}, raw)[2]
            event = json.loads((await anext(pieces)).split(b"data: ")[1])
            await pieces.aclose()
            return event["message"]["usage"]["cache_read_input_tokens"]

        under_way = app.handle("POST", "/v1/messages", {}, raw)[2]
        before = await read_tokens()
        await anext(under_way)
        return before, await read_tokens()

    before, after = asyncio.run(scenario())
    assert before == 0
    assert after > 4000


def test_a_prewarm_writes_and_says_nothing() -> None:
    api, request = client(), body(user(marked(text(LONG)), "placeholder"))
    warm = api.json({**request, "max_tokens": 0})
    assert (warm["content"], warm["stop_reason"], warm["usage"]["output_tokens"]) == ([], "max_tokens", 0)
    assert warm["usage"]["cache_creation_input_tokens"] > 0
    assert api.json(request)["usage"]["cache_read_input_tokens"] == warm["usage"]["cache_creation_input_tokens"]


def test_a_refused_request_writes_nothing() -> None:
    api, good = client(), body(user(marked(text(LONG)), "tail"))
    assert api.send({**good, "messages": [*good["messages"], assistant("x")]})[0] == 400
    assert api.json(good)["usage"]["cache_read_input_tokens"] == 0


def test_a_reply_longer_than_max_tokens_is_cut_there() -> None:
    events = client(Reply((TextBlock("12345678"), ToolCall("t", "read", {"path": "abcdefgh"})))).events(
        body(max_tokens=4)
    )
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert "".join(delta.get("partial_json", "") for delta in deltas) == '{"path":'
    assert events[-2]["delta"]["stop_reason"] == "max_tokens"
    assert events[-2]["usage"]["output_tokens"] == 4


def test_a_reply_of_exactly_max_tokens_is_whole() -> None:
    assert client(Reply((TextBlock("12345678"),))).json(body(max_tokens=2))["stop_reason"] == "end_turn"


def test_thinking_comes_only_where_it_is_asked_for() -> None:
    kinds = {
        setting: [block["type"] for block in client().json(body(**fields))["content"]]
        for setting, fields in {
            "none": {},
            "off": {"thinking": {"type": "disabled"}},
            "adaptive": {"thinking": {"type": "adaptive"}},
        }.items()
    }
    assert kinds == {"none": ["text"], "off": ["text"], "adaptive": ["thinking", "text"]}


def test_omitted_thinking_is_a_signature_alone() -> None:
    block, _ = client().json(body(thinking={"type": "adaptive", "display": "omitted"}))["content"]
    assert block["thinking"] == ""
    assert block["signature"]


class TestSignatures:
    """Thinking is bound to what stands before it."""

    asked = body(user(marked(text("a"))), system=[text("s")], thinking={"type": "adaptive"})

    def answered(self, **changes: object) -> dict[str, object]:
        said = client().json(self.asked)["content"]
        return {**self.asked, "messages": [*self.asked["messages"], assistant(*said), user("b")], **changes}

    def test_it_is_taken_back_with_other_markers_effort_and_max_tokens(self) -> None:
        again = self.answered(max_tokens=7, output_config={"effort": "low"})
        again["messages"][0] = user("a")  # type: ignore[index]
        assert client().send(again)[0] == 200

    def test_it_is_refused_when_anything_before_it_has_changed(self) -> None:
        edited = self.answered()
        edited["messages"] = [user("A"), *edited["messages"][1:]]  # type: ignore[index]
        for changed in (edited, self.answered(system=[text("S")]), self.answered(model="claude-opus-5")):
            status, kind, words = client().error(changed)
            assert (status, kind) == (400, "invalid_request_error")
            assert words.startswith("messages.1.content.0: Invalid signature in thinking block.")

    def test_the_next_reply_is_bound_to_the_first(self) -> None:
        again = self.answered()
        said = client().json(again)["content"]
        both = {**again, "messages": [*again["messages"], assistant(*said), user("c")]}  # type: ignore[misc]
        assert client().send(both)[0] == 200
        dropped = [both["messages"][0], assistant("Hello there."), *both["messages"][2:]]
        assert client().send({**both, "messages": dropped})[0] == 400


def test_a_prompt_longer_than_the_window() -> None:
    status, _, words = client().error(body(user("x" * 900_000), model="claude-haiku-4-5"))
    assert status == 400
    assert words.startswith("prompt is too long: 22")
    assert words.endswith("tokens > 200000 maximum")


def test_counting_tokens() -> None:
    request = {key: value for key, value in body().items() if key != "max_tokens"}
    counted = client().json(request, path="/v1/messages/count_tokens?beta=true")
    assert counted == {"input_tokens": client().json(body())["usage"]["input_tokens"]}


def test_models_are_listed_and_other_paths_are_not_found() -> None:
    api = client()
    listed = api.json(b"", path="/v1/models?limit=5", method="GET")
    assert "claude-opus-5-5" in [model["id"] for model in listed["data"]]
    assert api.error(b"", path="/v1/files", method="GET")[:2] == (404, "not_found_error")
    assert api.error(b"", path="/v1/messages", method="GET")[:2] == (404, "not_found_error")


def test_every_answer_has_a_request_id_of_its_own_and_the_organisation() -> None:
    api = client()
    first, second = api.send(body())[1], api.send(b"{")[1]
    assert first["request-id"] != second["request-id"]
    assert first["anthropic-organization-id"] == second["anthropic-organization-id"] != ""


def test_an_engine_that_cannot_read_the_request_refuses_it() -> None:
    def confused(_: object) -> Reply:
        raise ValueError("nothing to answer")

    clock = Clock()
    api = client()
    api.app = OfflineApp(clock, delay=0, answer=confused)
    assert api.error(body()) == (400, "invalid_request_error", "nothing to answer")


def test_the_real_engine_answers() -> None:
    api = client()
    api.app = OfflineApp(api.clock, delay=0)
    said = api.json(body(user("What are you?")))
    assert said["content"][0]["type"] == "text"
    assert said["stop_reason"] == "end_turn"


@pytest.mark.parametrize("words", ["\ud800", "a\x00b", "😀" * 50])
def test_awkward_text_is_answered(words: str) -> None:
    raw = json.dumps(body(user(words))).encode()
    assert client().send(raw)[0] == 200


def test_results_count_as_the_prompt() -> None:
    asked = body(user("a"), assistant({"type": "tool_use", "id": "t", "name": "read", "input": {}}), user(result("t")))
    assert client().json(asked)["usage"]["input_tokens"] > client().json(body(user("a")))["usage"]["input_tokens"]
