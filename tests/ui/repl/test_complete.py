"""Completion: commands, what they take, and files of the folder."""

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from omg.session.completing import best
from omg.ui.repl.complete import Words
from tests.scripted import lines, stage


@pytest.fixture
def there(tmp_path):
    return stage(tmp_path, lines())


async def completed(words: Words, text: str) -> list[str]:
    """What `text` becomes, for each completion."""
    document = Document(text, len(text))
    found = words.get_completions_async(document, CompleteEvent(text_inserted=True))
    return [text[: len(text) + completion.start_position] + completion.text async for completion in found]


async def test_commands_that_are_there_come_before_those_that_are_not(there):
    found = await completed(Words(there.folder, lambda: None), "/")
    assert "/fork" in found
    assert found.index("/fork") < found.index("/compact") if "/compact" in found else True
    assert await completed(Words(there.folder, lambda: None), "/for") == ["/fork", "/forks", "/effort"]
    assert await completed(Words(there.folder, lambda: None), "not /for") == []


async def test_forks_modes_and_sessions_are_offered_where_a_command_takes_them(there):
    conversation = there.open()
    await conversation.say("one")
    await conversation.agent.forks.wait(conversation.agent.fork(["two", "three"]))
    words = Words(there.folder, lambda: conversation)
    assert await completed(words, "/watch ") == ["/watch a", "/watch b"]
    assert await completed(words, "/mode p") == ["/mode plan"]
    assert await completed(words, "/resume ") == [f"/resume {conversation.id}"]
    assert await completed(words, "/watch a b") == []
    assert await completed(words, "/nothing ") == []


async def test_places_and_messages_are_offered_where_a_command_goes_to_one(there):
    conversation = there.open()
    for said in ("one", "two"):
        await conversation.say(said)
    conversation.agent.anchor("plan")
    await conversation.agent.forks.wait(conversation.agent.fork(["three"]))
    conversation.set_model("claude-sonnet-5-5")
    words = Words(there.folder, lambda: conversation)
    assert await completed(words, "/rewind ") == ["/rewind 1", "/rewind 2"]
    assert await completed(words, "/switch ") == ["/switch 1", "/switch @plan", "/switch a"]
    assert await completed(words, "/ask ") == ["/ask 1", "/ask @plan"]
    assert await completed(words, "/promote ") == ["/promote a"]


async def test_an_at_sign_completes_files_to_their_plain_path(there):
    for name in ("src/tides.py", "src/berth.py", "with space.md"):
        (there.folder / name).parent.mkdir(exist_ok=True)
        (there.folder / name).touch()
    words = Words(there.folder, lambda: None)
    assert await completed(words, "read @tid") == ["read src/tides.py"]
    assert await completed(words, "@sbe") == ["src/berth.py"]
    assert await completed(words, "@with") == ["`with space.md`"]
    assert await completed(words, "mail@tid") == []


async def test_a_folder_that_is_gone_completes_nothing(tmp_path):
    assert await completed(Words(tmp_path / "gone", lambda: None), "@x") == []


def test_the_files_own_name_counts_most():
    names = ["a/tides/x.py", "b/my_tides.py", "c/tides.py", "t/i/d/e/s", "other"]
    assert best(names, "tides") == ["c/tides.py", "b/my_tides.py", "a/tides/x.py", "t/i/d/e/s"]
    assert best(names, "[") == []
    assert best([], "x") == []


def test_many_files_are_cut_to_a_list_one_can_look_at():
    assert len(best([f"dir/file{n}.py" for n in range(10_000)], "file")) == 50
