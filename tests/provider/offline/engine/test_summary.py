"""Whole dialogues that end in a request for a summary, and go on from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.agent.summary import LIMIT, Brief, problems, required, sections_of
from omg.core.catalog import load_catalog
from omg.provider.offline.engine import ToolCall, respond
from tests.provider.offline.engine.offline_client import Client, plant, text_of

CATALOG = load_catalog()
SECTIONS = Brief(CATALOG.compact).sections
FILES = {"harbour.py": "def allowance(tide):\n    return tide / 2\n", "notes.md": "# Notes\n"}
REPORT = (
    '<report fork="a" status="done" task="count the berths">\nThere are 12 berths.\n\n12 of them are free.\n</report>'
)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(plant(tmp_path, FILES))


def asking(items: tuple[str, ...] = (), brief: str = CATALOG.compact, limit: int = LIMIT) -> str:
    """The words that ask for a summary."""
    listed = "\n".join(f"- {item}" for item in items)
    wanted = "\n\n" + CATALOG.say("compact_required", items=listed) if items else ""
    return CATALOG.say("compact", brief=brief, limit=str(limit), required=wanted)


def folded(client: Client, items: tuple[str, ...] = (), **asked: str) -> str:
    """The summary of a dialogue, which holds what is asked of it; the dialogue itself stays as it is."""
    before = list(client.messages)
    text = client.say(asking(items, **asked))
    client.messages = before
    assert problems(text, Brief(asked.get("brief", CATALOG.compact)), items) == ()
    return text


def begun_anew(client: Client, summary: str, *words: str) -> None:
    """The same dialogue, with its history folded into a summary."""
    told = [CATALOG.say("summary", text=summary)]
    told += [CATALOG.say("earlier_words", words="\n\n".join(words))] if words else []
    client.messages = [{"role": "user", "content": [{"type": "text", "text": text} for text in told]}]


def test_what_was_said_stands_word_for_word_and_what_was_done_in_a_line_each(client: Client) -> None:
    client.say("where is allowance defined? You must never touch tests/.")
    client.say("read harbour.py")
    client.say("run `ls nowhere`")
    client.say("in notes.md replace `Notes` with `Berths`")
    found = sections_of(folded(client, ("You must never touch tests/.",)))
    assert tuple(found)[1:] == SECTIONS, "all that stands before the sections is who wrote it"
    said = found["Requests and constraints"]
    assert "You must never touch tests/." in said
    assert "where is allowance defined? You must never touch tests/." in said
    assert {"read harbour.py", "run `ls nowhere`", "in notes.md replace `Notes` with `Berths`"} <= set(said)
    assert "`harbour.py`: read" in found["Facts"]
    assert "`notes.md`: read, edited" in found["Facts"]
    assert "`ls nowhere` ended with exit status 2" in found["Facts"]
    assert "harbour.py:1: def allowance(tide):" in found["Facts"]
    assert found["Open"] == found["Decisions"] == ["none"]


def test_it_calls_no_tool_and_says_once_that_rules_wrote_it(client: Client) -> None:
    client.say("read harbour.py")
    for _ in range(2):
        client.messages.append({"role": "user", "content": [{"type": "text", "text": asking()}]})
        reply = respond(client.body())
        client.messages.pop()
        assert not any(isinstance(block, ToolCall) for block in reply.blocks)
        assert text_of(reply).count("is no language model") == 1
        begun_anew(client, text_of(reply))


def test_what_forks_reported_is_done_in_a_line_each_also_where_it_was_waited_for(client: Client) -> None:
    client.say("read harbour.py")
    waiting = folded(client, ("count the berths",))
    assert sections_of(waiting)["Open"] == ["count the berths"]
    begun_anew(client, waiting)
    client.say(REPORT)
    found = sections_of(folded(client, ("count the berths",)))
    assert found["Open"] == ["none"]
    assert "fork count the berths · a · done: There are 12 berths." in found["Done"]


def test_what_went_wrong_is_told_with_its_words(client: Client) -> None:
    client.canned = {"read": ("no such file: gone.py", True)}
    client.say("read gone.py")
    assert sections_of(folded(client))["Errors and fixes"] == ["read gone.py: no such file: gone.py"]


def test_a_long_paste_is_cut_and_the_newest_words_and_constraints_stay(client: Client) -> None:
    client.say("read harbour.py " + "and so on " * 300)
    client.say("You must keep Python 3.11.")
    for number in range(200):
        client.say(f"hello {number}", "read " + "x" * 350)
    text = folded(client, ("You must keep Python 3.11.",))
    assert len(text) < 12_000
    assert "You must keep Python 3.11." in text
    assert "hello 199" in text or "x" * 350 in text
    assert "and so on " * 50 not in text


def test_what_an_earlier_summary_carried_is_carried_on(client: Client) -> None:
    client.say("Use tabs only. Later, rename Berth to Place.")
    client.say("read harbour.py")
    first = folded(client, ("Use tabs only.", "Later, rename Berth to Place."))
    for _ in range(4):
        begun_anew(client, first, "Use tabs only. Later, rename Berth to Place.", "read harbour.py")
        client.say("run `true`")
        first = folded(client, required(["run `true`"], first, []))
    found = sections_of(first)
    assert "Later, rename Berth to Place." in found["Requests and constraints"]
    assert "`harbour.py`: read" in found["Facts"]
    assert first.count("`harbour.py`: read") == 1


def test_a_summary_amid_the_work_says_what_is_being_worked_on_and_the_next_that_it_was(client: Client) -> None:
    client.messages.append({"role": "user", "content": [{"type": "text", "text": "where is allowance defined?"}]})
    (call,) = respond(client.body()).blocks[:1]
    assert isinstance(call, ToolCall)
    use = {"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "no matches"}
    client.messages += [{"role": "assistant", "content": [use]}]
    asked = {"role": "user", "content": [result, {"type": "text", "text": asking()}]}
    text = text_of(respond({**client.body(), "messages": [*client.messages, asked]}))
    (line,) = sections_of(text)["Open"]
    assert line.endswith("it was being worked on: where is allowance defined?")
    begun_anew(client, text)
    client.say("hello")
    found = sections_of(folded(client, required(["hello"], text, [])))
    assert (found["Open"], line in found["Done"]) == (["none"], True)


def test_asked_again_it_writes_all_of_it_within_the_limit(client: Client) -> None:
    client.say("Never call the network. " + "and " * 50)
    items = ("Never call the network.",)
    client.say(asking(items))
    again = client.say(CATALOG.say("compact_again", problems="this is not named: x", limit="2000"))
    assert problems(again, Brief(CATALOG.compact), items, 2000) == ()


@pytest.mark.parametrize(
    "brief",
    ["Mind the tides.", "## Alpha\n\n## Requests of old\nsay it\n\n### Deeper\n\n## Omega ##\n", "# One\n## **Only**"],
)
def test_the_sections_are_those_of_the_brief(client: Client, brief: str) -> None:
    client.say("Use tabs only.")
    text = folded(client, ("Use tabs only.",), brief=brief)
    wanted = Brief(brief).sections or SECTIONS
    assert tuple(title for title in sections_of(text) if title) == wanted


def test_a_folded_history_is_gone_on_with_like_any_other(client: Client) -> None:
    client.say("Use tabs only.")
    begun_anew(client, folded(client), "Use tabs only.")
    assert "harbour.py:1: def allowance" in client.say(
        "<environment>\ndate: 2026-01-01\n</environment>", "where is allowance defined?"
    )
    retold = '<note>This has changed since you read it:</note>\n<instructions file="x">\nrun `rm`\n</instructions>'
    assert "exit status 0" in client.say("run `true`", retold)


def test_amid_the_work_the_job_is_the_newest_of_the_earlier_words(client: Client) -> None:
    begun_anew(client, "## Open\n- none", "hello", "where is allowance defined?")
    reply = respond(client.body())
    assert {block.name for block in reply.blocks if isinstance(block, ToolCall)} == {"grep"}


WORDS = st.text(st.sampled_from("abc XYZ.!?\n-*#`<>/_0123456789\"'é"), max_size=600)
ORDERS = st.sampled_from(["", "You must never do it. ", "Keep `a/b.py` at 3.11! ", "Later: remember to x_1. "])


@given(st.lists(st.tuples(ORDERS, WORDS), min_size=1, max_size=12), st.integers(0, 4))
def test_whatever_is_said_the_summary_can_be_used_also_after_several(said: list[tuple[str, str]], folds: int) -> None:
    words = [f"{order}{more}".strip() or "hello" for order, more in said]
    messages = [{"role": "user", "content": word} for word in words]
    before: str | None = None
    for _ in range(folds + 1):
        items = required(words if before is None else [], before, ["count the berths"])
        asked = [*messages, {"role": "user", "content": asking(items)}]
        before = text_of(respond({"messages": asked}))
        assert problems(before, Brief(CATALOG.compact), items) == ()
        messages = [{"role": "user", "content": CATALOG.say("summary", text=before)}]
